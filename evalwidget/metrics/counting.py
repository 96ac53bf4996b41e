"""Precision, recall and F1 from counts."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["f1_score", "precision", "ratio", "recall"]


def ratio(part: NDArray, whole: NDArray) -> NDArray[np.float64]:
    """``part / whole``, NaN where the whole is 0: nothing was there to be right or wrong about."""
    quotient = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=quotient, where=np.asarray(whole) > 0)
    return quotient


def precision(true_positives: NDArray, false_positives: NDArray) -> NDArray[np.float64]:
    """TP / (TP + FP), NaN where nothing was predicted."""
    return ratio(true_positives, np.add(true_positives, false_positives))


def recall(true_positives: NDArray, false_negatives: NDArray) -> NDArray[np.float64]:
    """TP / (TP + FN), NaN where there was nothing to find."""
    return ratio(true_positives, np.add(true_positives, false_negatives))


def f1_score(true_positives: NDArray, false_positives: NDArray, false_negatives: NDArray) -> NDArray[np.float64]:
    """2 TP / (2 TP + FP + FN), NaN where nothing was predicted and there was nothing to find."""
    doubled = 2 * np.asarray(true_positives, np.float64)
    return ratio(doubled, doubled + false_positives + false_negatives)
