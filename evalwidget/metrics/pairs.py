"""Pairs of a prediction and a ground truth box of one group, and the order of the predictions in it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.overlap import iou_of_pairs

__all__ = ["overlapping_pairs", "pairs_within", "rank_within"]

#: Predictions held against the ground truth at a time: most pairs of a block do not overlap and are dropped with it.
_BLOCK: Final = 1 << 16


def overlapping_pairs(
    specimen: NDArray[np.int64],
    corners: NDArray[np.float64],
    size: NDArray[np.float64],
    truth_specimen: NDArray[np.int64],
    truth_corners: NDArray[np.float64],
    truth_size: NDArray[np.float64],
    truth_crowd: NDArray[np.bool_],
    least_iou: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows ``(k,)`` of predictions and ground truth boxes of one specimen, whatever their labels, whose IoU is at least
    ``least_iou``, above 0; and the IoU.

    Sorted by prediction, then by ground truth box. With a crowd region the IoU is over the prediction's area alone.
    """
    found: list[tuple[NDArray, ...]] = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    for start in range(0, len(specimen), _BLOCK):
        prediction, truth = pairs_within(specimen[start : start + _BLOCK], truth_specimen)
        prediction = prediction + start
        iou = iou_of_pairs(
            corners[prediction], size[prediction], truth_corners[truth], truth_size[truth], truth_crowd[truth]
        )
        kept = np.flatnonzero(iou >= least_iou)
        found.append((prediction[kept], truth[kept], iou[kept]))
    prediction, truth, iou = (np.concatenate(column) for column in zip(*found, strict=True))
    return prediction, truth, iou


def pairs_within(
    group: NDArray[np.int64], truth_group: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every pair (prediction, ground truth box) of one group, as rows of each: by prediction, then by ground truth."""
    truth_order = np.argsort(truth_group, kind="stable")
    sorted_truth = truth_group[truth_order]
    first = np.searchsorted(sorted_truth, group, "left")
    count = np.searchsorted(sorted_truth, group, "right") - first
    prediction = np.repeat(np.arange(len(group)), count)
    before = np.cumsum(count) - count
    return prediction, truth_order[np.arange(len(prediction)) + np.repeat(first - before, count)]


def rank_within(group: NDArray[np.int64], score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place ``(m,)`` of each row in its group by descending score; ties keep their order, a NaN score counts as 1."""
    order = np.lexsort((-np.where(np.isnan(score), 1.0, score), group))
    start = np.concatenate([[True], np.diff(group[order]) != 0]) if len(group) else np.empty(0, np.bool_)
    place = np.arange(len(group))
    rank = np.empty(len(group), np.int64)
    rank[order] = place - np.maximum.accumulate(np.where(start, place, 0))
    return rank
