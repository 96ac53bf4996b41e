"""States of a specimen and of the run, each in words on the screen; what the data say stays text."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from run_folders import write_lines

SCRIPT = "<script>window.harmed = true</script><img src=x onerror='window.harmed = true'>"


@pytest.fixture(scope="module")
def troubled_run(lab) -> Path:
    """A run in which every specimen is in a state of its own."""
    folder = lab.root / "troubled"
    box = [20, 20, 80, 60]
    names = [
        "good.png",
        "gone.png",
        "broken.png",
        "empty.png",
        "late.png",
        "invalid.png",
        "script.png",
        "nothing.png",
    ]
    truth = [
        {"image": name, "width": 160, "height": 120, "phrases": [{"phrase": "a cat", "boxes": [box]}]} for name in names
    ]
    truth[6]["specimen"] = SCRIPT
    truth[6]["phrases"] = [{"phrase": SCRIPT, "boxes": [box]}]
    truth[6]["caption"] = SCRIPT
    truth[7] = {"image": "nothing.png", "width": 160, "height": 120}
    write_lines(folder / "ground_truth.jsonl", truth)
    good = {"phrases": [{"phrase": "a cat", "boxes": [box], "scores": [0.9]}]}
    first = [{"image": name, **good} for name in names if name != "late.png"]
    first[3] = {"image": "empty.png", "phrases": []}
    first[4] = {"image": "invalid.png", "phrases": [{"phrase": "a cat", "boxes": [box, [1, 2, 3], [5, 5, 1, 1]]}]}
    first[5] = {"specimen": SCRIPT, "phrases": [{"phrase": SCRIPT, "boxes": [box]}]}
    write_lines(folder / "predictions" / "step-000010.jsonl", first)
    write_lines(folder / "predictions" / "step-000020.jsonl", [{"image": name, **good} for name in names])
    images = folder / "images"
    images.mkdir()
    for name in names:
        if name != "gone.png":
            Image.new("RGB", (160, 120), "#c8d8e8").save(images / name)
    content = (images / "good.png").read_bytes()
    (images / "broken.png").write_bytes(content[: len(content) // 2])
    lab.write_notebook(
        "troubled.ipynb",
        ["import evalwidget as ew\nrun = ew.open_run('troubled')\nwidget = run.compare(step=10)\nwidget"],
    )
    return folder


def test_each_state_is_said_in_words(lab_page, troubled_run):
    lab_page.open("troubled.ipynb").run_all().painted("good.png", 10)
    root, panel = lab_page.root, lab_page.part("panel-prediction")

    def show(name: str) -> None:
        lab_page.run_cell(f"widget.specimen = {name!r}")
        lab_page.painted(name, 10)

    show("gone.png")
    expect(panel.get_by_text("image missing: gone.png: not found")).to_be_visible()
    lab_page.screenshot("state-image-missing")
    assert lab_page.ink("prediction") > 0
    show("broken.png")
    expect(panel.get_by_text("image unreadable")).to_be_visible()
    lab_page.screenshot("state-image-unreadable")
    show("empty.png")
    expect(panel.get_by_text("no prediction at this step")).to_be_visible()
    assert lab_page.ink("prediction") == 0
    show("late.png")
    expect(panel.get_by_text("not evaluated at this step")).to_be_visible()
    expect(root.locator('[data-row="4"]')).to_contain_text("missing")
    lab_page.screenshot("state-missing")
    show("invalid.png")
    invalid = lab_page.part("invalid")
    expect(invalid).to_contain_text("2 invalid predictions")
    where = "predictions/step-000010.jsonl:5: phrases[0].boxes"
    expect(invalid).to_contain_text(f"{where}[1]: expected 4 numbers, got 3")
    expect(invalid).to_contain_text(f"{where}[2]: expected width and height of 0 or more in xyxy, got [5, 5, 1, 1]")
    lab_page.screenshot("state-invalid")
    show("nothing.png")
    expect(lab_page.part("panel-truth").get_by_text("no ground truth")).to_be_visible()


def test_what_is_amiss_at_a_step_is_among_the_notes(lab_page, troubled_run):
    lab_page.open("troubled.ipynb").run_all().painted("good.png", 10)
    notes = lab_page.part("notes")
    notes.locator("summary").click()
    expect(notes.locator("li")).to_have_text(["step 10: 1 specimens not evaluated, 2 invalid predictions"])


def test_labels_captions_and_names_are_text(lab_page, troubled_run):
    lab_page.open("troubled.ipynb").run_all().painted("good.png", 10)
    lab_page.run_cell(f"widget.specimen = {SCRIPT!r}")
    lab_page.painted(SCRIPT, 10)
    expect(lab_page.part("specimen-title")).to_have_text(SCRIPT)
    expect(lab_page.part("caption")).to_contain_text(SCRIPT)
    expect(lab_page.root.locator("script, img")).to_have_count(0)
    assert lab_page.page.evaluate("() => window.harmed") is None
    lab_page.screenshot("state-script")


def test_output_that_cannot_be_read_is_a_state_of_its_own(lab_page, lab):
    frames = (
        "import pandas as pd, evalwidget as ew\n"
        "truth = pd.DataFrame({'specimen': ['a'], 'question': ['What is it?'], 'answer': ['a cat']})\n"
        'said = [\'{"vqa": {"answer": "a cat"}}\', \'Sure! <b>It is\']\n'
        "answers = pd.DataFrame({'specimen': ['a', 'a'], 'step': [1, 2], 'output': said})\n"
        "run = ew.Run.from_frames(truth, answers, output_format='vi')\n"
        "widget = run.compare()\nwidget"
    )
    lab_page.open(lab.write_notebook("unparsable.ipynb", [frames])).run_all().painted("a", 2)
    expect(lab_page.part("answer")).to_contain_text("unparsable output")
    expect(lab_page.part("answer")).to_contain_text("Sure! <b>It is")
    lab_page.screenshot("state-unparsable")
    lab_page.part("specimen-title").click()
    lab_page.page.keyboard.press("ArrowLeft")
    lab_page.painted("a", 1)
    expect(lab_page.part("answer").locator('[data-testid="answer-text"]')).to_have_text("a cat")


def test_an_empty_run_says_so(lab_page, lab):
    folder = lab.root / "nobody"
    write_lines(folder / "ground_truth.jsonl", [])
    write_lines(folder / "predictions" / "step-000001.jsonl", [])
    cells = ["import evalwidget as ew\nrun = ew.open_run('nobody')\nwidget = run.compare()\nwidget", "run.scores()"]
    lab_page.open(lab.write_notebook("nobody.ipynb", cells)).run_all()
    expect(lab_page.root).to_have_attribute("data-state", "empty")
    expect(lab_page.part("status")).to_contain_text("no specimens")
    lab_page.screenshot("state-empty")


def test_an_error_reply_is_shown_and_can_be_tried_again(lab_page, lab):
    folder = lab.root / "breaking"
    write_lines(folder / "ground_truth.jsonl", [{"image": "a.png", "boxes": [{"label": "cat", "box": [1, 1, 5, 5]}]}])
    step = folder / "predictions" / "step-000001.jsonl"
    write_lines(step, [{"image": "a.png", "boxes": []}])
    content = step.read_text("utf-8")
    step.write_text('{"image": "a.png", "boxes": [', "utf-8")
    cells = ["import evalwidget as ew\nrun = ew.open_run('breaking')\nwidget = run.compare()\nwidget"]
    lab_page.open(lab.write_notebook("breaking.ipynb", cells)).run_all()
    expect(lab_page.root).to_have_attribute("data-state", "error")
    expect(lab_page.part("status")).to_contain_text("predictions/step-000001.jsonl:1: malformed JSON at column")
    lab_page.screenshot("state-error")
    step.write_text(content, "utf-8")
    lab_page.part("retry").click()
    lab_page.painted("a.png", 1)
