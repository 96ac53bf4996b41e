"""A run written to a folder of Parquet tables, which opens as the same run."""

import json
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from evalwidget.data import RunData
from evalwidget.errors import EvalWidgetError
from evalwidget.formats.saved import write_records
from evalwidget.images import IMAGE_SUFFIXES, EncodedImage, ImageFolders, stored_bytes
from evalwidget.locations import is_remote, located

__all__ = ["save_run"]


def save_run(data: RunData, path: str | Path, *, copy_images: bool) -> None:
    """Write ``data`` as a run folder at ``path``, which must not exist or be empty; a folder that cannot be finished
    is not left there. Raises ``EvalWidgetError``."""
    if is_remote(located(path)):
        raise EvalWidgetError(f"{path}: expected a folder on this machine; save there, then copy it")
    target = Path(path)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise EvalWidgetError(f"{target}: expected a folder that is new or empty, found something there")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as made:
        folder = Path(made) / "run"
        folder.mkdir()
        truth = data.read_ground_truth()
        if truth is not None:
            write_records(folder / "ground_truth", *truth)
        shown: set[str] = set()
        for step in data.steps:
            records = data.read_step(step)
            # those of the ground truth are shown, else of each name the first
            unseen = () if truth is not None else (name for name in records.images if name not in shown)
            records.images = {name: records.images[name] for name in unseen}
            shown.update(records.images)
            write_records(folder / "predictions" / f"step-{step:06d}", records)
        images = _images(data, folder, target, copy_images)
        about = {**data.stated, "name": data.name, "task": data.task, "images": images}
        (folder / "run.json").write_text(
            json.dumps(about, ensure_ascii=False, indent=2) + "\n", "utf-8", "backslashreplace"
        )
        if target.exists():
            target.rmdir()
        shutil.move(folder, target)


def _images(data: RunData, folder: Path, target: Path, copy_images: bool) -> list[str] | dict[str, str]:
    """What ``run.json`` says of images: their folders, seen from ``target``, or files in ``folder`` that they were
    copied to."""
    if isinstance(data.images, ImageFolders) and not copy_images:
        if data.images.is_remote:
            return [str(root) for root in data.images.roots]
        return [Path(os.path.relpath(root, target.resolve())).as_posix() for root in data.images.roots]
    copies = _copied_images(data, folder / "images")
    if not copies:
        return []
    copied = ImageFolders([folder / "images"])
    for row, image in enumerate(data.specimens.images):
        identifier = data.specimens.identifiers[row]
        found = copied.find(image or identifier)
        if (None if isinstance(found, EncodedImage) else found) != copies.get(identifier):
            return {name: file.relative_to(folder.resolve()).as_posix() for name, file in copies.items()}
    return ["images"]


def _copied_images(data: RunData, folder: Path) -> dict[str, Path]:
    """The images that the run's store has, written into ``folder``: the file of each by its specimen. A file is called
    as the data call the image, where that is a path below ``folder`` which is free, else by a number."""
    copies: dict[str, Path] = {}
    for row, identifier in enumerate(data.specimens.identifiers):
        content = stored_bytes(data.image_of_store(row))
        if content is None:
            continue
        name = PurePosixPath((data.specimens.images[row] or identifier).replace("\\", "/"))
        file = folder / (name.name if name.is_absolute() or ".." in name.parts else name)
        if not _has_written(file, content):
            file = folder / f"{row:06d}{name.suffix if name.suffix.lower() in IMAGE_SUFFIXES else ''}"
            while file.exists():
                file = file.with_stem(f"{file.stem}_")
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        copies[identifier] = file.resolve()
    return copies


def _has_written(file: Path, content: bytes) -> bool:
    """Whether ``file`` now holds ``content``: not where it holds something else, or no file can be called so."""
    try:
        if file.exists():
            return file.is_file() and file.read_bytes() == content
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except (OSError, ValueError):
        return False
    return True
