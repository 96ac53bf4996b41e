"""Imports only lead down the floors of the house, and heavy packages are imported where they are needed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "evalwidget"
#: From the ground up; modules of one floor may import each other.
FLOORS = [
    {
        *("errors", "garbage", "boxes", "tables", "labels", "locations", "natural_order", "readable_text", "records"),
        *("guide", "arguments", "number_texts"),
    },
    {"metrics", "outputs", "images", "specimens", "conventions"},
    {"formats", "assembly", "item_index", "joins", "data", "resized"},
    {"checkpoints"},
    {"scoring", "folder", "saving"},
    {"dynamics"},
    {"diagnosis"},
    {"dataframes", "description"},
    {"inspection"},
    {"cli"},
    {"__main__"},
    {
        *("widget", "widget.protocol", "widget.messages", "widget.colours", "widget.analysis", "widget.failures"),
        *("widget.filters", "widget.overlays", "widget.server", "widget.box_drawing", "widget.note_drawing"),
        *("widget.shown_specimen", "widget.panel_texts", "widget.place"),
    },
    {"widget.eval_widget"},
    {"run"},
    {"demo_runs", "comparison", "widget.panel_pair"},
    {"__init__"},
]
FLOOR = {name: level for level, names in enumerate(FLOORS) for name in names}
#: Imported inside a function: the faces' of the widgets, so that scores need no front end; slow and optional packages;
#: ipycanvas, which only overlays and the pair of panels need.
LATE = {
    ("__init__", "evalwidget.widget.panel_pair"),
    ("run", "evalwidget.widget.eval_widget"),
    ("widget.overlays.collection", "evalwidget.widget.overlays.canvas"),
    ("data", "tqdm.auto"),
    ("locations", "upath"),
    ("formats.saved", "pyarrow"),
    ("formats.saved", "pyarrow.parquet"),
    ("metrics.bleu", "sacrebleu.metrics.bleu"),
    ("metrics.bleu", "sacrebleu.tokenizers.tokenizer_13a"),
    ("metrics.masks", "pycocotools"),
    ("metrics.masks", "pycocotools.coco"),
    ("metrics.masks", "pycocotools.cocoeval"),
    ("metrics.plugins", "bert_score.utils"),
    ("metrics.plugins", "sentence_transformers"),
}
#: Imported for type checkers only.
FOR_TYPES = {
    ("__init__", "evalwidget.widget.panel_pair"),
    ("run", "evalwidget.widget.eval_widget"),
}
IMPORTERS = {
    "PIL": {"images"},
    "anywidget": {"widget.eval_widget"},
    "traitlets": {"widget.eval_widget", "widget.panel_pair", "widget.place"},
    "pandas": {
        "dataframes.scores",
        "dataframes.best_step",
        "dataframes.coco_scores",
        "dataframes.error_tables",
        "dataframes.diagnosis_tables",
        "dataframes.learning_tables",
        "dataframes.mask_tables",
        "dataframes.reading_tables",
        "dataframes.change_tables",
        "comparison",
        "dataframes.slice_tables",
        "folder",
        "inspection",
        "run",
        "formats.frames",
        "formats.content",
        "formats.hugging_face",
    },
    "bert_score": {"metrics.plugins"},
    "ipycanvas": {"widget.overlays.canvas", "widget.panel_pair"},
    "ipywidgets": {"widget.overlays.canvas", "widget.panel_pair"},
    "defusedxml": {"formats.xml_source"},
    "msgspec": {"formats.json_columns", "formats.json_lines", "formats.plain_columns"},
    "pyarrow": {"formats.saved"},
    "pycocotools": {"metrics.masks"},
    "rapidfuzz": {"metrics.text", "metrics.word_changes"},
    "tqdm": {"data"},
    "upath": {"locations"},
    "sacrebleu": {"metrics.bleu"},
    "sentence_transformers": {"metrics.plugins"},
    "yaml": {"formats.yaml_source"},
}


class Import(NamedTuple):
    importer: str
    imported: str
    is_late: bool
    is_for_types: bool


def imports_of(file: Path) -> Iterator[Import]:
    """Every import of a module, also inside functions; the importer is named from the package on."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    importer = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

    def visit(node: ast.AST, is_late: bool, is_for_types: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(importer, alias.name, is_late, is_for_types)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{importer}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(importer, inner if is_module(inner) else str(node.module), is_late, is_for_types)
        for child in ast.iter_child_nodes(node):
            late = is_late or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            types = is_for_types or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
            yield from visit(child, late, types)

    yield from visit(ast.parse(file.read_text("utf-8")), False, False)


def is_module(name: str) -> bool:
    path = PACKAGE.parent / Path(*name.split("."))
    return name.startswith("evalwidget.") and (path.with_suffix(".py").is_file() or (path / "__init__.py").is_file())


def floor_of(module: str) -> int:
    """The floor of a module, or of the package it is in."""
    own = module.removeprefix("evalwidget").removeprefix(".") or "__init__"
    return FLOOR[own] if own in FLOOR else FLOOR[own.split(".")[0]]


IMPORTS = [found for file in sorted(PACKAGE.rglob("*.py")) for found in imports_of(file)]
OURS = [found for found in IMPORTS if found.imported.split(".")[0] == "evalwidget"]


def test_every_module_has_a_floor() -> None:
    files = [file.relative_to(PACKAGE).with_suffix("").parts for file in PACKAGE.rglob("*.py")]
    assert len(files) > 30
    assert len(OURS) > 80
    for parts in files:
        floor_of(".".join(("evalwidget", *parts)).removesuffix(".__init__"))


def test_nothing_imports_upward() -> None:
    upward = {
        (found.importer, found.imported)
        for found in OURS
        if floor_of(found.imported) > floor_of(found.importer) and not found.is_for_types
    }
    assert upward == set()


def test_what_is_imported_late_or_for_types_only() -> None:
    late = {(found.importer, found.imported) for found in IMPORTS if found.is_late}
    for_types = {(found.importer, found.imported) for found in IMPORTS if found.is_for_types}
    assert late == LATE
    assert for_types == FOR_TYPES


@pytest.mark.parametrize("package", sorted(IMPORTERS))
def test_who_imports_a_package_of_others(package: str) -> None:
    assert {found.importer for found in IMPORTS if found.imported.split(".")[0] == package} == IMPORTERS[package]


def test_only_these_packages_of_others_are_imported() -> None:
    roots = {found.imported.split(".")[0] for found in IMPORTS} - set(sys.stdlib_module_names)
    assert roots == {"evalwidget", "numpy", *IMPORTERS}


def test_importing_evalwidget_imports_nothing_heavy() -> None:
    heavy = [
        "torch",
        "transformers",
        "sentence_transformers",
        "bert_score",
        "nltk",
        "dask",
        "anywidget",
        "ipycanvas",
        "ipywidgets",
        "sacrebleu",
        "pycocotools",
        "IPython",
        "sklearn",
        "matplotlib",
    ]
    code = f"import sys, evalwidget; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stdout.strip() == "[]"
