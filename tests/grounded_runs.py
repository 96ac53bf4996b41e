"""Runs of phrase grounding with predictions that a test writes by hand, in pixels."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from run_folders import write_lines

import evalwidget as ew

#: Boxes x1 y1 x2 y2 in pixels by phrase.
Phrases = Mapping[str, list[list[float]]]


def written(file: Path, value: Any) -> Path:
    """``value`` in a file: text as it is, JSONL where its name says so, else JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(value, bytes):
        file.write_bytes(value)
    elif file.suffix == ".jsonl":
        write_lines(file, value)
    else:
        file.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return file


def opened(truth: Any, folder: Path, found: Mapping[str, Phrases], **settings: Any) -> ew.Run:
    """The run of ground truth and one step of predictions by image."""
    lines = [
        {"image": image, "phrases": [{"phrase": phrase, "boxes": boxes} for phrase, boxes in phrases.items()]}
        for image, phrases in found.items()
    ]
    predictions = written(folder / "found" / "step-5.jsonl", lines)
    conventions = {"prediction_coordinates": "pixels", "prediction_box_order": "xyxy"}
    return ew.open_run(ground_truth=truth, predictions={5: predictions}, **conventions, **settings)


def figures(run: ew.Run) -> dict[str, float]:
    """The step's scores by name."""
    return run.summary(metrics=["grec_accuracy"]).iloc[0].to_dict()
