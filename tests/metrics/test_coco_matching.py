"""Matching equals pycocotools box by box, and a loop written from the rules."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.metrics.coco_scoring import best_of_each_group

CASES = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])


def assert_as_reference(run: ew.Run, truth: dict[str, Any], results: list[dict[str, Any]]) -> None:
    found = oracle.frame_outcomes(run.matches())
    assert found == oracle.pycocotools_outcomes(truth, results)
    assert found == oracle.loop_outcomes(truth, results)


@pytest.mark.parametrize(
    ("truth_file", "result_file", "truths", "predictions"),
    [
        ("coco100/instances_val2014_100.json", "coco100/instances_val2014_fakebbox100_results.json", 839, 734),
        ("fce_small/gt_dataset.json", "fce_small/dt_dataset.json", 9, 9),
        ("hotcoco_edge/gt.json", "hotcoco_edge/dt.json", 5, 7),
        ("hotcoco_edge/edge_gt.json", "hotcoco_edge/edge_dt.json", 8, 10),
    ],
)
def test_real_data_match_as_in_pycocotools(
    real_data: Path, truth_file: str, result_file: str, truths: int, predictions: int
) -> None:
    truth, results = (json.loads((real_data / name).read_text()) for name in (truth_file, result_file))
    run = ew.open_run(ground_truth=real_data / truth_file, predictions={1: real_data / result_file})
    assert (len(truth["annotations"]), len(results)) == (truths, predictions)
    assert_as_reference(run, truth, results)


def test_annotation_id_0_is_an_id_like_any_other(real_data: Path) -> None:
    """pycocotools takes id 0 for "not matched"; with the ids moved up by one it agrees."""
    folder = real_data / "hotcoco_edge"
    truth, results = (json.loads((folder / name).read_text()) for name in ("zero_gt.json", "zero_dt.json"))
    run = ew.open_run(ground_truth=folder / "zero_gt.json", predictions={1: folder / "zero_dt.json"})
    assert run.summary()["true_positives"].tolist() == [3]
    for annotation in truth["annotations"]:
        annotation["id"] += 1
    assert_as_reference(run, truth, results)


def test_image_ids_as_text_and_as_numbers_are_the_same_ids(real_data: Path) -> None:
    """In this published pair ground truth writes "2299" and 2299, and the detections write 2299."""
    folder = real_data / "fce_small"
    truth, results = (json.loads((folder / f"{side}_ignore_test.json").read_text()) for side in ("gt", "dt"))
    assert {type(a["image_id"]) for a in truth["annotations"]} == {str, int}
    run = ew.open_run(ground_truth=folder / "gt_ignore_test.json", predictions={1: folder / "dt_ignore_test.json"})
    for record in [*truth["annotations"], *results]:
        record["image_id"] = 2299
    truth["images"][0]["id"] = 2299
    assert_as_reference(run, truth, results)


boxes = st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(0, 5)] * 2).map(lambda box: [10.0 * side for side in box])
placed = st.tuples(st.integers(0, 2), st.integers(0, 1), boxes)
scores = st.sampled_from([0.0, 0.25, 0.5, 0.5, 0.75, 1.0, -3.0, 7.5])


@CASES
@given(
    truths=st.lists(st.tuples(placed, st.sampled_from([False, False, False, True])), max_size=12),
    found=st.lists(st.tuples(placed, scores), max_size=14),
)
def test_boxes_that_tie_match_as_in_pycocotools(
    tmp_path_factory: pytest.TempPathFactory,
    truths: list[tuple[tuple[int, int, list[float]], bool]],
    found: list[tuple[tuple[int, int, list[float]], float]],
) -> None:
    """On a coarse grid, so that IoUs, scores and whole boxes are often equal, areas 0, images and classes empty."""
    truth = oracle.coco_truth([(100, 100)] * 3, [(*place, crowd) for place, crowd in truths], 2)
    results = [
        {"image_id": image + 1, "category_id": label + 1, "bbox": box, "score": score}
        for (image, label, box), score in found
    ]
    folder = tmp_path_factory.mktemp("coco")
    run = oracle.open_coco(folder, truth, results)
    assert_as_reference(run, truth, results)


@pytest.mark.parametrize("seed", range(6))
def test_crowded_images_match_as_in_pycocotools(tmp_path: Path, seed: int) -> None:
    """Hundreds of predictions of one class in an image: only the 100 best count, the others are ignored."""
    random = np.random.default_rng(seed)
    spread = (20.0, 100.0)[seed % 2]

    def box() -> list[float]:
        return [*random.uniform(0, spread, 2).round(1).tolist(), *random.uniform(5, 40, 2).round(1).tolist()]

    truth = oracle.coco_truth(
        [(200, 200)] * 3, [(0, int(random.integers(2)), box(), random.random() < 0.1) for _ in range(60)], 2
    )
    results = [
        {
            "image_id": int(random.integers(1, 3)),
            "category_id": int(random.random() < 0.2) + 1,
            "bbox": box(),
            "score": float(random.integers(0, 30) / 30),
        }
        for _ in range(500)
    ]
    run = oracle.open_coco(tmp_path, truth, results)
    assert_as_reference(run, truth, results)
    assert (run.matches()["status"] == "ignored").sum() >= 100


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.5, 0.75, 0.95, 1.0])
@pytest.mark.parametrize("confidence", [0.0, 0.4])
def test_thresholds_match_as_in_a_plain_loop(tmp_path: Path, threshold: float, confidence: float) -> None:
    random = np.random.default_rng(7)
    rows = [[float(v) for v in (*random.integers(0, 20, 2), *random.integers(1, 30, 2))] for _ in range(80)]
    truth = oracle.coco_truth([(50, 50)] * 2, [(row % 2, 0, box, row % 9 == 0) for row, box in enumerate(rows)], 1)
    results = [
        {"image_id": row % 2 + 1, "category_id": 1, "bbox": [x + row % 3, y, w, h], "score": row % 10 / 10}
        for row, (x, y, w, h) in enumerate(rows)
    ]
    run = oracle.open_coco(tmp_path, truth, results)
    found = oracle.frame_outcomes(run.matches(iou_threshold=threshold, confidence_threshold=confidence))
    # at IoU 1 pycocotools asks for 1 - 1e-10, so that rounding cannot part equal boxes
    assert found == oracle.loop_outcomes(truth, results, min(threshold, 1 - 1e-10), confidence)


def test_the_best_of_each_group_are_kept_and_ties_keep_their_order() -> None:
    group = np.array([1, 0, 1, 1, 0, 1])
    score = np.array([0.2, 0.5, 0.9, 0.2, 0.5, 1.0])
    assert best_of_each_group(group, score, 1).tolist() == [1, 5]
    assert best_of_each_group(group, score, 3).tolist() == [0, 1, 2, 4, 5]


def test_no_boxes_on_either_side_match_nothing(tmp_path: Path) -> None:
    box = [0.0, 0.0, 5.0, 5.0]
    boxless, boxed = oracle.coco_truth([(9, 9)], [], 1), oracle.coco_truth([(9, 9)], [(0, 0, box, False)], 1)
    result = {"image_id": 1, "category_id": 1, "bbox": box, "score": 0.5}
    for place, (truth, results, statuses) in enumerate(
        [(boxless, [], []), (boxless, [result], ["extra"]), (boxed, [], ["missed"])]
    ):
        (tmp_path / str(place)).mkdir()
        run = oracle.open_coco(tmp_path / str(place), truth, results)
        assert run.matches()["status"].tolist() == statuses
