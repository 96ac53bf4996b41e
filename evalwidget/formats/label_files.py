"""Folders of text files, one an image, with a line of numbers for each box: YOLO's labels and detections as text.

A line starts with a class. YOLO goes on with the box (or with the points of an outline) and may end with a confidence
and a track; other tools put the confidence second. Lines of six numbers can be either, so that a folder is looked at as
a whole: only fractions can be YOLO's, and only the right reading keeps all boxes inside their images.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from evalwidget.formats.content import Content
from evalwidget.formats.json_source import Source, decoded_text

__all__ = [
    "LabelLine",
    "as_numbers",
    "is_inside",
    "label_files",
    "lines_of",
    "looks_like_scores_first",
    "looks_like_yolo",
]

#: Where a line stands, for messages, and its words.
LabelLine = tuple[str, list[str]]
#: Text files beside labels that hold something else, unless their first line is one of a box.
_LISTS: Final = ("classes", "labels", "names", "labelmap", "train", "val", "valid", "test", "trainval", "readme")
_LOOKED_AT: Final = 40
_BEYOND: Final = 0.02


def label_files(files: Iterable[Source]) -> list[Source]:
    """Those of ``files`` that hold boxes: text files but for lists of names or of images."""
    return [file for file in files if file.suffix == ".txt" and not _is_list(file)]


def lines_of(source: Source) -> Iterator[LabelLine]:
    """The lines of a label file that are not blank."""
    shown = source.shown
    for number, line in enumerate(decoded_text(source).splitlines(), start=1):
        words = line.split()
        if words:
            yield f"{shown}:{number}", words


def as_numbers(words: Sequence[str]) -> list[float] | None:
    """``words`` as numbers, None where one is none."""
    try:
        return [float(word) for word in words]
    except ValueError:
        return None


def is_inside(box: Sequence[float]) -> bool:
    """Whether a box of centre, width and height in fractions lies in its image, but for rounding."""
    x, y, width, height = box
    return (
        x - width / 2 >= -_BEYOND
        and x + width / 2 <= 1 + _BEYOND
        and y - height / 2 >= -_BEYOND
        and y + height / 2 <= 1 + _BEYOND
    )


def looks_like_yolo(content: Content) -> bool:
    """Whether the first files of a folder hold labels as YOLO writes them; a folder of empty ones does."""
    lines = _first_lines(content)
    if lines is None:
        return False
    good = [numbers for words in lines if (numbers := as_numbers(words)) is not None and _is_yolo(words, numbers)]
    return 2 * len(good) >= len(lines) and not _puts_scores_first(lines)


def looks_like_scores_first(content: Content) -> bool:
    """Whether the first files of a folder hold lines of class, confidence and box."""
    lines = _first_lines(content)
    return lines is not None and _puts_scores_first(lines)


def _first_lines(content: Content) -> list[list[str]] | None:
    """The lines of a few of a folder's text files; None where it has no such files."""
    files = label_files(content.children[: 4 * _LOOKED_AT])[:_LOOKED_AT]
    return [words for file in files for words in _words_of_start(file)] if files else None


def _words_of_start(file: Source) -> list[list[str]]:
    """The first lines of a file, cut where it is long; the last may be cut in two, and is left out then."""
    start = file.start(4096)
    lines = start.decode("utf-8-sig", "replace").splitlines()
    return [line.split() for line in (lines[:-1] if len(start) == 4096 else lines) if line.strip()]


def _is_list(file: Source) -> bool:
    if not file.stem.lower().startswith(_LISTS):
        return False
    first = next(iter(_words_of_start(file)), [])
    return len(first) < 5 or as_numbers(first) is None


def _is_yolo(words: list[str], numbers: list[float]) -> bool:
    """Whether a line is a class and fractions: a box, with a confidence and a track or not, or points."""
    box = numbers[1:5] if len(words) in (6, 7) else numbers[1:]
    return len(words) >= 5 and numbers[0] % 1 == 0 and all(-0.1 <= number <= 1.1 for number in box)


def _puts_scores_first(lines: list[list[str]]) -> bool:
    """Whether all lines are a class, a confidence and four numbers, and cannot be YOLO's."""
    boxes = [as_numbers(words[1:]) for words in lines]
    usual = [box for words, box in zip(lines, boxes, strict=True) if len(words) == 6 and box is not None]
    if not usual or 2 * len(usual) < len(lines):
        return False
    if any(as_numbers(words[:1]) is None for words in lines) or any(max(box[1:]) > 1.1 for box in usual):
        return sum(0 <= box[0] <= 1 for box in usual) * 2 > len(usual)
    return all(is_inside(box[1:]) for box in usual) and not all(is_inside(box[:4]) for box in usual)
