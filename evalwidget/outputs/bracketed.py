"""Numbers in square brackets: InternVL, DeepSeek-VL2, CogVLM, Shikra and Ferret.

InternVL: ``<ref>a cat</ref><box>[[x1, y1, x2, y2]]</box>``, thousandths; numbers that add up to less than 4 are
fractions, as its own evaluation takes them. DeepSeek-VL2: ``<|ref|>a cat<|/ref|><|det|>[[x1, y1, x2, y2]]<|/det|>``,
0 to 999. CogVLM: ``[[086,540,400,760]]``, thousandths, ``;`` between boxes. Shikra: ``[0.100,0.200,0.300,0.400]``,
fractions, ``;`` between boxes. Ferret: ``a cat [x1, y1, x2, y2]``, thousandths, or fractions with decimal points.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from evalwidget.outputs.coordinates import Grid, box_of
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, mended, unusable
from evalwidget.outputs.reply import NEVER_ENDS, reply_of
from evalwidget.outputs.tagged import Tags, tagged_boxes, text_before

__all__ = ["parse_cogvlm", "parse_deepseek_vl2", "parse_ferret", "parse_internvl", "parse_shikra"]

_TOKEN: Final = re.compile(r"\s*(?:([-+]?(?:\d+(?:\.\d*)?|\.\d+))|([\[\],;]))")
_END: Final = re.compile(r"\s*\Z")
_REST_OF_NUMBER: Final = re.compile(r"[-+.\s]*\Z")
_INTERNVL: Final = Tags([("<ref>", "</ref>")], [("<box>", "</box>")])
_DEEPSEEK: Final = Tags([("<|ref|>", "<|/ref|>")], [("<|det|>", "<|/det|>")])
_MOST_LEVELS: Final = 16


def parse_internvl(text: str) -> ParsedOutput:
    return _parsed(text, lambda values: Grid(1000.0 if sum(values) >= 4 else 1.0), _INTERNVL)


def parse_deepseek_vl2(text: str) -> ParsedOutput:
    return _parsed(text, lambda values: Grid(999.0), _DEEPSEEK)


def parse_cogvlm(text: str) -> ParsedOutput:
    return _parsed(text, lambda values: Grid(1000.0))


def parse_shikra(text: str) -> ParsedOutput:
    return _parsed(text, lambda values: Grid(1.0))


def parse_ferret(text: str) -> ParsedOutput:
    def grid(values: list[float]) -> Grid:
        return Grid(1.0 if any(isinstance(value, float) for value in values) and max(values) <= 1 else 1000.0)

    return _parsed(text, grid)


def _parsed(text: str, grid: Callable[[list[float]], Grid], tags: Tags | None = None) -> ParsedOutput:
    reply = reply_of(text)
    if reply is None:
        return ParsedOutput(state="truncated", message=NEVER_ENDS)
    if tags is not None and tags.is_box.search(reply):
        boxes = tagged_boxes(reply, tags, lambda _, content, closed: _tagged(content, closed, grid))
    else:
        boxes = _untagged(reply, grid)
    return gathered(boxes, "expected [x1, y1, x2, y2], found none")


def _tagged(content: str, closed: bool, grid: Callable[[list[float]], Grid]) -> Iterator[ParsedBox]:
    """The boxes inside one tag."""
    start = content.find("[")
    group = _group(content, max(start, 0), whole=closed)
    if group is None or content[: max(start, 0)].strip():
        yield unusable("unparsable", f"expected [[x1, y1, x2, y2]], got {content[:60]!r}", content)
        return
    value, _, cut = group
    for box in _boxes(value, content, grid, cut=cut and not closed):
        yield mended(box, "repaired: a bracket is not closed") if cut else box


def _untagged(text: str, grid: Callable[[list[float]], Grid]) -> Iterator[ParsedBox]:
    """Groups of numbers; fewer than three in a bracket are text, such as a range or a note's number."""
    place, reach = text.find("["), 0
    while place >= 0:
        group = _group(text, place, whole=False)
        if group is None or (_count(group[0]) < 3 and not group[2]):
            place = text.find("[", place + 1)
            continue
        value, end, cut = group
        before, raw = text_before(text, place, reach), text[place:end]
        for box in _boxes(value, raw, grid, cut=cut):
            found = replace(box, before=before)
            yield mended(found, "repaired: the text ends before the brackets close") if cut else found
        reach = end
        place = text.find("[", end)


def _group(text: str, start: int, *, whole: bool) -> tuple[list[Any], int, bool] | None:
    """The numbers and lists in the bracket at ``start``, where it ends, and whether the text ends first; None where it
    holds anything else. ``;`` stands between two boxes. A list that is cut has None as its last entry, in the place of
    a number at the very end of a text that is not ``whole``."""
    outer: list[Any] = []
    open_lists: list[list[Any]] = [outer]
    place = start
    while True:
        found = _TOKEN.match(text, place)
        if found is None:
            if len(open_lists) == 1 or not _REST_OF_NUMBER.match(text, place):
                return None
            for part in open_lists[1:]:
                part.append(None)
            return outer if len(outer) > 1 else outer[0], len(text), True
        number, sign = found.groups()
        place = found.end()
        if number is not None:
            if len(open_lists) == 1:
                return None
            if whole or place < len(text):
                open_lists[-1].append(float(number) if "." in number else int(number[:400]))
        elif sign == "[":
            if len(open_lists) > _MOST_LEVELS:
                return None
            open_lists[-1].append([])
            open_lists.append(open_lists[-1][-1])
        elif sign == "]":
            open_lists.pop()
            if len(open_lists) == 1:
                return outer if len(outer) > 1 else outer[0], place, False
        elif sign == ";" and len(open_lists) > 1:
            done = open_lists.pop()
            if any(not isinstance(part, list) for part in done):
                open_lists[-1].append([])
                open_lists.append(open_lists[-1][-1])
            else:
                open_lists.append(done)
        elif len(open_lists) == 1:
            return None


def _boxes(value: list[Any], raw: str, grid: Callable[[list[float]], Grid], *, cut: bool) -> Iterator[ParsedBox]:
    """Each list of numbers as a box; numbers and lists side by side are one box of too many or too few."""
    parts = [part for part in value if part is not None]
    if parts and all(isinstance(part, list) for part in parts):
        for part in parts:
            yield from _boxes(part, raw, grid, cut=cut)
    elif any(isinstance(part, list) for part in parts):
        message = "expected 4 numbers, got a list among them"
        yield unusable("wrong_number_of_coordinates", message, raw)
    elif value and value[-1] is None and cut:
        yield unusable("truncated", "the text ends within a box", raw)
    elif parts or value:
        yield box_of(parts, grid(parts or [0.0]))


def _count(value: Any) -> int:
    """How many numbers there are, at most in one list of those within."""
    numbers = sum(part is not None and not isinstance(part, list) for part in value)
    return max([numbers, *(_count(part) for part in value if isinstance(part, list))])
