"""The public face of a run: what it says of itself, and what it hands on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import evalwidget as ew

Write = Callable[..., Path]
SCRIPT = "<script>alert('x')</script>"


def line(image: str, *boxes: list[float], **content: Any) -> dict[str, Any]:
    return {"image": image, "width": 100, "height": 50, "phrases": [{"phrase": "cat", "boxes": list(boxes)}]} | content


def test_what_a_run_says_of_itself(write_run: Write) -> None:
    truth = [line("a.jpg", [1, 2, 3, 4]), line("b.jpg", [1, 2, 3, 4], [5, 6, 7, 8]), {"image": "c.jpg"}]
    found = [line("a.jpg", [1, 2, 3]), line("d.jpg", [1, 2, 3, 4])]
    run = ew.open_run(write_run(truth, dict.fromkeys(range(0, 1400, 100), found), {"name": "cats"}))
    run.summary(100)
    assert repr(run).splitlines() == [
        "Run 'cats'",
        "  task: phrase grounding",
        "  specimens: 3",
        "  ground truth: 3 boxes, 1 phrases or classes (plain JSONL)",
        "  steps: 14: 0, 100, 200, … 1300",
        "  coordinates: ground truth pixels, xyxy (coordinates told by the largest number 8, order the usual); "
        "predictions pixels, xyxy (as the ground truth)",
        "  not read yet: 13 steps; read when asked for, all by run.load()",
        "  without ground truth: 1 specimens",
        "  images missing: 3 of 3",
        "  joined: 1 by file name",
        "  step 100: 2 specimens not evaluated, 1 records found no specimen or question: d.jpg (run.join_report()), "
        "1 invalid predictions",
    ]


def test_images_missing_counts_those_that_are_not_there(write_run: Write) -> None:
    folder = write_run([line(name, [1, 2, 3, 4]) for name in ("a.jpg", "b.jpg", "c.jpg")], {1: []})
    (folder / "images").mkdir()
    (folder / "images" / "b.jpg").write_bytes(b"")
    assert "images missing: 2 of 3" in repr(ew.open_run(folder))
    given = dict.fromkeys(("a.jpg", "b.jpg", "c.jpg"), b"")
    assert "images missing" not in repr(ew.open_run(folder, images=given))


def test_html_of_a_run_escapes_what_the_data_say(write_run: Write) -> None:
    folder = write_run(
        {
            "images": [{"id": 1, "file_name": "a.jpg"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]}],
            "categories": [{"id": 1, "name": "c"}],
        },
        {1: [{"image_id": 1, "category_id": SCRIPT, "bbox": [0, 0, 1, 1], "score": 1}]},
        {"name": SCRIPT},
    )
    run = ew.open_run(folder).load()
    assert SCRIPT in repr(run)
    shown = run._repr_html_()
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") == 2
    assert "<td style='text-align:left'>object detection</td>" in shown


def test_text_of_labels_passes_through_as_text(write_run: Write) -> None:
    record = {"image": f"{SCRIPT}.jpg", "phrase": SCRIPT, "box": [0, 0, 5, 5], "caption": SCRIPT}
    matches = ew.open_run(write_run([record], {1: [record]})).matches()
    assert matches["phrase"].tolist() == [SCRIPT]
    assert matches["specimen"].tolist() == ["script>.jpg"]


def test_lists_handed_out_are_copies(write_run: Write) -> None:
    run = ew.open_run(write_run([line("a.jpg", [1, 2, 3, 4])], {1: [line("a.jpg")], 2: []}))
    for handed in (run.steps, run.specimens, run.notes):
        handed.clear()
    assert run.steps == [1, 2]
    assert run.specimens == ["a.jpg"]
    frame = run.scores()
    frame["recall"] = 7.0
    assert run.scores(1)["recall"].tolist() == [0]


def test_scores_do_not_depend_on_which_step_was_read_first(write_run: Write) -> None:
    steps = {
        step: [line("a.jpg", [1, 2, 3, 4 + step]), line("b.jpg", phrase=f"dog {step}", box=[0, 0, 5, 5])]
        for step in (1, 2, 3)
    }
    truth = [line("a.jpg", [1, 2, 3, 5]), line("b.jpg", [0, 0, 5, 5])]
    folder = write_run(truth, steps)
    forwards, backwards = ew.open_run(folder), ew.open_run(folder)
    for step in (3, 2, 1):
        backwards.summary(step)
    for name in ("summary", "scores"):
        pd.testing.assert_frame_equal(getattr(forwards, name)(), getattr(backwards, name)())
    pd.testing.assert_frame_equal(forwards.matches(), backwards.matches(), check_categorical=False)


@pytest.mark.parametrize("name", ["grounding", "vqa"])
def test_demo_runs_open_and_are_complete(name: str) -> None:
    run = ew.demo_run(name).load()
    assert run.notes == []
    assert run.join_report().empty
    assert "images missing" not in repr(run)
    summary = run.summary()
    assert summary["step"].tolist() == run.steps == sorted(run.steps)
    assert len(run.steps) > 2
    assert summary["missing"].sum() == 0


def test_an_unknown_demo_run() -> None:
    with pytest.raises(ew.UnknownNameError, match="demo run 'cats': expected one of grounding, vqa"):
        ew.demo_run("cats")


def test_half_characters_become_something_a_message_can_carry(write_run: Callable[..., Path]) -> None:
    run = ew.open_run(
        write_run(
            ['{"image": "a.png", "boxes": [{"label": "\\ud800cat \\ud83d\\ude00", "box": [1, 1, 5, 5]}]}'], {1: []}
        )
    )
    assert run.matches().phrase.tolist() == ["\ufffdcat \U0001f600"]


def test_a_run_says_how_it_took_coordinates(write_run: Callable[..., Path]) -> None:
    truth = [{"image": "a.png", "width": 10, "height": 10, "boxes": [{"label": "cat", "box": [0.1, 0.1, 0.5, 0.5]}]}]
    run = ew.open_run(write_run(truth, {1: []}), prediction_coordinates="0-1000")
    assert (
        "coordinates: ground truth fraction, xyxy (coordinates told by the largest number 0.5, order the usual); "
        "predictions 0-1000, xyxy (coordinates stated, order as the ground truth)"
    ) in repr(run)
