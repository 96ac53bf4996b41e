"""MiniGPT-v2: ``<p>a cat</p> {<x1><y1><x2><y2>}``, hundredths of the image; ``<delim>`` between boxes of one label."""

import re
from collections.abc import Iterator
from typing import Final

from evalwidget.outputs.coordinates import Grid, box_of
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, unusable
from evalwidget.outputs.reply import NEVER_ENDS, reply_of
from evalwidget.outputs.tagged import text_before

__all__ = ["parse"]

_GRID: Final = Grid(100.0)
_ITEM: Final = re.compile(r"<p>(?P<label>[^<]*)</p>|\{(?P<box>(?:<[^<>{}]*>\s*)*)(?P<end>\}|<?[^<>{}]*\Z)")
_BETWEEN: Final = re.compile(r"(?:\s|<delim>)*")


def parse(text: str) -> ParsedOutput:
    reply = reply_of(text)
    if reply is None:
        return ParsedOutput(state="truncated", message=NEVER_ENDS)
    return gathered(_boxes(reply), "expected {<x1><y1><x2><y2>}, found none")


def _boxes(text: str) -> Iterator[ParsedBox]:
    label: str | None = None
    used, reach = True, 0
    for found in _ITEM.finditer(text):
        between = text[reach : found.start()]
        if found["box"] is None or not _BETWEEN.fullmatch(between):
            if not used:
                yield unusable("no_box", f"{label!r}: expected a box after the label, found none", label or "", label)
            label, used = None, True
        if found["box"] is None:
            label, used = found["label"].strip(), False
        elif found["end"] != "}":
            yield unusable("truncated", "the text ends within a box", found.group(), label)
            used = True
        else:
            numbers = [_number(token) for token in re.findall(r"<([^<>]*)>", found["box"])]
            before = text_before(text, found.start(), reach) if label is None else None
            box = box_of(numbers, _GRID, label=label)
            yield ParsedBox(label, box.values, box.state, box.message, found.group(), before=before)
            used = True
        reach = found.end()
    if not used:
        yield unusable("no_box", f"{label!r}: expected a box after the label, found none", label or "", label)


def _number(token: str) -> object:
    return int(token[:400]) if re.fullmatch(r"-?\d+", token) else token
