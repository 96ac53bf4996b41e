"""What a step's errors are about: error types with what each costs, and labels taken for others, as arrays."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError
from evalwidget.evaluation import EXTRA, MATCHED, MISSED, Evaluation, Settings
from evalwidget.metrics.confusion import match_across_labels
from evalwidget.metrics.error_types import ERROR_TYPES, MISS, SPECIAL_ERRORS, ErrorTable, ap_gains, classify_errors

__all__ = [
    "BACKGROUND_THRESHOLD",
    "BoxErrors",
    "ErrorCosts",
    "LabelPairs",
    "box_errors",
    "check_has_boxes",
    "confused_labels",
    "error_costs",
]

#: TIDE's IoU up to which a prediction is of nothing but background.
BACKGROUND_THRESHOLD: Final = 0.1


@dataclass(frozen=True, slots=True)
class BoxErrors:
    """Errors of one step: places in ``ERROR_TYPES`` of its ``m`` predictions ``(m,)`` and of the ``n`` ground truth
    boxes ``(n,)``, -1 for none. ``table`` is of the ``counted`` predictions that are ``false_positive`` (rows of
    ``counted``) and of the ground truth boxes ``there``; these are rows of the step's predictions and of the ground
    truth, ``counted`` in COCO's order of images. ``matched`` are those ``there`` that a prediction finds."""

    error: NDArray[np.int8]
    truth_error: NDArray[np.int8]
    table: ErrorTable
    counted: NDArray[np.int64]
    false_positive: NDArray[np.int64]
    there: NDArray[np.int64]
    matched: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ErrorCosts:
    """Of ``ERROR_TYPES``, then of ``SPECIAL_ERRORS``: how many there are at one step, and the AP gained if they were
    fixed, ``(8,)``; NaN where no specimen is scored, gains also where there is no ground truth box."""

    counts: NDArray[np.float64]
    gains: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelPairs:
    """Labels that stand against each other at one step, ``k`` distinct pairs of ground truth and prediction with their
    count, -1 for background on either side. ``labels`` are all that the matrix is over, ground truth's first."""

    labels: NDArray[np.int64]
    ground_truth: NDArray[np.int64]
    prediction: NDArray[np.int64]
    count: NDArray[np.int64]
    is_scored: bool


def box_errors(evaluation: Evaluation, step: int, settings: Settings, background_threshold: float) -> BoxErrors:
    """TIDE's errors at one step, of the outcomes that ``Evaluation.boxes`` gives. Raises ``EvalWidgetError`` where the
    background threshold is not above 0 and up to the IoU threshold."""
    if not 0 < background_threshold <= settings.iou_threshold:
        raise EvalWidgetError(
            f"background_threshold: expected a number above 0 and up to the IoU threshold {settings.iou_threshold!r}, "
            f"got {background_threshold!r}"
        )
    data = evaluation.data
    found, truth = data.predictions(step).boxes, data.ground_truth.boxes
    outcomes = evaluation.boxes(step, settings)
    there = np.flatnonzero(np.isin(outcomes.truth_outcome, (MATCHED, MISSED)))
    counted = np.flatnonzero(np.isin(outcomes.outcome, (MATCHED, EXTRA)))
    order = data.specimens.coco_order()
    if order is not None:
        counted = counted[np.argsort(order[found.specimen[counted]], kind="stable")]
    false_positive = np.flatnonzero(outcomes.outcome[counted] == EXTRA)
    wrong = counted[false_positive]
    matched = outcomes.truth_outcome[there] == MATCHED
    table = classify_errors(
        truth.specimen[there],
        truth.label[there],
        truth.corners[there],
        truth.size[there],
        matched,
        found.specimen[wrong],
        found.label[wrong],
        found.corners[wrong],
        found.size[wrong],
        found.score[wrong],
        settings.iou_threshold,
        background_threshold,
    )
    error = np.full(len(found), -1, np.int8)
    error[wrong] = table.error
    truth_error = np.full(len(truth), -1, np.int8)
    truth_error[there[table.missed]] = MISS
    return BoxErrors(error, truth_error, table, counted, false_positive, there, matched)


def error_costs(evaluation: Evaluation, step: int, settings: Settings, background_threshold: float) -> ErrorCosts:
    """How many errors of each type one step has, and what each type costs. Raises as ``box_errors`` does."""
    errors = box_errors(evaluation, step, settings, background_threshold)
    data = evaluation.data
    if not (data.ground_truth.annotated & data.predictions(step).recorded).any():
        return ErrorCosts(*np.full((2, len(ERROR_TYPES) + len(SPECIAL_ERRORS)), np.nan))
    found = data.predictions(step).boxes
    counts = [
        *np.bincount(errors.table.error, minlength=MISS),
        errors.table.missed.sum(),
        len(errors.false_positive),
        (~errors.matched).sum(),
    ]
    gains = ap_gains(
        errors.table,
        data.ground_truth.boxes.label[errors.there],
        errors.matched,
        found.label[errors.counted],
        found.score[errors.counted],
        errors.false_positive,
        len(data.labels),
    )
    return ErrorCosts(np.array(counts, np.float64), gains)


def confused_labels(evaluation: Evaluation, step: int, settings: Settings) -> LabelPairs:
    """The pairs of labels at one step: of the boxes matched whatever their labels, and of each alone.

    Every ground truth box of a scored specimen stands in one pair, crowd regions left out; so does every usable
    prediction from the confidence threshold on, those that lie in a crowd region of their label left out.
    """
    data = evaluation.data
    found, truth = data.predictions(step).boxes, data.ground_truth.boxes
    scored = data.ground_truth.annotated & data.predictions(step).recorded
    there = np.flatnonzero(scored[truth.specimen])
    confident = ~(found.score < (settings.confidence_threshold or -np.inf))
    counted = np.flatnonzero(found.usable & confident & scored[found.specimen])
    matches = match_across_labels(
        truth.specimen[there],
        truth.label[there],
        truth.corners[there],
        truth.size[there],
        truth.crowd[there],
        found.specimen[counted],
        found.label[counted],
        found.corners[counted],
        found.size[counted],
        found.score[counted],
        settings.iou_threshold,
    )
    is_alone = ~truth.crowd[there]
    is_alone[matches.truth[matches.truth >= 0]] = False
    alone = truth.label[there[is_alone]]
    kept = np.flatnonzero(~matches.in_crowd)
    of = matches.truth[kept]
    actual = np.concatenate([np.where(of >= 0, np.append(truth.label[there], -1)[of], -1), alone])
    predicted = np.concatenate([found.label[counted[kept]], np.full(len(alone), -1)])
    pairs, count = np.unique(np.column_stack([actual, predicted]).astype(np.int64), axis=0, return_counts=True)
    settled = data.settled_labels
    # labels of predictions alone are numbered as their steps happened to be read
    others = sorted(set(predicted[predicted >= settled].tolist()), key=data.labels.names.__getitem__)
    labels = np.array([*range(settled), *others], np.int64)
    return LabelPairs(labels, pairs[:, 0], pairs[:, 1], count, bool(scored.any()))


def check_has_boxes(evaluation: Evaluation, what: str) -> None:
    """Raise ``EvalWidgetError`` where the run's items are questions: ``what`` is of boxes."""
    if evaluation.data.has_text:
        raise EvalWidgetError(f"{what}: expected a run of boxes, got {evaluation.data.task}")
