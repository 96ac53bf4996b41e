"""Which labels are taken for which: predictions matched with ground truth boxes whatever the labels of the two."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.box_tables import PredictionBlock, TruthTable
from evalwidget.metrics.candidate_pairs import candidate_pairs
from evalwidget.metrics.coco_matching import effective_thresholds
from evalwidget.metrics.pairs import taken_in_turn
from evalwidget.metrics.score_order import certainty, score_order

__all__ = ["LabelFreeMatches", "match_across_labels"]


@dataclass(frozen=True, slots=True)
class LabelFreeMatches:
    """For each of ``m`` predictions the ground truth box ``truth`` ``(m,)`` it is matched with (-1: none), and
    ``in_crowd`` ``(m,)``: it is matched with none and lies in a crowd region of its own label."""

    truth: NDArray[np.int64]
    in_crowd: NDArray[np.bool_]


def match_across_labels(truth: TruthTable, block: PredictionBlock, iou_threshold: float) -> LabelFreeMatches:
    """Match a block's predictions with the ground truth boxes of their specimens at each step, whatever the labels.

    Of all pairs with an IoU of at least ``iou_threshold`` the best is taken, both its boxes are done, and so on. The
    best has the highest IoU; then comes a pair of one label; then the higher score (NaN counts as 1); then the earlier
    ground truth box and the earlier prediction. Crowd regions are matched with nothing.

    This is the protocol of Ultralytics' ``ConfusionMatrix`` with these differences: it asks for an IoU above the
    threshold; where the box that a prediction overlaps most goes to another, it does not try the next; labels and
    scores do not decide its ties; crowd regions are unknown to it. supervision's was the same and is now greedy as
    here, but takes all pairs of one label before any other. hotcoco 1.3 goes by score first, as COCO does within a
    label.
    """
    first, boxes = truth.all_classes(block.specimen)
    least_iou = float(effective_thresholds(np.array(iou_threshold)))
    pairs = candidate_pairs(block.boxes, first, boxes, truth.boxes, truth.crowd, least_iou)
    is_same, is_crowd = block.class_[pairs.prediction] == truth.class_[pairs.truth], truth.crowd[pairs.truth]
    in_crowd = np.zeros(len(block.score), np.bool_)
    in_crowd[pairs.prediction[is_same & is_crowd]] = True
    order = np.flatnonzero(~is_crowd)
    order = order[score_order(pairs.iou[order])]
    iou = pairs.iou[order]
    is_tied = np.zeros(len(order), np.bool_)
    is_tied[1:] = iou[1:] == iou[:-1]
    is_tied[:-1] |= is_tied[1:]
    tied = order[is_tied]
    prediction, row = pairs.prediction[tied], truth.row[pairs.truth[tied]]
    keys = (prediction, row, -certainty(block.score[prediction]), ~is_same[tied], -pairs.iou[tied])
    order[is_tied] = tied[np.lexsort(keys)]
    matched = taken_in_turn(
        pairs.prediction[order],
        # ground truth is there anew at each step
        pairs.truth[order] + block.step[pairs.prediction[order]] * len(truth),
        len(block.score),
        block.steps * len(truth),
    )
    has_box = matched >= 0
    matched[has_box] %= len(truth)
    return LabelFreeMatches(matched, in_crowd & ~has_box)
