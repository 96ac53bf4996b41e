"""What ``run.save`` writes: a folder of Parquet tables for the ground truth and for each step, read back without loss.

The folder holds ``records.json`` (conventions, labels, notes, and what reading the ground truth told) and the tables
``references``, ``boxes``, ``phrases``, ``questions``, ``answers`` and ``outputs``: the records as their source gave
them, so that what is read is what was read. A table without rows is left out. Needs pyarrow.
"""

import io
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from itertools import repeat, starmap
from pathlib import Path
from typing import Any, Final

import numpy as np

from evalwidget.boxes import PARSE_STATES, Convention
from evalwidget.errors import EvalWidgetError, FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Source, read_json
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.records import AnswerRow, BoxRows, BoxRowsBuilder, PhraseRow, QuestionRow, Records, Reference
from evalwidget.tables import Defect

__all__ = ["FORMATS", "write_records"]

_VERSION: Final = 1
_FILE: Final = "records.json"


def write_records(folder: Path, records: Records, facts: GroundTruthFacts | None = None) -> None:
    """Write ``records``, and for ground truth the ``facts`` about it, into the new ``folder``. Raises
    ``EvalWidgetError`` where pyarrow is not installed."""
    pyarrow = _pyarrow()
    folder.mkdir(parents=True)
    about = {
        "evalwidget": _VERSION,
        "boxes": [{"convention": asdict(part.convention), "labels": part.label_names} for part in records.boxes],
        "names_all": records.names_all,
        "notes": records.notes,
        "source": records.source,
        "format": records.format,
        "facts": None if facts is None else asdict(facts),
    }
    (folder / _FILE).write_text(json.dumps(about, ensure_ascii=False), "utf-8")
    for name, columns in _tables(records).items():
        if len(next(iter(columns.values()))):
            pyarrow.parquet.write_table(pyarrow.table(columns), folder / f"{name}.parquet", compression="zstd")


def _is_saved(content: Content) -> bool:
    return content.is_folder and any(child.path.name == _FILE for child in content.source.children())


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records, about = _read(content)
    facts = about.get("facts")
    if not isinstance(facts, dict):
        raise FormatError(f"{content.shown}/{_FILE}", "expected the facts of ground truth, found those of predictions")
    convention = Convention(**facts["convention"])
    return records, GroundTruthFacts(**(facts | {"convention": convention}))


def _predictions(content: Content, options: PredictionOptions) -> Records:
    return _read(content)[0]


def _tables(records: Records) -> dict[str, dict[str, Any]]:
    """The columns of each table."""
    return {
        "references": _columns(records.references, Reference),
        "boxes": _box_columns(records.boxes),
        "phrases": _columns(records.phrases, PhraseRow),
        "questions": _columns(records.questions, QuestionRow),
        "answers": _answer_columns(records.answers),
        "outputs": {"owner": list(records.outputs), "text": list(records.outputs.values())},
    }


def _columns(rows: Iterable[Any], kind: Any) -> dict[str, list[Any]]:
    rows = list(rows)
    return {name: [getattr(row, name) for row in rows] for name in kind.__slots__}


def _answer_columns(answers: list[AnswerRow]) -> dict[str, list[Any]]:
    columns = _columns(answers, AnswerRow)
    defects = columns.pop("defect")
    return columns | {
        "defect": [None if defect is None else defect.message for defect in defects],
        "raw": [None if defect is None else defect.raw for defect in defects],
    }


def _box_columns(parts: list[BoxRows]) -> dict[str, Any]:
    def joined(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts]) if parts else np.empty(0)

    values = joined("values").reshape(-1, 4)
    columns = {"part": np.repeat(np.arange(len(parts)), [len(part.owner) for part in parts])}
    columns |= {name: joined(name) for name in ("owner", "label", "score", "area", "crowd")}
    columns |= {f"value_{place + 1}": values[:, place] for place in range(4)}
    defects = [part.defects.get(row) for part in parts for row in range(len(part.owner))]
    masks = [mask for part in parts for mask in (part.masks or [None] * len(part.owner))]
    return columns | {
        "item": [item for part in parts for item in part.item],
        "state": [PARSE_STATES[state] for state in joined("state").astype(int)],
        "defect": [None if defect is None else defect.message for defect in defects],
        "raw": [None if defect is None else defect.raw for defect in defects],
        "mask": [None if mask is None else _json_text(mask) for mask in masks],
    }


def _read(content: Content) -> tuple[Records, dict[str, Any]]:
    """The records in a folder, and what ``records.json`` says about them. Raises ``FormatError`` about a folder that
    was changed or that another version wrote."""
    files = {child.path.name: child for child in content.source.children()}
    about = read_json(files[_FILE])
    if not isinstance(about, dict) or about.get("evalwidget") != _VERSION:
        raise FormatError(files[_FILE].shown, f"expected what evalwidget saved, version {_VERSION}; save the run again")
    tables = {name: _table(files.get(f"{name}.parquet")) for name in _tables(Records())}
    try:
        rows = _rows(tables["references"], Reference.__slots__)
        references = [replace(made, resized=_pair(made.resized)) for made in starmap(Reference, rows)]
        records = Records(
            references,
            _boxes(tables["boxes"], about["boxes"]),
            [PhraseRow(*row) for row in _rows(tables["phrases"], PhraseRow.__slots__)],
            [
                QuestionRow(owner, where, item, question, tuple(answers))
                for owner, where, item, question, answers in _rows(tables["questions"], QuestionRow.__slots__)
            ],
            _answers(tables["answers"]),
            dict(_rows(tables["outputs"], ("owner", "text"))),
            names_all=bool(about["names_all"]),
            notes=list(about["notes"]),
        )
    except (KeyError, IndexError, TypeError, ValueError, EvalWidgetError) as error:
        raise FormatError(content.shown, f"not as evalwidget saved it: {error!r:.200}; save the run again") from None
    _check_owners(records, content.shown)
    return records, about


def _answers(table: dict[str, Any]) -> list[AnswerRow]:
    columns = ("owner", "where", "item", "question", "text", "state", "defect", "raw")
    # what was saved before answers had a confidence has no column of it
    scores = table["score"].to_pylist() if "score" in table else repeat(None)
    return [
        AnswerRow(owner, where, item, question, text, state, None if defect is None else Defect(defect, raw), score)
        for (owner, where, item, question, text, state, defect, raw), score in zip(
            _rows(table, columns), scores, strict=False
        )
    ]


def _boxes(table: dict[str, Any], about: list[dict[str, Any]]) -> list[BoxRows]:
    if not table:
        return [_no_boxes(part) for part in about]
    found = []
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table}
    values = np.column_stack([columns[f"value_{place + 1}"].astype(np.float64) for place in range(4)])
    states = {name: place for place, name in enumerate(PARSE_STATES)}
    for place, part in enumerate(about):
        rows = np.flatnonzero(columns["part"] == place)
        defects = {
            new: Defect(columns["defect"][old], columns["raw"][old])
            for new, old in enumerate(rows.tolist())
            if columns["defect"][old] is not None
        }
        masks = [None if mask is None else mask.encode() for mask in columns["mask"][rows]]
        found.append(
            BoxRows(
                convention=Convention(**part["convention"]),
                owner=columns["owner"][rows].astype(np.int64),
                label=columns["label"][rows].astype(np.int32),
                label_names=[str(name) for name in part["labels"]],
                values=values[rows],
                score=columns["score"][rows].astype(np.float64),
                area=columns["area"][rows].astype(np.float64),
                crowd=columns["crowd"][rows].astype(np.bool_),
                state=np.array([states[name] for name in columns["state"][rows]], np.uint8),
                item=columns["item"][rows].astype(np.object_),
                defects=defects,
                masks=masks if any(mask is not None for mask in masks) else None,
            )
        )
    return found


def _no_boxes(part: dict[str, Any]) -> BoxRows:
    rows = BoxRowsBuilder(Convention(**part["convention"]), strict=False).rows()
    return replace(rows, label_names=[str(name) for name in part["labels"]])


def _table(source: Source | None) -> dict[str, Any]:
    """A table's columns by name; empty where there is no file."""
    if source is None:
        return {}
    pyarrow = _pyarrow()
    try:
        table = pyarrow.parquet.read_table(io.BytesIO(source.content()))
    except (pyarrow.ArrowException, OSError) as error:
        raise FormatError(source.shown, f"not a Parquet file: {error!s:.200}") from None
    return {name: table.column(name).combine_chunks() for name in table.column_names}


def _rows(table: dict[str, Any], names: Iterable[str]) -> Iterable[tuple[Any, ...]]:
    """The rows of a table, as Python values in the order of ``names``."""
    return zip(*(table[name].to_pylist() for name in names), strict=True) if table else ()


def _pair(value: Any) -> tuple[float, float] | None:
    """A width and a height, which Parquet has as a list."""
    if value is None:
        return None
    width, height = value
    return width, height


def _check_owners(records: Records, shown: str) -> None:
    count = len(records.references)
    owners = [row.owner for rows in (records.phrases, records.questions, records.answers) for row in rows]
    owners += [*records.outputs, *(int(owner) for part in records.boxes for owner in np.unique(part.owner))]
    labels_fit = all(
        not len(part.label) or -1 <= part.label.min() <= part.label.max() < len(part.label_names)
        for part in records.boxes
    )
    if not labels_fit or any(not 0 <= owner < count for owner in owners):
        raise FormatError(shown, "not as evalwidget saved it: a row names a record or label that is not there")


def _json_text(mask: Any) -> str:
    """A mask as JSON text, which is how a reader may have left it; compressed counts may be bytes."""
    return mask.decode() if isinstance(mask, bytes) else json.dumps(mask, default=lambda counts: bytes(counts).decode())


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise EvalWidgetError("Parquet needs pyarrow: pip install 'evalwidget[tables]'") from None
    return pyarrow


FORMATS: Final = (Format("saved", "a saved run", _is_saved, _ground_truth, _predictions),)
