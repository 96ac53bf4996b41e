"""Every format has a section in docs/formats.md, and every example there is read in the format it is said to be in."""

from dataclasses import replace
from pathlib import Path

import pytest
from documented_formats import SECTIONS, example_content

from evalwidget.formats import (
    FORMATS,
    GroundTruthOptions,
    PredictionOptions,
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
