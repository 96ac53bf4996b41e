"""100 VOC images, published in seven formats, with one detector's boxes in four: all say the same."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reading import Size, boxes, predictions, truth, write

import evalwidget as ew
from evalwidget.formats import format_of_ground_truth
from evalwidget.formats.content import Content
from evalwidget.formats.json_source import Source

#: The order in which the detections as text number their classes: VOC's, by name.
VOC = [
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
]
#: Ground truth by path, with its format and by how many pixels its rounding may move a side.
TRUTHS = {
    "coco_format_v1/instances_default.json": ("coco", 0),
    "coco_format_v2/instances_v2.json": ("coco", 0),
    "pascalvoc_format": ("voc", 0),
    "imagenet_format": ("voc", 0),
    "imagenet_format/Annotations": ("voc", 0),
    "cvat_format/annotations.xml": ("cvat", 0),
    "openimages_format/all_bounding_boxes.csv": ("open-images", 1e-6),
    "yolo_format": ("yolo", 1e-3),
    "yolo_format/obj.data": ("yolo", 1e-3),
}
DETECTIONS = ("coco_format/coco_dets.json", "abs_xywh", "abs_xyx2y2", "rel_xywh")


@pytest.fixture(scope="module")
def database(real_data: Path) -> Path:
    return real_data / "objdet_formats" / "data" / "database"


@pytest.fixture(scope="module")
def sizes(database: Path) -> dict[str, Size]:
    images = json.loads((database / "gts/coco_format_v1/instances_default.json").read_text("utf-8"))["images"]
    return {Path(image["file_name"]).stem: (image["width"], image["height"]) for image in images}


@pytest.mark.parametrize("path", TRUTHS)
def test_ground_truth_is_the_same_in_every_format(database: Path, sizes: dict[str, Size], path: str) -> None:
    key, tolerance = TRUTHS[path]
    file = database / "gts" / path
    assert format_of_ground_truth(Content([Source.at(file)])).key == key
    expected, _ = truth(database / "gts/coco_format_v1/instances_default.json")
    records, facts = truth(file)
    found, wanted = boxes(records, sizes), boxes(expected)
    assert facts.task == "object detection"
    assert sorted(found) == sorted(wanted)
    assert sum(map(len, found.values())) == 273
    for image, rows in wanted.items():
        assert [row[0] for row in found[image]] == [row[0] for row in rows]
        np.testing.assert_allclose(
            [row[1:] for row in found[image]], [row[1:] for row in rows], rtol=0, atol=tolerance + 1e-9
        )


def test_image_names_have_an_extension_wherever_the_data_tell_it(database: Path) -> None:
    for path in TRUTHS:
        records, _ = truth(database / "gts" / path)
        assert {reference.image[-4:] for reference in records.references if reference.image} == {".jpg"}, path


def test_labels_alone_name_images_without_an_extension(database: Path) -> None:
    records, facts = truth(database / "gts/yolo_format/obj_train_data")
    assert {reference.image for reference in records.references} >= {"2007_000027"}
    assert facts.categories == {}
    assert records.notes[-1].endswith("no file of class names was found; class_names= gives them")


@pytest.mark.parametrize("path", DETECTIONS)
def test_detections_give_the_same_figures_in_every_format(database: Path, path: str) -> None:
    truth_file = database / "gts/coco_format_v1/instances_default.json"
    run = ew.open_run(ground_truth=truth_file, predictions={1: database / "dets" / path}, class_names=VOC)
    other = ew.open_run(ground_truth=truth_file, predictions={1: database / "dets" / DETECTIONS[0]})
    found, wanted = (np.array(r.coco_summary().iloc[0, 1:13], np.float64) for r in (run, other))
    # confidences as text have six decimals, fractions too
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)
    assert found[1] == pytest.approx(0.6100, abs=1e-4)
    assert run.summary()["specimens"].tolist() == [100]
    assert len(run.join_report()) == 0
    assert run.scores(1)["status"].value_counts().get("missing", 0) == 0


def test_what_boxes_were_taken_to_be_is_said_and_can_be_overruled(database: Path) -> None:
    truth_file = database / "gts/coco_format_v1/instances_default.json"
    taken = {}
    for path in DETECTIONS[1:]:
        run = ew.open_run(ground_truth=truth_file, predictions={1: database / "dets" / path}, class_names=VOC).load()
        (note,) = run.notes
        taken[path] = note.partition("boxes were taken as ")[2]
    assert taken["abs_xywh"].startswith("pixels, xywh, since 347 of 452 cannot be corners;")
    assert taken["abs_xyx2y2"].startswith("pixels, xyxy, since all 452 can be corners;")
    assert taken["rel_xywh"].startswith("fraction, cxcywh, since all lie in their images so;")
    stated = ew.open_run(
        ground_truth=truth_file,
        predictions={1: database / "dets/abs_xyx2y2"},
        class_names=VOC,
        prediction_box_order="xywh",
        prediction_coordinates="pixels",
    ).load()
    (warning,) = stated.notes
    assert warning.endswith("read as pixels, xyxy they would reach 0.63; pass prediction_box_order='xyxy'")
    assert stated.coco_summary()["AP_50"].tolist()[0] < 0.3


def test_a_dict_of_detections_keeps_its_own_classes_and_images(database: Path) -> None:
    records = predictions(database / "dets/coco_format/coco_dets.json", categories={"0": "wrong"}, first_class=1)
    assert len(records.references) == 98
    assert records.names_all
    assert set(records.boxes[0].label_names) == set(VOC)
    assert records.notes == []


def test_fractions_find_the_images_beside_them(database: Path) -> None:
    run = ew.open_run(
        ground_truth=database / "gts/yolo_format",
        predictions={1: database / "dets/coco_format/coco_dets.json"},
        images=database / "images",
    )
    # eight images are there to tell their size
    matched = run.matches().query("status == 'matched'")["specimen"].unique()
    assert 0 < len(matched) <= 8
    assert run.summary()["invalid"].tolist()[0] > 300


def test_coco_results_written_in_other_formats_give_the_same_figures(real_data: Path, tmp_path: Path) -> None:
    """COCO's ids have gaps: what numbers classes from 0 is named by their order."""
    truth_file = real_data / "coco100/instances_val2014_100.json"
    results_file = real_data / "coco100/instances_val2014_fakebbox100_results.json"
    value, results = (json.loads(file.read_text("utf-8")) for file in (truth_file, results_file))
    images = {image["id"]: image for image in value["images"]}
    ids = sorted(category["id"] for category in value["categories"])
    assert ids != list(range(1, len(ids) + 1))
    names = {category["id"]: category["name"] for category in value["categories"]}
    rows = ["image,x,y,width,height,class,score"]
    lines: dict[str, list[str]] = {}
    preds: dict[str, dict[str, list[Any]]] = {}
    for result in results:
        image, place = images[result["image_id"]], ids.index(result["category_id"])
        x, y, width, height = result["bbox"]
        sides = (x + width / 2) / image["width"], (y + height / 2) / image["height"]
        size = width / image["width"], height / image["height"]
        stem = Path(image["file_name"]).stem
        lines.setdefault(stem, []).append(" ".join(map(repr, (place, *sides, *size, result["score"]))))
        rows.append(
            ",".join(map(str, (image["file_name"], *result["bbox"], names[result["category_id"]], result["score"])))
        )
        pred = preds.setdefault(stem, {"labels": [], "scores": [], "bboxes": []})
        pred["labels"].append(place)
        pred["scores"].append(result["score"])
        pred["bboxes"].append([x, y, x + width, y + height])
    for image in images.values():
        preds.setdefault(Path(image["file_name"]).stem, {"labels": [], "scores": [], "bboxes": []})
    write(
        tmp_path,
        {f"labels/{stem}.txt": "\n".join(found) for stem, found in lines.items()}
        | {f"preds/{stem}.json": json.dumps(pred) for stem, pred in preds.items()}
        | {"table.csv": "\n".join(rows)},
    )
    steps: dict[int, Any] = {
        1: results_file,
        2: tmp_path / "labels",
        3: tmp_path / "table.csv",
        4: tmp_path / "preds",
        5: {
            stem: {
                "boxes": np.array(pred["bboxes"]),
                "scores": pred["scores"],
                "labels": [names[ids[place]] for place in pred["labels"]],
            }
            for stem, pred in preds.items()
        },
    }
    run = ew.open_run(ground_truth=truth_file, predictions=steps)
    figures = run.coco_summary().iloc[:, 1:13].to_numpy(np.float64)
    assert figures[0, 0] == pytest.approx(0.5046, abs=5e-5)
    np.testing.assert_allclose(figures[2:], np.tile(figures[0], (3, 1)), rtol=0, atol=1e-9)
    # some boxes overlap by a threshold exactly, and as fractions by a hair less
    np.testing.assert_allclose(figures[1], figures[0], rtol=0, atol=5e-4)
    assert len(run.join_report()) == 0
