"""RefCOCO, RefCOCO+, RefCOCOg and gRefCOCO as published: referring expressions, and the COCO file they refer to.

``refs(<name>).p`` is a pickled list, ``grefs(<name>).json`` a list in JSON, of ``ref_id, image_id, ann_id, split`` and
``sentences`` (``sent_id, sent``). ``instances.json`` beside it is a COCO file with the images and the boxes by
annotation id. Each sentence is a phrase; gRefCOCO's ``ann_id`` is a list, ``[-1]`` where the expression has no target.
Both files are given together, or the folder that holds them. A pickle is read without running anything in it.

Source: lichengunc/refer (refer.py, README), henghuiding/gRefCOCO.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Row, checked_object, field, objects_in, required
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions
from evalwidget.formats.phrases import PhraseBuilder
from evalwidget.formats.pickles import read_plain_pickle
from evalwidget.records import Records, Reference

__all__ = ["FORMATS"]

_XYWH: Final = Convention("xywh", "pixels")
_PICKLES: Final = (".p", ".pkl", ".pickle")
_NO_TARGET: Final = -1


def _is_refcoco(content: Content) -> bool:
    return any(_holds_references(part) for part in _files(content))


def _files(content: Content) -> list[Content]:
    """The files given, or those of the folder that could be of this format."""
    if not content.is_folder:
        return content.parts
    found = [Content([child]) for child in content.source.children() if child.suffix in (*_PICKLES, ".json")]
    return [part for part in found if part.source.name.startswith(("refs", "grefs", "instances"))]


def _holds_references(part: Content) -> bool:
    if part.suffix in _PICKLES:
        start = part.source.start(65_536)
        return b"ref_id" in start and b"sentences" in start
    return part.is_json_list and {"ref_id", "ann_id", "sentences"} <= part.first.keys()


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    files = _files(content)
    referring = [part for part in files if _holds_references(part)]
    if len(referring) != 1:
        shown = ", ".join(part.source.shown for part in referring) or "none"
        raise FormatError(content.shown, f"expected one file of referring expressions, found {shown}; name the one")
    instances = next((part for part in files if "images" in part.fields and "annotations" in part.fields), None)
    if instances is None:
        raise FormatError(
            referring[0].shown,
            "expressions without boxes: give the data set's instances.json too, "
            "ground_truth=['refs(unc).p', 'instances.json']",
        )
    images = _by_id(instances, "images")
    annotations = _by_id(instances, "annotations")
    records = Records()
    phrases = PhraseBuilder(records, _XYWH)
    splits: Counter[str] = Counter()
    for where, record in _references(referring[0]):
        split = field(record, "split", str, where) or "none named"
        splits[split] += 1
        if options.split in (None, split):
            _add_expressions(records, phrases, record, images, annotations, instances.shown, where)
    phrases.done()
    shown = ", ".join(f"{name} {count:,}" for name, count in splits.items())
    if options.split is not None and options.split not in splits:
        raise FormatError(referring[0].shown, f"split {options.split!r}: expected one of {shown}")
    if options.split is None and len(splits) > 1:
        records.notes.append(f"{referring[0].shown}: all splits were read ({shown}); name one as split=")
    return records, GroundTruthFacts("RefCOCO", _XYWH)


def _references(part: Content) -> Iterator[Row]:
    if part.is_json_list:
        yield from part.rows()
        return
    value = read_plain_pickle(part.source)
    if not isinstance(value, list):
        raise FormatError(part.shown, f"expected a list of referring expressions, got {type(value).__name__}")
    for place, record in enumerate(value):
        where = f"{part.shown}: [{place}]"
        yield where, checked_object(where, record)


def _by_id(instances: Content, name: str) -> dict[str, Row]:
    """``(where, record)`` of COCO's images or annotations by id."""
    rows = objects_in(instances.fields, name, instances.shown)
    return {str(required(record, "id", (int, str), where)): (where, record) for where, record in rows}


def _add_expressions(
    records: Records,
    phrases: PhraseBuilder,
    record: dict[str, Any],
    images: dict[str, Row],
    annotations: dict[str, Row],
    shown: str,
    where: str,
) -> None:
    at_image, image = _found(images, str(required(record, "image_id", (int, str), where)), f"{where}: image_id", shown)
    name = required(image, "file_name", str, at_image)
    boxes = [_found(annotations, target, f"{where}: ann_id", shown) for target in _targets(record, where)]
    required(record, "sentences", list, where)
    for at, sentence in objects_in(record, "sentences", where):
        words = required(sentence, "sent", str, at)
        records.add_reference(
            Reference(
                at,
                image=name,
                width=field(image, "width", (int, float), at_image),
                height=field(image, "height", (int, float), at_image),
            )
        )
        found = [(f"{at_box}: bbox", box.get("bbox")) for at_box, box in boxes]
        item = field(sentence, "sent_id", (int, str), at)
        phrases.add(len(records.references) - 1, words, found, at, item=None if item is None else str(item))


def _targets(record: dict[str, Any], where: str) -> list[str]:
    """Annotation ids of an expression: one, several, or none."""
    value = record.get("ann_id")
    found = value if isinstance(value, list) else [value]
    targets = [field({"ann_id": target}, "ann_id", (int, str), where) for target in found]
    return [str(target) for target in targets if target not in (None, _NO_TARGET)]


def _found(table: dict[str, Row], key: str, where: str, shown: str) -> Row:
    if key not in table:
        raise FormatError(where, f"{key} is not in {shown}")
    return table[key]


FORMATS: Final = (Format("refcoco", "RefCOCO", _is_refcoco, _ground_truth, has_splits=True),)
