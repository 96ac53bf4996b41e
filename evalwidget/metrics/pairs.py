"""Pairs of a prediction and a ground truth box of one group, the order of the predictions in it, and which pairs stay
where each box may be in one."""

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.score_order import certainty, integer_order, score_order

__all__ = ["pairs_within", "rank_within", "taken_in_turn"]


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


def rank_within(group: NDArray[np.int64], score: NDArray[np.float64], groups: int) -> NDArray[np.int64]:
    """Place ``(m,)`` of each row in its group, 0 to ``groups - 1``, by descending score; ties keep their order, a NaN
    score counts as 1."""
    by_score = score_order(certainty(score))
    order = by_score[integer_order(group[by_score], groups)]
    count = np.bincount(group, minlength=groups)
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(np.cumsum(count) - count, count)
    return rank


def taken_in_turn(
    prediction: NDArray[np.int64], box: NDArray[np.int64], predictions: int, boxes: int
) -> NDArray[np.int64]:
    """The box ``(predictions,)`` of each prediction (-1: none) where the first pair is taken, both its sides are done,
    then the first that is left, and so on."""
    matched = np.full(predictions, -1, np.int64)
    is_taken = np.zeros(boxes, np.bool_)
    first_of_prediction, first_of_box = np.empty(predictions, np.int64), np.empty(boxes, np.int64)
    while len(prediction):
        # a pair that is the first of both its sides is taken whatever becomes of the others
        place = np.arange(len(prediction))
        first_of_prediction[prediction[::-1]] = place[::-1]
        first_of_box[box[::-1]] = place[::-1]
        taken = np.flatnonzero((first_of_prediction[prediction] == place) & (first_of_box[box] == place))
        matched[prediction[taken]] = box[taken]
        is_taken[box[taken]] = True
        left = np.flatnonzero((matched[prediction] < 0) & ~is_taken[box])
        prediction, box = prediction[left], box[left]
    return matched
