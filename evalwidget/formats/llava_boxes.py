"""Captions and boxes of COCO images, as LLaVA's prompts have them: ``image``, ``captions``, and ``instances`` of
``category`` and ``bbox``, x1 y1 x2 y2 in fractions of the image.

The boxes are ground truth of object detection; the captions are shown with the image.

Source: haotian-liu/LLaVA at c121f04 (caps_boxes_coco2014_val_80.jsonl).
"""

from typing import Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import field, objects_in, required
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions
from evalwidget.records import BoxRowsBuilder, Records, Reference

__all__ = ["FORMATS"]

_FRACTIONS: Final = Convention("xyxy", "fraction")


def _is_llava_boxes(content: Content) -> bool:
    return {"image", "captions", "instances"} <= content.first.keys()


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    builder = BoxRowsBuilder(_FRACTIONS, strict=True)
    for where, record in content.rows():
        captions = field(record, "captions", list, where) or []
        if not all(isinstance(caption, str) for caption in captions):
            raise FormatError(where, f"captions: expected a list of texts, got {captions!r:.60}")
        image = required(record, "image", str, where)
        records.add_reference(Reference(where, image=image, caption="\n".join(captions)))
        for place, (at, instance) in enumerate(objects_in(record, "instances", where)):
            label = required(instance, "category", str, at)
            box = instance.get("bbox")
            builder.add(len(records.references) - 1, label, box, f"{at}.bbox", item=str(place))
    records.boxes.append(builder.rows())
    return records, GroundTruthFacts("LLaVA captions and boxes", _FRACTIONS, task="object detection")


FORMATS: Final = (Format("llava-boxes", "LLaVA captions and boxes", _is_llava_boxes, _ground_truth),)
