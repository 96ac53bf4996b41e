"""Runs whose steps are given as boxes or answers by specimen, to tell what changed from one to another."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

import evalwidget as ew

#: (phrase, corners x1 y1 x2 y2), or (phrase, corners, score).
Found = Sequence[tuple]

FIRST, SECOND, THIRD = [0, 0, 40, 40], [100, 0, 140, 40], [0, 100, 40, 140]
CORNERS = ["x1", "y1", "x2", "y2"]


def rows(of: Mapping[str, Found], **also: Any) -> list[dict[str, Any]]:
    """Rows of a frame; a specimen with nothing has one that says so."""
    found = []
    for specimen, boxes in of.items():
        for phrase, corners, *score in boxes or [(None, [None] * 4)]:
            box = dict(zip(CORNERS, corners, strict=True))
            found.append({"specimen": specimen, "phrase": phrase, **box, "score": score[0] if score else None, **also})
    return found


def boxes_run(truth: Mapping[str, Found], *steps: Mapping[str, Found], task: str = "grounding") -> ew.Run:
    """A run whose steps are 1, 2, …"""
    predictions = [row for step, of in enumerate(steps, 1) for row in rows(of, step=step)]
    columns = ["step", "specimen", "phrase", *CORNERS, "score"]
    ground_truth = pd.DataFrame(rows(truth)).drop(columns="score")
    return ew.Run.from_frames(ground_truth, pd.DataFrame(predictions, columns=columns), task=task)


def texts_run(truth: Sequence[tuple[str, str, Any]], *steps: Mapping[tuple[str, str], str]) -> ew.Run:
    """``truth``: (specimen, question, references); a step: answer by specimen and question."""
    ground_truth = pd.DataFrame(truth, columns=["specimen", "question", "answer"])
    predictions = [
        (step, specimen, question, answer)
        for step, of in enumerate(steps, 1)
        for (specimen, question), answer in of.items()
    ]
    frame = pd.DataFrame(predictions, columns=["step", "specimen", "question", "answer"])
    return ew.Run.from_frames(ground_truth, frame, task="vqa")


def moved(corners: Sequence[float], right: float) -> list[float]:
    return [corners[0] + right, corners[1], corners[2] + right, corners[3]]


TRUTH = [("cat", FIRST), ("dog", SECOND)]
