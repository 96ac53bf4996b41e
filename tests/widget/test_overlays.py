"""Overlays: the collection, what is recorded of ipycanvas's API, and what is said about what cannot be."""

import copy
import io
import json
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pytest
from asking import ELEMENTS, ask
from ipycanvas import Canvas, Path2D, hold_canvas
from ipycanvas.canvas import _CANVAS_MANAGER, COMMANDS, LinearGradient
from PIL import Image

import evalwidget as ew
from evalwidget.widget import messages
from evalwidget.widget.eval_widget import EvalWidget
from evalwidget.widget.overlays.canvas import _REFUSED
from evalwidget.widget.overlays.collection import Overlay
from evalwidget.widget.protocol import DRAWING_ARGUMENTS, DRAWING_COMMANDS, DRAWING_NUMBERS, DRAWING_STYLES

Write = Callable[..., Path]
DOCUMENT = Path(__file__).parents[2] / "docs" / "overlays.md"
Draw = Callable[[Any, Any, int], object]


@pytest.fixture
def run(write_run: Write) -> ew.Run:
    truth = [{"image": name, "phrase": "cat", "box": [0, 0, 5, 5]} for name in ("a.png", "b.png")]
    truth[1] |= {"width": 30, "height": 20}
    folder = write_run(truth, {10: truth, 20: truth})
    (folder / "images").mkdir()
    pixels = np.zeros((24, 32, 3), np.uint8)
    pixels[:, :16] = 200, 100, 50
    Image.fromarray(pixels).save(folder / "images" / "a.png")
    return ew.open_run(folder)


@pytest.fixture
def widget(run: ew.Run) -> Iterator[EvalWidget]:
    widget = run.compare()
    yield widget
    widget.close()


def draw_nothing(canvas: Any, specimen: Any, step: int) -> None:
    """Draws nothing."""


class Drawn:
    """A reply, and its commands as the front end reads them: name, then arguments."""

    def __init__(self, widget: EvalWidget, run: ew.Run, index: int = 0, steps: list[int] | None = None) -> None:
        asked = [10, 20] if steps is None else steps
        self.reply, self.buffers = ask(run, "overlays", overlays=widget.overlays, index=index, steps=asked)

    def commands(self, step: int = 0, overlay: int = 0) -> list[list[Any]]:
        span = self.reply["drawings"][step][overlay]
        assert span["message"] == ""
        numbers = self.buffers["drawing_commands"]
        place, found = span["first"], []
        while place < span["last"]:
            code, count = numbers[place : place + 2].astype(int)
            pairs = numbers[place + 2 : place + 2 + 2 * count].reshape(-1, 2)
            found.append([DRAWING_COMMANDS[code], *(self._argument(int(kind), value) for kind, value in pairs)])
            place += 2 + 2 * count
        return found

    def image(self, place: int) -> bytes:
        first, last = self.buffers["drawing_image_offsets"][place : place + 2]
        return bytes(self.buffers["drawing_images"][first:last])

    def _argument(self, kind: int, value: float) -> Any:
        name = DRAWING_ARGUMENTS[kind]
        if name == "text":
            return self.reply["texts"][int(value)]
        if name == "array":
            code, first, count = self.buffers["drawing_parts"].reshape(-1, 3)[int(value)]
            dtype = np.dtype(ELEMENTS[DRAWING_NUMBERS[code]])
            assert first % 8 == 0
            return self.buffers["drawing_arrays"][first : first + count * dtype.itemsize].view(dtype)
        return value if name == "number" else (name, int(value))

    @property
    def messages(self) -> list[list[str]]:
        return [[span["message"] for span in spans] for spans in self.reply["drawings"]]


def test_overlays_are_found_by_place_and_by_name_and_keep_their_order(widget: EvalWidget) -> None:
    overlays = widget.overlays
    assert (len(overlays), list(overlays)) == (0, [])
    first = overlays.append(draw_nothing)
    second = overlays.append(draw_nothing, "marks", panel="both")
    third = overlays.append(draw_nothing, panel="truth")
    assert [overlay.name for overlay in overlays] == ["draw_nothing", "marks", "draw_nothing 2"]
    assert (first.panel, second.panel, third.panel) == ("prediction", "both", "truth")
    assert overlays[0] is first
    assert overlays[-1] is third
    assert overlays["marks"] is second
    assert "marks" in overlays
    assert draw_nothing in overlays
    assert second in overlays
    assert "mark" not in overlays
    overlays.move("marks", 0)
    assert list(overlays) == [second, first, third]
    overlays.move(second, -1)
    assert list(overlays) == [first, third, second]
    overlays.remove(draw_nothing)  # the first that has it
    assert list(overlays) == [third, second]
    overlays.remove("marks")
    overlays.remove(third)
    assert len(overlays) == 0
    overlays.append(draw_nothing)
    overlays.clear()
    assert list(overlays) == []


def test_the_view_is_told_what_there_is_and_when_to_ask_anew(widget: EvalWidget) -> None:
    assert widget._overlays == {"version": 0, "overlays": []}
    widget.overlays.append(draw_nothing)
    widget.overlays.append(draw_nothing, "marks", panel="both")
    shown = [{"name": "draw_nothing", "panel": "prediction"}, {"name": "marks", "panel": "both"}]
    assert widget._overlays == {"version": 2, "overlays": shown}
    widget.refresh_overlays()
    assert widget._overlays == {"version": 3, "overlays": shown}
    widget.overlays.move("marks", 0)
    assert widget._overlays == {"version": 3, "overlays": shown[::-1]}  # nothing has to be drawn again
    widget.overlays.remove("marks")
    assert widget._overlays == {"version": 3, "overlays": shown[:1]}


def test_an_overlay_is_hidden_from_python_or_in_the_view(widget: EvalWidget) -> None:
    overlay = widget.overlays.append(draw_nothing)
    assert overlay.visible
    overlay.visible = False
    assert widget._hidden_overlays == ["draw_nothing"]
    assert repr(widget.overlays) == "[<Overlay 'draw_nothing' over 'prediction', hidden>]"
    widget.set_state({"_hidden_overlays": []})  # as the view does
    assert overlay.visible
    widget.set_state({"_hidden_overlays": ["draw_nothing"]})
    assert not overlay.visible
    widget.overlays.remove(overlay)
    assert widget._hidden_overlays == []
    with pytest.raises(
        ew.UnknownNameError, match="overlay <Overlay 'draw_nothing' over 'prediction'>: expected one of"
    ):
        overlay.visible = False
    assert widget.overlays.append(draw_nothing).visible


def test_what_cannot_be_an_overlay_is_refused(widget: EvalWidget) -> None:
    overlays = widget.overlays
    with pytest.raises(ew.UnknownNameError, match="panel 'left': expected one of prediction, truth, both"):
        overlays.append(draw_nothing, panel="left")
    with pytest.raises(ew.EvalWidgetError, match=r"expected a function\(canvas, specimen, step\), got 'marks'"):
        overlays.append("marks")  # type: ignore[arg-type]

    async def draw_later(canvas: Any, specimen: Any, step: int) -> None:
        """Draws when it is awaited."""

    with pytest.raises(ew.EvalWidgetError, match="expected a function that draws when called, not later: <func"):
        overlays.append(draw_later)
    with pytest.raises(ew.EvalWidgetError, match="name: expected text, got 3"):
        overlays.append(draw_nothing, 3)  # type: ignore[arg-type]
    with pytest.raises(ew.EvalWidgetError, match="name: expected text, got ' '"):
        overlays.append(draw_nothing, " ")
    with pytest.raises(ew.UnknownNameError, match="overlay 'marks': expected one of none: there are none"):
        overlays.remove("marks")
    overlays.append(draw_nothing, "marks")
    with pytest.raises(ew.EvalWidgetError, match="an overlay is called 'marks' already"):
        overlays.append(draw_nothing, "marks")
    with pytest.raises(ew.UnknownNameError, match="overlay 'mark': expected one of marks"):
        overlays["mark"]
    with pytest.raises(IndexError):
        overlays[1]
    assert overlays.names == ["marks"]


def test_a_drawing_is_told_the_specimen_and_the_step(widget: EvalWidget, run: ew.Run) -> None:
    seen: list[Any] = []

    def draw(canvas: Any, specimen: Any, step: int) -> None:
        seen.append((specimen, specimen.width, specimen.height, canvas.width, canvas.height, step))
        assert isinstance(canvas, Canvas)
        if specimen == "a.png":
            assert specimen.image()[0].tolist() == [[200, 100, 50]] * 16 + [[0, 0, 0]] * 16

    widget.overlays.append(draw)
    assert Drawn(widget, run).messages == [[""], [""]]
    Drawn(widget, run, index=1, steps=[20])
    assert seen == [("a.png", 32, 24, 32, 24, 10), ("a.png", 32, 24, 32, 24, 20), ("b.png", 30, 20, 30, 20, 20)]


def test_a_specimen_is_cached_and_sent_to_other_processes_as_its_identifier(widget: EvalWidget, run: ew.Run) -> None:
    seen: list[Any] = []
    widget.overlays.append(lambda canvas, specimen, step: seen.append(specimen))
    Drawn(widget, run, steps=[10])
    for copied in (pickle.loads(pickle.dumps(seen[0])), copy.deepcopy(seen[0])):
        assert (copied, type(copied)) == ("a.png", str)


def test_where_the_size_of_an_image_is_not_known_it_is_as_far_as_its_boxes_reach(write_run: Write) -> None:
    truth = [{"image": "gone.png", "phrase": "cat", "box": [1, 2, 30.5, 20]}]
    run = ew.open_run(write_run(truth, {10: truth}))
    widget = run.compare()
    seen: list[Any] = []
    widget.overlays.append(lambda canvas, specimen, step: seen.append((specimen.width, canvas.width, canvas.height)))
    widget.overlays.append(lambda canvas, specimen, step: specimen.image(), "reads")
    (messages_of_step,) = Drawn(widget, run, steps=[10]).messages
    assert seen == [(None, 31, 20)]
    assert "image missing: gone.png" in messages_of_step[1]
    widget.close()


def test_pixels_are_those_of_the_original_image_turned_reduced_or_resized_for_the_model(write_run: Write) -> None:
    truth = [
        {"image": "turned.png", "phrase": "cat", "box": [1, 2, 30, 50]},
        {"image": "large.png", "phrase": "cat", "box": [1, 2, 4000, 900]},
        {"image": "gone.png", "phrase": "cat", "box": [1, 2, 30, 50], "width": 100, "height": 80},
    ]
    seen = [one | {"resized_width": 28, "resized_height": 28, "box": [7, 7, 14, 21]} for one in truth]
    folder = write_run(truth, {10: seen})
    (folder / "images").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # a camera held upright
    Image.new("RGB", (60, 40)).save(folder / "images" / "turned.png", exif=exif)
    Image.new("RGB", (5000, 1000)).save(folder / "images" / "large.png")
    run = ew.open_run(folder, prediction_coordinates="resized")
    widget = run.compare()
    drawn: dict[str, Any] = {}

    def draw(canvas: Any, specimen: Any, step: int) -> None:
        drawn[str(specimen)] = [(canvas.width, canvas.height), (specimen.width, specimen.height)]
        if specimen != "gone.png":
            drawn[str(specimen)].append(specimen.image().shape[1::-1])

    widget.overlays.append(draw)
    sizes = {"turned.png": (40, 60), "large.png": (5000, 1000), "gone.png": (100, 80)}
    for row, (name, (width, height)) in enumerate(sizes.items()):
        assert Drawn(widget, run, index=row, steps=[10]).messages == [[""]]
        assert drawn[name] == [(width, height)] * len(drawn[name])
        reply, buffers = ask(run, "specimen", index=row, step=10, image=True)
        assert (reply["size"], reply["size_known"]) == ((width, height), True)
        assert buffers["corners"].tolist() == [width / 4, height / 4, width / 2, height * 3 / 4]
        if name == "large.png":
            with Image.open(io.BytesIO(buffers["image"].tobytes())) as sent:
                assert sent.width < width
    widget.close()


def test_numbers_keep_all_their_digits_and_arrays_their_type(widget: EvalWidget, run: ew.Run) -> None:
    xs = np.array([0.1, 2.0, 1 / 3])
    colours = np.array([[255, 0, 0], [0, 128, 0], [1, 2, 3]], np.uint8)

    def draw(canvas: Any, specimen: Any, step: int) -> None:
        canvas.line_width = 1.5
        canvas.stroke_style = "#ff0000"
        canvas.fill_rect(0.1, 1 / 3, np.float32(7.5))
        canvas.stroke_styled_rects(xs, xs.astype(np.float32), 4, [5, 6, 7], colours, 0.5)
        xs[:] = -1  # what was drawn is drawn
        canvas.set_line_dash([4, 2, 1])
        canvas.fill_text("half \ud83d", 1, 2)
        canvas.fill_text("naïve <b>", 1, 2, 30)

    widget.overlays.append(draw)
    commands = Drawn(widget, run, steps=[20]).commands()
    assert commands[:3] == [["set", 8, 1.5], ["set", 1, "#ff0000"], ["fillRect", 0.1, 1 / 3, 7.5, 7.5]]
    name, x, y, width, height, colour, alpha = commands[3]
    assert (name, width, alpha) == ("strokeStyledRects", 4, 0.5)
    assert x.tolist() == [0.1, 2.0, 1 / 3]
    assert (x.dtype, y.dtype, height.dtype, colour.dtype) == (np.float64, np.float32, np.int32, np.uint8)
    assert height.tolist() == [5, 6, 7]
    assert colour.tolist() == colours.ravel().tolist()
    assert commands[4][1].tolist() == [4, 2, 1, 4, 2, 1]
    assert commands[5:] == [["fillText", "half �", 1, 2], ["fillText", "naïve <b>", 1, 2, 30]]


def test_images_paints_and_paths_are_recorded_by_what_they_hold(widget: EvalWidget, run: ew.Run) -> None:
    png = b"\x89PNG not decoded here"
    image, path = ipywidgets.Image(value=png), Path2D("M0 0 h 9")
    shown = Canvas(width=4, height=4)
    shown.set_trait("image_data", png + b"!")
    mine = LinearGradient(0, 0, 9, 0, [(0, "red"), (1, "blue")])

    def draw(canvas: Any, specimen: Any, step: int) -> None:
        canvas.draw_image(image, 1, 2)
        canvas.draw_image(image, 1, 2, 8)
        canvas.draw_image(shown)
        canvas.put_image_data(np.zeros((2, 3)), 5)
        canvas.put_image_data(np.zeros((2, 3, 3)), 5, 6)
        canvas.stroke(path)
        canvas.fill(path)
        canvas.fill("evenodd")
        canvas.fill_style = canvas.create_linear_gradient(0, 0, 9, 0, [(0, "red"), (1, "blue")])
        canvas.fill_style = mine
        canvas.stroke_style = canvas.create_radial_gradient(1, 2, 3, 4, 5, 6, [(0.5, "#00ff00")])
        canvas.stroke_style = canvas.create_pattern(image, "repeat-x")

    widget.overlays.append(draw)
    drawn = Drawn(widget, run)
    assert drawn.commands(0) == drawn.commands(1)
    assert drawn.commands() == [
        ["drawImage", ("image", 0), 1, 2],
        ["drawImage", ("image", 0), 1, 2, 8, 8],
        ["drawImage", ("image", 1), 0, 0],
        ["putImageData", ("image", 2), 5, 0],
        ["putImageData", ("image", 3), 5, 6],
        ["strokePath", "M0 0 h 9"],
        ["fillPath", "M0 0 h 9"],
        ["fill", "evenodd"],
        ["set", 0, ("paint", 0)],
        ["set", 0, ("paint", 0)],
        ["set", 1, ("paint", 1)],
        ["set", 1, ("paint", 2)],
    ]
    assert drawn.reply["images"] == ["image/png", "image/png", "image/png", "image/jpeg"]
    assert [drawn.image(0), drawn.image(1)] == [png, png + b"!"]
    nothing = {"image": None, "repetition": ""}
    assert drawn.reply["paints"] == [
        {"kind": "linear", "numbers": [0.0, 0.0, 9.0, 0.0], "stops": [(0.0, "red"), (1.0, "blue")]} | nothing,
        {"kind": "radial", "numbers": [1, 2, 3, 4, 5, 6], "stops": [(0.5, "#00ff00")]} | nothing,
        {"kind": "pattern", "numbers": [], "stops": [], "image": 0, "repetition": "repeat-x"},
    ]
    for opened in (image, path, shown, mine):
        opened.close()


def test_recording_opens_no_comm(widget: EvalWidget, run: ew.Run) -> None:
    opened: list[Any] = []

    def draw(canvas: Any, specimen: Any, step: int) -> None:
        gradient = canvas.create_linear_gradient(0, 0, 9, 0, [(0, "red")])
        pattern = canvas.create_pattern(ipywidgets.Image(value=b"1"))
        canvas.fill_style, canvas.stroke_style = gradient, pattern
        with hold_canvas():
            canvas.fill_rect(0, 0, 9)
        canvas.flush()
        opened.extend(one.comm for one in (canvas, gradient, pattern))

    widget.overlays.append(draw)
    assert Drawn(widget, run, steps=[20]).messages == [[""]]
    assert opened == [None, None, None]


REFUSED: dict[str, Draw] = {
    "canvas.on_mouse_move cannot be replayed": lambda canvas, specimen, step: canvas.on_mouse_move(print),
    "canvas.on_key_down cannot be replayed": lambda canvas, specimen, step: canvas.on_key_down(print),
    "canvas.sleep cannot be replayed": lambda canvas, specimen, step: canvas.sleep(9),
    "canvas.get_image_data cannot be replayed": lambda canvas, specimen, step: canvas.get_image_data(),
    "canvas.to_file cannot be replayed": lambda canvas, specimen, step: canvas.to_file("a.png"),
    "canvas.width cannot be set: it is that of the image": lambda canvas, specimen, step: setattr(canvas, "width", 9),
    "canvas.sync_image_data cannot be set": lambda canvas, specimen, step: setattr(canvas, "sync_image_data", True),
    "fillRect: expected numbers, arrays of numbers or text, got {1}": lambda canvas, specimen, step: canvas.fill_rect(
        {1}, 0, 9
    ),
    "fillRects: expected an array of numbers, got one of": lambda canvas, specimen, step: canvas.fill_rects(
        ["a"], 0, 9
    ),
    "draw_image: a Canvas has its pixels in the browser": lambda canvas, specimen, step: canvas.draw_image(canvas),
    "draw_image: expected an Image that holds its pixels, got a URL": lambda canvas, specimen, step: canvas.draw_image(
        ipywidgets.Image(value=b"http://a.b/c.png", format="url")
    ),
    "draw_image: expected an Image that holds its pixels, got an empty": (
        lambda canvas, specimen, step: canvas.draw_image(ipywidgets.Image())
    ),
    "TypeError: draw_image: expected an Image, a Canvas or a MultiCanvas": (
        lambda canvas, specimen, step: canvas.draw_image("a.png")
    ),
    "linear gradient: expected finite numbers, got [0.0, 0.0, nan, 0.0]": lambda canvas, specimen, step: setattr(
        canvas, "fill_style", canvas.create_linear_gradient(0, 0, float("nan"), 0, [(0, "red")])
    ),
    "fillRect: expected numbers, arrays of numbers or text, got None": (
        lambda canvas, specimen, step: canvas.fill_rect(None, 0, 9)
    ),
    "fillStyledRects: expected numbers, arrays of numbers or text, got None": (
        lambda canvas, specimen, step: canvas.fill_styled_rects([1], 0, 9, 9, [[1, 2, 3]], None)
    ),
    "fillCircle: expected numbers, arrays of numbers or text, got": (
        lambda canvas, specimen, step: canvas.fill_circle(1, 1, np.complex128(1 + 2j))
    ),
    "draw_image: expected a width with the height, got None": (
        lambda canvas, specimen, step: canvas.draw_image(ipywidgets.Image(value=b"a"), 1, 2, None, 5)
    ),
    "SystemExit: 3": lambda canvas, specimen, step: sys.exit(3),
    "KeyError: 'half": lambda canvas, specimen, step: {}["half \ud83d"],
    "TraitError: The 'line_cap' trait": lambda canvas, specimen, step: setattr(canvas, "line_cap", "blunt"),
    "ZeroDivisionError: division by zero": lambda canvas, specimen, step: 1 / 0,
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_drawn_names_overlay_specimen_and_step_and_leaves_the_rest(
    widget: EvalWidget, run: ew.Run, words: str
) -> None:
    def fails_at_10(canvas: Any, specimen: Any, step: int) -> None:
        canvas.fill_rect(0, 0, 9)
        if step == 10:
            REFUSED[words](canvas, specimen, step)

    widget.overlays.append(fails_at_10, "mine")
    widget.overlays.append(lambda canvas, specimen, step: canvas.stroke_rect(0, 0, 9), "after")
    drawn = Drawn(widget, run)
    message = drawn.messages[0][0]
    assert message.startswith("overlay 'mine': a.png, step 10: line ")
    assert words in message
    assert drawn.commands(1, 0) == [["fillRect", 0, 0, 9, 9]]
    assert drawn.commands(0, 1) == drawn.commands(1, 1) == [["strokeRect", 0, 0, 9, 9]]


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


def test_an_error_without_words_or_with_very_many_is_told_and_leaves_the_rest(widget: EvalWidget, run: ew.Run) -> None:
    errors: dict[str, Exception] = {
        "broken": UnspeakableError(),
        "silent": AssertionError(),
        "long": ValueError("x" * 100_000),
    }

    def raises(error: Exception) -> Draw:
        def draw(canvas: Any, specimen: Any, step: int) -> None:
            raise error

        return draw

    for name, error in errors.items():
        widget.overlays.append(raises(error), name)
    widget.overlays.append(lambda canvas, specimen, step: canvas.stroke_rect(0, 0, 9), "after")
    drawn = Drawn(widget, run, steps=[10])
    broken, silent, long, after = drawn.messages[0]
    assert broken.endswith(": UnspeakableError")
    assert silent.endswith(": AssertionError")
    assert long.endswith("xxx…")
    assert len(long) < 1100
    assert after == ""
    assert drawn.commands(0, 3) == [["strokeRect", 0, 0, 9, 9]]


def test_an_error_in_any_kind_of_function_names_its_line(widget: EvalWidget, run: ew.Run) -> None:
    def divide(by: int, canvas: Any, specimen: Any, step: int) -> float:
        return step / by

    class Divides:
        def __call__(self, canvas: Any, specimen: Any, step: int) -> float:
            return divide(0, canvas, specimen, step)

    widget.overlays.append(partial(divide, 0))
    widget.overlays.append(Divides())
    widget.overlays.append(lambda canvas: None)  # type: ignore[arg-type, misc]
    assert widget.overlays.names == ["partial", "Divides", "<lambda>"]
    of_partial, of_object, of_lambda = Drawn(widget, run, steps=[10]).messages[0]
    line = divide.__code__.co_firstlineno + 1
    for message in (of_partial, of_object):
        assert message.endswith(f"a.png, step 10: line {line}: ZeroDivisionError: division by zero")
    assert "step 10: TypeError: " in of_lambda


def test_a_canvas_that_a_function_kept_draws_no_more(widget: EvalWidget, run: ew.Run) -> None:
    kept: list[Any] = []

    def draw(canvas: Any, specimen: Any, step: int) -> None:
        kept.append(canvas)
        kept[0].fill_rect(step, 0, 9)

    widget.overlays.append(draw)
    drawn = Drawn(widget, run)
    assert drawn.commands(0) == [["fillRect", 10, 0, 9, 9]]
    assert "step 20: " in drawn.messages[1][0]
    assert "this canvas was for another step" in drawn.messages[1][0]
    for late in (
        lambda: kept[0].put_image_data(np.zeros((2, 2))),
        lambda: setattr(kept[0], "fill_style", kept[0].create_linear_gradient(0, 0, 9, 0, [(0, "red")])),
    ):
        with pytest.raises(ew.EvalWidgetError, match="this canvas was for another step"):
            late()


def test_no_text_breaks_the_reply(widget: EvalWidget, run: ew.Run) -> None:
    """ipywidgets takes any text after a colour that it knows."""

    def draw(canvas: Any, specimen: Any, step: int) -> None:
        canvas.fill_style = canvas.create_linear_gradient(0, 0, 9, 0, [(0, "rgb(1,2,3)\ud83d<b>")])
        canvas.stroke_style = "rgb(1,2,3)\ud83d<b>"

    overlay = widget.overlays.append(draw, "half \ud83d")
    assert overlay.name == "half \ufffd"
    drawn = Drawn(widget, run, steps=[10])
    assert json.dumps([drawn.reply, widget._overlays], ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert drawn.reply["paints"][0]["stops"] == [(0.0, "rgb(1,2,3)\ufffd<b>")]


def test_an_error_inside_hold_canvas_holds_no_other_canvas(widget: EvalWidget, run: ew.Run) -> None:
    def draw(canvas: Any, specimen: Any, step: int) -> None:
        with hold_canvas():
            raise ValueError("no map")

    widget.overlays.append(draw)
    assert "ValueError: no map" in Drawn(widget, run).messages[0][0]
    assert not _CANVAS_MANAGER._caching


def test_every_command_of_ipycanvas_is_replayed_or_refused() -> None:
    assert set(COMMANDS) - set(DRAWING_COMMANDS) == {"sleep", "switchCanvas"}
    assert set(DRAWING_COMMANDS) <= set(COMMANDS)
    assert {name for name in vars(Canvas) if name.startswith("on_")} < set(_REFUSED)
    styles = {name: DRAWING_STYLES[place].lower() for name, place in Canvas.ATTRS.items()}
    assert styles == {name: name.replace("_", "") for name in styles}
    assert len(styles) == len(DRAWING_STYLES)


def test_slow_drawings_come_in_parts(widget: EvalWidget, run: ew.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MOMENT_S", -1)
    widget.overlays.append(lambda canvas, specimen, step: canvas.fill_rect(step, 0, 9))
    drawn = Drawn(widget, run, steps=[20, 10])
    assert drawn.reply["steps"] == [20]
    assert drawn.commands() == [["fillRect", 20, 0, 9, 9]]


def test_drawings_of_several_threads_are_made_one_at_a_time(widget: EvalWidget, run: ew.Run) -> None:
    inside = threading.Lock()

    def draw(canvas: Any, specimen: Any, step: int) -> None:
        assert inside.acquire(blocking=False)
        canvas.fill_rect(step, 0, 9)
        inside.release()

    widget.overlays.append(draw)
    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(lambda _: Drawn(widget, run), range(40)))
    for one in drawn:
        assert [one.commands(0), one.commands(1)] == [[["fillRect", step, 0, 9, 9]] for step in (10, 20)]


def test_the_channel_draws_what_its_widget_has(widget: EvalWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(widget._data, "send", lambda reply, buffers: sent.append(reply))
    widget.overlays.append(draw_nothing)
    widget._data._handle_custom_msg({"id": "1", "kind": "overlays", "index": 1, "steps": [20]}, [])
    assert sent[0]["drawings"] == [[{"overlay": "draw_nothing", "first": 0, "last": 0, "message": ""}]]


def test_a_request_about_what_the_run_does_not_have_is_an_error(widget: EvalWidget, run: ew.Run) -> None:
    reply, _ = ask(run, "overlays", overlays=widget.overlays, index=0, steps=[15])
    assert reply["message"] == "step 15 is not recorded; the run has 10, 20"
    reply, _ = ask(run, "overlays", overlays=widget.overlays, index=2, steps=[10])
    assert reply["message"] == "specimen row 2: the run has 2 specimens"
    reply, _ = ask(run, "overlays", index=0, steps=[10])
    assert reply["drawings"] == [[]]


def test_an_overlay_needs_ipycanvas_and_nothing_else_does() -> None:
    code = (
        "import sys, evalwidget as ew; run = ew.demo_run('grounding'); run.scores(); widget = run.compare(); "
        "before = 'ipycanvas' in sys.modules; widget.overlays.append(print); print(before, 'ipycanvas' in sys.modules)"
    )
    root = Path(ew.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "False True"


def test_the_example_of_the_document_draws_at_every_step() -> None:
    (code,) = re.findall(r"```python\n(.*?)\n```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    drawn = Drawn(names["widget"], names["run"], steps=names["run"].steps)
    assert drawn.messages == [["", ""]] * len(names["run"].steps)
    assert [name for name, *_ in drawn.commands(-1, 0)] == ["scale", "putImageData"]
    assert drawn.commands(-1, 1)[-1][0] == "strokeCircles"
    assert len(drawn.commands(-1, 1)[-1][1]) > 0
    names["widget"].close()


def test_an_overlay_says_what_it_is(widget: EvalWidget) -> None:
    overlay = widget.overlays.append(draw_nothing, "marks", panel="both")
    assert isinstance(overlay, Overlay)
    assert repr(overlay) == "<Overlay 'marks' over 'both'>"
    assert overlay.function is draw_nothing
