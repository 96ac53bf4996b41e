"""Failure modes, with their evidence, as DataFrames."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evalwidget.data import RunData
from evalwidget.diagnosis import Diagnosis, Finding
from evalwidget.evaluation import Settings
from evalwidget.guide import MODES
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings

__all__ = ["diagnose"]


def diagnose(
    diagnosis: Diagnosis, steps: Sequence[int], settings: Settings, thresholds: DiagnosisSettings
) -> pd.DataFrame:
    """A row per step, specimen and failure mode present: see ``Run.diagnose``."""
    data = diagnosis.evaluation.data
    diagnosis.at(steps, settings, thresholds)
    by_step = [diagnosis.findings(step, settings, thresholds) for step in steps]
    found = [finding for of_step in by_step for finding in of_step]

    def texts(values: list[str]) -> Any:
        return pd.array([value or None for value in values], dtype="string")

    return pd.DataFrame(
        {
            "step": np.repeat(np.array(steps, np.int64), [len(of_step) for of_step in by_step]),
            "specimen": pd.Categorical.from_codes([row.specimen for row in found], data.specimens.identifiers),
            "mode": pd.Categorical.from_codes([row.mode for row in found], [mode.key for mode in MODES]),
            "severity": np.array([row.severity for row in found], np.float64),
            "evidence": texts([row.evidence for row in found]),
            "item": texts(["; ".join(row.items) for row in found]),
            "phrase": texts(["; ".join(row.phrases) for row in found]),
            "ground_truth": pd.Series(_ground_truth(data, found), dtype=object),
            "prediction": pd.Series(_predictions(data, steps, by_step), dtype=object),
        }
    )


def _ground_truth(data: RunData, found: Sequence[Finding]) -> list[list[Any]]:
    """Places of boxes, or references."""
    if not data.has_text:
        return [row.ground_truth for row in found]
    questions = data.ground_truth.questions
    return [
        [" | ".join(questions.references[questions.offsets[row.specimen] + place]) for place in row.ground_truth]
        for row in found
    ]


def _predictions(data: RunData, steps: Sequence[int], by_step: Sequence[Sequence[Finding]]) -> list[list[Any]]:
    """Places of boxes, or answers."""
    if not data.has_text:
        return [row.prediction for found in by_step for row in found]
    offsets = data.ground_truth.questions.offsets
    return [
        [data.predictions(step).answers.text[offsets[row.specimen] + place] for place in row.prediction]
        for step, found in zip(steps, by_step, strict=True)
        for row in found
    ]
