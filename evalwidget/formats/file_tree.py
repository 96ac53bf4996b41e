"""The files below a folder, found by paths that another machine wrote."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath

from evalwidget.formats.json_source import Source
from evalwidget.images import IMAGE_SUFFIXES

__all__ = ["FileTree", "without_suffix"]


class FileTree:
    """All files below a folder by their path from there. What a list or a setting names is looked for by as much of its
    end as lies below, so that nothing outside the folder is ever opened."""

    def __init__(self, root: Source) -> None:
        self.root = root
        self.files = root.files()

    def find(self, path: str) -> Source | None:
        """The file whose path is the longest end of ``path``."""
        return next((self.files[tail] for tail in _tails(path) if tail in self.files), None)

    def folder(self, path: str) -> str | None:
        """The folder that is the longest end of ``path``, from the root on and with a slash at its end; empty for the
        root itself."""
        tails = [f"{tail}/" for tail in _tails(path)]
        return next((tail for tail in tails if tail in self._folders), None if tails else "")

    def below(self, folder: str) -> dict[str, Source]:
        """The files below a folder of the tree."""
        return {path: file for path, file in self.files.items() if path.startswith(folder)}

    @cached_property
    def images(self) -> dict[str, str]:
        """Paths of images by the same without their extension."""
        return {without_suffix(path): path for path, file in self.files.items() if file.suffix in IMAGE_SUFFIXES}

    def image_folders(self) -> tuple[Source, ...]:
        """The folders that hold images."""
        return tuple(dict.fromkeys(self.files[path].folder for path in self.images.values()))

    @cached_property
    def _folders(self) -> set[str]:
        ends = {PurePosixPath(path).parent for path in self.files}
        return {f"{folder}/" for end in ends for folder in (end, *end.parents) if folder.name}


def without_suffix(path: str) -> str:
    """``path`` without the extension of its file name."""
    return path[: path.rindex(".")] if "." in path.rpartition("/")[2] else path


def _tails(path: str) -> Iterator[str]:
    """``path`` from each of its parts on, the longest first."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    for start in range(len(parts)):
        yield "/".join(parts[start:])
