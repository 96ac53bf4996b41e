"""What was learned, what was forgotten and what turned over, as DataFrames. Typed as the tables in ``scores``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalwidget.churn import churn_of_steps
from evalwidget.correctness import correctness_of
from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.evaluation import Evaluation, Settings
from evalwidget.learning import (
    LEARNING_STATES,
    Learning,
    learning_of_answers,
    learning_of_boxes,
    learning_of_specimens,
)
from evalwidget.metrics.counting import ratio

__all__ = ["churn", "learning"]

_PER = ("specimen", "item")


def learning(
    evaluation: Evaluation,
    steps: Sequence[int],
    settings: Settings,
    metric: str | None,
    threshold: float | None,
    *,
    per: str,
) -> pd.DataFrame:
    """A row per specimen or item: see ``Run.learning``."""
    if per not in _PER:
        raise UnknownNameError(f"per: expected one of {', '.join(_PER)}, got {per!r}")
    data = evaluation.data
    truth = data.ground_truth
    if per == "specimen":
        correctness = correctness_of(evaluation, metric, threshold)
        found = learning_of_specimens(evaluation, settings, correctness, steps)
        specimen = np.arange(len(data.specimens))
        columns: dict[str, Any] = {}
    elif data.has_text:
        correctness = correctness_of(evaluation, metric, threshold)
        found = learning_of_answers(evaluation, settings, correctness, steps)
        specimen = truth.questions.specimen
        columns = {
            "item": pd.array(truth.questions.item, dtype="string"),
            "phrase": pd.array(truth.questions.question, dtype="string"),
        }
    else:
        if metric is not None or threshold is not None:
            raise EvalWidgetError(
                "learning: a box is right where a prediction is matched with it; for per='item' give iou_threshold "
                "and confidence_threshold, no metric and no threshold"
            )
        found = learning_of_boxes(evaluation, settings, steps)
        specimen = truth.boxes.specimen
        columns = {
            "item": pd.array(truth.boxes.item, dtype="string"),
            "phrase": pd.Categorical.from_codes(truth.boxes.label, data.labels.names),
        }
    named = {"specimen": pd.Categorical.from_codes(specimen, data.specimens.identifiers)}
    return pd.DataFrame(named | columns | _columns(found, np.array(steps, np.int64)))


def churn(
    evaluation: Evaluation, steps: Sequence[int], settings: Settings, metric: str | None, threshold: float | None
) -> pd.DataFrame:
    """A row per pair of consecutive steps: see ``Run.churn``."""
    found = churn_of_steps(evaluation, settings, correctness_of(evaluation, metric, threshold), steps)
    names = ("step", "previous_step", "specimens", "mean_before", "mean_after", "gained", "lost", "recorded", "changed")
    column = {name: np.array([getattr(pair, name) for pair in found]) for name in names}
    counts = {
        name: pd.array(column[name].astype(np.int64), dtype="Int64")
        for name in ("specimens", "gained", "lost", "recorded")
    }
    return pd.DataFrame(
        {
            "step": column["step"].astype(np.int64),
            "previous_step": column["previous_step"].astype(np.int64),
            "specimens": counts["specimens"],
            "mean_before": column["mean_before"],
            "mean_after": column["mean_after"],
            "gained": counts["gained"],
            "lost": counts["lost"],
            "churn": ratio(column["gained"] + column["lost"], column["specimens"]),
            "predictions_changed": ratio(column["changed"], column["recorded"]),
            "recorded": counts["recorded"],
        }
    )


def _columns(found: Learning, steps: NDArray[np.int64]) -> dict[str, Any]:
    unknown = found.evaluated == 0
    events = found.forgetting_events
    at = steps[np.nonzero(found.forgotten.T)[1]].tolist()
    ends = np.cumsum(events).tolist()
    forgotten_at = np.empty(len(unknown), object)
    forgotten_at[:] = [tuple(at[end - count : end]) for end, count in zip(ends, events.tolist(), strict=True)]
    forgotten_at[unknown] = pd.NA
    states = LEARNING_STATES.index
    return {
        "learned_at": _steps_at(found.learned_at, steps),
        "forgetting_events": pd.arrays.IntegerArray(events, unknown),
        "forgotten_at": forgotten_at,
        "never_learned": pd.arrays.BooleanArray(found.state == states("never_learned"), unknown),
        "always_right": pd.arrays.BooleanArray(found.state == states("always_right"), unknown),
        "mean": found.mean,
        "variability": found.variability,
        "churn": found.churn,
        "right_since": _steps_at(found.right_since, steps),
        "state": pd.Categorical.from_codes(found.state.astype(np.int64), list(LEARNING_STATES)),
        "evaluated": pd.arrays.IntegerArray(found.evaluated.astype(np.int64), np.zeros(len(unknown), np.bool_)),
    }


def _steps_at(places: NDArray[np.int64], steps: NDArray[np.int64]) -> Any:
    """The step at each place, NA for -1."""
    none = places < 0
    return pd.arrays.IntegerArray(np.where(none, 0, np.append(steps, 0)[places]), none)
