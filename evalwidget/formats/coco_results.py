"""COCO results of the usual shape, decoded into columns without a dict a box."""

from collections.abc import Sequence
from itertools import chain
from math import nan
from operator import attrgetter
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import LARGEST, Convention
from evalwidget.formats.class_numbers import class_labels
from evalwidget.formats.json_source import Source
from evalwidget.formats.options import PredictionOptions
from evalwidget.records import BoxRows, Records, Reference

__all__ = ["regular_results"]


class _Result(msgspec.Struct, gc=False):
    """A box with a whole number as its class; anything else is not of the usual shape."""

    image_id: int | str
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float = nan


class _NamedResult(_Result, gc=False):
    """A box that names its image by file, as Ultralytics writes it."""

    file_name: str | None = None


_DECODER: Final = msgspec.json.Decoder(list[_Result])
_NAMED_DECODER: Final = msgspec.json.Decoder(list[_NamedResult])


def regular_results(source: Source, options: PredictionOptions) -> Records | None:
    """Records of a results file, None where it is of another shape or any box has no use: then it is to be read box by
    box, with words about each."""
    try:
        text = source.content()
        if b'"segmentation"' in text:
            return None
        is_named = b'"file_name"' in text
        results: Sequence[_Result] = (_NAMED_DECODER if is_named else _DECODER).decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    count = len(results)
    corners = chain.from_iterable(map(attrgetter("bbox"), results))
    values = np.fromiter(corners, np.float64, 4 * count).reshape(-1, 4)
    if not ((np.abs(values) <= LARGEST).all() and (values[:, 2:] >= 0).all()):
        return None
    try:
        classes = np.fromiter(map(attrgetter("category_id"), results), np.int64, count)
        references, owner = _images(results, source, is_named)
    except (OverflowError, _MixedNamesError):
        return None
    class_ids, label, counts = np.unique(classes, return_inverse=True, return_counts=True)
    texts = [str(identity) for identity in class_ids.tolist()]
    labels = class_labels(dict(zip(texts, counts.tolist(), strict=True)), options, source.shown)
    rows = BoxRows(
        convention=Convention("xywh"),
        owner=owner,
        label=label.astype(np.int32),
        label_names=[labels.names[text] for text in texts],
        values=values,
        score=np.fromiter(map(attrgetter("score"), results), np.float64, count),
        area=np.full(count, nan),
        crowd=np.zeros(count, np.bool_),
        state=np.zeros(count, np.uint8),
        item=np.full(count, None, np.object_),
        defects={},
    )
    return Records(references, [rows], names_all=True, notes=labels.notes, first_class=labels.first)


class _MixedNamesError(Exception):
    """Some results name their image in one way, some in another."""


def _images(results: Sequence[_Result], source: Source, is_named: bool) -> tuple[list[Reference], NDArray[np.int64]]:
    """The images of results, and the place ``(n,)`` of each result's image among them."""
    count = len(results)
    if is_named:
        files = list(map(attrgetter("file_name"), results))
        if not all(files):
            raise _MixedNamesError
        places = {name: place for place, name in enumerate(dict.fromkeys(files))}
        owner = np.fromiter(map(places.__getitem__, files), np.int64, count)
        return [Reference(source.shown, image=name) for name in places], owner
    ids = list(map(attrgetter("image_id"), results))
    if all(type(identity) is int for identity in ids):
        unique, inverse = np.unique(np.fromiter(ids, np.int64, count), return_inverse=True)
        names, owner = [str(identity) for identity in unique.tolist()], inverse.astype(np.int64)
    else:
        texts = list(map(str, ids))
        places = {name: place for place, name in enumerate(dict.fromkeys(texts))}
        names, owner = list(places), np.fromiter(map(places.__getitem__, texts), np.int64, count)
    return [Reference(source.shown, source_id=name) for name in names], owner
