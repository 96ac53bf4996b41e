"""How boxes are drawn on an ipycanvas canvas: as the front end draws them, in ``js/src/drawing/paint.ts``.

What is to be drawn is worked out first, as ``Stroke`` and ``Chip``; ``draw_strokes`` and ``draw_chips`` then only send
it, since an exception inside ``ipycanvas.hold_canvas`` would leave the canvases held for good. All lengths are pixels
of the panel.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalwidget.scoring.evaluation import INVALID, OUTCOMES
from evalwidget.widget.protocol import Label

__all__ = [
    "ALWAYS_CHIPS",
    "CHIP_FONT",
    "CHIP_HEIGHT",
    "CHIP_PADDING",
    "HALO_ALPHA",
    "LINES",
    "MOST_CHIPS",
    "PAINT_ORDER",
    "THINNER",
    "THIN_FROM",
    "Chip",
    "Line",
    "Rect",
    "Scene",
    "SideBoxes",
    "Stroke",
    "chip_text",
    "chips",
    "draw_chips",
    "draw_strokes",
    "place_chip",
    "strokes",
    "text_on",
    "text_width",
]

MOST_CHIPS: Final = 60
#: So few boxes have chips even where these cover something.
ALWAYS_CHIPS: Final = 12
CHIP_FONT: Final = '600 11px system-ui, -apple-system, "Segoe UI", sans-serif'
CHIP_HEIGHT: Final = 16
CHIP_PADDING: Final = 4
HALO_ALPHA: Final = 0.5
THIN_FROM: Final = 800
THINNER: Final = -0.75
_LONGEST_LABEL: Final = 32
_CHIP_FONT_SIZE: Final = 11


class Line(NamedTuple):
    """Width, dashes and opacity of a line."""

    width: float
    dash: tuple[float, ...]
    alpha: float


#: How an outcome is told by more than colour.
LINES: Final = {
    "unscored": Line(2, (), 1),
    "matched": Line(2, (), 1),
    "missed": Line(2, (10, 5), 1),
    "extra": Line(2, (2, 3), 1),
    "ignored": Line(1, (), 0.5),
    "invalid": Line(2, (), 0),
}
PAINT_ORDER: Final = ("ignored", "unscored", "matched", "missed", "extra")


class Rect(NamedTuple):
    """Left, top, width and height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class SideBoxes:
    """One side's ``n`` boxes at a step: ``corners`` ``(n, 4)`` in pixels of the original image, NaN for an invalid one;
    ``label`` ``(n,)`` places in a reply's labels, ``outcome`` ``(n,)`` places in ``OUTCOMES``, ``score`` ``(n,)``, NaN
    where there is none."""

    corners: NDArray[np.float32]
    label: NDArray[np.uint32]
    outcome: NDArray[np.uint8]
    score: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scene:
    """Boxes on a panel of ``panel`` (width, height), in which a pixel of the image is ``scale`` wide; ``labels`` are
    those that ``boxes.label`` counts."""

    boxes: SideBoxes
    labels: Sequence[Label]
    scale: float
    panel: tuple[int, int]
    show_labels: bool = True
    show_scores: bool = True


@dataclass(frozen=True, slots=True)
class Stroke:
    """Rectangles ``(n, 4)`` of ``Rect``'s columns, all in one colour and line, over a wider one in ``halo``."""

    rects: NDArray[np.float64]
    colour: str
    halo: str
    line: Line
    halo_width: float


@dataclass(frozen=True, slots=True)
class Chip:
    """A text beside its box, on a ground of the box's colour."""

    rect: Rect
    text: str
    colour: str


def strokes(scene: Scene) -> list[Stroke]:
    """The edges of all boxes in sight, in the order of drawing: a group for each outcome and label."""
    shown, rects = _shown(scene)
    thinner = THINNER if len(shown) >= THIN_FROM else 0
    rects_in_sight = _in_sight(rects, scene.panel)
    shown, rects = shown[rects_in_sight], rects[rects_in_sight]
    outcome, label = scene.boxes.outcome[shown], scene.boxes.label[shown]
    found = []
    for name in PAINT_ORDER:
        of_outcome = outcome == OUTCOMES.index(name)
        for place in dict.fromkeys(label[of_outcome].tolist()):
            colour, line = scene.labels[place]["colour"], LINES[name]
            found.append(
                Stroke(
                    rects[of_outcome & (label == place)],
                    colour,
                    text_on(colour),
                    line._replace(width=max(line.width + thinner, 0.75)),
                    line.width + 2 + thinner,
                )
            )
    return found


def chips(scene: Scene) -> list[Chip]:
    """The texts of all boxes in sight, each where it covers none of the earlier; none of very many boxes."""
    shown, rects = _shown(scene)
    if len(shown) > MOST_CHIPS:
        return []
    must = len(shown) <= ALWAYS_CHIPS
    found: list[Chip] = []
    taken: list[Rect] = []
    in_sight = _in_sight(rects, scene.panel)
    for index, corners, is_in_sight in zip(shown.tolist(), rects.tolist(), in_sight.tolist(), strict=True):
        text = _fitting(chip_text(scene, index), scene.panel[0] - 2 * CHIP_PADDING)
        if not text or not is_in_sight:
            continue
        box, width = Rect(*corners), text_width(text) + 2 * CHIP_PADDING
        place = place_chip(box, width, scene.panel, taken)
        if place is None and must:
            place = _crowded(box, width, scene.panel, taken)
        if place is not None:
            taken.append(place)
            found.append(Chip(place, text, scene.labels[int(scene.boxes.label[index])]["colour"]))
    return found


def chip_text(scene: Scene, index: int) -> str:
    """Label, outcome where it is not the usual one, and score of a box, as far as the scene shows them."""
    boxes = scene.boxes
    parts = []
    if scene.show_labels:
        text, outcome = scene.labels[int(boxes.label[index])]["text"], OUTCOMES[int(boxes.outcome[index])]
        if text:
            parts.append(f"{text[: _LONGEST_LABEL - 1]}…" if len(text) > _LONGEST_LABEL else text)
        if outcome in ("missed", "extra", "ignored"):
            parts.append(outcome)
    score = float(boxes.score[index])
    if scene.show_scores and not math.isnan(score):
        # as JavaScript rounds what lies in the middle
        parts.append(str(Decimal(score).quantize(Decimal("0.01"), ROUND_HALF_UP)))
    return " · ".join(parts)


def text_on(colour: str) -> str:
    """Black or white, whichever contrasts more with ``#rrggbb``: by WCAG's relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


def text_width(text: str, font_size: float = _CHIP_FONT_SIZE) -> float:
    """About how wide ``text`` is in a bold sans serif. Python cannot measure it in the browser's font, and what is
    wider there is drawn narrower (``max_width``)."""
    return font_size * sum(map(_advance, text))


def place_chip(box: Rect, width: float, panel: tuple[int, int], taken: Iterable[Rect]) -> Rect | None:
    """Where a chip goes: at a corner of its box where it covers no other chip, inside the panel."""
    left, right = box.x - 1, box.x + box.width + 1 - width
    above, below = box.y - CHIP_HEIGHT, box.y + box.height
    inside, inside_bottom = box.y, below - CHIP_HEIGHT
    for x, y in (
        (left, above),
        (left, inside),
        (left, below),
        (right, above),
        (right, below),
        (left, inside_bottom),
        (right, inside),
    ):
        if y < 0 or y + CHIP_HEIGHT > panel[1]:
            continue
        chip = Rect(_inside(x, width, panel), y, width, CHIP_HEIGHT)
        if not any(_overlap(chip, other) for other in taken):
            return chip
    return None


def draw_strokes(canvas: Any, found: Iterable[Stroke]) -> None:
    """Stroke the groups on an ipycanvas canvas, each with its halo below it."""
    for stroke in found:
        columns = [stroke.rects[:, place] for place in range(4)]
        canvas.set_line_dash(list(stroke.line.dash))
        for colour, width, alpha in (
            (stroke.halo, stroke.halo_width, HALO_ALPHA * stroke.line.alpha),
            (stroke.colour, stroke.line.width, stroke.line.alpha),
        ):
            canvas.global_alpha = alpha
            canvas.stroke_style = colour
            canvas.line_width = width
            canvas.stroke_rects(*columns)
    canvas.set_line_dash([])
    canvas.global_alpha = 1


def draw_chips(canvas: Any, found: Sequence[Chip]) -> None:
    """Draw the texts on an ipycanvas canvas, their grounds first."""
    canvas.font = CHIP_FONT
    canvas.text_baseline = "middle"
    canvas.text_align = "start"
    for chip in found:
        canvas.fill_style = chip.colour
        canvas.fill_rect(*chip.rect)
        canvas.fill_style = text_on(chip.colour)
        x, y, width, height = chip.rect
        canvas.fill_text(chip.text, x + CHIP_PADDING, y + height / 2 + 0.5, width - 2 * CHIP_PADDING)


def _shown(scene: Scene) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The rows of the boxes that can be drawn, and their rectangles on whole pixels, where lines are crisp."""
    boxes = scene.boxes
    shown = np.flatnonzero((boxes.outcome != INVALID) & ~np.isnan(boxes.corners[:, 0]))
    corners = np.floor(boxes.corners[shown].astype(np.float64) * scene.scale + 0.5)
    return shown, np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)


def _in_sight(rects: NDArray[np.float64], panel: tuple[int, int]) -> NDArray[np.bool_]:
    x, y, width, height = rects.T
    within: NDArray[np.bool_] = (x < panel[0]) & (y < panel[1]) & (x + width > 0) & (y + height > 0)
    return within


def _crowded(box: Rect, width: float, panel: tuple[int, int], taken: Sequence[Rect]) -> Rect:
    """Somewhere inside the panel, as near to the box as other chips allow, further down rather than on top of one."""
    x = _inside(box.x - 1, width, panel)
    lowest = max(panel[1] - CHIP_HEIGHT, 0)
    top = min(max(box.y - CHIP_HEIGHT, 0), lowest)
    for y in np.arange(top, lowest + 1e-9, CHIP_HEIGHT / 2).tolist():
        chip = Rect(x, y, width, CHIP_HEIGHT)
        if not any(_overlap(chip, other) for other in taken):
            return chip
    return Rect(x, top, width, CHIP_HEIGHT)


def _inside(x: float, width: float, panel: tuple[int, int]) -> float:
    return min(max(x, 0), max(panel[0] - width, 0))


def _overlap(a: Rect, b: Rect) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def _fitting(text: str, width: float) -> str:
    if text_width(text) <= width:
        return text
    kept = text
    while len(kept) > 1 and text_width(f"{kept}…") > width:
        kept = kept[:-1]
    return f"{kept}…"


def _advance(letter: str) -> float:
    """Width of a letter in parts of the font's size, after the usual bold sans serif faces."""
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1
    if letter in "fijltrI.,:;'|!()[]·-/ ":
        return 0.36
    if letter in "mwMW@%…":
        return 0.92
    return 0.72 if letter.isupper() else 0.61
