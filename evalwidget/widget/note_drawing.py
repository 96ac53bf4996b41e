"""The picture of a panel on an ipycanvas canvas, and the words on it that say what is missing."""

import textwrap
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from evalwidget.widget.box_drawing import Rect, text_width

__all__ = ["Note", "draw_image", "draw_notes", "notes"]

_FONT: Final = '13px system-ui, -apple-system, "Segoe UI", sans-serif'
_FONT_SIZE: Final = 13
_LINE_HEIGHT: Final = 18
_MARGIN: Final = 8
_PADDING: Final = 8
_GAP: Final = 4
#: More lines of one note would cover the picture.
_MOST_LINES: Final = 4
_GROUND: Final = "rgba(24, 26, 30, 0.86)"
_INK: Final = "#ffffff"
#: In the place of an image, as ``paintImage`` of ``js/src/drawing/paint.ts``.
_NO_IMAGE: Final = "rgba(128, 128, 128, 0.14)"
_NO_IMAGE_EDGE: Final = "rgba(128, 128, 128, 0.45)"
#: An image that is enlarged more than this shows its pixels.
_SMOOTH_BELOW: Final = 4


class Note(NamedTuple):
    """Lines of text on a dark ground, readable on any image and any theme."""

    rect: Rect
    lines: list[str]


def notes(words: Iterable[str], panel: tuple[int, int]) -> list[Note]:
    """Where ``words`` stand, the last at the bottom of a ``panel`` (width, height); empty ones do not."""
    found: list[Note] = []
    bottom = float(panel[1] - _MARGIN)
    widest = max(panel[0] - 2 * _MARGIN, 1)
    for text in reversed([one for one in words if one]):
        lines = _lines(text, widest - 2 * _PADDING)
        width = min(max(map(_width, lines)) + 2 * _PADDING, widest)
        height = _LINE_HEIGHT * len(lines) + 4
        found.append(Note(Rect((panel[0] - width) / 2, max(bottom - height, 0), width, height), lines))
        bottom -= height + _GAP
    return found


def draw_image(canvas: Any, image: Any, panel: tuple[int, int], scale: float) -> None:
    """Draw ``image`` (an ipywidgets Image) over a whole panel; None: a grey field in its place."""
    if image is not None:
        canvas.image_smoothing_enabled = scale < _SMOOTH_BELOW
        canvas.draw_image(image, 0, 0, *panel)
        return
    canvas.fill_style, canvas.stroke_style, canvas.line_width = _NO_IMAGE, _NO_IMAGE_EDGE, 1
    canvas.fill_rect(0, 0, *panel)
    canvas.stroke_rect(0.5, 0.5, panel[0] - 1, panel[1] - 1)


def draw_notes(canvas: Any, found: Iterable[Note]) -> None:
    """Draw the notes on an ipycanvas canvas."""
    canvas.font = _FONT
    canvas.text_baseline = "middle"
    canvas.text_align = "center"
    for note in found:
        x, y, width, _ = note.rect
        canvas.fill_style = _GROUND
        canvas.fill_rect(*note.rect)
        canvas.fill_style = _INK
        for place, line in enumerate(note.lines):
            canvas.fill_text(line, x + width / 2, y + 2 + _LINE_HEIGHT * (place + 0.5), max(width - 2 * _PADDING, 1))


def _lines(text: str, width: float) -> list[str]:
    letters = max(int(len(text) * width / max(_width(text), 1)), 1)
    return textwrap.wrap(text, letters, max_lines=_MOST_LINES, placeholder="…") or [text]


def _width(text: str) -> float:
    return text_width(text, _FONT_SIZE) * 0.92  # it is not bold
