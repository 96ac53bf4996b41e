"""Keyboard, themes, widths, many specimens and many boxes."""

import io

import numpy as np
from PIL import Image
from playwright.sync_api import expect

import evalwidget as ew


def test_everything_by_keyboard_and_no_cell_is_touched(lab_page):
    run = ew.demo_run("grounding")
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    cells = lab_page.page.locator(".jp-Cell").count()
    press = lab_page.page.keyboard.press
    lab_page.root.focus()
    press("ArrowDown")
    lab_page.painted(run.specimens[1], run.steps[-1])
    press("j")
    lab_page.painted(run.specimens[2], run.steps[-1])
    press("ArrowUp")
    lab_page.painted(run.specimens[1], run.steps[-1])
    press("ArrowLeft")
    lab_page.painted(run.specimens[1], run.steps[-2])
    press("ArrowRight")
    lab_page.painted(run.specimens[1], run.steps[-1])
    press("m")
    expect(lab_page.part("menu")).to_be_visible()
    expect(lab_page.part("step-slider")).to_be_focused()
    press("ArrowLeft")
    lab_page.painted(run.specimens[1], run.steps[-2])
    press("Escape")
    expect(lab_page.part("menu")).to_have_count(0)
    for key in ("a", "b", "d", "d", "x"):
        press(key)
    assert lab_page.page.locator(".jp-Cell").count() == cells
    expect(lab_page.part("announcer")).to_contain_text(f"{run.specimens[1]}, step {run.steps[-2]}")


def test_play_goes_through_all_steps_and_stops_at_the_last(lab_page):
    run = ew.demo_run("grounding")
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    lab_page.part("menu-button").click()
    lab_page.page.evaluate(
        """() => {
          const root = document.querySelector('.ew-root');
          window.seen = [];
          const note = () => window.seen.push(Number(root.dataset.painted.split('|')[1]));
          new MutationObserver(note).observe(root, {attributeFilter: ['data-painted']});
        }"""
    )
    lab_page.idle()
    lab_page.part("play").click()
    lab_page.page.wait_for_function("(last) => window.seen.at(-1) === last", arg=run.steps[-1])
    assert lab_page.page.evaluate("() => window.seen") == run.steps
    expect(lab_page.part("play")).to_have_attribute("aria-label", "Play")
    assert lab_page.run_cell("print(widget.step)") == str(run.steps[-1])


def test_themes_and_widths(lab_page):
    run = ew.demo_run("grounding")
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    brightness = {}
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        dark = theme.endswith("Dark")
        lab_page.page.evaluate(
            f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})"
        )
        expect(lab_page.page.locator("body")).to_have_attribute("data-jp-theme-light", str(not dark).lower())
        expect(lab_page.page.locator("#jupyterlab-splash")).to_have_count(0)
        picture = Image.open(io.BytesIO(lab_page.root.screenshot())).convert("L")
        brightness[dark] = float(np.median(np.asarray(picture)[:40]))
        lab_page.screenshot(f"theme-{'dark' if dark else 'light'}")
    assert brightness[True] < 60
    assert brightness[False] > 220
    left, right = lab_page.part("panel-truth"), lab_page.part("panel-prediction")
    assert left.bounding_box()["y"] == right.bounding_box()["y"]
    lab_page.root.evaluate("(root) => { root.parentElement.style.width = '360px'; }")
    lab_page.page.wait_for_function(
        """() => {
          const top = (name) => document.querySelector(`[data-testid=panel-${name}]`).getBoundingClientRect().top;
          return top('prediction') > top('truth') + 50;
        }"""
    )
    lab_page.screenshot("narrow")
    overflow = lab_page.root.evaluate("(root) => root.scrollWidth - root.clientWidth")
    assert overflow <= 0


MANY = """
import numpy as np, pandas as pd, evalwidget as ew
count = 10_000
names = [f"image-{i:05d}.jpg" for i in range(count)]
corner = np.arange(count) % 50
truth = pd.DataFrame({"specimen": names, "phrase": "cat", "x1": corner, "y1": 10, "x2": corner + 40, "y2": 60})
truth["width"], truth["height"] = 100, 100
shifts = {0: 30, 10: 10, 20: 1}
steps = [truth.assign(step=step, x1=truth.x1 + by, x2=truth.x2 + by) for step, by in shifts.items()]
run = ew.Run.from_frames(truth, pd.concat(steps))
widget = run.compare()
widget
"""


def test_ten_thousand_specimens(lab_page, lab):
    lab_page.open(lab.write_notebook("many.ipynb", [MANY])).run_all().painted("image-00000.jpg", 20)
    assert lab_page.root.locator('[role="option"]').count() < 80
    lab_page.part("list").focus()
    lab_page.page.keyboard.press("End")
    lab_page.painted("image-09999.jpg", 20)
    last = lab_page.root.locator('[data-row="9999"]')
    expect(last).to_contain_text("image-09999.jpg")
    expect(last).to_contain_text("1.00")
    lab_page.page.keyboard.press("ArrowLeft")
    lab_page.page.keyboard.press("ArrowLeft")
    lab_page.painted("image-09999.jpg", 0)
    expect(last).to_contain_text("0.00")
    lab_page.part("list").evaluate("(list) => { list.scrollTop = 5000 * 30; }")
    expect(lab_page.root.locator('[data-row="5003"]')).to_contain_text("image-05003.jpg")
    assert lab_page.root.locator('[role="option"]').count() < 80
    lab_page.screenshot("many")


CROWDED = """
import numpy as np, pandas as pd, evalwidget as ew
random = np.random.default_rng(0)
start = random.uniform(0, 900, (2000, 2))
truth = pd.DataFrame({"specimen": "crowd", "phrase": [f"thing {i % 20}" for i in range(2000)]})
truth["x1"], truth["y1"] = start.T
truth["x2"], truth["y2"] = (start + random.uniform(10, 90, (2000, 2))).T
truth["width"], truth["height"] = 1000, 1000
steps = [truth.assign(step=step, x1=truth.x1 + 2 * shift) for step, shift in ((0, 3), (1, 2), (2, 1), (3, 0))]
run = ew.Run.from_frames(truth, pd.concat(steps))
widget = run.compare()
widget
"""


def test_two_thousand_boxes_a_panel(lab_page, lab):
    lab_page.open(lab.write_notebook("crowded.ipynb", [CROWDED])).run_all().painted("crowd", 3)
    expect(lab_page.part("legend").locator("[data-outcome=matched]")).to_contain_text("2000 matched")
    lab_page.part("specimen-title").click()
    for step in (2, 1, 0):
        lab_page.page.keyboard.press("ArrowLeft")
        lab_page.painted("crowd", step)
        assert lab_page.ink("prediction") > 10_000
    lab_page.screenshot("crowded")
