"""The one box convention, and the conversions to it.

Inside evalwidget a box is float64 ``x1 y1 x2 y2`` in pixels of the original image, origin at its top left. Width and
height as the source gave them travel beside the corners: ``x2 - x1`` is not the source's width to the last bit, and
the reference metrics are computed from the source's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import UnknownNameError

__all__ = [
    "LARGEST",
    "ORDERS",
    "PARSE_STATES",
    "RESIZED",
    "SCALES",
    "Convention",
    "box_defect",
    "corners_and_size",
    "order_hint",
    "values_as_written",
]

#: In which order a source writes the four numbers of a box.
ORDERS: Final = ("xyxy", "xywh", "cxcywh", "yxyx")

#: The scale of pixels of the image as the model saw it, resized: parts of the image once that size is known.
RESIZED: Final = "resized"

#: What a source's coordinates are counted in: pixels (None), or so many parts of the image's width and height.
SCALES: Final = {
    "pixels": None,
    "fraction": 1.0,
    "0-100": 100.0,
    "0-999": 999.0,
    "0-1000": 1000.0,
    "0-1024": 1024.0,
    RESIZED: None,
}

#: No coordinate is larger: an area beyond it would overflow, and a runaway "9999…" is no place in an image.
LARGEST: Final = 1e15

#: What became of a prediction when it was read. Everything but "ok" and "repaired" is an invalid prediction.
PARSE_STATES: Final = (
    "ok",
    "repaired",
    "truncated",
    "out_of_range",
    "wrong_number_of_coordinates",
    "not_a_number",
    "negative_size",
    "duplicate_keys",
    "no_box",
    "size_unknown",
    "unparsable",
    "no_answer",
)


@dataclass(frozen=True, slots=True)
class Convention:
    """How a source writes boxes: ``order`` is one of ``ORDERS``, ``scale`` one of ``SCALES``."""

    order: str = "xyxy"
    scale: str = "pixels"

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise UnknownNameError(f"box order {self.order!r}: expected one of {', '.join(ORDERS)}")
        if self.scale not in SCALES:
            raise UnknownNameError(f"coordinates {self.scale!r}: expected one of {', '.join(SCALES)}")

    @property
    def is_relative(self) -> bool:
        """Whether the image's size is needed to know the pixels."""
        return self.scale != "pixels"

    def __str__(self) -> str:
        return f"{self.scale}, {self.order}"


def box_defect(values: object, order: str) -> tuple[str, str] | None:
    """Parse state and message of a box that cannot be used, or None for a good one.

    ``values`` is what the source holds where four numbers belong. A box is defective when it has another count of
    numbers, one that is not finite or beyond ``LARGEST``, or a negative width or height; a box without area is not
    defective.
    """
    if not isinstance(values, Sequence) or isinstance(values, str):
        return "wrong_number_of_coordinates", f"expected 4 numbers, got {_shown(values)}"
    if len(values) != 4:
        return "wrong_number_of_coordinates", f"expected 4 numbers, got {len(values)}"
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
            return "not_a_number", f"expected 4 numbers, got {_shown(value)}"
        distance: Any = abs(value)
        if distance != distance or distance == math.inf:
            return "not_a_number", f"expected 4 numbers, got {_shown(value)}"
        if distance > LARGEST:
            return "out_of_range", f"expected numbers up to {LARGEST:g}, got {_shown(value)}"
    a, b, c, d = values
    width, height = (c, d) if order in ("xywh", "cxcywh") else (c - a, d - b)
    if width < 0 or height < 0:
        return "negative_size", f"expected width and height of 0 or more in {order}, got {_shown(list(values))}"
    return None


def corners_and_size(
    values: NDArray[np.float64], convention: Convention, image_size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Corners ``(n, 4)`` and width and height ``(n, 2)`` in pixels of ``values`` ``(n, 4)`` in ``convention``.

    ``image_size`` ``(n, 2)`` is the width and height of each box's image; only relative coordinates need it. Boxes in
    ``RESIZED`` pixels are to be made fractions first, by ``resized.in_fractions``.
    """
    assert convention.scale != RESIZED
    full = SCALES[convention.scale]
    if convention.order == "yxyx":
        values = values[:, [1, 0, 3, 2]]
    if full is not None:
        values = values / full * np.tile(image_size, 2)
    if convention.order in ("xyxy", "yxyx"):
        corners = np.ascontiguousarray(values)
        return corners, corners[:, 2:] - corners[:, :2]
    size = np.ascontiguousarray(values[:, 2:])
    start = values[:, :2] - size / 2 if convention.order == "cxcywh" else values[:, :2]
    return np.concatenate([start, start + size], axis=1), size


def values_as_written(
    corners: NDArray[np.float64], size: NDArray[np.float64], convention: Convention, image_size: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The numbers ``(n, 4)`` that stand in ``convention`` for boxes in pixels, to rounding: ``corners_and_size``
    backwards."""
    full = SCALES[convention.scale]
    if convention.order == "xywh":
        values = np.concatenate([corners[:, :2], size], axis=1)
    elif convention.order == "cxcywh":
        values = np.concatenate([corners[:, :2] + size / 2, size], axis=1)
    else:
        values = corners if convention.order == "xyxy" else corners[:, [1, 0, 3, 2]]
    if full is None:
        return np.array(values)
    tiled = np.tile(image_size if convention.order != "yxyx" else image_size[:, ::-1], 2)
    return np.asarray(values / tiled * full)


def order_hint(state: str, order: str) -> str:
    """What to do about a box in ground truth of negative width or height: it may be written in another order."""
    if state != "negative_size" or order not in ("xyxy", "yxyx"):
        return ""
    return "; if boxes are x y width height, pass box_order='xywh'"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
