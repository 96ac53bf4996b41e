"""A run's predictions held against its ground truth, step by step: arrays, each made once and kept.

What counts where something is absent:

- a specimen not evaluated at a step is ``missing`` there: its scores are NaN and enter no mean or sum;
- a specimen of which no ground truth is known has NaN scores; one known to hold nothing is scored, and whatever is
  predicted in it is a false positive; both are ``no_ground_truth``;
- a specimen that was evaluated and has no usable prediction is ``no_prediction``: all its boxes are missed, its
  answers score 0;
- an invalid prediction is counted as such and is neither a true nor a false positive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.arguments import check_number, check_whole
from evalwidget.boxes import PARSE_STATES
from evalwidget.data import RunData
from evalwidget.errors import EvalWidgetError
from evalwidget.metrics.average_precision import AREA_RANGES, outside_area_ranges
from evalwidget.metrics.catalogue import EXACT_MATCH, chosen_metrics, default_metrics
from evalwidget.metrics.counting import f1_score, precision, ratio, recall
from evalwidget.metrics.metric import BoxMetric, Metric, PhraseMetric, StepMetric, TextMetric
from evalwidget.metrics.overlap import iou_of_pairs
from evalwidget.scoring.answer_scores import AnswerScoring
from evalwidget.scoring.coco_evaluation import COCO_MAX_PREDICTIONS, CocoEvaluation, StepMatches
from evalwidget.scoring.phrase_scores import PhraseScoring
from evalwidget.scoring.step_cache import StepCache
from evalwidget.scoring.text_search import TextSearch

__all__ = ["OUTCOMES", "STATUSES", "BoxCounts", "BoxOutcomes", "Evaluation", "Settings", "SpecimenScores"]

#: What became of a box; ``unscored`` where its specimen has no known ground truth or was not evaluated.
OUTCOMES: Final = ("unscored", "matched", "missed", "extra", "ignored", "invalid")
UNSCORED, MATCHED, MISSED, EXTRA, IGNORED, INVALID = range(len(OUTCOMES))

#: The state of a specimen at a step.
STATUSES: Final = ("ok", "no_prediction", "no_ground_truth", "missing")
_OK, _NO_PREDICTION, _NO_GROUND_TRUTH, _MISSING = range(len(STATUSES))

_UNUSABLE: Final = [place for place, state in enumerate(PARSE_STATES) if state not in ("ok", "repaired")]


@dataclass(frozen=True, slots=True)
class Settings:
    """Thresholds of matching: a prediction matches from ``iou_threshold`` on, counts from ``confidence_threshold`` on
    (one without a score always counts), and at most ``max_predictions`` of a specimen and label are considered, the
    best by score."""

    iou_threshold: float = 0.5
    confidence_threshold: float = 0.0
    max_predictions: int = COCO_MAX_PREDICTIONS

    def __post_init__(self) -> None:
        check_number("iou_threshold", self.iou_threshold, 0, 1, above=True)
        check_number("confidence_threshold", self.confidence_threshold, 0, 1)
        check_whole("max_predictions", self.max_predictions, 1)


@dataclass(frozen=True, slots=True)
class BoxOutcomes:
    """Outcomes (places in ``OUTCOMES``) of the ``n`` ground truth boxes and ``m`` predictions at one step, the row each
    is matched with on the other side (-1: none), and the IoU of the match (NaN: none)."""

    truth_outcome: NDArray[np.uint8]
    truth_prediction: NDArray[np.int64]
    truth_iou: NDArray[np.float64]
    outcome: NDArray[np.uint8]
    truth: NDArray[np.int64]
    iou: NDArray[np.float64]

    @property
    def sought(self) -> NDArray[np.bool_]:
        """The ground truth boxes ``(n,)`` that are found or missed."""
        return np.asarray((self.truth_outcome == MATCHED) | (self.truth_outcome == MISSED))

    @property
    def counted(self) -> NDArray[np.bool_]:
        """The predictions ``(m,)`` that are true or false positives."""
        return np.asarray((self.outcome == MATCHED) | (self.outcome == EXTRA))


@dataclass(frozen=True, slots=True)
class BoxCounts:
    """What each specimen ``(s,)`` adds to a step's counts, and to the sum of the IoU of its matches; 0 where it is not
    scored."""

    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]
    false_negatives: NDArray[np.int64]
    iou: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpecimenScores:
    """One step: ``status`` ``(s,)`` (places in ``STATUSES``), ``usable`` ``(s,)`` (it has a prediction that can be
    used), the number of invalid predictions, and for boxes the counts and what follows from them by name, float64
    ``(s,)``, NaN where there is none. ``totals`` are the same over the whole step. The scores of metrics are
    ``Evaluation.metric_scores``."""

    status: NDArray[np.uint8]
    usable: NDArray[np.bool_]
    invalid: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    totals: dict[str, float]


class Evaluation:
    """Scores of a run, computed when asked for and kept by step and settings. Safe to use from several threads."""

    def __init__(self, data: RunData) -> None:
        self.data = data
        self.coco = CocoEvaluation(data)
        self._boxes = StepCache(self._new_boxes)
        self._specimens = StepCache(self._new_specimens)
        self._text = AnswerScoring(data)
        self._own: list[Metric] = []
        self.phrases = PhraseScoring(data)
        self.texts = TextSearch(data)

    def add_metric(self, metric: Metric) -> None:
        """Have ``metric`` in every table from now on. Raises ``EvalWidgetError`` about one that cannot be."""
        if metric not in self._own:
            chosen_metrics(self.data.task, [*self._own, metric])
            self._own.append(metric)

    def metrics(self, asked: Sequence[str | Metric] = ()) -> tuple[Metric, ...]:
        """The task's usual metrics, the run's own, then those asked for, each once. Raises ``EvalWidgetError``."""
        wanted = chosen_metrics(self.data.task, asked)
        return chosen_metrics(self.data.task, [*default_metrics(self.data.task), *self._own, *wanted])

    def metric_scores(self, step: int, settings: Settings, metric: Metric) -> tuple[NDArray[np.float64], float]:
        """A metric's score ``(s,)`` of each specimen and of the whole step; NaN where there is none."""
        total, count = self.metric_sums(step, settings, metric)
        whole = int(count.sum())
        return ratio(total, count), float(total.sum()) / whole if whole else np.nan

    def metric_sums(
        self, step: int, settings: Settings, metric: Metric
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The sum ``(s,)`` of a metric over the answers, phrases or matches of each specimen that it scores, and how
        many these are."""
        if isinstance(metric, PhraseMetric):
            thresholds = (settings.iou_threshold, settings.confidence_threshold)
            specimen, values = self.phrases.values(step, metric.name, *thresholds)
        elif isinstance(metric, BoxMetric):
            values, specimen = self.box_values(step, settings, metric), self.data.ground_truth.boxes.specimen
        elif isinstance(metric, TextMetric):
            values, specimen = self.answer_values(step, metric), self.data.ground_truth.questions.specimen
        else:
            raise EvalWidgetError(f"metric {metric.name}: it is a figure of a whole step; ask run.summary for it")
        there = ~np.isnan(values)
        total = np.bincount(specimen[there], values[there], minlength=len(self.data.specimens))
        return total.astype(np.float64), self._count(specimen[there])

    def step_figures(self, step: int, metric: StepMetric) -> dict[str, float]:
        """A metric's figures over all answers of a step."""
        return self._text.figures(step, metric)

    def box_values(self, step: int, settings: Settings, metric: BoxMetric) -> NDArray[np.float64]:
        """A metric's score ``(n,)`` of each ground truth box's match, NaN where it has none."""
        outcomes, truth = self.boxes(step, settings), self.data.ground_truth.boxes
        matched = np.flatnonzero(outcomes.truth_prediction >= 0)
        corners = self.data.predictions(step).boxes.corners[outcomes.truth_prediction[matched]]
        values = np.full(len(truth), np.nan)
        values[matched] = metric.scores(truth.corners[matched], corners)
        return values

    def answer_values(self, step: int, metric: TextMetric) -> NDArray[np.float64]:
        """A metric's score ``(q,)`` of each answer, NaN where there is nothing to score."""
        return self._text.values(step, metric)

    def take(self, steps: Sequence[int], settings: Settings) -> None:
        """Have the boxes of all ``steps`` matched at once, or their answers scored together by whatever metric is asked
        for next: what is then asked for step by step is there."""
        if self.data.has_text:
            self._text.take(steps)
        else:
            self.match(steps, settings)

    def answer_outcomes(self, step: int) -> NDArray[np.uint8]:
        """Outcomes ``(q,)`` of the answers, as of boxes: one that equals a reference after normalisation is
        ``matched``, any other ``missed``."""
        answers, exact = self.data.predictions(step).answers, self.answer_values(step, EXACT_MATCH)
        outcome = np.full(len(exact), UNSCORED, np.uint8)
        outcome[exact < 1] = MISSED
        outcome[exact == 1] = MATCHED
        outcome[answers.recorded & np.isin(answers.state, _UNUSABLE)] = INVALID
        return outcome

    def boxes(self, step: int, settings: Settings) -> BoxOutcomes:
        return self._boxes.at([step], settings)[0]

    def match(self, steps: Sequence[int], settings: Settings) -> list[BoxOutcomes]:
        """The outcomes at each of ``steps``; those that have not been matched are matched in one pass."""
        return self._boxes.at(steps, settings)

    def box_counts(self, step: int, settings: Settings) -> BoxCounts:
        return self.box_counts_from(step, settings, [-np.inf])[0]

    def box_counts_from(self, step: int, settings: Settings, leasts: Sequence[float]) -> list[BoxCounts]:
        """The counts at ``settings``, of predictions without a score or with one of a least or more, for each of
        ``leasts``.

        For those up to 1 these are the counts at that confidence threshold, without another matching: COCO's takes
        predictions by score, one without as if it were 1, so that none changes what became of a better one.
        """
        boxes, outcomes = self.data.predictions(step).boxes, self.boxes(step, settings)
        truth, specimens = self.data.ground_truth.boxes, len(self.data.specimens)
        ascending = np.unique(leasts)
        reached = np.zeros(len(boxes), np.int64)
        for least in ascending:
            reached += ~(boxes.score < least)

        def counted(rows: NDArray[np.int64]) -> NDArray[np.int64]:
            """Of each least and specimen."""
            cell = reached[rows] * specimens + boxes.specimen[rows]
            shape = (len(ascending) + 1, specimens)
            of_reached = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
            # who reaches one reaches those before it
            return np.asarray(np.cumsum(of_reached[::-1], axis=0)[::-1][1:])

        matched = np.flatnonzero(outcomes.outcome == MATCHED)
        true_positives = counted(matched)
        false_positives = counted(np.flatnonzero(outcomes.outcome == EXTRA))
        to_find = self._count(truth.specimen[outcomes.sought])
        found = []
        for place in np.searchsorted(ascending, leasts).tolist():
            left = matched[reached[matched] > place]
            iou = np.bincount(boxes.specimen[left], outcomes.iou[left], minlength=specimens).astype(np.float64)
            positives = true_positives[place]
            found.append(BoxCounts(positives, false_positives[place], to_find - positives, iou))
        return found

    def specimens(self, step: int, settings: Settings) -> SpecimenScores:
        return self._specimens.at([step], settings)[0]

    def _new_boxes(self, steps: list[int], settings: Settings) -> list[BoxOutcomes]:
        thresholds = settings.iou_threshold, settings.confidence_threshold, settings.max_predictions
        matches = self.coco.matches(steps, *thresholds)
        return [self._box_outcomes(step, of_step) for step, of_step in zip(steps, matches, strict=True)]

    def _new_specimens(self, steps: list[int], settings: Settings) -> list[SpecimenScores]:
        return [self._specimen_scores(step, settings) for step in steps]

    def _box_outcomes(self, step: int, matches: StepMatches) -> BoxOutcomes:
        predictions = self.data.predictions(step)
        found, truth = predictions.boxes, self.data.ground_truth.boxes
        scored = self.data.scored(step)
        ignored = truth.crowd | outside_area_ranges(truth.area, AREA_RANGES[:1])[0]
        outcome = np.full(len(found), IGNORED, np.uint8)
        outcome[~scored[found.specimen]] = UNSCORED
        outcome[~found.usable] = INVALID
        outcome[matches.counted] = EXTRA
        outside = outside_area_ranges(found.size[:, 0] * found.size[:, 1], AREA_RANGES[:1])[0]
        outcome[(outcome == EXTRA) & outside] = IGNORED
        outcome[matches.prediction] = np.where(ignored[matches.truth], IGNORED, MATCHED)
        hits = ~ignored[matches.truth]
        row, hit = matches.prediction[hits], matches.truth[hits]
        overlap = iou_of_pairs(
            found.corners[row], found.size[row], truth.corners[hit], truth.size[hit], truth.crowd[hit]
        )
        partner, iou = np.full(len(found), -1, np.int64), np.full(len(found), np.nan)
        partner[row], iou[row] = hit, overlap
        truth_outcome = np.where(scored[truth.specimen], MISSED, UNSCORED).astype(np.uint8)
        truth_outcome[ignored & (truth_outcome == MISSED)] = IGNORED
        truth_prediction, truth_iou = np.full(len(truth), -1, np.int64), np.full(len(truth), np.nan)
        truth_outcome[hit], truth_prediction[hit], truth_iou[hit] = MATCHED, row, overlap
        return BoxOutcomes(truth_outcome, truth_prediction, truth_iou, outcome, partner, iou)

    def _specimen_scores(self, step: int, settings: Settings) -> SpecimenScores:
        predictions, truth = self.data.predictions(step), self.data.ground_truth
        if self.data.has_text:
            has_truth = self._any_of(truth.questions.specimen, [bool(r) for r in truth.questions.references])
            usable = self._any_of(truth.questions.specimen, [text is not None for text in predictions.answers.text])
            unusable = np.isin(predictions.answers.state, _UNUSABLE)
            invalid = self._count(truth.questions.specimen[unusable])
            columns: dict[str, NDArray[np.float64]] = {}
            totals: dict[str, float] = {}
        else:
            has_truth = np.diff(truth.boxes.offsets) > 0
            usable = self._any_of(predictions.boxes.specimen, predictions.boxes.usable)
            invalid = self._count(predictions.boxes.specimen[~predictions.boxes.usable])
            columns, totals = self._box_columns(step, settings)
        status = np.full(len(self.data.specimens), _OK, np.uint8)
        status[~usable] = _NO_PREDICTION
        status[~has_truth] = _NO_GROUND_TRUTH
        status[~predictions.recorded] = _MISSING
        return SpecimenScores(status, usable, invalid, columns, totals)

    def _box_columns(self, step: int, settings: Settings) -> tuple[dict[str, NDArray[np.float64]], dict[str, float]]:
        counts = self.box_counts(step, settings)
        found = counts.true_positives, counts.false_positives, counts.false_negatives, counts.iou
        scored = self.data.scored(step)

        def columns(tp: NDArray, fp: NDArray, fn: NDArray, iou_sum: NDArray) -> dict[str, NDArray[np.float64]]:
            return {
                "true_positives": np.asarray(tp, np.float64),
                "false_positives": np.asarray(fp, np.float64),
                "false_negatives": np.asarray(fn, np.float64),
                "precision": precision(tp, fp),
                "recall": recall(tp, fn),
                "f1": f1_score(tp, fp, fn),
                "mean_iou": ratio(iou_sum, tp),
            }

        each = columns(*found)
        totals = columns(*(np.array([of_specimens.sum()]) for of_specimens in found))
        return (
            {name: np.where(scored, values, np.nan) for name, values in each.items()},
            {name: float(values[0]) if scored.any() else np.nan for name, values in totals.items()},
        )

    def _count(self, specimen: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.bincount(specimen, minlength=len(self.data.specimens))

    def _any_of(self, specimen: NDArray[np.int64], condition: object) -> NDArray[np.bool_]:
        """Whether any row of each specimen meets ``condition``."""
        return self._count(specimen[np.asarray(condition, np.bool_)]) > 0
