"""Tables of boxes, a row a box: image, class, and corners or a corner with width and height.

Columns may be called as most tools call them; a table without a header is read where its first row leaves no doubt
(``path, x1, y1, x2, y2, class``). A row with an image and nothing else says that the image holds nothing. Predictions
have a score; an image without a row was evaluated and had none.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.conventions import detected_scale
from evalwidget.errors import FormatError
from evalwidget.formats.class_numbers import named_or_numbered, numbers_as_names
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.images import IMAGE_SUFFIXES
from evalwidget.records import BoxRowsBuilder, Records, Reference

__all__ = ["FORMATS"]

_IMAGES: Final = ("filename", "file_name", "image", "image_name", "image_path", "image_id", "img", "img_path", "path")
_CLASSES: Final = ("class", "class_name", "label", "label_name", "category", "category_name", "name", "class_id",
                   "category_id")  # fmt: skip
_SCORES: Final = ("score", "confidence", "conf")
_BOXES: Final = (
    ("xyxy", ("xmin", "ymin", "xmax", "ymax")),
    ("xyxy", ("x_min", "y_min", "x_max", "y_max")),
    ("xyxy", ("x1", "y1", "x2", "y2")),
    ("xyxy", ("left", "top", "right", "bottom")),
    ("xywh", ("x", "y", "width", "height")),
    ("xywh", ("x", "y", "w", "h")),
    ("xywh", ("xmin", "ymin", "width", "height")),
    ("xywh", ("left", "top", "width", "height")),
    ("xywh", ("bbox_x", "bbox_y", "bbox_width", "bbox_height")),
    ("cxcywh", ("x_center", "y_center", "width", "height")),
    ("cxcywh", ("xc", "yc", "w", "h")),
    ("cxcywh", ("cx", "cy", "w", "h")),
)
_SIZES: Final = (("image_width", "image_height"), ("img_width", "img_height"), ("width", "height"))
_HEADERLESS: Final = ("path", "x1", "y1", "x2", "y2", "class")


@dataclass(frozen=True, slots=True)
class _Columns:
    """The names of the columns of a table that hold what is read; ``box`` are in ``order``."""

    image: str
    label: str
    order: str
    box: Sequence[str]
    score: str | None
    size: Sequence[str]

    @classmethod
    def of(cls, names: Sequence[str]) -> "_Columns | None":
        """The columns of a table with these names, None where some are not there. Case and spaces do not count."""
        own = {name.strip().lower(): name for name in reversed(names)}
        image, label, score = (
            next((own[n] for n in known if n in own), None) for known in (_IMAGES, _CLASSES, _SCORES)
        )
        found = next(((order, box) for order, box in _BOXES if all(name in own for name in box)), None)
        if image is None or label is None or found is None:
            return None
        order, box = found
        sizes = [size for size in _SIZES if all(name in own and name not in box for name in size)]
        size = [own[name] for name in sizes[0]] if sizes else []
        return cls(image, label, order, [own[name] for name in box], score, size)


@dataclass(slots=True)
class _Row:
    where: str
    owner: int
    label: str
    box: list[Any]
    score: float | None


def _is_box_table(content: Content) -> bool:
    if content.is_text_table and _has_no_header(content):
        return True
    return "specimen" not in content.first and _Columns.of(list(map(str, content.first))) is not None


def _has_no_header(content: Content) -> bool:
    """Whether the first row of a table is a box of its own: an image, four numbers, and a class that is no number."""
    lines = content.peek.splitlines()
    cells = next(csv.reader(lines[:1], delimiter="\t" if content.suffix == ".tsv" else ","), []) if lines else []
    if len(cells) != 6 or not cells[0].lower().endswith(IMAGE_SUFFIXES):
        return False
    numbers = [_number(cell) for cell in cells[1:5]]
    return not any(cells[1:]) or (all(n is not None for n in numbers) and _number(cells[5]) is None and cells[5] != "")


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    rows, order = _rows(content, records)
    names = options.class_names or {}
    convention = Convention(_order(order, options.order))
    builder = BoxRowsBuilder(convention, strict=True)
    for row in rows:
        builder.add(row.owner, names.get(row.label, row.label), row.box, row.where)
    boxes = builder.rows()
    convention = replace(convention, scale=options.scale or detected_scale([boxes]))
    records.boxes.append(replace(boxes, convention=convention))
    categories = dict(names) or numbers_as_names(boxes.label_names)
    return records, GroundTruthFacts("a table of boxes", convention, categories, "object detection", is_told=True)


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records(names_all=True)
    rows, order = _rows(content, records)
    labels = named_or_numbered(Counter(row.label for row in rows), options, content.shown)
    convention = Convention(_order(order, options.open_order))
    builder = BoxRowsBuilder(convention, strict=False)
    for row in rows:
        builder.add(row.owner, labels.names[row.label], row.box, row.where, score=row.score)
    boxes = builder.rows()
    convention = replace(convention, scale=options.open_scale or detected_scale([boxes]))
    records.boxes.append(replace(boxes, convention=convention))
    records.notes, records.first_class = labels.notes, labels.first
    return records


def _order(named: str, stated: str | None) -> str:
    """The order that the columns' names say; a corner ``x, y`` may be a centre where the caller says so."""
    return "cxcywh" if named == "xywh" and stated == "cxcywh" else named


def _rows(content: Content, records: Records) -> tuple[list[_Row], str]:
    """The boxes of a table, with the images added to ``records``; and the order that its columns name."""
    if content.is_text_table and _has_no_header(content):
        names: Sequence[str] | None = _HEADERLESS
        columns = _Columns.of(_HEADERLESS)
    else:
        names, columns = None, _Columns.of(list(map(str, content.first)))
    if columns is None:
        raise FormatError(
            content.shown,
            f"expected columns such as filename, xmin, ymin, xmax, ymax, class, found {list(content.first)[:12]}",
        )
    owners: dict[str, int] = {}
    return list(_boxes(content, names, columns, records, owners)), columns.order


def _boxes(
    content: Content, names: Sequence[str] | None, columns: _Columns, records: Records, owners: dict[str, int]
) -> Iterator[_Row]:
    for where, row in content.rows(names):
        image = str(row.get(columns.image) or "").strip()
        if not image:
            raise FormatError(where, f"{columns.image}: expected the name of an image, got nothing")
        if image not in owners:
            owners[image] = len(records.references)
            width, height = _size(row, columns, where)
            records.add_reference(Reference(where, image=image, width=width, height=height))
        cells = [row.get(name) for name in columns.box]
        label = _text(row.get(columns.label))
        if not label and all(_is_empty(cell) for cell in cells):
            continue
        if not label:
            raise FormatError(where, f"{columns.label}: expected a class, got nothing")
        score = None if columns.score is None else _score(row.get(columns.score), f"{where}: {columns.score}")
        yield _Row(where, owners[image], label, [_cell(cell) for cell in cells], score)


def _size(row: dict[str, Any], columns: _Columns, where: str) -> tuple[float | None, float | None]:
    sides = [_number(row.get(name)) for name in columns.size]
    for name, side in zip(columns.size, sides, strict=True):
        if side is None and not _is_empty(row.get(name)):
            raise FormatError(where, f"{name}: expected a number, got {row.get(name)!r:.60}")
    return (sides[0], sides[1]) if len(sides) == 2 and all(sides) else (None, None)


def _score(cell: Any, where: str) -> float | None:
    if _is_empty(cell):
        return None
    score = _number(cell)
    if score is None:
        raise FormatError(where, f"expected a number, got {cell!r:.60}")
    return score


def _cell(cell: Any) -> Any:
    """A cell as a number; as it is where it is none, so that the box says so."""
    number = _number(cell)
    return cell if number is None else number


def _number(cell: Any) -> float | None:
    """A finite number, None for anything else."""
    if isinstance(cell, bool) or (not isinstance(cell, (int, float, str)) and not hasattr(cell, "__float__")):
        return None
    try:
        number = float(cell)
    except (OverflowError, TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


FORMATS: Final = (Format("box-table", "a table of boxes", _is_box_table, _ground_truth, _predictions),)
