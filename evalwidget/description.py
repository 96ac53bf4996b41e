"""What a run says of itself when it is printed."""

import numpy as np

from evalwidget.data import RunData, shown_steps

__all__ = ["run_facts", "run_notes", "step_notes"]


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
    missing = sum(getattr(data.found_image(row), "state", "") == "missing" for row in range(len(data.specimens)))
    if missing:
        facts.append(("images missing", f"{missing:,} of {len(data.specimens):,}"))
    for step in data.steps:
        if data.is_loaded(step) and (found := _amiss(data, step)):
            facts.append((f"step {step}", found))
    return facts + [("note", note) for note in run_notes(data)]


def run_notes(data: RunData) -> list[str]:
    """What was noticed while reading, of the steps read so far."""
    loaded = [step for step in data.steps if data.is_loaded(step)]
    notes = data.notes + [note for step in loaded for note in data.predictions(step).notes]
    return notes + _class_counts(data, loaded)


def step_notes(data: RunData, step: int) -> list[str]:
    """What a reader of one step should know of it; reads the step if need be."""
    found = _amiss(data, step)
    return ([f"step {step}: {found}"] if found else []) + data.predictions(step).notes


def _class_counts(data: RunData, steps: list[int]) -> list[str]:
    """The note about steps that were not taken to count classes from the same number, where there are such."""
    steps_of: dict[int, list[int]] = {}
    for step in steps:
        first = data.predictions(step).first_class
        if first is not None:
            steps_of.setdefault(first, []).append(step)
    if len(steps_of) < 2:
        return []
    found = " and ".join(f"from {first} at steps {shown_steps(those)}" for first, those in sorted(steps_of.items()))
    return [f"classes were taken to be counted {found}: prediction_first_class= says from which for all"]


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
        "invalid predictions": len(found.boxes.defects) + len(found.answers.defects),
    }
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
