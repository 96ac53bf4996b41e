"""What users draw over the panels: as ipycanvas itself draws it, at every step, zoomed, toggled, and when it fails."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from run_folders import write_folder
from test_compare import expect_compared
from test_sidebar import Sidebar

DRAWING = Path(__file__).with_name("every_drawing.py").read_text("utf-8")
GROUNDING = """
import evalwidget as ew
run = ew.demo_run("grounding")
widget = run.compare(step=0)
widget
"""
#: Every step has a square of its own, and so has every side.
MARKS = """
def marks(canvas, specimen, step):
    place = run.steps.index(step)
    canvas.fill_style = "#ff00ff"
    canvas.fill_rect(10 + 10 * place, 10, 8, 8)
def frame(canvas, specimen, step):
    canvas.fill_style = "#00c8ff"
    canvas.fill_rect(10, 30, 20, 8)
widget.overlays.append(marks)
widget.overlays.append(frame, panel="both")
None
"""
#: The pixels of two canvases that differ, and the largest difference.
DIFFERENCES = """([one, other]) => {
  const pixels = (canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  if (one.width !== other.width || one.height !== other.height) {
    return {sizes: [one.width, one.height, other.width, other.height]};
  }
  const [a, b] = [pixels(one), pixels(other)];
  const found = {inked: 0, differing: 0, largest: 0, where: []};
  for (let at = 0; at < a.length; at += 4) {
    const parts = [0, 1, 2, 3].map((part) => Math.abs(a[at + part] - b[at + part]));
    const most = Math.max(...parts);
    if (a[at + 3] > 0) found.inked += 1;
    if (most > 0) {
      found.differing += 1;
      const pixel = at / 4;
      if (found.where.length < 20) found.where.push([pixel % one.width, Math.floor(pixel / one.width), ...parts]);
    }
    found.largest = Math.max(found.largest, most);
  }
  return found;
}"""
PIXEL = """(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]"""
MAGENTA, CYAN, CLEAR = [255, 0, 255, 255], [0, 200, 255, 255], [0, 0, 0, 0]
STEPS = [0, 25, 50, 100, 150, 250, 500]
RED, LIME = [255, 0, 0, 255], [0, 255, 0, 255]


def overlays_of(lab_page, side: str):
    return lab_page.part(f"overlays-{side}")


def expect_drawn(lab_page, specimen: str, step: int, *sides: str) -> None:
    """Wait until the overlays of these sides are painted with a specimen at a step."""
    for side in sides or ("prediction",):
        expect(overlays_of(lab_page, side)).to_have_attribute("data-painted", f"{specimen}|{step}")


def pixel(lab_page, side: str, x: float, y: float) -> list[int]:
    """The colour of the overlays at a point of the original image."""
    where = lab_page.canvas(side).evaluate("(canvas) => ({...canvas.dataset})")
    scale = float(where["scale"])
    at = [int(x * scale + float(where["offsetX"])), int(y * scale + float(where["offsetY"]))]
    return overlays_of(lab_page, side).evaluate(PIXEL, at)


def expect_pixel(lab_page, side: str, x: float, y: float, expected: list[int]) -> None:
    """Wait until the overlays have this colour there."""
    found = lab_page.until(lambda: pixel(lab_page, side, x, y), lambda colour: colour == expected)
    assert found == expected


def drag(lab_page, index: int) -> None:
    """Move the slider without letting go of it."""
    lab_page.part("step-slider").evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true})); }", index
    )


@pytest.fixture
def opened(lab_page, lab):
    lab.write_notebook("overlays.ipynb", [GROUNDING, MARKS])
    lab_page.open("overlays.ipynb").run_all().painted("sheet-01.png", 0)
    expect_drawn(lab_page, "sheet-01.png", 0, "prediction", "truth")
    return lab_page


def test_all_that_can_be_drawn_is_drawn_as_ipycanvas_draws_it(lab_page, lab):
    first = f"""
import io, evalwidget as ew, ipycanvas, ipywidgets, numpy as np
from PIL import Image
{DRAWING}
shades = np.zeros((14, 18, 4), np.uint8)
shades[..., 0], shades[..., 2], shades[..., 3] = np.arange(18) * 14, 90, 200
content = io.BytesIO()
Image.fromarray(shades).save(content, "PNG")
image = ipywidgets.Image(value=content.getvalue())
path = ipycanvas.Path2D("M216 92 l20 4 l-8 14 l-10 -4 z")
painted = ipycanvas.Canvas(width=16, height=16, sync_image_data=True)
painted.fill_style = "orange"
painted.fill_circle(8, 8, 7)
painted
"""
    truth = [{"image": "a.png", "width": 90, "height": 90, "phrase": "cat", "box": [1, 1, 9, 9]}]
    write_folder(lab.root / "of-any-size", truth, {7: truth})
    lab.write_notebook("every.ipynb", [first, "ew.open_run('of-any-size').compare()"])
    lab_page.page.set_viewport_size({"width": 1700, "height": 1400})
    lab_page.open("every.ipynb").run_all().painted("a.png", 7)
    lab_page.expect_said("print(painted.image_data is not None)", "True")
    size = lab_page.canvas("prediction").evaluate("(canvas) => [canvas.width, canvas.height]")
    assert size[0] > 380
    assert size[1] > 250
    # an image as large as its panel: a pixel of it is one of the canvas
    truth[0] |= {"width": size[0], "height": size[1]}
    write_folder(lab.root / "as-large", truth, {7: truth})
    said = lab_page.run_cell(
        """
from evalwidget.widget.overlays.canvas import RecordingCanvas
from evalwidget.widget.overlays.recording import Recording
from evalwidget.widget.protocol import DRAWING_COMMANDS, DRAWING_STYLES
recording = Recording()
draw_everything(RecordingCanvas(recording, 9, 9), image, painted, path)
numbers, place, used, set_ = recording.arrays()["drawing_commands"], 0, set(), set()
while place < len(numbers):
    used.add(DRAWING_COMMANDS[int(numbers[place])])
    if DRAWING_COMMANDS[int(numbers[place])] == "set":
        set_.add(DRAWING_STYLES[int(numbers[place + 3])])
    place += 2 + 2 * int(numbers[place + 1])
print(sorted(set(DRAWING_COMMANDS) - used), sorted(set(DRAWING_STYLES) - set_))
"""
    )
    assert said == "['clear'] []"  # which would leave nothing to compare
    lab_page.run_cell(
        f"""
whole = ew.open_run("as-large")
canvas = ipycanvas.Canvas(width={size[0]}, height={size[1]})
canvas.fill_rect(0, 0, 30)
canvas.clear()
draw_everything(canvas, image, painted, path)
def everything(canvas, specimen, step):
    canvas.fill_rect(0, 0, 30)
    canvas.clear()
    draw_everything(canvas, image, painted, path)
other = whole.compare()
other.overlays.append(everything)
"""
    )
    lab_page.page.evaluate(
        """async () => {
          const {content} = window.jupyterapp.shell.currentWidget;
          for (const source of ['canvas', 'other']) {
            content.activeCellIndex = content.widgets.length - 1;
            await window.jupyterapp.commands.execute('notebook:insert-cell-below');
            content.activeCell.model.sharedModel.setSource(source);
            await window.jupyterapp.commands.execute('notebook:run-cell');
          }
        }"""
    )
    root = lab_page.page.locator(".ew-root").nth(1)
    ours = root.locator('[data-testid="overlays-prediction"]')
    expect(ours).to_have_attribute("data-painted", "a.png|7")
    place = root.locator('[data-testid="canvas-prediction"]').evaluate("(canvas) => ({...canvas.dataset})")
    assert [float(place[key]) for key in ("scale", "offsetX", "offsetY")] == [1, 0, 0]
    real = lab_page.page.locator(f"canvas[width='{size[0]}'][height='{size[1]}']:not(.ew-canvas)")
    expect(real).to_have_count(1)
    handles = [ours.element_handle(), real.element_handle()]
    # the last that is drawn
    lab_page.page.wait_for_function(
        "(canvas) => canvas.getContext('2d').getImageData(145, 217, 1, 1).data[3] === 255", arg=handles[1]
    )
    found = lab_page.page.evaluate(DIFFERENCES, handles)
    lab_page.screenshot("overlays-every-ours", ours)
    lab_page.screenshot("overlays-every-ipycanvas", real)
    assert found["inked"] > 10_000
    assert (found["differing"], found["largest"]) == (0, 0), found


def test_the_slider_replays_what_is_there_and_asks_python_for_nothing(opened):
    opened.idle()
    opened.part("menu-button").click()
    sent = len(opened.frames_sent)
    for index in (3, 6, 1, 2, 5, 4):
        drag(opened, index)
        expect_drawn(opened, "sheet-01.png", STEPS[index], "prediction", "truth")
        assert pixel(opened, "prediction", 14 + 10 * index, 14) == MAGENTA
        assert pixel(opened, "prediction", 14, 14) == CLEAR
        assert pixel(opened, "prediction", 20, 34) == pixel(opened, "truth", 20, 34) == CYAN
        assert pixel(opened, "truth", 14 + 10 * index, 14) == CLEAR
    assert opened.sent_of_view(sent) == []
    assert [text for text in opened.texts_sent(sent) if '"kind":"overlays"' in text] == []


def test_the_neighbours_are_drawn_ahead_and_nothing_is_drawn_twice(lab_page, lab):
    seen = (
        "seen = []\nwidget.overlays.append(lambda canvas, specimen, step: seen.append((str(specimen), step)))\nwidget"
    )
    lab.write_notebook("seen.ipynb", [GROUNDING.replace("\nwidget\n", f"\n{seen}\n")])
    lab_page.open("seen.ipynb").run_all().painted("sheet-01.png", 0)
    names = ["sheet-01.png", "sheet-02.png", "sheet-03.png"]
    lab_page.expect_said("print(sorted({name for name, _ in seen}), len(seen))", f"{names[:2]} {2 * len(STEPS)}")
    lab_page.root.press("ArrowDown")
    lab_page.painted("sheet-02.png", 0)
    expect_drawn(lab_page, "sheet-02.png", 0)
    lab_page.expect_said("print(sorted({name for name, _ in seen}), len(seen))", f"{names} {3 * len(STEPS)}")
    assert lab_page.run_cell("print(len(set(seen)))") == str(3 * len(STEPS))


def test_overlays_are_toggled_in_the_menu_and_from_python(opened):
    opened.part("menu-button").click()
    choices = opened.part("overlays")
    expect(choices.get_by_role("checkbox")).to_have_count(2)
    opened.screenshot("overlays-menu")
    choices.get_by_label("marks").uncheck()
    expect_pixel(opened, "prediction", 14, 14, CLEAR)
    assert pixel(opened, "prediction", 20, 34) == CYAN
    opened.expect_said("print(widget.overlays['marks'].visible, widget.overlays['frame'].visible)", "False True")
    choices.get_by_label("frame").uncheck()
    expect(overlays_of(opened, "prediction")).to_have_count(0)
    expect(overlays_of(opened, "truth")).to_have_count(0)
    opened.run_cell("widget.overlays['marks'].visible = True")
    expect(choices.get_by_label("marks")).to_be_checked()
    expect_drawn(opened, "sheet-01.png", 0)
    assert pixel(opened, "prediction", 14, 14) == MAGENTA
    assert pixel(opened, "prediction", 20, 34) == CLEAR


def test_overlays_are_added_moved_removed_and_drawn_again_while_the_specimen_is_open(opened):
    opened.run_cell(
        "colour = 'red'\n"
        "def cover(canvas, specimen, step):\n"
        "    canvas.fill_style = colour\n"
        "    canvas.fill_rect(12, 12, 4, 4)\n"
        "cover = widget.overlays.append(cover)"
    )

    expect_pixel(opened, "prediction", 14, 14, RED)
    opened.run_cell("colour = 'lime'\nwidget.refresh_overlays()")
    expect_pixel(opened, "prediction", 14, 14, LIME)
    opened.run_cell("widget.overlays.move(cover, 0)")
    expect_pixel(opened, "prediction", 14, 14, MAGENTA)
    opened.run_cell("widget.overlays.remove('marks')")
    expect_pixel(opened, "prediction", 14, 14, LIME)
    opened.run_cell("widget.overlays.clear()")
    expect(overlays_of(opened, "prediction")).to_have_count(0)
    expect(opened.part("overlays")).to_have_count(0)


def test_they_are_drawn_while_a_cell_runs(opened):
    """Also the one that the running cell adds."""
    said = opened.run_cell(
        """
import threading
late, are_drawn = set(), threading.Event()
def draw(canvas, specimen, step):
    late.add(step)
    canvas.fill_style = "lime"
    canvas.fill_rect(12, 12, 4, 4)
    if len(late) == len(run.steps):
        are_drawn.set()
widget.overlays.append(draw, "late")
are_drawn.wait(60)
print(sorted(late) == run.steps)
"""
    )
    assert said == "True"
    expect_pixel(opened, "prediction", 14, 14, LIME)


def test_a_cell_and_the_sidebar_show_the_same_overlays(opened):
    sidebar = Sidebar(opened.page).open().choose()
    beside = sidebar.root.get_by_test_id("overlays-prediction")
    expect(beside).to_have_attribute("data-painted", "sheet-01.png|0")
    sidebar.root.get_by_test_id("menu-button").click()
    toggle = sidebar.root.get_by_test_id("overlays").get_by_label("marks")
    toggle.press("Space")
    expect(toggle).not_to_be_checked()
    cell = opened.page.locator(".jp-Notebook .ew-root")
    has_no_magenta = """(canvas) => {
      const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.every((value, at) => at % 4 !== 0 || value !== 255);
    }"""
    for canvas in (beside, cell.get_by_test_id("overlays-prediction")):
        opened.page.wait_for_function(has_no_magenta, arg=canvas.element_handle())
    opened.run_cell("widget.overlays['marks'].visible = True; widget.overlays.remove('frame')")
    expect(toggle).to_be_checked()
    expect(sidebar.root.get_by_test_id("overlays").get_by_role("checkbox")).to_have_count(1)
    for root in (cell, sidebar.root):
        expect(root.get_by_test_id("overlays-truth")).to_have_count(0)
        expect(root.get_by_test_id("overlays-prediction")).to_have_attribute("data-painted", "sheet-01.png|0")


def test_what_goes_wrong_is_said_at_its_step_and_leaves_the_rest(opened):
    script = "<img src=x onerror='window.harmed = true'>"
    opened.run_cell(
        f"""
def broken(canvas, specimen, step):
    canvas.fill_rect(0, 0, 50)
    if step == 25:
        raise ValueError({script!r})
    if step == 50:
        canvas.on_mouse_down(print)
    if step == 100:
        canvas.fill_circle(20, 20, -1)
widget.overlays.append(broken, {script!r})
"""
    )
    notices = opened.part("overlay-notices")
    expect(notices).to_have_count(0)
    opened.root.press("ArrowRight")
    opened.painted("sheet-01.png", 25)
    said = f"overlay {script!r}: sheet-01.png, step 25: line 4: ValueError: {script}"
    expect(notices).to_have_text(said)
    opened.screenshot("overlays-error")
    expect_drawn(opened, "sheet-01.png", 25, "prediction", "truth")
    assert pixel(opened, "prediction", 24, 14) == MAGENTA
    assert pixel(opened, "prediction", 40, 45) == CLEAR
    opened.root.press("ArrowRight")
    expect(notices).to_contain_text("sheet-01.png, step 50: line 6: canvas.on_mouse_down cannot be replayed")
    opened.root.press("ArrowRight")
    # what only the browser knows
    expect(notices).to_contain_text("sheet-01.png, step 100: ")
    expect(notices).to_contain_text("negative")
    opened.root.press("ArrowRight")
    opened.painted("sheet-01.png", 150)
    expect(notices).to_have_count(0)
    assert not opened.page.evaluate("() => window.harmed === true")


def test_lines_stay_crisp_when_zoomed(opened):
    before = pixel(opened, "prediction", 20, 34)
    for _ in range(8):
        opened.root.press("+")
    opened.page.evaluate("() => new Promise(requestAnimationFrame)")
    opened.root.press("0")
    opened.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert pixel(opened, "prediction", 20, 34) == before == CYAN
    # zoomed on the marks: pixels between the colours of an edge are as few as one
    box = opened.canvas("prediction").bounding_box()
    scale = float(opened.canvas("prediction").get_attribute("data-scale"))
    offset = [float(opened.canvas("prediction").get_attribute(f"data-offset-{axis}")) for axis in "xy"]
    opened.page.mouse.move(box["x"] + offset[0] + 20 * scale, box["y"] + offset[1] + 34 * scale)
    opened.page.keyboard.down("Control")
    for _ in range(12):
        opened.page.mouse.wheel(0, -15)
    opened.page.keyboard.up("Control")
    expect(opened.root.locator(".ew-stage").last).to_have_attribute("data-zoomed", "true")
    opened.page.evaluate("() => new Promise(requestAnimationFrame)")
    zoomed = float(opened.canvas("prediction").get_attribute("data-scale"))
    assert zoomed > 4 * scale
    opened.screenshot("overlays-zoomed")
    left = float(opened.canvas("prediction").get_attribute("data-offset-x"))
    reaches = [min(max(left + x * zoomed, 0), box["width"]) for x in (10, 30)]
    between = overlays_of(opened, "prediction").evaluate(
        """(canvas, y) => {
          const row = canvas.getContext('2d').getImageData(0, Math.round(y), canvas.width, 1).data;
          const alphas = Array.from({length: canvas.width}, (_, x) => row[x * 4 + 3]);
          const full = alphas.filter((alpha) => alpha === 255).length;
          return [alphas.filter((alpha) => alpha > 0).length - full, full];
        }""",
        float(opened.canvas("prediction").get_attribute("data-offset-y")) + 34 * zoomed,
    )
    assert between[0] <= 2
    assert between[1] == pytest.approx(reaches[1] - reaches[0], abs=2)


def test_the_compared_step_has_its_own_drawings(opened):
    opened.run_cell("widget.compare_step = 50")
    expect_compared(opened, "sheet-01.png", 50)
    expect_drawn(opened, "sheet-01.png", 50, "compared")
    assert pixel(opened, "compared", 14 + 10 * 2, 14) == MAGENTA
    assert pixel(opened, "compared", 14, 14) == CLEAR
    assert pixel(opened, "prediction", 14, 14) == MAGENTA
    opened.screenshot("overlays-compared")


def test_a_picture_that_questions_share_has_all_overlays(lab_page, lab):
    vqa = GROUNDING.replace('"grounding"', '"vqa"')
    lab.write_notebook("overlays-vqa.ipynb", [vqa, MARKS])
    lab_page.open("overlays-vqa.ipynb").run_all()
    expect_drawn(lab_page, "sheet-01.png", 0, "image")
    assert pixel(lab_page, "image", 14, 14) == MAGENTA
    assert pixel(lab_page, "image", 20, 34) == CYAN
    lab_page.screenshot("overlays-shared-image")


def test_two_thousand_boxes_are_replayed_within_a_frame(lab_page, lab):
    """The next frame after the slider moved shows them; how long its pixels took is printed."""
    folder = lab.root / "many"
    truth = [{"image": "a.png", "width": 640, "height": 480, "phrase": "cat", "box": [1, 1, 9, 9]}]
    write_folder(folder, truth, dict.fromkeys(range(20), truth))
    (folder / "images").mkdir()
    Image.new("RGB", (640, 480), "#c8d8e8").save(folder / "images" / "a.png")
    cell = """
import evalwidget as ew, numpy as np
run = ew.open_run("many")
widget = run.compare(step=0)
random = np.random.default_rng(0)
boxes = random.uniform(0, 440, (4, 2000)) * [[1.3], [1], [0.1], [0.1]]
colours = random.integers(0, 255, (2000, 3), np.uint8)
widget.overlays.append(lambda canvas, specimen, step: canvas.stroke_styled_rects(*(boxes + step), colours), "boxes")
widget
"""
    lab.write_notebook("many.ipynb", [cell])
    lab_page.open("many.ipynb").run_all().painted("a.png", 0)
    expect_drawn(lab_page, "a.png", 0)
    lab_page.idle()
    lab_page.part("menu-button").click()
    painted = lab_page.root.evaluate(
        """async (root) => {
          const slider = root.querySelector('[data-testid=step-slider]');
          const canvas = root.querySelector('[data-testid=overlays-prediction]');
          const frame = () => new Promise(requestAnimationFrame);
          const found = [], took = [];
          for (let step = 1; step < 20; step++) {
            await frame();
            const start = performance.now();
            slider.value = step;
            slider.dispatchEvent(new Event('input', {bubbles: true}));
            while (canvas.dataset.painted !== `a.png|${step}` && performance.now() < start + 1000) await null;
            canvas.getContext('2d').getImageData(0, 0, 1, 1);
            took.push(performance.now() - start);
            found.push(canvas.dataset.painted);
          }
          return [found, took.sort((a, b) => a - b)[9]];
        }"""
    )
    print(f"2,000 boxes: {painted[1]:.1f} ms from the slider to their pixels")
    assert painted[0] == [f"a.png|{step}" for step in range(1, 20)]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_menu_and_notice_fit_wide_and_narrow(opened, theme):
    opened.page.evaluate(f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})")
    is_light = str(theme.endswith("Light")).lower()
    expect(opened.page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)
    opened.run_cell(
        "name = 'an overlay with a name that is far too long ' * 3\n"
        "def draw(canvas, specimen, step):\n"
        "    raise ValueError('an error that says far too much ' * 99)\n"
        "widget.overlays.append(draw, name)"
    )
    expect(opened.part("overlay-notices")).to_be_visible()
    opened.part("menu-button").click()
    for width in (1400, 620):
        opened.page.set_viewport_size({"width": width, "height": 1000})
        frame = opened.root.bounding_box()
        for part in ("overlays", "overlay-notices"):
            expect(opened.part(part)).to_be_visible()
            box = opened.part(part).bounding_box()
            assert frame["x"] <= box["x"]
            assert box["x"] + box["width"] <= frame["x"] + frame["width"]
        # the panels stay in sight
        assert opened.part("overlay-notices").bounding_box()["height"] < 0.3 * frame["height"]
        overflow = opened.part("overlays").evaluate("(part) => part.scrollWidth - part.clientWidth")
        assert overflow <= 0
        opened.screenshot(f"overlays-{width}-{theme.split()[-1].lower()}")
