"""PaliGemma: four ``<loc0000>`` … ``<loc1023>``, y1 x1 y2 x2, then the label; `` ; `` between boxes.

Numbers are 1024ths of the image, as its decoders take them; training writes a place as round(1023 × fraction), less
than a thousandth away. ``<seg000>`` tokens of a segmentation are passed over.
"""

import re
from collections.abc import Iterator
from typing import Final

from evalwidget.outputs.coordinates import Grid, box_of
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, unusable
from evalwidget.outputs.reply import NEVER_ENDS, reply_of

__all__ = ["parse"]

_GRID: Final = Grid(1024.0, "yxyx", top=1023.0)
_ENTRY: Final = re.compile(
    r"(?P<locs>(?:<loc\d+>\s*)+)(?:<seg\d+>\s*)*(?P<label>[^;<]*)|(?P<cut><(?:l(?:o(?:c\d*)?)?)?\Z)"
)
_LOC: Final = re.compile(r"<loc(\d+)>")


def parse(text: str) -> ParsedOutput:
    reply = reply_of(text)
    if reply is None:
        return ParsedOutput(state="truncated", message=NEVER_ENDS)
    return gathered(_boxes(reply), "expected four <loc0000> … <loc1023> and a label, found none")


def _boxes(text: str) -> Iterator[ParsedBox]:
    entries = list(_ENTRY.finditer(text))
    cut = entries.pop() if entries and entries[-1]["cut"] else None
    for place, entry in enumerate(entries):
        if cut is not None and place == len(entries) - 1 and entry.end() == cut.start() and not entry["label"].strip():
            yield unusable("truncated", "the text ends within a box", entry.group() + cut.group())
            return
        values = [int(digits[:400]) for digits in _LOC.findall(entry["locs"])]
        yield box_of(values, _GRID, label=entry["label"].strip() or None)
    if cut is not None:
        yield unusable("truncated", "the text ends within a box", cut.group())
