"""MDETR's annotations: files written from its datasets and scripts, and from gRefCOCO's conversion script."""

from pathlib import Path
from typing import Any

import pytest
from grounded_runs import figures, opened, written

import evalwidget as ew

IMAGE = "COCO_train2014_000000581857.jpg"


def image(number: int, caption: str, **more: Any) -> dict[str, Any]:
    of_file = {"file_name": IMAGE, "height": 427, "width": 640, "original_id": 581857}
    return of_file | {"id": number, "caption": caption, "dataset_name": "refcoco"} | more


def annotation(number: int, of_image: int, box: list[float], spans: Any, **more: Any) -> dict[str, Any]:
    of_box = {"area": 1, "iscrowd": 0, "category_id": 1, "original_id": 5}
    return of_box | {"id": number, "image_id": of_image, "bbox": box, "tokens_positive": spans} | more


def test_refcoco_as_specified(tmp_path: Path) -> None:
    value = {
        "info": "",
        "licenses": [],
        "images": [image(0, "the lady with the blue shirt"), image(1, "back of man"), image(2, "back of man")],
        "annotations": [
            annotation(0, 0, [10, 20, 100, 200], [[4, 8]]),
            annotation(1, 1, [300, 20, 100, 200], [[0, 4]]),
            annotation(2, 2, [300, 20, 100, 200], [[0, 4]]),
        ],
        "categories": [{"id": 1, "name": "person"}],
    }
    truth = written(tmp_path / "finetune_refcoco_val.json", value)
    found = {"the lady with the blue shirt": [[10, 20, 110, 220]], "back of man": [[300, 20, 400, 220]]}
    run = opened(truth, tmp_path, {IMAGE: found})
    assert run.specimens == [IMAGE]
    assert run.task == "phrase grounding"
    assert figures(run)["accuracy_at_50"] == figures(run)["mean_iou"] == figures(run)["f1"] == 1


def test_grefcoco_as_specified(tmp_path: Path) -> None:
    other = {"file_name": "COCO_train2014_000000000009.jpg"}
    empty = {"empty": True, "category_id": -1, "iscrowd": -1, "area": -1}
    value = {
        "images": [image(0, "both", dataset_name="grefcoco"), image(1, "a giraffe") | other],
        "annotations": [
            annotation(0, 0, [10, 20, 100, 200], [[0, 4]], empty=False),
            annotation(1, 0, [300, 20, 100, 200], [[0, 4]], empty=False),
            annotation(2, 1, [0, 0, 0, 0], [[2, 9]], **empty),
        ],
    }
    truth = written(tmp_path / "finetune_grefcoco_val.json", value)
    boxes = [[10, 20, 110, 220], [300, 20, 400, 220]]
    run = opened(truth, tmp_path, {IMAGE: {"both": boxes}, other["file_name"]: {}})
    assert run.phrases()["grec_accuracy"].tolist() == [1, 1]
    assert run.phrases()["no_target_accuracy"].dropna().tolist() == [1]


def test_phrases_of_a_caption_as_specified(tmp_path: Path) -> None:
    caption = "A man with two dogs"
    value = {
        "images": [image(0, caption, tokens_positive_eval=[[[0, 5]], [[11, 19]]], dataset_name="flickr")],
        "annotations": [
            annotation(0, 0, [10, 20, 100, 200], [[0, 5]]),
            annotation(1, 0, [200, 20, 50, 50], [[11, 19]]),
            annotation(2, 0, [300, 20, 50, 50], [[11, 19]]),
        ],
    }
    truth = written(tmp_path / "final_flickr_separateGT_test.json", value)
    found = {"A man": [[10, 20, 110, 220]], "two dogs": [[200, 20, 250, 70]]}
    run = opened(truth, tmp_path, {IMAGE: found})
    assert run.phrases()[["phrase", "boxes", "recall_at_1", "merged_recall_at_1"]].values.tolist() == [
        ["A man", 1, 1, 1],
        ["two dogs", 2, 1, 0],
    ]
    assert run._data.specimens.captions == [caption]


@pytest.mark.parametrize(
    ("second_image", "second_annotation", "message"),
    [
        ({"caption": ""}, {}, r"images\[1\]: expected 'caption'"),
        ({"file_name": None}, {}, r"images\[1\]: expected 'file_name'"),
        ({}, {"image_id": 8}, r"annotations\[1\]: image_id 8 is not among the file's images"),
        ({}, {"bbox": [1, 2, 3]}, r"annotations\[1\]: bbox: expected 4 numbers, got 3"),
        ({"tokens_positive_eval": []}, {"tokens_positive": [[0, 99]]}, r"annotations\[1\]: tokens_positive: expected"),
    ],
)
def test_errors_name_the_record(
    tmp_path: Path, second_image: dict[str, Any], second_annotation: dict[str, Any], message: str
) -> None:
    value = {
        "images": [image(0, "a"), image(1, "b") | second_image],
        "annotations": [
            annotation(0, 0, [10, 20, 100, 200], [[0, 1]]),
            annotation(1, 1, [10, 20, 100, 200], [[0, 1]]) | second_annotation,
        ],
    }
    with pytest.raises(ew.EvalWidgetError, match=f"refs.json: {message}"):
        opened(written(tmp_path / "refs.json", value), tmp_path, {})
