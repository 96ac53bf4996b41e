"""Model output text read into boxes or an answer: one small grammar a family.

``parse_output(family, text)`` returns a ``ParsedOutput``; it never raises on what a model printed.
"""

from collections.abc import Callable
from typing import Final

from evalwidget.errors import UnknownNameError
from evalwidget.outputs import qwen3_vl, vi
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput

__all__ = ["FAMILIES", "ParsedBox", "ParsedOutput", "parse_output"]

FAMILIES: Final[dict[str, Callable[[str], ParsedOutput]]] = {"qwen3-vl": qwen3_vl.parse, "vi": vi.parse}


def parse_output(family: str, text: str) -> ParsedOutput:
    """What ``text`` says in the grammar of ``family``. Raises ``UnknownNameError`` for a family that is not there."""
    if family not in FAMILIES:
        raise UnknownNameError(f"output format {family!r}: expected one of {', '.join(sorted(FAMILIES))}")
    return FAMILIES[family](text)
