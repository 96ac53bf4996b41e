"""What is at a path, said without raising about any part of it: for people before they open a run, and for scripts."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from evalwidget.boxes import PARSE_STATES
from evalwidget.data import Predictions, RunData
from evalwidget.description import run_facts
from evalwidget.errors import EvalWidgetError
from evalwidget.folder import RunSettings, open_source, settings_of
from evalwidget.formats import (
    Content,
    Format,
    GroundTruthOptions,
    PredictionOptions,
    Source,
    format_of_ground_truth,
    format_of_predictions,
)
from evalwidget.locations import located
from evalwidget.readable_text import readable
from evalwidget.records import Records

__all__ = ["Inspection", "inspect"]

_STEP_COLUMNS: Final = {
    "step": "int64",
    "source": "string",
    "format": "string",
    "specimens": "Int64",
    "missing": "Int64",
    "predictions": "Int64",
    "invalid": "Int64",
    "parse_states": "string",
    "unjoined": "Int64",
    "error": "string",
}
_SHOWN: Final = 3
#: Of a folder that is no run so many files are looked at.
_MOST_CHILDREN: Final = 50


@dataclass(frozen=True)
class Inspection:
    """What lies at a path. Printing it shows all of it.

    ``facts``: what there is, as name and text. ``steps``: a row per step, ``step, source, format``; ``specimens``
    evaluated and ``missing``; ``predictions`` (boxes, or answers) and how many of them are ``invalid``, with their
    ``parse_states``; ``unjoined``: records of specimens that the run does not have; ``error``: why the step cannot be
    read, NA where it can. ``amiss``: what should be looked at. ``errors``: what cannot be read.
    """

    facts: list[tuple[str, str]]
    steps: pd.DataFrame
    amiss: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0: all is well; 1: something is amiss; 2: something cannot be read."""
        return 2 if self.errors else 1 if self.amiss else 0

    def __str__(self) -> str:
        lines = [f"{name}: {text}" for name, text in self.facts]
        if len(self.steps):
            shown = self.steps.dropna(axis=1, how="all")
            lines += ["", shown.to_string(index=False, na_rep="")]
        lines += ["", *(f"amiss: {text}" for text in self.amiss)] if self.amiss else []
        lines += ["", *(f"error: {text}" for text in self.errors)] if self.errors else []
        return "\n".join(lines)

    __repr__ = __str__


def inspect(
    path: str | Path, *, ground_truth: Any = None, predictions: str | None = None, images: Any = None, **settings: Any
) -> Inspection:
    """What is at ``path``: a run folder, a training run's output folder, or a file or folder of a known format.

    The other arguments are those of ``open_run``. Every step is read. What is wrong with the data is told, not raised;
    raises ``TypeError`` about an argument that ``open_run`` does not know.
    """
    stated = settings_of(**settings)
    try:
        data = open_source(path, ground_truth, predictions, stated, images)
    except EvalWidgetError as error:
        return _of_no_run(located(path), stated, str(error))
    return _of_run(data)


def _of_run(data: RunData) -> Inspection:
    rows: list[dict[str, Any]] = []
    errors: list[str] = []
    for step in data.steps:
        try:
            rows.append({"step": step} | _step_row(data, data.predictions(step)))
        except EvalWidgetError as error:
            rows.append({"step": step, "error": str(error)})
            errors.append(str(error))
    return Inspection([("run", data.name), *run_facts(data)], _steps(rows), _amiss(data), errors)


def _step_row(data: RunData, found: Predictions) -> dict[str, Any]:
    states = Counter(found.answers.state[found.answers.recorded].tolist() + found.boxes.state.tolist())
    return {
        "source": found.source,
        "format": found.format,
        "specimens": int(found.recorded.sum()),
        "missing": int((~found.recorded).sum()),
        "predictions": sum(states.values()),
        "invalid": len(found.boxes.defects) + len(found.answers.defects),
        "parse_states": ", ".join(f"{count:,} {PARSE_STATES[state]}" for state, count in sorted(states.items())),
        "unjoined": len(found.unjoined),
    }


def _steps(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(_STEP_COLUMNS)).astype(_STEP_COLUMNS)


def _amiss(data: RunData) -> list[str]:
    """What should be looked at, of the steps that could be read."""
    found = []
    for step in (step for step in data.steps if data.is_loaded(step)):
        predictions = data.predictions(step)
        missing = [data.specimens.identifiers[row] for row in (~predictions.recorded).nonzero()[0]]
        defects = [*predictions.boxes.defects.values(), *predictions.answers.defects.values()]
        for what, names in (
            ("specimens not evaluated", missing),
            ("records of unknown specimens", [unjoined.name for unjoined in predictions.unjoined]),
            ("invalid predictions", [defect.message for defect in defects]),
        ):
            if names:
                more = ", …" if len(names) > _SHOWN else ""
                found.append(f"step {step}: {len(names):,} {what}: {', '.join(names[:_SHOWN])}{more}")
    return found


def _of_no_run(path: Path, settings: RunSettings, problem: str) -> Inspection:
    """What a file or folder is that does not open as a run, and why it does not."""
    if not path.exists():
        return Inspection([], _steps([]), errors=[problem])
    facts, errors = _of_content(Content([Source.at(path)]), settings)
    if not facts and path.is_dir():
        for child in Source(path, "").children()[:_MOST_CHILDREN]:
            found, wrong = _of_content(Content([child]), settings)
            facts += [(f"{child.shown} {name}", text) for name, text in found]
            errors += wrong
        return Inspection([("path", readable(str(path))), *facts], _steps([]), errors, [problem])
    if not facts and not errors:
        errors = [_unknown(Content([Source.at(path)]))]
    return Inspection(
        [("path", readable(str(path))), *facts], _steps([]), errors if facts else [], [] if facts else errors
    )


def _of_content(content: Content, settings: RunSettings) -> tuple[list[tuple[str, str]], list[str]]:
    """What content of a known format is, as ground truth and as predictions, and what is wrong with it."""
    facts: list[tuple[str, str]] = []
    errors: list[str] = []
    options = PredictionOptions(output_format=settings.output_format)
    for side, known in _known(content):
        try:
            if side == "ground truth":
                assert known.ground_truth is not None
                records, told = known.ground_truth(
                    content, GroundTruthOptions(settings.box_order, settings.coordinates)
                )
                options = PredictionOptions(told.convention, told.categories, options.output_format)
            else:
                assert known.predictions is not None
                records = known.predictions(content, options)
            facts.append((f"as {side}", f"{known.name}; {_counted(records)}"))
        except EvalWidgetError as error:
            errors.append(f"as {side}, {known.name}: {error}")
    return facts, errors


def _known(content: Content) -> Iterator[tuple[str, Format]]:
    for side, format_of in (("ground truth", format_of_ground_truth), ("predictions", format_of_predictions)):
        with suppress(EvalWidgetError):
            yield side, format_of(content)


def _unknown(content: Content) -> str:
    try:
        return f"{content.shown}: reads as {format_of_ground_truth(content).name}"
    except EvalWidgetError as error:
        return str(error)


def _counted(records: Records) -> str:
    boxes = sum(len(part.owner) for part in records.boxes)
    labels = {name for part in records.boxes for name in part.label_names}
    parts = [f"{len(records.references):,} records"]
    if boxes:
        conventions = dict.fromkeys(str(part.convention) for part in records.boxes if len(part.owner))
        parts += [f"{boxes:,} boxes of {len(labels):,} phrases or classes in {' and '.join(conventions)}"]
    if records.questions:
        parts.append(f"{len(records.questions):,} questions")
    if records.answers:
        parts.append(f"{len(records.answers):,} answers")
    return ", ".join(parts)
