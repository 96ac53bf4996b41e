"""How a run's files were read, as DataFrames: what did not join, and which coordinates were taken."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evalwidget.boxes import Convention
from evalwidget.conventions import Fit
from evalwidget.data import RunData

__all__ = ["conventions", "join_report"]


def join_report(data: RunData, steps: Sequence[int]) -> pd.DataFrame:
    """A row per record that did not join: see ``Run.join_report``."""
    rows = [
        {"step": step, "name": lost.name, "where": lost.where, "predictions": lost.predictions, "why": lost.why}
        for step in steps
        for lost in data.predictions(step).unjoined
    ]
    return pd.DataFrame(rows, columns=["step", "name", "where", "predictions", "why"])


def conventions(data: RunData, steps: Sequence[int]) -> pd.DataFrame:
    """A row per side and convention of each step: see ``Run.conventions``."""
    rows = []
    for step in steps:
        fit = data.fit(step)
        if data.ground_truth_format != "none":
            rows.append(_row(step, "ground truth", data.convention, data.convention_why, fit))
        for taken in data.predictions(step).taken:
            rows.append(_row(step, "predictions", taken.convention, taken.why, fit if taken.is_open else Fit()))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.astype(dict.fromkeys(_TEXTS, "string") | {"mean_iou": "Float64", "better_mean_iou": "Float64"})


_COLUMNS = ["step", "side", "coordinates", "box_order", "why", "mean_iou", "better", "better_mean_iou"]
_TEXTS = ["side", "coordinates", "box_order", "why", "better"]


def _row(step: int, side: str, convention: Convention, why: str, fit: Fit) -> dict[str, Any]:
    is_better = fit.better is not None and fit.side == side
    return {
        "step": step,
        "side": side,
        "coordinates": convention.scale,
        "box_order": convention.order,
        "why": why,
        "mean_iou": pd.NA if np.isnan(fit.mean_iou) else fit.mean_iou,
        "better": str(fit.better) if is_better else pd.NA,
        "better_mean_iou": fit.better_mean_iou if is_better else pd.NA,
    }
