"""The tables of a pass: the ground truth of a run, and predictions of several of its steps."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.average_precision import outside_area_ranges
from evalwidget.metrics.candidate_pairs import BoxColumns

__all__ = ["PredictionBlock", "TruthTable"]

#: Up to so many groups (specimens x classes) are looked up in a table, more by binary search.
_LARGEST_TABLE: Final = 1 << 22


class TruthTable:
    """The ground truth of a run, sorted by group (specimen and class), in the order of the source inside a group.

    ``classes`` ``(k,)`` are the labels that ground truth has; class ``k`` stands for all other labels. ``row`` is the
    row of the source table of each box; the other arrays are by box, in this order.
    """

    def __init__(
        self,
        specimens: int,
        specimen: NDArray[np.int64],
        label: NDArray[np.integer],
        corners: NDArray[np.float64],
        size: NDArray[np.float64],
        area: NDArray[np.float64],
        crowd: NDArray[np.bool_],
    ) -> None:
        """From columns by row: ``corners`` ``(n, 4)`` and ``size`` ``(n, 2)`` in pixels, ``area`` in square pixels as
        the source gives it, which COCO's area ranges go by."""
        self.classes, place = np.unique(label, return_inverse=True)
        self.specimens = specimens
        key = specimen * self._keys_of_specimen + place
        self.row = np.argsort(key, kind="stable")
        self._key = key[self.row]
        self.specimen = specimen[self.row]
        self.class_ = place[self.row]
        self.boxes = BoxColumns.of(corners[self.row], size[self.row])
        self.crowd = crowd[self.row]
        self.ignored = outside_area_ranges(area[self.row]) | self.crowd

    def __len__(self) -> int:
        return len(self.row)

    @property
    def _keys_of_specimen(self) -> int:
        return len(self.classes) + 1

    @cached_property
    def _first_of_key(self) -> NDArray[np.int32] | None:
        keys = self.specimens * self._keys_of_specimen
        if keys > _LARGEST_TABLE:
            return None
        return np.searchsorted(self._key, np.arange(keys + 1)).astype(np.int32)

    def classes_of(self, label: NDArray[np.integer], labels: int) -> NDArray[np.int64]:
        """The class of each label; labels are 0 to ``labels - 1``."""
        class_of_label = np.full(labels, len(self.classes), np.int64)
        class_of_label[self.classes] = np.arange(len(self.classes))
        return np.asarray(class_of_label[label])

    def group(self, specimen: NDArray[np.int64], class_: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
        """First box and number of boxes of each given specimen and class."""
        key = specimen * self._keys_of_specimen + class_
        return self._between(key, key + 1)

    def all_classes(self, specimen: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
        """First box and number of boxes of each given specimen."""
        key = specimen * self._keys_of_specimen
        return self._between(key, key + self._keys_of_specimen)

    def _between(self, key: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
        if self._first_of_key is not None:
            first: NDArray = self._first_of_key[key]
            return first, self._first_of_key[end] - first
        first = np.searchsorted(self._key, key)
        return first, np.searchsorted(self._key, end) - first


@dataclass(frozen=True, slots=True)
class PredictionBlock:
    """Predictions ``(m,)`` of ``steps`` steps that take part, sorted by step and, for ties of score, by image and
    order of the file: places of their steps in the block, specimens, classes of ``TruthTable``, boxes, and scores,
    where NaN stands for none and counts as 1."""

    steps: int
    step: NDArray[np.int64]
    specimen: NDArray[np.int64]
    class_: NDArray[np.int64]
    boxes: BoxColumns
    score: NDArray[np.float64]
