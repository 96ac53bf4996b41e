"""Pairs of a prediction and a ground truth box of the same specimen and class that overlap enough to match."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.score_order import integer_order

__all__ = ["BoxColumns", "Pairs", "candidate_pairs"]

#: Predictions looked at together: their columns fit a core's cache.
_CHUNK: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class BoxColumns:
    """Boxes as contiguous float64 columns ``(n,)``: corners in pixels, and ``area``, the source's width x height."""

    x1: NDArray[np.float64]
    y1: NDArray[np.float64]
    x2: NDArray[np.float64]
    y2: NDArray[np.float64]
    area: NDArray[np.float64]

    @classmethod
    def of(cls, corners: NDArray[np.float64], size: NDArray[np.float64]) -> "BoxColumns":
        """The columns of ``corners`` ``(n, 4)`` and ``size`` ``(n, 2)``."""
        x1, y1, x2, y2 = (np.ascontiguousarray(corners[:, side]) for side in range(4))
        return cls(x1, y1, x2, y2, size[:, 0] * size[:, 1])


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs ``(p,)``: rows of predictions and of ground truth, and their IoU."""

    prediction: NDArray[np.int64]
    truth: NDArray[np.int64]
    iou: NDArray[np.float64]


def candidate_pairs(
    predictions: BoxColumns,
    first: NDArray[np.integer],
    count: NDArray[np.integer],
    truth: BoxColumns,
    crowd: NDArray[np.bool_],
    lowest_iou: float,
) -> Pairs:
    """All pairs with an IoU of ``lowest_iou`` (above 0) or more, in no particular order.

    Prediction ``i`` is compared with ground truth rows ``first[i]`` to ``first[i] + count[i] - 1``. IoU is equal to the
    last bit to pycocotools' ``bbIou`` (common/maskApi.c): see ``overlap.iou_of_pairs``.
    """
    needed_width = _needed_width(predictions, truth, lowest_iou)
    comparable = np.flatnonzero(count)
    found = [
        _pairs_of_chunk(predictions, comparable[at : at + _CHUNK], first, count, needed_width, truth, crowd, lowest_iou)
        for at in range(0, len(comparable), _CHUNK)
    ]
    if not found:
        return Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    if len(found) == 1:
        return found[0]
    return Pairs(
        np.concatenate([pairs.prediction for pairs in found]),
        np.concatenate([pairs.truth for pairs in found]),
        np.concatenate([pairs.iou for pairs in found]),
    )


def _needed_width(predictions: BoxColumns, truth: BoxColumns, lowest_iou: float) -> NDArray[np.float64]:
    """The width of intersection ``(m,)`` that each prediction needs to reach ``lowest_iou`` with any box.

    IoU >= t means intersection >= t (area + truth's area - intersection), and the intersection is at most the truth's
    area, but for rounding: corners far from 0 may span ``stretch`` times the area that the source gives. Its height is
    at most the prediction's. For crowd regions the bound is weaker than need be.
    """
    spanned = (truth.x2 - truth.x1) * (truth.y2 - truth.y1)
    stretch = np.divide(spanned, truth.area, out=np.ones_like(spanned), where=truth.area > 0).max(initial=1.0)
    part = lowest_iou / (1 + lowest_iou * (1 - 1 / stretch)) * (1 - 1e-9)
    height = predictions.y2 - predictions.y1
    needed = np.full(len(height), np.inf)
    np.divide(part * predictions.area, height, out=needed, where=height > 0)
    return needed


def _pairs_of_chunk(
    predictions: BoxColumns,
    rows: NDArray[np.int64],
    first: NDArray[np.integer],
    count: NDArray[np.integer],
    needed_width: NDArray[np.float64],
    truth: BoxColumns,
    crowd: NDArray[np.bool_],
    lowest_iou: float,
) -> Pairs:
    """The pairs of the predictions ``rows``, which have one ground truth box or more to be compared with.

    With the predictions sorted by how many boxes they are compared with, those that have a k-th box are a prefix: the
    width of intersection with the k-th is computed for the prefix at once, and only what is wide enough goes on.
    """
    counts = count[rows]
    most = int(counts.max())
    order = integer_order(most - counts, most + 1)
    rows, counts = rows[order], counts[order]
    prefixes = len(rows) - np.searchsorted(counts[::-1], np.arange(1, most + 1), "left")
    box = first[rows].astype(np.int64)
    x1, x2, needed = predictions.x1[rows], predictions.x2[rows], needed_width[rows]
    left, right, is_wide = np.empty(len(rows)), np.empty(len(rows)), np.empty(len(rows), np.bool_)
    places, boxes, widths = [], [], []
    for prefix in prefixes.tolist():
        wanted, start, end = box[:prefix], left[:prefix], right[:prefix]
        # all rows are in range: "clip" only spares numpy a copy of what is written to `out`
        np.take(truth.x1, wanted, out=start, mode="clip")
        np.take(truth.x2, wanted, out=end, mode="clip")
        np.maximum(x1[:prefix], start, out=start)
        np.minimum(x2[:prefix], end, out=end)
        np.subtract(end, start, out=end)
        wide = np.flatnonzero(np.greater_equal(end, needed[:prefix], out=is_wide[:prefix]))
        places.append(wide)
        boxes.append(wanted[wide])
        widths.append(end[wide])
        wanted += 1
    prediction, box, width = rows[np.concatenate(places)], np.concatenate(boxes), np.concatenate(widths)
    height = np.minimum(predictions.y2[prediction], truth.y2[box])
    height -= np.maximum(predictions.y1[prediction], truth.y1[box])
    intersection = width * height
    area = predictions.area[prediction]
    union = area + truth.area[box]
    union -= intersection
    in_crowd = crowd[box]
    np.copyto(union, area, where=in_crowd)
    overlapping = (width > 0) & (height > 0) & (intersection > 0)
    iou = np.divide(intersection, union, out=np.zeros_like(union), where=overlapping)
    kept = np.flatnonzero(iou >= lowest_iou)
    return Pairs(prediction[kept], box[kept], iou[kept])
