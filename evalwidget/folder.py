"""Runs on disk: the run folder, and files named one by one, as the sources that ``RunData`` reads."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd

from evalwidget.boxes import Convention
from evalwidget.checkpoints import by_step, checkpoint_folders, checkpoint_predictions, folders_of_runs
from evalwidget.conventions import SAID, STATED, Expected, largest_number
from evalwidget.data import TEXT_TASKS, RunData, task_named
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
from evalwidget.formats.content import checked_frame, renamed_frame
from evalwidget.formats.frames import predictions_by_step
from evalwidget.formats.hugging_face import frame_of_dataset, has_splits, is_dataset, one_split
from evalwidget.garbage import collection_paused
from evalwidget.images import ImageFolders, ImageMapping, ImageStore
from evalwidget.joins import checked_method
from evalwidget.locations import exists, is_location, is_remote, located
from evalwidget.readable_text import readable
from evalwidget.records import Records
from evalwidget.resized import PixelLimits, is_pixel_limit

__all__ = [
    "RunSettings",
    "open_files",
    "open_folder",
    "open_frames",
    "open_source",
    "settings_of",
]

_LARGEST_STEP: Final = 2**53  # the browser's numbers are exact up to here
_RATE: Final = "a number above 0, and at most 2**53"
#: What a folder of predictions may hold a step in, besides a folder a step.
_SUFFIXES: Final = frozenset(
    [".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx", ".parquet", ".txt", ".xml", ".pkl", ".pth"]
)


#: Settings that count also once the records have been read.
_BEYOND_RECORDS: Final = (
    "steps_per_epoch",
    "coordinates",
    "box_order",
    "prediction_coordinates",
    "prediction_box_order",
    "min_pixels",
    "max_pixels",
    "join",
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
    min_pixels: float | None = None
    max_pixels: float | None = None
    ground_truth_format: str | None = None
    prediction_format: str | None = None
    columns: Mapping[str, str] | None = None
    join: str | None = None
    split: str | None = None
    class_names: Mapping[str, str] | None = None
    prediction_first_class: int | None = None

    def __post_init__(self) -> None:
        checked_method(self.join)
        if self.steps_per_epoch is not None and not _is_rate(self.steps_per_epoch):
            raise EvalWidgetError(f"steps_per_epoch: expected {_RATE}, got {_shown(self.steps_per_epoch)}")
        if self.columns is not None and not _are_columns(self.columns):
            raise EvalWidgetError(f"columns: expected the source's name by each of ours, got {self.columns!r:.60}")
        first = self.prediction_first_class
        if first is not None and not _is_first_class(first):
            raise EvalWidgetError(f"prediction_first_class: expected 0 or 1, got {first!r}")

    @property
    def pixel_limits(self) -> PixelLimits:
        """Raises ``EvalWidgetError``."""
        return PixelLimits(self.min_pixels, self.max_pixels)

    def or_else(self, other: "RunSettings") -> "RunSettings":
        """These settings, with those of ``other`` where these say nothing."""
        names = self.__slots__
        return RunSettings(**{n: getattr(other, n) if getattr(self, n) is None else getattr(self, n) for n in names})


def _is_rate(value: object) -> bool:
    """Whether ``value`` can be the steps per epoch: every step has a finite epoch then."""
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and 1 / _LARGEST_STEP <= value <= _LARGEST_STEP
    )


def _shown(value: object) -> str:
    """``value`` for a message; Python writes no whole number of thousands of digits."""
    return "one too large" if isinstance(value, int) and abs(value) > _LARGEST_STEP else f"{value!r:.60}"


def _are_columns(value: object) -> bool:
    """Whether ``value`` can give fields another name."""
    return isinstance(value, Mapping) and all(isinstance(name, str) for pair in value.items() for name in pair)


def _is_first_class(value: object) -> bool:
    """Whether ``value`` can be the number from which classes are counted."""
    return value in (0, 1) and not isinstance(value, (bool, float))


def settings_of(**given: Any) -> RunSettings:
    """The settings that a caller gives; class names may be a list, a mapping by id, or a file of names. Raises
    ``TypeError`` about a setting that there is not."""
    names = given.get("class_names")
    if is_location(names):
        given["class_names"] = read_class_names(Source.at(_path(names, "class_names")))
    elif names is not None:
        given["class_names"] = named_classes(names, "class_names")
    return RunSettings(**given)


def open_source(
    path: str | Path | None, ground_truth: Any, predictions: Any, settings: RunSettings, images: Any
) -> RunData:
    """The run in a folder, or of files named one by one where ``path`` is None."""
    if path is None:
        return open_files(ground_truth, predictions, settings, images)
    if not is_location(path):
        raise EvalWidgetError(
            f"expected the path of a folder, got {type(path).__name__}; pass data as ground_truth= and "
            "predictions={step: …}"
        )
    if predictions is not None and not isinstance(predictions, str):
        raise EvalWidgetError("expected a folder, or ground_truth= and predictions=, got both")
    return open_folder(located(path), ground_truth, predictions, settings, images)


def open_folder(path: Path, ground_truth: Any, pattern: str | None, settings: RunSettings, images: Any) -> RunData:
    """The run in a folder: one that ``docs/run-folder.md`` describes, or a training run's output, with a folder for
    each checkpoint, in which ``pattern`` names the file of predictions. ``ground_truth`` is what the caller names."""
    root = path.resolve()
    if not exists(path):
        raise EvalWidgetError(f"{path}: no such folder")
    if not path.is_dir():
        raise EvalWidgetError(
            f"{path}: expected a run folder, found a file; pass files as ground_truth= and predictions="
        )
    stated, roots = _run_json(root)
    settings = settings.or_else(stated).or_else(RunSettings(name=root.name))
    truth: Content | None
    if ground_truth is not None:
        truth, settings = _given_truth(ground_truth, settings)
    else:
        file = _ground_truth_file(root)
        truth = None if file is None else Content([Source.at(file, root)])
    files = _prediction_files(root, path, pattern, settings)
    steps = {step: Content([Source.at(file, root)]) for step, file in files.items()}
    if images is None:
        images = roots or [folder for folder in (root / "images",) if folder.is_dir()]
    return _run_data(truth, steps, settings, images)


def open_files(ground_truth: Any, predictions: Any, settings: RunSettings, images: Any) -> RunData:
    """A run of files named one by one: predictions by step, in a list, or in a folder; frames go in their place."""
    truth: Content | None = None
    split = settings.split
    if ground_truth is not None:
        truth, settings = _given_truth(ground_truth, settings)
    if is_dataset(predictions):
        raise EvalWidgetError("predictions: expected data by step, got a dataset; pass predictions={500: dataset}")
    if isinstance(predictions, Mapping):
        numbered = [(_step_number(step), item) for step, item in predictions.items()]
        steps = {step: _content(item, "predictions", f"predictions[{step}]", split) for step, item in numbered}
    elif is_location(predictions):
        folder = located(predictions)
        if not folder.is_dir():
            raise EvalWidgetError(
                f"{folder}: no such folder; give predictions as {{step: file}} or as a folder of files"
            )
        files = by_step(_entries(folder), folder, settings.steps_per_epoch)
        steps = {step: Content([Source.at(file)]) for step, file in files.items()}
    elif isinstance(predictions, pd.DataFrame) or not isinstance(predictions, Iterable | None):
        raise EvalWidgetError(
            f"predictions: expected files by step, got {type(predictions).__name__}; Run.from_frames takes DataFrames"
        )
    else:
        named = by_step([_path(file, "predictions") for file in predictions or ()], None, settings.steps_per_epoch)
        steps = {step: Content([Source.at(file)]) for step, file in named.items()}
    if not steps:
        raise EvalWidgetError("no predictions: pass predictions={500: 'step500.json', …}")
    return _run_data(truth, steps, settings.or_else(RunSettings(name="run")), images)


def open_frames(
    ground_truth: pd.DataFrame | None, predictions: pd.DataFrame, settings: RunSettings, images: Any
) -> RunData:
    """A run of two frames; ``predictions`` holds all steps."""
    columns = dict(settings.columns or {})
    step = columns.pop("step", None)
    named = checked_frame(predictions, "predictions")
    named = named if step is None else renamed_frame(named, {"step": step})
    settings = replace(settings, columns=columns or None)
    steps = {step: Content.of_frame(rows, "predictions") for step, rows in predictions_by_step(named).items()}
    truth = None if ground_truth is None else Content.of_frame(ground_truth, "ground truth")
    return _run_data(truth, steps, settings.or_else(RunSettings(name="run")), images)


def _image_store(images: Any) -> ImageStore:
    """Where images come from: a folder, several, or a mapping by specimen."""
    if isinstance(images, Mapping):
        return ImageMapping(images)
    folders = [located(folder) for folder in ([images] if is_location(images) else list(images or ()))]
    for folder in folders:
        if not is_remote(folder) and not folder.is_dir():
            raise EvalWidgetError(f"images: {folder}: no such folder")
    return ImageFolders(folders)


@collection_paused()
def _run_data(truth: Content | None, steps: Mapping[int, Content], settings: RunSettings, images: Any) -> RunData:
    if settings.columns:
        truth = truth and truth.with_columns(settings.columns)
        steps = {step: content.with_columns(settings.columns) for step, content in steps.items()}
        _check_columns(settings.columns, [*([truth] if truth else []), *list(steps.values())[:1]])
    if (last := max(steps, default=0)) > _LARGEST_STEP:
        raise EvalWidgetError(f"{steps[last].shown}: its step is larger than 2**53")
    notes: list[str] = []
    facts = GroundTruthFacts("none")
    records: Records | None = None
    read: Callable[[], tuple[Records, GroundTruthFacts]] | None = None
    if truth is not None:
        asked = GroundTruthOptions(settings.box_order, settings.coordinates, settings.class_names, settings.split)
        read = partial(read_ground_truth, truth, asked, settings.ground_truth_format)
        records, facts = read()
        notes += records.notes
    else:
        notes.append("no ground truth: predictions are shown, and nothing is scored")
    expected = _expected(settings, facts)
    options = PredictionOptions(
        expected.convention,
        facts.categories if settings.class_names is None else settings.class_names,
        settings.output_format,
        answers=bool(records.questions) if records is not None else _asks_for_text(settings.task),
        stated=any((settings.prediction_box_order, settings.prediction_coordinates)),
        order=settings.prediction_box_order,
        scale=settings.prediction_coordinates,
        open_order=settings.prediction_box_order or settings.box_order,
        open_scale=settings.prediction_coordinates or settings.coordinates,
        first_class=settings.prediction_first_class,
    )
    readers: dict[int, Callable[[], Records]] = {
        step: partial(read_predictions, content, options, settings.prediction_format) for step, content in steps.items()
    }
    return RunData(
        name=readable(settings.name or "run"),
        task=settings.task,
        steps_per_epoch=settings.steps_per_epoch,
        ground_truth=records,
        readers=readers,
        ground_truth_reader=read,
        images=_image_store(images or [folder.path for folder in facts.images]),
        ground_truth_format=facts.format,
        likely_task=facts.task,
        convention=facts.convention,
        convention_why=_why(settings, facts, records),
        expected=expected,
        join=settings.join,
        pixel_limits=settings.pixel_limits,
        notes=notes,
        stated={name: value for name in _BEYOND_RECORDS if (value := getattr(settings, name)) is not None},
    )


def _asks_for_text(task: str | None) -> bool:
    return task is not None and task_named(task) in TEXT_TASKS


def _check_columns(columns: Mapping[str, str], contents: Iterable[Content]) -> None:
    """Raise ``EvalWidgetError`` for a column that neither ground truth nor the first step's predictions have."""
    wanted = dict(columns)
    names: dict[str, None] = {}
    for content in contents:
        for _, row in content.named_rows():
            wanted = {ours: theirs for ours, theirs in wanted.items() if theirs not in row}
            names |= dict.fromkeys(row)
            if not wanted:
                return
    if wanted:
        theirs = next(iter(wanted.values()))
        raise EvalWidgetError(f"columns: no column {theirs!r}; found {', '.join(names) or 'no rows'}")


def _expected(settings: RunSettings, facts: GroundTruthFacts) -> Expected:
    """How predictions are written whose format does not say it: as the caller says, else as the ground truth is."""
    scale = settings.prediction_coordinates or settings.coordinates
    order = settings.prediction_box_order or settings.box_order
    has_order = facts.is_told  # else the order is the format's own
    has_truth = facts.format != "none"
    return Expected(
        Convention(order or (facts.convention.order if has_order else "xyxy"), scale or facts.convention.scale),
        STATED if scale else "as the ground truth" if has_truth else "the usual",
        STATED if order else "as the ground truth" if has_order else "the usual",
    )


def _why(settings: RunSettings, facts: GroundTruthFacts, records: Records | None) -> str:
    """Why ground truth was taken to be in its convention."""
    if not facts.is_told:
        return SAID
    parts = [] if records is None else records.boxes
    told = f"told by the largest number {largest_number(parts):.4g}"
    return Expected(
        facts.convention, STATED if settings.coordinates else told, STATED if settings.box_order else "the usual"
    ).why(facts.convention)


def _fields() -> tuple[str, ...]:
    """The fields of ``run.json``."""
    return (*RunSettings.__slots__, "images")


def _run_json(root: Path) -> tuple[RunSettings, list[Path] | dict[str, Path]]:
    """Settings of ``run.json``, and the image folders or the images by specimen that it names; empty where there is no
    such file."""
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
    unknown = sorted(set(value) - set(_fields()))
    if unknown:
        raise FormatError("run.json", f"unknown field {unknown[0]!r}: expected {', '.join(_fields())}")
    for name in _fields():
        stated = value.get(name)
        if name == "steps_per_epoch":
            wrong = stated is not None and not _is_rate(stated)
            expected = _RATE
        elif name in ("min_pixels", "max_pixels"):
            wrong = stated is not None and not is_pixel_limit(stated)
            expected = "a number above 0"
        elif name == "columns":
            wrong = stated is not None and not _are_columns(stated)
            expected = "an object of texts"
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
            raise FormatError("run.json", f"{name}: expected {expected}, got {_shown(stated)}")
    settings = {name: value.get(name) for name in RunSettings.__slots__}
    settings["class_names"] = _stated_class_names(root, value.get("class_names"))
    return RunSettings(**settings), _stated_images(root, value.get("images") or [])


def _stated_images(root: Path, stated: Any) -> list[Path] | dict[str, Path]:
    """The image folders that ``run.json`` names, or the file of each specimen."""
    stated = [stated] if isinstance(stated, str) else stated
    named = list(stated.values()) if isinstance(stated, dict) else stated
    if not isinstance(named, list) or not all(isinstance(path, str) for path in named):
        raise FormatError(
            "run.json", f"images: expected a folder, a list of folders, or files by specimen, got {stated!r:.200}"
        )
    if isinstance(stated, dict):
        return {specimen: located(file, root) for specimen, file in stated.items()}
    roots = [located(folder, root) for folder in named]
    for folder in roots:
        if not is_remote(folder) and not folder.is_dir():
            raise FormatError("run.json", f"images: {folder}: no such folder")
    return roots


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


def _prediction_files(root: Path, path: Path, pattern: str | None, settings: RunSettings) -> dict[int, Path]:
    """What holds the predictions of each step: in the folder ``predictions``, else in the folders of checkpoints."""
    folder = root / "predictions"
    if folder.is_dir() and pattern is None:
        if not (entries := _entries(folder)):
            raise EvalWidgetError(f"{path}: no predictions: expected files such as predictions/step-000500.jsonl")
        return by_step(entries, root, settings.steps_per_epoch)
    files = checkpoint_predictions(root, pattern, settings.prediction_format, settings.steps_per_epoch)
    if files:
        return files
    checkpoints = [checkpoint.name for checkpoint in checkpoint_folders(root)]
    if checkpoints:
        sought = f"named {pattern!r}" if pattern else "of a format that docs/formats.md lists"
        raise EvalWidgetError(
            f"{path}: no predictions: the folders of checkpoints ({', '.join(checkpoints[:3])}) hold no file {sought}"
        )
    below = [folder.name for folder in folders_of_runs(root)]
    if below:
        first = ", ".join(below[:3]) + ", …" * (len(below) > 3)
        raise EvalWidgetError(
            f"{path}: no predictions, but folders that look like runs ({first}): open one of them, such as "
            f"{path / below[0]}"
        )
    raise EvalWidgetError(
        f"{path}: no predictions: expected a folder 'predictions' with a file for each step, "
        "or a folder for each checkpoint, such as checkpoint-500"
    )


def _entries(folder: Path) -> list[Path]:
    """What may hold predictions in a folder: a file or a folder a step; hidden ones are an editor's or a system's."""
    found = [entry for entry in sorted(folder.iterdir()) if entry.name[0] != "."]
    return [entry for entry in found if entry.suffix.lower() in _SUFFIXES or entry.is_dir()]


def _given_truth(given: Any, settings: RunSettings) -> tuple[Content, RunSettings]:
    """The ground truth that the caller named, and the settings that are left: a dataset of several splits gives up the
    one that is asked for here."""
    content = _content(given, "ground truth", split=settings.split)
    return content, replace(settings, split=None) if has_splits(given) else settings


def _content(given: Any, shown: str, arrays_shown: str | None = None, split: str | None = None) -> Content:
    """What the caller named: a file, a folder, several files that belong together, or a DataFrame or arrays by image in
    their place, which messages call ``shown``; of a dataset of several splits the one called ``split``."""
    if isinstance(given, pd.DataFrame):
        return Content.of_frame(given, shown)
    if has_splits(given):
        given = one_split(given, split, arrays_shown or shown)
    if is_dataset(given):
        return Content.of_frame(frame_of_dataset(given), shown)
    if isinstance(given, Mapping):
        return Content.of_arrays(given, arrays_shown or shown)
    if isinstance(given, (list, tuple)) and given:
        return Content([Source.at(_path(part, arrays_shown or shown)) for part in given])
    return Content([Source.at(_path(given, arrays_shown or shown))])


def _path(path: Any, shown: str) -> Path:
    """The path that the caller gave as ``shown``. Raises ``EvalWidgetError`` where nothing lies there."""
    if not is_location(path):
        raise EvalWidgetError(f"{shown}: expected a path or a DataFrame, got {type(path).__name__}")
    found = located(path)
    if not exists(found):
        raise EvalWidgetError(f"{path}: no such file")
    return found


def _step_number(step: Any) -> int:
    if isinstance(step, bool) or not hasattr(step, "__index__") or int(step) < 0:
        raise EvalWidgetError(f"predictions: expected steps as whole numbers of 0 or more, got {_shown(step)}")
    if int(step) > _LARGEST_STEP:
        raise EvalWidgetError("predictions: a step is larger than 2**53")
    return int(step)
