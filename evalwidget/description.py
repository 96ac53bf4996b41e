"""What a run says of itself when it is printed."""

import html
from collections.abc import Sequence
from typing import Final

import numpy as np

from evalwidget.boxes import PARSE_STATES
from evalwidget.data import RunData, shown_steps
from evalwidget.joins import first_few
from evalwidget.specimens import METHODS

__all__ = ["facts_as_html", "facts_as_text", "run_facts", "run_notes", "step_notes"]

_REPAIRED: Final = PARSE_STATES.index("repaired")


def facts_as_text(title: str, facts: Sequence[tuple[str, str]]) -> str:
    """A line each, under the title."""
    return "\n".join([title, *(f"  {name}: {text}" for name, text in facts)])


def facts_as_html(caption: str, facts: Sequence[tuple[str, str]]) -> str:
    """A table with a row each."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
        f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
        for name, text in facts
    )
    return f"<table><caption>{html.escape(caption)}</caption><tbody>{rows}</tbody></table>"


def run_facts(data: RunData) -> list[tuple[str, str]]:
    """Named facts in the order to show them; those of a step once it has been read."""
    facts = [
        ("task", data.task),
        ("specimens", f"{len(data.specimens):,}"),
        ("ground truth", _ground_truth(data)),
        ("steps", f"{len(data.steps):,}: {shown_steps(data.steps)}"),
    ]
    if not data.has_text:
        facts.append(("coordinates", _coordinates(data)))
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
    if joined := _joined(data):
        facts.append(("joined", joined))
    for step in data.steps:
        if data.is_loaded(step) and (found := _amiss(data, step)):
            facts.append((f"step {step}", found))
    return facts + [("note", note) for note in run_notes(data)]


def run_notes(data: RunData) -> list[str]:
    """What was noticed while reading, of the steps read so far."""
    read = [step for step in data.steps if data.is_loaded(step)]
    notes = data.notes + [note for step in read for note in data.predictions(step).notes + _misread(data, step)]
    return notes + _class_counts(data, read)


def step_notes(data: RunData, step: int) -> list[str]:
    """What a reader of one step should know of it; reads the step if need be."""
    found = _amiss(data, step)
    notes = data.predictions(step).notes + _misread(data, step)
    return ([f"step {step}: {found}"] if found else []) + notes


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


def _coordinates(data: RunData) -> str:
    """How boxes were taken to be written, and why."""
    sides = [] if data.ground_truth_format == "none" else [f"ground truth {data.convention} ({data.convention_why})"]
    read = [taken for step in data.steps if data.is_loaded(step) for taken in data.predictions(step).taken]
    expected = data.expected.convention
    found = [(taken.convention, taken.why) for taken in read] or [(expected, data.expected.why(expected))]
    sides.append("predictions " + ", and ".join(f"{convention} ({why})" for convention, why in dict.fromkeys(found)))
    return "; ".join(sides)


def _joined(data: RunData) -> str:
    """What the records of the steps read so far were joined by."""
    steps: dict[str, list[int]] = {}
    for step in data.steps:
        if data.is_loaded(step) and (counts := data.predictions(step).joined):
            text = ", ".join(f"{count:,} by {METHODS[method]}" for method, count in counts.items())
            steps.setdefault(text, []).append(step)
    if len(steps) == 1:
        return next(iter(steps))
    shown = [f"{text} (step {shown_steps(found)})" for text, found in list(steps.items())[:3]]
    return "; ".join(shown + ["…"] * (len(steps) > 3))


def _misread(data: RunData, step: int) -> list[str]:
    """A note where boxes would be clearly nearer to the ground truth in another convention."""
    fit = data.fit(step)
    if fit.better is None:
        return []
    is_truth = fit.side == "ground truth"
    predicted = next(taken.convention for taken in data.predictions(step).taken if taken.is_open)
    taken = data.convention if is_truth else predicted
    prefix = "" if is_truth else "prediction_"
    settings = {}
    if fit.better.scale != taken.scale:
        settings[f"{prefix}coordinates"] = fit.better.scale
        # predictions follow the ground truth where nothing is said of them
        settings |= {"prediction_coordinates": predicted.scale} if is_truth else {}
    if fit.better.order != taken.order:
        settings[f"{prefix}box_order"] = fit.better.order
        settings |= {"prediction_box_order": predicted.order} if is_truth else {}
    advice = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    reach, they = ("reaches", "it") if is_truth else ("reach", "they")
    return [
        f"step {step}: {fit.side} read as {taken} {reach} a mean IoU of {fit.mean_iou:.2f}; read as {fit.better} "
        f"{they} would reach {fit.better_mean_iou:.2f}; pass {advice}"
    ]


def _amiss(data: RunData, step: int) -> str:
    """What is amiss at a step, empty where all is well."""
    found = data.predictions(step)
    names = [lost.name for lost in found.unjoined]
    counts = {
        "specimens not evaluated": int((~found.recorded).sum()),
        f"records found no specimen or question: {first_few(names)} (run.join_report())": len(names),
        "predictions read from repaired text": int((found.boxes.state == _REPAIRED).sum())
        + int((found.answers.state == _REPAIRED).sum()),
        "invalid predictions": len(found.boxes.defects) + len(found.answers.defects),
    }
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
