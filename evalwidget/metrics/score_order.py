"""Stable orders by score and by number, faster than a comparison sort.

numpy sorts 16-bit integers by radix, in linear time; wider keys are sorted in passes of 16 bits.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["certainty", "integer_order", "score_order"]


def certainty(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores ``(n,)``, 1 where there is none (NaN)."""
    return np.where(np.isnan(score), 1.0, score)


def integer_order(values: NDArray[np.integer], bound: int) -> NDArray[np.int64]:
    """The stable ascending order ``(n,)`` of integers from 0 to ``bound - 1``."""
    order = np.argsort((values & 0xFFFF).astype(np.uint16), kind="stable")
    shift = 16
    while bound > 1 << shift:
        order = order[np.argsort((values >> shift & 0xFFFF).astype(np.uint16)[order], kind="stable")]
        shift += 16
    return order


def score_order(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """The stable descending order ``(n,)`` of scores without NaN: ties, 0.0 and -0.0 among them, keep their order.

    Sorts by the bits of the score as float32, which order numbers as their values do; where that is too coarse to tell
    apart scores that stand the wrong way round, by the scores themselves.
    """
    with np.errstate(over="ignore"):
        bits = np.subtract(0.0, score).astype(np.float32).view(np.int32)
    # negative floats ascend as their bits descend: flip all their bits, and only the sign of the others
    keys = (bits ^ ((bits >> 31) | np.int32(-(1 << 31)))).view(np.uint32)
    order = integer_order(keys, 1 << 32)
    sorted_score = score[order]
    if not (sorted_score[:-1] >= sorted_score[1:]).all():
        order = order[np.argsort(np.subtract(0.0, sorted_score), kind="stable")]
    return order
