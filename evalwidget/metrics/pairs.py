"""Pairs of a prediction and a ground truth box of one group, and the order of the predictions in it."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["pairs_within", "rank_within"]


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
