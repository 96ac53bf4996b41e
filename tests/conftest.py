"""Run folders to write, and the real data to read."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def write_lines(file: Path, records: Iterable[Any]) -> None:
    """One record a line; a text stands as it is, so that it may be malformed."""
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


@pytest.fixture
def write_run(tmp_path: Path) -> Callable[..., Path]:
    """``write_run(truth, {step: predictions}, settings)`` writes a run folder and returns its path."""
    written = 0

    def write(truth: Any, steps: Mapping[int | str, Any], settings: Any = None) -> Path:
        nonlocal written
        written += 1
        return write_folder(tmp_path / f"run{written}", truth, steps, settings)

    return write


@pytest.fixture
def real_data() -> Path:
    """The folder of published data; the test is skipped where it is not there."""
    folder = Path(os.environ.get("EVALWIDGET_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"real data: no folder {folder}; set EVALWIDGET_REAL_DATA")
    return folder
