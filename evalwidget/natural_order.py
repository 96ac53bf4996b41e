"""Names in the order that people give them: ``img2`` before ``img10``."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["natural_ranks"]

_NUMBERS: Final = re.compile("[0-9]+")


def natural_ranks(names: Sequence[str]) -> NDArray[np.uint32]:
    """The place ``(n,)`` of each name when numbers in names are compared as numbers and letters without their case."""
    keys = [_NUMBERS.sub(_sortable, name.casefold()) for name in names]
    order = sorted(range(len(names)), key=lambda row: (keys[row], names[row]))
    ranks = np.empty(len(names), np.uint32)
    ranks[order] = np.arange(len(names))
    return ranks


def _sortable(number: re.Match[str]) -> str:
    """Digits that compare as text like the number: how many there are, then themselves."""
    digits = number.group().lstrip("0")
    return f"{len(digits):08}{digits}"
