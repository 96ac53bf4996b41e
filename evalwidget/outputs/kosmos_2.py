"""Kosmos-2: ``<phrase>a cat</phrase><object><patch_index_0044><patch_index_0863></object>``, the first and the last of
the patches that a box covers on a grid of 32 × 32; ``</delimiter_of_multi_objects/>`` between boxes of one phrase.

A corner is the middle of its patch; where both patches are in one row or column, the box goes from edge to edge.
"""

import re
from collections.abc import Iterator
from typing import Final

from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, unusable
from evalwidget.outputs.reply import NEVER_ENDS, reply_of
from evalwidget.outputs.tagged import Tags, tagged_boxes

__all__ = ["parse"]

_SIDE: Final = 32
_TAGS: Final = Tags([("<phrase>", "</phrase>")], [("<object>", "</object>")])
_PATCH: Final = re.compile(r"<patch_index_(\d+)>")
_DELIMITER: Final = re.compile(r"</?delimiter_of_multi_objects/?>")


def parse(text: str) -> ParsedOutput:
    reply = reply_of(text)
    if reply is None:
        return ParsedOutput(state="truncated", message=NEVER_ENDS)
    return gathered(tagged_boxes(reply, _TAGS, _boxes), "expected <object> with two patches, found none")


def _boxes(_: str, content: str, closed: bool) -> Iterator[ParsedBox]:
    parts = _DELIMITER.split(content)
    for place, part in enumerate(parts):
        patches = [int(digits[:400]) for digits in _PATCH.findall(part)]
        is_last = place == len(parts) - 1
        if not closed and is_last and (len(patches) < 2 or _PATCH.sub("", part).strip()):
            yield unusable("truncated", "the text ends within a box", part)
        elif len(patches) != 2:
            message = f"expected 2 patches, got {len(patches)}"
            yield unusable("wrong_number_of_coordinates", message, part)
        else:
            yield _box(patches[0], patches[1], part)


def _box(first: int, last: int, raw: str) -> ParsedBox:
    if max(first, last) >= _SIDE * _SIDE:
        return unusable("out_of_range", f"expected patches from 0 to {_SIDE * _SIDE - 1}, got {raw[:80]}", raw)
    (y1, x1), (y2, x2) = divmod(first, _SIDE), divmod(last, _SIDE)
    if x2 < x1 or y2 < y1:
        return unusable("negative_size", f"expected the upper left patch first, got {raw[:80]}", raw)
    start, end = (0.0, 1.0) if x1 == x2 or y1 == y2 else (0.5, 0.5)
    return ParsedBox(
        None, ((x1 + start) / _SIDE, (y1 + start) / _SIDE, (x2 + end) / _SIDE, (y2 + end) / _SIDE), raw=raw
    )
