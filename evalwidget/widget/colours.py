"""One stable colour for each phrase or class of a run."""

import colorsys
from typing import Final
from zlib import crc32

__all__ = ["invented_label_colour", "label_colour"]

#: Told apart on photographs and on white, also by most readers who see colours differently; the first twelve labels.
_PALETTE: Final = (
    "#e6194b",
    "#2f7ed8",
    "#3cb44b",
    "#f58231",
    "#911eb4",
    "#00a6a6",
    "#d6a800",
    "#f032e6",
    "#9a6324",
    "#7a8f00",
    "#5b5bd6",
    "#c2185b",
)
_GOLDEN_RATIO: Final = 0.6180339887498949


def label_colour(place: int) -> str:
    """Colour ``#rrggbb`` of the label numbered ``place`` in the run: twelve chosen ones, then hues a golden angle apart
    in changing lightness."""
    return _PALETTE[place] if place < len(_PALETTE) else _hue_colour(place)


def invented_label_colour(name: str) -> str:
    """Colour of a label that only predictions have: told from its name, since its number depends on which steps were
    read first."""
    return _hue_colour(crc32(name.encode("utf-8", "replace")) % 997)


def _hue_colour(number: int) -> str:
    hue = number * _GOLDEN_RATIO % 1
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, (0.42, 0.52, 0.62)[number % 3], 0.75))
    return f"#{red:02x}{green:02x}{blue:02x}"
