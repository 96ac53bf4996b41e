"""COCO captions: published results and the images of their ground truth, with references written for them."""

import json
from pathlib import Path

import pytest
from text_runs import answers, opened, references

import evalwidget as ew

TRUTH = {
    "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80}, {"id": 9, "file_name": "b.jpg"}],
    "annotations": [
        {"id": 1, "image_id": 7, "caption": "a red car"},
        {"id": 2, "image_id": 7, "caption": "a car in the street"},
    ],
}


def test_published_results_beside_themselves(tmp_path, real_data: Path):
    """The results name images by id alone; the ground truth has the real images, and these captions as references."""
    file = real_data / "coco100" / "captions_val2014_fakecap_results.json"
    images = json.loads((real_data / "coco100" / "instances_val2014_100.json").read_text("utf-8"))["images"]
    results = json.loads(file.read_text("utf-8"))
    known = {image["id"] for image in images}
    shared = [row for row in results if row["image_id"] in known]
    truth = {
        "images": [image for image in images if image["id"] in {row["image_id"] for row in shared}],
        "annotations": [{"id": n, **row} for n, row in enumerate(shared)],
    }
    assert shared
    run = opened(tmp_path, {"captions.json": truth}, file)
    assert run.task == "free text"
    assert run.summary()[["exact_match", "missing"]].values.tolist() == [[1, 0]]
    assert len(run.join_report()) == len(results) - len(shared)


def test_all_captions_of_an_image_are_references(tmp_path):
    run = opened(tmp_path, {"captions.json": TRUTH}, [{"image_id": 7, "caption": "A car in the street."}])
    assert run.specimens == ["a.jpg", "b.jpg"]
    assert references(run) == [("", ("a red car", "a car in the street"))]
    assert answers(run) == [("a.jpg", "0", "A car in the street.")]
    assert run.summary().exact_match.tolist() == [1.0]
    assert run._data.ground_truth.annotated.tolist() == [True, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": 8, "caption": "x"}, "captions.json: annotations: image_id 8 is not among the images"),
        ({"image_id": 7}, "captions.json: annotations[2]: expected 'caption', found ['image_id']"),
        ({"image_id": 7, "caption": 3}, "captions.json: annotations[2]: caption: expected text, got a number"),
    ],
)
def test_defects_are_errors_with_their_place(tmp_path, change, message):
    truth = {**TRUTH, "annotations": [*TRUTH["annotations"], change]}
    with pytest.raises(ew.EvalWidgetError) as caught:
        opened(tmp_path, {"captions.json": truth}, [])
    assert message in str(caught.value)


def test_two_captions_of_one_image_in_results(tmp_path):
    found = [{"image_id": 7, "caption": "a"}, {"image_id": 7, "caption": "b"}]
    with pytest.raises(ew.EvalWidgetError, match=r"predictions.json: \[1\]: the same item twice: a.jpg has an answer"):
        opened(tmp_path, {"captions.json": TRUTH}, found)


def test_captions_of_80_published_images(tmp_path, real_data: Path):
    """Their five captions are references, whichever of them is the answer."""
    lines = (real_data / "llava_coco80" / "caps_boxes_coco2014_val_80.jsonl").read_text("utf-8").splitlines()
    rows = [{"image": row["image"], "captions": row["captions"]} for row in map(json.loads, lines)]
    named = [{"image_id": Path(row["image"]).stem, "caption": row["captions"][-1]} for row in rows]
    assert len(rows) == 80
    run = opened(tmp_path, {"captions.jsonl": rows}, named)
    assert run.task == "free text"
    assert run.summary()[["exact_match", "missing"]].values.tolist() == [[1, 0]]
