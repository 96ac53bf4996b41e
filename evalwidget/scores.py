"""A run's scores as DataFrames: a row per step, per step and specimen, per box or answer.

Step and specimen are columns, in this order first, over a plain RangeIndex. Missing is NA, never 0; numbers are
float64, counts Int64, repeated texts categorical. What absence means is documented in ``evaluation``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalwidget.boxes import PARSE_STATES
from evalwidget.data import RunData
from evalwidget.error_analysis import BACKGROUND_THRESHOLD, BoxErrors, ErrorAnalysis
from evalwidget.evaluation import (
    MATCHED,
    OUTCOMES,
    STATUSES,
    UNSCORED,
    Evaluation,
    Settings,
)
from evalwidget.metrics.error_types import ERROR_TYPES
from evalwidget.metrics.metric import BoxMetric, Metric, StepMetric, TextMetric
from evalwidget.phrase_scores import PHRASE_STATUSES
from evalwidget.tables import Boxes

__all__ = ["matches", "phrases", "scores", "summary"]

_COUNTS = ("true_positives", "false_positives", "false_negatives")


def summary(
    evaluation: Evaluation, steps: Sequence[int], settings: Settings, asked: Sequence[str | Metric] = ()
) -> pd.DataFrame:
    """A row per step: see ``Run.summary``."""
    data = evaluation.data
    evaluation.take(steps, settings)
    metrics = evaluation.metrics(asked)
    rows: list[dict[str, Any]] = []
    for step in steps:
        found = evaluation.specimens(step, settings)
        rows.append(
            {
                "step": step,
                "epoch": data.epoch(step),
                "specimens": len(data.specimens),
                "predicted": int(found.usable.sum()),
                "invalid": int(found.invalid.sum()),
                "parse_failure_rate": _parse_failure_rate(evaluation, step),
                **found.totals,
                **_step_scores(evaluation, step, settings, metrics),
                "missing": int((found.status == STATUSES.index("missing")).sum()),
            }
        )
    columns = [
        "step",
        "epoch",
        "specimens",
        "predicted",
        "invalid",
        "parse_failure_rate",
        *_count_names(data),
        *_column_names(metrics),
        "missing",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    counts = ["specimens", "predicted", "missing", "invalid", *_COUNTS]
    return _typed(frame.astype({"step": np.int64}), counts)


def scores(
    evaluation: Evaluation, steps: Sequence[int], settings: Settings, asked: Sequence[str | Metric] = ()
) -> pd.DataFrame:
    """A row per step and specimen: see ``Run.scores``."""
    data = evaluation.data
    evaluation.take(steps, settings)
    metrics = evaluation.metrics(asked)
    found = [evaluation.specimens(step, settings) for step in steps]
    count = len(data.specimens)
    columns: dict[str, Any] = {
        "step": np.repeat(np.array(steps, np.int64), count),
        "specimen": pd.Categorical.from_codes(np.tile(np.arange(count), len(steps)), data.specimens.identifiers),
        "status": pd.Categorical.from_codes(_joined([step.status for step in found]).astype(int), list(STATUSES)),
    }
    for name in _count_names(data):
        columns[name] = _joined([step.columns[name] for step in found])
    for metric in metrics:
        columns[metric.name] = _joined([evaluation.metric_scores(step, settings, metric)[0] for step in steps])
    columns["invalid"] = _joined([step.invalid for step in found])
    return _typed(pd.DataFrame(columns), ["invalid", *_COUNTS])


def matches(
    analysis: ErrorAnalysis, steps: Sequence[int], settings: Settings, asked: Sequence[str | Metric] = ()
) -> pd.DataFrame:
    """A row per step, specimen and box or answer: see ``Run.matches``."""
    evaluation, data = analysis.evaluation, analysis.evaluation.data
    metrics = evaluation.metrics(asked)
    if data.has_text:
        evaluation.take(steps, settings)
        parts = [_answer_matches(evaluation, step, metrics) for step in steps]
    else:
        errors = analysis.box_errors(steps, settings, min(BACKGROUND_THRESHOLD, settings.iou_threshold))
        parts = [
            _box_matches(evaluation, step, settings, metrics, of_step)
            for step, of_step in zip(steps, errors, strict=True)
        ]
    columns: dict[str, Any] = {name: _joined([part[name] for part in parts]) for name in parts[0]} if parts else {}
    if not columns:
        return pd.DataFrame(columns=["step", "specimen"])
    columns["specimen"] = pd.Categorical.from_codes(columns["specimen"], data.specimens.identifiers)
    status = np.where(columns["status"] == UNSCORED, -1, columns["status"] - 1)
    columns["status"] = pd.Categorical.from_codes(status, list(OUTCOMES[1:]))
    columns["parse_state"] = pd.Categorical.from_codes(columns["parse_state"], list(PARSE_STATES))
    if not data.has_text:
        columns["phrase"] = pd.Categorical.from_codes(columns["phrase"], data.labels.names)
        columns["outside_image"] = pd.array(columns["outside_image"], dtype="Float64").astype("boolean")
        columns["no_area"] = columns["no_area"].astype(bool)
        columns["error_type"] = pd.Categorical.from_codes(columns["error_type"], list(ERROR_TYPES))
    columns["item"] = pd.array(columns["item"], dtype="string")
    return _typed(pd.DataFrame(columns), [] if data.has_text else ["ground_truth", "prediction"])


def phrases(evaluation: Evaluation, steps: Sequence[int], settings: Settings) -> pd.DataFrame:
    """A row per step, specimen and phrase: see ``Run.phrases``."""
    data = evaluation.data
    found = evaluation.phrases.phrases(steps, settings.iou_threshold, settings.confidence_threshold)
    columns: dict[str, Any] = {
        "step": np.repeat(np.array(steps, np.int64), [len(step.specimen) for step in found]),
        "specimen": pd.Categorical.from_codes(
            _joined([step.specimen for step in found]).astype(int), data.specimens.identifiers
        ),
        "phrase": pd.Categorical.from_codes(_joined([step.label for step in found]).astype(int), data.labels.names),
        "status": pd.Categorical.from_codes(
            _joined([step.status for step in found]).astype(int), list(PHRASE_STATUSES)
        ),
        "boxes": _joined([step.boxes for step in found]),
        "predictions": _joined([step.predictions for step in found]),
    }
    for name in found[0].columns if found else ():
        columns[name] = np.concatenate([step.columns[name] for step in found])
    return _typed(pd.DataFrame(columns), ["boxes", "predictions"])


def _parse_failure_rate(evaluation: Evaluation, step: int) -> float:
    """The share of a step's predictions that could not be used; NaN where it has none."""
    predictions = evaluation.data.predictions(step)
    if evaluation.data.has_text:
        count, failed = int(predictions.answers.recorded.sum()), len(predictions.answers.defects)
    else:
        count, failed = len(predictions.boxes), int((~predictions.boxes.usable).sum())
    return failed / count if count else np.nan


def _count_names(data: RunData) -> list[str]:
    return [] if data.has_text else [*_COUNTS, "precision", "recall", "f1", "mean_iou"]


def _column_names(metrics: Sequence[Metric]) -> list[str]:
    return [
        name for metric in metrics for name in (metric.columns if isinstance(metric, StepMetric) else (metric.name,))
    ]


def _step_scores(evaluation: Evaluation, step: int, settings: Settings, metrics: Sequence[Metric]) -> dict[str, float]:
    found: dict[str, float] = {}
    for metric in metrics:
        if isinstance(metric, StepMetric):
            found |= evaluation.step_figures(step, metric)
        else:
            found[metric.name] = evaluation.metric_scores(step, settings, metric)[1]
    return found


def _box_matches(
    evaluation: Evaluation, step: int, settings: Settings, metrics: Sequence[Metric], errors: BoxErrors
) -> dict[str, Any]:
    """Ground truth boxes with what they are matched with, then the predictions left over, by specimen."""
    data = evaluation.data
    found, truth = data.predictions(step).boxes, data.ground_truth.boxes
    outcomes = evaluation.boxes(step, settings)
    alone = np.flatnonzero(outcomes.outcome != MATCHED)
    none = np.full(len(alone), -1)
    truth_row = np.concatenate([np.arange(len(truth)), none])
    prediction_row = np.concatenate([outcomes.truth_prediction, alone])
    specimen = np.concatenate([truth.specimen, found.specimen[alone]])
    order = np.argsort(specimen, kind="stable")
    truth_row, prediction_row, specimen = truth_row[order], prediction_row[order], specimen[order]
    label = np.where(truth_row >= 0, _at(truth.label, truth_row, -1), _at(found.label, prediction_row, -1))
    item = np.where(truth_row >= 0, _at(truth.item, truth_row, None), _at(found.item, prediction_row, None))
    outcome = np.where(
        truth_row >= 0, _at(outcomes.truth_outcome, truth_row, 0), _at(outcomes.outcome, prediction_row, 0)
    )
    truth_corners, corners = (_at(b.corners, r, np.nan) for b, r in ((truth, truth_row), (found, prediction_row)))
    sizes = data.specimens.sizes[specimen]
    shown = np.where((prediction_row >= 0)[:, None], corners, truth_corners)
    with np.errstate(invalid="ignore"):
        outside = np.where(
            np.isnan(sizes[:, 0]), np.nan, (shown[:, :2] < 0).any(axis=1) | (shown[:, 2:] > sizes).any(axis=1)
        )
        no_area = ((shown[:, 2:] - shown[:, :2]) <= 0).any(axis=1)
    columns: dict[str, Any] = {
        "step": np.full(len(specimen), step, np.int64),
        "specimen": specimen,
        "item": item,
        "phrase": label,
        "status": outcome.astype(np.int64),
        "iou": _at(outcomes.truth_iou, truth_row, np.nan),
        "score": _at(found.score, prediction_row, np.nan),
        "ground_truth": _within_specimen(truth, truth_row),
        "prediction": _within_specimen(found, prediction_row),
        "parse_state": _at(found.state.astype(np.int64), prediction_row, -1),
        "outside_image": outside,
        "no_area": no_area,
    }
    for side, values in (("ground_truth", truth_corners), ("prediction", corners)):
        for place, name in enumerate(("x1", "y1", "x2", "y2")):
            columns[f"{side}_{name}"] = values[:, place]
    columns["error_type"] = np.where(
        truth_row >= 0, _at(errors.truth_error, truth_row, -1), _at(errors.error, prediction_row, -1)
    )
    for metric in metrics:
        if isinstance(metric, BoxMetric):
            columns[metric.name] = _at(evaluation.box_values(step, settings, metric), truth_row, np.nan)
    return columns


def _answer_matches(evaluation: Evaluation, step: int, metrics: Sequence[Metric]) -> dict[str, Any]:
    data = evaluation.data
    questions, answers = data.ground_truth.questions, data.predictions(step).answers
    count = len(questions)
    return {
        "step": np.full(count, step, np.int64),
        "specimen": questions.specimen,
        "item": _texts(questions.item),
        "phrase": _texts(questions.question),
        "status": evaluation.answer_outcomes(step).astype(np.int64),
        "iou": np.full(count, np.nan),
        "score": answers.score,
        "ground_truth": _texts([" | ".join(refs) if refs else None for refs in questions.references]),
        "prediction": _texts(answers.text),
        "parse_state": np.where(answers.recorded, answers.state.astype(np.int64), -1),
    } | {metric.name: evaluation.answer_values(step, metric) for metric in metrics if isinstance(metric, TextMetric)}


def _within_specimen(boxes: Boxes, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The place of each row among its specimen's boxes, NaN for -1."""
    place = np.arange(len(boxes)) - boxes.offsets[boxes.specimen]
    return _at(place.astype(np.float64), rows, np.nan)


def _at(values: NDArray, rows: NDArray[np.int64], missing: Any) -> NDArray:
    """``values[rows]``, ``missing`` where a row is -1."""
    found = np.full((len(rows), *values.shape[1:]), missing, values.dtype)
    there = rows >= 0
    found[there] = values[rows[there]]
    return found


def _texts(values: Sequence[str | None]) -> NDArray[np.object_]:
    return np.array([*values, None], object)[:-1]


def _joined(parts: list[NDArray]) -> NDArray:
    return np.concatenate(parts) if parts else np.empty(0)


def _typed(frame: pd.DataFrame, counts: Sequence[str]) -> pd.DataFrame:
    """Counts as Int64 with NA, texts as pandas strings, the rest as it is."""
    for name in counts:
        if name in frame:
            frame[name] = frame[name].astype("Float64").astype("Int64")
    for name in frame.columns[[pd.api.types.is_object_dtype(dtype) for dtype in frame.dtypes]]:
        frame[name] = frame[name].astype("float64" if name == "epoch" else "string")
    return frame
