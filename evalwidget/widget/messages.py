"""What a request holds, checked, and what a reply carries, packed."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import UnknownNameError
from evalwidget.widget.protocol import BUFFERS

__all__ = ["Reply", "in_a_moment", "integer", "integers", "number", "packed", "text", "unpacked", "within"]

#: How long what is made for several steps may keep other requests waiting, but for the step it is at.
MOMENT_S: Final = 0.2
_DTYPES: Final = {"f32": np.float32, "i32": np.int32, "f64": np.float64, "u32": np.uint32, "u8": np.uint8}

Reply = tuple[Any, list[bytes]]
_Made = TypeVar("_Made")


def in_a_moment(steps: Sequence[int], make: Callable[[int], _Made]) -> list[_Made]:
    """What ``make`` gives for the first of ``steps``: as many as can be made in a moment, and one at least."""
    made = []
    end = time.monotonic() + MOMENT_S
    for step in steps:
        made.append(make(step))
        if time.monotonic() > end:
            break
    return made


def packed(arrays: Mapping[str, NDArray[Any]]) -> tuple[list[str], list[bytes]]:
    """Names and bytes of ``arrays``, each in the element type that the contract gives it."""
    return list(arrays), [
        np.ascontiguousarray(values, _DTYPES[BUFFERS[name]]).tobytes() for name, values in arrays.items()
    ]


def unpacked(names: Sequence[str], buffers: Sequence[bytes]) -> dict[str, NDArray[Any]]:
    """The arrays that ``packed`` made ``names`` and ``buffers`` of, each of one dimension."""
    return {name: np.frombuffer(data, _DTYPES[BUFFERS[name]]) for name, data in zip(names, buffers, strict=True)}


def within(row: int, count: int) -> int:
    """A specimen's row. Raises ``UnknownNameError`` about one that the run does not have."""
    if not 0 <= row < count:
        raise UnknownNameError(f"specimen row {row}: the run has {count} specimens")
    return row


def text(request: Mapping[str, Any], name: str) -> str:
    """A name or words in a request. Raises ``UnknownNameError``."""
    value = request.get(name)
    if not isinstance(value, str):
        raise UnknownNameError(f"request: {name}: expected a name, got {value!r}")
    return value


def integers(request: Mapping[str, Any], name: str) -> list[int]:
    """Whole numbers in a request. Raises ``UnknownNameError``."""
    values = request.get(name)
    if not isinstance(values, list):
        raise UnknownNameError(f"request: {name}: expected a list of whole numbers, got {values!r}")
    return [_whole(value, name) for value in values]


def integer(request: Mapping[str, Any], name: str) -> int:
    """A whole number in a request. Raises ``UnknownNameError``."""
    return _whole(request.get(name), name)


def number(value: float) -> float | None:
    """None for what JSON has no number for."""
    return float(value) if np.isfinite(value) else None


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or int(value) != value:
        raise UnknownNameError(f"request: {name}: expected a whole number, got {value!r}")
    return int(value)
