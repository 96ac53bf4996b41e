"""Whether confidences are what they say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.counting import ratio

__all__ = ["CalibrationBins", "calibration_bins"]


@dataclass(frozen=True, slots=True)
class CalibrationBins:
    """Of bins ``(b,)`` of confidence, each from ``edges[i]`` (above it, but for the first) up to ``edges[i + 1]``: how
    many answers, their mean confidence and the share that is right, NaN where there are none. ``error`` is the expected
    calibration error: the mean over all answers of the distance between the two in their bin, NaN without answers."""

    edges: NDArray[np.float64]
    count: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    error: float


def calibration_bins(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int) -> CalibrationBins:
    """Bins of equal width of confidences ``(n,)``, 0 to 1, and whether each answer is right. Source: Guo et al. 2017,
    equations 2 to 5."""
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    mean = ratio(np.bincount(place, confidence, minlength=bins), count)
    accuracy = ratio(np.bincount(place, right.astype(np.float64), minlength=bins), count)
    apart = np.nan_to_num(np.abs(mean - accuracy))
    error = float((apart * count).sum() / count.sum()) if count.sum() else np.nan
    return CalibrationBins(edges, count, mean, accuracy, error)
