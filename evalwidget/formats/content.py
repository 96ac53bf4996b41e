"""What lies where a path leads, looked at once: every format tells by it whether it is the one."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import Row, Source, checked_object, decoded_text, read_json, read_records

__all__ = ["Content"]

_JSONL = (".jsonl", ".ndjson")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_FRAMES = {".parquet": pd.read_parquet, ".xlsx": pd.read_excel}
_PEEK = 65_536


class Content:
    """A file, a folder, several files that belong together, or a DataFrame or arrays by image in their place.

    What is asked for is read once and kept. Everything raises ``FormatError`` about a file that cannot be decoded.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        frame: pd.DataFrame | None = None,
        arrays: Mapping[Any, Any] | None = None,
    ) -> None:
        self.sources = tuple(sources)
        self._frame = frame
        self.arrays = arrays

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, shown: str) -> "Content":
        """A frame in the place of a file; ``shown`` names it in messages."""
        return cls([Source.named(shown)], frame)

    @classmethod
    def of_arrays(cls, arrays: Mapping[Any, Any], shown: str) -> "Content":
        """Boxes by image, as Python objects, in the place of a file; ``shown`` names them in messages."""
        return cls([Source.named(shown)], arrays=arrays)

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
        return [self] if len(self.sources) == 1 else [Content([source]) for source in self.sources]

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
    def fields(self) -> dict[str, Any]:
        """The value of a ``.json`` file that holds one object; empty for anything else."""
        return self.document if self.is_json_object and isinstance(self.document, dict) else {}

    @property
    def is_text_table(self) -> bool:
        """CSV or TSV, whose cells are all text."""
        return self.suffix in _DELIMITERS

    @cached_property
    def frame(self) -> pd.DataFrame | None:
        """The table of a DataFrame, a Parquet file, an Excel sheet, CSV or TSV; None for anything else."""
        if self.is_text_table:
            return pd.DataFrame.from_records([row for _, row in self.rows()]).replace({"": None})
        if self._frame is not None or self.suffix not in _FRAMES:
            return self._frame
        try:
            return _FRAMES[self.suffix](self.source.path)
        except ImportError as error:
            raise FormatError(self.shown, f"reading {self.suffix} needs another package: {error}") from None
        except Exception as error:  # readers of binary files raise what they like
            raise FormatError(self.shown, f"not a {self.suffix} file: {error}") from None

    @cached_property
    def first(self) -> dict[str, Any]:
        """The first row; empty where there are no rows, or it is not an object."""
        if self.is_json_list:
            try:
                value, _ = json.JSONDecoder().raw_decode(self.peek, self.peek.index("{"))
            except (ValueError, RecursionError):
                value = self.document[0] if isinstance(self.document, list) and self.document else {}
            return value if isinstance(value, dict) else {}
        return next((row for _, row in self.rows()), {})

    def rows(self, names: Sequence[str] | None = None) -> Iterator[Row]:
        """``(where, row)`` of every line of JSONL, object of a JSON list, or row of a table; cells of CSV and TSV are
        text. Nothing for other content. ``names`` are those of the columns of CSV or TSV without a header."""
        if self._frame is not None or self.suffix in _FRAMES:
            yield from _frame_rows(self.frame, self.shown)
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


def _frame_rows(frame: pd.DataFrame | None, shown: str) -> Iterator[Row]:
    """Rows named by the frame's index, without the cells that are missing."""
    assert frame is not None
    names = [str(name) for name in frame.columns]
    for index, *cells in frame.itertuples(name=None):
        yield (
            f"{shown} row {index}",
            {name: cell for name, cell in zip(names, cells, strict=True) if not _is_missing(cell)},
        )


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and cell != cell)


def _delimited_rows(source: Source, delimiter: str, names: Sequence[str] | None) -> Iterator[Row]:
    lines = decoded_text(source).splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        names = next(reader, []) if names is None else names
        for cells in reader:
            where = f"{source.shown}:{reader.line_num}"
            if len(cells) > len(names):
                raise FormatError(where, f"expected {len(names)} cells as in the header, got {len(cells)}")
            if any(cells):
                yield where, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise FormatError(f"{source.shown}:{reader.line_num}", f"malformed table: {error}") from None
