"""Numbers in words' company, many written at once."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["number_texts"]

#: Numbers of up to so many units of their last digit are looked up.
_KNOWN: Final = 1_000
#: What is nearer to a tie than this, in units of the last digit, goes by its own digits, not by those of its multiple.
_TIE: Final = 1e-6


def number_texts(values: NDArray[np.floating], decimals: int, around: str = "{}") -> NDArray[np.object_]:
    """Each of the values ``(n,)`` as a text of so many decimals, put where ``around`` has its braces; to the last digit
    what Python's own formatting gives."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = values.astype(np.float64) * 10**decimals
        nearest = np.rint(scaled)
        is_known = (np.abs(scaled - nearest) < 0.5 - _TIE) & (nearest <= _KNOWN) & ~np.signbit(scaled)
    texts = np.empty(len(values), np.object_)
    texts[is_known] = _known(decimals, around)[nearest[is_known].astype(np.int64)]
    texts[~is_known] = [around.format(f"{value:.{decimals}f}") for value in values[~is_known].tolist()]
    return texts


@lru_cache(maxsize=16)
def _known(decimals: int, around: str) -> NDArray[np.object_]:
    return np.array([around.format(f"{unit / 10**decimals:.{decimals}f}") for unit in range(_KNOWN + 1)], np.object_)
