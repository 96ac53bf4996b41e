"""ODVG: files written from Open-GroundingDino's data_format.md and MMDetection's datasets/odvg.py."""

from pathlib import Path
from typing import Any

import pytest
from grounded_runs import figures, opened, written

import evalwidget as ew

GROUNDING = {
    "filename": "a.jpg",
    "height": 100,
    "width": 200,
    "grounding": {
        "caption": "a man and two dogs",
        "regions": [
            {"bbox": [0, 0, 50, 80], "phrase": "a man", "tokens_positive": [[0, 5]]},
            {"bbox": [[60, 10, 90, 40], [100, 10, 150, 60]], "phrase": "two dogs"},
        ],
    },
}
DETECTION = {
    "filename": "b.jpg",
    "height": 100,
    "width": 200,
    "detection": {"instances": [{"bbox": [0, 0, 50, 80], "label": 0}, {"bbox": [5, 5, 9, 9], "label": 1}]},
}


def test_grounding_as_specified(tmp_path: Path) -> None:
    truth = written(tmp_path / "truth.jsonl", [GROUNDING])
    found = {"a.jpg": {"a man": [[0, 0, 50, 80]], "two dogs": [[60, 10, 90, 40], [100, 10, 150, 60]]}}
    run = opened(truth, tmp_path, found)
    assert run.task == "phrase grounding"
    assert figures(run) | {
        "accuracy_at_50": 1,
        "recall_at_1": 1,
        "grec_accuracy": 1,
        "f1": 1,
        "mean_iou": 1,
    } == figures(run)
    phrases = run.phrases().set_index("phrase")
    assert phrases["boxes"].to_dict() == {"a man": 1, "two dogs": 2}
    assert phrases.loc["two dogs", "merged_recall_at_1"] == 0


def test_one_region_a_box_and_phrases_by_their_characters(tmp_path: Path) -> None:
    regions = [
        {"bbox": [0, 0, 50, 80], "tokens_positive": [[6, 9], [14, 18]]},
        {"bbox": [60, 10, 90, 40], "phrase": "a man"},
        {"bbox": [100, 10, 150, 60], "phrase": "a man"},
        {"bbox": [100, 10, 150, 60], "phrase": "a man"},
    ]
    truth = written(
        tmp_path / "t.jsonl", [GROUNDING | {"grounding": {"caption": "a man and two dogs", "regions": regions}}]
    )
    run = opened(
        truth, tmp_path, {"a.jpg": {"and dogs": [[0, 0, 50, 80]], "a man": [[60, 10, 90, 40], [100, 10, 150, 60]]}}
    )
    assert run.phrases()[["phrase", "boxes", "grec_accuracy"]].values.tolist() == [["and dogs", 1, 1], ["a man", 2, 1]]


def test_detection_with_a_label_map_or_categories_as_specified(tmp_path: Path) -> None:
    lines = written(tmp_path / "truth.jsonl", [DETECTION])
    names = written(tmp_path / "label_map.json", {"0": "person", "1": "ball"})
    run = opened([lines, names], tmp_path, {"b.jpg": {"person": [[0, 0, 50, 80]], "ball": [[5, 5, 9, 9]]}})
    assert run.task == "object detection"
    assert run.summary()["f1"].tolist() == [1]
    instances = [{"bbox": [0, 0, 50, 80], "label": 0, "category": "person"}]
    lines = written(tmp_path / "named.jsonl", [DETECTION | {"detection": {"instances": instances}}])
    run = opened(lines, tmp_path, {"b.jpg": {"person": [[0, 0, 50, 80]]}})
    assert run.summary()["f1"].tolist() == [1]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"detection": {"instances": [{"bbox": [0, 0, 5, 5], "label": 7}]}}, r"instances\[0\]: label 7 has no name"),
        (
            {"detection": {"instances": [{"bbox": [0, 0, 5], "category": "a"}]}},
            r"instances\[0\].bbox: expected 4 numbers",
        ),
        ({"detection": {"instances": [3]}}, r"detection: instances\[0\]: expected an object"),
        (
            {"grounding": {"caption": "a", "regions": [{"bbox": [0, 0, 5, 5]}]}},
            "expected 'phrase' or 'tokens_positive'",
        ),
        ({"grounding": {"caption": "a", "regions": [{"phrase": "a"}]}}, "expected 'bbox'"),
        (
            {"grounding": {"caption": "a", "regions": [{"bbox": [0, 0, 5, 5], "tokens_positive": [[0, 9]]}]}},
            "within the caption 'a'",
        ),
        ({"filename": "", "detection": {}}, "expected 'filename'"),
        ({}, "expected 'detection' or 'grounding'"),
    ],
)
def test_errors_name_line_and_field(tmp_path: Path, part: dict[str, Any], message: str) -> None:
    truth = written(tmp_path / "truth.jsonl", [GROUNDING, {"filename": "c.jpg"} | part])
    with pytest.raises(ew.EvalWidgetError, match=f"truth.jsonl:2.*{message}"):
        opened(truth, tmp_path, {"a.jpg": {}})


def test_a_split_that_the_format_has_not(tmp_path: Path) -> None:
    truth = written(tmp_path / "truth.jsonl", [GROUNDING])
    with pytest.raises(ew.EvalWidgetError, match=r"truth.jsonl: split 'val': ODVG ground truth has no splits"):
        opened(truth, tmp_path, {"a.jpg": {}}, split="val")
