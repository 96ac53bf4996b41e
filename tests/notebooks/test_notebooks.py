"""The notebooks run from top to bottom, and are committed without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.notebooks


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["01-quickstart", "02-vqa", "03-which-checkpoint", "05-draw-your-own"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_without_outputs(path):
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.id for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    monkeypatch.setenv("EVALWIDGET_REAL_DATA", str(tmp_path))
    shown = outputs_of(path, tmp_path)
    widgets = [output for output in shown if "application/vnd.jupyter.widget-view+json" in output.get("data", {})]
    assert len(widgets) == (2 if path.stem == "05-draw-your-own" else 1)
    assert [output for output in shown if output.output_type in ("error", "stream")] == []


def test_which_model_is_decided_where_the_data_are_and_left_out_where_not(real_data, tmp_path, monkeypatch):
    path = ROOT / "notebooks" / "03-which-checkpoint.ipynb"
    monkeypatch.setenv("EVALWIDGET_REAL_DATA", str(tmp_path))
    without = outputs_of(path, tmp_path)
    assert without[-1].data["text/markdown"].startswith("**The files are not here")
    monkeypatch.setenv("EVALWIDGET_REAL_DATA", str(real_data.resolve()))
    shown = outputs_of(path, tmp_path)
    assert len(shown) > len(without)
    assert [output for output in shown if output.output_type in ("error", "stream")] == []
    assert shown[-1].data["text/markdown"].startswith("### Decision")


def outputs_of(path, folder):
    """What a notebook shows, executed in a folder. Raises where a cell does."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]
