"""Runs of text formats, opened from files written for a test."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import evalwidget as ew


def written(file: Path, value: Any) -> Path:
    """``value`` as the file's extension asks: JSONL line by line, JSON whole, text as it stands."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(value, str):
        text = value
    elif file.suffix == ".jsonl":
        text = "".join(f"{json.dumps(line)}\n" for line in value)
    else:
        text = json.dumps(value)
    file.write_text(text, "utf-8")
    return file


def opened(tmp_path: Path, truth: Any, predictions: Any, suffix: str = ".json", **settings: Any) -> ew.Run:
    """A run of one step, 500; files of ground truth by name, or what ``open_run`` takes; predictions to be written."""
    if isinstance(truth, Mapping):
        files = [written(tmp_path / name, value) for name, value in truth.items()]
        truth = files if len(files) > 1 else files[0]
    found = predictions
    if not hasattr(predictions, "columns") and not isinstance(predictions, Path):
        found = written(tmp_path / f"predictions{suffix}", predictions)
    return ew.open_run(ground_truth=truth, predictions={500: found}, **settings).load()


def answers(run: ew.Run) -> Iterable[tuple[str, str, str | None]]:
    """``(specimen, item, answer)`` of the questions answered at the step."""
    found = run._data.predictions(500).answers
    questions = run._data.ground_truth.questions
    names = run.specimens
    return [
        (names[questions.specimen[row]], questions.item[row], found.text[row])
        for row in range(len(questions))
        if found.recorded[row]
    ]


def references(run: ew.Run) -> list[tuple[str, tuple[str, ...]]]:
    """``(question, references)`` of all questions."""
    questions = run._data.ground_truth.questions
    return list(zip(questions.question, questions.references, strict=True))
