"""Florence-2: a label, then four ``<loc_0>`` … ``<loc_999>``, x1 y1 x2 y2, for each of its boxes.

A number stands for the middle of one of 1000 bins of the image's width or height. Quadrilaterals and polygons of its
other tasks are not boxes.
"""

import re
from collections.abc import Iterator
from typing import Final

from evalwidget.outputs.coordinates import Grid, box_of
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, unusable
from evalwidget.outputs.reply import NEVER_ENDS, reply_of

__all__ = ["parse"]

_GRID: Final = Grid(1000.0, top=999.0, offset=0.5)
_ENTRY: Final = re.compile(
    r"(?P<label>[^<]*)(?:(?P<poly><poly>.*?(?:</poly>|\Z))|(?P<locs>(?:<loc_\d+>\s*)+)(?P<cut><(?:l(?:o(?:c(?:_\d*)?)?)?)?\Z)?)",
    re.DOTALL,
)
_LOC: Final = re.compile(r"<loc_(\d+)>")


def parse(text: str) -> ParsedOutput:
    reply = reply_of(text)
    if reply is None:
        return ParsedOutput(state="truncated", message=NEVER_ENDS)
    return gathered(_boxes(reply), "expected a label and four <loc_0> … <loc_999>, found none")


def _boxes(text: str) -> Iterator[ParsedBox]:
    for entry in _ENTRY.finditer(text):
        label = entry["label"].strip() or None
        if entry["poly"]:
            yield unusable("no_box", "expected a box, found a polygon", entry.group(), label)
            continue
        values = [int(digits[:400]) for digits in _LOC.findall(entry["locs"])]
        if entry["cut"] is not None:
            whole = len(values) // 4 * 4
            for place in range(0, whole, 4):
                yield box_of(values[place : place + 4], _GRID, label=label)
            yield unusable("truncated", "the text ends within a box", entry.group(), label)
        elif len(values) % 4:
            message = f"expected 4 numbers for each box, got {len(values)}"
            yield unusable("wrong_number_of_coordinates", message, entry.group(), label)
        else:
            for place in range(0, len(values), 4):
                yield box_of(values[place : place + 4], _GRID, label=label)
