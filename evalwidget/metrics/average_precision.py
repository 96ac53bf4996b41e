"""Average precision and recall as COCO defines them, for all classes and steps of a pass at once.

Source: ``COCOeval.accumulate`` and ``summarize`` of pycocotools 2.0.11. Precision is only ever asked for at the ranks
of true positives, so the false positives between them are counted, not visited.

A *segment* is one class at one step. Predictions are numbered by segment and, inside it, by descending score.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.coco_matching import MatchRows

__all__ = [
    "AREA_RANGES",
    "FIGURES",
    "IOU_THRESHOLDS",
    "RECALL_POINTS",
    "Segments",
    "average_precision",
    "coco_figures",
    "interpolated_curves",
    "mean_over_classes",
    "outside_area_ranges",
]

#: COCO's IoU thresholds, .50:.05:.95.
IOU_THRESHOLDS: Final = np.linspace(0.5, 0.95, 10)

#: COCO's recall points, 0:.01:1.
RECALL_POINTS: Final = np.linspace(0.0, 1.0, 101)

#: Least and largest area in square pixels, both included: all, small, medium, large.
AREA_RANGES: Final = np.array([[0.0, 1e5**2], [0.0, 32.0**2], [32.0**2, 96.0**2], [96.0**2, 1e5**2]])

#: COCO's twelve figures, in its order. AR_1 and AR_10 count the 1 and 10 best predictions of an image and class; all
#: the others count the 100 best.
FIGURES: Final = (
    *("AP", "AP_50", "AP_75", "AP_small", "AP_medium", "AP_large"),
    *("AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large"),
)

#: Curves (segments x thresholds) held at a time.
_BLOCK: Final = 1 << 13


@dataclass(frozen=True, slots=True)
class Segments:
    """The predictions ``(m,)`` of ``s`` segments: ``of_prediction`` ascends; the predictions of a segment are
    ``start[s]:start[s + 1]``."""

    of_prediction: NDArray[np.int64]
    start: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start) - 1


@dataclass(frozen=True, slots=True)
class _TruePositives:
    """True positives ``(p,)`` in one area range at all thresholds, sorted by ``curve`` (threshold x segments + segment)
    and then by score: their predictions, and the precision down to each of them. ``count`` is by curve."""

    prediction: NDArray[np.int64]
    curve: NDArray[np.int64]
    precision: NDArray[np.float64]
    count: NDArray[np.int64]


def outside_area_ranges(area: NDArray[np.float64], ranges: NDArray[np.float64] = AREA_RANGES) -> NDArray[np.bool_]:
    """Which boxes ``(r, n)`` are outside each of ``ranges`` ``(r, 2)``, given areas ``(n,)`` in square pixels."""
    return (area < ranges[:, :1]) | (area > ranges[:, 1:])


def coco_figures(
    matches: list[MatchRows],
    segments: Segments,
    outside: NDArray[np.bool_],
    ignored: NDArray[np.bool_],
    positives: NDArray[np.int64],
    rank: NDArray[np.int64],
) -> NDArray[np.float64]:
    """The twelve figures ``(12, s)`` of each segment, NaN where COCO says -1: no ground truth to find.

    ``matches`` are those at ``IOU_THRESHOLDS`` in each of ``AREA_RANGES``; ``outside`` ``(4, m)`` and ``ignored``
    ``(4, n)`` tell which predictions and ground truth boxes each range leaves out, ``positives`` ``(4, s)`` how many
    boxes are left to find; ``rank`` ``(m,)`` is a prediction's place by score among those of its image and segment.
    """
    figures = np.full((len(FIGURES), len(segments)), np.nan)
    thresholds = len(IOU_THRESHOLDS)
    for area in range(len(AREA_RANGES)):
        there = positives[area] > 0
        found = _true_positives(matches[area], thresholds, segments, outside[area], ignored[area])
        ap = _mean_interpolated(found, np.tile(positives[area], thresholds)).reshape(thresholds, -1)[:, there]
        if area == 0:
            figures[0, there], figures[1, there], figures[2, there] = ap.mean(axis=0), ap[0], ap[5]
            for place, most in ((6, 1), (7, 10)):
                best = found.curve[rank[found.prediction] < most]
                figures[place, there] = _mean_recall(np.bincount(best, minlength=len(found.count)), positives[0])
        else:
            figures[2 + area, there] = ap.mean(axis=0)
        figures[8 + area, there] = _mean_recall(found.count, positives[area])
    return figures


def average_precision(
    segment: NDArray[np.int64], is_positive: NDArray[np.bool_], positives: NDArray[np.int64]
) -> NDArray[np.float64]:
    """AP ``(s,)``, 0 to 1, of each segment at one threshold, NaN where it has nothing to find.

    ``segment`` ``(m,)`` ascends, a segment's predictions by descending score; all of them count, as true or as false
    positives. ``positives`` ``(s,)`` is the number of ground truth boxes to find.
    """
    row = np.flatnonzero(is_positive)
    of = segment[row]
    counted = row + 1 - np.searchsorted(segment, np.arange(len(positives)))[of]
    ap = _mean_interpolated(_with_precision(row, of, counted, len(positives)), positives)
    return np.where(positives > 0, ap, np.nan)


def interpolated_curves(
    matches: MatchRows,
    segments: Segments,
    outside: NDArray[np.bool_],
    ignored: NDArray[np.bool_],
    positives: NDArray[np.int64],
    score: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Interpolated precision and the score reached, both ``(s, 101)``, at ``RECALL_POINTS`` and the first threshold.

    Precision is the highest at this recall or a higher one, 0 where the recall is never reached, NaN where a segment
    has nothing to find. The score is that of the prediction at which the recall is first reached, of the best
    prediction for recall 0, NaN where it is never reached. The other arguments are those of ``coco_figures`` for one
    area range; ``score`` ``(m,)`` is the predictions' own.
    """
    found = _true_positives(matches, 1, segments, outside, ignored)
    precision = np.full((len(segments), len(RECALL_POINTS)), np.nan)
    reached = np.full(precision.shape, np.nan)
    there = np.flatnonzero(positives)
    precision[there] = 0
    has_any = np.flatnonzero((positives > 0) & (found.count > 0))
    ranks = _recall_ranks(positives[has_any])
    precision[has_any] = _interpolated(found, has_any, ranks)
    start = (np.cumsum(found.count) - found.count)[has_any, None]
    is_reached = ranks <= found.count[has_any, None]
    at = np.where(is_reached, start + ranks - 1, start)
    reached[has_any] = np.where(is_reached, score[found.prediction[at]], np.nan)
    predicted = there[np.diff(segments.start)[there] > 0]
    reached[predicted, 0] = score[segments.start[predicted]]
    return precision, reached


def mean_over_classes(figures: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean ``(f,)`` of figures ``(f, k)`` over the classes that have one, NaN where none has."""
    there = ~np.isnan(figures)
    count = there.sum(axis=1)
    mean = np.full(len(count), np.nan)
    np.divide(np.where(there, figures, 0).sum(axis=1), count, out=mean, where=count > 0)
    return mean


def _true_positives(
    matches: MatchRows,
    thresholds: int,
    segments: Segments,
    outside: NDArray[np.bool_],
    ignored: NDArray[np.bool_],
) -> _TruePositives:
    """The true positives of one area range: see ``coco_figures``.

    An unmatched prediction counts unless it is outside the range, a matched one unless its box is ignored: so all
    those not outside count, but for the difference that each match makes.
    """
    is_positive = ~ignored[matches.truth]
    inside = ~outside
    difference = is_positive.view(np.int8) - inside[matches.prediction].view(np.int8)
    relevant = np.flatnonzero(is_positive | (difference != 0))
    first, last = matches.first[relevant], matches.last[relevant]
    held = [np.flatnonzero((first <= place) & (last > place)) for place in range(thresholds)]
    row = relevant[np.concatenate(held)]
    prediction = matches.prediction[row]
    segment = segments.of_prediction[prediction]
    curve = segment + np.repeat(np.arange(thresholds) * len(segments), [len(rows) for rows in held])
    curves = thresholds * len(segments)
    inside_before = np.zeros(len(inside) + 1, np.int64)
    np.cumsum(inside, out=inside_before[1:])
    counted = inside_before[prediction + 1] - inside_before[segments.start[segment]]
    if difference.any():
        change = np.cumsum(difference[row], dtype=np.int64)
        rows_of_curve = np.bincount(curve, minlength=curves)
        before = np.concatenate([[0], change])[np.cumsum(rows_of_curve) - rows_of_curve]
        counted += change - before[curve]
        positive = np.flatnonzero(is_positive[row])
        prediction, curve, counted = prediction[positive], curve[positive], counted[positive]
    return _with_precision(prediction, curve, counted, curves)


def _with_precision(
    prediction: NDArray[np.int64], curve: NDArray[np.int64], counted: NDArray[np.int64], curves: int
) -> _TruePositives:
    """``counted`` ``(p,)`` are the predictions down to each true positive that count."""
    count = np.bincount(curve, minlength=curves)
    nth = np.arange(1, len(curve) + 1) - (np.cumsum(count) - count)[curve]
    return _TruePositives(prediction, curve, nth / (counted + np.spacing(1)), count)


def _mean_interpolated(found: _TruePositives, positives: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean over ``RECALL_POINTS`` of each curve's interpolated precision, 0 where there are no true positives."""
    mean = np.zeros(len(found.count))
    has_any = np.flatnonzero((positives > 0) & (found.count > 0))
    distinct, kind = np.unique(positives[has_any], return_inverse=True)
    for at in range(0, len(has_any), _BLOCK):
        curves, kinds = has_any[at : at + _BLOCK], kind[at : at + _BLOCK]
        used, place = np.unique(kinds, return_inverse=True)
        mean[curves] = _interpolated(found, curves, _recall_ranks(distinct[used])[place]).mean(axis=1)
    return mean


def _interpolated(found: _TruePositives, curves: NDArray[np.int64], ranks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Precision ``(c, 101)`` of curves that have true positives, at the true positives of these ranks and after."""
    last = found.count[curves, None] - 1
    start = (np.cumsum(found.count) - found.count)[curves, None]
    bounds = np.minimum(ranks - 1, last) + start
    # the highest precision between one recall point and the next, then of all the points from there on
    highest = np.maximum.reduceat(found.precision, bounds.ravel()).reshape(bounds.shape)[:, ::-1]
    interpolated = np.maximum.accumulate(highest, axis=1)[:, ::-1]
    return np.asarray(np.where(ranks - 1 <= last, interpolated, 0.0))


def _recall_ranks(positives: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of true positives ``(c, 101)``, 1 or more, with which the recall first reaches each point.

    Recall is the quotient as floating point has it, as pycocotools looks it up.
    """
    whole = positives[:, None].astype(np.float64)
    rank = np.ceil(RECALL_POINTS * whole)
    rank = np.where((rank - 1) / whole >= RECALL_POINTS, rank - 1, rank)
    rank = np.where(rank / whole < RECALL_POINTS, rank + 1, rank)
    return np.maximum(rank, 1).astype(np.int64)


def _mean_recall(count: NDArray[np.int64], positives: NDArray[np.int64]) -> NDArray[np.float64]:
    """Recall averaged over the thresholds, of the segments that have something to find; ``count`` is by curve."""
    there = positives > 0
    recall = count.reshape(-1, len(positives))[:, there] / positives[there]
    return np.asarray(recall.mean(axis=0))
