"""Error types and confused labels as DataFrames."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError
from evalwidget.metrics.error_types import ERROR_TYPES, SPECIAL_ERRORS
from evalwidget.scoring.error_analysis import ErrorAnalysis, LabelPairs, check_has_boxes
from evalwidget.scoring.evaluation import Settings

__all__ = ["confusion", "error_types"]

#: A square table of more labels would take hundreds of megabytes.
_MOST_LABELS = 4000


def error_types(
    analysis: ErrorAnalysis, steps: Sequence[int], settings: Settings, background_threshold: float
) -> pd.DataFrame:
    """A row per step and error type: see ``Run.error_types``."""
    check_has_boxes(analysis.evaluation, "error types")
    names = [*ERROR_TYPES, *SPECIAL_ERRORS]
    found = analysis.box_errors(steps, settings, background_threshold)
    return pd.DataFrame(
        {
            "step": np.repeat(np.array(steps, np.int64), len(names)),
            "error_type": pd.Categorical(names * len(steps), categories=names),
            "count": pd.array(np.array([step.counts for step in found]).reshape(-1), dtype="Int64"),
            "delta_ap": np.array([step.gains for step in found], np.float64).reshape(-1),
        }
    )


def confusion(analysis: ErrorAnalysis, steps: Sequence[int], settings: Settings, *, tidy: bool) -> pd.DataFrame:
    """Labels against each other: see ``Run.confusion``."""
    data = analysis.evaluation.data
    check_has_boxes(analysis.evaluation, "confusion matrix")
    if not tidy and len(steps) != 1:
        raise EvalWidgetError(f"confusion matrix: a matrix is of one step, got {len(steps)}; pass tidy=True")
    found = analysis.confused_labels(steps, settings)
    predicted = {label for pairs in found for label in pairs.prediction.tolist()}
    # labels of predictions alone are numbered as their steps happened to be read
    others = sorted((label for label in predicted if label >= data.settled_labels), key=data.labels.names.__getitem__)
    labels = np.array([*range(data.settled_labels), *others], np.int64)
    names = [data.labels.names[label] for label in labels]
    names.append("background" if "background" not in names else "(background)")
    # background, -1, comes last
    place = np.full(len(data.labels) + 1, len(labels))
    place[labels] = np.arange(len(labels))
    if tidy:
        return _tidy_confusion(steps, found, place, names)
    if len(names) > _MOST_LABELS:
        raise EvalWidgetError(
            f"confusion matrix: {len(names) - 1} phrases or classes make a table too large; pass tidy=True for a row "
            "per pair that occurs"
        )
    (pairs,) = found
    counts = np.zeros((len(names), len(names)), np.int64)
    counts[place[pairs.ground_truth], place[pairs.prediction]] = pairs.count
    frame = pd.DataFrame(counts, pd.Index(names, name="ground_truth"), pd.Index(names, name="prediction"))
    frame = frame.astype("Int64")
    return frame if pairs.is_scored else frame.mask(np.ones(frame.shape, np.bool_))


def _tidy_confusion(
    steps: Sequence[int], found: list[LabelPairs], place: NDArray[np.int64], names: list[str]
) -> pd.DataFrame:
    """A row per step and pair, by the ``place`` of each label, ground truth's first."""
    which = np.repeat(np.arange(len(steps)), [len(pairs.count) for pairs in found])
    pairs_of_step = [np.column_stack([pairs.ground_truth, pairs.prediction, pairs.count]) for pairs in found]
    truth, predicted, count = np.concatenate([np.empty((0, 3), np.int64), *pairs_of_step]).T
    ground_truth, prediction = place[truth], place[predicted]
    order = np.lexsort((prediction, ground_truth, which))
    return pd.DataFrame(
        {
            "step": np.array(steps, np.int64)[which[order]],
            "ground_truth": pd.Categorical.from_codes(ground_truth[order], names),
            "prediction": pd.Categorical.from_codes(prediction[order], names),
            "count": pd.array(count[order], dtype="Int64"),
        }
    )
