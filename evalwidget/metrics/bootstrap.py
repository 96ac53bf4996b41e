"""Bootstrap intervals of ratios of sums over specimens: precision, a mean over answers, and their differences.

Specimens are drawn with replacement, all their boxes or answers with them, since those of one image are not independent
(Efron and Tibshirani, An Introduction to the Bootstrap, 1993). Every column of a call is drawn alike, so differences
between columns are paired.
"""

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
    columns, place = _distinct(np.hstack([part, whole])[(whole != 0).any(axis=1)])
    drawn = np.zeros((samples, columns.shape[1]))
    if len(columns):
        with np.errstate(invalid="ignore"):  # of an infinite score some sums are not defined
            _sum_draws(columns, np.random.default_rng(seed), drawn)
    return ratio(drawn[:, place[: part.shape[1]]], drawn[:, place[part.shape[1] :]])


def percentile_interval(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """The central interval that holds the share ``confidence`` of the values; NaN where no value is defined or
    some are infinite."""
    there = values[~np.isnan(values)]
    if not np.isfinite(there).all() or not len(there):
        return np.nan, np.nan
    low, high = np.quantile(there, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _distinct(columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[int]]:
    """The columns that differ, and which of them each is: steps are compared with the same one over and over."""
    places: dict[bytes, int] = {}
    place = [places.setdefault(column.tobytes(), len(places)) for column in columns.T]
    return columns[:, [place.index(number) for number in range(len(places))]], place


def _sum_draws(columns: NDArray[np.float64], generator: np.random.Generator, out: NDArray[np.float64]) -> None:
    """The sums over as many draws of rows of ``columns`` ``(n, k)`` as ``out`` ``(samples, k)`` has room for."""
    count = len(columns)
    # how often each row is drawn, in one memory for all draws
    weights = np.empty((min(max(_CHUNK // count, 1), len(out)), count))
    for first in range(0, len(out), len(weights)):
        sums = out[first : first + len(weights)]
        for row in weights[: len(sums)]:
            row[:] = np.bincount(generator.integers(0, count, count), minlength=count)
        np.matmul(weights[: len(sums)], columns, out=sums)
