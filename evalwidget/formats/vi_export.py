"""Datature Vi's export as a folder: ``dump/``, or ``training/`` and ``validation/``, each with ``images/`` and
``annotations/*.jsonl`` or ``*.json``, whose records are Vi JSONL. Images are found by ``asset.filename``, not by order.
``split`` names one of the folders, else all are read.

Source: vi-sdk 0.1.0b7 (vi/dataset/loaders).
"""

from collections.abc import Iterator
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Row, Source
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions
from evalwidget.formats.vi import ground_truth_records
from evalwidget.records import Records

__all__ = ["FORMATS"]

_SPLITS: Final = ("dump", "training", "validation")
_SUFFIXES: Final = (".json", ".jsonl", ".ndjson")


def _is_vi_export(content: Content) -> bool:
    return content.is_folder and bool(_splits(content.source))


def _splits(root: Source) -> dict[str, Source]:
    """The folder of annotations of each split."""
    folders = {name: child for child in root.children() if (name := child.name) in _SPLITS and child.is_folder}
    found = {name: [c for c in folder.children() if c.name == "annotations"] for name, folder in folders.items()}
    return {name: within[0] for name, within in found.items() if within and within[0].is_folder}


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    splits = _splits(content.source)
    if not splits:
        raise FormatError(content.shown, f"expected one of the folders {', '.join(_SPLITS)} with annotations in it")
    if options.split is not None and options.split not in splits:
        raise FormatError(content.shown, f"split {options.split!r}: expected one of {', '.join(splits)}")
    chosen = {name: folder for name, folder in splits.items() if options.split in (None, name)}
    rows = (row for name, folder in chosen.items() for row in _rows(name, folder))
    records, facts = ground_truth_records(rows, options)
    if len(chosen) > 1:
        records.notes.append(f"{content.shown}: all splits were read ({', '.join(chosen)}); name one as split=")
    return records, facts


def _rows(split: str, annotations: Source) -> Iterator[Row]:
    """The records of a split, their images named from the export's folder on."""
    for file in annotations.children():
        if file.suffix not in _SUFFIXES or file.is_folder:
            continue
        content = Content([file])
        for where, record in [(content.shown, content.fields)] if content.is_json_object else content.rows():
            yield where, _placed(record, f"{split}/images")


def _placed(record: dict[str, Any], folder: str) -> dict[str, Any]:
    asset = record.get("asset")
    if not isinstance(asset, dict) or not isinstance(asset.get("filename"), str):
        return record
    return record | {"asset": asset | {"filename": f"{folder}/{asset['filename']}"}}


FORMATS: Final = (Format("vi-export", "Vi export", _is_vi_export, _ground_truth, has_splits=True),)
