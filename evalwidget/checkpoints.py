"""Which checkpoint a file or folder is of, told from its name, and a training run's output folder."""

import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from evalwidget.errors import EvalWidgetError, FormatError
from evalwidget.formats import Content, Source, format_of_predictions

__all__ = ["by_step", "checkpoint_folders", "checkpoint_predictions", "folders_of_runs", "step_of"]

_STEP: Final = re.compile(
    r"(?:^|[^a-z])(?:steps?|checkpoint|ckpt|iter|iteration)[-_=]?(\d+)(?!\d|[km](?![a-z]))", re.IGNORECASE
)
_EPOCH: Final = re.compile(r"(?:^|[^a-z])epoch[-_=]?(\d+)", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"\.[A-Za-z]\w*$")
#: How deep below a checkpoint's folder predictions are looked for: ms-swift has <checkpoint>/infer_result/<date>.jsonl.
_DEPTH: Final = 3
_SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx", ".parquet")
#: What trainers and models keep beside a checkpoint, and is no prediction.
_NOT_PREDICTIONS: Final = (
    "*config*.json",
    "*index.json",
    "*tokenizer*",
    "*tokens*.json",
    "*vocab*",
    "merges*",
    "*state*.json",
    "all_results.json",
    "eval_results.json",
    "predict_results.json",
    "test_results.json",
    "train_results.json",
    "*metrics*.json",
    "*metadata*.json",
    "*args*.json",
    "*log*.json*",
    "chat_template*",
)


def step_of(name: str, steps_per_epoch: float | None = None) -> int | None:
    """The step in a file name such as ``step-000500``, ``checkpoint-500``, ``iter_500`` or ``500``; in one that names
    the epoch alone, such as ``epoch_3``, that of the epoch's end where ``steps_per_epoch`` is given. None: none."""
    stem = _EXTENSION.sub("", name)
    if stem.isdecimal():
        return int(stem)
    found = _STEP.findall(stem)
    if found:
        return int(found[-1])
    epochs = _EPOCH.findall(stem)
    return round(int(epochs[-1]) * steps_per_epoch) if epochs and steps_per_epoch else None


def by_step(files: Iterable[Path], root: Path | None, steps_per_epoch: float | None) -> dict[int, Path]:
    """Each file by the step that its name tells. Raises ``EvalWidgetError`` where one tells none, or two tell one."""
    steps: dict[int, Path] = {}
    for file in files:
        step = step_of(file.name, steps_per_epoch)
        shown = Source.at(file, root).shown
        if step is None:
            if _EPOCH.search(file.name):
                raise EvalWidgetError(f"{shown}: named by its epoch; pass steps_per_epoch= to tell its step")
            raise EvalWidgetError(f"{shown}: no step in the file name; expected one such as step-000500{file.suffix}")
        if step in steps:
            raise EvalWidgetError(
                f"{shown}: two files for step {step}; the other is {Source.at(steps[step], root).shown}"
            )
        steps[step] = file
    return steps


def checkpoint_folders(root: Path) -> list[Path]:
    """The folders directly below ``root`` that are named by a step or an epoch."""
    return [path for path in sorted(root.iterdir()) if path.is_dir() and step_of(path.name, 1.0) is not None]


def folders_of_runs(root: Path) -> list[Path]:
    """The folders directly below ``root`` that look like runs: with a ``run.json``, a folder ``predictions``, or a
    folder for each checkpoint."""
    return [path for path in sorted(root.iterdir()) if path.is_dir() and path.name[0] != "." and _is_run(path)]


def _is_run(folder: Path) -> bool:
    return (folder / "run.json").is_file() or (folder / "predictions").is_dir() or bool(checkpoint_folders(folder))


def checkpoint_predictions(
    root: Path, pattern: str | None, key: str | None, steps_per_epoch: float | None
) -> dict[int, Path]:
    """What holds the predictions in each checkpoint's folder below ``root``, by step; folders without any are left out.

    ``pattern`` names it from the checkpoint's folder on, with ``*`` for what varies; None looks for the one file, else
    the one folder, of a known format (the one with this ``key``, where given). Raises ``EvalWidgetError`` where there
    are several.
    """
    found: dict[Path, Path] = {}
    for folder in checkpoint_folders(root):
        files = sorted(folder.glob(pattern)) if pattern else _recognised(folder, root, key)
        if len(files) > 1:
            names = ", ".join(file.relative_to(folder).as_posix() for file in files[:5])
            kind = "folders" if files[0].is_dir() else "files"
            raise EvalWidgetError(
                f"{folder.name}: {len(files)} {kind} may hold its predictions ({names}); "
                "name the one as predictions='…', from the checkpoint's folder on"
            )
        if files:
            found[folder] = files[0]
    steps = by_step(found, root, steps_per_epoch)
    return {step: found[folder] for step, folder in steps.items()}


def _recognised(folder: Path, root: Path, key: str | None) -> list[Path]:
    """The files that hold predictions; where none does, the folders that do, such as one with a text file an image."""
    files = [file for file in _files(folder, _DEPTH) if _holds_predictions(Content([Source.at(file, root)]), key)]
    return files or list(_folders(folder, root, key, _DEPTH))


def _folders(folder: Path, root: Path, key: str | None, depth: int) -> Iterable[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_dir():
            continue
        if _holds_predictions(Content([Source.at(path, root)]), key):
            yield path
        elif depth > 1:
            yield from _folders(path, root, key, depth - 1)


def _files(folder: Path, depth: int) -> Iterable[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if depth > 1:
                yield from _files(path, depth - 1)
        elif path.suffix.lower() in _SUFFIXES and not any(fnmatch(path.name, name) for name in _NOT_PREDICTIONS):
            yield path


def _holds_predictions(content: Content, key: str | None) -> bool:
    try:
        return key in (None, format_of_predictions(content).key)
    except FormatError:
        return False
