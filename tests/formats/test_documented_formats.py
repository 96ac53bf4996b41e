"""Every format has a section in docs/formats.md, and every example there is read in the format it is said to be in."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from evalwidget.formats import (
    FORMATS,
    Content,
    GroundTruthOptions,
    PredictionOptions,
    Source,
    format_of_ground_truth,
    format_of_predictions,
    read_ground_truth,
    read_predictions,
)
from evalwidget.records import Records

TEXT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### [^\n`]*\(`([\w-]+)`\)\n(.*?)(?=^##|\Z)", TEXT, re.M | re.S))
EXAMPLE = re.compile(r"^```(\w+) (ground_truth|predictions) (\S+)\n(.*?)^```$", re.M | re.S)


def content_of(section: str, side: str, folder: Path) -> Content | None:
    """The example files of one side: alone, together, or as the folder that their names begin with; or arrays."""
    tops: list[str] = []
    for language, found, name, text in EXAMPLE.findall(section):
        if found != side:
            continue
        if language == "python":
            return Content.of_arrays(ast.literal_eval(text), name)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        tops += [top for top in [name.split("/")[0]] if top not in tops]
    return Content([Source.at(folder / top, folder) for top in tops]) if tops else None


def held(records: Records) -> int:
    return sum(len(part.owner) for part in records.boxes) + len(records.questions) + len(records.answers)


def test_every_format_has_a_section():
    assert set(SECTIONS) == {known.key for known in FORMATS}
    assert len({known.key for known in FORMATS}) == len(FORMATS)


#: Written by run.save alone, and tried in test_saving.py.
WRITTEN_BY_US = {"saved"}


@pytest.mark.parametrize("key", sorted(set(SECTIONS) - WRITTEN_BY_US))
def test_examples_are_read(key: str, tmp_path: Path):
    truth = content_of(SECTIONS[key], "ground_truth", tmp_path / "truth")
    found = content_of(SECTIONS[key], "predictions", tmp_path / "predictions")
    assert truth or found
    options = PredictionOptions(output_format="qwen3-vl")
    if truth is not None:
        assert format_of_ground_truth(truth).key == key
        records, facts = read_ground_truth(truth, GroundTruthOptions())
        assert held(records)
        options = replace(
            options, convention=facts.convention, categories=facts.categories, answers=bool(records.questions)
        )
    if found is not None:
        assert format_of_predictions(found).key == key
        assert held(read_predictions(found, options))
