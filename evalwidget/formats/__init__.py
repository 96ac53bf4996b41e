"""Formats on disk: a file a format, and here the registry that recognises them by extension and content."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats import coco, plain, vi
from evalwidget.formats.coco_ground_truth import regular_ground_truth
from evalwidget.formats.coco_results import regular_results
from evalwidget.formats.json_source import Source, read_json, read_records
from evalwidget.formats.options import GroundTruthFacts, PredictionOptions
from evalwidget.records import Records

__all__ = ["GroundTruthFacts", "PredictionOptions", "Source", "read_ground_truth", "read_predictions"]

_EXPECTED = "expected plain JSONL, Vi JSONL (.jsonl) or COCO (.json)"


def read_ground_truth(source: Source, order: str | None, scale: str | None) -> tuple[Records, GroundTruthFacts]:
    """Read ground truth in whatever known format ``source`` is. ``order`` and ``scale`` overrule what is detected."""
    if not source.is_jsonl:
        _check_suffix(source)
        regular = regular_ground_truth(source)
        if regular is not None:
            records, categories = regular
            return records, GroundTruthFacts("COCO", Convention("xywh"), categories)
        value = read_json(source)
        if coco.is_ground_truth(value):
            records = coco.ground_truth_records(value, source)
            return records, GroundTruthFacts("COCO", Convention("xywh"), coco.categories_of(value, source))
        if not isinstance(value, list):
            raise FormatError(source.shown, f"{_EXPECTED}, found JSON with {_outline(value)}")
    rows, is_vi = _recognised(source)
    records = (
        vi.ground_truth_records(rows, scale) if is_vi else plain.ground_truth_records(rows, order or "xyxy", scale)
    )
    return records, GroundTruthFacts("Vi JSONL" if is_vi else "plain JSONL", records.boxes[0].convention)


def read_predictions(source: Source, options: PredictionOptions) -> Records:
    """Read the predictions of one step in whatever known format ``source`` is."""
    if not source.is_jsonl:
        _check_suffix(source)
        records = regular_results(source, options.categories)
        if records is not None:
            return records
        value = read_json(source)
        if coco.is_results(value):
            return coco.prediction_records(value, source, options.categories)
        if not isinstance(value, list):
            raise FormatError(source.shown, f"{_EXPECTED} results, found JSON with {_outline(value)}")
    rows, is_vi = _recognised(source)
    return vi.prediction_records(rows, options) if is_vi else plain.prediction_records(rows, options)


def _recognised(source: Source) -> tuple[Iterator[tuple[str, dict[str, Any]]], bool]:
    rows = read_records(source)
    first = next(rows, None)
    if first is None:
        return iter(()), False
    return chain([first], rows), vi.is_vi(first[1])


def _check_suffix(source: Source) -> None:
    if source.path.suffix.lower() != ".json":
        raise FormatError(source.shown, f"{_EXPECTED}, found a file ending in {source.path.suffix or 'nothing'!r}")


def _outline(value: Any) -> str:
    return f"keys {sorted(value)[:5]}" if isinstance(value, dict) else type(value).__name__
