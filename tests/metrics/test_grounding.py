"""Phrase figures equal MDETR's and gRefCOCO's evaluators, recorded in grounding_official.json."""

import json
from pathlib import Path

import numpy as np
import pytest

from evalwidget.metrics.grounding import enclosing_boxes, giou_of_pairs, phrase_figures

RECORDED = json.loads((Path(__file__).parents[1] / "references" / "grounding_official.json").read_text("utf-8"))
CASES = RECORDED["cases"]


def figures(cases: list[dict], kept_from: float = 0.0) -> dict[str, np.ndarray]:
    """Our figures of all cases at once, the rows of their boxes in no order."""
    truth = [(place, box) for place, case in enumerate(cases) for box in case["truth"]]
    found = [
        (place, box, score)
        for place, case in enumerate(cases)
        for box, score in zip(case["predictions"], case["scores"], strict=True)
        if score >= kept_from
    ]
    mixed = np.random.default_rng(1)
    mixed.shuffle(truth)
    mixed.shuffle(found)
    return phrase_figures(
        np.array([row[0] for row in truth], np.int64),
        np.array([row[1] for row in truth], np.float64).reshape(-1, 4),
        np.array([row[0] for row in found], np.int64),
        np.array([row[1] for row in found], np.float64).reshape(-1, 4),
        np.array([row[2] for row in found], np.float64),
        len(cases),
        0.5,
    ).columns


@pytest.mark.parametrize(("protocol", "prefix"), [("any", ""), ("merged", "merged_")])
def test_recall_equals_mdetr(protocol: str, prefix: str) -> None:
    found = figures(CASES)
    expected = np.array([case[protocol] for case in CASES])
    assert len(CASES) == 400
    assert 0.2 < expected[:, 0].mean() < expected[:, 2].mean() < 1
    for place, most in enumerate((1, 5, 10)):
        np.testing.assert_array_equal(found[f"{prefix}recall_at_{most}"], expected[:, place])


def test_accuracy_by_giou_equals_mdetr() -> None:
    found = figures(CASES)
    expected = [case.get("giou", np.nan) for case in CASES]
    np.testing.assert_array_equal(found["accuracy_at_50_giou"], expected)
    one = ~np.isnan(expected)
    assert 100 < one.sum() < 300
    np.testing.assert_array_equal(found["accuracy_at_50"][one], found["recall_at_1"][one])
    assert (found["accuracy_at_50"][one] > found["accuracy_at_50_giou"][one]).any()
    assert np.isnan(found["accuracy_at_50"][~one]).all()


@pytest.mark.parametrize("name", ["grec", "grec_giou"])
def test_grec_accuracy_equals_grefcoco(name: str) -> None:
    found = figures(CASES, RECORDED["kept_from"])
    expected = [case[name] for case in CASES]
    assert 80 < sum(expected) < 350
    np.testing.assert_array_equal(found[f"{name}_accuracy"], expected)
    np.testing.assert_array_equal(found[f"{name}_f1"] == 1, np.array(expected) == 1)


def test_greedy_pairing_takes_the_best_pair_first() -> None:
    case = {
        "truth": [[0, 0, 10, 10], [0, 0, 10, 6]],
        "predictions": [[0, 0, 10, 9], [0, 0, 10, 10]],
        "scores": [0.9, 0.8],
    }
    # the better scored prediction is nearest to the box that the other one fits exactly, and makes do with the second
    assert figures([case])["grec_f1"].tolist() == [1.0]
    case["predictions"] = [[0, 0, 10, 10], [0, 0, 10, 20]]
    assert figures([case])["grec_f1"].tolist() == [0.5]


def test_iou_of_the_first_prediction() -> None:
    case = {"truth": [[0, 0, 10, 10], [20, 0, 30, 10]], "predictions": [[0, 0, 10, 10], [0, 0, 10, 5]]}
    found = figures([case | {"scores": [0.2, 0.9]}, case | {"predictions": [], "scores": []}])
    assert found["iou"].tolist() == [0.5, pytest.approx(np.nan, nan_ok=True)]
    assert found["merged_iou"].tolist() == [50 / 300, pytest.approx(np.nan, nan_ok=True)]
    assert found["recall_at_1"].tolist() == [1, 0]
    assert found["merged_recall_at_10"].tolist() == [0, 0]
    assert found["grec_f1"].tolist() == [0.5, 0]


def test_giou_by_hand() -> None:
    a = np.array([[0, 0, 10, 10]] * 4, np.float64)
    b = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [20, 0, 30, 10], [5, 5, 15, 15]], np.float64)
    assert giou_of_pairs(a, b) == pytest.approx([1, 0, -1 / 3, 25 / 175 - 50 / 225])


def test_enclosing_boxes() -> None:
    boxes = np.array([[0, 5, 10, 10], [3, 1, 4, 2], [7, 7, 8, 8]], np.float64)
    around = enclosing_boxes(boxes, np.array([1, 1, 0]), 3)
    assert around[:2].tolist() == [[7, 7, 8, 8], [0, 1, 10, 10]]
    assert np.isnan(around[2]).all()


def test_nothing_at_all() -> None:
    nothing = np.empty(0, np.int64)
    found = phrase_figures(nothing, np.empty((0, 4)), nothing, np.empty((0, 4)), np.empty(0), 0, 0.5)
    assert all(values.shape == (0,) for values in found.columns.values())
