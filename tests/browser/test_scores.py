"""Scores in the view: the list sorted by any of them, and the chart of one over the steps."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

#: Specimens with 1 to 4 extra words at step 100, other numbers at step 500, img10 not evaluated there. Less is better.
WORDY = """
import numpy as np, pandas as pd, evalwidget as ew

def extra_words(answers, references):
    return np.array([len(text.split()) for text in answers]) - 1

extra = {100: {"img1": 2, "img2": 0, "img10": 1, "img20": 4}, 300: {}, 500: {"img1": 0, "img2": 9, "img20": 3}}
names = list(extra[100])
truth = pd.DataFrame({"specimen": names, "question": "What is it?", "answer": "cat"})
rows = [(step, name, "cat" + " so" * count) for step, counts in extra.items() for name, count in counts.items()]
answers = pd.DataFrame(rows + [(300, name, None) for name in names], columns=["step", "specimen", "answer"])
run = ew.Run.from_frames(truth, answers)
run.add_metric(ew.metrics.TextMetric("extra_words", extra_words, direction="lower"))
"""


@pytest.fixture
def wordy(lab_page, lab):
    return lab_page.open(
        lab.write_notebook("wordy.ipynb", [WORDY, "widget = run.compare(step=100, specimen='img1')\nwidget"])
    ).run_all()


def names(lab_page) -> list[str]:
    """The names in the list, from top to bottom."""
    rows = lab_page.root.locator('[role="option"]').all()
    return [row.locator(".ew-row-name").inner_text().replace("\n", "") for row in rows]


def expect_names(lab_page, expected: list[str]) -> None:
    expect(lab_page.root.locator('[role="option"] .ew-row-name')).to_have_text(expected)


def go_to(lab_page, step: int, steps: list[int]) -> None:
    """Click in the chart where the step is."""
    box = lab_page.part("chart-plot").bounding_box()
    grid = lab_page.root.locator(".ew-chart-grid").first
    left, right = float(grid.get_attribute("x1")), float(grid.get_attribute("x2"))
    share = (step - steps[0]) / (steps[-1] - steps[0])
    lab_page.part("chart-plot").click(position={"x": left + share * (right - left), "y": box["height"] / 2})


def test_the_list_is_sorted_by_an_own_metric_of_which_less_is_better(wordy):
    wordy.painted("img1", 100)
    expect_names(wordy, ["img1", "img2", "img10", "img20"])
    wordy.part("sort-by").select_option(label="by extra_words")
    expect_names(wordy, ["img20", "img1", "img10", "img2"])
    expect(wordy.root.locator('[role="option"]').first).to_contain_text("4.00")
    expect(wordy.part("sort-direction")).to_have_text("worst first")
    expect(wordy.part("position")).to_have_text("2 / 4")
    wordy.screenshot("sorted-worst-first")
    wordy.part("sort-direction").click()
    expect_names(wordy, ["img2", "img10", "img1", "img20"])
    wordy.expect_said("print(widget.score, widget.sort_by, widget.sort_reversed)", "extra_words score True")
    wordy.run_cell("widget.sort_by, widget.sort_reversed = 'identifier', False")
    expect_names(wordy, ["img1", "img2", "img10", "img20"])


def test_the_keys_go_through_the_sorted_list(wordy):
    wordy.painted("img1", 100)
    wordy.run_cell("widget.score, widget.sort_by = 'extra_words', 'score'")
    expect_names(wordy, ["img20", "img1", "img10", "img2"])
    wordy.root.focus()
    wordy.page.keyboard.press("ArrowDown")
    wordy.painted("img10", 100)
    wordy.page.keyboard.press("ArrowUp")
    wordy.page.keyboard.press("ArrowUp")
    wordy.painted("img20", 100)


def test_the_list_is_sorted_anew_when_the_slider_is_let_go_and_not_before(wordy):
    wordy.painted("img1", 100)
    wordy.run_cell("widget.score, widget.sort_by = 'extra_words', 'score'")
    expect_names(wordy, ["img20", "img1", "img10", "img2"])
    wordy.idle()
    wordy.part("menu-button").click()
    box = wordy.part("step-slider").bounding_box()
    mouse, middle = wordy.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 8, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 8, middle, steps=4)
    wordy.painted("img1", 500)
    first = wordy.root.locator('[role="option"]').first
    expect(first).to_contain_text("3.00")
    assert names(wordy) == ["img20", "img1", "img10", "img2"]
    mouse.up()
    expect_names(wordy, ["img2", "img20", "img1", "img10"])
    expect(wordy.root.locator('[role="option"]').last).to_contain_text("missing")


def test_a_list_given_sorted_opens_its_first(lab_page, lab):
    cell = "widget = run.compare(step=500, score='extra_words', sort_by='score')\nwidget"
    lab_page.open(lab.write_notebook("sorted.ipynb", [WORDY, cell])).run_all().painted("img2", 500)
    assert lab_page.run_cell("print(widget.specimen)") == "img2"


def test_the_chart_shows_an_own_metric_and_a_click_goes_to_its_step(wordy):
    wordy.painted("img1", 100)
    wordy.part("menu-button").click()
    wordy.part("chart-button").click()
    wordy.part("chart-score").select_option("extra_words")
    expect(wordy.part("chart-value")).to_have_text("step 100: 1.75")
    expect(wordy.part("chart-direction")).to_have_text("lower is better")
    # nothing usable was said at step 300, so the score is not defined there, and no line leads across
    expect(wordy.part("chart-line")).to_have_count(2)
    expect(wordy.part("chart-table").locator("td")).to_have_text(["1.75", "not defined", "4.00"])
    expect(wordy.part("score-name")).to_have_text("extra_words")
    wordy.screenshot("chart-own-metric")
    go_to(wordy, 500, [100, 300, 500])
    wordy.painted("img1", 500)
    expect(wordy.part("chart-value")).to_have_text("step 500: 4.00")
    wordy.expect_said("print(widget.step, widget.score)", "500 extra_words")


def test_sorting_and_chart_by_keyboard(wordy):
    wordy.painted("img1", 100)
    press = wordy.page.keyboard.press
    wordy.part("sort-by").focus()
    press("End")
    expect_names(wordy, ["img20", "img1", "img10", "img2"])
    expect(wordy.part("sort-by")).to_be_focused()
    press("Tab")
    press("Enter")
    expect_names(wordy, ["img2", "img10", "img1", "img20"])
    press("m")
    wordy.part("chart-button").focus()
    press("Enter")
    expect(wordy.part("chart-value")).to_have_text("step 100: 1.75")
    cursor = wordy.part("chart-cursor")
    before = float(cursor.get_attribute("x1"))
    press("ArrowRight")
    press("ArrowRight")
    wordy.painted("img1", 500)
    assert float(cursor.get_attribute("x1")) > before
    said = "extra_words over 3 steps: 1.75 at step 100, 4.00 at step 500. Best: 1.75 at step 100."
    expect(wordy.part("chart-plot")).to_have_attribute("aria-label", f"{said} 1 step without a value. Lower is better.")


def test_a_metric_that_fails_is_said_in_list_and_chart_and_can_be_tried_again(lab_page, lab):
    failing = """
broken = True

def fragile(answers, references):
    return [1 / 0] if broken else np.ones(len(answers))

run.add_metric(ew.metrics.TextMetric("fragile", fragile))
widget = run.compare(step=100, specimen="img1", score="fragile")
widget
"""
    lab_page.open(lab.write_notebook("fragile.ipynb", [WORDY, failing])).run_all().painted("img1", 100)
    expect(lab_page.part("list-error")).to_contain_text("fragile cannot be shown: ZeroDivisionError: division by zero")
    lab_page.part("menu-button").click()
    lab_page.part("chart-button").click()
    expect(lab_page.part("chart-error")).to_contain_text("fragile cannot be shown: ZeroDivisionError")
    lab_page.screenshot("chart-error")
    lab_page.run_cell("broken = False")
    lab_page.part("chart-error").get_by_role("button").click()
    expect(lab_page.part("chart-value")).to_have_text("step 100: 1.00")
    lab_page.part("list-error").get_by_role("button").click()
    expect(lab_page.root.locator('[role="option"]').first).to_contain_text("1.00")


def test_specimens_open_while_the_chart_waits_for_a_slow_metric(lab_page, lab):
    slow = """
import threading
gate, begun = threading.Event(), threading.Event()

def slow_words(answers, references):
    begun.set()
    gate.wait()
    return extra_words(answers, references)

run.add_metric(ew.metrics.TextMetric("slow_words", slow_words, direction="lower"))
widget = run.compare(step=100, specimen="img1")
widget
"""
    lab_page.open(lab.write_notebook("slow.ipynb", [WORDY, slow])).run_all().painted("img1", 100)
    lab_page.idle()
    lab_page.part("menu-button").click()
    lab_page.part("chart-button").click()
    lab_page.part("chart-score").select_option("slow_words")
    expect(lab_page.part("chart-loading")).to_have_text("Reading all steps… 0 of 3")
    lab_page.screenshot("chart-reading")
    # what is in the browser goes on working while Python is busy
    lab_page.part("specimen-title").click()
    lab_page.page.keyboard.press("ArrowRight")
    lab_page.painted("img1", 300)
    lab_page.root.locator('[data-row="1"]').click()
    lab_page.painted("img2", 300)
    lab_page.run_cell("begun.wait(); gate.set()")
    expect(lab_page.part("chart-value")).to_have_text("step 300: not defined")
    expect(lab_page.part("chart-line")).to_have_count(2)


MANY = """
import numpy as np, pandas as pd, evalwidget as ew
count = 100_000
names = [f"image-{i}.jpg" for i in range(count)]
shift = (np.arange(count) * 7919) % 30
truth = pd.DataFrame({"specimen": names, "phrase": "cat", "x1": 0, "y1": 0, "x2": 40, "y2": 40})
truth["width"], truth["height"] = 100, 100
steps = [truth.assign(step=step, x1=by * shift, x2=40 + by * shift) for step, by in ((0, 1), (10, 0.1))]
run = ew.Run.from_frames(truth, pd.concat(steps))
widget = run.compare()
widget
"""


def test_a_hundred_thousand_specimens_are_sorted(lab_page, lab):
    lab_page.open(lab.write_notebook("hundred-thousand.ipynb", [MANY])).run_all().painted("image-0.jpg", 10)
    expect(lab_page.root.locator('[role="option"]').first).to_contain_text("1.00")
    lab_page.part("sort-by").select_option(label="by mean_iou")
    first = lab_page.root.locator('[role="option"]').first
    worst = lab_page.run_cell("print(names[int(np.argmax(shift))])")
    expect(first).to_contain_text(worst)
    lab_page.part("sort-by").select_option(label="by identifier")
    lab_page.part("sort-direction").click()
    expect(first).to_contain_text("image-99999.jpg")
    lab_page.part("list").focus()
    lab_page.page.keyboard.press("Home")
    lab_page.painted("image-99999.jpg", 10)
    lab_page.page.keyboard.press("ArrowDown")
    lab_page.painted("image-99998.jpg", 10)
    assert lab_page.root.locator('[role="option"]').count() < 80


def test_sorting_and_chart_fit_wide_and_narrow_light_and_dark(wordy):
    wordy.painted("img1", 100)
    wordy.part("sort-by").select_option(label="by extra_words")
    panels = wordy.part("panel-truth").bounding_box()["height"]
    wordy.part("menu-button").click()
    wordy.part("chart-button").click()
    expect(wordy.part("chart-value")).to_have_text("step 100: 1.75")
    assert wordy.part("panel-truth").bounding_box()["height"] > panels / 2
    wordy.page.set_viewport_size({"width": 1800, "height": 1000})
    for theme, ground in (("JupyterLab Dark", "rgb(33, 33, 33)"), ("JupyterLab Light", "rgb(255, 255, 255)")):
        wordy.page.evaluate(f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})")
        # the word that the theme has changed, its style sheet, and the end of the splash come in no fixed order
        is_light = str(theme.endswith("Light")).lower()
        expect(wordy.page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)
        expect(wordy.root.locator(".ew-chart-frame").first).to_have_css("background-color", ground)
        expect(wordy.page.locator("#jupyterlab-splash")).to_have_count(0)
        picture = Image.open(io.BytesIO(wordy.part("chart-plot").screenshot())).convert("L")
        darkest, lightest = picture.getextrema()
        assert lightest - darkest > 100
        for width in (1200, 660, 420):
            wordy.root.evaluate("(root, width) => { root.parentElement.style.width = `${width}px`; }", width)
            wordy.page.wait_for_function(
                """() => {
                  const frame = document.querySelector('.ew-chart-frame');
                  return Math.abs(frame.clientWidth - frame.querySelector('svg').clientWidth) <= 1;
                }"""
            )
            if width == 420:
                wordy.part("list-toggle").click()
            expect(wordy.part("sort-direction")).to_be_visible()
            root = wordy.root.bounding_box()
            for part in ("sort-direction", "chart-value", "chart-plot"):
                box = wordy.part(part).bounding_box()
                assert box["x"] + box["width"] <= root["x"] + root["width"], (part, width)
            wordy.screenshot(f"scores-{width}-{theme.split()[-1].lower()}")
            if width == 420:
                wordy.part("list-toggle").click()
