"""A run's boxes matched and scored as COCO does: all steps asked for that are not known yet go through in one pass.

What takes part: usable predictions of specimens that are annotated and were evaluated at the step; the ground truth of
all other specimens is left out at that step, as pycocotools leaves it out when given the ids of the evaluated images.
A class is a label; labels that ground truth does not have enter no average, as in pycocotools, whose -1 for a class
without ground truth is left out of its means. A prediction without a score has score 1.

Ties of score are put in the order of image ids where all are numbers, as pycocotools puts them, else in the order of
the specimens; then in the order of the file.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.metrics.average_precision import IOU_THRESHOLDS
from evalwidget.metrics.candidate_pairs import BoxColumns
from evalwidget.metrics.coco_scoring import Matches, PredictionBlock, TruthTable, best_of_each_group
from evalwidget.tables import Boxes

__all__ = ["COCO_MAX_PREDICTIONS", "CocoEvaluation", "CocoFigures", "PrecisionRecall", "StepMatches"]

#: Predictions of an image and class that count, the best by score.
COCO_MAX_PREDICTIONS: Final = 100

#: Steps are put together until they have so many predictions, ground truth boxes and classes: more would fall out of
#: the cache, fewer would pay for numpy's calls.
_BLOCK: Final = 1 << 17

_THREADS: Final = 2

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class StepMatches:
    """One step's matches: ``counted`` rows of the step's predictions took part; ``prediction`` and ``truth`` are the
    rows of those that match on both sides, ignored ground truth boxes among them."""

    counted: NDArray[np.int64]
    prediction: NDArray[np.int64]
    truth: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CocoFigures:
    """COCO's twelve figures at one step, by the names in ``average_precision.FIGURES``: ``by_class`` ``(12, k)``, NaN
    where COCO says -1, for the ``labels`` ``(k,)`` of the ground truth, and ``matches`` at IoU 0.5."""

    labels: NDArray[np.integer]
    by_class: NDArray[np.float64]
    matches: StepMatches

    @property
    def overall(self) -> NDArray[np.float64]:
        """The mean ``(12,)`` over the classes that have a figure, NaN where none has."""
        there = ~np.isnan(self.by_class)
        count = there.sum(axis=1)
        total = np.where(there, self.by_class, 0).sum(axis=1)
        mean = np.full(len(count), np.nan)
        np.divide(total, count, out=mean, where=count > 0)
        return mean


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
        self._lock = threading.RLock()
        self._figures: dict[int, CocoFigures] = {}
        self._curves: dict[tuple[int, float], PrecisionRecall] = {}

    def figures(self, steps: Sequence[int]) -> list[CocoFigures]:
        """The figures at each of ``steps``."""
        with self._lock:
            new = [step for step in dict.fromkeys(steps) if step not in self._figures]
            self._figures.update(
                zip(new, self._each_step(new, COCO_MAX_PREDICTIONS, 0.0, self._figures_of), strict=True)
            )
            return [self._figures[step] for step in steps]

    def curves(self, steps: Sequence[int], iou_threshold: float) -> list[PrecisionRecall]:
        """The precision-recall curves at each of ``steps``."""

        def curves_of(block: "_Block") -> list[PrecisionRecall]:
            matches = Matches(self._truth, block.predictions, np.array([iou_threshold]), by_area=False)
            positives = self._positives(block.steps)[0]
            curves = zip(positives, *matches.curves(positives), strict=True)
            return [
                PrecisionRecall(self._truth.classes[count > 0], precision[count > 0], score[count > 0])
                for count, precision, score in curves
            ]

        with self._lock:
            new = [step for step in dict.fromkeys(steps) if (step, iou_threshold) not in self._curves]
            found = self._each_step(new, COCO_MAX_PREDICTIONS, 0.0, curves_of)
            self._curves.update(zip(((step, iou_threshold) for step in new), found, strict=True))
            return [self._curves[step, iou_threshold] for step in steps]

    def matches(
        self, steps: Sequence[int], iou_threshold: float, confidence_threshold: float, max_predictions: int
    ) -> list[StepMatches]:
        """The matches at each of ``steps``; not kept, but for those that the figures have come by."""

        def matches_of(block: "_Block") -> list[StepMatches]:
            matches = Matches(self._truth, block.predictions, np.array([iou_threshold]), by_area=False)
            return self._matches_of(block, matches)

        with self._lock:
            is_cocos = (iou_threshold, confidence_threshold, max_predictions) == (0.5, 0.0, COCO_MAX_PREDICTIONS)
            known = {step: self._figures[step].matches for step in steps if is_cocos and step in self._figures}
            new = [step for step in dict.fromkeys(steps) if step not in known]
            found = self._each_step(new, max_predictions, confidence_threshold, matches_of)
            known.update(zip(new, found, strict=True))
            return [known[step] for step in steps]

    @cached_property
    def _truth(self) -> TruthTable:
        truth = self._data.ground_truth.boxes
        return TruthTable(
            len(self._data.specimens),
            truth.specimen,
            truth.label,
            truth.corners,
            truth.size,
            truth.area,
            truth.crowd,
        )

    @cached_property
    def _image_place(self) -> NDArray[np.int64] | None:
        return self._data.specimens.coco_order()

    def _figures_of(self, block: "_Block") -> list[CocoFigures]:
        matches = Matches(self._truth, block.predictions, IOU_THRESHOLDS, by_area=True)
        figures = matches.figures(self._positives(block.steps))
        return [
            CocoFigures(self._truth.classes, np.ascontiguousarray(figures[:, place]), of_step)
            for place, of_step in enumerate(self._matches_of(block, matches))
        ]

    def _matches_of(self, block: "_Block", matches: Matches) -> list[StepMatches]:
        prediction, truth = matches.at_first_threshold()
        truth = self._truth.row[truth]
        if len(block.steps) == 1:
            return [StepMatches(block.counted[0], block.counted[0][prediction], truth)]
        start = np.cumsum([0, *(len(rows) for rows in block.counted)])
        step = block.predictions.step[prediction]
        return [
            StepMatches(rows, rows[prediction[step == place] - start[place]], truth[step == place])
            for place, rows in enumerate(block.counted)
        ]

    def _positives(self, steps: Sequence[int]) -> NDArray[np.int64]:
        """How many ground truth boxes ``(4, steps, k)`` each area range leaves to find at each step."""
        classes = len(self._truth.classes)
        positives = np.empty((4, len(steps), classes), np.int64)
        for place, step in enumerate(steps):
            scored = self._scored(step)[self._truth.specimen]
            for area, ignored in enumerate(self._truth.ignored):
                positives[area, place] = np.bincount(self._truth.class_[scored & ~ignored], minlength=classes)
        return positives

    def _scored(self, step: int) -> NDArray[np.bool_]:
        return self._data.ground_truth.annotated & self._data.predictions(step).recorded

    def _counted(self, step: int, most: int, confidence: float) -> NDArray[np.int64]:
        """Rows of the step's predictions that take part, at most ``most`` of a specimen and label, by image."""
        boxes = self._data.predictions(step).boxes
        counts = boxes.usable & self._scored(step)[boxes.specimen]
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
        if self._image_place is not None:
            rows = rows[np.argsort(self._image_place[boxes.specimen[rows]], kind="stable")]
        return rows

    def _each_step(
        self,
        steps: Sequence[int],
        most: int,
        confidence: float,
        of_block: Callable[["_Block"], list[_Result]],
    ) -> list[_Result]:
        """What ``of_block`` makes of the steps, which it gets in blocks."""
        room = max(_BLOCK // (len(self._truth) + len(self._truth.classes) + 1), 1)
        blocks: list[list[int]] = []
        filled = 0
        for step in steps:
            size = len(self._data.predictions(step).boxes)
            if not blocks or len(blocks[-1]) == room or filled + size > _BLOCK:
                blocks.append([])
                filled = 0
            blocks[-1].append(step)
            filled += size

        def made(block: list[int]) -> list[_Result]:
            return of_block(self._block(block, most, confidence))

        if len(blocks) < 2:
            return [result for block in blocks for result in made(block)]
        # numpy gives the lock back while it works
        with ThreadPoolExecutor(_THREADS) as threads:
            return [result for results in threads.map(made, blocks) for result in results]

    def _block(self, steps: Sequence[int], most: int, confidence: float) -> "_Block":
        counted = [self._counted(step, most, confidence) for step in steps]
        tables = [self._data.predictions(step).boxes for step in steps]
        labels = len(self._data.labels)

        def joined(column: Callable[[Boxes], NDArray]) -> NDArray:
            columns = [
                column(boxes) if len(rows) == len(boxes) and self._image_place is None else column(boxes)[rows]
                for boxes, rows in zip(tables, counted, strict=True)
            ]
            return columns[0] if len(columns) == 1 else np.concatenate(columns)

        return _Block(
            steps,
            counted,
            PredictionBlock(
                len(steps),
                np.repeat(np.arange(len(steps)), [len(rows) for rows in counted]),
                joined(lambda boxes: boxes.specimen),
                self._truth.classes_of(joined(lambda boxes: boxes.label), labels),
                BoxColumns.of(joined(lambda boxes: boxes.corners), joined(lambda boxes: boxes.size)),
                joined(lambda boxes: boxes.score),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Block:
    """Steps that go through together: the rows of each that take part, and these as one table."""

    steps: Sequence[int]
    counted: list[NDArray[np.int64]]
    predictions: PredictionBlock
