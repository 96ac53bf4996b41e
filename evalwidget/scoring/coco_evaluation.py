"""A run's boxes matched and scored as COCO does: all steps asked for that are not known yet go through in one pass.

What takes part: usable predictions of specimens that are annotated and were evaluated at the step; the ground truth of
all other specimens is left out at that step, as pycocotools leaves it out when given the ids of the evaluated images.
A class is a label; labels that ground truth does not have enter no average, as in pycocotools, whose -1 for a class
without ground truth is left out of its means. A prediction without a score has score 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.metrics.average_precision import IOU_THRESHOLDS, mean_over_classes
from evalwidget.metrics.coco_scoring import Matches, best_of_each_group
from evalwidget.scoring.step_blocks import StepBlock, StepBlocks
from evalwidget.scoring.step_cache import StepCache

__all__ = ["COCO_MAX_PREDICTIONS", "CocoEvaluation", "CocoFigures", "PrecisionRecall", "StepMatches"]

#: Predictions of an image and class that count, the best by score.
COCO_MAX_PREDICTIONS: Final = 100

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class StepMatches:
    """One step's matches: ``counted`` rows of the step's predictions took part; ``prediction`` and ``truth`` are the
    rows of those that match on both sides, ignored ground truth boxes among them."""

    counted: NDArray[np.int64]
    prediction: NDArray[np.int64]
    truth: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _AtAllThresholds:
    """One step's matches at COCO's ten IoU thresholds: those of ``matches`` hold from the place ``first`` of the list
    up to before ``last``."""

    matches: StepMatches
    first: NDArray[np.int8]
    last: NDArray[np.int8]

    def at(self, threshold: int) -> StepMatches:
        """Those at a threshold, by its place in the list."""
        held = np.flatnonzero((self.first <= threshold) & (self.last > threshold))
        return StepMatches(self.matches.counted, self.matches.prediction[held], self.matches.truth[held])


@dataclass(frozen=True, slots=True)
class CocoFigures:
    """COCO's twelve figures at one step, by the names in ``average_precision.FIGURES``: ``by_class`` ``(12, k)``, NaN
    where COCO says -1, for the ``labels`` ``(k,)`` of the ground truth, and the ``matches`` they come of."""

    labels: NDArray[np.integer]
    by_class: NDArray[np.float64]
    matches: _AtAllThresholds

    @property
    def overall(self) -> NDArray[np.float64]:
        """The mean ``(12,)`` over the classes that have a figure, NaN where none has."""
        return mean_over_classes(self.by_class)


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Curves at one step and IoU threshold, ``(k, 101)`` over ``average_precision.RECALL_POINTS``, of the ``labels``
    ``(k,)`` that have something to find: see ``average_precision.interpolated_curves``."""

    labels: NDArray[np.integer]
    precision: NDArray[np.float64]
    score: NDArray[np.float64]


class CocoEvaluation:
    """COCO's figures and curves of a run, made when asked for and kept by step. Safe to use from several threads."""

    def __init__(self, data: RunData) -> None:
        self._data = data
        self.blocks = StepBlocks(data)
        self._figures = StepCache(self._new_figures)
        self._matches = StepCache(self._new_matches)
        self._curves = StepCache(self._new_curves)

    def figures(self, steps: Sequence[int]) -> list[CocoFigures]:
        """The figures at each of ``steps``."""
        return self._figures.at(steps, None)

    def curves(self, steps: Sequence[int], iou_threshold: float) -> list[PrecisionRecall]:
        """The precision-recall curves at each of ``steps``."""
        return self._curves.at(steps, iou_threshold)

    def matches(
        self, steps: Sequence[int], iou_threshold: float, confidence_threshold: float, max_predictions: int
    ) -> list[StepMatches]:
        """The matches at each of ``steps``. Those at COCO's thresholds and limit are found at all ten at once, and
        kept; any others are not."""
        place = np.flatnonzero(iou_threshold == IOU_THRESHOLDS)
        if len(place) and (confidence_threshold, max_predictions) == (0.0, COCO_MAX_PREDICTIONS):
            figures = self._figures.kept(None)
            known = {step: figures[step].matches for step in steps if step in figures}
            new = [step for step in steps if step not in known]
            known.update(zip(new, self._matches.at(new, None), strict=True))
            return [known[step].at(int(place[0])) for step in steps]

        def matches_of(block: StepBlock) -> list[StepMatches]:
            found = Matches(self.blocks.truth, block.predictions, np.array([iou_threshold]), by_area=False)
            return [of_step.matches for of_step in self._matches_of(block, found)]

        return self._each_step(steps, max_predictions, confidence_threshold, matches_of)

    def _new_matches(self, steps: list[int], _: None) -> list[_AtAllThresholds]:
        def matches_of(block: StepBlock) -> list[_AtAllThresholds]:
            return self._matches_of(block, Matches(self.blocks.truth, block.predictions, IOU_THRESHOLDS, by_area=False))

        return self._each_step(steps, COCO_MAX_PREDICTIONS, 0.0, matches_of)

    def _new_figures(self, steps: list[int], _: None) -> list[CocoFigures]:
        return self._each_step(steps, COCO_MAX_PREDICTIONS, 0.0, self._figures_of)

    def _new_curves(self, steps: list[int], iou_threshold: float) -> list[PrecisionRecall]:
        truth = self.blocks.truth

        def curves_of(block: StepBlock) -> list[PrecisionRecall]:
            matches = Matches(truth, block.predictions, np.array([iou_threshold]), by_area=False)
            positives = self._positives(block.steps)[0]
            curves = zip(positives, *matches.curves(positives), strict=True)
            return [
                PrecisionRecall(truth.classes[count > 0], precision[count > 0], score[count > 0])
                for count, precision, score in curves
            ]

        return self._each_step(steps, COCO_MAX_PREDICTIONS, 0.0, curves_of)

    def _figures_of(self, block: StepBlock) -> list[CocoFigures]:
        truth = self.blocks.truth
        matches = Matches(truth, block.predictions, IOU_THRESHOLDS, by_area=True)
        figures = matches.figures(self._positives(block.steps))
        return [
            CocoFigures(truth.classes, np.ascontiguousarray(figures[:, place]), of_step)
            for place, of_step in enumerate(self._matches_of(block, matches))
        ]

    def _matches_of(self, block: StepBlock, matches: Matches) -> list[_AtAllThresholds]:
        prediction, truth, first, last = matches.in_all_areas()
        truth = self.blocks.truth.row[truth]
        if len(block.steps) == 1:
            return [_AtAllThresholds(StepMatches(block.rows[0], block.rows[0][prediction], truth), first, last)]
        start = np.cumsum([0, *(len(rows) for rows in block.rows)])
        step = block.predictions.step[prediction]
        found = []
        for place, rows in enumerate(block.rows):
            here = np.flatnonzero(step == place)
            of_step = StepMatches(rows, rows[prediction[here] - start[place]], truth[here])
            found.append(_AtAllThresholds(of_step, first[here], last[here]))
        return found

    def _positives(self, steps: Sequence[int]) -> NDArray[np.int64]:
        """How many ground truth boxes ``(4, steps, k)`` each area range leaves to find at each step."""
        truth = self.blocks.truth
        positives = np.empty((len(truth.ignored), len(steps), len(truth.classes)), np.int64)
        for place, step in enumerate(steps):
            scored = self._data.scored(step)[truth.specimen]
            for area, ignored in enumerate(truth.ignored):
                positives[area, place] = np.bincount(truth.class_[scored & ~ignored], minlength=len(truth.classes))
        return positives

    def _counted(self, step: int, most: int, confidence: float) -> NDArray[np.int64]:
        """Rows of the step's predictions that take part, at most ``most`` of a specimen and label."""
        boxes = self._data.predictions(step).boxes
        counts = boxes.usable & self._data.scored(step)[boxes.specimen]
        # at 0 everything counts, also a score below 0, such as a logit
        if confidence > 0:
            counts &= ~(boxes.score < confidence)
        rows = np.flatnonzero(counts)
        is_full = np.diff(boxes.offsets) > most
        if is_full.any():
            full = rows[is_full[boxes.specimen[rows]]]
            group = boxes.specimen[full] * len(self._data.labels) + boxes.label[full]
            counts[full] = False
            counts[full[best_of_each_group(group, boxes.score[full], most)]] = True
            rows = np.flatnonzero(counts)
        return rows

    def _each_step(
        self, steps: Sequence[int], most: int, confidence: float, of_block: Callable[[StepBlock], list[_Result]]
    ) -> list[_Result]:
        return self.blocks.each_step(steps, lambda step: self._counted(step, most, confidence), of_block)
