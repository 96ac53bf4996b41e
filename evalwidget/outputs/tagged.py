"""Text in which tags mark what is a label and what is a box, such as ``<ref>a cat</ref><box>…</box>``."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from evalwidget.outputs.parsed import ParsedBox, mended, unusable

__all__ = ["Tags", "tagged_boxes", "text_before"]


class Tags:
    """The tags around labels and around boxes, each in one or several spellings, open and closed. A tag that is not
    closed ends where the next one opens."""

    def __init__(self, labels: list[tuple[str, str]], boxes: list[tuple[str, str]]) -> None:
        opening = "|".join(re.escape(tag) for tag, _ in [*labels, *boxes])

        def part(name: str, tags: list[tuple[str, str]]) -> str:
            starts, ends = ("|".join(re.escape(pair[side]) for pair in tags) for side in (0, 1))
            return rf"(?:{starts})(?P<{name}>.*?)(?P<{name}_end>{ends}|(?={opening})|\Z)"

        self.pattern = re.compile(f"{part('label', labels)}|{part('box', boxes)}", re.DOTALL)
        self.is_box = re.compile("|".join(re.escape(tag) for tag, _ in boxes))


def tagged_boxes(text: str, tags: Tags, read: Callable[[str, str, bool], Iterator[ParsedBox]]) -> Iterator[ParsedBox]:
    """The boxes that ``tags`` mark, each with the label right before it, or before the other boxes in between.

    ``read(tag, content, closed)`` gives the boxes inside one tag; ``closed`` is false where the text ends within it.
    """
    label: str | None = None
    used, reach, is_open = True, 0, False
    for found in tags.pattern.finditer(text):
        if found["box"] is None:
            if not used:
                yield _unplaced(label, "no_box")
            label, used, reach = found["label"].strip(), False, found.end()
            is_open = not found["label_end"]
            if is_open and reach == len(text):
                yield _unplaced(label, "truncated")
                return
            continue
        if label is not None and text[reach : found.start()].strip(" ,\n"):
            if not used:
                yield _unplaced(label, "no_box")
            label, used, is_open = None, True, False
        is_cut = not found["box_end"] and found.end() == len(text)
        before = text_before(text, found.start(), reach) if label is None else None
        for box in read(text[found.start() : found.start("box")], found["box"], not is_cut):
            named = replace(box, label=label, before=before)
            yield mended(named, "repaired: a tag is not closed") if is_open or not found["box_end"] else named
        used, reach = True, found.end()
    if not used:
        yield _unplaced(label, "no_box")


def text_before(text: str, end: int, start: int = 0) -> str | None:
    """The words right before ``end`` that may name what stands there: from the last comma or stop on."""
    words = re.split(r"[.,;:!?\n\])}>]", text[start:end].rstrip(" \n[({"))[-1].strip()
    return words or None


def _unplaced(label: str | None, state: str) -> ParsedBox:
    problem = "the text ends within a label" if state == "truncated" else "expected a box after the label, found none"
    return unusable(state, f"{label!r}: {problem}", label or "", label)
