"""Classes that predictions number: as they are unless a file leaves no doubt, said, and overruled by settings."""

import json
from pathlib import Path
from typing import Any

import pytest

import evalwidget as ew
from evalwidget.formats.class_names import named_classes, read_class_names
from evalwidget.formats.class_numbers import class_labels, named_or_numbered
from evalwidget.formats.json_source import Source
from evalwidget.formats.options import PredictionOptions

FROM_0 = {"0": "cat", "1": "dog", "2": "cow"}
FROM_1 = {"1": "cat", "2": "dog", "3": "cow"}
GAPS = {"1": "cat", "3": "dog", "90": "cow"}


def labels(found: str, categories: dict[str, str], first: int | None = None, stated: int | None = None) -> list[str]:
    options = PredictionOptions(categories=categories, first_class=stated)
    return list(class_labels(dict.fromkeys(found.split(), 1), options, "file", first=first).names.values())


@pytest.mark.parametrize(
    ("found", "categories", "expected"),
    [
        ("0 1", FROM_0, ["cat", "dog"]),
        ("1 2", FROM_0, ["dog", "cow"]),
        ("1 3", FROM_0, ["cat", "cow"]),
        ("0 3", FROM_0, ["cat", "category 3"]),
        ("1 4", FROM_0, ["dog", "category 4"]),
        ("1 3", FROM_1, ["cat", "cow"]),
        ("0 2", FROM_1, ["cat", "cow"]),
        ("0 3", FROM_1, ["category 0", "cow"]),
        ("0 1", GAPS, ["category 0", "cat"]),
        ("1 3", GAPS, ["cat", "dog"]),
        ("0 1", {}, ["category 0", "category 1"]),
    ],
)
def test_numbers_are_shifted_only_where_there_is_no_doubt(
    found: str, categories: dict[str, str], expected: list[str]
) -> None:
    assert labels(found, categories) == expected


@pytest.mark.parametrize(
    ("stated", "categories", "expected"),
    [
        (0, FROM_1, ["dog", "cow"]),
        (1, FROM_1, ["cat", "dog"]),
        (1, FROM_0, ["cat", "dog"]),
        (0, FROM_0, ["dog", "cow"]),
        (0, GAPS, ["dog", "cow"]),
        (1, GAPS, ["cat", "dog"]),
    ],
)
def test_the_setting_overrules(stated: int, categories: dict[str, str], expected: list[str]) -> None:
    assert labels("1 2", categories, stated=stated) == expected
    assert labels("1 2", categories, first=1 - stated, stated=stated) == expected


def test_a_format_s_rule_is_followed_and_said() -> None:
    options = PredictionOptions(categories=GAPS)
    found = class_labels({"2": 4}, options, "labels", first=0)
    assert found.names == {"2": "cow"}
    assert found.notes == [
        "labels: classes are counted from 0 and were named in the order of the ground truth's ids, which have gaps; "
        "prediction_first_class= or class_names= says otherwise"
    ]
    assert class_labels({"2": 4}, PredictionOptions(categories=FROM_0), "labels", first=0).notes == []


def test_names_are_their_own_labels() -> None:
    options = PredictionOptions(categories=FROM_1)
    assert named_or_numbered({"dog": 1, "wolf": 1}, options, "f").names == {"dog": "dog", "wolf": "wolf"}
    numbered = PredictionOptions(categories={"1": "7", "2": "8"})
    assert named_or_numbered({"7": 1}, numbered, "f").names == {"7": "7"}


def test_numbers_that_are_names_are_not_shifted(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,x1,y1,x2,y2,label\na.jpg,0,0,9,9,1\na.jpg,5,5,9,9,2\n", "utf-8")
    (tmp_path / "p.csv").write_text("image,x1,y1,x2,y2,label\na.jpg,0,0,9,9,1\na.jpg,5,5,9,9,0\n", "utf-8")
    run = ew.open_run(ground_truth=tmp_path / "t.csv", predictions={1: tmp_path / "p.csv"}).load()
    assert run.notes == []
    assert run.summary()["true_positives"].tolist() == [1]


def truth(first: int) -> dict[str, Any]:
    return {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 100}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": first, "bbox": [0, 0, 10, 10], "area": 100}],
        "categories": [{"id": first + place, "name": name} for place, name in enumerate(("cat", "dog", "cow"))],
    }


def found(*classes: int) -> list[dict[str, Any]]:
    return [{"image_id": 1, "category_id": c, "bbox": [0, 0, 10, 10], "score": 0.5} for c in classes]


def test_steps_that_were_taken_to_count_differently_are_said(write_run) -> None:
    folder = write_run(truth(1), {10: found(1), 20: found(0, 2)})
    run = ew.open_run(folder).load()
    assert [note.partition(":")[0] for note in run.notes[:1]] == ["predictions/step-000020.json"]
    assert run.notes[1] == (
        "classes were taken to be counted from 0 at steps 20 and from 1 at steps 10: "
        "prediction_first_class= says from which for all"
    )
    assert run.summary()["true_positives"].tolist() == [1, 1]
    stated = ew.open_run(folder, prediction_first_class=0).load()
    assert stated.notes == []
    assert stated.summary()["true_positives"].tolist() == [0, 1]


def test_settings_in_run_json(write_run) -> None:
    assert ew.open_run(write_run(truth(1), {10: found(0)}, {"prediction_first_class": 0})).summary()[
        "true_positives"
    ].tolist() == [1]
    named = {"class_names": {"7": "cat"}}
    assert ew.open_run(write_run(truth(1), {10: found(7)}, named)).summary()["true_positives"].tolist() == [1]
    folder = write_run(truth(1), {10: found(0)}, {"class_names": "classes.txt"})
    (folder / "classes.txt").write_text("cat\ndog\n", "utf-8")
    assert ew.open_run(folder).summary()["true_positives"].tolist() == [1]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"prediction_first_class": 2}, "run.json: prediction_first_class: expected 0 or 1, got 2"),
        ({"prediction_first_class": True}, "run.json: prediction_first_class: expected 0 or 1, got True"),
        ({"class_names": 3}, "run.json: class_names: expected a list, an object or a file, got 3"),
        ({"class_names": "../names.txt"}, r"run.json: class_names: \.\./names.txt: no such file in the run's folder"),
        ({"class_names": ["a", ["b"]]}, r"run.json: class_names: class 1: expected a name, got \['b'\]"),
    ],
)
def test_settings_that_cannot_be(write_run, settings: dict[str, Any], problem: str) -> None:
    folder = write_run(truth(1), {10: found(1)}, settings)
    (folder.parent / "names.txt").write_text("cat", "utf-8")
    with pytest.raises(ew.FormatError, match=f"^{problem}$"):
        ew.open_run(folder)
    if "prediction_first_class" in settings:
        with pytest.raises(ew.EvalWidgetError, match="prediction_first_class: expected 0 or 1"):
            ew.open_run(folder, **settings)


def test_class_names_of_a_caller(write_run, tmp_path: Path) -> None:
    folder = write_run(truth(1), {10: found(1)})
    file = tmp_path / "names.yaml"
    file.write_text("names: [dog, cat]\n", "utf-8")
    for given in (["dog", "cat"], ("dog", "cat"), {1: "cat"}, {"1": "cat"}, file, str(file)):
        run = ew.open_run(folder, class_names=given)
        assert run.summary()["true_positives"].tolist() == [1]
    with pytest.raises(ew.FormatError, match="class_names: expected names in a list, or by class id, got 3"):
        ew.open_run(folder, class_names=3)
    with pytest.raises(ew.EvalWidgetError, match="no such file"):
        ew.open_run(folder, class_names="nowhere.txt")


def test_files_of_names(tmp_path: Path) -> None:
    expected = {"0": "cat", "1": "big dog"}
    for name, text in {
        "a.names": "cat\nbig dog\n\n",
        "classes.txt": "cat\r\nbig dog",
        "data.yaml": "names:\n  - cat\n  - big dog\n",
        "by_id.yml": "nc: 2\nnames: {0: cat, 1: big dog}\n",
        "list.json": '["cat", "big dog"]',
        "notes.json": '{"names": ["cat", "big dog"]}',
    }.items():
        file = tmp_path / name
        file.write_text(text, "utf-8")
        assert read_class_names(Source.at(file)) == expected, name


def test_two_classes_of_one_name_stay_two() -> None:
    assert named_classes(["cat", "cat"], "x") == {"0": "cat (category 0)", "1": "cat (category 1)"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("names: [a\n", r"d.yaml:2: malformed YAML"),
        ("a: &x [1]\nnames: *x\n", r"d.yaml:2: YAML with aliases is not read"),
        ("- a\n", r"d.yaml: expected YAML with fields, got list"),
        ("nc: 2\n", r"d.yaml: expected 'names', found \['nc'\]"),
        ("names: !!python/object/apply:os.system ['true']\n", r"d.yaml:1: malformed YAML: could not determine"),
        ("names: 3\n", r"d.yaml: names: expected names in a list, or by class id, got 3"),
    ],
)
def test_yaml_that_is_not_read(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "d.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ew.FormatError, match=problem):
        read_class_names(Source.at(file, tmp_path))


def test_results_in_json_without_names(tmp_path: Path) -> None:
    for name, value in (("t.json", truth(1)), ("p.json", found(9))):
        (tmp_path / name).write_text(json.dumps(value), "utf-8")
    run = ew.open_run(ground_truth=tmp_path / "t.json", predictions={1: tmp_path / "p.json"}).load()
    assert "1 predictions have category ids that the ground truth does not name (9)" in run.notes[0]
