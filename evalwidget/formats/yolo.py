"""YOLO labels: a text file an image, a line ``class x y width height`` a box, in fractions from its centre.

Ground truth is a folder of labels or a whole dataset (``yolo_dataset``); a line may hold the points of an outline in
place of a box, ``class x1 y1 x2 y2 …``: its box is the one around them. Predictions are what Ultralytics saves as
``labels/<image>.txt``: the same with a confidence after the box, and after that a track. Classes count from 0.

Source: the documentation of Ultralytics and Darknet.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.class_numbers import ClassLabels, class_labels
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Source
from evalwidget.formats.label_files import as_numbers, is_inside, label_files, lines_of, looks_like_yolo
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.yolo_dataset import YoloDataset, is_yolo_layout, yolo_dataset
from evalwidget.records import BoxRowsBuilder, Records, Reference
from evalwidget.tables import Defect

__all__ = ["FORMATS"]

_CONVENTION: Final = Convention("cxcywh", "fraction")
_LINE: Final = "expected 5 numbers (class x y width height), or a class and 3 or more points"
_FOUND_LINE: Final = "expected 5 to 7 numbers (class x y width height confidence track), or a class and points"


def _is_yolo(content: Content) -> bool:
    return is_yolo_layout(content) or any(looks_like_yolo(part) for part in content.parts)


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    dataset = yolo_dataset(content)
    names = dataset.names
    if names is None and options.class_names is not None:
        names = dict(options.class_names)
    records = Records(notes=dataset.notes)
    builder = BoxRowsBuilder(_CONVENTION, strict=True)
    for entry in dataset.images:
        records.add_reference(Reference(entry.where, image=entry.image))
        if entry.labels is not None:
            _add_labels(builder, len(records.references) - 1, entry.labels, names, dataset)
    records.boxes.append(builder.rows())
    if names is None:
        records.notes.append(f"{content.shown}: no file of class names was found; class_names= gives them")
    facts = GroundTruthFacts("YOLO", _CONVENTION, names or {}, "object detection", images=(dataset.root,))
    return records, facts


def _add_labels(
    builder: BoxRowsBuilder, owner: int, source: Source, names: dict[str, str] | None, dataset: YoloDataset
) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for where, words in lines_of(source):
        numbers = as_numbers(words)
        box = None if numbers is None else _box(numbers, dataset.has_keypoints)
        if numbers is None or box is None:
            raise FormatError(where, f"{_LINE}, got {_found(words)}")
        key = _class(numbers[0], where)
        if names is not None and key not in names:
            raise FormatError(where, f"class {key} is not among the {len(names)} class names")
        first = seen.setdefault(tuple(words), where)
        if first != where:
            raise FormatError(where, f"the same item twice: the line stands at {first} already; remove one")
        label = f"category {key}" if names is None else names[key]
        builder.add(owner, label, box, where)


def _box(numbers: Sequence[float], has_keypoints: bool) -> Sequence[float] | None:
    """The box of a line: its own, or the one around its points; None where it has neither."""
    if len(numbers) == 5 or (has_keypoints and len(numbers) > 5):
        return numbers[1:5]
    return _around(numbers[1:]) if len(numbers) >= 7 and len(numbers) % 2 else None


def _around(points: Sequence[float]) -> list[float]:
    """The box, as centre and size, around points x1 y1 x2 y2 …"""
    xs, ys = points[0::2], points[1::2]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]


def _class(number: float, where: str) -> str:
    if not number % 1 == 0 or abs(number) > 1e9:
        raise FormatError(where, f"class: expected a whole number, got {number!r}")
    return str(int(number))


def _found(words: Sequence[str]) -> str:
    wrong = next((word for word in words if as_numbers([word]) is None), None)
    return str(len(words)) if wrong is None else repr(wrong[:60])


def _predictions(content: Content, options: PredictionOptions) -> Records:
    files = _prediction_files(content)
    lines = [(place, where, words) for place, file in enumerate(files) for where, words in lines_of(file)]
    builder = BoxRowsBuilder(_CONVENTION, strict=False)
    read = [(place, where, words, _found_box(words)) for place, where, words in lines]
    classes = Counter(_class(numbers[0], where) for _, where, _, (numbers, _, _) in read if numbers)
    labels = class_labels(classes, options, content.shown, first=0)
    for owner, where, words, (numbers, box, score) in read:
        if not numbers or box is None:
            message = f"{where}: {_FOUND_LINE}, got {_found(words)}"
            state = "wrong_number_of_coordinates" if as_numbers(words) else "not_a_number"
            label = _label(numbers, labels, where)
            builder.add_invalid(owner, label, state, Defect(message, " ".join(words)), item=None)
        else:
            builder.add(owner, _label(numbers, labels, where), box, where, score=score)
    references = [Reference(file.shown, image=file.stem) for file in files]
    notes = labels.notes + _repeats(lines, content) + _doubts([numbers for *_, (numbers, _, _) in read], content)
    return Records(references, [builder.rows()], names_all=True, notes=notes, first_class=labels.first)


def _prediction_files(content: Content) -> list[Source]:
    """The label files of a folder, or of the folder ``labels`` in it."""
    if not content.is_folder:
        raise FormatError(content.shown, "expected a folder of label files, such as labels")
    own = label_files(content.children)
    inner = next((child for child in content.children if child.name == "labels" and child.is_folder), None)
    if inner is None and not own and content.children:
        found = ", ".join(child.name for child in content.children[:3])
        raise FormatError(content.shown, f"expected label files (.txt) or a folder labels, found {found}")
    return label_files(inner.children()) if inner is not None and not own else own


def _found_box(words: Sequence[str]) -> tuple[list[float], Sequence[float] | None, float | None]:
    """The numbers of a predicted line, its box, and its confidence; no numbers, or no box, where it is no such line."""
    numbers = as_numbers(words)
    if numbers is None:
        return as_numbers(words[:1]) or [], None, None
    if len(numbers) in (5, 6, 7):
        return numbers, numbers[1:5], numbers[5] if len(numbers) > 5 else None
    if len(numbers) < 5:
        return numbers, None, None
    rest = numbers[1:]
    # after the points: nothing, a confidence, or a confidence and the number of a track
    end = len(rest) - 1 if len(rest) % 2 else len(rest) - 2 * (rest[-1] > 1)
    return numbers, _around(rest[:end]), rest[end] if end < len(rest) else None


def _label(numbers: Sequence[float], labels: ClassLabels, where: str) -> str | None:
    return labels.names[_class(numbers[0], where)] if numbers else None


def _repeats(lines: Sequence[tuple[int, str, list[str]]], content: Content) -> list[str]:
    """The note about lines that stand twice in a file: it is appended to where a run is repeated."""
    counts = Counter((place, tuple(words)) for place, _, words in lines)
    repeats = [(place, count) for (place, _), count in counts.items() if count > 1]
    if not repeats:
        return []
    count, files = sum(count - 1 for _, count in repeats), len({place for place, _ in repeats})
    return [
        f"{content.shown}: {count} lines in {files} files repeat another of their file exactly, and count each time; "
        "Ultralytics appends to files that are there: write to a new folder"
    ]


def _doubts(lines: Sequence[Sequence[float]], content: Content) -> list[str]:
    """The note about a folder that could as well have confidences before its boxes."""
    doubtful = [numbers for numbers in lines if len(numbers) == 6]
    if not doubtful or not all(is_inside(numbers[2:]) for numbers in doubtful):
        return []
    return [
        f"{content.shown}: lines were read as class, box, confidence; if the confidence stands second, say "
        "prediction_format='scores-first'"
    ]


FORMATS: Final = (Format("yolo", "YOLO labels", _is_yolo, _ground_truth, _predictions),)
