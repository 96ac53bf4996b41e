"""OpenImages: CSV with ``ImageID, LabelName, XMin, XMax, YMin, YMax`` in fractions of the image.

``IsGroupOf`` marks a region of many, which counts as COCO's crowds do. ``LabelName`` is a class of OpenImages' own,
such as ``/m/011k07``, or a name; a second file with ``LabelName, DisplayName`` (with this header or without) names the
former. Predictions have ``Score`` or ``Confidence``. Numbers may have a decimal comma, in quotes.

Source: OpenImages' download page and the files of other tools.
"""

import csv
from collections.abc import Iterator
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Row, decoded_text
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.records import BoxRowsBuilder, Records, Reference

__all__ = ["FORMATS"]

_CORNERS: Final = ("XMin", "YMin", "XMax", "YMax")
_CONVENTION: Final = Convention("xyxy", "fraction")
_SCORES: Final = ("Score", "Confidence")


def _is_open_images(content: Content) -> bool:
    return any(_holds_boxes(part) for part in content.parts)


def _holds_boxes(part: Content) -> bool:
    if part.is_text_table:
        header = part.peek.splitlines()[:1]
        return {"ImageID", "LabelName", *_CORNERS} <= set(next(csv.reader(header), []))
    return {"ImageID", "LabelName", *_CORNERS} <= part.first.keys()


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    names = _class_names(content) or dict(options.class_names or {})
    records = Records()
    builder = BoxRowsBuilder(_CONVENTION, strict=True)
    for where, owner, row in _located(content, records):
        label = _label(row, where)
        crowd = str(row.get("IsGroupOf") or "").strip() == "1"
        builder.add(owner, names.get(label, label), _box(row), where, crowd=crowd)
    records.boxes.append(builder.rows())
    return records, GroundTruthFacts("OpenImages", _CONVENTION, names, "object detection")


def _predictions(content: Content, options: PredictionOptions) -> Records:
    names = _class_names(content) or dict(options.categories)
    records = Records(names_all=True)
    builder = BoxRowsBuilder(_CONVENTION, strict=False)
    for where, owner, row in _located(content, records):
        label = _label(row, where)
        builder.add(owner, names.get(label, label), _box(row), where, score=_score(row, where))
    records.boxes.append(builder.rows())
    return records


def _class_names(content: Content) -> dict[str, str]:
    """Names by class of the files beside the boxes."""
    found: dict[str, str] = {}
    for part in content.parts:
        if _holds_boxes(part):
            continue
        for number, cells in enumerate(csv.reader(decoded_text(part.source).splitlines()), start=1):
            if cells and len(cells) != 2:
                raise FormatError(f"{part.shown}:{number}", f"expected a class and its name, got {len(cells)} cells")
            if cells and cells != ["LabelName", "DisplayName"]:
                found[cells[0].strip()] = cells[1].strip()
    return found


def _located(content: Content, records: Records) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """The rows of all boxes with the image of each, which is added to ``records``."""
    owners: dict[str, int] = {}
    rows: Iterator[Row] = (row for part in content.parts if _holds_boxes(part) for row in part.rows())
    for where, row in rows:
        image = str(row.get("ImageID") or "").strip()
        if not image:
            raise FormatError(where, "ImageID: expected the name of an image, got nothing")
        if image not in owners:
            owners[image] = len(records.references)
            records.add_reference(Reference(where, image=image))
        yield where, owners[image], row


def _label(row: dict[str, Any], where: str) -> str:
    label = str(row.get("LabelName") or "").strip()
    if not label:
        raise FormatError(where, "LabelName: expected a class, got nothing")
    return label


def _box(row: dict[str, Any]) -> list[Any]:
    return [_number(row.get(name)) for name in _CORNERS]


def _score(row: dict[str, Any], where: str) -> float | None:
    cell = next((row[name] for name in _SCORES if row.get(name) not in (None, "")), None)
    score = _number(cell)
    if cell is not None and not isinstance(score, float):
        raise FormatError(where, f"Score: expected a number, got {cell!r:.60}")
    return score if isinstance(score, float) and score == score else None


def _number(cell: Any) -> Any:
    """A cell as a number, with a decimal point or comma; as it is where it is none."""
    if isinstance(cell, str):
        try:
            return float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)
        except ValueError:
            return cell
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) < 1e300 else cell


FORMATS: Final = (Format("open-images", "OpenImages", _is_open_images, _ground_truth, _predictions),)
