"""COCO results of the usual shape, decoded into columns without an object a box."""

from dataclasses import replace
from typing import Final

import numpy as np

from evalwidget.boxes import Convention
from evalwidget.formats.class_numbers import class_labels
from evalwidget.formats.coco_columns import box_rows, ids_of
from evalwidget.formats.json_columns import RecordReader, chunks_of_file
from evalwidget.formats.json_source import Source
from evalwidget.formats.options import PredictionOptions
from evalwidget.records import Records, ReferencesById

__all__ = ["regular_results"]

_XYWH: Final = Convention("xywh")
_RESULTS: Final = RecordReader(
    required=("image_id", "category_id"), optional=("score",), four="bbox", text="segmentation"
)


def regular_results(source: Source, options: PredictionOptions, convention: Convention = _XYWH) -> Records | None:
    """Records of a results file, None where it is of another shape or any box has no use: then it is to be read box by
    box, with words about each. Images are named by their ids, classes as ``options`` say."""
    if convention.order != "xywh":
        return None
    columns = _RESULTS.columns(chunks_of_file(source))
    if columns is None:
        return None
    images, classes = ids_of(columns.numbers["image_id"]), ids_of(columns.numbers["category_id"])
    if images is None or classes is None:
        return None
    counts = np.bincount(classes.place, minlength=len(classes.text)).tolist()
    labels = class_labels(dict(zip(classes.text, counts, strict=True)), options, source.shown)
    rows = box_rows(columns, images.place, classes, [labels.names[text] for text in classes.text], items=None)
    if rows is None:
        return None
    return Records(
        ReferencesById(source.shown, images.text),
        [replace(rows, convention=convention)],
        names_all=True,
        notes=labels.notes,
        first_class=labels.first,
    )
