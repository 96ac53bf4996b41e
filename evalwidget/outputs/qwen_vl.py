"""Qwen-VL and Qwen2-VL: ``(x1,y1),(x2,y2)`` in thousandths, marked by tags.

Qwen-VL: ``<ref>a cat</ref><box>(x1,y1),(x2,y2)</box>``, several boxes after one label; 0 to 999, divided by 999 as in
its own evaluation (eval_mm/evaluate_grounding.py). ``<quad>`` holds four corners: read as the box around them.
Qwen2-VL: ``<|object_ref_start|>a cat<|object_ref_end|><|box_start|>(x1,y1),(x2,y2)<|box_end|>``; 0 to 1000.

The tags are special tokens, which decoding may drop: then the text holds bare pairs, perhaps after a label.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from evalwidget.outputs.coordinates import Grid, box_of
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, mended, unusable
from evalwidget.outputs.reply import NEVER_ENDS, reply_of
from evalwidget.outputs.tagged import Tags, tagged_boxes, text_before

__all__ = ["parse_qwen2_vl", "parse_qwen_vl"]

_NUMBER: Final = r"[-+]?\d+(?:\.\d+)?"
_NUMBERS: Final = re.compile(_NUMBER)
_PAIR: Final = rf"\(\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\)"
_BOX: Final = re.compile(rf"\s*{_PAIR}\s*(?:,\s*)?{_PAIR}\s*")
_QUAD: Final = re.compile(rf"\s*{_PAIR}(?:\s*(?:,\s*)?{_PAIR}){{3}}\s*")
_GROUP: Final = rf"\(\s*{_NUMBER}(?:\s*,\s*{_NUMBER})*\s*\)"
_RUN: Final = re.compile(rf"(?:{_GROUP}(?:\s*(?:,\s*)?{_GROUP})*)?(?P<cut>,?\s*\([\d\s,.+-]*\Z)?")
_TAGS: Final = Tags(
    [("<ref>", "</ref>"), ("<|object_ref_start|>", "<|object_ref_end|>")],
    [("<box>", "</box>"), ("<|box_start|>", "<|box_end|>"), ("<quad>", "</quad>"), ("<|quad_start|>", "<|quad_end|>")],
)
_QWEN_VL: Final = Grid(999.0)
_QWEN2_VL: Final = Grid(1000.0)


def parse_qwen_vl(text: str) -> ParsedOutput:
    return _parsed(text, _QWEN_VL)


def parse_qwen2_vl(text: str) -> ParsedOutput:
    return _parsed(text, _QWEN2_VL)


def _parsed(text: str, grid: Grid) -> ParsedOutput:
    reply = reply_of(text)
    if reply is None:
        return ParsedOutput(state="truncated", message=NEVER_ENDS)
    if _TAGS.is_box.search(reply):
        boxes = tagged_boxes(reply, _TAGS, lambda tag, content, closed: _boxes(tag, content, closed, grid))
    else:
        boxes = _untagged(reply, grid)
    return gathered(boxes, "expected (x1,y1),(x2,y2), found none")


def _boxes(tag: str, content: str, closed: bool, grid: Grid) -> Iterator[ParsedBox]:
    """The box inside one tag."""
    values = [_number(token) for token in _NUMBERS.findall(content)]
    if _BOX.fullmatch(content):
        yield box_of(values, grid)
    elif "quad" in tag and _QUAD.fullmatch(content):
        xs, ys = values[::2], values[1::2]
        box = box_of([min(xs), min(ys), max(xs), max(ys)], grid)
        yield mended(box, "repaired: the box around four corners")
    elif not closed:
        yield unusable("truncated", "the text ends within a box", content)
    elif len(values) != 4:
        message = f"expected (x1,y1),(x2,y2), got {len(values)} numbers"
        yield unusable("wrong_number_of_coordinates", message, content)
    else:
        yield unusable("unparsable", f"expected (x1,y1),(x2,y2), got {content[:60]!r}", content)


def _untagged(text: str, grid: Grid) -> Iterator[ParsedBox]:
    """Bare pairs; fewer than three numbers in brackets are text."""
    reach = 0
    for start in (found.start() for found in re.finditer(r"\(", text)):
        if start < reach:
            continue
        found = _RUN.match(text, start)
        values = [] if found is None else _NUMBERS.findall(found.group())
        if found is None or not found.group() or (len(values) < 3 and not found["cut"]):
            continue
        before = text_before(text, start, reach)
        reach = found.end()
        for box in _boxes("", found.group(), not found["cut"], grid):
            yield replace(box, before=before)


def _number(token: str) -> float:
    return float(token) if "." in token else int(token[:400])
