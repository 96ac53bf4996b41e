"""Why a detector is wrong: TIDE's error types, and what AP would gain if each were fixed.

Source: Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors" (2020), and
its implementation, tidecv 1.0.1 (``quantify.py``, ``errors/main_errors.py``, ``ap.py``).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.pairs import overlapping_pairs, rank_within

__all__ = [
    "ERROR_TYPES",
    "SPECIAL_ERRORS",
    "ErrorTable",
    "ap_gains",
    "classify_errors",
    "mean_average_precision",
]

#: TIDE's main errors. The first five are of false positives, the last is of ground truth boxes.
ERROR_TYPES: Final = ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss")
CLS, LOC, BOTH, DUPE, BKG, MISS = range(len(ERROR_TYPES))

#: TIDE's special errors: all false positives, and all ground truth boxes that are not found.
SPECIAL_ERRORS: Final = ("FalsePos", "FalseNeg")

#: COCO's recall thresholds, as ``COCOeval`` makes them.
_RECALLS: Final = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """Errors of ``m`` false positives and ``n`` ground truth boxes.

    ``error`` ``(m,)`` is the place in ``ERROR_TYPES``. ``target`` ``(m,)`` is the ground truth box that a Cls or Loc
    error is about (-1: another error). ``fixable`` ``(m,)`` is true where fixing that error would find its target:
    nothing else is matched with it, and no other Cls or Loc error about it has a higher score. ``missed`` ``(n,)`` are
    the boxes that nothing is matched with and no Cls or Loc error is about.
    """

    error: NDArray[np.uint8]
    target: NDArray[np.int64]
    fixable: NDArray[np.bool_]
    missed: NDArray[np.bool_]


def classify_errors(
    truth_specimen: NDArray[np.int64],
    truth_label: NDArray[np.int32],
    truth_corners: NDArray[np.float64],
    truth_size: NDArray[np.float64],
    truth_matched: NDArray[np.bool_],
    specimen: NDArray[np.int64],
    label: NDArray[np.int32],
    corners: NDArray[np.float64],
    size: NDArray[np.float64],
    score: NDArray[np.float64],
    iou_threshold: float,
    background_threshold: float,
) -> ErrorTable:
    """Errors of ``m`` false positives, held against the ``n`` ground truth boxes, crowd regions left out.

    Corners ``(·, 4)`` and sizes ``(·, 2)`` are in pixels. The first that holds names the error, in tidecv's order:

    1. Loc: the highest IoU with a box of the same label, matched or not, is from ``background_threshold`` to
       ``iou_threshold``, both included;
    2. Cls: the highest IoU with a box of another label is at least ``iou_threshold``;
    3. Dupe: the IoU with a matched box of the same label is at least ``iou_threshold``;
    4. Bkg: no IoU is above ``background_threshold``; also where the specimen has no ground truth box;
    5. Both: what is left.

    Miss is a box that nothing is matched with and that no Loc or Cls error is about. Of boxes with the same IoU the
    first is meant; a NaN score counts as 1. Differences: which prediction matches which box is settled before, as COCO
    settles it, with 100 predictions of a specimen and label and the later of two boxes of the same IoU, where tidecv
    takes 100 of an image and the earlier box; predictions in a crowd region are no errors, as in tidecv's repository,
    while its release 1.0.1 counts them; hotcoco 1.3 takes the share of a prediction in a crowd region for its IoU with
    a box of the same label.
    """
    count = len(specimen)
    prediction, truth, iou = overlapping_pairs(
        specimen,
        corners,
        size,
        truth_specimen,
        truth_corners,
        truth_size,
        np.zeros(len(truth_specimen), np.bool_),
        background_threshold,
    )
    is_same = label[prediction] == truth_label[truth]
    same, same_truth = _highest(prediction[is_same], truth[is_same], iou[is_same], count)
    other, other_truth = _highest(prediction[~is_same], truth[~is_same], iou[~is_same], count)
    duplicate = np.zeros(count, np.bool_)
    duplicate[prediction[is_same & truth_matched[truth] & (iou >= iou_threshold)]] = True
    # from the last of the list to the first, so that what comes earlier overrules
    error = np.full(count, BOTH, np.uint8)
    error[np.maximum(same, other) <= background_threshold] = BKG
    error[duplicate] = DUPE
    error[other >= iou_threshold] = CLS
    error[(same >= background_threshold) & (same <= iou_threshold)] = LOC
    target = np.where(error == LOC, same_truth, np.where(error == CLS, other_truth, -1))
    fixable = np.zeros(count, np.bool_)
    open_rows = np.flatnonzero(target >= 0)
    open_rows = open_rows[~truth_matched[target[open_rows]]]
    fixable[open_rows] = rank_within(target[open_rows], score[open_rows]) == 0
    missed = ~truth_matched
    missed[target[open_rows]] = False
    return ErrorTable(error, target, fixable, missed)


def ap_gains(
    errors: ErrorTable,
    truth_label: NDArray[np.int32],
    truth_matched: NDArray[np.bool_],
    label: NDArray[np.int32],
    score: NDArray[np.float64],
    false_positive: NDArray[np.int64],
    labels: int,
) -> NDArray[np.float64]:
    """Gains of AP ``(8,)``, 0 to 1, each of ``ERROR_TYPES`` and ``SPECIAL_ERRORS`` fixed alone; NaN without AP.

    ``label`` and ``score`` ``(p,)`` are of all predictions that count, in the order that decides ties of score;
    ``false_positive`` ``(m,)`` are the rows among them that ``errors`` is about; ``labels`` is the number of labels.

    A Cls error that is ``fixable`` becomes a true positive of its target's label, a Loc error one of its own; where
    the target is found otherwise the prediction is removed, as it is for Both, Dupe and Bkg. Missed boxes are taken
    out of the ground truth. FalsePos removes all false positives, FalseNeg takes out all boxes that are not found.
    Source: the ``fix`` methods of tidecv 1.0.1.

    AP is COCO's: a label without ground truth has none and enters no mean, before the fix or after it. tidecv counts
    such a label as 0 where it has predictions, so its AP is lower, and its recall thresholds are ``i / 100``, a last
    bit from COCO's; with both as in COCO its gains are these. hotcoco 1.3 leaves a fixed Cls error with its own
    label, fixes several about one box, and adds true positives for missed boxes, so its gains differ for Cls, Loc and
    Miss; for Both, Dupe, Bkg and FalsePos they are the same, for FalseNeg where no label is missed altogether.
    """
    true_positive = np.ones(len(label), np.bool_)
    true_positive[false_positive] = False
    truths = np.bincount(truth_label, minlength=labels)
    before = mean_average_precision(label, score, true_positive, truths)
    gains = []
    for kind in range(MISS):
        rows = errors.error == kind
        fixed = rows & errors.fixable
        fixed_label, is_true = label.copy(), true_positive.copy()
        fixed_label[false_positive[fixed]] = truth_label[errors.target[fixed]]
        is_true[false_positive[fixed]] = True
        kept = np.ones(len(label), np.bool_)
        kept[false_positive[rows & ~fixed]] = False
        gains.append(mean_average_precision(fixed_label[kept], score[kept], is_true[kept], truths))
    without_missed = truths - np.bincount(truth_label[errors.missed], minlength=labels)
    gains.append(mean_average_precision(label, score, true_positive, without_missed))
    found = np.flatnonzero(true_positive)
    gains.append(mean_average_precision(label[found], score[found], true_positive[found], truths))
    matched = np.bincount(truth_label[truth_matched], minlength=labels)
    gains.append(mean_average_precision(label, score, true_positive, matched))
    return np.array(gains) - before


def mean_average_precision(
    label: NDArray[np.int32],
    score: NDArray[np.float64],
    true_positive: NDArray[np.bool_],
    truths: NDArray[np.int64],
) -> float:
    """AP, 0 to 1, at one IoU threshold: the mean over the labels that have ground truth, NaN where none has.

    ``p`` predictions that count, each a true positive or a false one; of equal scores the earlier row comes first, a
    NaN score counts as 1. ``truths`` ``(l,)`` is the number of ground truth boxes of each label. Precision is made to
    fall with recall and read at 101 recalls. Source: ``COCOeval.accumulate`` of pycocotools 2.0.11.
    """
    scored = np.flatnonzero(truths > 0)
    if not len(scored):
        return float("nan")
    rank = rank_within(label.astype(np.int64), score)
    order = np.lexsort((rank, label))
    order = order[true_positive[order]]
    of = label[order]
    found = np.bincount(of, minlength=len(truths))
    first = np.cumsum(found) - found
    nth = np.arange(len(order)) - first[of] + 1
    # between two true positives precision only falls, so its highest values stand at true positives
    precision = nth / (rank[order] + 1 + np.spacing(1))
    step = 1
    while step < found.max(initial=0):
        later = np.flatnonzero(of[:-step] == of[step:])
        precision[later] = np.maximum(precision[later], precision[later + step])
        step *= 2
    distinct, which = np.unique(truths[scored], return_inverse=True)
    needed = _needed_for_recall(distinct)[which]
    reached = needed <= found[scored][:, None]
    place = (first[scored][:, None] + needed - 1)[reached]
    return float(precision[place].sum() / (len(scored) * len(_RECALLS)))


def _needed_for_recall(truths: NDArray[np.int64]) -> NDArray[np.int64]:
    """True positives ``(k, 101)`` that each recall takes, at least 1, where there are ``truths`` ``(k,)`` boxes."""
    whole = truths[:, None]
    needed = np.ceil(_RECALLS * whole)
    # the product rounds; what counts is the quotient, as the reference compares it
    needed -= (needed - 1) / whole >= _RECALLS
    needed += needed / whole < _RECALLS
    return np.maximum(needed, 1).astype(np.int64)


def _highest(
    prediction: NDArray[np.int64], truth: NDArray[np.int64], iou: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The highest IoU of each of ``count`` predictions (0: no pair) and the first ground truth box that has it (-1)."""
    highest, first = np.zeros(count), np.full(count, -1, np.int64)
    np.maximum.at(highest, prediction, iou)
    has_it = np.flatnonzero(iou == highest[prediction])[::-1]
    first[prediction[has_it]] = truth[has_it]
    return highest, first
