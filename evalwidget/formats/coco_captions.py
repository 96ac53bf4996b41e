"""COCO captions: ``images`` and ``annotations`` with a ``caption`` each; results are a list of ``image_id, caption``.

All captions of an image are the references of its one item. Source: cocodataset.org.
"""

from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.coco import image_references
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import checked_object, field
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.records import AnswerRow, QuestionRow, Records, Reference

__all__ = ["FORMATS"]


def _is_captions(content: Content) -> bool:
    if content.is_json_list:
        return {"image_id", "caption"} <= content.first.keys() and "bbox" not in content.first
    fields = content.fields
    annotations = fields.get("annotations") if "images" in fields else None
    first = annotations[0] if isinstance(annotations, list) and annotations else None
    return isinstance(first, dict) and "caption" in first and "bbox" not in first


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    value, shown = content.fields, content.shown
    references, places = image_references(value, content.source)
    captions: list[list[str]] = [[] for _ in references]
    for place, entry in enumerate(value["annotations"]):
        where = f"{shown}: annotations[{place}]"
        annotation = checked_object(where, entry)
        image = _image_id(annotation, where)
        if image not in places:
            raise FormatError(where, f"image_id {image} is not among the file's images")
        captions[places[image]].append(_caption(annotation, where))
    questions = [
        QuestionRow(owner, references[owner].where, None, "", tuple(found)) for owner, found in enumerate(captions)
    ]
    return Records(references, questions=questions), GroundTruthFacts("COCO captions", task="free text")


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    for where, entry in content.rows():
        records.references.append(Reference(where, source_id=_image_id(entry, where)))
        records.answers.append(AnswerRow(len(records.references) - 1, where, None, None, _caption(entry, where)))
    return records


def _image_id(entry: dict[str, Any], where: str) -> str:
    identity = field(entry, "image_id", (int, str), where)
    if identity is None:
        raise FormatError(where, f"expected 'image_id', found {sorted(entry)}")
    return str(identity)


def _caption(entry: dict[str, Any], where: str) -> str:
    caption = field(entry, "caption", str, where)
    if caption is None:
        raise FormatError(where, f"expected 'caption', found {sorted(entry)}")
    return str(caption)


FORMATS: Final = (Format("coco-captions", "COCO captions", _is_captions, _ground_truth, _predictions),)
