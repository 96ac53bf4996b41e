"""Every format has a section in docs/formats.md, and every example there is read in the format it is said to be in."""

from dataclasses import replace
from pathlib import Path

import fsspec
import pytest
from documented_formats import SECTIONS, example_content
from upath import UPath

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


def held(records: Records) -> int:
    return sum(len(part.owner) for part in records.boxes) + len(records.questions) + len(records.answers)


def test_every_format_has_a_section():
    assert set(SECTIONS) == {known.key for known in FORMATS}
    assert len({known.key for known in FORMATS}) == len(FORMATS)


#: Written by run.save alone, and tried in test_saving.py.
WRITTEN_BY_US = {"saved"}


@pytest.mark.parametrize("key", sorted(set(SECTIONS) - WRITTEN_BY_US))
def test_examples_are_read(key: str, tmp_path: Path):
    truth = example_content(SECTIONS[key], "ground_truth", tmp_path / "truth")
    found = example_content(SECTIONS[key], "predictions", tmp_path / "predictions")
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


@pytest.mark.parametrize("key", sorted(set(SECTIONS) - WRITTEN_BY_US))
@pytest.mark.parametrize("side", ["ground_truth", "predictions"])
def test_examples_are_read_alike_where_they_lie_on_another_machine(key: str, side: str, tmp_path: Path):
    here = example_content(SECTIONS[key], side, tmp_path)
    if here is None or here.arrays is not None:
        return
    memory = fsspec.filesystem("memory")
    memory.put(str(tmp_path), f"/{key}", recursive=True)
    try:
        root = UPath(f"memory://{key}")
        there = Content([Source.at(root / part.path.name, root) for part in here.sources])
        assert not isinstance(there.source.path, Path)
        if side == "ground_truth":
            assert repr(read_ground_truth(there, GroundTruthOptions())[0]) == repr(
                read_ground_truth(here, GroundTruthOptions())[0]
            )
        else:
            options = PredictionOptions(output_format="qwen3-vl", order="xywh" if key == "scores-first" else None)
            assert repr(read_predictions(there, options)) == repr(read_predictions(here, options))
    finally:
        memory.rm(f"/{key}", recursive=True)
