"""``PanelPair``'s traits, words and messages, without a browser."""

import gc
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import comm
import ipycanvas
import ipywidgets
import pytest
import traitlets
from ipycanvas.canvas import COMMANDS
from PIL import Image

import evalwidget as ew
from evalwidget.widget.colours import label_colour

Write = Callable[..., Path]
NAMES = {number: name for name, number in COMMANDS.items()}
BOXES: list[dict[str, Any]] = [
    {"image": "a.png", "width": 100, "height": 50, "phrase": "cat", "box": [10, 10, 30, 40]},
    {"image": "b.png", "width": 200, "height": 100, "phrase": "dog", "box": [0, 0, 5, 5]},
]


class Message(NamedTuple):
    """One message to the browser: what it draws or sets, and its buffers."""

    content: dict[str, Any]
    buffers: list[Any]

    @property
    def commands(self) -> list[list[Any]]:
        """What it draws: the name of each command, and its arguments."""
        if self.content.get("method") != "custom":
            return []
        given = json.loads(bytes(self.buffers[0]))
        held = given if given and isinstance(given[0], list) else [given]
        return [[NAMES[command[0]], *command[1:2]] for command in held]

    def named(self, name: str) -> list[list[Any]]:
        return [command[1] for command in self.commands if command[0] == name]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What goes to the browser, in a list that grows."""
    messages: list[Message] = []

    class Recorded(comm.DummyComm):
        def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any):
            if msg_type == "comm_msg":
                messages.append(Message(data, buffers or []))

    monkeypatch.setattr(comm, "create_comm", Recorded)
    # made when ipycanvas was imported
    manager = ipycanvas.Canvas()._canvas_manager
    monkeypatch.setattr(manager, "comm", Recorded(comm_id=manager.comm.comm_id, primary=False))
    return messages


@pytest.fixture
def run(write_run: Write) -> ew.Run:
    moved = [{**row, "box": [1, 1, 20, 20], "score": 0.5} for row in BOXES]
    folder = write_run(BOXES, {10: BOXES, 20: moved})
    (folder / "images").mkdir()
    for row in BOXES:
        Image.new("RGB", (row["width"], row["height"])).save(folder / "images" / row["image"])
    return ew.open_run(folder)


@pytest.fixture
def pair(run: ew.Run, sent: list[Message]) -> Iterator[ew.PanelPair]:
    pair = ew.PanelPair(run, width=200)
    yield pair
    pair.close()


def drawn(sent: list[Message]) -> list[Message]:
    return [message for message in sent if message.commands]


def words_on(message: Message) -> list[str]:
    """The texts that a message draws."""
    return [arguments[0] for arguments in message.named("fillText")]


def test_it_is_a_box_at_the_last_step_and_the_first_specimen(run: ew.Run, pair: ew.PanelPair) -> None:
    assert isinstance(pair, ipywidgets.VBox)
    assert (pair.specimen, pair.step, pair.width, pair.size, pair.scale) == ("a.png", 20, 200, (100, 50), 2)
    assert isinstance(pair.truth, ipycanvas.Canvas)
    assert isinstance(pair.prediction, ipycanvas.Canvas)
    assert (pair.prediction.width, pair.prediction.height) == (200, 100)
    other = ew.PanelPair(run, "b.png", 10, width=100, layout={"border": "1px solid red"})
    assert (other.specimen, other.step, other.scale, other.layout.border_top) == ("b.png", 10, 0.5, "1px solid red")
    other.close()


def test_step_and_specimen_can_be_set_to_what_the_run_has_only(pair: ew.PanelPair) -> None:
    pair.step, pair.specimen = 10, "b.png"
    with pytest.raises(traitlets.TraitError, match=r"step 15 is not recorded; the run has \[10, 20\]"):
        pair.step = 15
    with pytest.raises(traitlets.TraitError, match=r"specimen 'c.png' is not in the run"):
        pair.specimen = "c.png"
    with pytest.raises(traitlets.TraitError, match="width: expected 40 CSS pixels or more, got 0"):
        pair.width = 0
    assert (pair.step, pair.specimen, pair.width) == (10, "b.png", 200)


def test_arguments_that_cannot_be_are_refused_without_a_word(run: ew.Run) -> None:
    with pytest.raises(ew.UnknownNameError, match=r"specimen 'c.png' is not in the run, which has a.png, b.png"):
        ew.PanelPair(run, "c.png")
    with pytest.raises(ew.UnknownNameError, match="step 15 is not recorded; the run has 10, 20"):
        ew.PanelPair(run, "a.png", 15)
    with pytest.raises(ew.EvalWidgetError, match=r"run: expected a Run, as ew.open_run or ew.demo_run give, got str"):
        ew.PanelPair("runs/mine")  # type: ignore[arg-type]
    with pytest.raises(traitlets.TraitError, match="width: expected 40 CSS pixels or more, got 1"):
        ew.PanelPair(run, width=1)
    gc.collect()  # what is said while deleting would be a warning here, and so an error


def test_a_change_of_the_step_is_one_message_of_drawing_without_the_image(
    pair: ew.PanelPair, sent: list[Message]
) -> None:
    sent.clear()
    pair.step = 10
    (message,) = drawn(sent)
    assert message.named("drawImage") == []
    assert len(message.named("clear")) == 2
    assert words_on(message) == ["cat", "cat"]
    assert len(sent) == 3  # with the trait and the heading
    sent.clear()
    pair.step = 10
    assert sent == []


def test_traits_set_together_are_drawn_once(pair: ew.PanelPair, sent: list[Message]) -> None:
    sent.clear()
    with pair.hold_trait_notifications():
        pair.step, pair.specimen, pair.width = 10, "b.png", 300
    (message,) = drawn(sent)
    assert words_on(message)[0] == "dog"
    assert pair.scale == 1.5


def test_boxes_are_in_the_colours_of_their_labels(pair: ew.PanelPair, sent: list[Message]) -> None:
    assert pair.colours == {"cat": label_colour(0)}
    sent.clear()
    pair.redraw()
    (message,) = drawn(sent)
    assert words_on(message)[:2] == ["cat · missed", "cat · extra · 0.50"]
    styles = [value for attribute, value in message.named("set") if attribute == ipycanvas.Canvas.ATTRS["stroke_style"]]
    assert styles.count(label_colour(0)) == 2
    assert [dashes for (dashes,) in message.named("setLineDash") if dashes] == [[10, 5], [2, 3]]


def test_boxes_labels_and_scores_can_be_left_out(pair: ew.PanelPair, sent: list[Message]) -> None:
    sent.clear()
    pair.show_labels = False
    assert words_on(drawn(sent)[-1])[:1] == ["0.50"]
    pair.show_scores = False
    assert "0.50" not in words_on(drawn(sent)[-1])
    assert len(drawn(sent)[-1].named("strokeRects")) == 4
    pair.show_boxes = False
    assert drawn(sent)[-1].named("strokeRects") == []


def test_it_can_be_linked_to_a_slider_and_to_the_widget(run: ew.Run, pair: ew.PanelPair) -> None:
    slider = ipywidgets.SelectionSlider(options=run.steps, value=20)
    linked = ipywidgets.link((slider, "value"), (pair, "step"))
    slider.value = 10
    assert pair.step == 10
    linked.unlink()
    widget = run.compare()
    links = [ipywidgets.link((widget, name), (pair, name)) for name in ("step", "specimen")]
    widget.step, widget.specimen = 20, "b.png"
    assert (pair.step, pair.specimen) == (20, "b.png")
    for one in links:
        one.unlink()
    widget.close()


def test_what_a_closed_pair_is_linked_with_moves_on_without_it(run: ew.Run, sent: list[Message]) -> None:
    slider = ipywidgets.SelectionSlider(options=[10, 20], value=20)
    pair = ew.PanelPair(run)
    ipywidgets.link((slider, "value"), (pair, "step"))
    pair.close()
    sent.clear()
    slider.value = 10
    pair.redraw()
    with pytest.raises(ew.EvalWidgetError, match="drawing: the pair is closed: make another PanelPair"), pair.drawing():
        pass
    assert drawn(sent) == []
    canvas = ipycanvas.Canvas()
    canvas.clear()  # nothing that was left undone holds it
    assert len(drawn(sent)) > 0
    slider.close()


def test_a_pair_with_no_specimen_says_so(pair: ew.PanelPair, sent: list[Message]) -> None:
    sent.clear()
    pair.specimen = None
    (message,) = drawn(sent)
    assert " ".join(words_on(message)) == "no specimen is chosen no specimen is chosen"
    pair.specimen, pair.step = "a.png", None
    assert "no step is chosen" in words_on(drawn(sent)[-1])


def test_what_is_missing_or_cannot_be_read_stands_on_the_panel(write_run: Write, sent: list[Message]) -> None:
    broken = {"image": "a.png", "phrase": "cat", "box": [1, 2, 3]}
    folder = write_run(BOXES, {10: [BOXES[0]], 20: [broken, BOXES[1]], 30: BOXES})
    (folder / "images").mkdir(exist_ok=True)
    (folder / "images" / "b.png").write_bytes(b"no image")
    pair = ew.PanelPair(ew.open_run(folder), "b.png", 10, width=400)
    said = words_on(drawn(sent)[-1])
    assert any(words.startswith("image unreadable: ") for words in said)
    assert "not evaluated at this step" in said
    pair.specimen, pair.step = "a.png", 20
    said = words_on(drawn(sent)[-1])
    assert "1 invalid prediction" in said
    assert "image missing: a.png: not found" in said
    assert "expected 4 numbers" in pair._texts.value
    pair.close()


def test_a_step_whose_file_cannot_be_read_says_so_and_the_others_go_on(write_run: Write, sent: list[Message]) -> None:
    folder = write_run(BOXES, {10: BOXES, 20: BOXES})
    run = ew.open_run(folder)
    (file,) = folder.rglob("*20.jsonl")
    whole = file.read_text("utf-8")
    file.write_text("{no json", "utf-8")
    pair = ew.PanelPair(run, width=400)
    assert " ".join(words_on(drawn(sent)[-1])).count("step 20 could not be read: ") == 1
    assert words_on(drawn(sent)[-1])[0] == "cat"
    pair.step = 10
    assert "could not be read" not in " ".join(words_on(drawn(sent)[-1]))
    file.write_text(whole, "utf-8")
    pair.step = 20
    assert words_on(drawn(sent)[-1]).count("cat") == 2
    pair.close()


def test_a_specimen_that_cannot_be_asked_for_says_so(write_run: Write, sent: list[Message]) -> None:
    run = ew.open_run(write_run(BOXES, {10: BOXES}), images={"a.png": 5})
    pair = ew.PanelPair(run, "a.png", width=800)
    said = "images['a.png']: expected a path, bytes or a PIL image, got int"
    assert " ".join(words_on(drawn(sent)[-1])).count(said) == 2
    pair.specimen = "b.png"
    assert said not in " ".join(words_on(drawn(sent)[-1]))
    pair.close()


def test_without_a_size_the_panels_hold_the_boxes_shown(write_run: Write, sent: list[Message]) -> None:
    def box(x2: int) -> list[dict[str, Any]]:
        return [{"image": "a", "phrase": "cat", "box": [0, 0, x2, 20]}]

    pair = ew.PanelPair(ew.open_run(write_run(box(40), {10: box(40), 20: box(80)})), "a", 10, width=400)
    assert pair.size == (40, 20)
    assert "image missing, size unknown" in " ".join(words_on(drawn(sent)[-1]))
    pair.step = 20
    assert (pair.size, pair.scale) == ((80, 20), 5)
    pair.close()


def test_what_a_run_says_is_text(write_run: Write, sent: list[Message]) -> None:
    evil = "<img src=x onerror=alert(1)>"
    asked = [{"image": f"{evil}.png", "question": evil, "answer": evil}]
    pair = ew.PanelPair(ew.open_run(write_run(asked, {10: [{**asked[0], "answer": f"no {evil}"}]})))
    shown = [part.value for part in pair._parts if isinstance(part, ipywidgets.HTML)]
    assert not any("<img" in html for html in shown)
    assert pair._texts.value.count("&lt;img src=x") == 4  # the question on both sides, reference and answer
    assert pair._title.value.count("&lt;img src=x") == 1
    pair.close()


def test_questions_without_reference_or_answer_say_so(write_run: Write) -> None:
    truth = [
        {"image": "a.png", "question": q, "answers": [r] if r else []} for q, r in (("What?", "cat"), ("Why?", ""))
    ]
    answers = [{"image": "a.png", "question": "What?", "answer": ""}]
    pair = ew.PanelPair(ew.open_run(write_run(truth, {10: answers, 20: []})), "a.png", 10)
    for words in ("empty answer", "no reference answer", "no prediction at this step"):
        assert words in pair._texts.value
    pair.step = 20
    assert pair._texts.value.count("not evaluated at this step") == 2
    pair.close()


def test_drawing_is_in_pixels_of_the_image_and_sent_at_once(pair: ew.PanelPair, sent: list[Message]) -> None:
    sent.clear()
    with pair.drawing("truth") as canvas:
        assert canvas is pair.truth
        canvas.fill_rect(1, 2, 3, 4)
    (message,) = sent
    assert [name for name, *_ in message.commands if name != "switchCanvas"] == [
        *("clear", "save", "scale", "fillRect", "restore")
    ]
    assert message.named("scale") == [[2.0, 2.0]]
    with (
        pytest.raises(ew.UnknownNameError, match="panel: expected 'truth' or 'prediction', got 'left'"),
        pair.drawing("left"),
    ):
        pass


def test_what_goes_wrong_while_drawing_reaches_its_author_and_holds_nothing(
    pair: ew.PanelPair, sent: list[Message]
) -> None:
    with pytest.raises(ZeroDivisionError), pair.drawing() as canvas:
        canvas.fill_rect(0, 0, 1 / 0)
    sent.clear()
    pair.prediction.fill_rect(0, 0, 1)
    assert [name for name, *_ in drawn(sent)[-1].commands] == ["fillRect"]


def test_the_drawing_goes_with_its_specimen_and_stays_when_the_step_changes(
    pair: ew.PanelPair, sent: list[Message]
) -> None:
    def cleared() -> set[str]:
        """The canvases that were cleared since, by their models."""
        found, current = set(), ""
        for command, *arguments in (one for message in drawn(sent) for one in message.commands):
            current = arguments[0][0].removeprefix("IPY_MODEL_") if command == "switchCanvas" else current
            found |= {current} if command == "clear" else set()
        return found

    drawings = {pair.truth.model_id, pair.prediction.model_id}
    sent.clear()
    pair.step = 10
    pair.redraw()
    assert not drawings & cleared()
    pair.specimen = "b.png"
    assert drawings <= cleared()


def test_closing_it_closes_all_that_is_in_it(run: ew.Run) -> None:
    pair = ew.PanelPair(run)
    inside = [*pair._parts, pair]
    assert len(inside) > 12
    pair.close()
    assert all(part.comm is None for part in inside)


def test_names_that_the_package_does_not_have_are_an_error() -> None:
    with pytest.raises(AttributeError, match="module 'evalwidget' has no attribute 'PanelPairs'"):
        ew.PanelPairs  # noqa: B018


def test_the_examples_of_its_document_run() -> None:
    text = (Path(__file__).parents[2] / "docs" / "panel-pair.md").read_text("utf-8")
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, names)
    names["step"].value = 100
    names["specimen"].value = "sheet-03.png"
    pair = names["pair"]
    assert (pair.step, pair.specimen) == (100, "sheet-03.png")
    pair.close()
