"""What lies where a path leads, looked at once: every format tells by it whether it is the one."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from evalwidget.errors import FormatError
from evalwidget.formats.json_columns import object_parts
from evalwidget.formats.json_source import Row, Source, checked_object, decoded_text, field, read_json, read_records
from evalwidget.readable_text import readable

__all__ = ["Content", "checked_frame", "renamed_frame"]

_JSONL = (".jsonl", ".ndjson")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_FRAMES = {".parquet": pd.read_parquet, ".xlsx": pd.read_excel}
_PEEK = 65_536
_LARGEST_CELL = 2**30


class Content:
    """A file, a folder, several files that belong together, or a DataFrame or arrays by image in their place.

    What is asked for is read once and kept. Everything raises ``FormatError`` about a file that cannot be decoded.
    ``columns`` gives fields of rows another name: theirs by ours.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        frame: pd.DataFrame | None = None,
        columns: Mapping[str, str] | None = None,
        arrays: Mapping[Any, Any] | None = None,
    ) -> None:
        self.sources = tuple(sources)
        self._frame = frame
        self._columns = dict(columns or {})
        self.arrays = arrays

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, shown: str) -> "Content":
        """A frame in the place of a file; ``shown`` names it in messages. Raises ``FormatError`` as ``checked_frame``
        does."""
        return cls([Source.named(shown)], checked_frame(frame, shown))

    @classmethod
    def of_arrays(cls, arrays: Mapping[Any, Any], shown: str) -> "Content":
        """Boxes by image, as Python objects, in the place of a file; ``shown`` names them in messages."""
        return cls([Source.named(shown)], arrays=arrays)

    def with_columns(self, columns: Mapping[str, str]) -> "Content":
        """The same with fields of its rows renamed; ``columns`` gives the source's name by the one that is read."""
        return Content(self.sources, self._frame, columns, self.arrays)

    @property
    def source(self) -> Source:
        """The one source, or the first of several."""
        return self.sources[0]

    @property
    def shown(self) -> str:
        return ", ".join(source.shown for source in self.sources)

    @cached_property
    def parts(self) -> list["Content"]:
        """Each source on its own."""
        return [self] if len(self.sources) == 1 else [self.of(source) for source in self.sources]

    @cached_property
    def is_folder(self) -> bool:
        return self._is_one_file and self.source.is_folder

    @cached_property
    def children(self) -> list[Source]:
        """The files and folders of a folder, sorted by name; none for anything else."""
        return self.source.children() if self.is_folder else []

    @property
    def suffix(self) -> str:
        """The file name's extension in lower case; empty for a folder, a frame and several files."""
        return self.source.suffix if self._is_one_file and not self.is_folder else ""

    @cached_property
    def peek(self) -> str:
        """The first 64 KB as text, for telling formats apart; empty for what is not one file."""
        if not self._is_one_file or self.is_folder:
            return ""
        return self.source.start(_PEEK).decode("utf-8-sig", "replace").lstrip()

    @property
    def is_json_list(self) -> bool:
        return self.suffix == ".json" and self.peek.startswith("[")

    @property
    def is_json_object(self) -> bool:
        return self.suffix == ".json" and self.peek.startswith("{")

    @property
    def is_json_rows(self) -> bool:
        """JSONL, or a list in a ``.json`` file."""
        return self.suffix in _JSONL or self.is_json_list

    @cached_property
    def document(self) -> Any:
        """The value of a ``.json`` file; None for anything else."""
        return read_json(self.source) if self.suffix == ".json" else None

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names in a ``.json`` file that holds one object, of whose values nothing is decoded; else empty."""
        return frozenset(self.fields if self._values is None else self._values)

    def first_in(self, name: str) -> dict[str, Any]:
        """The first object of the list that a ``.json`` file has under ``name``, decoded alone; else empty."""
        text = None if self._values is None else self._values.get(name)
        if text is None:
            return {}
        try:
            start = bytes(text[:_PEEK]).decode("utf-8", "replace")
            value, _ = json.JSONDecoder().raw_decode(start, start.index("{"))
        except (ValueError, RecursionError):
            found = self.fields.get(name)
            value = found[0] if isinstance(found, list) and found else {}
        return value if isinstance(value, dict) and bytes(text[:_PEEK]).lstrip().startswith(b"[") else {}

    @cached_property
    def _values(self) -> dict[str, memoryview] | None:
        """The text of each value of an object; None where it cannot be told so."""
        return object_parts(self.source.content()) if self.is_json_object else {}

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The value of a ``.json`` file that holds one object; empty for anything else."""
        return self.document if self.is_json_object and isinstance(self.document, dict) else {}

    @property
    def lines(self) -> Source | None:
        """The JSONL file whose rows are read under their own names; None for anything else."""
        return self.source if self.suffix in _JSONL and not self._columns else None

    @property
    def is_text_table(self) -> bool:
        """CSV or TSV, whose cells are all text."""
        return self.suffix in _DELIMITERS

    @cached_property
    def frame(self) -> pd.DataFrame | None:
        """The table of a DataFrame, a Parquet file, an Excel sheet, CSV or TSV; None for anything else."""
        if self.is_text_table:
            return pd.DataFrame.from_records([row for _, row in self.rows()]).replace({"": None})
        found = self._unnamed_frame
        return None if found is None else renamed_frame(found, self._columns)

    @cached_property
    def _unnamed_frame(self) -> pd.DataFrame | None:
        """The table of a DataFrame, a Parquet file or an Excel sheet under its own names."""
        if self._frame is not None or self.suffix not in _FRAMES:
            return self._frame
        content = self.source.content()
        try:
            frame = _FRAMES[self.suffix](io.BytesIO(content))
        except ImportError as error:
            raise FormatError(self.shown, f"reading {self.suffix} needs another package: {error}") from None
        except Exception as error:  # readers of binary files raise what they like
            raise FormatError(self.shown, f"not a {self.suffix} file: {error!s:.200}") from None
        return checked_frame(frame, self.shown)

    @cached_property
    def first(self) -> dict[str, Any]:
        """The first row; empty where there are no rows, or it is not an object."""
        if self.is_json_list:
            try:
                value, _ = json.JSONDecoder().raw_decode(self.peek, self.peek.index("{"))
            except (ValueError, RecursionError):
                value = self.document[0] if isinstance(self.document, list) and self.document else {}
            return _renamed(value, self._columns) if isinstance(value, dict) else {}
        return next((row for _, row in self.rows()), {})

    def rows(self, names: Sequence[str] | None = None) -> Iterator[Row]:
        """``(where, row)`` of every line of JSONL, object of a JSON list, or row of a table; cells of CSV and TSV are
        text. Nothing for other content. ``names`` are those of the columns of CSV or TSV without a header."""
        for where, row in self._rows(names):
            yield where, _renamed(row, self._columns)

    def named_rows(self) -> Iterator[Row]:
        """The rows of all parts under their own names, also those in an object's lists; a list of texts counts as the
        names of columns."""
        for part in self.parts:
            yield from part._rows()
            for name, value in part.fields.items():
                rows = value if isinstance(value, list) else []
                yield from ((f"{part.shown}: {name}", row) for row in rows if isinstance(row, dict))
                if rows and all(isinstance(cell, str) for cell in rows):
                    yield f"{part.shown}: {name}", dict.fromkeys(rows)

    def renamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row that was made of this content, with its fields renamed as the caller asked."""
        return _renamed(row, self._columns)

    def of(self, source: Source) -> "Content":
        """One file of this folder on its own."""
        return Content([source], None, self._columns)

    def objects(self, name: str) -> Iterator[Row]:
        """``(where, row)`` of every object in the list that a ``.json`` file's field ``name`` holds."""
        found = field(self.fields, name, list, self.shown) or []
        for place, record in enumerate(found):
            where = f"{self.shown}: {name}[{place}]"
            yield where, _renamed(checked_object(where, record), self._columns)

    def _rows(self, names: Sequence[str] | None = None) -> Iterator[Row]:
        if self._frame is not None or self.suffix in _FRAMES:
            yield from _frame_rows(self._unnamed_frame, self.shown)
        elif self.is_text_table:
            yield from _delimited_rows(self.source, _DELIMITERS[self.suffix], names)
        elif self.suffix in _JSONL:
            yield from read_records(self.source)
        elif self.is_json_list:
            for place, record in enumerate(self.document):
                where = f"{self.shown}: [{place}]"
                yield where, checked_object(where, record)

    @property
    def _is_one_file(self) -> bool:
        return self._frame is None and self.arrays is None and len(self.sources) == 1


def checked_frame(frame: Any, shown: str) -> pd.DataFrame:
    """``frame``, which must be a DataFrame whose columns have names that tell them apart. Raises ``FormatError``."""
    if not isinstance(frame, pd.DataFrame):
        raise FormatError(shown, f"expected a DataFrame, got {type(frame).__name__}")
    if frame.columns.nlevels > 1:
        raise FormatError(
            shown,
            f"expected columns of one level, found {frame.columns.nlevels}, such as {frame.columns[:1].tolist()}; name "
            "them with frame.columns = [...]",
        )
    names = pd.Index([str(name) for name in frame.columns])
    if names.has_duplicates:
        twice = str(names[names.duplicated()][0])
        raise FormatError(shown, f"several columns are called {twice!r}; rename all but the one that is meant")
    return frame


def renamed_frame(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """``frame`` with the columns that ``columns`` gives, theirs by ours, under our names."""
    taken = {ours: frame[theirs] for ours, theirs in columns.items() if theirs in frame}
    if not taken:
        return frame
    left = [name for name in frame.columns if name not in taken and name not in {columns[ours] for ours in taken}]
    return frame[left].assign(**taken)


def _renamed(row: dict[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    taken = {ours: row[theirs] for ours, theirs in columns.items() if theirs in row}
    if not taken:
        return row
    used = {columns[ours] for ours in taken}
    return {name: value for name, value in row.items() if name not in used and name not in taken} | taken


def _frame_rows(frame: pd.DataFrame | None, shown: str) -> Iterator[Row]:
    """Rows named by the frame's index, without the cells that are missing."""
    assert frame is not None
    names = [str(name) for name in frame.columns]
    for index, *cells in frame.itertuples(name=None):
        yield (
            f"{shown} row {index}",
            {name: _plain(cell) for name, cell in zip(names, cells, strict=True) if not _is_missing(cell)},
        )


def _plain(cell: Any) -> Any:
    """A cell as JSON would have it: Parquet's lists are arrays, also within one another."""
    if isinstance(cell, str):
        return readable(cell)
    if isinstance(cell, np.ndarray):
        return [_plain(part) for part in cell.tolist()]
    if isinstance(cell, (list, tuple)):
        return [_plain(part) for part in cell]
    if isinstance(cell, dict):
        return {name: _plain(part) for name, part in cell.items()}
    return cell.item() if isinstance(cell, np.generic) else cell


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and cell != cell)


def _delimited_rows(source: Source, delimiter: str, names: Sequence[str] | None) -> Iterator[Row]:
    lines = decoded_text(source).splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        names = _next_cells(reader) or [] if names is None else names
        while (cells := _next_cells(reader)) is not None:
            where = f"{source.shown}:{reader.line_num}"
            if len(cells) > len(names):
                raise FormatError(where, f"expected {len(names)} cells as in the header, got {len(cells)}")
            if any(cells):
                yield where, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise FormatError(f"{source.shown}:{reader.line_num}", f"malformed table: {error}") from None


def _next_cells(reader: Iterator[list[str]]) -> list[str] | None:
    """The next row, also where a cell holds an image: csv's own limit is too low, and the whole process's."""
    limit = csv.field_size_limit(_LARGEST_CELL)
    try:
        return next(reader, None)
    finally:
        csv.field_size_limit(limit)
