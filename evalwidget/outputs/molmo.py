"""Molmo: points, ``<point x="10.5" y="20.0" alt="a cat">a cat</point>``, ``<points x1="…" y1="…" x2="…" y2="…" …>``,
``Click(10.5, 20.0)`` in hundredths of the image, ``p=105,200`` in thousandths. Each is kept as a box without area."""

import re
from collections.abc import Iterator
from typing import Any, Final

from evalwidget.outputs.coordinates import Grid, point_of
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, unusable
from evalwidget.outputs.reply import NEVER_ENDS, reply_of

__all__ = ["parse"]

_HUNDREDTHS: Final = Grid(100.0)
_THOUSANDTHS: Final = Grid(1000.0)
_POINT: Final = re.compile(
    r"<points?\b(?P<attributes>[^<>]*)(?P<end>>(?P<inner>[^<]*)|(?=<)|\Z)"
    r"|\bClick\((?P<click>[^()\n]*)(?P<click_end>\)|\Z)|\bp\s*=\s*(?P<p>\d+\s*,\s*\d+)"
)
_ATTRIBUTE: Final = re.compile(r"""(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_NUMBER: Final = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)\s*")


def parse(text: str) -> ParsedOutput:
    reply = reply_of(text)
    if reply is None:
        return ParsedOutput(state="truncated", message=NEVER_ENDS)
    return gathered(_points(reply), 'expected <point x="…" y="…">, found none')


def _points(text: str) -> Iterator[ParsedBox]:
    for found in _POINT.finditer(text):
        if found["p"] is not None:
            yield point_of(_numbers(found["p"].split(",")), _THOUSANDTHS)
        elif found["click"] is not None:
            if found["click_end"]:
                yield point_of(_numbers(found["click"].split(",")), _HUNDREDTHS)
            else:
                yield unusable("truncated", "the text ends within a point", found.group())
        elif not found["end"]:
            yield from _of_attributes(found, is_cut=found.end() == len(text))
        else:
            yield from _of_attributes(found, is_cut=False)


def _of_attributes(found: re.Match[str], *, is_cut: bool) -> Iterator[ParsedBox]:
    """The points of one tag; x1 and y1 are the first one's, and so on."""
    fields = {name: first or second for name, first, second in _ATTRIBUTE.findall(found["attributes"])}
    label = (fields.get("alt") or found["inner"] or "").strip() or None
    places = dict.fromkeys(name[1:] for name in fields if re.fullmatch(r"[xy]\d*", name))
    for place in places:
        pair = [fields[axis + place] for axis in "xy" if axis + place in fields]
        if is_cut and len(pair) < 2:
            continue
        yield point_of(_numbers(pair), _HUNDREDTHS, f"point {place}".strip(), label)
    if is_cut:
        yield unusable("truncated", "the text ends within a point", found.group(), label)
    elif not places:
        yield unusable("no_box", "expected x and y, found neither", found.group(), label)


def _numbers(tokens: list[str]) -> list[Any]:
    return [_number(token) for token in tokens]


def _number(token: str) -> Any:
    if not _NUMBER.fullmatch(token):
        return token
    return float(token) if "." in token else int(token.strip()[:400])
