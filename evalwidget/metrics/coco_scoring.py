"""One pass of COCO's evaluation: predictions of several steps against one table of ground truth."""

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.average_precision import (
    AREA_RANGES,
    Segments,
    coco_figures,
    interpolated_curves,
    outside_area_ranges,
)
from evalwidget.metrics.box_tables import PredictionBlock, TruthTable
from evalwidget.metrics.candidate_pairs import Pairs, candidate_pairs
from evalwidget.metrics.coco_matching import MatchRows, effective_thresholds, match_pairs
from evalwidget.metrics.score_order import certainty, integer_order, score_order

__all__ = ["Matches", "best_of_each_group"]


def best_of_each_group(group: NDArray[np.int64], score: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """The rows of at most ``most`` predictions of each group, the best by score, earlier ones on a tie; ascending.
    A NaN score counts as 1."""
    ordered = np.sort(group)
    if (ordered[most:] != ordered[:-most]).all():
        # no group has more
        return np.arange(len(group))
    order = score_order(certainty(score))
    order = order[np.argsort(group[order], kind="stable")]
    kept = order[_place_in_run(group[order]) < most]
    kept.sort()
    return kept


class Matches:
    """``block`` matched with ``truth`` at ``thresholds`` (ascending), for all of COCO's area ranges or "all" alone.

    No group of ``block`` may have more predictions than count: see ``best_of_each_group``.
    """

    def __init__(
        self, truth: TruthTable, block: PredictionBlock, thresholds: NDArray[np.float64], *, by_area: bool
    ) -> None:
        self._truth = truth
        self._block = block
        classes = len(truth.classes) + 1
        segment = block.step * classes + block.class_
        by_score = score_order(certainty(block.score))
        #: predictions by segment and descending score: what `MatchRows` number
        self._order = by_score[integer_order(segment[by_score], block.steps * classes)]
        start = np.searchsorted(segment[self._order], np.arange(block.steps * classes + 1))
        self._segments = Segments(segment[self._order], start)
        effective = effective_thresholds(thresholds)
        first, count = truth.group(block.specimen, block.class_)
        pairs = candidate_pairs(block.boxes, first, count, truth.boxes, truth.crowd, float(effective[0]))
        place = np.empty(len(self._order), np.int64)
        place[self._order] = np.arange(len(place))
        # ground truth is there anew at each step
        of_step = pairs.truth + block.step[pairs.prediction] * len(truth)
        self._rows = match_pairs(
            Pairs(place[pairs.prediction], of_step, pairs.iou),
            len(place),
            np.tile(truth.crowd, block.steps),
            np.tile(truth.ignored if by_area else truth.ignored[:1], block.steps),
            effective,
        )

    def in_all_areas(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8], NDArray[np.int8]]:
        """Predictions (rows of the block), the boxes of ``TruthTable`` they have in the area range "all", crowd regions
        among them, and from and to which of the thresholds, as in ``MatchRows``."""
        rows = self._rows[0]
        return self._order[rows.prediction], self._of_any_step(rows.truth), rows.first, rows.last

    def figures(self, positives: NDArray[np.int64]) -> NDArray[np.float64]:
        """COCO's figures ``(12, steps, k)`` of each class: see ``average_precision.coco_figures``.

        ``positives`` ``(4, steps, k)`` counts the ground truth boxes to find in each area range. Needs matches at
        ``IOU_THRESHOLDS`` in all area ranges.
        """
        truth, block = self._truth, self._block
        outside = outside_area_ranges(block.boxes.area[self._order])
        figures = coco_figures(
            [self._in_any_step(rows) for rows in self._rows],
            self._segments,
            outside,
            truth.ignored,
            _with_other_labels(positives),
            self._rank_in_group(),
        )
        return figures.reshape(len(figures), block.steps, -1)[:, :, :-1]

    def curves(self, positives: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Precision and score ``(steps, k, 101)``: see ``average_precision.interpolated_curves``."""
        (outside,) = outside_area_ranges(self._block.boxes.area[self._order], AREA_RANGES[:1])
        precision, score = interpolated_curves(
            self._in_any_step(self._rows[0]),
            self._segments,
            outside,
            self._truth.ignored[0],
            _with_other_labels(positives),
            self._block.score[self._order],
        )
        shape = (self._block.steps, -1, precision.shape[1])
        return precision.reshape(shape)[:, :-1], score.reshape(shape)[:, :-1]

    def _of_any_step(self, truth: NDArray[np.int64]) -> NDArray[np.int64]:
        return truth if self._block.steps == 1 else truth % len(self._truth)

    def _in_any_step(self, rows: MatchRows) -> MatchRows:
        return MatchRows(rows.prediction, self._of_any_step(rows.truth), rows.first, rows.last)

    def _rank_in_group(self) -> NDArray[np.int64]:
        """Place by score of each prediction, in score order, among those of its image and segment."""
        specimen = self._block.specimen[self._order]
        by_image = integer_order(specimen, self._truth.specimens)
        # they were sorted by segment, and still are within a specimen
        group = specimen[by_image] * len(self._segments) + self._segments.of_prediction[by_image]
        rank = np.empty(len(by_image), np.int64)
        rank[by_image] = _place_in_run(group)
        return rank


def _with_other_labels(positives: NDArray[np.int64]) -> NDArray[np.int64]:
    """``positives`` by segment: with a class for labels that ground truth does not have, where nothing is to find."""
    others = np.zeros((*positives.shape[:-1], 1), np.int64)
    return np.concatenate([positives, others], axis=-1).reshape(*positives.shape[:-2], -1)


def _place_in_run(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each row among the equal rows around it."""
    place = np.arange(len(values))
    starts = np.ones(len(values), np.bool_)
    starts[1:] = values[1:] != values[:-1]
    return place - np.maximum.accumulate(np.where(starts, place, 0))
