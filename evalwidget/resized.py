"""Boxes counted in pixels of the image as the model saw it, resized: Qwen2.5-VL's, and those of detectors that do not
scale back."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import LARGEST, PARSE_STATES, RESIZED, Convention, corners_and_size
from evalwidget.errors import EvalWidgetError, FormatError
from evalwidget.records import BoxRows, Reference
from evalwidget.tables import Defect

__all__ = ["PixelLimits", "assumed_limits", "in_fractions", "is_pixel_limit"]

_FACTOR: Final = 28
#: What Qwen's processors take where nobody states another: all have this minimum, and at least this maximum.
_MIN_PIXELS: Final = 3136
_MAX_PIXELS: Final = 1_003_520
_MOST_UNEVEN: Final = 200
#: A coordinate may lie this many pixels outside the resized image.
_ROUNDING: Final = 1.0


def is_pixel_limit(value: object) -> bool:
    """Whether ``value`` can be one of ``PixelLimits``."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= LARGEST


@dataclass(frozen=True, slots=True)
class PixelLimits:
    """``min_pixels`` and ``max_pixels`` of the model's image processor; None where they are not stated."""

    min_pixels: float | None = None
    max_pixels: float | None = None

    def __post_init__(self) -> None:
        for name in ("min_pixels", "max_pixels"):
            value = getattr(self, name)
            if value is not None and not is_pixel_limit(value):
                raise EvalWidgetError(f"{name}: expected a number above 0, got {value!r}")
        if self.min_pixels and self.max_pixels and self.min_pixels > self.max_pixels:
            raise EvalWidgetError(f"min_pixels: expected at most max_pixels, {self.max_pixels}, got {self.min_pixels}")

    def resized(self, width: float, height: float) -> tuple[int, int] | str:
        """Width and height that Qwen2-VL and Qwen2.5-VL resize an image to: multiples of 28 within the limits, as
        near to the image's shape as can be; or why they are not known.

        640 × 428 becomes 644 × 420, and 1920 × 1080 becomes 1316 × 728 where ``max_pixels`` is 1,003,520. Processors
        differ in their default maximum, so an image that may be above it has no size that is sure unless it is stated.
        """
        if max(width, height) > _MOST_UNEVEN * min(width, height):
            return f"an image of {width:g} x {height:g}, which Qwen does not resize"
        rounded = [round(side / _FACTOR) * _FACTOR for side in (width, height)]
        area = rounded[0] * rounded[1]
        largest, least = self.max_pixels or _MAX_PIXELS, self.min_pixels or _MIN_PIXELS
        if area > largest:
            if self.max_pixels is None:
                return f"an image of {width:g} x {height:g}, and max_pixels not stated"
            shrink = math.sqrt(width * height / largest)
            return self._sides(width / shrink, height / shrink, math.floor)
        if area < least:
            stretch = math.sqrt(least / (width * height))
            return self._sides(width * stretch, height * stretch, math.ceil)
        return rounded[0], rounded[1]

    @staticmethod
    def _sides(width: float, height: float, whole: Callable[[float], int]) -> tuple[int, int]:
        sides = [max(whole(side / _FACTOR), 1) * _FACTOR for side in (width, height)]
        return sides[0], sides[1]


def in_fractions(
    parts: Sequence[BoxRows],
    owner: NDArray[np.int64],
    references: Sequence[Reference],
    image_size: Callable[[int], tuple[float, float] | None],
    limits: PixelLimits,
    *,
    strict: bool,
) -> list[BoxRows]:
    """``parts`` with those in ``RESIZED`` pixels as fractions of the image.

    The resized size is the one that a box's record states, else Qwen's for the size of its specimen's image. A box is
    ``size_unknown`` where neither is known, and ``out_of_range`` where it leaves the resized image by more than
    rounding; ``FormatError`` where ``strict`` (ground truth).
    """
    found: list[BoxRows] = []
    for part in parts:
        if part.convention.scale != RESIZED:
            found.append(part)
            continue
        known: dict[int, tuple[float, float] | str] = {}
        for place in np.unique(part.owner).tolist():
            known[place] = _resized(references[place], int(owner[place]), image_size, limits)
        sizes = np.array([(np.nan, np.nan) if isinstance(s, str) else s for s in known.values()], np.float64)
        size = sizes[np.searchsorted(np.array(list(known), np.int64), part.owner)].reshape(-1, 2)
        order = part.convention.order
        corners, _ = corners_and_size(part.values, Convention(order), np.ones_like(size))
        with np.errstate(invalid="ignore"):
            outside = ((corners < -_ROUNDING) | (corners > np.tile(size, 2) + _ROUNDING)).any(axis=1)
        usable = np.isfinite(part.values).all(axis=1)
        unknown = np.isnan(size[:, 0])
        values = part.values / np.tile(size[:, ::-1] if order == "yxyx" else size, 2)
        state, defects = part.state.copy(), dict(part.defects)
        for row in np.flatnonzero(usable & (unknown | outside)).tolist():
            place, raw = int(part.owner[row]), part.values[row].tolist()
            reason = known[place]
            if isinstance(reason, str):
                name, problem = "size_unknown", f"boxes in pixels of a resized image whose size is not known: {reason}"
            else:
                width, height = reason
                name, problem = "out_of_range", f"expected a box in {width:g} x {height:g}, resized, got {raw}"
            if strict:
                raise FormatError(references[place].where, problem)
            values[row], state[row] = np.nan, PARSE_STATES.index(name)
            defects[row] = Defect(f"{references[place].where}: {problem}", repr(raw))
        convention = Convention(order, "fraction")
        found.append(replace(part, convention=convention, values=values, state=state, defects=defects))
    return found


def assumed_limits(parts: Sequence[BoxRows], references: Sequence[Reference], limits: PixelLimits) -> list[str]:
    """A note where the size of resized images follows from limits that nobody stated."""
    places = {place for p in parts if p.convention.scale == RESIZED for place in np.unique(p.owner).tolist()}
    computed = any(references[place].resized is None for place in places)
    if not computed or None not in (limits.min_pixels, limits.max_pixels):
        return []
    return [
        "boxes are in pixels of the resized image; its size is computed for processors' usual limits: "
        "min_pixels= and max_pixels= state the model's own"
    ]


def _resized(
    reference: Reference, specimen: int, image_size: Callable[[int], tuple[float, float] | None], limits: PixelLimits
) -> tuple[float, float] | str:
    if reference.resized is not None:
        return reference.resized
    size = image_size(specimen) if specimen >= 0 else None
    if size is None and reference.width is not None and reference.height is not None:
        size = reference.width, reference.height
    if size is None:
        return "expected resized_width and resized_height, or the image, or its width and height"
    if not all(0 < side <= LARGEST for side in size):
        return f"an image of {size[0]:g} x {size[1]:g}"
    return limits.resized(*size)
