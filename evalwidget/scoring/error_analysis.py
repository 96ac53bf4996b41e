"""What a run's errors are about: error types with what each costs, and labels taken for others, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError
from evalwidget.metrics.box_tables import TruthTable
from evalwidget.metrics.confusion import match_across_labels
from evalwidget.metrics.error_types import (
    MISS,
    BlockOutcomes,
    ap_gains,
    classify_errors,
    error_counts,
)
from evalwidget.scoring.evaluation import MATCHED, MISSED, BoxOutcomes, Evaluation, Settings
from evalwidget.scoring.step_blocks import StepBlock
from evalwidget.scoring.step_cache import StepCache

__all__ = ["BACKGROUND_THRESHOLD", "BoxErrors", "ErrorAnalysis", "LabelPairs", "check_has_boxes", "outcomes_of_block"]

#: TIDE's IoU up to which a prediction is of nothing but background.
BACKGROUND_THRESHOLD: Final = 0.1


@dataclass(frozen=True, slots=True)
class BoxErrors:
    """Errors of one step: places in ``ERROR_TYPES`` of its ``m`` predictions ``(m,)`` and of the ``n`` ground truth
    boxes ``(n,)``, -1 for none. Of ``ERROR_TYPES``, then of ``SPECIAL_ERRORS``, ``counts`` says how many there are, and
    ``gains`` the AP gained if they were fixed, ``(8,)``; NaN where no specimen is scored, gains also where there is no
    ground truth box."""

    error: NDArray[np.int8]
    truth_error: NDArray[np.int8]
    counts: NDArray[np.float64]
    gains: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelPairs:
    """Labels that stand against each other at one step, ``k`` distinct pairs of ground truth and prediction with their
    count, -1 for background on either side."""

    ground_truth: NDArray[np.int64]
    prediction: NDArray[np.int64]
    count: NDArray[np.int64]
    is_scored: bool


def outcomes_of_block(block: StepBlock, truth: TruthTable, outcomes: Mapping[int, BoxOutcomes]) -> BlockOutcomes:
    """What became of the predictions of a block and of the ground truth, by what did so at each of its steps."""
    parts = zip(block.steps, block.rows, strict=True)
    of_truth = np.array([outcomes[step].truth_outcome[truth.row] for step in block.steps])
    return BlockOutcomes(
        np.concatenate([outcomes[step].outcome[rows] == MATCHED for step, rows in parts]),
        (of_truth == MATCHED) | (of_truth == MISSED),
        of_truth == MATCHED,
    )


class ErrorAnalysis:
    """Errors of a run, those of all steps asked for found in one pass and kept. Safe to use from several threads."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self._data = evaluation.data
        self._blocks = evaluation.coco.blocks
        self._errors = StepCache(self._new_errors)
        self._pairs = StepCache(self._new_pairs)

    def box_errors(self, steps: Sequence[int], settings: Settings, background_threshold: float) -> list[BoxErrors]:
        """TIDE's errors at each of ``steps``, of the outcomes that ``Evaluation.boxes`` gives. Raises
        ``EvalWidgetError`` where the background threshold is not above 0 and up to the IoU threshold."""
        if not 0 < background_threshold <= settings.iou_threshold:
            raise EvalWidgetError(
                "background_threshold: expected a number above 0 and up to the IoU threshold "
                f"{settings.iou_threshold!r}, got {background_threshold!r}"
            )
        return self._errors.at(steps, (settings, background_threshold))

    def confused_labels(self, steps: Sequence[int], settings: Settings) -> list[LabelPairs]:
        """The pairs of labels at each of ``steps``: of the boxes matched whatever their labels, and of each alone.

        Every ground truth box of a scored specimen stands in one pair, crowd regions left out; so does every usable
        prediction from the confidence threshold on, those that lie in a crowd region of their label left out.
        """
        return self._pairs.at(steps, settings)

    def _new_errors(self, steps: list[int], settings: tuple[Settings, float]) -> list[BoxErrors]:
        matching, background_threshold = settings
        outcomes = dict(zip(steps, self.evaluation.match(steps, matching), strict=True))
        truth = self._blocks.truth

        def counted(step: int) -> NDArray[np.int64]:
            return np.flatnonzero(outcomes[step].counted)

        def errors_of(block: StepBlock) -> list[BoxErrors]:
            of_block = outcomes_of_block(block, truth, outcomes)
            errors = classify_errors(truth, block.predictions, of_block, matching.iou_threshold, background_threshold)
            costs = zip(
                error_counts(block.predictions, of_block, errors).T,
                ap_gains(truth, block.predictions, of_block, errors).T,
                strict=True,
            )
            return [
                self._box_errors(step, rows, error, missed, *of_step)
                for step, rows, error, missed, of_step in zip(
                    block.steps, block.rows, block.by_step(errors.error), errors.missed, costs, strict=True
                )
            ]

        return self._blocks.each_step(steps, counted, errors_of)

    def _box_errors(
        self,
        step: int,
        rows: NDArray[np.int64],
        error: NDArray[np.int8],
        missed: NDArray[np.bool_],
        counts: NDArray[np.int64],
        gains: NDArray[np.float64],
    ) -> BoxErrors:
        truth_error = np.full(len(missed), -1, np.int8)
        truth_error[self._blocks.truth.row[missed]] = MISS
        error_of_row = np.full(len(self._data.predictions(step).boxes), -1, np.int8)
        error_of_row[rows] = error
        is_scored = self._data.scored(step).any()
        return BoxErrors(error_of_row, truth_error, np.where(is_scored, counts, np.nan), gains)

    def _new_pairs(self, steps: list[int], settings: Settings) -> list[LabelPairs]:
        least_score = settings.confidence_threshold or -np.inf

        def counted(step: int) -> NDArray[np.int64]:
            boxes = self._data.predictions(step).boxes
            confident = ~(boxes.score < least_score)
            return np.flatnonzero(boxes.usable & confident & self._data.scored(step)[boxes.specimen])

        def pairs_of(block: StepBlock) -> list[LabelPairs]:
            matches = match_across_labels(self._blocks.truth, block.predictions, settings.iou_threshold)
            parts = zip(
                block.steps, block.rows, block.by_step(matches.truth), block.by_step(matches.in_crowd), strict=True
            )
            return [self._label_pairs(*part) for part in parts]

        return self._blocks.each_step(steps, counted, pairs_of)

    def _label_pairs(
        self, step: int, rows: NDArray[np.int64], matched: NDArray[np.int64], in_crowd: NDArray[np.bool_]
    ) -> LabelPairs:
        truth, scored = self._blocks.truth, self._data.scored(step)
        is_alone = scored[truth.specimen] & ~truth.crowd
        is_alone[matched[matched >= 0]] = False
        alone = truth.classes[truth.class_[is_alone]]
        label_of_box = np.append(truth.classes[truth.class_], -1)
        actual = np.concatenate([label_of_box[matched[~in_crowd]], alone])
        found = self._data.predictions(step).boxes.label[rows[~in_crowd]]
        predicted = np.concatenate([found, np.full(len(alone), -1)])
        labels = len(self._data.labels) + 1
        # background is -1 on either side
        pairs, count = np.unique((actual.astype(np.int64) + 1) * labels + predicted + 1, return_counts=True)
        return LabelPairs(pairs // labels - 1, pairs % labels - 1, count, bool(scored.any()))


def check_has_boxes(evaluation: Evaluation, what: str) -> None:
    """Raise ``EvalWidgetError`` where the run's items are questions: ``what`` is of boxes."""
    if evaluation.data.has_text:
        raise EvalWidgetError(f"{what}: expected a run of boxes, got {evaluation.data.task}")
