"""COCO results of the usual shape, decoded into columns without a dict a box."""

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
    """A box with whole numbers as ids; anything else is not of the usual shape."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float = nan


class _NamedResult(msgspec.Struct, gc=False):
    """A box whose image has a text as its id, or is named by file, as Ultralytics writes it."""

    image_id: int | str
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float = nan
    file_name: str | None = None


_Results = list[_Result] | list[_NamedResult]
_DECODER: Final = msgspec.json.Decoder(list[_Result])
_NAMED_DECODER: Final = msgspec.json.Decoder(list[_NamedResult])


def regular_results(source: Source, options: PredictionOptions) -> Records | None:
    """Records of a results file, None where it is of another shape or any box has no use: then it is to be read box by
    box, with words about each."""
    try:
        text = source.content()
        if b'"segmentation"' in text:
            return None
        results = _decoded(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    count = len(results)
    corners = chain.from_iterable(map(attrgetter("bbox"), results))
    values = np.fromiter(corners, np.float64, 4 * count).reshape(-1, 4)
    if not ((np.abs(values) <= LARGEST).all() and (values[:, 2:] >= 0).all()):
        return None
    try:
        classes = np.fromiter(map(attrgetter("category_id"), results), np.int64, count)
        references, owner = _images(results, source)
    except OverflowError:
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


def _decoded(text: bytes) -> _Results:
    if b'"file_name"' not in text:
        try:
            return _DECODER.decode(text)
        except msgspec.ValidationError:
            pass
    return _NAMED_DECODER.decode(text)


def _images(results: _Results, source: Source) -> tuple[list[Reference], NDArray[np.int64]]:
    """The images of results, and the place ``(n,)`` of each result's image among them."""
    count = len(results)
    if results and isinstance(results[0], _NamedResult):
        named = map(attrgetter("file_name", "image_id"), results)
        keys = [(file, None) if file else (None, str(identity)) for file, identity in named]
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        owner = np.fromiter(map(places.__getitem__, keys), np.int64, count)
        return [Reference(source.shown, image=file, source_id=identity) for file, identity in places], owner
    ids = np.fromiter(map(attrgetter("image_id"), results), np.int64, count)
    unique, owner = np.unique(ids, return_inverse=True)
    return [Reference(source.shown, source_id=str(identity)) for identity in unique.tolist()], owner.astype(np.int64)
