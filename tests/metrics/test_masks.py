"""Masks score as in pycocotools, whatever way they are written; what cannot be used never reaches its C code."""

import contextlib
import copy
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as reference
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import evalwidget as ew
from evalwidget.metrics.average_precision import FIGURES
from evalwidget.metrics.masks import compressed_mask, mask_box, mask_iou_pairs

#: pycocotools' decode, which only the tests call, hands numpy 2 an array in the way of numpy 1.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
CASES = settings(deadline=None, max_examples=80, derandomize=True)


def pycocotools_figures(truth: dict[str, Any], results: list[dict[str, Any]]) -> list[float]:
    with contextlib.redirect_stdout(io.StringIO()):
        annotated = COCO()
        annotated.dataset = copy.deepcopy(truth)
        annotated.createIndex()
        evaluation = COCOeval(annotated, annotated.loadRes(copy.deepcopy(results)), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [np.nan if figure == -1 else float(figure) for figure in evaluation.stats]


def figures(run: ew.Run) -> list[float]:
    return run.mask_summary()[list(FIGURES)].iloc[0].tolist()


def test_published_figures(real_data: Path) -> None:
    folder = real_data / "coco100"
    files = [folder / "instances_val2014_100.json", folder / "instances_val2014_fakesegm100_results.json"]
    run = ew.open_run(ground_truth=files[0], predictions={1: files[1]})
    log = (folder / "val2014_fake_eval_res.txt").read_text().split("type=")[1]
    assert log.startswith("segm")
    published = [float(value) for value in re.findall(r"\] = ([\d.]+)", log)]
    assert [round(value, 3) for value in figures(run)] == published
    truth, results = (json.loads(file.read_text()) for file in files)
    assert figures(run) == pytest.approx(pycocotools_figures(truth, results), abs=1e-9)
    assert run.mask_summary()["invalid"].tolist() == [0]


def test_results_of_masks_alone_have_the_boxes_that_pycocotools_gives_them(real_data: Path) -> None:
    folder = real_data / "coco100"
    files = [folder / "instances_val2014_100.json", folder / "instances_val2014_fakesegm100_results.json"]
    truth, results = (json.loads(file.read_text()) for file in files)
    with contextlib.redirect_stdout(io.StringIO()):
        loaded = COCO(files[0]).loadRes(copy.deepcopy(results))
    boxes = [
        {**result, "bbox": given["bbox"].tolist()} for result, given in zip(results, loaded.anns.values(), strict=True)
    ]
    run = ew.open_run(ground_truth=files[0], predictions={1: files[1]})
    assert oracle.frame_outcomes(run.matches()) == oracle.pycocotools_outcomes(truth, boxes)
    areas = sorted(float(given["area"]) for given in loaded.anns.values())
    assert np.sort(run._data.predictions(1).boxes.area).tolist() == areas


def test_polygons_with_boxes_beside_them(real_data: Path) -> None:
    """pycocotools takes the area of the box where it is given, so it is given none."""
    folder = real_data / "fce_small"
    truth, results = (json.loads((folder / f"{side}_dataset.json").read_text()) for side in ("gt", "dt"))
    sizes = {image["id"]: (image["height"], image["width"]) for image in truth["images"]}
    for result in results:
        result.pop("bbox")
        rles = reference.frPyObjects(result["segmentation"], *sizes[result["image_id"]])
        result["segmentation"] = reference.merge(rles)
    run = ew.open_run(ground_truth=folder / "gt_dataset.json", predictions={1: folder / "dt_dataset.json"})
    assert figures(run) == pytest.approx(pycocotools_figures(truth, results), abs=1e-9, nan_ok=True)


def runs_of(mask: np.ndarray) -> list[int]:
    """Uncompressed counts of a binary mask: column by column, runs of 0 and 1 in turn, 0 first."""
    flat = np.concatenate([[0], mask.flatten(order="F")])
    ends = np.append(np.flatnonzero(np.diff(flat)), len(flat) - 1)
    return np.diff(ends, prepend=0).tolist()


def random_mask(random: np.random.Generator, height: int = 40, width: int = 50) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    for _ in range(random.integers(1, 4)):
        top, left = random.integers(0, height - 8), random.integers(0, width - 8)
        mask[top : top + random.integers(2, height // 2), left : left + random.integers(2, width // 2)] = 1
    return mask


def as_text(mask: np.ndarray) -> dict[str, Any]:
    found = reference.encode(np.asfortranarray(mask))
    return {"size": list(found["size"]), "counts": found["counts"].decode()}


def generated(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Ten images named out of the order of their ids, with masks that overlap and scores that tie."""
    random = np.random.default_rng(seed)
    boxes = [
        (int(random.integers(10)), int(random.integers(2)), [0.0, 0.0, 1.0, 1.0], bool(random.random() < 0.15))
        for _ in range(40)
    ]
    truth = oracle.coco_truth([(120, 100)] * 10, boxes, 2)
    random.shuffle(truth["images"])
    results = []
    for annotation in truth["annotations"]:
        mask = random_mask(random, 100, 120)
        annotation |= {"segmentation": as_text(mask), "area": float(mask.sum())}
        for _ in range(2):
            near = np.roll(mask, random.integers(-3, 4, 2), (0, 1))
            results.append(
                {
                    "image_id": annotation["image_id"],
                    "category_id": annotation["category_id"],
                    "segmentation": as_text(near),
                    "score": float(random.integers(1, 6) / 6),
                }
            )
    return truth, results


@pytest.mark.parametrize("seed", range(5))
def test_generated_masks_score_as_in_pycocotools_in_either_form(tmp_path: Path, seed: int) -> None:
    truth, results = generated(seed)
    expected = pycocotools_figures(truth, results)
    assert np.isfinite(expected).sum() >= 9
    run = oracle.open_coco(tmp_path, truth, results)
    assert figures(run) == pytest.approx(expected, abs=1e-9, nan_ok=True)
    for record in [*truth["annotations"], *results]:
        record["segmentation"]["counts"] = runs_of(reference.decode(record["segmentation"]))
    assert figures(oracle.open_coco(tmp_path, truth, results)) == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_no_predictions_at_all_score_0(tmp_path: Path) -> None:
    truth, _ = generated(0)
    found = oracle.open_coco(tmp_path, truth, []).mask_summary()
    assert found[["AP", "AR_100", "invalid"]].iloc[0].tolist() == [0, 0, 0]


def test_iou_of_pairs_equals_counted_pixels() -> None:
    random = np.random.default_rng(2)
    masks = [random_mask(random) for _ in range(30)]
    compressed = [compressed_mask(as_text(mask), 40, 50) for mask in masks]
    prediction = np.repeat(np.arange(12), 3)
    truth = random.integers(0, 18, len(prediction))
    crowd = random.random(18) < 0.3
    expected = []
    for p, t in zip(prediction, truth, strict=True):
        shared = np.logical_and(masks[p], masks[12 + t]).sum()
        whole = masks[p].sum() if crowd[t] else np.logical_or(masks[p], masks[12 + t]).sum()
        expected.append(shared / whole)
    found = mask_iou_pairs(prediction, truth, compressed[:12], compressed[12:], crowd)
    assert found.tolist() == pytest.approx(expected, abs=1e-15)
    assert (found > 0).sum() > 10
    none = np.empty(0, np.int64)
    assert mask_iou_pairs(none, none, [], [], np.empty(0, bool)).shape == (0,)


@CASES
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 6), st.data())
def test_compressed_text_is_checked_before_it_is_used(bits: list[bool], height: int, data: st.DataObject) -> None:
    """What pycocotools wrote is taken as it is; changed text is refused, or still fills the image."""
    mask = np.resize(np.array(bits, np.uint8), (height, len(bits)))
    written = as_text(mask)
    assert reference.decode(compressed_mask(written, *mask.shape)).tolist() == mask.tolist()
    place = data.draw(st.integers(0, len(written["counts"]) - 1))
    letter = data.draw(st.characters(max_codepoint=300))
    changed = written["counts"][:place] + letter + written["counts"][place + data.draw(st.integers(0, 2)) :]
    try:
        found = compressed_mask({**written, "counts": changed}, *mask.shape)
    except ValueError:
        return
    again = reference.decode(found)
    assert as_text(again)["size"] == list(mask.shape)
    assert 0 <= again.sum() <= mask.size


@pytest.mark.parametrize(
    ("mask", "problem"),
    [
        ("text", "expected polygons, or size and counts"),
        ([], "expected polygons, or size and counts"),
        ([1, 2, 3, 4, 5, 6], "expected polygons, or size and counts"),
        ([[1, 2, 3, 4]], "3 points or more, x and y each, got 4 numbers"),
        ([[1, 2, 3, 4, 5, 6, 7]], "got 7 numbers"),
        ([[1, 2, 3, 4, 5, "6"]], "numbers up to 100000, got '6'"),
        ([[1, 2, 3, 4, 5, float("nan")]], "numbers up to 100000, got nan"),
        ([[1, 2, 3, 4, 5, 1e9]], "numbers up to 100000, got 1000000000.0"),
        ([[1, 2, 3, 4, 5, 10**400]], "numbers up to 100000, got 1000"),
        ({"size": [1 << 20, 1 << 20], "counts": [1 << 40]}, "size: expected no more than 2147483647 pixels"),
        ({"counts": "04"}, "size: expected height and width, got None"),
        ({"size": [0, 2], "counts": "04"}, r"size: expected height and width, got \[0, 2\]"),
        ({"size": [2, 2], "counts": None}, "counts: expected a list or text"),
        ({"size": [2, 2], "counts": [1, -1, 4]}, "whole numbers of 0 or more"),
        ({"size": [2, 2], "counts": [1, 2]}, "runs of 4 pixels in all, got 3"),
        ({"size": [2, 2], "counts": ""}, "expected compressed runs"),
        ({"size": [2, 2], "counts": "é"}, "runs of 4 pixels in all|expected compressed runs"),
        ({"size": [2, 2], "counts": "05"}, "runs of 4 pixels in all, got 5"),
        ({"size": [2, 2], "counts": "0T"}, "expected compressed runs"),
        ({"size": [2, 2], "counts": "0O5"}, "runs of 0 pixels or more"),
        ({"size": [2, 2], "counts": "oooooooo0"}, "no more than 32 bits"),
    ],
)
def test_masks_that_cannot_be_used(mask: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        compressed_mask(mask, 2, 2)
    with pytest.raises(ValueError, match=problem):
        mask_box(mask)


def test_a_mask_of_another_size_than_its_image() -> None:
    """pycocotools gives such a pair an IoU of -1 and says nothing."""
    with pytest.raises(ValueError, match=r"expected size \[3, 2\], the image's height and width, got \[2, 2\]"):
        compressed_mask({"size": [2, 2], "counts": [4]}, 3, 2)


def test_the_box_of_polygons_is_around_their_points() -> None:
    assert mask_box([[1, 2, 5, 2, 5, 6], [4, 1, 9, 1, 9, 3]]) == ([1, 1, 8, 5], None)


@pytest.fixture
def small() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    truth = oracle.coco_truth([(50, 40)], [(0, 0, [0.0, 0.0, 20.0, 20.0], False)], 1)
    truth["annotations"][0]["segmentation"] = [[0, 0, 20, 0, 20, 20, 0, 20]]
    found = {"image_id": 1, "category_id": 1, "bbox": [0.0, 0.0, 20.0, 20.0], "score": 0.5}
    return truth, [{**found, "segmentation": [[0, 0, 20, 0, 20, 19, 0, 19]]}]


def test_predictions_without_a_usable_mask_are_counted_and_left_out(
    tmp_path: Path, small: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    truth, results = small
    broken = {**results[0], "segmentation": {"size": [40, 50], "counts": [7]}, "score": 0.9}
    bare = {name: value for name, value in broken.items() if name != "segmentation"}
    run = oracle.open_coco(tmp_path, truth, [broken, bare, *results])
    found = run.mask_summary()
    assert found["invalid"].tolist() == [2]
    assert found["AP_50"].tolist() == pytest.approx([1])
    # their boxes are none the worse
    assert run.summary()["invalid"].tolist() == [0]
    broken.pop("bbox")
    run = oracle.open_coco(tmp_path, truth, [broken, *results])
    matches = run.matches()
    assert matches["status"].tolist() == ["matched", "invalid"]
    assert matches["parse_state"].tolist() == ["ok", "unparsable"]
    assert run.mask_summary()["invalid"].tolist() == [1]


def test_a_step_without_masks_has_no_figures(
    tmp_path: Path, small: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    truth, results = small
    results[0]["segmentation"] = []
    found = oracle.open_coco(tmp_path, truth, results).mask_summary()
    assert list(found) == ["step", *FIGURES, "invalid"]
    assert found.drop(columns="step").isna().all(axis=None)
    with pytest.raises(ew.FormatError, match=r"results.json: .* expected 'bbox'"):
        oracle.open_coco(
            tmp_path, truth, [{**results[0], "bbox": None, "segmentation": None}, {"image_id": 1, "category_id": 1}]
        ).load()


def test_ground_truth_masks_are_looked_at_only_when_asked(
    tmp_path: Path, small: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    truth, results = small
    for segmentation, problem in (([[1, 2]], "3 points or more"), (None, "found none")):
        truth["annotations"][0]["segmentation"] = segmentation
        run = oracle.open_coco(tmp_path, truth, results)
        assert run.summary()["true_positives"].tolist() == [1]
        with pytest.raises(ew.FormatError, match=f"ground truth of 1.jpg, item 1: segmentation: .*{problem}"):
            run.mask_summary()


def test_masks_need_the_size_of_the_image(tmp_path: Path, small: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    truth, results = small
    truth["images"] = [{"id": 1, "file_name": "1.jpg"}]
    with pytest.raises(ew.EvalWidgetError, match=r"masks: the size of 1\.jpg is not known"):
        oracle.open_coco(tmp_path, truth, results).mask_summary()


def test_without_pycocotools_the_error_names_the_extra(
    tmp_path: Path, small: tuple[dict[str, Any], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = oracle.open_coco(tmp_path, *small)
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    assert run.summary()["true_positives"].tolist() == [1]
    with pytest.raises(ew.EvalWidgetError, match=r"pip install 'evalwidget\[masks\]'"):
        run.mask_summary()
