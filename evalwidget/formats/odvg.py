"""ODVG, the JSONL of Open-GroundingDino and MMDetection's Grounding DINO: a line for each image.

``filename, height, width`` and ``detection.instances`` (``bbox, label, category``) or ``grounding`` (``caption`` and
``regions`` with ``bbox``, one or a list, and ``phrase``, or ``tokens_positive``, the characters of the caption that it
stands in). Boxes are x1 y1 x2 y2 in pixels. The names of classes come from ``category``, else from a label map, ``{"0":
"person"}``, given as a second file.

Source: Open-GroundingDino's data_format.md, MMDetection's datasets/odvg.py.
"""

from collections.abc import Mapping
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import field, objects_in, required
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions
from evalwidget.formats.phrases import PhraseBuilder
from evalwidget.formats.spans import words_at
from evalwidget.records import BoxRowsBuilder, Records, Reference

__all__ = ["FORMATS"]

_XYXY: Final = Convention("xyxy", "pixels")


def _is_odvg(content: Content) -> bool:
    return any(_is_lines(part) for part in content.parts)


def _is_lines(part: Content) -> bool:
    return part.is_json_rows and "filename" in part.first and bool({"detection", "grounding"} & part.first.keys())


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    names = dict(options.class_names or {}) | _label_map(content)
    records = Records()
    objects = BoxRowsBuilder(_XYXY, strict=True)
    phrases = PhraseBuilder(records, _XYXY)
    for part in content.parts:
        for where, record in part.rows():
            owner = _add_reference(records, record, where)
            detection = field(record, "detection", dict, where) or {}
            for at, instance in objects_in(detection, "instances", f"{where}: detection"):
                objects.add(owner, _class_name(instance, names, at), instance.get("bbox"), f"{at}.bbox")
            grounding = field(record, "grounding", dict, where) or {}
            caption = records.references[owner].caption
            for at, region in objects_in(grounding, "regions", f"{where}: grounding"):
                phrases.add(owner, _phrase(region, caption, at), _boxes(region, at), at)
    boxes = objects.rows()
    records.boxes.append(boxes)
    phrases.done()
    task = "object detection" if len(boxes.owner) and not records.phrases else None
    return records, GroundTruthFacts("ODVG", _XYXY, names, task)


def _label_map(content: Content) -> dict[str, str]:
    """Class names by number of the label map among the files; empty where there is none."""
    found: dict[str, str] = {}
    for part in content.parts:
        for number, name in part.fields.items():
            if not isinstance(name, str):
                raise FormatError(part.shown, f"label map: {number}: expected the name of a class, got {name!r:.60}")
            found[number] = name
    return found


def _add_reference(records: Records, record: dict[str, Any], where: str) -> int:
    if not {"detection", "grounding"} & record.keys():
        raise FormatError(where, f"expected 'detection' or 'grounding', found {sorted(record)}")
    grounding = field(record, "grounding", dict, where) or {}
    records.add_reference(
        Reference(
            where,
            image=required(record, "filename", str, where),
            width=field(record, "width", (int, float), where),
            height=field(record, "height", (int, float), where),
            caption=field(grounding, "caption", str, f"{where}: grounding") or "",
        )
    )
    return len(records.references) - 1


def _class_name(instance: dict[str, Any], names: Mapping[str, str], where: str) -> str:
    category = field(instance, "category", str, where)
    if category is not None:
        return str(category)
    label = field(instance, "label", (int, str), where)
    if label is None:
        raise FormatError(where, f"expected 'category' or 'label', found {sorted(instance)}")
    if str(label) not in names:
        raise FormatError(where, f"label {label} has no name: give the label map as a second file")
    return names[str(label)]


def _phrase(region: dict[str, Any], caption: str, where: str) -> str:
    phrase = field(region, "phrase", str, where)
    if phrase is not None:
        return str(phrase)
    if "tokens_positive" not in region:
        raise FormatError(where, f"expected 'phrase' or 'tokens_positive', found {sorted(region)}")
    return words_at(caption, region["tokens_positive"], f"{where}.tokens_positive")


def _boxes(region: dict[str, Any], where: str) -> list[tuple[str, Any]]:
    value = required(region, "bbox", list, where)
    if value and all(isinstance(box, list) for box in value):
        return [(f"{where}.bbox[{place}]", box) for place, box in enumerate(value)]
    return [(f"{where}.bbox", value)]


FORMATS: Final = (Format("odvg", "ODVG", _is_odvg, _ground_truth),)
