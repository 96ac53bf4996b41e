"""COCO results of the usual shape, decoded into columns without an object a box."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from evalwidget.boxes import Convention
from evalwidget.formats.coco_columns import Ids, box_rows, ids_of
from evalwidget.formats.json_columns import RecordReader, chunks_of_file
from evalwidget.formats.json_source import Source
from evalwidget.records import Records, ReferencesById

__all__ = ["regular_results", "unnamed_categories"]

_XYWH: Final = Convention("xywh")
_RESULTS: Final = RecordReader(
    required=("image_id", "category_id"), optional=("score",), four="bbox", text="segmentation"
)


def regular_results(source: Source, categories: Mapping[str, str], convention: Convention = _XYWH) -> Records | None:
    """Records of a results file, None where it is of another shape or any box has no use: then it is to be read box by
    box, with words about each. ``categories`` are the ground truth's class names by id."""
    if convention.order != "xywh":
        return None
    columns = _RESULTS.columns(chunks_of_file(source))
    if columns is None:
        return None
    images, classes = ids_of(columns.numbers["image_id"]), ids_of(columns.numbers["category_id"])
    if images is None or classes is None:
        return None
    names = [categories.get(text, f"category {text}") for text in classes.text]
    rows = box_rows(columns, images.place, classes, names, items=None)
    if rows is None:
        return None
    notes = _notes(classes, categories, source)
    boxes = [replace(rows, convention=convention)]
    return Records(ReferencesById(source.shown, images.text), boxes, names_all=True, notes=notes)


def unnamed_categories(unknown: list[str], count: int, source: Source) -> str:
    """The note about ``count`` predictions whose category ids the ground truth does not name."""
    shown = ", ".join(sorted(unknown, key=lambda text: (len(text), text))[:5])
    return (
        f"{source.shown}: {count} predictions have category ids that the ground truth does not name "
        f"({shown}); if the file counts classes from another number, shift them"
    )


def _notes(classes: Ids, categories: Mapping[str, str], source: Source) -> list[str]:
    unknown = [place for place, text in enumerate(classes.text) if text not in categories]
    if not unknown:
        return []
    count = int(np.isin(classes.place, unknown).sum())
    return [unnamed_categories([classes.text[place] for place in unknown], count, source)]
