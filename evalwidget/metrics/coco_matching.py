"""COCO's greedy matching at several IoU thresholds and area ranges at once, without a loop over images.

In each group (step, specimen and class) the predictions choose in the order of their scores the free ground truth box
of highest IoU from the threshold on, the later one on a tie; an ignored box (a crowd region, or one outside the area
range) only where no other is left, and a crowd region by any number of predictions. Source: ``COCOeval.evaluateImg`` of
pycocotools 2.0.11, equal box by box.

Every ground truth box prefers the prediction of the higher score, so choosing in turn comes to the same as deferred
acceptance (Gale and Shapley, 1962), which takes a few rounds over all groups. Where all the predictions that a box may
match may match no other, even that is not needed: at each threshold the first prediction that reaches it has the box.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.candidate_pairs import Pairs
from evalwidget.metrics.score_order import integer_order

__all__ = ["MatchRows", "effective_thresholds", "match_pairs"]


@dataclass(frozen=True, slots=True)
class MatchRows:
    """Matches ``(r,)`` sorted by ``prediction``: it has the ground truth box ``truth`` at the thresholds ``first`` to
    ``last - 1``, places in the list of thresholds. A prediction has a row for each box that it has at some threshold.
    """

    prediction: NDArray[np.int64]
    truth: NDArray[np.int64]
    first: NDArray[np.int8]
    last: NDArray[np.int8]

    def at(self, threshold: int) -> NDArray[np.int64]:
        """The rows that hold at a threshold, by its place in the list."""
        return np.flatnonzero((self.first <= threshold) & (self.last > threshold))


@dataclass(frozen=True, slots=True)
class _Edges:
    """Pairs sorted by prediction; ``reached`` counts the thresholds that the IoU reaches, one or more."""

    prediction: NDArray[np.int64]
    truth: NDArray[np.int64]
    iou: NDArray[np.float64]
    reached: NDArray[np.int8]

    def rows(self, kept: NDArray[np.int64]) -> "_Edges":
        return _Edges(self.prediction[kept], self.truth[kept], self.iou[kept], self.reached[kept])


def effective_thresholds(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The IoUs that count as reaching ``thresholds``: pycocotools asks for 1 - 1e-10 instead of 1, so that rounding
    cannot part equal boxes."""
    return np.minimum(thresholds, 1 - 1e-10)


def match_pairs(
    pairs: Pairs,
    predictions: int,
    crowd: NDArray[np.bool_],
    ignored: NDArray[np.bool_],
    thresholds: NDArray[np.float64],
) -> list[MatchRows]:
    """The matches in each area range, given all ``pairs`` that reach the lowest threshold.

    Predictions are numbered 0 to ``predictions - 1`` so that in each group a higher score has a lower number.
    ``crowd`` ``(n,)`` and ``ignored`` ``(areas, n)`` tell of each ground truth box; crowd regions are ignored in every
    area. ``thresholds`` ``(t,)`` ascend. Ranges whose matches are the same share one ``MatchRows``.
    """
    order = integer_order(pairs.prediction, max(predictions, 1))
    iou = pairs.iou[order]
    reached = np.zeros(len(iou), np.int8)
    for threshold in thresholds:
        reached += iou >= threshold
    edges = _Edges(pairs.prediction[order], pairs.truth[order], iou, reached)
    choices = np.bincount(edges.prediction, minlength=predictions)
    is_contested = np.zeros(len(crowd), np.bool_)
    is_contested[edges.truth[choices[edges.prediction] > 1]] = True
    by_choice = is_contested[edges.truth]
    single = _single_choice_matches(edges.rows(np.flatnonzero(~by_choice)), crowd)
    if not by_choice.any():
        return [single] * len(ignored)
    contested = edges.rows(np.flatnonzero(by_choice))
    return _contested_matches(contested, crowd, ignored, len(thresholds), single)


def _single_choice_matches(edges: _Edges, crowd: NDArray[np.bool_]) -> MatchRows:
    """Matches where no prediction has more than one box to choose.

    Of each box's predictions in order, one has it at the thresholds it reaches and no earlier one reached: a running
    maximum, kept apart from box to box by adding to the thresholds a number that grows with each box.
    """
    order = integer_order(edges.truth, max(len(crowd), 1))
    truth, reached = edges.truth[order], edges.reached[order].astype(np.int64)
    is_first = np.ones(len(truth), np.bool_)
    is_first[1:] = truth[1:] != truth[:-1]
    above_other_boxes = np.cumsum(is_first) * 128
    highest = np.maximum.accumulate(above_other_boxes + reached)
    first = np.zeros(len(truth), np.int64)
    np.maximum(highest[:-1] - above_other_boxes[1:], 0, out=first[1:])
    first[crowd[truth]] = 0
    kept = order[np.flatnonzero(first < reached)]
    first_of_edge = np.empty(len(order), np.int8)
    first_of_edge[order] = first
    kept.sort()
    return MatchRows(edges.prediction[kept], edges.truth[kept], first_of_edge[kept], edges.reached[kept])


def _contested_matches(
    edges: _Edges, crowd: NDArray[np.bool_], ignored: NDArray[np.bool_], thresholds: int, single: MatchRows
) -> list[MatchRows]:
    """Matches in each area range where predictions have several boxes to choose, joined with ``single``."""
    prediction, prediction_place = np.unique(edges.prediction, return_inverse=True)
    truth, truth_place = np.unique(edges.truth, return_inverse=True)
    by_iou = np.lexsort((-edges.truth, -edges.iou, edges.prediction))
    # ignored boxes after the others, all else as it is
    by_prediction = 2 * prediction_place[by_iou]
    preferences = [
        by_iou[integer_order(by_prediction + ignored_in_area[edges.truth[by_iou]], 2 * len(prediction))]
        for ignored_in_area in ignored
    ]
    distinct: list[NDArray[np.int64]] = []
    choice_of_area = []
    for preference in preferences:
        same = (place for place, other in enumerate(distinct) if np.array_equal(preference, other))
        choice_of_area.append(next(same, len(distinct)))
        if choice_of_area[-1] == len(distinct):
            distinct.append(preference)
    # every area and threshold is a market of its own, with all predictions and boxes anew
    choices = [preference[edges.reached[preference] > place] for preference in distinct for place in range(thresholds)]
    edge = np.concatenate(choices)
    market = np.repeat(np.arange(len(choices)), [len(choice) for choice in choices])
    askers = len(choices) * len(prediction)
    asker = market * len(prediction) + prediction_place[edge]
    held = _deferred_acceptance(
        np.bincount(asker, minlength=askers),
        market * len(truth) + truth_place[edge],
        len(choices) * len(truth),
        crowd[edges.truth[edge]],
    )
    matched = np.full(askers, -1, np.int64)
    matched[held >= 0] = edges.truth[edge[held[held >= 0]]]
    of_area = [
        _joined(single, _rows_of_matches(prediction, found.T))
        for found in matched.reshape(len(distinct), thresholds, len(prediction))
    ]
    return [of_area[place] for place in choice_of_area]


def _deferred_acceptance(
    choices: NDArray[np.int64], wanted: NDArray[np.int64], boxes: int, is_free_for_all: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """The choice that each of ``a`` askers holds in the end, -1 for none.

    ``choices`` ``(a,)`` says how many choices each asker has; the choices of all, in each one's order of preference,
    are the boxes ``wanted`` ``(c,)``, some of which (``is_free_for_all``) turn nobody away. Each round every asker
    without a box asks for the next it prefers; a box keeps the asker of the lowest number.
    """
    end = np.cumsum(choices)
    asking_for = end - choices
    holder = np.full(boxes, len(choices), np.int64)
    held = np.full(len(choices), -1, np.int64)
    asking = np.flatnonzero(choices)
    while len(asking):
        choice = asking_for[asking]
        free = is_free_for_all[choice]
        held[asking[free]] = choice[free]
        asking, choice = asking[~free], choice[~free]
        box = wanted[choice]
        before = holder[box]
        np.minimum.at(holder, box, asking)
        wins = holder[box] == asking
        held[asking[wins]] = choice[wins]
        displaced = before[wins]
        displaced = displaced[displaced < len(choices)]
        held[displaced] = -1
        asking = np.concatenate([asking[~wins], displaced])
        asking_for[asking] += 1
        asking = asking[asking_for[asking] < end[asking]]
    return held


def _rows_of_matches(prediction: NDArray[np.int64], truth: NDArray[np.int64]) -> MatchRows:
    """Rows for the box ``(d, t)`` (-1: none) that each prediction ``(d,)`` has at each threshold."""
    starts = np.ones(truth.shape, np.bool_)
    starts[:, 1:] = truth[:, 1:] != truth[:, :-1]
    flat, thresholds = truth.ravel(), truth.shape[1]
    start = np.flatnonzero(starts)
    end = np.append(start[1:], len(flat))
    matched = flat[start] >= 0
    start, end = start[matched], end[matched]
    place = start // thresholds
    first = start - place * thresholds
    return MatchRows(prediction[place], flat[start], first.astype(np.int8), (first + end - start).astype(np.int8))


def _joined(a: MatchRows, b: MatchRows) -> MatchRows:
    prediction = np.concatenate([a.prediction, b.prediction])
    order = np.argsort(prediction, kind="stable")
    return MatchRows(
        prediction[order],
        np.concatenate([a.truth, b.truth])[order],
        np.concatenate([a.first, b.first])[order],
        np.concatenate([a.last, b.last])[order],
    )
