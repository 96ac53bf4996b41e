"""COCO's figures and curves as DataFrames: a row per step, per step and class, per point of a curve.

Typed as the tables in ``scores``: step first, missing is NA, counts Int64, phrases categorical.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError
from evalwidget.metrics.average_precision import FIGURES, RECALL_POINTS
from evalwidget.metrics.counting import f1_score, precision, ratio, recall
from evalwidget.scoring.evaluation import EXTRA, MATCHED, MISSED, Evaluation, Settings

__all__ = ["classes", "coco_summary", "curves"]

_COUNTS = ("ground_truth", "predictions", "true_positives", "false_positives", "false_negatives")


def coco_summary(evaluation: Evaluation, steps: Sequence[int]) -> pd.DataFrame:
    """A row per step: see ``Run.coco_summary``."""
    _check_boxes(evaluation)
    overall = np.array([figures.overall for figures in evaluation.coco.figures(steps)]).reshape(-1, len(FIGURES))
    frame = pd.DataFrame(overall, columns=list(FIGURES))
    frame.insert(0, "step", np.array(steps, np.int64))
    return frame


def classes(evaluation: Evaluation, steps: Sequence[int], settings: Settings) -> pd.DataFrame:
    """A row per step and class: see ``Run.classes``."""
    _check_boxes(evaluation)
    # the figures first: at the usual settings the matches are theirs
    figures = evaluation.coco.figures(steps)
    evaluation.match(steps, settings)
    parts = []
    for step, of_step in zip(steps, figures, strict=True):
        part = _class_counts(evaluation, step, settings)
        by_label = np.full((len(evaluation.data.labels), len(FIGURES)), np.nan)
        by_label[of_step.labels] = of_step.by_class.T
        shown = np.zeros(len(by_label), np.bool_)
        shown[evaluation.data.ground_truth.boxes.label] = True
        shown[evaluation.data.predictions(step).boxes.label] = True
        part |= dict(zip(FIGURES, by_label.T, strict=True))
        parts.append({"phrase": np.flatnonzero(shown)} | {name: values[shown] for name, values in part.items()})
    frame = _by_phrase(
        evaluation, steps, parts, ["phrase", *_COUNTS, "precision", "recall", "f1", "mean_iou", *FIGURES]
    )
    return frame.astype(dict.fromkeys(_COUNTS, "Int64"))


def curves(evaluation: Evaluation, steps: Sequence[int], settings: Settings) -> pd.DataFrame:
    """A row per step, class and recall point: see ``Run.curves``."""
    _check_boxes(evaluation)
    parts = [
        {
            "phrase": np.repeat(found.labels, len(RECALL_POINTS)),
            "recall": np.tile(RECALL_POINTS, len(found.labels)),
            "precision": found.precision.ravel(),
            "score": found.score.ravel(),
        }
        for found in evaluation.coco.curves(steps, settings.iou_threshold)
    ]
    return _by_phrase(evaluation, steps, parts, ["phrase", "recall", "precision", "score"])


def _class_counts(evaluation: Evaluation, step: int, settings: Settings) -> dict[str, NDArray]:
    """Counts and scores by label at one step."""
    data = evaluation.data
    truth, found, outcomes = data.ground_truth.boxes, data.predictions(step).boxes, evaluation.boxes(step, settings)
    takes_part = found.usable & data.scored(step)[found.specimen]
    if settings.confidence_threshold > 0:
        takes_part &= ~(found.score < settings.confidence_threshold)

    def count(labels: NDArray[np.int32], weights: NDArray[np.float64] | None = None) -> NDArray:
        return np.bincount(labels, weights, minlength=len(data.labels))

    matched = outcomes.outcome == MATCHED
    tp = count(found.label[matched])
    fp = count(found.label[outcomes.outcome == EXTRA])
    fn = count(truth.label[outcomes.truth_outcome == MISSED])
    return {
        "ground_truth": tp + fn,
        "predictions": count(found.label[takes_part]),
        "true_positives": tp,
        "false_positives": fp,
        "false_negatives": fn,
        "precision": precision(tp, fp),
        "recall": recall(tp, fn),
        "f1": f1_score(tp, fp, fn),
        "mean_iou": ratio(count(found.label[matched], outcomes.iou[matched]), tp),
    }


def _by_phrase(
    evaluation: Evaluation, steps: Sequence[int], parts: list[dict[str, NDArray]], names: list[str]
) -> pd.DataFrame:
    """The parts of all steps, one below the other."""
    columns: dict[str, Any] = {
        "step": np.repeat(np.array(steps, np.int64), [len(part["phrase"]) for part in parts]),
    }
    for name in names:
        columns[name] = np.concatenate([part[name] for part in parts]) if parts else np.empty(0)
    columns["phrase"] = pd.Categorical.from_codes(columns["phrase"].astype(np.int64), evaluation.data.labels.names)
    return pd.DataFrame(columns)


def _check_boxes(evaluation: Evaluation) -> None:
    if evaluation.data.has_text:
        raise EvalWidgetError(
            f"expected a run of boxes, got one of {evaluation.data.task}: COCO's figures are of boxes"
        )
