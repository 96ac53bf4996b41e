"""Predictions of two steps that are of the same place: each has one counterpart or none."""

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.candidate_pairs import BoxColumns, candidate_pairs
from evalwidget.metrics.pairs import taken_in_turn

__all__ = ["PlacedBoxes", "counterparts"]


class PlacedBoxes:
    """Boxes of one step, ``m`` rows sorted by ``specimen`` ``(m,)``: ``corners`` ``(m, 4)`` and ``size`` ``(m, 2)`` in
    pixels, ``label`` ``(m,)``."""

    def __init__(
        self,
        specimen: NDArray[np.int64],
        label: NDArray[np.int64],
        corners: NDArray[np.float64],
        size: NDArray[np.float64],
    ) -> None:
        self.specimen = specimen
        self.label = label
        self.columns = BoxColumns.of(corners, size)
        self.place = np.arange(len(specimen)) - np.searchsorted(specimen, specimen)

    def __len__(self) -> int:
        return len(self.specimen)


def counterparts(before: PlacedBoxes, after: PlacedBoxes, iou_threshold: float) -> NDArray[np.int64]:
    """The row of ``after`` ``(m,)`` that each row of ``before`` is the counterpart of, -1 for none.

    Pairs of one specimen with an IoU of ``iou_threshold`` (above 0) or more are taken one to one: those of the same
    label first, the highest IoU first. Ties go to the pair that comes first in its specimen, on either side, so that
    exchanging the sides gives the same pairs.
    """
    first = np.searchsorted(after.specimen, before.specimen)
    count = np.searchsorted(after.specimen, before.specimen, "right") - first
    no_crowd = np.zeros(len(after), np.bool_)
    pairs = candidate_pairs(before.columns, first, count, after.columns, no_crowd, iou_threshold)
    other_label = before.label[pairs.prediction] != after.label[pairs.truth]
    place, other_place = before.place[pairs.prediction], after.place[pairs.truth]
    order = np.lexsort((np.maximum(place, other_place), np.minimum(place, other_place), -pairs.iou, other_label))
    return taken_in_turn(pairs.prediction[order], pairs.truth[order], len(before), len(after))
