"""Bootstrap intervals of ratios of sums over specimens: precision, a mean over answers, and their differences.

Specimens are drawn with replacement, all their boxes or answers with them, since those of one image are not independent
(Efron and Tibshirani, An Introduction to the Bootstrap, 1993). Every column of a call is drawn alike, so differences
between columns are paired.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.counting import ratio

__all__ = ["percentile_interval", "resampled_ratios"]

#: Weights that are in memory at once.
_CHUNK: Final = 1 << 20


def resampled_ratios(
    part: NDArray[np.float64], whole: NDArray[np.float64], samples: int, seed: int
) -> NDArray[np.float64]:
    """``sum(part) / sum(whole)`` of ``samples`` draws of specimens: ``(samples, k)`` of columns ``(n, k)``, NaN where a
    draw has nothing in the whole. A specimen that has nothing in any whole is not drawn. The same seed, count of the
    others and samples give the same draws."""
    columns = np.hstack([part, whole])[(whole != 0).any(axis=1)]
    with np.errstate(invalid="ignore"):  # of an infinite score some sums are not defined
        sums = [weights @ columns for weights in _weights(len(columns), samples, seed)]
    drawn = np.concatenate(sums) if sums else np.zeros((samples, columns.shape[1]))
    return ratio(drawn[:, : part.shape[1]], drawn[:, part.shape[1] :])


def percentile_interval(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """The central interval that holds the share ``confidence`` of the values; NaN where no value is defined or
    some are infinite."""
    there = values[~np.isnan(values)]
    if not np.isfinite(there).all() or not len(there):
        return np.nan, np.nan
    low, high = np.quantile(there, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _weights(count: int, samples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each of ``count`` specimens is drawn, a row a sample, some samples at a time."""
    if not count:
        return
    generator = np.random.default_rng(seed)
    step = max(_CHUNK // count, 1)
    for first in range(0, samples, step):
        rows = min(step, samples - first)
        drawn = generator.integers(0, count, (rows, count)) + np.arange(rows)[:, None] * count
        yield np.bincount(drawn.reshape(-1), minlength=rows * count).reshape(rows, count).astype(np.float64)
