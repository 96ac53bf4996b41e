"""Why a detector is wrong: TIDE's error types, and what AP would gain if each were fixed, at several steps at once.

Source: Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors" (2020), and
its implementation, tidecv 1.0.1 (``quantify.py``, ``errors/main_errors.py``, ``ap.py``).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.average_precision import average_precision, mean_over_classes
from evalwidget.metrics.box_tables import PredictionBlock, TruthTable
from evalwidget.metrics.candidate_pairs import candidate_pairs
from evalwidget.metrics.score_order import certainty, integer_order, score_order

__all__ = [
    "ERROR_TYPES",
    "SPECIAL_ERRORS",
    "BlockErrors",
    "BlockOutcomes",
    "ap_gains",
    "classify_errors",
    "error_counts",
]

#: TIDE's main errors. The first five are of false positives, the last is of ground truth boxes.
ERROR_TYPES: Final = ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss")
CLS, LOC, BOTH, DUPE, BKG, MISS = range(len(ERROR_TYPES))

#: TIDE's special errors: all false positives, and all ground truth boxes that are not found.
SPECIAL_ERRORS: Final = ("FalsePos", "FalseNeg")


@dataclass(frozen=True, slots=True)
class BlockOutcomes:
    """What became of a block: ``true_positive`` ``(m,)``, all other predictions are false positives; and of the ground
    truth ``(steps, n)``, in the order of ``TruthTable``, the boxes ``sought`` at each step and those ``found``."""

    true_positive: NDArray[np.bool_]
    sought: NDArray[np.bool_]
    found: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BlockErrors:
    """Errors of the ``m`` predictions of a block and of the ``n`` ground truth boxes at each of its steps.

    ``error`` ``(m,)`` is the place in ``ERROR_TYPES``, -1 for a true positive. ``target`` ``(m,)`` is the ground truth
    box that a Cls or Loc error is about (-1: anything else). ``fixable`` ``(m,)`` is true where fixing that error would
    find its target: nothing else is matched with it, and no other Cls or Loc error about it has a higher score.
    ``missed`` ``(steps, n)`` are the boxes that nothing is matched with and no Cls or Loc error is about.
    """

    error: NDArray[np.int8]
    target: NDArray[np.int64]
    fixable: NDArray[np.bool_]
    missed: NDArray[np.bool_]


def classify_errors(
    truth: TruthTable,
    block: PredictionBlock,
    outcomes: BlockOutcomes,
    iou_threshold: float,
    background_threshold: float,
) -> BlockErrors:
    """Errors of a block's false positives, held against the ground truth, ignored boxes left out.

    The first that holds names the error, in tidecv's order:

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
    first, boxes = truth.all_classes(block.specimen)
    boxes = np.where(outcomes.true_positive, 0, boxes)
    pairs = candidate_pairs(block.boxes, first, boxes, truth.boxes, truth.crowd, background_threshold)
    kept = np.flatnonzero(~truth.ignored[0][pairs.truth])
    prediction, box, iou = pairs.prediction[kept], pairs.truth[kept], pairs.iou[kept]
    is_same = block.class_[prediction] == truth.class_[box]
    count = len(block.score)
    same, same_box = _highest(prediction[is_same], box[is_same], iou[is_same], count, truth)
    other, other_box = _highest(prediction[~is_same], box[~is_same], iou[~is_same], count, truth)
    duplicate = np.zeros(count, np.bool_)
    duplicate[prediction[is_same & (iou >= iou_threshold) & outcomes.found[block.step[prediction], box]]] = True
    # from the last of the list to the first, so that what comes earlier overrules
    error = np.full(count, BOTH, np.int8)
    error[np.maximum(same, other) <= background_threshold] = BKG
    error[duplicate] = DUPE
    error[other >= iou_threshold] = CLS
    error[(same >= background_threshold) & (same <= iou_threshold)] = LOC
    error[outcomes.true_positive] = -1
    target = np.where(error == LOC, same_box, np.where(error == CLS, other_box, -1))
    about = np.flatnonzero(target >= 0)
    about = about[~outcomes.found[block.step[about], target[about]]]
    step, box = block.step[about], target[about]
    missed = outcomes.sought & ~outcomes.found
    missed[step, box] = False
    by_score = about[score_order(certainty(block.score[about]))]
    best = np.empty(missed.shape, np.int64)
    # of several about one box the last to be written is the best
    best[block.step[by_score[::-1]], target[by_score[::-1]]] = by_score[::-1]
    fixable = np.zeros(count, np.bool_)
    fixable[best[step, box]] = True
    return BlockErrors(error, target, fixable, missed)


def error_counts(block: PredictionBlock, outcomes: BlockOutcomes, errors: BlockErrors) -> NDArray[np.int64]:
    """How many there are ``(8, steps)`` of each of ``ERROR_TYPES``, then of ``SPECIAL_ERRORS``."""
    wrong = np.flatnonzero(~outcomes.true_positive)
    kinds = np.bincount(block.step[wrong] * MISS + errors.error[wrong], minlength=block.steps * MISS)
    false_positives = kinds.reshape(block.steps, MISS).T
    false_negatives = (outcomes.sought & ~outcomes.found).sum(axis=1)
    return np.vstack([false_positives, errors.missed.sum(axis=1), false_positives.sum(axis=0), false_negatives])


def ap_gains(
    truth: TruthTable, block: PredictionBlock, outcomes: BlockOutcomes, errors: BlockErrors
) -> NDArray[np.float64]:
    """Gains of AP ``(8, steps)``, 0 to 1, each of ``ERROR_TYPES`` and ``SPECIAL_ERRORS`` fixed alone; NaN without AP.

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
    classes = len(truth.classes) + 1
    segments = block.steps * classes
    segment = block.step * classes + block.class_
    by_score = score_order(certainty(block.score))

    def ordered(segment: NDArray[np.int64]) -> NDArray[np.int64]:
        return by_score[integer_order(segment[by_score], segments)]

    def boxes(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        step, box = np.nonzero(chosen)
        return np.bincount(step * classes + truth.class_[box], minlength=segments)

    def mean_ap(
        segment: NDArray[np.int64],
        order: NDArray[np.int64],
        true_positive: NDArray[np.bool_],
        positives: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        ap = average_precision(segment[order], true_positive[order], positives)
        return mean_over_classes(ap.reshape(block.steps, classes))

    order, sought, true_positive = ordered(segment), boxes(outcomes.sought), outcomes.true_positive
    after = []
    for kind in range(MISS):
        is_kind = errors.error == kind
        fixed = np.flatnonzero(is_kind & errors.fixable)
        new_segment, new_order, is_true = segment, order, true_positive.copy()
        is_true[fixed] = True
        if kind == CLS:
            new_segment = segment.copy()
            new_segment[fixed] = block.step[fixed] * classes + truth.class_[errors.target[fixed]]
            new_order = ordered(new_segment)
        is_kept = is_true | ~is_kind
        after.append(mean_ap(new_segment, new_order[is_kept[new_order]], is_true, sought))
    after.append(mean_ap(segment, order, true_positive, sought - boxes(errors.missed)))
    after.append(mean_ap(segment, order[true_positive[order]], true_positive, sought))
    after.append(mean_ap(segment, order, true_positive, boxes(outcomes.found)))
    return np.array(after) - mean_ap(segment, order, true_positive, sought)


def _highest(
    prediction: NDArray[np.int64], box: NDArray[np.int64], iou: NDArray[np.float64], count: int, truth: TruthTable
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The highest IoU of each of ``count`` predictions (0: no pair) and the box that has it (-1), of several the first
    of the source."""
    highest, first = np.zeros(count), np.full(count, len(truth), np.int64)
    np.maximum.at(highest, prediction, iou)
    has_it = np.flatnonzero(iou == highest[prediction])
    np.minimum.at(first, prediction[has_it], truth.row[box[has_it]])
    box_of_row = np.full(len(truth) + 1, -1, np.int64)
    box_of_row[truth.row] = np.arange(len(truth))
    return highest, box_of_row[first]
