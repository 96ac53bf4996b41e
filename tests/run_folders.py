"""Run folders written for tests."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_lines(file: Path, records: Iterable[Any]) -> None:
    """One record a line; a text stands as it is, so that it may be malformed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8", "surrogatepass")


def write_folder(root: Path, truth: Any, steps: Mapping[int | str, Any], settings: Any = None) -> Path:
    """Write a run folder: lists of records as JSONL, or COCO JSON where ``truth`` is a dict."""
    (root / "predictions").mkdir(parents=True)
    is_coco = isinstance(truth, dict)
    if is_coco:
        (root / "ground_truth.json").write_text(json.dumps(truth), "utf-8")
    elif truth is not None:
        write_lines(root / "ground_truth.jsonl", truth)
    for step, records in steps.items():
        stem = step if isinstance(step, str) else f"step-{step:06d}"
        if is_coco:
            (root / "predictions" / f"{stem}.json").write_text(json.dumps(records), "utf-8")
        else:
            write_lines(root / "predictions" / f"{stem}.jsonl", records)
    if settings is not None:
        (root / "run.json").write_text(settings if isinstance(settings, str) else json.dumps(settings), "utf-8")
    return root
