"""Boxes as arrays by image, and what MMDetection, Detectron2 and Ultralytics write, as specified by their code."""

import json
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reading import boxes, content, predictions, scored, write

import evalwidget as ew
from evalwidget.formats import format_of_predictions

TRUTH = {
    "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80}, {"id": 8, "file_name": "000139.jpg"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 20, 20, 40], "area": 800},
        {"id": 2, "image_id": 8, "category_id": 2, "bbox": [10, 20, 20, 40], "area": 800},
    ],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
}
BOX = [10, 20, 30, 60]


@dataclass
class Detections:
    """What is asked of supervision's Detections."""

    xyxy: Any
    confidence: Any = None
    class_id: Any = None
    data: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def truth_file(tmp_path: Path) -> Path:
    return write(tmp_path, {"truth.json": json.dumps(TRUTH)}) / "truth.json"


KINDS = {
    "lists": {"boxes": [BOX], "scores": [0.5], "labels": [1]},
    "names": {"boxes": [BOX], "scores": [0.5], "labels": ["cat"]},
    "numpy": {"boxes": np.array([BOX]), "scores": np.array([0.5], np.float32), "labels": np.array([1])},
    "rows": {"boxes": [np.array(BOX)], "scores": (np.float64(0.5),), "labels": [np.int32(1)]},
    "detections": Detections(np.array([BOX], np.float32), np.array([0.5]), np.array([1])),
    "named detections": Detections(np.array([BOX]), np.array([0.5]), np.array([9]), {"class_name": np.array(["cat"])}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_by_image(truth_file: Path, kind: str) -> None:
    run = ew.open_run(ground_truth=truth_file, predictions={1: {"a.jpg": KINDS[kind]}})
    assert run.summary()["true_positives"].tolist() == [1]
    assert run.matches().query("status == 'matched'")["score"].tolist() == [0.5]
    # an image that is left out was not evaluated
    assert run.scores()["status"].tolist() == ["ok", "missing"]


def test_tensors(truth_file: Path) -> None:
    torch = pytest.importorskip("torch")
    image = {
        "boxes": torch.tensor([BOX], dtype=torch.float32, requires_grad=True),
        "scores": torch.tensor([0.5]),
        "labels": torch.tensor([1]),
    }
    run = ew.open_run(
        ground_truth=truth_file, predictions={1: {"a.jpg": image, "000139.jpg": {"boxes": torch.empty(0, 4)}}}
    )
    assert run.summary()["true_positives"].tolist() == [1]
    assert run.scores()["status"].tolist() == ["ok", "no_prediction"]


def test_ground_truth_as_arrays() -> None:
    truth = {"a.jpg": {"boxes": [BOX], "labels": [0]}, "b.jpg": {"boxes": np.empty((0, 4)), "labels": []}}
    found = {"a": {"boxes": [[10, 20, 20, 40]], "labels": [0]}}
    run = ew.open_run(
        ground_truth=truth, predictions={1: found}, class_names=["cat"], prediction_box_order="xywh", task="detection"
    )
    assert run.summary()["true_positives"].tolist() == [1]
    assert run.specimens == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        ({"scores": [1]}, r"predictions\[5\]: a.jpg: expected boxes, scores and labels, found \['scores'\]"),
        (3, r"predictions\[5\]: a.jpg: expected boxes, scores and labels, found int"),
        ({"boxes": 3}, r"predictions\[5\]: a.jpg: boxes: expected an array, got int"),
        ({"boxes": [BOX], "scores": [1, 2]}, r"predictions\[5\]: a.jpg: scores: expected 1, one for each box, got 2"),
        ({"boxes": [BOX], "scores": ["x"]}, r"predictions\[5\]: a.jpg: scores\[0\]: expected a number, got 'x'"),
        (
            {"boxes": [BOX], "labels": [1.5]},
            r"predictions\[5\]: a.jpg: labels\[0\]: expected a class number or name, got 1.5",
        ),
    ],
)
def test_arrays_that_cannot_be(truth_file: Path, image: Any, problem: str) -> None:
    with pytest.raises(ew.FormatError, match=problem):
        ew.open_run(ground_truth=truth_file, predictions={5: {"a.jpg": image}}).load()


def test_a_box_of_an_array_that_is_none_is_an_invalid_prediction(truth_file: Path) -> None:
    image = {"boxes": [BOX, [1, 2, 3], [3, 2, 1, 0]], "labels": [1, 1, 1]}
    run = ew.open_run(ground_truth=truth_file, predictions={5: {"a.jpg": image}})
    assert run.summary()[["true_positives", "invalid"]].values.tolist() == [[1, 2]]


def test_mmdetection_s_folder(tmp_path: Path) -> None:
    image = {"labels": [0, 1], "scores": [0.9, 0.1], "bboxes": [BOX, [1, 2, 3, 4]]}
    empty = {"labels": [], "scores": [], "bboxes": []}
    files = {"out/preds/a.json": json.dumps(image), "out/preds/000139.json": json.dumps(empty), "out/vis/a.jpg": ""}
    root = write(tmp_path, files)
    for folder in (root / "out", root / "out/preds"):
        assert format_of_predictions(content(folder)).key == "mmdetection"
        records = predictions(folder, categories={"1": "cat", "18": "dog"})
        assert scored(records) == [("a", "cat", 0.9, 0), ("a", "dog", 0.1, 0)]
        assert boxes(records)["000139"] == []
        assert "classes are counted from 0" in records.notes[0]
    write(root, {"out/preds/b.json": "{}"})
    with pytest.raises(ew.FormatError, match=r"preds/b.json: expected labels, scores and bboxes, found \[\]"):
        predictions(root / "out")


def test_ultralytics_names_images_by_file_and_by_stem(truth_file: Path) -> None:
    box = {"category_id": 1, "bbox": [10, 20, 20, 40], "score": 0.9}
    old = [{"image_id": "a", **box}, {"image_id": 139, **box}]
    new = [
        {"image_id": "a", "file_name": "a.jpg", **box},
        # an id of its own, which is another image's in the ground truth
        {"image_id": 7, "file_name": "000139.jpg", **box, "category_id": 2},
    ]
    root = truth_file.parent
    write(root, {"p/step-1/predictions.json": json.dumps(old), "p/step-1/labels/x.txt": "not read"})
    write(root, {"p/step-2.json": json.dumps(new), "p/step-3/coco_instances_results.json": json.dumps(new)})
    run = ew.open_run(ground_truth=truth_file, predictions=root / "p")
    assert run.summary()["true_positives"].tolist() == [1, 2, 2]
    assert len(run.join_report()) == 0


@pytest.mark.parametrize("name", ["step-1.pkl", "step-1.pth", "step-1/instances_predictions.pth"])
def test_pickles_are_refused_and_not_opened(truth_file: Path, name: str) -> None:
    file = truth_file.parent / "p" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(pickle.dumps([{"pred_instances": {}}]))
    with pytest.raises(ew.FormatError, match=r"is a pickle, which needs the packages that wrote it .*json"):
        ew.open_run(ground_truth=truth_file, predictions=truth_file.parent / "p").load()
