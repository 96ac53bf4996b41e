"""Scores by name: which ones a run has for each specimen, what is known of each, and their values at a step."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.metrics.catalogue import known_metrics
from evalwidget.metrics.metric import Bounds, Direction, Metric, StepMetric, TextMetric
from evalwidget.scoring.evaluation import BoxCounts, Evaluation, Settings

__all__ = [
    "NamedScore",
    "main_score",
    "metric_named",
    "named_score",
    "named_scores",
    "score_of_answers",
    "score_of_specimens",
    "score_of_step",
    "sums_of_counts",
    "sums_of_specimens",
]


@dataclass(frozen=True, slots=True)
class NamedScore:
    """A score's name, which way is better, and the least and the most it can be (None: not known)."""

    name: str
    direction: Direction
    bounds: Bounds | None


_FRACTIONS_OF_BOXES: Final = tuple(
    NamedScore(name, "higher", (0.0, 1.0)) for name in ("f1", "precision", "recall", "mean_iou")
)
_COUNTS_OF_BOXES: Final = (
    NamedScore("true_positives", "higher", None),
    NamedScore("false_positives", "lower", None),
    NamedScore("false_negatives", "lower", None),
)
_OF_BOXES: Final = {score.name: score for score in (*_FRACTIONS_OF_BOXES, *_COUNTS_OF_BOXES)}


def main_score(data: RunData) -> str:
    """The score that stands for a specimen in one number, unless another is asked for."""
    return "token_f1" if data.has_text else "f1"


def named_scores(evaluation: Evaluation, also: str | None = None) -> list[NamedScore]:
    """The scores that each specimen of the run has, those of the run's own metrics among them, and ``also`` another of
    the task's. Raises ``UnknownNameError``."""
    has_boxes = not evaluation.data.has_text
    found = [*(_FRACTIONS_OF_BOXES if has_boxes else ())]
    found += [_of_metric(metric) for metric in evaluation.metrics() if not isinstance(metric, StepMetric)]
    found += _COUNTS_OF_BOXES if has_boxes else ()
    if also is not None and also not in {score.name for score in found}:
        found.append(named_score(evaluation, also))
    return found


def named_score(evaluation: Evaluation, name: str) -> NamedScore:
    """What is known of the score of that name. Raises ``UnknownNameError``."""
    return _OF_BOXES[name] if _counts(evaluation, name) else _of_metric(_metric(evaluation, name))


def metric_named(evaluation: Evaluation, name: str) -> Metric | None:
    """The metric of that name, None where the score follows from the counts of boxes. Raises ``UnknownNameError``."""
    return None if _counts(evaluation, name) else _metric(evaluation, name)


def score_of_specimens(evaluation: Evaluation, step: int, settings: Settings, name: str) -> NDArray[np.float64]:
    """The score ``(s,)`` of each specimen as in ``Run.scores``, NaN where there is none. Raises
    ``UnknownNameError``."""
    if _counts(evaluation, name):
        return evaluation.specimens(step, settings).columns[name]
    return evaluation.metric_scores(step, settings, _metric(evaluation, name))[0]


def score_of_step(evaluation: Evaluation, step: int, settings: Settings, name: str) -> float:
    """The score of the whole step as in ``Run.summary``, NaN where there is none. Raises ``UnknownNameError``."""
    if _counts(evaluation, name):
        return evaluation.specimens(step, settings).totals[name]
    return evaluation.metric_scores(step, settings, _metric(evaluation, name))[1]


def score_of_answers(evaluation: Evaluation, step: int, name: str) -> NDArray[np.float64]:
    """The score ``(q,)`` of each answer as in ``Run.matches``, NaN where there is none. Raises ``UnknownNameError``."""
    metric = _metric(evaluation, name)
    assert isinstance(metric, TextMetric), "a run of questions has no other scores"
    return evaluation.answer_values(step, metric)


def sums_of_specimens(
    evaluation: Evaluation, step: int, settings: Settings, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each specimen ``(s,)`` adds to the two sums whose ratio is the score of the step: ``score_of_step`` is
    ``sum(part) / sum(whole)`` and ``score_of_specimens`` is ``part / whole``. Both are 0 for a specimen that is not
    scored. Raises ``UnknownNameError``, and ``EvalWidgetError`` about a count, which is no ratio."""
    if not _counts(evaluation, name):
        total, count = evaluation.metric_sums(step, settings, _metric(evaluation, name))
        return total, count.astype(np.float64)
    return sums_of_counts(evaluation.box_counts(step, settings), name)


def sums_of_counts(counts: BoxCounts, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same of a score that follows from the counts of boxes. Raises ``EvalWidgetError`` about a count."""
    tp, fp, fn = (
        of.astype(np.float64) for of in (counts.true_positives, counts.false_positives, counts.false_negatives)
    )
    if name == "f1":
        return 2 * tp, 2 * tp + fp + fn
    if name == "precision":
        return tp, tp + fp
    if name == "recall":
        return tp, tp + fn
    if name == "mean_iou":
        return counts.iou, tp
    raise EvalWidgetError(f"metric {name!r}: expected a score that is a mean or a ratio, got a count")


def _counts(evaluation: Evaluation, name: str) -> bool:
    """Whether the score follows from the counts of matched, missed and extra boxes, and is no metric's."""
    return not evaluation.data.has_text and name in _OF_BOXES


def _metric(evaluation: Evaluation, name: str) -> Metric:
    data = evaluation.data
    known = known_metrics(data.task) | {metric.name: metric for metric in evaluation.metrics()}
    if name not in known:
        of_specimens = [other for other, metric in known.items() if not isinstance(metric, StepMetric)]
        offered = ", ".join([*(() if data.has_text else _OF_BOXES), *of_specimens])
        raise UnknownNameError(f"metric {name!r}: run {data.name!r} ({data.task}) has {offered}")
    if isinstance(known[name], StepMetric):
        raise UnknownNameError(f"score {name!r}: it is a figure of a whole step, not of a specimen")
    return known[name]


def _of_metric(metric: Metric) -> NamedScore:
    assert not isinstance(metric, StepMetric)
    return NamedScore(metric.name, metric.direction, metric.bounds)
