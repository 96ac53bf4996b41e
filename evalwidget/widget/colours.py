"""One stable colour for each phrase or class of a run."""

import colorsys
from typing import Final

__all__ = ["label_colour"]

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
_GOLDEN_ANGLE: Final = 0.6180339887498949


def label_colour(place: int) -> str:
    """Colour ``#rrggbb`` of the label numbered ``place`` in the run: twelve chosen ones, then hues a golden angle apart
    in changing lightness."""
    if place < len(_PALETTE):
        return _PALETTE[place]
    hue = place * _GOLDEN_ANGLE % 1
    lightness = (0.42, 0.52, 0.62)[place % 3]
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, lightness, 0.75))
    return f"#{red:02x}{green:02x}{blue:02x}"
