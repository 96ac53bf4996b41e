"""The interpretation guide in the help, and the pictures that docs/interpretation-guide.md and the README show.

``EVALWIDGET_SCREENSHOTS`` keeps them: ``docs/images`` has its ``guide-*.png`` as they are, and ``readme-grounding.png``
and ``readme-vqa.png`` as ``grounding.png`` and ``vqa.png``.
"""

import pytest
from playwright.sync_api import expect

import evalwidget as ew
from evalwidget.guide import GOOD_BOXES, GOOD_TEXT, MODES

OF_KEY = {mode.key: mode for mode in MODES}
#: Where the demo runs fail: one specimen a mode.
FAILING = {
    "loose_box": ("grounding", 150, "sheet-08.png"),
    "missed_detection": ("grounding", 250, "sheet-02.png"),
    "false_positive": ("grounding", 500, "sheet-08.png"),
    "inconsistent_localization": ("grounding", 150, "sheet-12.png"),
    "hallucination": ("vqa", 800, "sheet-07.png"),
    "incomplete_answer": ("vqa", 400, "sheet-11.png"),
    "format_error": ("vqa", 0, "sheet-37.png"),
}
GOOD = {"grounding": (500, "sheet-22.png"), "vqa": (800, "sheet-13.png")}
#: Answers of a small model that declines where the reference is certain; without pictures.
DECLINING = """
import json, os
from pathlib import Path
import pandas as pd, evalwidget as ew

file = Path(os.environ["EVALWIDGET_REAL_DATA"]) / "vqav2_smallvlms/vqa2_results_coco_20250729_131258.json"
rows = json.loads(file.read_text("utf-8"))["results"]["smolvlm_v2_instruct"]["question_results"]
asked = pd.DataFrame(rows).rename(columns={"image_filename": "specimen"})
truth = asked[["specimen", "question"]].assign(answer=asked["ground_truth"])
found = asked[["specimen"]].assign(step=1, answer=asked["model_answer"])
run = ew.Run.from_frames(truth, found)
specimen = asked["specimen"][asked["question"] == "Is the light on?"].iloc[0]
widget = run.compare(specimen=specimen, height=420)
widget
"""


def open_demo(lab_page, lab, name: str, height: int) -> None:
    cells = [
        f"import evalwidget as ew\nrun = ew.demo_run({name!r})",
        f"widget = run.compare(height={height})\nwidget",
    ]
    run = ew.demo_run(name)
    lab_page.page.set_viewport_size({"width": 1300, "height": 1300})
    lab_page.open(lab.write_notebook(f"guide-{name}.ipynb", cells)).run_all().painted(run.specimens[0], run.steps[-1])
    lab_page.part("findings-toggle").click()


@pytest.mark.parametrize(("name", "height"), [("grounding", 430), ("vqa", 660)])
def test_each_mode_has_a_picture_of_a_real_run_with_the_evidence_of_the_table(lab_page, lab, name, height):
    open_demo(lab_page, lab, name, height)
    content = lab_page.root.locator(".ew-content")
    table = ew.demo_run(name).diagnose().set_index(["step", "specimen", "mode"])["evidence"]
    for mode, (run, step, specimen) in FAILING.items():
        if run != name:
            continue
        lab_page.run_cell(f"widget.step, widget.specimen = {step}, {specimen!r}")
        lab_page.painted(specimen, step)
        finding = lab_page.root.locator(f'[data-testid="finding"][data-mode="{mode}"]')
        expect(finding.locator('[data-testid="evidence"]')).to_have_text(table[step, specimen, mode])
        expect(finding).to_contain_text(OF_KEY[mode].advice)
        finding.locator('[data-testid="evidence"]').hover()
        if OF_KEY[mode].of == "text":
            lab_page.part("panel-prediction").locator('[data-pointed="true"]').first.scroll_into_view_if_needed()
        lab_page.screenshot(f"guide-{mode}", content)
    step, specimen = GOOD[name]
    lab_page.run_cell(f"widget.step, widget.specimen = {step}, {specimen!r}")
    lab_page.painted(specimen, step)
    expect(lab_page.part("findings-summary")).to_have_text("no failure mode")
    criteria = ew.demo_run(name).good_criteria(step).set_index("specimen").drop(columns="step").fillna(False)
    words = {one.key: one.name for one in (*GOOD_BOXES, *GOOD_TEXT)}
    met = [f"✓ {words[key]}" for key in criteria if criteria.loc[specimen, key]]
    expect(lab_page.part("good").locator(".ew-criterion")).to_have_text(met)
    lab_page.screenshot(f"guide-good-{name}", content)


def test_a_real_model_that_declines_fails_by_its_wording(lab_page, lab, real_data):
    lab_page.page.set_viewport_size({"width": 1300, "height": 1100})
    lab_page.open(lab.write_notebook("declining.ipynb", [DECLINING])).run_all()
    expect(lab_page.part("findings-summary")).to_have_text("format error, ambiguity handling")
    lab_page.part("findings-toggle").click()
    finding = lab_page.root.locator('[data-testid="finding"][data-mode="ambiguity"]')
    expect(finding).to_contain_text('declines to answer, where the reference is certain: "yes"')
    finding.locator('[data-testid="evidence"]').hover()
    lab_page.screenshot("guide-ambiguity", lab_page.root.locator(".ew-content"))


def test_the_help_explains_a_finding_and_keeps_the_focus_until_it_is_closed(lab_page, lab):
    open_demo(lab_page, lab, "grounding", 430)
    lab_page.run_cell("widget.step, widget.specimen = 150, 'sheet-08.png'")
    lab_page.painted("sheet-08.png", 150)
    explain = lab_page.part("explain-loose_box")
    explain.focus()
    lab_page.page.keyboard.press("Enter")
    explained = lab_page.part("explained-loose_box")
    expect(explained).to_be_focused()
    for mode in MODES:
        if mode.of == "boxes" or mode.key == "format_error":
            for words in (mode.name, mode.meaning, mode.definition, mode.advice):
                expect(lab_page.part(f"explained-{mode.key}")).to_contain_text(words)
    assert explained.locator("svg").bounding_box()["width"] > 60
    # Tab does not leave the dialog for the view under it
    for _ in range(8):
        lab_page.page.keyboard.press("Tab")
        is_inside = (
            "() => [document.body, null].includes(document.activeElement) || !!document.activeElement.closest('dialog')"
        )
        assert lab_page.page.evaluate(is_inside)
    lab_page.part("help-tab-modes").focus()
    lab_page.page.keyboard.press("ArrowLeft")
    expect(lab_page.part("help-tab-good")).to_be_focused()
    for criterion in GOOD_BOXES:
        expect(lab_page.part("help-body")).to_contain_text(criterion.meaning)
    lab_page.page.keyboard.press("Home")
    expect(lab_page.part("help-body")).to_contain_text("next, previous specimen")
    lab_page.page.keyboard.press("ArrowDown")
    lab_page.page.keyboard.press("Escape")
    expect(lab_page.part("help")).to_have_count(0)
    expect(explain).to_be_focused()
    # nothing moved beneath it, and JupyterLab heard none of the keys
    lab_page.painted("sheet-08.png", 150)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_help_fits_wide_and_narrow(lab_page, lab, theme):
    for name in ("grounding", "vqa"):
        open_demo(lab_page, lab, name, 430)
        lab_page.page.evaluate(
            f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})"
        )
        is_light = str(theme.endswith("Light")).lower()
        expect(lab_page.page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)
        expect(lab_page.page.locator("#jupyterlab-splash")).to_have_count(0)
        ground = "rgb(255, 255, 255)" if theme.endswith("Light") else "rgb(33, 33, 33)"
        lab_page.root.focus()
        lab_page.page.keyboard.press("?")
        dialog = lab_page.part("help")
        expect(dialog).to_have_css("background-color", ground)
        for width in (1300, 400):
            lab_page.page.set_viewport_size({"width": width, "height": 700})
            lab_page.page.wait_for_function("(width) => innerWidth === width", arg=width)
            for section in ("keys", "good", "modes"):
                lab_page.part(f"help-tab-{section}").click()
                expect(dialog).to_have_attribute("data-section", section)
                box, body = dialog.bounding_box(), lab_page.part("help-body")
                assert 0 <= box["x"] <= width - box["width"]
                assert 0 <= box["y"] <= 700 - box["height"]
                assert body.evaluate("(body) => body.scrollWidth - body.clientWidth") <= 0
                if section == "keys":
                    # a key stands on one line
                    assert body.locator("dt").first.bounding_box()["height"] < 30
                close = lab_page.part("help-close").bounding_box()
                assert close["x"] + close["width"] <= width
                lab_page.screenshot(f"help-{section}-{name}-{width}-{theme.split()[-1].lower()}", dialog)
        lab_page.part("help-close").click()
        expect(dialog).to_have_count(0)


def test_the_views_that_the_readme_shows(lab_page, lab):
    open_demo(lab_page, lab, "grounding", 540)
    lab_page.page.set_viewport_size({"width": 1400, "height": 1300})
    lab_page.run_cell("widget.step, widget.specimen, widget.sort_by = 150, 'sheet-08.png', 'score'")
    lab_page.painted("sheet-08.png", 150)
    lab_page.part("menu-button").click()
    lab_page.part("chart-button").click()
    expect(lab_page.part("mode-loading")).to_have_count(0)
    expect(lab_page.root.locator(".ew-modes-bar").first).to_be_visible()
    expect(lab_page.part("finding").first).to_be_visible()
    expect(lab_page.part("spark").first).to_be_visible()
    lab_page.page.mouse.move(0, 0)
    lab_page.screenshot("readme-grounding")
    lab_page.lab.end_sessions()
    open_demo(lab_page, lab, "vqa", 520)
    lab_page.page.set_viewport_size({"width": 1400, "height": 1300})
    lab_page.run_cell("widget.step, widget.specimen = 400, 'sheet-11.png'")
    lab_page.painted("sheet-11.png", 400)
    lab_page.root.focus()
    lab_page.page.keyboard.press("w")
    expect(lab_page.part("finding").first).to_be_visible()
    expect(lab_page.part("spark").first).to_be_visible()
    lab_page.part("panel-prediction").locator(".ew-card").last.scroll_into_view_if_needed()
    lab_page.page.mouse.move(0, 0)
    lab_page.screenshot("readme-vqa")
