"""Model output text read into boxes or an answer: one small grammar a family.

``parse_output(family, text)`` returns a ``ParsedOutput``; it never raises on what a model printed.
``families_told(text)`` are the families whose own marks a text bears. ``docs/formats.md`` has an example of each.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from evalwidget.boxes import RESIZED, Convention
from evalwidget.errors import UnknownNameError
from evalwidget.outputs import bracketed, florence_2, kosmos_2, minigpt_v2, molmo, paligemma, plain_json, qwen_vl, vi
from evalwidget.outputs.coordinates import Grid
from evalwidget.outputs.json_boxes import json_boxes
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput
from evalwidget.outputs.reply import NEVER_ENDS, reply_of

__all__ = [
    "FAMILIES",
    "Family",
    "ParsedBox",
    "ParsedOutput",
    "families_told",
    "family_named",
    "parse_output",
    "plain_answer",
]


@dataclass(frozen=True, slots=True)
class Family:
    """``parse(text, convention)`` reads a text; only a family without a convention of its own takes that one. ``mark``
    is what no other family prints, None where there is no such thing. ``has_answers`` says that the grammar has a place
    for an answer; without one, text that answers a question is the answer."""

    parse: Callable[[str, Convention], ParsedOutput]
    mark: str | None = None
    has_answers: bool = False


def _own(parse: Callable[[str], ParsedOutput]) -> Callable[[str, Convention], ParsedOutput]:
    return lambda text, _: parse(text)


def _json(grid: Grid) -> Callable[[str, Convention], ParsedOutput]:
    return lambda text, _: json_boxes(text, grid)


FAMILIES: Final[dict[str, Family]] = {
    "paligemma": Family(_own(paligemma.parse), r"<loc\d{4}>"),
    "florence-2": Family(_own(florence_2.parse), r"<loc_\d+>"),
    "kosmos-2": Family(_own(kosmos_2.parse), r"<patch_index_\d"),
    "qwen-vl": Family(_own(qwen_vl.parse_qwen_vl), r"<box>\s*\("),
    "qwen2-vl": Family(_own(qwen_vl.parse_qwen2_vl), r"<\|box_start\|>"),
    "qwen2.5-vl": Family(_json(Grid(None, scale=RESIZED))),
    "qwen3-vl": Family(_json(Grid(1000.0))),
    "internvl": Family(_own(bracketed.parse_internvl), r"<box>\s*\["),
    "cogvlm": Family(_own(bracketed.parse_cogvlm)),
    "deepseek-vl2": Family(_own(bracketed.parse_deepseek_vl2), r"<\|det\|>"),
    "minigpt-v2": Family(_own(minigpt_v2.parse), r"\{<\d{1,3}>"),
    "shikra": Family(_own(bracketed.parse_shikra)),
    "ferret": Family(_own(bracketed.parse_ferret)),
    "moondream": Family(_json(Grid(1.0)), r"[\"']x_min[\"']\s*:\s*(?:0?\.\d+|0|1(?:\.0*)?)(?![\d.])"),
    "molmo": Family(_own(molmo.parse), r"<points?\s+x1?\s*="),
    "gemini": Family(_json(Grid(1000.0, "yxyx")), r"[\"']box_2d[\"']"),
    "vi": Family(_own(vi.parse), r"\"(?:phrase_grounding|vqa|freeform)\"\s*:\s*\{", has_answers=True),
    "json": Family(plain_json.parse, has_answers=True),
}
_MARKS: Final = {name: re.compile(family.mark) for name, family in FAMILIES.items() if family.mark}


def parse_output(family: str, text: str, convention: Convention | None = None) -> ParsedOutput:
    """What ``text`` says in the grammar of ``family``; ``convention`` is that of the boxes in plain ``json``.

    Raises ``UnknownNameError`` for a family that is not there.
    """
    return family_named(family).parse(text, convention or Convention())


def family_named(name: str) -> Family:
    """Raises ``UnknownNameError`` for a family that is not there."""
    if name not in FAMILIES:
        raise UnknownNameError(f"output format {name!r}: expected one of {', '.join(sorted(FAMILIES))}")
    return FAMILIES[name]


def families_told(text: str) -> set[str]:
    """The families whose marks ``text`` bears, which no other family prints."""
    return {name for name, mark in _MARKS.items() if mark.search(text)}


def plain_answer(text: str) -> ParsedOutput:
    """Text that is itself the answer: all of it but the thinking and the tokens that end a turn."""
    reply = reply_of(text)
    return ParsedOutput(state="truncated", message=NEVER_ENDS) if reply is None else ParsedOutput(answer=reply)
