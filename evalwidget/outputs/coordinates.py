"""Four numbers of a model's text as a box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalwidget.boxes import RESIZED, SCALES, Convention, box_defect
from evalwidget.outputs.parsed import ParsedBox

__all__ = ["Grid", "box_of", "point_of"]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Grid:
    """How a family counts: 0 to ``top`` of ``full`` parts of the image's width and height, ``top`` being ``full`` where
    it is None; each number stands for a place ``offset`` parts further on. ``full`` is None for numbers of pixels, and
    ``scale`` then says of which image."""

    full: float | None
    order: str = "xyxy"
    top: float | None = None
    offset: float = 0.0
    scale: str = "fraction"

    @classmethod
    def of(cls, convention: Convention) -> "Grid":
        full = SCALES[convention.scale]
        scale = "fraction" if full is not None else RESIZED if convention.scale == RESIZED else "pixels"
        return cls(full, convention.order, scale=scale)


def box_of(values: Any, grid: Grid, field: str = "", label: str | None = None) -> ParsedBox:
    """``values`` as a box, invalid where they are not four numbers of ``grid`` in its order. ``field`` says for a
    message where they stand."""
    defect = box_defect(values, grid.order)
    if isinstance(values, list) and any(isinstance(value, list) for value in values):
        defect = "wrong_number_of_coordinates", "expected 4 numbers, got a list among them"
    if defect is None:
        corners = _corners(values, grid.order)
        top = grid.full if grid.top is None else grid.top
        if grid.full is None or top is None:
            return ParsedBox(label, corners, scale=grid.scale)
        slack = _ROUNDING * top if grid.order in ("xywh", "cxcywh") else 0.0
        if all(-slack <= corner <= top + slack for corner in corners):
            x1, y1, x2, y2 = (min(max((corner + grid.offset) / grid.full, 0.0), 1.0) for corner in corners)
            return ParsedBox(label, (x1, y1, x2, y2))
        defect = "out_of_range", f"expected numbers from 0 to {top:g}, got {_shown(values)}"
    state, message = defect
    return ParsedBox(label, None, state, f"{field}: {message}".removeprefix(": "), _shown(values))


def point_of(values: Any, grid: Grid, field: str = "", label: str | None = None) -> ParsedBox:
    """``values``, x and y (y and x where the grid's order is yxyx), as a box without area at that point."""
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != 2:
        message = f"{field}: expected 2 numbers, got {_shown(values)}".removeprefix(": ")
        return ParsedBox(label, None, "wrong_number_of_coordinates", message, _shown(values), is_point=True)
    order = "yxyx" if grid.order == "yxyx" else "xyxy"
    box = box_of([*values, *values], Grid(grid.full, order, grid.top, grid.offset, grid.scale), field, label)
    return ParsedBox(
        label, box.values, box.state, box.message, box.raw and _shown(values), scale=box.scale, is_point=True
    )


def _corners(values: Sequence[float], order: str) -> tuple[float, float, float, float]:
    a, b, c, d = (float(value) for value in values)
    if order == "yxyx":
        return b, a, d, c
    if order == "xywh":
        return a, b, a + c, b + d
    if order == "cxcywh":
        return a - c / 2, b - d / 2, a + c / 2, b + d / 2
    return a, b, c, d


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
