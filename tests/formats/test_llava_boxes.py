"""Captions and boxes of COCO images, as LLaVA has them."""

import json
from pathlib import Path
from typing import Any

import pytest
from grounded_runs import written

import evalwidget as ew


def test_real_captions_and_boxes(real_data: Path, tmp_path: Path) -> None:
    file = real_data / "llava_coco80" / "caps_boxes_coco2014_val_80.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    lines = [
        {"image": row["image"], "boxes": [{"label": i["category"], "box": i["bbox"]} for i in row["instances"]]}
        for row in rows
    ]
    run = ew.open_run(ground_truth=file, predictions={1: written(tmp_path / "found.jsonl", lines)})
    assert run.task == "object detection"
    assert len(run.specimens) == 80
    summary = run.summary().iloc[0]
    assert summary["true_positives"] == sum(len(row["instances"]) for row in rows)
    assert summary["f1"] == summary["mean_iou"] == 1
    assert run.scores()["status"].value_counts()["no_ground_truth"] == sum(not row["instances"] for row in rows) == 3
    assert run._data.specimens.captions == ["\n".join(row["captions"]) for row in rows]
    # the captions are references of free text to plain JSONL
    plain = ew.open_run(
        ground_truth=file, predictions={1: file}, ground_truth_format="plain", prediction_format="plain"
    )
    assert plain.task == "free text"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"captions": [1]}, "captions: expected a list of texts"),
        ({"instances": [{"bbox": [0, 0, 1, 1]}]}, r"instances\[0\]: expected 'category'"),
        ({"instances": [{"category": "a", "bbox": [0, 0, 1]}]}, r"instances\[0\].bbox: expected 4 numbers, got 3"),
        ({"image": None}, "expected 'image'"),
    ],
)
def test_errors_name_line_and_field(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    record = {"id": "1", "image": "a.jpg", "captions": ["a"], "instances": []}
    truth = written(tmp_path / "t.jsonl", [record, record | change])
    with pytest.raises(ew.EvalWidgetError, match=f"t.jsonl:2: {message}"):
        ew.open_run(ground_truth=truth, predictions={1: truth})
