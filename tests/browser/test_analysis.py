"""The list over the steps, what it is sorted and narrowed by, and how predictions fail: the screen shows the tables."""

import io
import json
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

import evalwidget as ew

#: The right answer is always "dog": learned at some step, forgotten once or twice; img10 is not evaluated at 300.
DOGS = """
import numpy as np, pandas as pd, evalwidget as ew

answers = {
    "img1": ["cat", "dog", "dog", "dog"],
    "img2": ["dog", "cat", "dog", "a cat"],
    "img3": ["dog", "dog", "dog", "dog"],
    "img10": ["cat", "no idea", None, "dog"],
    "img20": ["cat", "Maus & Kater", "it is a dog", "a <b>bird</b>"],
}
steps = [100, 200, 300, 500]
truth = pd.DataFrame({"specimen": list(answers), "question": "What is it?", "answer": "dog"})
rows = [(step, name, texts[i]) for name, texts in answers.items() for i, step in enumerate(steps) if texts[i]]
run = ew.Run.from_frames(truth, pd.DataFrame(rows, columns=["step", "specimen", "answer"]))
"""


def names(lab_page) -> list[str]:
    """The names in the list, from top to bottom."""
    rows = lab_page.root.locator('.ew-row[role="option"]').all()
    return [row.locator(".ew-row-name").inner_text().replace("\n", "") for row in rows]


def expect_names(lab_page, expected: list[str]) -> None:
    expect(lab_page.root.locator('.ew-row[role="option"] .ew-row-name')).to_have_text(expected)


def asked(lab_page, kind: str) -> int:
    """How many requests of a kind the page has sent."""
    wanted = f'"kind":"{kind}"'
    return sum(wanted in text for text in lab_page.texts_sent())


def spark_values(lab_page, row: int) -> list[list[float]]:
    """The scores that a row's sparkline shows, each unbroken line by itself."""
    path = lab_page.root.locator(f'[data-row="{row}"] .ew-spark-line').get_attribute("d")
    lines = [re.findall(r"[\d.]+ ([\d.]+)", part) for part in path.split("M")[1:]]
    return [[(17 - float(y)) / 14 for y in line] for line in lines]


@pytest.fixture
def dogs(lab_page, lab):
    cells = [DOGS, "widget = run.compare(step=300, specimen='img1')\nwidget"]
    lab_page.open(lab.write_notebook("dogs.ipynb", cells)).run_all()
    return lab_page.painted("img1", 300)


def test_sparklines_are_the_scores_of_the_table_at_all_steps(lab_page):
    run = ew.demo_run("grounding").load()
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    scores = run.scores().pivot(index="specimen", columns="step", values="f1")
    for row in (0, 1, 2):
        lab_page.page.wait_for_function(
            "([row, count]) => document.querySelector(`[data-row='${row}'] .ew-spark-line`)"
            "?.getAttribute('d').split('L').length === count",
            arg=[row, len(run.steps)],
        )
        expected = scores.loc[run.specimens[row]].to_list()
        assert spark_values(lab_page, row)[0] == pytest.approx(expected, abs=0.01)
    # the step in sight is marked at once, and nothing is asked for
    lab_page.idle()
    before = asked(lab_page, "trends")
    mark = lab_page.root.locator('[data-row="0"] .ew-spark-step')
    places = []
    lab_page.root.focus()
    for step in reversed(run.steps[:-1]):
        lab_page.page.keyboard.press("ArrowLeft")
        lab_page.painted(run.specimens[0], step)
        places.append(float(mark.get_attribute("x1")))
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == len(places)
    assert asked(lab_page, "trends") == before
    label = lab_page.root.locator('[data-row="0"]').get_attribute("aria-label")
    assert f"f1 over 7 steps: 0.00 at step 0, {scores.loc[run.specimens[0], 500]:.2f} at step 500" in label


def test_a_step_without_a_score_breaks_the_line(dogs):
    expect(dogs.root.locator('[data-row="3"] .ew-spark-line')).to_have_attribute("d", re.compile("M.*M"))
    assert [len(line) for line in spark_values(dogs, 3)] == [2, 2]  # a single point is drawn as a line to itself
    expect(dogs.root.locator('[data-row="3"] .ew-spark-mark')).to_have_count(0)
    expect(dogs.root.locator('[data-row="0"] .ew-spark-mark')).to_have_count(1)


def test_a_run_of_one_step_has_no_sparklines(lab_page, lab):
    last = """
first = pd.DataFrame(rows, columns=["step", "specimen", "answer"]).query("step == 100")
widget = ew.Run.from_frames(truth, first.assign(step=1)).compare()
widget
"""
    lab_page.open(lab.write_notebook("one-step.ipynb", [DOGS, last])).run_all()
    lab_page.painted("img1", 1)
    expect(lab_page.root.locator('[data-row="0"]')).to_contain_text("0.00")
    expect(lab_page.part("spark")).to_have_count(0)


def test_sorting_by_change_by_step_learned_and_by_times_forgotten(dogs):
    dogs.part("sort-by").select_option("change")
    # since step 200: img1 and img3 stay, img2 and img20 gain, img10 is not evaluated at 300
    expect_names(dogs, ["img1", "img3", "img20", "img2", "img10"])
    expect(dogs.part("sort-direction")).to_have_text("most lost first")
    expect(dogs.part("score-name")).to_have_text("token_f1 since step 200")
    expect(dogs.root.locator('[data-row="1"]')).to_contain_text("+1.00")
    expect(dogs.root.locator('[data-row="3"]')).to_contain_text("–")
    dogs.root.focus()
    dogs.page.keyboard.press("ArrowRight")
    dogs.painted("img1", 500)
    expect_names(dogs, ["img2", "img20", "img1", "img3", "img10"])
    dogs.screenshot("sorted-by-change")
    dogs.part("sort-by").select_option("learned_at")
    expect_names(dogs, ["img2", "img3", "img1", "img20", "img10"])
    expect(dogs.root.locator('[data-row="3"] .ew-row-score')).to_have_text("500")
    dogs.part("sort-direction").click()
    expect_names(dogs, ["img10", "img20", "img1", "img2", "img3"])
    dogs.run_cell("widget.sort_by, widget.sort_reversed = 'forgetting', False")
    expect_names(dogs, ["img2", "img20", "img1", "img3", "img10"])
    expect(dogs.root.locator('[data-row="1"]')).to_contain_text("2×")
    table = dogs.run_cell("print(run.learning().set_index('specimen').forgetting_events.to_dict())")
    assert table == "{'img1': 0, 'img2': 2, 'img3': 0, 'img10': 0, 'img20': 1}"


def test_text_is_found_in_names_and_answers_at_any_step(dogs):
    dogs.root.focus()
    dogs.page.keyboard.press("/")
    expect(dogs.part("filter-text")).to_be_focused()
    dogs.page.keyboard.type("KATER")
    expect_names(dogs, ["img20"])
    expect(dogs.part("filter-note")).to_contain_text("1 of 5")
    expect(dogs.part("position")).to_have_text("– / 1")
    dogs.screenshot("found-by-text")
    assert dogs.run_cell("print(widget.filter)") == "{'text': 'KATER'}"
    dogs.part("filter-text").fill("<b>")
    expect(dogs.part("filter-note")).to_contain_text("1 of 5")
    dogs.part("filter-text").fill("img1")
    expect_names(dogs, ["img1", "img10"])
    dogs.part("filter-text").fill("zebra")
    expect(dogs.part("filter-note")).to_contain_text("No specimen matches")
    expect_names(dogs, [])
    dogs.screenshot("found-nothing")
    dogs.part("filter-clear").click()
    expect_names(dogs, ["img1", "img2", "img3", "img10", "img20"])
    expect(dogs.part("filter-text")).to_have_value("")
    assert dogs.run_cell("print(widget.filter)") == "{}"


def test_learned_and_forgotten_with_text_and_python(dogs):
    dogs.part("filter-button").click()
    dogs.part("filter-learning").select_option("forgotten")
    expect_names(dogs, ["img2", "img20"])
    # the keys go through what is listed
    dogs.root.focus()
    dogs.page.keyboard.press("ArrowDown")
    dogs.painted("img2", 300)
    expect(dogs.part("position")).to_have_text("1 / 2")
    dogs.page.keyboard.press("ArrowDown")
    dogs.painted("img20", 300)
    dogs.page.keyboard.press("ArrowDown")
    dogs.painted("img20", 300)
    dogs.part("filter-text").fill("kater")
    expect_names(dogs, ["img20"])
    dogs.run_cell(
        """
seen = []
widget.observe(lambda change: seen.append(change["new"]), "filter")
widget.filter = {"learning": "always_right"}
"""
    )
    expect_names(dogs, ["img3"])
    expect(dogs.part("filter-text")).to_have_value("")
    expect(dogs.part("filter-learning")).to_have_value("always_right")
    dogs.part("filter-learning").select_option("never_learned")
    expect(dogs.part("filter-note")).to_contain_text("No specimen matches")
    assert json.loads(dogs.run_cell("import json; print(json.dumps(seen))")) == [
        {"learning": "always_right"},
        {"learning": "never_learned"},
    ]
    expected = "filter: learning 'lost': expected one of"
    assert expected in dogs.run_cell(
        "try:\n    widget.filter = {'learning': 'lost'}\nexcept Exception as e:\n    print(e)"
    )


def test_a_list_given_narrowed_opens_its_first(lab_page, lab):
    show = "widget = run.compare(filter={'learning': 'forgotten'}, sort_by='forgetting')\nwidget"
    lab_page.open(lab.write_notebook("narrowed.ipynb", [DOGS, show])).run_all()
    lab_page.painted("img2", 500)
    expect_names(lab_page, ["img2", "img20"])
    expect(lab_page.part("chip-learning")).to_have_text("forgotten")
    lab_page.part("chip-learning").click()
    expect_names(lab_page, ["img2", "img20", "img1", "img3", "img10"])


def test_phrases_of_the_grounding_run(lab_page):
    run = ew.demo_run("grounding").load()
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    matches = run.matches(run.steps[-1])
    of_truth = matches[matches["ground_truth_x1"].notna()]
    phrase = of_truth.groupby("phrase", observed=True)["specimen"].nunique().idxmax()
    expected = [name for name in run.specimens if name in set(of_truth.loc[of_truth["phrase"] == phrase, "specimen"])]
    lab_page.part("filter-button").click()
    box = lab_page.part("filter-label")  # there are more than can be listed at once
    box.click()
    expect(lab_page.part("label-list")).to_contain_text("more: type to find")
    lab_page.screenshot("phrases")
    box.fill(phrase)
    expect(lab_page.part("label-list").locator('[role="option"]')).to_have_count(1)
    box.press("ArrowDown")
    box.press("Enter")
    expect_names(lab_page, expected)
    assert json.loads(lab_page.run_cell("import json; print(json.dumps(widget.filter))")) == {"label": phrase}


def click_middle(lab_page, bar) -> None:
    """Click where a bar is drawn: the chart hears it, whatever lies on top."""
    lab_page.part("mode-plot").scroll_into_view_if_needed()
    x, y, width, height = (float(bar.get_attribute(name)) for name in ("x", "y", "width", "height"))
    lab_page.part("mode-plot").click(position={"x": x + width / 2, "y": y + height / 2})


def counts_of(run: ew.Run) -> dict[tuple[int, str], int]:
    return run.diagnose().groupby(["step", "mode"], observed=True).size().to_dict()


def test_failure_modes_are_stacked_over_the_steps_and_lead_to_step_and_list(lab_page):
    run = ew.demo_run("grounding").load()
    table = run.diagnose()
    counts = counts_of(run)
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    lab_page.part("menu-button").click()
    lab_page.part("chart-button").click()
    bars = lab_page.root.locator(".ew-modes-bar")
    expect(bars).to_have_count(len(counts))
    drawn = {(int(bar.get_attribute("data-step")), bar.get_attribute("data-mode")): bar for bar in bars.all()}
    assert {key: int(bar.get_attribute("data-count")) for key, bar in drawn.items()} == counts
    read = lab_page.part("mode-table").locator("tbody tr").nth(2).locator("td").all_inner_texts()
    assert [int(text) for text in read[:3]] == [
        counts.get((50, mode), 0) for mode in ("loose_box", "missed_detection", "false_positive")
    ]
    lab_page.screenshot("failure-modes")
    # a piece of a bar: its step, and the specimens that show its mode there
    click_middle(lab_page, drawn[150, "missed_detection"])
    lab_page.painted(run.specimens[0], 150)
    at_150 = table[(table["step"] == 150) & (table["mode"] == "missed_detection")]
    expect(lab_page.part("filter-note")).to_contain_text(f"{len(at_150)} of 40")
    lab_page.expect_said("print(widget.step, widget.filter)", "150 {'mode': 'missed_detection'}")
    cursors = [lab_page.part(name).get_attribute("x1") for name in ("chart-cursor", "mode-cursor")]
    assert cursors[0] == cursors[1]
    # the list is of the step in sight
    lab_page.root.focus()
    lab_page.page.keyboard.press("ArrowRight")
    expect(lab_page.part("filter-note")).to_contain_text(f"{counts[250, 'missed_detection']} of 40")
    # by keyboard, in the legend
    entry = lab_page.part("mode-false_positive")
    entry.focus()
    lab_page.page.keyboard.press("Enter")
    expect(lab_page.part("filter-note")).to_contain_text(f"{counts[250, 'false_positive']} of 40")
    expect(entry).to_have_attribute("aria-pressed", "true")
    lab_page.page.keyboard.press("Space")
    expect(lab_page.part("filter-note")).to_have_count(0)


def test_findings_of_the_open_specimen_are_those_of_the_table_at_every_step(lab_page):
    run = ew.demo_run("grounding").load()
    table = run.diagnose()
    specimen = run.specimens[0]
    lab_page.open("01-quickstart.ipynb").run_all().painted(specimen, run.steps[-1])
    lab_page.part("findings-toggle").click()
    lab_page.idle()
    before = asked(lab_page, "findings")
    assert before > 0
    lab_page.root.focus()
    for step in reversed(run.steps):
        lab_page.painted(specimen, step)
        here = table[(table["step"] == step) & (table["specimen"] == specimen)]
        expect(lab_page.part("evidence")).to_have_text(here["evidence"].to_list())
        if here.empty:
            expect(lab_page.part("findings-summary")).to_have_text("no failure mode")
        lab_page.page.keyboard.press("ArrowLeft")
    assert asked(lab_page, "findings") == before
    lab_page.screenshot("findings")


def test_a_finding_shows_its_boxes_and_narrows_the_list(lab_page):
    run = ew.demo_run("grounding").load()
    table = run.diagnose(100)
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    of_missed = table[table["mode"] == "missed_detection"]
    specimen = of_missed["specimen"].iloc[0]
    lab_page.run_cell(f"widget.step, widget.specimen = 100, {specimen!r}")
    lab_page.painted(specimen, 100)
    lab_page.part("findings-toggle").click()
    finding = lab_page.part("finding-missed_detection")
    expect(finding).to_be_visible()
    lab_page.idle()
    ink = {side: lab_page.ink(side) for side in ("truth", "prediction")}
    finding.hover()
    lab_page.page.wait_for_function(
        """([side, ink]) => {
          const canvas = document.querySelector(`[data-testid=canvas-${side}]`);
          const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          let count = 0;
          for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
          return count > ink + 100;
        }""",
        arg=["truth", ink["truth"]],
    )
    assert lab_page.ink("prediction") == ink["prediction"]
    lab_page.screenshot("finding-pointed-at")
    lab_page.part("specimen-title").hover()
    lab_page.page.wait_for_function("() => document.querySelector('.ew-finding:hover') === null")
    assert lab_page.ink("truth") == ink["truth"]
    # the focus points as the pointer does
    finding.focus()
    assert lab_page.ink("truth") > ink["truth"] + 100
    finding.press("Enter")
    expect(lab_page.part("filter-note")).to_contain_text(f"{len(of_missed)} of 40")
    assert of_missed["specimen"].to_list()[:3] == names(lab_page)[:3]


def test_findings_of_answers(lab_page):
    run = ew.demo_run("vqa").load()
    table = run.diagnose()
    step = run.steps[-1]
    specimen = table.loc[table["step"] == step, "specimen"].iloc[0]
    lab_page.open("02-vqa.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    lab_page.run_cell(f"widget.specimen = {specimen!r}")
    lab_page.painted(specimen, step)
    lab_page.part("findings-toggle").click()
    here = table[(table["step"] == step) & (table["specimen"] == specimen)]
    expect(lab_page.part("evidence")).to_have_text(here["evidence"].to_list())
    lab_page.part("finding").first.hover()
    marked = lab_page.part("panel-prediction").locator('[data-pointed="true"]')
    expect(marked).to_have_count(len(here["prediction"].iloc[0]))
    lab_page.screenshot("findings-of-answers")


LONG = """
import numpy as np, pandas as pd, evalwidget as ew
count, steps = {count}, {steps}
names = [f"image-{{i:06d}}.jpg" for i in range(count)]
truth = pd.DataFrame({{"specimen": names, "phrase": "cat", "x1": 0, "y1": 0, "x2": 40, "y2": 40}})
truth["width"], truth["height"] = 100, 100
shift = (np.arange(count) * 7919) % 30
at = [truth.assign(step=10 * i, x1=by, x2=40 + by) for i in range(steps) for by in [shift * (1 - i / steps)]]
run = ew.Run.from_frames(truth, pd.concat(at))
widget = run.compare(score="mean_iou")
widget
"""


def test_two_hundred_steps(lab_page, lab):
    cell = LONG.format(count=60, steps=200)
    lab_page.open(lab.write_notebook("long.ipynb", [cell])).run_all().painted("image-000000.jpg", 1990)
    line = lab_page.root.locator('[data-row="1"] .ew-spark-line')
    expect(line).to_have_attribute("d", re.compile(r"^(M\S+ \S+(L\S+ \S+)+)+$"))
    lab_page.part("menu-button").click()
    lab_page.part("chart-button").click()
    expect(lab_page.part("chart-loading")).to_have_count(0)
    expect(lab_page.part("mode-loading")).to_have_count(0)
    lab_page.screenshot("two-hundred-steps")
    bar = lab_page.root.locator('.ew-modes-bar[data-step="1000"]').first
    assert bar.bounding_box()["width"] >= 1
    click_middle(lab_page, bar)
    lab_page.painted("image-000000.jpg", 1000)


def test_dragging_over_two_hundred_steps_with_all_open_asks_python_nothing(lab_page, lab):
    cell = LONG.format(count=60, steps=200).replace("compare(", "compare(compare_step=1000, ")
    lab_page.open(lab.write_notebook("open.ipynb", [cell])).run_all().painted("image-000000.jpg", 1990)
    for part in ("menu-button", "chart-button", "filter-button", "findings-toggle"):
        lab_page.part(part).click()
    lab_page.part("filter-learning").select_option("always_right")
    expect(lab_page.part("filter-note")).to_contain_text("of 60")
    lab_page.root.focus()
    lab_page.page.keyboard.press("n")
    expect(lab_page.part("history").locator('[data-outcome="unscored"]')).to_have_count(0)
    for part in ("chart-loading", "mode-loading"):
        expect(lab_page.part(part)).to_have_count(0)
    lab_page.idle()
    sent = len(lab_page.frames_sent)
    lab_page.part("step-slider").evaluate(
        """async (slider) => {
          for (let place = 198; place >= 100; place -= 7) {
            slider.value = String(place);
            slider.dispatchEvent(new Event('input', {bubbles: true}));
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    lab_page.painted("image-000000.jpg", 1000)
    expect(lab_page.part("mode-value")).to_contain_text("step 1000")
    expect(lab_page.part("history").locator("[aria-current]")).to_have_attribute("data-step", "1000")
    said = [text for text in lab_page.texts_sent(sent) if "comm_msg" in text]
    # scores of steps to come, and neighbours by their rows, are read ahead in idle moments; nothing waits for them
    ahead = re.compile(r'"kind":"scores"|"kind":"specimen","of":"run","specimen":null,"index":[1-9]')
    assert [frame for frame in said if not ahead.search(frame)] == []
    lab_page.screenshot("two-hundred-steps-all-open")


def test_a_hundred_thousand_specimens_scrolled_and_searched(lab_page, lab):
    cell = LONG.format(count=100_000, steps=4)
    lab_page.open(lab.write_notebook("wide.ipynb", [cell])).run_all().painted("image-000000.jpg", 30)
    spark = lab_page.root.locator('[data-row="50003"] .ew-spark-line')
    before = asked(lab_page, "trends")
    lab_page.part("list").evaluate(
        """async (list) => {
          const frame = () => new Promise(requestAnimationFrame);
          for (let place = 0; place <= 50000; place += 500) {
            list.scrollTop = place * 30;
            await frame();
          }
        }"""
    )
    expect(spark).to_have_count(1)
    assert lab_page.root.locator('.ew-row[role="option"]').count() < 80
    # rows that only flew by were not asked for one by one
    assert asked(lab_page, "trends") - before < 100
    lab_page.part("filter-text").fill("99999")
    expect_names(lab_page, ["image-099999.jpg"])
    lab_page.part("filter-text").fill("image-0999")
    expect(lab_page.part("filter-note")).to_contain_text("100 of 100,000")


def test_list_chart_and_findings_fit_wide_and_narrow_light_and_dark(lab_page):
    run = ew.demo_run("grounding")
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    lab_page.page.set_viewport_size({"width": 1800, "height": 1300})
    lab_page.part("menu-button").click()
    expect(lab_page.part("chart-button")).to_be_visible()
    panels = lab_page.part("panel-truth").bounding_box()["height"]
    lab_page.run_cell("widget.step, widget.filter = 100, {'mode': 'false_positive'}")
    expect(lab_page.part("filter-note")).to_contain_text("of 40")
    for part in ("chart-button", "findings-toggle"):
        lab_page.part(part).click()
    expect(lab_page.part("mode-loading")).to_have_count(0)
    expect(lab_page.part("finding").first).to_be_visible()
    # the frame has grown by what was opened
    assert lab_page.part("panel-truth").bounding_box()["height"] > 0.8 * panels
    for theme, ground in (("JupyterLab Dark", "rgb(33, 33, 33)"), ("JupyterLab Light", "rgb(255, 255, 255)")):
        lab_page.page.evaluate(
            f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})"
        )
        is_light = str(theme.endswith("Light")).lower()
        expect(lab_page.page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)
        expect(lab_page.root.locator(".ew-modes-frame")).to_have_css("background-color", ground)
        expect(lab_page.page.locator("#jupyterlab-splash")).to_have_count(0)
        picture = Image.open(io.BytesIO(lab_page.part("mode-plot").screenshot())).convert("L")
        darkest, lightest = picture.getextrema()
        assert lightest - darkest > 100
        for width in (1200, 660, 420):
            lab_page.root.evaluate("(root, width) => { root.parentElement.style.width = `${width}px`; }", width)
            lab_page.page.wait_for_function(
                """() => {
                  const frame = document.querySelector('.ew-modes-frame');
                  return Math.abs(frame.clientWidth - frame.querySelector('svg').clientWidth) <= 1;
                }"""
            )
            if width == 420:
                lab_page.part("list-toggle").click()
            expect(lab_page.part("filter-text")).to_be_visible()
            root = lab_page.root.bounding_box()
            for part in ("filter-text", "filter-button", "filter-clear", "mode-plot", "mode-value", "findings"):
                box = lab_page.part(part).bounding_box()
                assert box["x"] >= root["x"], (part, width)
                assert box["x"] + box["width"] <= root["x"] + root["width"], (part, width)
            assert lab_page.root.evaluate("(root) => root.scrollWidth - root.clientWidth") <= 0
            lab_page.screenshot(f"analysis-{width}-{theme.split()[-1].lower()}")
            if width == 420:
                lab_page.part("list-toggle").click()
