"""Florence-2: a label, then four ``<loc_0>`` … ``<loc_999>``, x1 y1 x2 y2, for each of its boxes.

A number stands for the middle of one of 1000 bins of the image's width or height. Quadrilaterals and polygons of its
other tasks are not boxes. What its processor makes of the text is read too, ``{"<OD>": {"bboxes", "labels"}}`` in
pixels.
"""

import re
from collections.abc import Iterator
from typing import Final

from evalwidget.outputs.coordinates import Grid, box_of
from evalwidget.outputs.json_boxes import json_boxes
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, unusable
from evalwidget.outputs.reply import NEVER_ENDS, reply_of

__all__ = ["parse"]

_GRID: Final = Grid(1000.0, top=999.0, offset=0.5)
_ENTRY: Final = re.compile(
    r"(?P<poly><poly>.*?(?:</poly>|\Z))|(?P<locs>(?:<loc_\d+>\s*)+)(?P<cut><[loc_\d]*\Z)?|(?P<alone><[loc_\d]*\Z)",
    re.DOTALL,
)
_LOC: Final = re.compile(r"<loc_(\d+)>")
_PIXELS: Final = Grid(None, scale="pixels")
_RESULT: Final = re.compile(r"""["']bboxes["']\s*:""")


def parse(text: str) -> ParsedOutput:
    reply = reply_of(text)
    if reply is None:
        return ParsedOutput(state="truncated", message=NEVER_ENDS)
    if "<loc_" not in reply and _RESULT.search(reply):
        return json_boxes(text, _PIXELS)
    return gathered(_boxes(reply), "expected a label and four <loc_0> … <loc_999>, found none")


def _boxes(text: str) -> Iterator[ParsedBox]:
    reach = 0
    for entry in _ENTRY.finditer(text):
        label = text[reach : entry.start()].rpartition(">")[2].strip() or None
        reach = entry.end()
        values = [int(digits[:400]) for digits in _LOC.findall(entry["locs"] or "")]
        boxes = [values[place : place + 4] for place in range(0, len(values) - 3, 4)]
        cut = entry["cut"] is not None or entry["alone"] is not None
        if entry["poly"]:
            yield unusable("no_box", "expected a box, found a polygon", entry.group(), label)
        elif len(values) % 4 and not cut:
            message = f"expected 4 numbers for each box, got {len(values)}"
            yield unusable("wrong_number_of_coordinates", message, entry.group(), label)
        else:
            yield from (box_of(box, _GRID, label=label) for box in boxes)
            if cut:
                yield unusable("truncated", "the text ends within a box", entry.group(), label)
