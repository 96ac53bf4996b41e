"""JSONL of lines of one shape decoded into structs, some lines at a time.

Whatever is of another shape is left to be read line by line, with words about what is wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from evalwidget.formats.json_source import Source, line_blocks

__all__ = ["LineBlock", "OtherShapeError", "blocks_of_lines"]

_Record = TypeVar("_Record")


class OtherShapeError(Exception):
    """The lines are to be read in another way."""


@dataclass(frozen=True, slots=True)
class LineBlock(Generic[_Record]):
    """Records of some lines, and the numbers of their ``lines`` ``(n,)`` in the file, from 1."""

    records: list[_Record]
    lines: NDArray[np.int64]


def blocks_of_lines(
    source: Source, decoders: "Sequence[msgspec.json.Decoder[_Record]]"
) -> Iterator[LineBlock[_Record]]:
    """The records of all lines, blank ones left out, by the first of ``decoders`` that can read them. These refuse
    fields that they do not know, for what is passed over is not checked. Raises ``OtherShapeError`` for lines that none
    can read, ``FormatError`` as ``Source.content`` does."""
    first = 1
    left = list(decoders)
    for block in line_blocks(source):
        text, lines = _bare_lines(block, first)
        records = _decoded(text, left)
        # no record is on two of these lines, for none has a brace right after another; so each has one
        if len(records) != len(lines):
            raise OtherShapeError
        yield LineBlock(records, lines)
        first += block.count(b"\n")


def _decoded(text: bytes, left: "list[msgspec.json.Decoder[_Record]]") -> list[_Record]:
    while left:
        try:
            return left[0].decode_lines(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # what one block has, others are likely to have
            del left[0]
    raise OtherShapeError


def _bare_lines(block: bytes, first: int) -> tuple[bytes, NDArray[np.int64]]:
    """Lines that are each in braces, without blank ones and white space around them, and their numbers. Raises
    ``OtherShapeError`` where one is not in braces."""
    text = block.removesuffix(b"\n")
    seams = list(_ends(text))
    joined = [text[end - 1 : end + 2] == b"}\n{" for end in seams]
    if text.startswith(b"{") and text.endswith(b"}") and all(joined):
        return text, np.arange(first, first + len(seams) + 1)
    lines = enumerate(text.split(b"\n"), first)
    numbered = [(number, bare) for number, line in lines if (bare := line.strip(b" \t\r"))]
    if not all(line.startswith(b"{") and line.endswith(b"}") for _, line in numbered):
        raise OtherShapeError
    return b"\n".join(line for _, line in numbered), np.array([number for number, _ in numbered], np.int64)


def _ends(text: bytes) -> Iterator[int]:
    """Where the line ends are."""
    end = text.find(b"\n")
    while end >= 0:
        yield end
        end = text.find(b"\n", end + 1)
