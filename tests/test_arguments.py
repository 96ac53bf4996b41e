"""What callers give is checked before it is used, and the message says what was expected."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from changing_runs import FIRST, SECOND, TRUTH, boxes_run, texts_run

import evalwidget as ew


@pytest.fixture(scope="module")
def boxes() -> ew.Run:
    return boxes_run({"a": TRUTH, "b": TRUTH}, {"a": TRUTH, "b": []}, {"a": [("cat", FIRST), ("cow", SECOND)]})


NUMBER = "a number above 0 and up to 1"
SHARE = "a number, 0 to 1"
REFUSED: list[tuple[Callable[[ew.Run, Any], Any], str, str, list[Any]]] = [
    (lambda run, value: run.learning(iou_threshold=value), "iou_threshold", NUMBER, [0, 1.1, "x", None, True, np.nan]),
    (lambda run, value: run.churn(confidence_threshold=value), "confidence_threshold", SHARE, [-0.1, 2, "x", None]),
    (lambda run, value: run.changes(1, 2, moved_by=value), "moved_by", NUMBER, [0, "x", None, np.nan, 10**400]),
    (lambda run, value: run.learning(threshold=value), "threshold", "a finite number", ["x", True, np.inf, np.nan]),
    (lambda run, value: run.paired_test(1, 2, samples=value), "samples", "a whole number, 1 or more", [0, 1.5, True]),
    (lambda run, value: run.paired_test(1, 2, confidence=value), "confidence", NUMBER, [0, 95, "x", None, np.nan]),
    (lambda run, value: run.best_step(seed=value), "seed", "a whole number, 0 or more", [-1, 0.5, "x", None]),
    (lambda run, value: run.suspect_labels(last=value), "last", "a whole number, 2 or more", [1, 2.0, "x", True]),
    (lambda run, value: run.suspect_labels(agreement=value), "agreement", NUMBER, [0, "x", None, np.nan]),
    (lambda run, value: run.diagnose(near_iou=value), "near_iou", NUMBER, [0, 2, "x", None, np.nan]),
    (lambda run, value: run.diagnose(loose_ratio=value), "loose_ratio", "a number, 1 or more", [0, np.inf, "x"]),
]


@pytest.mark.parametrize(("call", "name", "expected", "values"), REFUSED, ids=[name for _, name, _, _ in REFUSED])
def test_a_number_that_cannot_be_is_refused(
    boxes: ew.Run, call: Callable[[ew.Run, Any], Any], name: str, expected: str, values: list[Any]
) -> None:
    for value in values:
        with pytest.raises(ew.EvalWidgetError) as raised:
            call(boxes, value)
        assert str(raised.value).startswith(f"{name}: expected {expected}, got "), value


def test_numbers_of_numpy_are_numbers(boxes: ew.Run) -> None:
    half, two = np.float32(0.5), np.int64(2)
    assert boxes.changes(np.int64(1), np.int32(2), moved_by=half, iou_threshold=half).equals(
        boxes.changes(1, 2, moved_by=0.5)
    )
    assert boxes.suspect_labels(last=two, agreement=half).equals(boxes.suspect_labels(2, 0.5))
    assert boxes.diagnose(np.array([1, 2]), near_iou=half, repeats=two).equals(boxes.diagnose(near_iou=0.5))
    asked = texts_run([("a", "Who?", "Ann")], {("a", "Who?"): "Ann"}, {("a", "Who?"): "Bob"})
    with pytest.raises(ew.EvalWidgetError, match="no answer with known references carries a confidence"):
        asked.calibration(bins=two)
    assert boxes.best_step(samples=two, seed=two).table.equals(boxes.best_step(samples=2, seed=2).table)


@pytest.mark.parametrize(
    ("step", "shown"), [(7, "7"), (np.int64(7), "7"), (1.5, "1.5"), ("1", "'1'"), ("12", "'12'"), (True, "True")]
)
def test_a_step_that_is_not_recorded(boxes: ew.Run, step: Any, shown: str) -> None:
    for ask in (boxes.diagnose, boxes.failure_modes, boxes.good_criteria, lambda step: boxes.changes(step, 2)):
        with pytest.raises(ew.UnknownNameError) as raised:
            ask(step)
        assert str(raised.value) == f"step {shown} is not recorded; the run has 1, 2"


@pytest.mark.parametrize("objects", ["cat", 3, {"cat"}, [3], [""], {"cat": "kitten"}, {"cat": None}, {"cat": [""]}])
def test_objects_are_names(boxes: ew.Run, objects: Any) -> None:
    with pytest.raises(ew.EvalWidgetError, match=r"objects: .*expected a .*list of names"):
        boxes.diagnose(objects=objects)
