"""Error types and confused labels as DataFrames."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evalwidget.error_analysis import check_has_boxes, confused_labels, error_costs
from evalwidget.errors import EvalWidgetError
from evalwidget.evaluation import Evaluation, Settings
from evalwidget.metrics.error_types import ERROR_TYPES, SPECIAL_ERRORS

__all__ = ["confusion", "error_types"]

#: A square table of more labels would take hundreds of megabytes.
_MOST_LABELS = 4000


def error_types(
    evaluation: Evaluation, steps: Sequence[int], settings: Settings, background_threshold: float
) -> pd.DataFrame:
    """A row per step and error type: see ``Run.error_types``."""
    check_has_boxes(evaluation, "error types")
    names = [*ERROR_TYPES, *SPECIAL_ERRORS]
    found = [error_costs(evaluation, step, settings, background_threshold) for step in steps]
    return pd.DataFrame(
        {
            "step": np.repeat(np.array(steps, np.int64), len(names)),
            "error_type": pd.Categorical(names * len(steps), categories=names),
            "count": pd.array(np.array([step.counts for step in found]).reshape(-1), dtype="Int64"),
            "delta_ap": np.array([step.gains for step in found], np.float64).reshape(-1),
        }
    )


def confusion(evaluation: Evaluation, step: int, settings: Settings, *, tidy: bool) -> pd.DataFrame:
    """Labels against each other at one step: see ``Run.confusion``."""
    check_has_boxes(evaluation, "confusion matrix")
    pairs = confused_labels(evaluation, step, settings)
    names = [evaluation.data.labels.names[label] for label in pairs.labels]
    names.append("background" if "background" not in names else "(background)")
    place = np.full(len(evaluation.data.labels) + 1, len(pairs.labels))
    place[pairs.labels] = np.arange(len(pairs.labels))
    rows, columns = place[pairs.ground_truth], place[pairs.prediction]
    if tidy:
        order = np.lexsort((columns, rows))
        return pd.DataFrame(
            {
                "step": np.full(len(order), step, np.int64),
                "ground_truth": pd.Categorical.from_codes(rows[order], names),
                "prediction": pd.Categorical.from_codes(columns[order], names),
                "count": pd.array(pairs.count[order], dtype="Int64"),
            }
        )
    if len(names) > _MOST_LABELS:
        raise EvalWidgetError(
            f"confusion matrix: {len(names) - 1} phrases or classes make a table too large; pass tidy=True for a row "
            "per pair that occurs"
        )
    counts = np.zeros((len(names), len(names)), np.int64)
    counts[rows, columns] = pairs.count
    frame = pd.DataFrame(counts, pd.Index(names, name="ground_truth"), pd.Index(names, name="prediction"))
    frame = frame.astype("Int64")
    return frame if pairs.is_scored else frame.mask(np.ones(frame.shape, np.bool_))
