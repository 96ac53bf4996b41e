"""Runs on disk: the run folder, and files named one by one, as the sources that ``RunData`` reads."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd

from evalwidget.boxes import Convention
from evalwidget.data import RunData
from evalwidget.errors import EvalWidgetError, FormatError
from evalwidget.formats import (
    Content,
    GroundTruthFacts,
    GroundTruthOptions,
    PredictionOptions,
    Source,
    read_ground_truth,
    read_predictions,
)
from evalwidget.formats.class_names import named_classes, read_class_names
from evalwidget.formats.frames import predictions_by_step
from evalwidget.images import ImageFolders, ImageMapping, ImageStore
from evalwidget.records import Records

__all__ = ["RunSettings", "class_names_of", "open_files", "open_folder", "open_frames", "step_of"]

_STEP: Final = re.compile(r"(?:^|[^a-z])(?:steps?|checkpoint|ckpt|iter|iteration)[-_=]?(\d+)", re.IGNORECASE)
_LARGEST_STEP: Final = 2**53  # the browser's numbers are exact up to here
#: What a folder of predictions may hold a step in, besides a folder a step.
_SUFFIXES: Final = frozenset(
    [".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx", ".parquet", ".txt", ".xml", ".pkl", ".pth"]
)
_FIELDS: Final = (
    "name",
    "task",
    "steps_per_epoch",
    "coordinates",
    "box_order",
    "prediction_coordinates",
    "prediction_box_order",
    "output_format",
    "ground_truth_format",
    "prediction_format",
    "class_names",
    "prediction_first_class",
    "images",
)


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What ``run.json`` or the caller says; None where it is to be told from the data."""

    name: str | None = None
    task: str | None = None
    steps_per_epoch: float | None = None
    coordinates: str | None = None
    box_order: str | None = None
    prediction_coordinates: str | None = None
    prediction_box_order: str | None = None
    output_format: str | None = None
    ground_truth_format: str | None = None
    prediction_format: str | None = None
    class_names: Mapping[str, str] | None = None
    prediction_first_class: int | None = None

    def __post_init__(self) -> None:
        if self.steps_per_epoch is not None and not _is_rate(self.steps_per_epoch):
            raise EvalWidgetError(f"steps_per_epoch: expected a number above 0, got {self.steps_per_epoch!r}")
        first = self.prediction_first_class
        if first is not None and not _is_first_class(first):
            raise EvalWidgetError(f"prediction_first_class: expected 0 or 1, got {first!r}")

    def or_else(self, other: "RunSettings") -> "RunSettings":
        """These settings, with those of ``other`` where these say nothing."""
        names = self.__slots__
        return RunSettings(**{n: getattr(other, n) if getattr(self, n) is None else getattr(self, n) for n in names})


def _is_rate(value: object) -> bool:
    """Whether ``value`` can be the steps per epoch."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf


def _is_first_class(value: object) -> bool:
    """Whether ``value`` can be the number from which classes are counted."""
    return value in (0, 1) and not isinstance(value, (bool, float))


def class_names_of(given: Any) -> dict[str, str]:
    """Class names by id of what the caller gives: a list, a mapping by id, or a file of names."""
    if isinstance(given, (str, Path)):
        return read_class_names(Source.at(_path(given)))
    return named_classes(given, "class_names")


def step_of(name: str) -> int | None:
    """The step in a file name such as ``step-000500``, ``checkpoint-500``, ``iter_500`` or ``500``; None: none."""
    stem = Path(name).stem
    if stem.isdecimal():
        return int(stem)
    found = _STEP.findall(stem)
    return int(found[-1]) if found else None


def open_folder(path: Path, settings: RunSettings, images: Any) -> RunData:
    """The run in a folder that ``docs/run-folder.md`` describes."""
    root = path.resolve()
    if not path.exists():
        raise EvalWidgetError(f"{path}: no such folder")
    if not path.is_dir():
        raise EvalWidgetError(
            f"{path}: expected a run folder, found a file; pass files as ground_truth= and predictions="
        )
    stated, roots = _run_json(root)
    truth = _ground_truth_file(root)
    folder = root / "predictions"
    if not folder.is_dir():
        raise EvalWidgetError(f"{path}: no predictions: expected a folder 'predictions' with a file for each step")
    files = _prediction_files(folder)
    if not files:
        raise EvalWidgetError(f"{path}: no predictions: expected files such as predictions/step-000500.jsonl")
    steps = {step: Content([Source.at(file, root)]) for step, file in _by_step(files, root).items()}
    if images is None:
        images = roots or [folder for folder in (root / "images",) if folder.is_dir()]
    settings = settings.or_else(stated).or_else(RunSettings(name=root.name))
    return _run_data(None if truth is None else Content([Source.at(truth, root)]), steps, settings, images)


def open_files(ground_truth: Any, predictions: Any, settings: RunSettings, images: Any) -> RunData:
    """A run of files named one by one: predictions by step, in a list, or in a folder; frames go in their place."""
    truth = None
    if ground_truth is not None:
        truth = _content(ground_truth, "ground truth")
    if isinstance(predictions, Mapping):
        numbered = [(_step_number(step), item) for step, item in predictions.items()]
        steps = {step: _content(item, "predictions", f"predictions[{step}]") for step, item in numbered}
    elif isinstance(predictions, (str, Path)):
        folder = Path(predictions)
        if not folder.is_dir():
            raise EvalWidgetError(
                f"{folder}: no such folder; give predictions as {{step: file}} or as a folder of files"
            )
        files = _prediction_files(folder)
        steps = {step: Content([Source.at(file)]) for step, file in _by_step(files, folder).items()}
    elif isinstance(predictions, pd.DataFrame) or not isinstance(predictions, Iterable | None):
        raise EvalWidgetError(
            f"predictions: expected files by step, got {type(predictions).__name__}; Run.from_frames takes DataFrames"
        )
    else:
        named = _by_step([_path(file) for file in predictions or ()], None)
        steps = {step: Content([Source.at(file)]) for step, file in named.items()}
    if not steps:
        raise EvalWidgetError("no predictions: pass predictions={500: 'step500.json', …}")
    return _run_data(truth, steps, settings.or_else(RunSettings(name="run")), images)


def open_frames(
    ground_truth: pd.DataFrame | None, predictions: pd.DataFrame, settings: RunSettings, images: Any
) -> RunData:
    """A run of two frames; ``predictions`` holds all steps."""
    if ground_truth is not None and not isinstance(ground_truth, pd.DataFrame):
        raise EvalWidgetError(f"ground truth: expected a DataFrame, got {type(ground_truth).__name__}")
    steps = {step: Content.of_frame(rows, "predictions") for step, rows in predictions_by_step(predictions).items()}
    truth = None if ground_truth is None else Content.of_frame(ground_truth, "ground truth")
    return _run_data(truth, steps, settings.or_else(RunSettings(name="run")), images)


def _image_store(images: Any) -> ImageStore:
    """Where images come from: a folder, several, or a mapping by specimen."""
    if isinstance(images, Mapping):
        return ImageMapping(images)
    folders = [images] if isinstance(images, (str, Path)) else list(images or ())
    for folder in folders:
        if not Path(folder).is_dir():
            raise EvalWidgetError(f"images: {folder}: no such folder")
    return ImageFolders([Path(folder) for folder in folders])


def _run_data(truth: Content | None, steps: Mapping[int, Content], settings: RunSettings, images: Any) -> RunData:
    if max(steps, default=0) > _LARGEST_STEP:
        raise EvalWidgetError(f"predictions: step {max(steps)} is larger than {_LARGEST_STEP}")
    notes: list[str] = []
    facts = GroundTruthFacts("none")
    records: Records | None = None
    if truth is not None:
        asked = GroundTruthOptions(settings.box_order, settings.coordinates, settings.class_names)
        records, facts = read_ground_truth(truth, asked, settings.ground_truth_format)
        notes += records.notes
    else:
        notes.append("no ground truth: predictions are shown, and nothing is scored")
    options = PredictionOptions(
        Convention(
            settings.prediction_box_order or settings.box_order or "xyxy",
            settings.prediction_coordinates or settings.coordinates or facts.convention.scale,
        ),
        facts.categories if settings.class_names is None else settings.class_names,
        settings.output_format,
        answers=bool(records and records.questions),
        stated=any((settings.prediction_box_order, settings.prediction_coordinates)),
        order=settings.prediction_box_order or settings.box_order,
        scale=settings.prediction_coordinates or settings.coordinates,
        first_class=settings.prediction_first_class,
    )
    readers: dict[int, Callable[[], Records]] = {
        step: partial(read_predictions, content, options, settings.prediction_format) for step, content in steps.items()
    }
    return RunData(
        name=settings.name or "run",
        task=settings.task,
        steps_per_epoch=settings.steps_per_epoch,
        ground_truth=records,
        readers=readers,
        images=_image_store(images or [folder.path for folder in facts.images]),
        ground_truth_format=facts.format,
        likely_task=facts.task,
        coordinates=_shown_coordinates(records, facts, options),
        notes=notes,
    )


def _shown_coordinates(records: Records | None, facts: GroundTruthFacts, options: PredictionOptions) -> str:
    """How boxes were taken to be written, for people to check."""
    if options.output_format is not None:
        predictions = f"predictions as {options.output_format} writes them"
    else:
        predictions = f"predictions {options.convention}"
    return predictions if records is None else f"ground truth {facts.convention}; {predictions}"


def _run_json(root: Path) -> tuple[RunSettings, list[Path]]:
    """Settings and image roots of ``run.json``, empty where there is no such file."""
    file = root / "run.json"
    if not file.is_file():
        return RunSettings(), []
    try:
        value = json.loads(file.read_text("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise FormatError(f"run.json:{error.lineno}", f"malformed JSON at column {error.colno}: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise FormatError("run.json", f"expected UTF-8 text: {error.reason}") from None
    except (RecursionError, ValueError):
        raise FormatError("run.json", "malformed JSON: nested too deeply, or a number of too many digits") from None
    if not isinstance(value, dict):
        raise FormatError("run.json", f"expected an object, got {type(value).__name__}")
    unknown = sorted(set(value) - set(_FIELDS))
    if unknown:
        raise FormatError("run.json", f"unknown field {unknown[0]!r}: expected {', '.join(_FIELDS)}")
    for name in _FIELDS:
        stated = value.get(name)
        if name == "steps_per_epoch":
            wrong = stated is not None and not _is_rate(stated)
            expected = "a number above 0"
        elif name == "prediction_first_class":
            wrong = stated is not None and not _is_first_class(stated)
            expected = "0 or 1"
        elif name == "class_names":
            wrong = stated is not None and not isinstance(stated, (str, list, dict))
            expected = "a list, an object or a file"
        else:
            wrong = stated is not None and not isinstance(stated, str) and name != "images"
            expected = "text"
        if wrong:
            raise FormatError("run.json", f"{name}: expected {expected}, got {stated!r}")
    stated_roots = value.get("images") or []
    stated_roots = [stated_roots] if isinstance(stated_roots, str) else stated_roots
    if not isinstance(stated_roots, list) or not all(isinstance(folder, str) for folder in stated_roots):
        raise FormatError("run.json", f"images: expected a folder or a list of folders, got {stated_roots!r}")
    roots = [root / folder for folder in stated_roots]
    for folder in roots:
        if not folder.is_dir():
            raise FormatError("run.json", f"images: {folder}: no such folder")
    settings = {name: value.get(name) for name in RunSettings.__slots__}
    settings["class_names"] = _stated_class_names(root, value.get("class_names"))
    return RunSettings(**settings), roots


def _stated_class_names(root: Path, stated: Any) -> dict[str, str] | None:
    """Class names that ``run.json`` gives, or names a file of."""
    if not isinstance(stated, str):
        return None if stated is None else named_classes(stated, "run.json: class_names")
    file = (root / stated).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise FormatError("run.json", f"class_names: {stated}: no such file in the run's folder")
    return read_class_names(Source.at(file, root))


def _ground_truth_file(root: Path) -> Path | None:
    found = sorted([*root.glob("ground_truth.*"), *root.glob("ground_truth")])
    if len(found) > 1:
        raise EvalWidgetError(f"{root.name}: ground truth twice: {', '.join(f.name for f in found)}; keep one")
    return found[0] if found else None


def _prediction_files(folder: Path) -> list[Path]:
    """What may hold predictions in a folder: a file or a folder a step; hidden ones are an editor's or a system's."""
    found = [entry for entry in sorted(folder.iterdir()) if entry.name[0] != "."]
    return [entry for entry in found if entry.suffix.lower() in _SUFFIXES or entry.is_dir()]


def _by_step(files: Iterable[Path], root: Path | None) -> dict[int, Path]:
    steps: dict[int, Path] = {}
    for file in files:
        step = step_of(file.name)
        shown = Source.at(file, root).shown
        if step is None:
            raise EvalWidgetError(f"{shown}: no step in the file name; expected one such as step-000500{file.suffix}")
        if step in steps:
            raise EvalWidgetError(
                f"{shown}: two files for step {step}; the other is {Source.at(steps[step], root).shown}"
            )
        steps[step] = file
    return steps


def _content(given: Any, shown: str, arrays_shown: str | None = None) -> Content:
    """What the caller named: a file, a folder, several files that belong together, or a DataFrame or arrays by image in
    their place, which messages call ``shown``."""
    if isinstance(given, Mapping):
        return Content.of_arrays(given, arrays_shown or shown)
    if isinstance(given, pd.DataFrame):
        return Content.of_frame(given, shown)
    if isinstance(given, (list, tuple)) and given:
        return Content([Source.at(_path(part)) for part in given])
    return Content([Source.at(_path(given))])


def _path(path: Any) -> Path:
    if not isinstance(path, (str, Path)):
        raise EvalWidgetError(f"expected a path or a DataFrame, got {type(path).__name__}")
    if not Path(path).exists():
        raise EvalWidgetError(f"{path}: no such file")
    return Path(path)


def _step_number(step: Any) -> int:
    if isinstance(step, bool) or not hasattr(step, "__index__") or int(step) < 0:
        raise EvalWidgetError(f"predictions: expected steps as whole numbers of 0 or more, got {step!r}")
    return int(step)
