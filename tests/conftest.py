"""Run folders to write, and the real data to read."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from run_folders import write_folder

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def write_run(tmp_path: Path) -> Callable[..., Path]:
    """``write_run(truth, {step: predictions}, settings)`` writes a run folder and returns its path."""
    written = 0

    def write(truth: Any, steps: Mapping[int | str, Any], settings: Any = None) -> Path:
        nonlocal written
        written += 1
        return write_folder(tmp_path / f"run{written}", truth, steps, settings)

    return write


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published data; the test is skipped where it is not there."""
    folder = Path(os.environ.get("EVALWIDGET_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"real data: no folder {folder}; set EVALWIDGET_REAL_DATA")
    return folder
