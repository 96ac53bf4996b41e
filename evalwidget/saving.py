"""A run written to a folder of Parquet tables, which opens as the same run."""

import json
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from evalwidget.data import RunData
from evalwidget.errors import EvalWidgetError
from evalwidget.formats.saved import write_records
from evalwidget.images import ImageFolders, stored_bytes
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
        for step in data.steps:
            write_records(folder / "predictions" / f"step-{step:06d}", data.read_step(step))
        images = _image_folders(data, folder, target, copy_images)
        about = {**data.stated, "name": data.name, "task": data.task, "images": images}
        (folder / "run.json").write_text(
            json.dumps(about, ensure_ascii=False, indent=2) + "\n", "utf-8", "backslashreplace"
        )
        if target.exists():
            target.rmdir()
        shutil.move(folder, target)


def _image_folders(data: RunData, folder: Path, target: Path, copy_images: bool) -> list[str]:
    """The folders that ``run.json`` names, seen from ``target``; images that lie in none are copied into ``folder``."""
    if isinstance(data.images, ImageFolders) and not copy_images:
        if data.images.is_remote:
            return [str(root) for root in data.images.roots]
        return [Path(os.path.relpath(root, target.resolve())).as_posix() for root in data.images.roots]
    copied = False
    for row, identifier in enumerate(data.specimens.identifiers):
        content = stored_bytes(data.found_image(row))
        if content is None:
            continue
        name = PurePosixPath((data.specimens.images[row] or identifier).replace("\\", "/"))
        safe = not name.is_absolute() and ".." not in name.parts
        file = folder / "images" / (name if safe else name.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        copied = True
    return ["images"] if copied else []
