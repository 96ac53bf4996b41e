"""COCO's tables: names and types of columns, sums that agree with the other tables, thresholds, and errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalwidget as ew
from evalwidget.errors import EvalWidgetError

Write = Callable[..., Path]
FIGURES = [
    *("AP", "AP_50", "AP_75", "AP_small", "AP_medium", "AP_large"),
    *("AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large"),
]
COUNTS = ["ground_truth", "predictions", "true_positives", "false_positives", "false_negatives"]


def line(image: str, *boxes: tuple[str, list[float], float | None]) -> dict[str, Any]:
    """A line of JSONL with (label, box, score)."""
    content = [
        {"label": label, "box": box} | ({} if score is None else {"score": score}) for label, box, score in boxes
    ]
    return {"image": image, "width": 200, "height": 200, "boxes": content}


@pytest.fixture
def run(write_run: Write) -> ew.Run:
    """Two cats and a dog; at step 5 one cat is found well, one at IoU 0.6, and a bird; step 10 only sees b.jpg."""
    truth = [
        line("a.jpg", ("cat", [0, 0, 10, 10], None), ("cat", [50, 50, 90, 90], None)),
        line("b.jpg", ("dog", [0, 0, 100, 100], None)),
    ]
    at_5 = [
        line("a.jpg", ("cat", [0, 0, 10, 6], 0.9), ("cat", [50, 50, 90, 90], 0.8), ("bird", [0, 0, 9, 9], 0.3)),
        line("b.jpg"),
    ]
    return ew.open_run(write_run(truth, {5: at_5, 10: [line("b.jpg", ("dog", [0, 0, 100, 100], 0.2))]}))


def test_coco_summary_by_hand(run: ew.Run) -> None:
    summary = run.coco_summary()
    assert list(summary) == ["step", *FIGURES]
    assert summary["step"].tolist() == [5, 10]
    assert (summary[FIGURES].dtypes == np.float64).all()
    assert summary["step"].dtype == np.int64
    by_step = summary.set_index("step")
    # the first cat is found at 3 of 10 thresholds; above them it is a false positive that comes first: AP is 51
    # points of recall at 1/2; the dog is not found at all
    cat = (3 * 1 + 7 * 51 / 101 / 2) / 10
    assert by_step.loc[5, "AP"] == pytest.approx((cat + 0) / 2)
    assert by_step.loc[5, "AP_50"] == pytest.approx((1 + 0) / 2)
    assert by_step.loc[5, "AR_100"] == pytest.approx(((3 * 1 + 7 * 0.5) / 10 + 0) / 2)
    # a.jpg was not evaluated at step 10, so that its cats are not missed there
    assert by_step.loc[10, ["AP", "AR_1", "AP_large", "AR_large"]].tolist() == pytest.approx([1] * 4)
    assert by_step.loc[10, ["AP_small", "AP_medium", "AR_small", "AR_medium"]].isna().all()


def test_classes_by_hand(run: ew.Run) -> None:
    classes = run.classes()
    assert list(classes) == ["step", "phrase", *COUNTS, "precision", "recall", "f1", "mean_iou", *FIGURES]
    assert classes[["step", "phrase"]].to_numpy().tolist() == [
        [5, "cat"],
        [5, "dog"],
        [5, "bird"],
        [10, "cat"],
        [10, "dog"],
    ]
    assert isinstance(classes["phrase"].dtype, pd.CategoricalDtype)
    assert isinstance(classes.index, pd.RangeIndex)
    assert (classes[COUNTS].dtypes == pd.Int64Dtype()).all()
    assert (classes[["precision", "recall", "f1", "mean_iou", *FIGURES]].dtypes == np.float64).all()
    assert classes[COUNTS].to_numpy().tolist() == [
        [2, 2, 2, 0, 0],
        [1, 0, 0, 0, 1],
        [0, 1, 0, 1, 0],
        [0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0],
    ]
    cat, dog, bird, unseen, _ = classes.to_dict("records")
    assert (cat["precision"], cat["recall"], cat["f1"]) == (1, 1, 1)
    assert cat["mean_iou"] == pytest.approx(0.8)
    assert cat["AP_75"] == pytest.approx(51 / 101 / 2)
    assert np.isnan(dog["precision"])
    assert (dog["recall"], dog["AP"]) == (0, 0)
    assert (bird["precision"], np.isnan(bird["recall"]), np.isnan(bird["AP"])) == (0, True, True)
    assert all(np.isnan(unseen[name]) for name in ("precision", "recall", "f1", "AP", "AR_100"))


def test_thresholds_change_the_counts_of_classes_and_not_the_figures(run: ew.Run) -> None:
    usual, strict, sure = run.classes(5), run.classes(5, iou_threshold=0.75), run.classes(5, confidence_threshold=0.85)
    assert strict["true_positives"].tolist() == [1, 0, 0]
    assert strict["false_positives"].tolist() == [1, 0, 1]
    assert sure["phrase"].tolist() == usual["phrase"].tolist()
    assert sure["predictions"].tolist() == [1, 0, 0]
    assert sure["false_negatives"].tolist() == [1, 1, 0]
    for other in (strict, sure):
        pd.testing.assert_frame_equal(other[FIGURES], usual[FIGURES])


def test_counts_of_classes_add_up_to_the_summary(run: ew.Run) -> None:
    counts = COUNTS[2:]
    for thresholds in ({}, {"iou_threshold": 0.7}, {"confidence_threshold": 0.5}):
        sums = run.classes(**thresholds).groupby("step")[counts].sum()
        assert sums.to_numpy().tolist() == run.summary(**thresholds)[counts].to_numpy().tolist()


def test_curves_by_hand(run: ew.Run) -> None:
    curves = run.curves(5, iou_threshold=0.75)
    assert list(curves) == ["step", "phrase", "recall", "precision", "score"]
    assert curves["step"].dtype == np.int64
    assert isinstance(curves["phrase"].dtype, pd.CategoricalDtype)
    assert (curves[["recall", "precision", "score"]].dtypes == np.float64).all()
    assert curves["phrase"].value_counts(sort=False).to_dict() == {"cat": 101, "dog": 101, "bird": 0}
    cat = curves[curves["phrase"] == "cat"]
    assert cat["precision"].tolist() == pytest.approx([0.5] * 51 + [0] * 50)
    assert cat["score"].iloc[:51].tolist() == [0.9] + [0.8] * 50
    assert cat["score"].iloc[51:].isna().all()
    dog = curves[curves["phrase"] == "dog"]
    assert dog["precision"].tolist() == [0] * 101
    assert dog["score"].isna().all()


def test_the_mean_of_a_curve_is_the_average_precision(run: ew.Run) -> None:
    for threshold, name in ((0.5, "AP_50"), (0.75, "AP_75")):
        means = run.curves(iou_threshold=threshold).groupby(["step", "phrase"], observed=True)["precision"].mean()
        expected = run.classes().set_index(["step", "phrase"])[name].dropna()
        assert means.to_dict() == pytest.approx(expected.to_dict())


def test_a_prediction_without_a_score_has_none_on_the_curve(write_run: Write) -> None:
    boxes = line("a.jpg", ("cat", [0, 0, 10, 10], None))
    curves = ew.open_run(write_run([boxes], {1: [boxes]})).curves()
    assert curves["precision"].tolist() == pytest.approx([1] * 101)
    assert curves["score"].isna().all()


def test_matches_are_the_same_before_and_after_the_figures(run: ew.Run) -> None:
    before = run.matches()
    again = ew.Run(run._data)
    again.coco_summary()
    pd.testing.assert_frame_equal(again.matches(), before)


def test_steps_may_be_chosen_and_none_is_an_empty_table(run: ew.Run) -> None:
    assert run.coco_summary([10, 5, 10])["step"].tolist() == [10, 5, 10]
    assert run.classes(10)["step"].tolist() == [10, 10]
    for table in (run.coco_summary([]), run.classes([]), run.curves([])):
        assert len(table) == 0
        assert table.columns[0] == "step"
    with pytest.raises(EvalWidgetError, match="step 7 is not recorded"):
        run.coco_summary(7)
    with pytest.raises(EvalWidgetError, match="iou_threshold"):
        run.curves(iou_threshold=0)


def test_a_run_of_texts_has_no_figures_of_boxes(write_run: Write) -> None:
    truth = [{"image": "a.jpg", "questions": [{"question": "How many?", "answer": "1"}]}]
    run = ew.open_run(write_run(truth, {1: [{"image": "a.jpg", "questions": [{"answer": "1"}]}]}))
    for table in (run.coco_summary, run.classes, run.curves):
        with pytest.raises(EvalWidgetError, match="visual question answering"):
            table()


def test_without_ground_truth_every_figure_is_missing(write_run: Write) -> None:
    run = ew.open_run(write_run(None, {1: [line("a.jpg", ("cat", [0, 0, 10, 10], 0.5))]}))
    assert run.coco_summary()[FIGURES].isna().all(axis=None)
    assert run.classes()[COUNTS].to_numpy().tolist() == [[0] * 5]
    assert len(run.curves()) == 0
