"""Pairs of a prediction and a ground truth box of one specimen, whatever their labels."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.matching import pairs_within
from evalwidget.metrics.overlap import iou_of_pairs

__all__ = ["overlapping_pairs"]

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
    """Rows ``(k,)`` of predictions and of ground truth boxes whose IoU is at least ``least_iou``, above 0, and the IoU.

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
