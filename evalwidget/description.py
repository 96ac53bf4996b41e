"""What a run says of itself when it is printed."""

from typing import Final

import numpy as np

from evalwidget.boxes import PARSE_STATES
from evalwidget.data import RunData, shown_steps

__all__ = ["run_facts", "run_notes", "step_notes"]

_REPAIRED: Final = PARSE_STATES.index("repaired")


def run_facts(data: RunData) -> list[tuple[str, str]]:
    """Named facts in the order to show them; those of a step once it has been read."""
    facts = [
        ("task", data.task),
        ("specimens", f"{len(data.specimens):,}"),
        ("ground truth", _ground_truth(data)),
        ("steps", f"{len(data.steps):,}: {shown_steps(data.steps)}"),
    ]
    if data.coordinates and not data.has_text:
        facts.append(("coordinates", data.coordinates))
    unread = sum(not data.is_loaded(step) for step in data.steps)
    if unread:
        facts.append(("not read yet", f"{unread:,} steps; read when asked for, all by run.load()"))
    without = int((~data.ground_truth.annotated).sum())
    if without:
        facts.append(("without ground truth", f"{without:,} specimens"))
    rows = range(0 if getattr(data.images, "is_remote", False) else len(data.specimens))
    missing = sum(getattr(data.found_image(row), "state", "") == "missing" for row in rows)
    if missing:
        facts.append(("images missing", f"{missing:,} of {len(data.specimens):,}"))
    for step in data.steps:
        if data.is_loaded(step) and (found := _amiss(data, step)):
            facts.append((f"step {step}", found))
    return facts + [("note", note) for note in run_notes(data)]


def run_notes(data: RunData) -> list[str]:
    """What was noticed while reading, of the steps read so far."""
    return data.notes + [note for s in data.steps if data.is_loaded(s) for note in data.predictions(s).notes]


def step_notes(data: RunData, step: int) -> list[str]:
    """What a reader of one step should know of it; reads the step if need be."""
    found = _amiss(data, step)
    return ([f"step {step}: {found}"] if found else []) + data.predictions(step).notes


def _ground_truth(data: RunData) -> str:
    if data.ground_truth_format == "none":
        return "none"
    boxes, questions = data.ground_truth.boxes, data.ground_truth.questions
    if data.has_text:
        items = f"{len(questions):,} questions"
    else:
        items = f"{len(boxes):,} boxes, {len(np.unique(boxes.label)):,} phrases or classes"
    return f"{items} ({data.ground_truth_format})"


def _amiss(data: RunData, step: int) -> str:
    """What is amiss at a step, empty where all is well."""
    found = data.predictions(step)
    counts = {
        "specimens not evaluated": int((~found.recorded).sum()),
        "records of unknown specimens (run.join_report())": len(found.unjoined),
        "predictions read from repaired text": int((found.boxes.state == _REPAIRED).sum())
        + int((found.answers.state == _REPAIRED).sum()),
        "invalid predictions": len(found.boxes.defects) + len(found.answers.defects),
    }
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
