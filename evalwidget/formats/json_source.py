"""JSON and JSONL files, decoded with errors that name file and line."""

import codecs
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.locations import is_remote
from evalwidget.readable_text import readable

__all__ = [
    "Row",
    "Source",
    "checked_object",
    "decoded_text",
    "field",
    "fits_float",
    "line_blocks",
    "objects_in",
    "read_json",
    "read_records",
    "required",
]

#: Where a row stands, for messages, and what it holds.
Row = tuple[str, dict[str, Any]]

#: Bytes of lines decoded at once: what they become stays in the processor's cache.
_BLOCK: Final = 1 << 16

#: An escaped half of a character: harmless where its other half follows.
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder, and how messages name it. Readers ask it, not ``path``, for what it holds and is called: all
    that it says of its name is ``readable``."""

    path: Path
    shown: str

    @classmethod
    def at(cls, path: Path, root: Path | None = None) -> "Source":
        """``path``, shown from ``root`` on where it lies below it."""
        if root is not None and path.is_relative_to(root):
            return cls(path, readable(path.relative_to(root).as_posix()))
        return cls(path, readable(path.as_posix()))

    @classmethod
    def named(cls, shown: str) -> "Source":
        """No file, but what stands in the place of one and has a name."""
        return cls(Path(), shown)

    @property
    def suffix(self) -> str:
        """The file name's extension in lower case, with its dot."""
        return readable(self.path.suffix.lower())

    @property
    def name(self) -> str:
        return readable(self.path.name)

    @property
    def stem(self) -> str:
        """The file name without its last extension."""
        return readable(self.path.stem)

    @property
    def folder(self) -> "Source":
        """The folder that a file is in."""
        return Source(self.path.parent, self.shown.rpartition("/")[0] or ".")

    @property
    def is_folder(self) -> bool:
        return self.path.is_dir()

    def children(self) -> list["Source"]:
        """The files and folders of a folder, sorted by name, without hidden ones."""
        found = sorted(self.path.iterdir(), key=lambda path: path.name)
        return [Source(path, self._shown_below(path.name)) for path in found if not path.name.startswith(".")]

    def files(self, most: int = 1_000_000) -> dict[str, "Source"]:
        """Every file below a folder by its path from there, sorted; hidden ones and links to folders are left out.
        Raises ``FormatError`` for more than ``most``."""
        found: dict[str, Source] = {}
        for start, names in _walked(self.path):
            for name in names:
                found[readable(start + name)] = Source(self.path / f"{start}{name}", self._shown_below(start + name))
            if len(found) > most:
                raise FormatError(self.shown, f"more than {most:,} files lie below; name the folder that is meant")
        return found

    def _shown_below(self, path: str) -> str:
        return readable(path) if self.shown in ("", ".") else f"{self.shown}/{readable(path)}"

    def content(self) -> bytes:
        """All bytes. Raises ``FormatError`` for a file that cannot be read."""
        try:
            return self.path.read_bytes()
        except Exception as error:  # file systems of others raise what they like
            raise FormatError(self.shown, f"cannot be read: {_reason(error)}") from None

    def chunks(self, count: int) -> Iterator[bytes]:
        """All bytes, ``count`` at a time, read as they are asked for. Raises ``FormatError`` as ``content`` does."""
        try:
            with self.path.open("rb") if is_remote(self.path) else self.path.open("rb", buffering=0) as file:
                while chunk := file.read(count):
                    yield chunk
        except Exception as error:  # file systems of others raise what they like
            raise FormatError(self.shown, f"cannot be read: {_reason(error)}") from None

    def start(self, count: int) -> bytes:
        """The first ``count`` bytes. Raises ``FormatError`` as ``content`` does."""
        return next(self.chunks(count), b"")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _walked(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Every folder below ``root``, as the start of the paths in it, with its files; sorted, without hidden ones."""
    if is_remote(root):
        left = [("", root)]
        while left:
            start, folder = left.pop(0)
            inside = sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=lambda p: p.name)
            yield start, [path.name for path in inside if not path.is_dir()]
            left += [(f"{start}{path.name}/", path) for path in inside if path.is_dir()]
        return
    for name, folders, files in os.walk(root):
        folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
        own = Path(name)
        start = "" if own == root else f"{own.relative_to(root).as_posix()}/"
        yield start, sorted(file for file in files if not file.startswith("."))


def read_json(source: Source) -> Any:
    """The value that a JSON file holds. Raises ``FormatError`` naming line and column where it is malformed."""
    return _decoded(decoded_text(source), source.shown)


def read_records(source: Source) -> Iterator[Row]:
    """Each object in a JSONL file, which is read as they are asked for; blank lines are skipped."""
    first = 1
    for text in line_blocks(source):
        for number, line in enumerate(_utf8(text, source, first).split("\n"), start=first):
            if line.strip():
                where = f"{source.shown}:{number}"
                yield where, checked_object(where, _decoded(line, where))
        first += text.count(b"\n")


def line_blocks(source: Source) -> Iterator[bytes]:
    """The bytes of a file without a byte order mark, some whole lines at a time, read as they are asked for."""
    parts: list[bytes] = []
    start = codecs.BOM_UTF8
    for chunk in source.chunks(_BLOCK):
        end = chunk.rfind(b"\n") + 1
        if end:
            block, parts = b"".join([*parts, chunk[:end]]).removeprefix(start), []
            start = b""
            yield block
        parts.append(chunk[end:])
    yield b"".join(parts).removeprefix(start)


def field(record: dict[str, Any], name: str, kinds: type | tuple[type, ...], where: str) -> Any:
    """``record[name]``, checked; None where it is absent or null. Raises ``FormatError`` for another kind of value."""
    value = record.get(name)
    if value is None:
        return None
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        names = " or ".join(dict.fromkeys(_KINDS[kind] for kind in (kinds if isinstance(kinds, tuple) else (kinds,))))
        raise FormatError(where, f"{name}: expected {names}, got {_kind(value)}")
    if isinstance(value, int) and not fits_float(value):
        raise FormatError(where, f"{name}: the number is too large")
    return value


def required(record: dict[str, Any], name: str, kinds: type | tuple[type, ...], where: str) -> Any:
    """``record[name]``, checked as ``field`` does. Raises ``FormatError`` where it is absent, null or empty text."""
    value = field(record, name, kinds, where)
    if value is None or value == "":
        raise FormatError(where, f"expected {name!r}, found {sorted(map(str, record))}")
    return value


def objects_in(record: dict[str, Any], name: str, where: str) -> list[Row]:
    """``(where, object)`` of each in the list ``record[name]``, none where that is absent. Raises ``FormatError``."""
    return [
        (at := f"{where}{'.' if where.endswith(']') else ': '}{name}[{place}]", checked_object(at, entry))
        for place, entry in enumerate(field(record, name, list, where) or [])
    ]


def fits_float(value: float) -> bool:
    """Whether float64 can hold ``value``: JSON's integers have no end."""
    return not isinstance(value, int) or abs(value) <= _LARGEST_FLOAT


def _decoded(text: str, where: str) -> Any:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        at = where if error.lineno == 1 else f"{where}:{error.lineno}"
        raise FormatError(at, f"malformed JSON at column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise FormatError(where, "malformed JSON: nested too deeply") from None
    except ValueError:
        raise FormatError(where, _TOO_LONG) from None
    return _without_surrogates(value) if _SURROGATE.search(text) else value


def _without_surrogates(value: Any) -> Any:
    """``value`` with half characters, which JSON can escape and no message can carry, replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_surrogates(part) for part in value]
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(part) for name, part in value.items()}
    return value


def checked_object(where: str, value: Any) -> dict[str, Any]:
    """``value``, which must be an object. Raises ``FormatError``."""
    if not isinstance(value, dict):
        raise FormatError(where, f"expected an object, got {_kind(value)}")
    return value


def decoded_text(source: Source) -> str:
    """All text of a UTF-8 file, without a byte order mark. Raises ``FormatError``."""
    return _utf8(source.content().removeprefix(codecs.BOM_UTF8), source)


def _utf8(text: bytes, source: Source, first: int = 1) -> str:
    """``text`` decoded, which starts with line ``first`` of the source. Raises ``FormatError``."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line = first + text[: error.start].count(b"\n")
        raise FormatError(f"{source.shown}:{line}", f"expected UTF-8 text: {error.reason}") from None


_LARGEST_FLOAT = int(sys.float_info.max)
_TOO_LONG = "malformed JSON: a number of more digits than can be read"
_KINDS = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number", bool: "true or false"}


def _kind(value: Any) -> str:
    return "null" if value is None else _KINDS.get(type(value), type(value).__name__)
