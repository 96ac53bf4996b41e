"""``PanelPair`` in a real JupyterLab: it looks like the widget, follows a slider, and sends one message a step."""

from importlib.resources import files

import numpy as np
import pytest
from boxes_on_screen import assert_drawn
from playwright.sync_api import Locator, expect
from run_folders import write_folder
from test_demo_runs import colours_of

import evalwidget as ew

SETUP = """
import ipywidgets
import evalwidget as ew

run = ew.demo_run({name!r})
pair = ew.PanelPair(run, width={width})
slider = ipywidgets.SelectionSlider(options=run.steps, value=run.steps[-1], description="step")
ipywidgets.link((slider, "value"), (pair, "step"))
"""


class Pair:
    """The pair of panels on a page, with the canvases of both sides as ``LabPage`` has the widget's."""

    def __init__(self, lab_page, size):
        self.lab_page, self.page, self.size = lab_page, lab_page.page, size
        self.received: list[str | bytes] = []

    def canvas(self, side: str) -> Locator:
        canvas = self.page.locator(f"canvas.evalwidget-{side}")
        canvas.evaluate(
            """(canvas, [width]) => {
              const {dataset} = canvas;
              [dataset.scale, dataset.offsetX, dataset.offsetY] = [canvas.width / width, 0, 0];
            }""",
            list(self.size),
        )
        return canvas

    def pixels(self, side: str, points):
        return type(self.lab_page).pixels(self, side, points)

    def at_step(self, step: int) -> "Pair":
        """Wait until the step is on the screen: its words come after its boxes."""
        expect(self.page.locator(".widget-html").get_by_text(f"step {step} · epoch")).to_be_visible()
        return self


@pytest.fixture
def show(lab_page):
    """``show(cells, name, width)`` opens a notebook with a pair, and waits until its boxes are there."""

    def shown(cells=(), name="grounding", width=480, at=0) -> Pair:
        received: list[str | bytes] = []
        lab_page.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(frame)))
        notebook = lab_page.lab.write_notebook(
            "pair.ipynb", [SETUP.format(name=name, width=width), *cells, "ipywidgets.VBox([slider, pair])"]
        )
        lab_page.open(notebook).run_all()
        run = ew.demo_run(name)
        pair = Pair(lab_page, run._data.size(at))
        pair.received = received
        expect(lab_page.page.locator("canvas.evalwidget-prediction")).to_be_visible()
        wait_for_ink(pair, "truth")
        # panels are drawn once more where the page says that it is ready
        lab_page.run_cell("")
        lab_page.idle()
        return pair

    return shown


def wait_for_ink(pair: Pair, side: str) -> None:
    pair.page.wait_for_function(
        """(side) => {
          const canvas = document.querySelector(`canvas.evalwidget-${side}`);
          const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          return data.some((value, i) => i % 4 === 3 && value > 0);
        }""",
        arg=side,
    )


def test_every_step_is_on_the_panels_as_a_slider_goes_to_it(show):
    run = ew.demo_run("grounding").load()
    specimen, colours, matches = run.specimens[0], colours_of(run), run.matches()
    pair = show(["pair.show_labels = pair.show_scores = False"]).at_step(run.steps[-1])
    handle = pair.page.locator(".noUi-handle")
    handle.press("Home")
    drawn = {"truth": 0, "prediction": 0}
    for step in run.steps:
        pair.at_step(step)
        here = matches[(matches.step == step) & (matches.specimen == specimen)]
        for side in drawn:
            drawn[side] += assert_drawn(pair, side, here, colours, run._data.size(0))
        handle.press("ArrowRight")
    assert drawn["truth"] == 3 * len(run.steps)
    assert drawn["prediction"] >= 10


def test_it_is_drawn_as_the_widget_draws_it(show, lab_page):
    """Wherever the widget's canvas of boxes is opaque, the panels show the same colour, to the last bit."""
    run = ew.demo_run("grounding")
    pair = show(["widget = run.compare(); widget"]).at_step(run.steps[-1])
    lab_page.painted(run.specimens[0], run.steps[-1])
    # as large as the panels are
    lab_page.page.add_style_tag(content=".ew-stage { flex: none !important; width: 480px; height: 384px !important; }")
    expect(lab_page.canvas("truth")).to_have_attribute("data-scale", "3")
    lab_page.part("menu-button").click()
    lab_page.hide_chips()
    lab_page.page.keyboard.press("Escape")
    lab_page.run_cell("pair.show_labels = pair.show_scores = False")
    for step in (run.steps[2], run.steps[-1]):
        lab_page.run_cell(f"widget.step = pair.step = {step}")
        lab_page.painted(run.specimens[0], step)
        pair.at_step(step)
        for side in ("truth", "prediction"):
            opaque, differing = compared(lab_page, side)
            assert opaque > 1000
            assert differing == 0


def compared(lab_page, side: str) -> list[int]:
    """How many pixels of the widget's boxes are opaque, and how many of these are of another colour on the panel."""
    return lab_page.canvas(side).evaluate(
        """(widget, side) => {
          const panel = document.querySelector(`canvas.evalwidget-${side}`);
          const of = (canvas) => canvas.getContext('2d').getImageData(0, 0, 480, 384).data;
          const [a, b] = [of(widget), of(panel)];
          let opaque = 0, differing = 0;
          for (let i = 0; i < a.length; i += 4) {
            if (a[i + 3] < 255) continue;
            opaque++;
            if (a[i] !== b[i] || a[i + 1] !== b[i + 1] || a[i + 2] !== b[i + 2]) differing++;
          }
          return [opaque, differing];
        }""",
        side,
    )


def test_a_step_is_one_message_to_python_and_one_of_drawing_back(show, lab_page):
    run = ew.demo_run("grounding")
    pair = show().at_step(run.steps[-1])
    lab_page.idle()
    sent, received = len(lab_page.frames_sent), len(pair.received)
    pair.page.locator(".noUi-handle").press("ArrowLeft")
    pair.at_step(run.steps[-2])
    lab_page.idle()
    asked = comm_messages(lab_page.frames_sent[sent:])
    assert len(asked) == 1
    assert b'"index"' in asked[0]  # the slider's own
    answered = comm_messages(pair.received[received:])
    drawings = [message for message in answered if b'"method":"custom"' in message.replace(b" ", b"")]
    assert len(drawings) == 1
    assert not any(b"PNG" in message for message in answered)


def comm_messages(frames) -> list[bytes]:
    whole = (frame if isinstance(frame, bytes) else frame.encode() for frame in frames)
    return [frame for frame in whole if b"comm_msg" in frame]


def test_what_its_user_draws_lies_over_the_boxes_in_pixels_of_the_image(show, lab_page):
    run = ew.demo_run("grounding")
    pair = show(
        [
            "def mark(change=None):\n"
            "    with pair.drawing() as canvas:\n"
            "        canvas.fill_style = '#12ab34'\n"
            "        canvas.fill_rect(10, 20, 30, 40)\n"
            "mark()"
        ]
    ).at_step(run.steps[-1])
    inside, outside = [(11.0, 21.0), (39.0, 59.0)], [(9.0, 21.0), (41.0, 59.0), (11.0, 61.0)]
    assert pair.pixels("prediction", inside) == [[0x12, 0xAB, 0x34]] * 2
    assert [0x12, 0xAB, 0x34] not in pair.pixels("prediction", outside) + pair.pixels("truth", inside)
    pair.page.locator(".noUi-handle").press("ArrowLeft")
    pair.at_step(run.steps[-2])
    assert pair.pixels("prediction", inside) == [[0x12, 0xAB, 0x34]] * 2
    lab_page.screenshot("pair-drawn", lab_page.page.locator(".jp-OutputArea-output").last)


def test_the_notebooks_dashboard_lays_what_the_detector_saw_over_its_image(lab_page):
    demo = files("evalwidget") / "demo"
    maps = np.load(demo / "evidence" / "evidence.npy")
    truth = ew.demo_run("grounding")
    name, place = "sheet-12.png", truth.specimens.index("sheet-12.png")
    seen = maps[truth.steps.index(100), place]
    lab_page.open("05-draw-your-own.ipynb").run_all().painted(name, 100)
    pair = Pair(lab_page, truth._data.size(place)).at_step(100)
    expect(lab_page.page.get_by_text(f"{(seen > 0.3 * 255).sum()} cells kept", exact=True)).to_be_visible()
    sure, unsure = (
        (float(8 * column + 4), float(8 * row + 4))
        for row, column in (np.argwhere(seen == seen.max())[0], np.argwhere(seen[:16, :18] < 8)[0])
    )
    # ipycanvas draws pictures once they are decoded
    (cyan,) = lab_page.until(lambda: pair.pixels("prediction", [sure]), lambda found: found[0][2] - found[0][0] > 150)
    assert cyan[2] - cyan[0] > 150
    (plain,), (below,) = pair.pixels("prediction", [unsure]), pair.pixels("truth", [unsure])
    assert max(abs(a - b) for a, b in zip(plain, below, strict=True)) < 12
    lab_page.screenshot("pair-notebook", lab_page.page.locator(".jp-OutputArea-output").last)


def test_beside_the_widget_light_and_dark(show, lab_page):
    run = ew.demo_run("grounding")
    pair = show(["widget = run.compare(step=250, height=420); widget", "pair.width = 420; pair.step = 250"])
    pair.at_step(250)
    lab_page.painted(run.specimens[0], 250)
    lab_page.page.set_viewport_size({"width": 1300, "height": 1500})
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        lab_page.page.evaluate(
            f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})"
        )
        expect(lab_page.page.locator("body")).to_have_attribute(
            "data-jp-theme-light", str(theme.endswith("Light")).lower()
        )
        expect(lab_page.page.locator(".jp-Splash, #jupyterlab-splash")).to_have_count(0)
        lab_page.screenshot(f"pair-{theme.split()[-1].lower()}", lab_page.page.locator(".jp-Notebook"))


def test_questions_stand_below_the_picture(show, lab_page):
    run = ew.demo_run("vqa")
    answers = run.matches()
    answers = answers[answers.specimen == run.specimens[0]].set_index("step")
    pair = show(name="vqa", width=420).at_step(800)
    for words in (*answers.phrase[800], *answers.prediction[800]):
        expect(pair.page.locator(".widget-html").get_by_text(words, exact=True).last).to_be_visible()
    lab_page.screenshot("pair-vqa", lab_page.page.locator(".jp-OutputArea-output").last)
    pair.page.locator(".noUi-handle").press("Home")
    pair.at_step(0)
    for words in answers.prediction[0]:
        expect(pair.page.locator(".widget-html").get_by_text(words, exact=True)).to_be_visible()
    lab_page.screenshot("pair-vqa-0", lab_page.page.locator(".jp-OutputArea-output").last)


def test_the_widget_leads_it_without_python_where_they_are_linked_in_the_browser(show, lab_page):
    run = ew.demo_run("grounding")
    pair = show(["widget = run.compare(); widget", "ipywidgets.jslink((widget, 'step'), (pair, 'step'));"])
    pair.at_step(run.steps[-1])
    lab_page.painted(run.specimens[0], run.steps[-1])
    lab_page.part("specimen-title").click()
    lab_page.page.keyboard.press("ArrowLeft")
    pair.at_step(run.steps[-2])
    lab_page.expect_said("print(pair.step, slider.value)", f"{run.steps[-2]} {run.steps[-2]}")


def test_a_page_that_is_loaded_again_has_its_image_and_boxes(show, lab_page):
    run = ew.demo_run("grounding")
    pair = show().at_step(run.steps[-1])
    before = pair.pixels("truth", [(1.0, 1.0), (80.0, 64.0)])
    lab_page.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    lab_page.page.goto(lab_page.page.url.split("?")[0])
    expect(lab_page.page.locator("canvas.evalwidget-truth")).to_be_visible()
    wait_for_ink(pair, "truth")
    pair.at_step(run.steps[-1])
    assert pair.pixels("truth", [(1.0, 1.0), (80.0, 64.0)]) == before
    pair.page.locator(".noUi-handle").press("ArrowLeft")
    pair.at_step(run.steps[-2])


def test_what_is_missing_is_readable_on_the_panels(lab_page, tmp_path):
    box = {"width": 320, "height": 240, "phrase": "a cat", "box": [40, 60, 160, 200]}
    truth = [{"image": name, **box} for name in ("a.png", "b.png")]
    broken = {**truth[1], "box": [1, 2, 3]}
    folder = write_folder(tmp_path / "run", truth, {10: truth[:1], 20: [broken], 30: ["{no json"]})
    shown = f"""
import ipywidgets
import evalwidget as ew
ipywidgets.VBox([ew.PanelPair(ew.open_run({str(folder)!r}), "b.png", step, width=400) for step in (10, 20, 30)])
"""
    lab_page.page.set_viewport_size({"width": 1300, "height": 1500})
    lab_page.open(lab_page.lab.write_notebook("missing.ipynb", [shown])).run_all()
    expect(lab_page.page.locator("canvas.evalwidget-truth")).to_have_count(3)
    expect(lab_page.page.get_by_text("expected 4 numbers")).to_be_visible()
    for place in range(3):
        panels = [lab_page.page.locator(f"canvas.evalwidget-{side}").nth(place) for side in ("truth", "prediction")]
        for panel in panels:
            assert lab_page.until(lambda panel=panel: white_letters(panel), lambda count: count > 100) > 100
    lab_page.screenshot("pair-missing", lab_page.page.locator(".jp-OutputArea-output").first)


def white_letters(canvas: Locator) -> int:
    """How many pixels of a panel's lower quarter are white; none while it is stretched."""
    return canvas.evaluate(
        """(canvas) => {
          if (canvas.clientWidth !== canvas.width) return 0; // it is stretched
          const top = Math.round(canvas.height * 0.75);
          const {data} = canvas.getContext('2d').getImageData(0, top, canvas.width, canvas.height - top);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i] + data[i + 1] + data[i + 2] > 720 && data[i + 3] > 250) count++;
          }
          return count;
        }"""
    )
