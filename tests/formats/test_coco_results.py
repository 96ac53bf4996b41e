"""Results decoded into columns hold what results read box by box hold; whatever is unusual is left to the latter."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalwidget.formats import coco
from evalwidget.formats.coco_results import regular_results
from evalwidget.formats.json_source import Source, read_json
from evalwidget.formats.options import PredictionOptions
from evalwidget.records import Records

NAMES = {"1": "cat", "3": "dog"}
BOX = {"image_id": 7, "category_id": 1, "bbox": [1, 2, 3.5, 4], "score": 0.5}


def rows_of(records: Records) -> list[tuple[Any, ...]]:
    (rows,) = records.boxes
    return [
        (
            records.references[rows.owner[row]].source_id,
            records.references[rows.owner[row]].image,
            rows.label_names[rows.label[row]],
            *rows.values[row].tolist(),
            repr(float(rows.score[row])),
            rows.state[row],
        )
        for row in range(len(rows.owner))
    ]


def both(file: Path, categories: dict[str, str]) -> tuple[Records | None, Records]:
    source = Source.at(file, file.parent)
    options = PredictionOptions(categories=categories)
    return regular_results(source, options), coco.prediction_records(read_json(source), source, options)


@pytest.mark.parametrize("name", ["instances_val2014_fakebbox100_results.json"])
def test_real_results_are_the_same_either_way(real_data: Path, name: str) -> None:
    truth = Source.at(real_data / "coco100" / "instances_val2014_100.json")
    fast, slow = both(real_data / "coco100" / name, coco.categories_of(read_json(truth), truth))
    assert fast is not None
    assert len(rows_of(fast)) == 734
    assert rows_of(fast) == rows_of(slow)
    assert fast.names_all
    assert slow.names_all


@pytest.mark.parametrize(
    "results",
    [
        [],
        [BOX],
        [BOX, BOX | {"image_id": 2, "category_id": 3}, BOX | {"score": 1}],
        [{name: BOX[name] for name in ("image_id", "category_id", "bbox")}],
        [BOX | {"category_id": 8}, BOX | {"category_id": 0}, BOX | {"category_id": 8}],
        [BOX | {"image_id": "a"}, BOX | {"image_id": 3}, BOX | {"image_id": "a"}],
        [BOX | {"file_name": "b.jpg"}, BOX | {"file_name": "a.jpg", "image_id": "a"}],
        [BOX | {"category_id": 0}, BOX | {"category_id": 2}],
        [BOX | {"unknown": {"field": [1]}}],
    ],
)
def test_usual_results_are_the_same_either_way(tmp_path: Path, results: list[dict[str, Any]]) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results), "utf-8")
    fast, slow = both(file, NAMES)
    assert fast is not None
    assert rows_of(fast) == rows_of(slow)
    assert [sorted(note.split()) for note in fast.notes] == [sorted(note.split()) for note in slow.notes]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([BOX | change])
        for change in (
            {"category_id": "1"},
            {"file_name": 7},
            {"bbox": [1, 2, 3]},
            {"bbox": [1, 2, -3, 4]},
            {"bbox": [1, 2, 1e16, 4]},
            {"bbox": None},
            {"score": "high"},
            {"category_id": 10**30},
            {"segmentation": [[1, 1, 2, 2, 3, 1]]},
        )
    ]
    + ["[{}]", "{}", "[", "", json.dumps([BOX | {"score": np.nan}])],
)
def test_anything_else_is_left_to_be_read_box_by_box(tmp_path: Path, text: str) -> None:
    file = tmp_path / "results.json"
    file.write_text(text, "utf-8")
    assert regular_results(Source.at(file), PredictionOptions(categories=NAMES)) is None
