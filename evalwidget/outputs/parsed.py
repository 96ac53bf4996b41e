"""What a grammar returns."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

__all__ = ["BROKEN", "ParsedBox", "ParsedOutput", "gathered", "mended", "unusable"]

#: States of a box whose own text is malformed, as opposed to one that says clearly what cannot be used.
BROKEN: Final = ("truncated", "duplicate_keys", "unparsable")


@dataclass(frozen=True, slots=True)
class ParsedBox:
    """A box x1 y1 x2 y2 counted in ``scale``: ``fraction`` of the image, ``pixels``, or pixels of the ``resized`` image
    that the model saw. ``values`` is None where ``state`` says why it is invalid, ``message`` in words, ``raw`` in the
    text's.

    ``label`` is what the grammar marks as the box's name; None where it marks none, and then ``before`` is the text in
    front of the box, which may name it. ``is_point`` says that the model gave a point, kept as a box without area.
    """

    label: str | None
    values: tuple[float, float, float, float] | None
    state: str = "ok"
    message: str = ""
    raw: str = ""
    scale: str = "fraction"
    score: float | None = None
    before: str | None = None
    is_point: bool = False


@dataclass(frozen=True, slots=True)
class ParsedOutput:
    """``state`` is that of the whole text (one of ``boxes.PARSE_STATES``), ``message`` what is wrong with it. Text that
    could not be read has neither boxes nor an answer; in text that could, each box has a state of its own."""

    boxes: list[ParsedBox] = field(default_factory=list)
    answer: str | None = None
    state: str = "ok"
    message: str = ""


def gathered(boxes: Iterable[ParsedBox], message: str) -> ParsedOutput:
    """The output that holds ``boxes``; ``no_box`` with ``message`` where there are none.

    Where all of them are malformed text, so is the output as a whole.
    """
    found = list(boxes)
    if not found:
        return ParsedOutput(state="no_box", message=message)
    if all(box.state in BROKEN for box in found):
        return ParsedOutput(state=found[0].state, message=found[0].message)
    worst = next((box for box in found if box.state in ("repaired", *BROKEN)), None)
    return ParsedOutput(found) if worst is None else ParsedOutput(found, state="repaired", message=worst.message)


def unusable(state: str, message: str, raw: str, label: str | None = None) -> ParsedBox:
    """A box that cannot be used."""
    return ParsedBox(label, None, state, message, raw)


def mended(box: ParsedBox, message: str) -> ParsedBox:
    """``box`` as one that was read from repaired text; a box that cannot be used stays as it is."""
    return replace(box, state="repaired", message=message) if box.state == "ok" else box
