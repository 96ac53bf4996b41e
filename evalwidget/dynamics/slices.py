"""A run's boxes, questions or specimens in slices, and the scores of each slice."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.metrics.metric import BoxMetric, PhraseMetric
from evalwidget.metrics.questions import PROMPT_LENGTHS, QUESTION_TYPES, prompt_length, question_type
from evalwidget.scoring.evaluation import EXTRA, MATCHED, MISSED, Evaluation, Settings
from evalwidget.scoring.named_scores import main_score, metric_named, score_of_answers, sums_of_specimens

__all__ = ["SLICINGS", "SliceSums", "Slicing", "slice_sums", "sliced_score", "slicing_of"]

#: What a run can be sliced by without being told more.
SLICINGS: Final = ("phrase", "box_size", "objects", "question_type", "prompt_length")

#: Names of ranges, and where each begins: COCO's areas in square pixels; ground truth boxes of a specimen.
_BOX_SIZES: Final = (("small", 0.0), ("medium", 32.0**2), ("large", 96.0**2))
_OBJECTS: Final = (("0", 0), ("1", 1), ("2", 2), ("3-5", 3), ("6+", 6))

Level = Literal["box", "question", "specimen"]


@dataclass(frozen=True, slots=True)
class Slicing:
    """``code`` is the place in ``names`` of each ground truth box ``(n,)``, question ``(q,)`` or specimen ``(s,)``,
    as ``level`` says; -1: in none. ``of_label`` ``(labels,)`` is that of each phrase or class, where these decide it:
    then predictions are in slices too."""

    names: Sequence[Hashable]
    level: Level
    code: NDArray[np.int64]
    of_label: NDArray[np.int64] | None = None

    def sizes(self, data: RunData) -> NDArray[np.int64]:
        """How many boxes, questions or specimens ``(g + 1,)`` each slice has that can be scored at some step; last,
        those in none."""
        truth = data.ground_truth
        if self.level == "box":
            counts = ~truth.boxes.crowd & truth.annotated[truth.boxes.specimen]
        elif self.level == "question":
            counts = np.array([bool(references) for references in truth.questions.references], np.bool_)
        else:
            counts = truth.annotated
        return _count(self, self.code[counts])


@dataclass(frozen=True, slots=True)
class SliceSums:
    """Of each slice ``(g + 1,)`` at a step, last of what is in none: the two sums whose ratio is its score, and how
    many of its boxes, questions or specimens were scored."""

    part: NDArray[np.float64]
    whole: NDArray[np.float64]
    items: NDArray[np.int64]


def slicing_of(data: RunData, by: str) -> Slicing:
    """The slicing of that name, one of ``SLICINGS``, of the steps read so far. Raises ``UnknownNameError``, and
    ``EvalWidgetError`` where the run's task has no such thing."""
    if by not in SLICINGS:
        raise UnknownNameError(
            f"slices: expected one of {', '.join(SLICINGS)}, or a value for each specimen, got {by!r}"
        )
    boxes, questions = data.ground_truth.boxes, data.ground_truth.questions
    other_tasks = ("box_size", "objects") if data.has_text else ("question_type",)
    if by in other_tasks:
        known = ", ".join(name for name in SLICINGS if name not in other_tasks)
        raise EvalWidgetError(f"slices: expected one of {known} for a run of the task {data.task!r}, got {by!r}")
    if by == "box_size":
        return Slicing([name for name, _ in _BOX_SIZES], "box", _range_of(boxes.area, _BOX_SIZES))
    if by == "objects":
        count = np.bincount(boxes.specimen[~boxes.crowd], minlength=len(data.specimens))
        code = np.where(data.ground_truth.annotated, _range_of(count, _OBJECTS), -1)
        return Slicing([name for name, _ in _OBJECTS], "specimen", code)
    texts: Sequence[str] = questions.question if data.has_text else data.labels.names
    if by == "phrase":
        names = list(dict.fromkeys(text for text in texts if text)) if data.has_text else list(texts)
        kinds: Sequence[str | None] = texts
    elif by == "question_type":
        names, kinds = list(QUESTION_TYPES), [question_type(text) if text else None for text in texts]
    else:
        names, kinds = [name for name, _ in PROMPT_LENGTHS], [prompt_length(text) for text in texts]
    places = {name: place for place, name in enumerate(names)}
    code = np.array([places.get(kind or "", -1) for kind in kinds], np.int64)
    return Slicing(names, "question", code) if data.has_text else Slicing(names, "box", code[boxes.label], code)


def sliced_score(data: RunData, slicing: Slicing) -> str:
    """The score that slices have unless another is asked for: of ground truth boxes recall, else the main one."""
    return "recall" if slicing.level == "box" else main_score(data)


def slice_sums(evaluation: Evaluation, step: int, settings: Settings, slicing: Slicing, name: str) -> SliceSums:
    """The sums of the score ``name`` of each slice at a step.

    Raises ``UnknownNameError``, and ``EvalWidgetError`` about a score that such slices have not.
    """
    if slicing.level == "box":
        return _sums_of_boxes(evaluation, step, settings, slicing, name)
    if slicing.level == "question":
        values = score_of_answers(evaluation, step, name)
        return _sums_of_values(slicing, slicing.code, values)
    part, whole = sums_of_specimens(evaluation, step, settings, name)
    there = evaluation.data.scored(step)
    return SliceSums(
        _count(slicing, slicing.code, part), _count(slicing, slicing.code, whole), _count(slicing, slicing.code[there])
    )


def _sums_of_boxes(evaluation: Evaluation, step: int, settings: Settings, slicing: Slicing, name: str) -> SliceSums:
    outcomes, found = evaluation.boxes(step, settings), evaluation.data.predictions(step).boxes
    matched = outcomes.truth_outcome == MATCHED
    items = _count(slicing, slicing.code[matched | (outcomes.truth_outcome == MISSED)])
    hits = _count(slicing, slicing.code[matched]).astype(np.float64)
    if name == "recall":
        return SliceSums(hits, items.astype(np.float64), items)
    if name == "mean_iou":
        return SliceSums(_count(slicing, slicing.code[matched], outcomes.truth_iou[matched]), hits, items)
    if name in ("precision", "f1") and slicing.of_label is not None:
        extra = _count(slicing, _coded(slicing.of_label, found.label[outcomes.outcome == EXTRA]))
        if name == "precision":
            return SliceSums(hits, hits + extra, items)
        return SliceSums(2 * hits, hits + extra + items, items)
    metric = metric_named(evaluation, name)
    if isinstance(metric, BoxMetric):
        sums = _sums_of_values(slicing, slicing.code, evaluation.box_values(step, settings, metric))
        return SliceSums(sums.part, sums.whole, items)
    if isinstance(metric, PhraseMetric) and slicing.of_label is not None:
        thresholds = settings.iou_threshold, settings.confidence_threshold
        phrases = evaluation.phrases.phrases([step], *thresholds)[0]
        sums = _sums_of_values(slicing, _coded(slicing.of_label, phrases.label), phrases.columns[name])
        return SliceSums(sums.part, sums.whole, items)
    expected = "recall, mean_iou or a metric of matched boxes"
    if slicing.of_label is not None:
        expected = f"precision, f1, {expected} or phrases"
    raise EvalWidgetError(f"slices of ground truth boxes: expected {expected}, got {name!r}")


def _sums_of_values(slicing: Slicing, code: NDArray[np.int64], values: NDArray[np.float64]) -> SliceSums:
    """Of a mean over what has a value."""
    there = ~np.isnan(values)
    count = _count(slicing, code[there])
    return SliceSums(_count(slicing, code[there], values[there]), count.astype(np.float64), count)


def _count(slicing: Slicing, code: NDArray[np.int64], weights: NDArray[np.float64] | None = None) -> NDArray[Any]:
    """How many, or the sum of ``weights``, of each slice ``(g + 1,)``; last, of those in none."""
    groups = len(slicing.names)
    return np.bincount(np.where(code < 0, groups, code), weights, minlength=groups + 1)


def _coded(of_label: NDArray[np.int64], label: NDArray[np.integer]) -> NDArray[np.int64]:
    """The slice of each label, -1 where there is no label."""
    return np.where(label < 0, -1, np.append(of_label, -1)[label])


def _range_of(values: NDArray, ranges: Sequence[tuple[str, float]]) -> NDArray[np.int64]:
    """The last of ``ranges`` that begins at or below each value."""
    return np.searchsorted([start for _, start in ranges], values, side="right") - 1
