"""COCO ground truth and results, in a list and in a dict, with ids as people write them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import evalwidget as ew

Write = Callable[..., Path]


def truth(**changes: Any) -> dict[str, Any]:
    return {
        "images": [
            {"id": 7, "file_name": "val/a.jpg", "width": 100, "height": 80},
            {"id": 9, "file_name": "val/b.jpg", "width": 100, "height": 80},
        ],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 0, "bbox": [1, 2, 10, 20], "area": 150.5, "iscrowd": 0},
            {"id": 2, "image_id": 7, "category_id": 90, "bbox": [50, 50, 10, 10], "area": 100, "iscrowd": 0},
        ],
        "categories": [{"id": 0, "name": "cat"}, {"id": 90, "name": "toothbrush"}],
    } | changes


def result(**changes: Any) -> dict[str, Any]:
    return {"image_id": 7, "category_id": 0, "bbox": [1, 2, 10, 20], "score": 0.5} | changes


def test_results_in_a_list(write_run: Write) -> None:
    run = ew.open_run(write_run(truth(), {1: [result(), result(category_id=90), result(image_id=9)]}))
    assert run.task == "object detection"
    assert run.specimens == ["a.jpg", "b.jpg"]
    matches = run.matches()
    assert matches[["specimen", "phrase", "status"]].values.tolist() == [
        ["a.jpg", "cat", "matched"],
        ["a.jpg", "toothbrush", "missed"],
        ["a.jpg", "toothbrush", "extra"],
        ["b.jpg", "cat", "extra"],
    ]
    assert matches["item"].fillna("-").tolist() == ["1", "2", "-", "-"]
    corners = matches.loc[
        0, [f"{side}_{c}" for side in ("ground_truth", "prediction") for c in ("x1", "y1", "x2", "y2")]
    ]
    assert corners.tolist() == [1, 2, 11, 22] * 2
    assert run._data.ground_truth.boxes.area.tolist() == [150.5, 100]


def test_an_empty_list_is_a_checkpoint_without_detections(write_run: Write) -> None:
    run = ew.open_run(write_run(truth(), {1: []}))
    assert run.scores()["status"].tolist() == ["no_prediction", "no_ground_truth"]
    assert run.scores()["false_negatives"].tolist() == [2, 0]
    assert run.summary()["recall"].tolist() == [0]


def test_images_that_results_leave_out_were_evaluated(write_run: Write) -> None:
    run = ew.open_run(write_run(truth(), {1: [result(image_id=9)]}))
    assert run.scores()["status"].tolist() == ["no_prediction", "no_ground_truth"]
    assert run.scores()["false_positives"].tolist() == [0, 1]


@pytest.mark.parametrize("image_id", [7, 7.0, "7", "a.jpg", "val/a.jpg", "a"])
@pytest.mark.parametrize("category_id", [0, "0", 0.0])
def test_ids_as_numbers_and_as_text(write_run: Write, image_id: Any, category_id: Any) -> None:
    run = ew.open_run(write_run(truth(), {1: [result(image_id=image_id, category_id=category_id)]}))
    assert run.summary()["true_positives"].tolist() == [1]


def test_ids_as_text_in_ground_truth(write_run: Write) -> None:
    given = truth()
    given["images"][0]["id"] = "7"
    given["categories"][0]["id"] = "0"
    assert ew.open_run(write_run(given, {1: [result()]})).summary()["true_positives"].tolist() == [1]


def test_category_ids_that_the_ground_truth_does_not_name_are_noted(write_run: Write) -> None:
    run = ew.open_run(
        write_run(truth(), {1: [result(category_id=5), result(category_id=5), result(category_id=6)]})
    ).load()
    (note,) = run.notes
    assert "predictions/step-000001.json: 3 predictions have category ids" in note
    assert "(5, 6)" in note
    assert run.matches()["phrase"].tolist()[-1] == "category 6"
    assert run.summary()["false_positives"].tolist() == [3]
    assert note in repr(run)


def test_two_categories_of_one_name_stay_two(write_run: Write) -> None:
    given = truth(categories=[{"id": 0, "name": "cat"}, {"id": 90, "name": "cat"}])
    run = ew.open_run(write_run(given, {1: [result(category_id=90)]}))
    assert run.matches()["phrase"].tolist() == ["cat (category 0)", "cat (category 90)", "cat (category 90)"]
    assert run.summary()["true_positives"].tolist() == [0]


def test_results_in_a_dict_join_by_file_name_and_class_name(write_run: Write) -> None:
    found = {
        "images": [{"id": 1, "file_name": "elsewhere/b.jpg"}, {"id": 2, "file_name": "elsewhere/a.jpg"}],
        "annotations": [{"id": 1, "image_id": 2, "category_id": 3, "bbox": [1, 2, 10, 20], "score": 0.5}],
        "categories": [{"id": 3, "name": "cat"}],
    }
    run = ew.open_run(write_run(truth(), {1: found}))
    assert run.summary()["true_positives"].tolist() == [1]
    assert run.scores()["status"].tolist() == ["ok", "no_ground_truth"]


def test_published_results_in_a_dict(real_data: Path) -> None:
    """Ids differ between the two files, and the detections count classes from 0: they join by name."""
    base = real_data / "objdet_formats" / "data" / "database"
    truth_file = base / "gts" / "coco_format_v2" / "instances_v2.json"
    run = ew.open_run(ground_truth=truth_file, predictions={1: base / "dets" / "coco_format" / "coco_dets.json"})
    assert len(run.specimens) == 100
    assert run.join_report().empty
    assert run.notes == []
    assert (run.scores()["true_positives"] > 0).sum() > 60


def test_iscrowd_and_annotations_without_a_box(write_run: Write) -> None:
    given = truth()
    given["annotations"][0]["iscrowd"] = 1
    given["annotations"].append({"id": 3, "image_id": 9, "category_id": 0, "segmentation": []})
    run = ew.open_run(write_run(given, {1: [result(), result(bbox=[1, 2, 5, 5])]}))
    assert run.matches()["status"].tolist() == ["ignored", "missed", "ignored", "ignored"]


def test_images_without_a_file_name_are_called_by_their_id(write_run: Write) -> None:
    given = truth(images=[{"id": 7}, {"id": 9, "file_name": ""}])
    run = ew.open_run(write_run(given, {1: [result()]}))
    assert run.specimens == ["7", "9"]
    assert run.summary()["true_positives"].tolist() == [1]


@pytest.mark.parametrize("bbox", [[1, 2, 3], [1, 2, -3, 4], [1, 2, float("nan"), 4], None, {"x": 1}, [1, 2, 1e200, 4]])
def test_a_defective_box_among_good_ones(write_run: Write, bbox: Any) -> None:
    run = ew.open_run(write_run(truth(), {500: [result(), result(bbox=bbox), result(image_id=9)]}))
    assert run.summary()[["true_positives", "false_positives", "invalid"]].values.tolist() == [[1, 1, 1]]
    (defect,) = run._data.predictions(500).boxes.defects.values()
    assert defect.message.startswith("predictions/step-000500.json: [1]: bbox: expected ")
    given = truth()
    given["annotations"][1]["bbox"] = bbox
    if bbox is not None:
        with pytest.raises(ew.FormatError, match=r"^ground_truth.json: annotations\[1\]: bbox: expected "):
            ew.open_run(write_run(given, {1: []}))


def test_unknown_images_are_reported_and_not_scored(write_run: Write) -> None:
    run = ew.open_run(write_run(truth(), {3: [result(), result(image_id=404), result(image_id=404)]}))
    assert run.join_report().values.tolist() == [
        [3, "404", "predictions/step-000003.json", 2, "no specimen of this id, path, file name or stem"]
    ]
    assert run.summary()[["true_positives", "false_positives"]].values.tolist() == [[1, 0]]


def changed(part: str, place: int, **values: Any) -> dict[str, Any]:
    given = truth()
    given[part][place].update(values)
    return given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (changed("annotations", 1, id=1), r"annotations\[1\]: the same item twice: id 1"),
        (changed("annotations", 1, id=[1]), r"annotations\[1\]: id: expected a number or text, got list"),
        (changed("annotations", 1, image_id=8), r"annotations\[1\]: image_id 8 is not among the file's images"),
        (changed("annotations", 1, image_id=None), r"annotations\[1\]: image_id: expected a number or text, got None"),
        (
            changed("annotations", 1, category_id=1),
            r"annotations\[1\]: category_id 1 is not among the file's categories",
        ),
        (changed("annotations", 1, area="big"), r"annotations\[1\]: area: expected a number, got text"),
        (changed("images", 1, id=7), r"images\[1\]: id 7 occurs twice"),
        (changed("images", 1, id="7"), r"images\[1\]: id 7 occurs twice"),
        (changed("images", 1, width=0), r"images\[1\]: expected width and height above 0, got 0 and 80"),
        (changed("images", 1, file_name=["b"]), r"images\[1\]: file_name: expected text, got a list"),
        (changed("categories", 1, id=0), r"categories\[1\]: id 0 occurs twice"),
        (truth(categories=[{"id": 0}]), r"categories\[0\]: expected 'name', found \['id'\]"),
        (truth(annotations={}), "annotations: expected a list of objects, got dict"),
        (truth(images=[7]), r"images\[0\]: expected an object, got int"),
        (truth(images=[{"file_name": "a.jpg"}]), r"images\[0\]: expected 'id', found \['file_name'\]"),
        ({"images": []}, r"expected ground truth in a format that docs/formats.md lists, found JSON with keys"),
    ],
)
def test_what_is_wrong_with_ground_truth(write_run: Write, given: dict[str, Any], message: str) -> None:
    folder = write_run(given, {1: []})
    with pytest.raises(ew.FormatError, match=f"^ground_truth.json: {message}"):
        ew.open_run(folder)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([result(), {"image_id": 7, "category_id": 0, "score": 1}], r"\[1\]: expected 'bbox', found"),
        ([result(), {"image_id": 7, "bbox": [1, 2, 3, 4]}], r"\[1\]: expected 'category_id', found"),
        ([result(), result(image_id=[7])], r"\[1\]: image_id: expected a number or text, got list"),
        ([result(), result(category_id={})], r"\[1\]: category_id: expected a number or text, got dict"),
        ([result(score="high")], r"\[0\]: score: expected a number, got 'high'"),
        ([result(score=10**400)], r"\[0\]: score: expected a number, got 1000"),
        ([result(), 7], r"\[1\]: expected an object, got int"),
        ({"results": []}, r"expected predictions in a format .*, found JSON with keys \['results'\]"),
        (7, "found JSON with int"),
    ],
)
def test_what_is_wrong_with_results(write_run: Write, found: Any, message: str) -> None:
    run = ew.open_run(write_run(truth(), {1: found}))
    with pytest.raises(ew.FormatError, match=f"^predictions/step-000001.json: .*{message}") as caught:
        run.load()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("bbox", [{}, {"bbox": None}, {"bbox": []}])
def test_ground_truth_of_masks_alone_has_the_boxes_around_them(write_run: Write, bbox: dict[str, Any]) -> None:
    pytest.importorskip("pycocotools")
    image = {"id": 7, "file_name": "a.jpg", "width": 10, "height": 5}
    polygons = {"id": 1, "image_id": 7, "category_id": 0, "segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]], **bbox}
    runs = {"id": 2, "image_id": 7, "category_id": 0, "iscrowd": 1, "area": 9.5, **bbox}
    runs["segmentation"] = {"size": [5, 10], "counts": [0, 10, 40]}
    nothing = {"id": 3, "image_id": 7, "category_id": 0, **({} if "bbox" not in bbox else {"bbox": None})}
    given = {"images": [image], "annotations": [polygons, runs, nothing], "categories": [{"id": 0, "name": "cat"}]}
    run = ew.open_run(write_run(given, {1: []}))
    boxes = run._data.ground_truth.boxes
    assert boxes.corners.tolist() == [[1, 1, 4, 3], [0, 0, 2, 5]]
    assert boxes.crowd.tolist() == [False, True]
    assert run.notes == ["ground_truth.json: 1 annotations have neither bbox nor segmentation: left out"]


def test_a_mask_of_ground_truth_that_cannot_be_measured(write_run: Write) -> None:
    given = truth()
    given["annotations"][0] = {"id": 1, "image_id": 7, "category_id": 0, "segmentation": [[1, 2]]}
    with pytest.raises(ew.FormatError, match=r"^ground_truth.json: annotations\[0\]: segmentation: "):
        ew.open_run(write_run(given, {1: []}))


def test_malformed_json_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text('{"images": [],\n "annotations": [,]}')
    with pytest.raises(ew.FormatError, match=r"truth.json:2: malformed JSON at column 18: Expecting value"):
        ew.open_run(ground_truth=tmp_path / "truth.json", predictions={1: tmp_path / "truth.json"})


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "truth.doc").write_text("image,label\n")
    with pytest.raises(ew.FormatError, match=r"expected ground truth in a format .*, found a file ending in '.doc'"):
        ew.open_run(ground_truth=tmp_path / "truth.doc", predictions={1: tmp_path / "truth.doc"})


def test_no_ground_truth(tmp_path: Path) -> None:
    (tmp_path / "step-1.json").write_text(json.dumps([result(), result(image_id="b.jpg")]))
    run = ew.open_run(predictions=[tmp_path / "step-1.json"])
    assert run.specimens == ["7", "b.jpg"]
    assert run.scores()["status"].tolist() == ["no_ground_truth"] * 2
    assert run.scores()["true_positives"].isna().all()
    assert "no ground truth: predictions are shown, and nothing is scored" in run.notes
