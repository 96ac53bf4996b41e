"""A number for what each specimen has, whatever the order: the same where the same rows are there as often."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["fingerprints"]


def fingerprints(owner: NDArray[np.int64], columns: Sequence[NDArray], count: int) -> NDArray[np.uint64]:
    """Of ``count`` owners: a sum of 64-bit hashes of the rows ``(n,)`` of each, which are sorted by ``owner``. Owners
    with other rows have the same number once in about 10¹⁹ times. ``columns`` are integers and float64 without NaN."""
    mixed = np.zeros(len(owner), np.uint64)
    for column in columns:
        # -0.0 is 0.0
        bits = (column + 0.0).view(np.uint64) if column.dtype.kind == "f" else column.astype(np.uint64)
        mixed = _mixed(mixed ^ bits)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
    ends = np.cumsum(np.bincount(owner, minlength=count))
    found: NDArray[np.uint64] = np.diff(sums[ends], prepend=np.uint64(0))
    return found


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on every bit given."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
