"""COCO's annotations and results in columns, as rows of boxes: what the readers of the usual shapes share."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import LARGEST, Convention
from evalwidget.formats.json_columns import RecordColumns
from evalwidget.records import BoxRows

__all__ = ["Ids", "box_rows", "ids_of"]

#: Whole numbers up to here are exact as float64.
_LARGEST_EXACT: Final = 2**53 - 1

#: Ids that lie no farther apart are numbered by a table of all that lie between.
_WIDEST_TABLE: Final = 1 << 20

#: A list or an object with something in it.
_HOLDS_SOMETHING: Final = re.compile(rb'[\[{]\s*[\[{"\d-]')


@dataclass(frozen=True, slots=True)
class Ids:
    """The distinct ids of a column as ``text``, in order of first mention, and the ``place`` ``(n,)`` of each row's."""

    text: list[str]
    place: NDArray[np.int64]


def ids_of(column: NDArray[np.float64]) -> Ids | None:
    """The ids in a column, None where one is not a whole number."""
    if not ((np.abs(column) <= _LARGEST_EXACT) & (column == np.floor(column))).all():
        return None
    ids = column.astype(np.int64)
    low, high = (int(ids.min()), int(ids.max())) if len(ids) else (0, 0)
    if high - low <= _WIDEST_TABLE:
        ids -= low
        first = np.full(high - low + 1, len(ids))
        first[ids[::-1]] = np.arange(len(ids))[::-1]
        distinct = np.flatnonzero(first < len(ids))
        first = first[distinct]
        position = np.zeros(high - low + 1, np.int64)
        position[distinct] = np.arange(len(distinct))
        row, distinct = position[ids], distinct + low
    else:
        distinct, first, row = np.unique(ids, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return Ids([str(identity) for identity in distinct[order].tolist()], rank[row])


def box_rows(
    columns: RecordColumns, owner: NDArray[np.int64], classes: Ids, names: Sequence[str], items: list[str] | None
) -> BoxRows | None:
    """The boxes of ``columns``, whose ``classes`` are called ``names``; None where one has no use."""
    values = columns.four
    if not ((np.abs(values) <= LARGEST).all() and (values[:, 2:] >= 0).all()):
        return None
    count = len(values)
    label_names = list(dict.fromkeys(names))
    labels = {name: place for place, name in enumerate(label_names)}
    numbers = columns.numbers
    return BoxRows(
        convention=Convention("xywh"),
        owner=owner,
        label=np.array([labels[name] for name in names], np.int32)[classes.place],
        label_names=label_names,
        values=values,
        score=numbers["score"] if "score" in numbers else np.full(count, np.nan),
        area=numbers["area"] if "area" in numbers else np.full(count, np.nan),
        crowd=np.nan_to_num(numbers["iscrowd"]) != 0 if "iscrowd" in numbers else np.zeros(count, np.bool_),
        state=np.zeros(count, np.uint8),
        item=np.full(count, None, np.object_) if items is None else np.array(items, np.object_),
        defects={},
        masks=_masks(columns.text),
    )


def _masks(texts: list[bytes] | None) -> list[Any] | None:
    """Masks as their JSON text, None where there is none."""
    if texts is None:
        return None
    # only what holds nothing, or is no mask, needs to be looked into
    masks = [text if _HOLDS_SOMETHING.match(text) else json.loads(text) or None for text in texts]
    return masks if any(mask is not None for mask in masks) else None
