"""InternVL's and Qwen-VL's result files, written from their evaluate_grounding.py."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grounded_runs import written

import evalwidget as ew
from evalwidget.formats import (
    Content,
    GroundTruthOptions,
    PredictionOptions,
    Source,
    format_of_ground_truth,
    format_of_predictions,
    read_ground_truth,
    read_predictions,
)

ROWS = [
    {"answer": '[{"bbox_2d": [100, 200, 300, 600], "label": "man"}]', "gt_bbox": [64, 96, 192, 288], "hw": [480, 640]},
    {"answer": '[{"bbox_2d": [100, 200, 300, 600]}]', "gt_bbox": [64, 96, 192, 288], "hw": [480, 640]},
    {"answer": "no idea", "gt_bbox": [0, 0, 5.5, 5], "hw": [100, 100]},
]


def content(tmp_path: Path, rows: list[Any]) -> Content:
    return Content([Source.at(written(tmp_path / "refcoco_val_240501.json", rows), tmp_path)])


def test_ground_truth_and_prediction_of_one_file_as_specified(tmp_path: Path) -> None:
    file = content(tmp_path, ROWS)
    assert format_of_ground_truth(file).key == format_of_predictions(file).key == "internvl-results"
    truth, facts = read_ground_truth(file, GroundTruthOptions())
    assert str(facts.convention) == "pixels, xyxy"
    assert [(r.specimen, r.image, r.source_id, r.width, r.height) for r in truth.references[1:]] == [
        (None, None, None, 640, 480),
        (None, None, None, 100, 100),
    ]
    boxes = truth.boxes[0]
    assert boxes.owner.tolist() == [0, 1, 2]
    assert boxes.values.tolist() == [[64, 96, 192, 288], [64, 96, 192, 288], [0, 0, 5.5, 5]]
    assert len(truth.phrases) == 3
    found = read_predictions(file, PredictionOptions(facts.convention, output_format="qwen3-vl"))
    assert [reference.width for reference in found.references] == [640, 640, 100]
    boxes = found.boxes[0]
    assert boxes.values[:2].tolist() == [[0.1, 0.2, 0.3, 0.6]] * 2
    # the row does not say what was asked for, so what the model calls its box is no phrase of the ground truth
    assert boxes.label.tolist() == [-1, -1, -1]
    assert np.isnan(boxes.values[2]).all()
    assert found.outputs[2] == "no idea"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hw": [480]}, r"\[3\]: hw: expected \[height, width\]"),
        ({"hw": None}, r"\[3\]: hw: expected \[height, width\]"),
        ({"gt_bbox": "a"}, r"\[3\]: gt_bbox: expected 4 numbers"),
    ],
)
def test_errors_name_file_and_row(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ew.EvalWidgetError, match=f"refcoco_val_240501.json: {message}"):
        read_ground_truth(content(tmp_path, [*ROWS, ROWS[0] | change]), GroundTruthOptions())


def test_an_answer_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ew.EvalWidgetError, match=r"\[1\]: expected 'answer'"):
        read_predictions(
            content(tmp_path, [ROWS[0], ROWS[0] | {"answer": None}]), PredictionOptions(output_format="vi")
        )
    with pytest.raises(ew.EvalWidgetError, match=r"\[0\]: raw model text needs a grammar"):
        read_predictions(content(tmp_path, ROWS), PredictionOptions())
