"""MDETR's annotations: a COCO file in which each "image" is one caption or referring expression of an image.

``images`` have ``file_name, width, height, id`` and ``caption``; ``annotations`` have ``image_id, bbox`` (x y width
height in pixels), ``area`` and ``tokens_positive``, the characters of the caption that name the box. A referring
expression (``finetune_refcoco_val.json`` and its like) is one phrase, the whole caption. Where images have
``tokens_positive_eval`` (Flickr30k's), each annotation's phrase is its words. An annotation that is ``empty``, as
gRefCOCO's of expressions without a target, says that there is none.

Source: ashkamath/mdetr (datasets, scripts), henghuiding/gRefCOCO (mdetr/scripts).
"""

from typing import Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Row, field, objects_in, required
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions
from evalwidget.formats.phrases import PhraseBuilder
from evalwidget.formats.spans import words_at
from evalwidget.records import Records, Reference

__all__ = ["FORMATS"]

_XYWH: Final = Convention("xywh", "pixels")


def _is_mdetr(content: Content) -> bool:
    return "tokens_positive" in content.first_in("annotations") and "caption" in content.first_in("images")


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    phrases = PhraseBuilder(records, _XYWH)
    of_image = _annotations_by_image(content)
    for where, image in objects_in(content.fields, "images", content.shown):
        identity = str(required(image, "id", (int, str), where))
        caption = required(image, "caption", str, where)
        has_phrases = "tokens_positive_eval" in image
        records.add_reference(
            Reference(
                where,
                image=required(image, "file_name", str, where),
                source_id=identity,
                width=field(image, "width", (int, float), where),
                height=field(image, "height", (int, float), where),
                caption=caption if has_phrases else "",
            )
        )
        found = of_image.pop(identity, [])
        owner = len(records.references) - 1
        if has_phrases:
            for at, annotation in found:
                phrase = words_at(caption, annotation.get("tokens_positive"), f"{at}: tokens_positive")
                phrases.add(owner, phrase, [(f"{at}: bbox", annotation.get("bbox"))], at)
        else:
            boxes = [(f"{at}: bbox", annotation.get("bbox")) for at, annotation in found if not annotation.get("empty")]
            phrases.add(owner, caption, boxes, where, item=identity)
    if of_image:
        identity, ((at, _), *_) = next(iter(of_image.items()))
        raise FormatError(at, f"image_id {identity} is not among the file's images")
    phrases.done()
    return records, GroundTruthFacts("MDETR", _XYWH)


def _annotations_by_image(content: Content) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for where, annotation in objects_in(content.fields, "annotations", content.shown):
        found.setdefault(str(required(annotation, "image_id", (int, str), where)), []).append((where, annotation))
    return found


FORMATS: Final = (Format("mdetr", "MDETR", _is_mdetr, _ground_truth),)
