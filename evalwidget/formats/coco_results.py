"""COCO results of the usual shape, decoded into columns without a dict a box."""

from collections.abc import Mapping
from itertools import chain
from math import nan
from operator import attrgetter
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import LARGEST, Convention
from evalwidget.formats.json_source import Source
from evalwidget.records import BoxRows, Records, Reference

__all__ = ["regular_results", "unnamed_categories"]


class _Result(msgspec.Struct, gc=False):
    """A box with whole numbers as ids; anything else is not of the usual shape."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float = nan


_XYWH: Final = Convention("xywh")
_DECODER: Final = msgspec.json.Decoder(list[_Result])


def regular_results(source: Source, categories: Mapping[str, str], convention: Convention = _XYWH) -> Records | None:
    """Records of a results file, None where it is of another shape or any box has no use: then it is to be read box by
    box, with words about each. ``categories`` are the ground truth's class names by id."""
    if convention.order != "xywh":
        return None
    try:
        text = source.content()
        if b'"segmentation"' in text:
            return None
        results = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    count = len(results)
    corners = chain.from_iterable(map(attrgetter("bbox"), results))
    values = np.fromiter(corners, np.float64, 4 * count).reshape(-1, 4)
    if not ((np.abs(values) <= LARGEST).all() and (values[:, 2:] >= 0).all()):
        return None
    try:
        images = np.fromiter(map(attrgetter("image_id"), results), np.int64, count)
        classes = np.fromiter(map(attrgetter("category_id"), results), np.int64, count)
    except OverflowError:
        return None
    image_ids, owner = np.unique(images, return_inverse=True)
    class_ids, label = np.unique(classes, return_inverse=True)
    names, notes = _named(class_ids, label, categories, source)
    rows = BoxRows(
        convention=convention,
        owner=owner.astype(np.int64),
        label=label.astype(np.int32),
        label_names=names,
        values=values,
        score=np.fromiter(map(attrgetter("score"), results), np.float64, count),
        area=np.full(count, nan),
        crowd=np.zeros(count, np.bool_),
        state=np.zeros(count, np.uint8),
        item=np.full(count, None, np.object_),
        defects={},
    )
    references = [Reference(source.shown, source_id=str(identity)) for identity in image_ids.tolist()]
    return Records(references, [rows], names_all=True, notes=notes)


def unnamed_categories(unknown: list[str], count: int, source: Source) -> str:
    """The note about ``count`` predictions whose category ids the ground truth does not name."""
    shown = ", ".join(sorted(unknown, key=lambda text: (len(text), text))[:5])
    return (
        f"{source.shown}: {count} predictions have category ids that the ground truth does not name "
        f"({shown}); if the file counts classes from another number, shift them"
    )


def _named(
    ids: NDArray[np.int64], label: NDArray[np.integer], categories: Mapping[str, str], source: Source
) -> tuple[list[str], list[str]]:
    """The name of each category id, and the note about those without one."""
    texts = [str(identity) for identity in ids.tolist()]
    unknown = [text for text in texts if text not in categories]
    names = [categories.get(text, f"category {text}") for text in texts]
    if not unknown:
        return names, []
    counts = np.bincount(label, minlength=len(texts))
    lost = sum(int(count) for text, count in zip(texts, counts, strict=True) if text not in categories)
    return names, [unnamed_categories(unknown, lost, source)]
