"""COCO ground truth of the usual shape: its annotations decoded into columns without an object a box."""

import json
from typing import Any, Final

import numpy as np

from evalwidget.errors import FormatError
from evalwidget.formats.coco_columns import box_rows, ids_of
from evalwidget.formats.coco_records import categories_of, images_of
from evalwidget.formats.json_columns import RecordReader, chunks_of_text, object_parts
from evalwidget.formats.json_source import Source
from evalwidget.records import Records

__all__ = ["regular_ground_truth"]

_ANNOTATIONS: Final = RecordReader(
    required=("id", "image_id", "category_id"), optional=("area", "iscrowd"), four="bbox", text="segmentation"
)


def regular_ground_truth(source: Source) -> tuple[Records, dict[str, str]] | None:
    """Records of a ground truth file and its class names by category id, None where it is of another shape or holds
    anything wrong: then it is to be read annotation by annotation, with words about each."""
    text = source.content()
    try:
        parts = object_parts(text)
        if parts is None or not {"images", "annotations"} <= parts.keys():
            return None
        listed: dict[str, Any] = {
            name: json.loads(bytes(parts[name])) for name in ("images", "categories") if name in parts
        }
        names = categories_of(listed, source)
        references, places = images_of(listed, source)
    except (FormatError, ValueError, RecursionError):
        return None
    columns = _ANNOTATIONS.columns(chunks_of_text(parts["annotations"]))
    if columns is None:
        return None
    images, classes = ids_of(columns.numbers["image_id"]), ids_of(columns.numbers["category_id"])
    items = ids_of(columns.numbers["id"])
    if images is None or classes is None or items is None or len(items.text) < len(items.place):
        return None
    if not (places.keys() >= set(images.text) and names.keys() >= set(classes.text)):
        return None
    owner = np.array([places[text] for text in images.text], np.int64)[images.place]
    rows = box_rows(columns, owner, classes, [names[text] for text in classes.text], items.text)
    return None if rows is None else (Records(references, [rows]), names)
