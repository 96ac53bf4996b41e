"""Which prediction finds which ground truth box: COCO's greedy matching, for all specimens and steps at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.overlap import iou_of_pairs

__all__ = ["MatchTable", "match_boxes", "pairs_of_groups", "rank_within"]


@dataclass(frozen=True, slots=True)
class MatchTable:
    """For each prediction ``(m,)`` the ground truth box it is matched with (-1: none), and the IoU with it (NaN)."""

    truth: NDArray[np.int64]
    iou: NDArray[np.float64]


def rank_within(group: NDArray[np.int64], score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place ``(m,)`` of each row in its group by descending score; ties keep their order, a NaN score counts as 1."""
    order = np.lexsort((-np.where(np.isnan(score), 1.0, score), group))
    start = np.concatenate([[True], np.diff(group[order]) != 0]) if len(group) else np.empty(0, np.bool_)
    place = np.arange(len(group))
    rank = np.empty(len(group), np.int64)
    rank[order] = place - np.maximum.accumulate(np.where(start, place, 0))
    return rank


def match_boxes(
    truth_group: NDArray[np.int64],
    truth_corners: NDArray[np.float64],
    truth_size: NDArray[np.float64],
    truth_crowd: NDArray[np.bool_],
    group: NDArray[np.int64],
    corners: NDArray[np.float64],
    size: NDArray[np.float64],
    rank: NDArray[np.int64],
    iou_threshold: float,
) -> MatchTable:
    """Match ``m`` predictions with ``n`` ground truth boxes of the same group (specimen and label, and step).

    In each group, the predictions choose in the order of ``rank`` the free ground truth box of highest IoU that is at
    least ``iou_threshold``, the later one on a tie; a crowd region is chosen only where no other box is left, and by
    any number of predictions. Source: ``COCOeval.evaluateImg`` of pycocotools 2.0.11, equal box by box for the area
    range "all". Every ground truth box prefers the prediction of lowest rank, so choosing in turn comes to the same as
    deferred acceptance, which runs in a few rounds over all groups at once.
    """
    matched = MatchTable(np.full(len(group), -1, np.int64), np.full(len(group), np.nan))
    pair_prediction, pair_truth = pairs_of_groups(group, truth_group)
    iou = iou_of_pairs(
        corners[pair_prediction],
        size[pair_prediction],
        truth_corners[pair_truth],
        truth_size[pair_truth],
        truth_crowd[pair_truth],
    )
    kept = np.flatnonzero(iou >= min(iou_threshold, 1 - 1e-10))
    pair_prediction, pair_truth, iou = pair_prediction[kept], pair_truth[kept], iou[kept]
    order = np.lexsort((-pair_truth, -iou, truth_crowd[pair_truth], pair_prediction))
    pair_prediction, pair_truth, iou = pair_prediction[order], pair_truth[order], iou[order]
    taken = _deferred_acceptance(pair_prediction, pair_truth, truth_crowd, rank, len(truth_group))
    matched.truth[pair_prediction[taken]] = pair_truth[taken]
    matched.iou[pair_prediction[taken]] = iou[taken]
    return matched


def pairs_of_groups(
    group: NDArray[np.int64], truth_group: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every (prediction, ground truth box) of one group."""
    truth_order = np.argsort(truth_group, kind="stable")
    sorted_truth = truth_group[truth_order]
    first = np.searchsorted(sorted_truth, group, "left")
    count = np.searchsorted(sorted_truth, group, "right") - first
    prediction = np.repeat(np.arange(len(group)), count)
    before = np.cumsum(count) - count
    return prediction, truth_order[np.arange(len(prediction)) + np.repeat(first - before, count)]


def _deferred_acceptance(
    prediction: NDArray[np.int64],
    truth: NDArray[np.int64],
    crowd: NDArray[np.bool_],
    rank: NDArray[np.int64],
    truths: int,
) -> NDArray[np.int64]:
    """The pairs that hold in the end; pairs are sorted by prediction, each prediction's in its order of preference.

    Each round every prediction without a box asks for the next it prefers; a box keeps the asker of lowest rank.
    """
    end = (
        np.append(np.flatnonzero(np.diff(prediction)) + 1, len(prediction))
        if len(prediction)
        else np.empty(0, np.int64)
    )
    pair = (
        np.concatenate([[0], end[:-1]]).astype(np.int64) if len(end) else end
    )  # the pair each prediction asks for next
    asker_rank = rank[prediction[pair]] if len(pair) else end
    holder = np.full(truths, -1, np.int64)
    held = np.full(len(pair), -1, np.int64)
    asking = np.arange(len(pair))
    while len(asking):
        wanted = truth[pair[asking]]
        in_crowd = crowd[wanted]
        held[asking[in_crowd]] = pair[asking[in_crowd]]
        asking, wanted = asking[~in_crowd], wanted[~in_crowd]
        # of the askers and the holder of each box, the one of lowest rank keeps it
        holding = np.unique(wanted)
        holding = holding[holder[holding] >= 0]
        rivals = np.concatenate([asking, holder[holding]])
        boxes = np.concatenate([wanted, holding])
        order = np.lexsort((asker_rank[rivals], boxes))
        rivals, boxes = rivals[order], boxes[order]
        best = np.concatenate([[True], np.diff(boxes) != 0]) if len(boxes) else np.empty(0, np.bool_)
        holder[boxes[best]] = rivals[best]
        held[rivals[best]] = pair[rivals[best]]
        losers = rivals[~best]
        held[losers] = -1
        pair[losers] += 1
        asking = losers[pair[losers] < end[losers]]
    return held[held >= 0]
