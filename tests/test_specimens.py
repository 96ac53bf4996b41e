"""Identifiers of specimens, and which specimen a name in the predictions finds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import evalwidget as ew
from evalwidget.specimens import shortest_names

Write = Callable[..., Path]


def named(name: str, **content: Any) -> dict[str, Any]:
    return {"image": name, "width": 10, "height": 10, "phrase": "cat", "box": [0, 0, 5, 5]} | content


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a.jpg", "b.jpg"], ["a.jpg", "b.jpg"]),
        (["deep/in/a.jpg", "deep/in/b.jpg"], ["a.jpg", "b.jpg"]),
        (["one/a.jpg", "two/a.jpg", "two/b.jpg"], ["one/a.jpg", "two/a.jpg", "b.jpg"]),
        (["x/one/a.jpg", "y/one/a.jpg", "y/two/a.jpg"], ["x/one/a.jpg", "y/one/a.jpg", "two/a.jpg"]),
        (["a.jpg", "one/a.jpg"], ["a.jpg", "one/a.jpg"]),
        ([r"C:\one\a.jpg", r"C:\two\a.jpg"], ["one/a.jpg", "two/a.jpg"]),
        ([], []),
    ],
)
def test_a_specimen_is_called_by_its_file_name_and_as_much_path_as_it_takes(paths: list[str], names: list[str]) -> None:
    assert shortest_names(paths) == names


def test_identifiers_that_the_data_give_come_first(write_run: Write) -> None:
    truth = [named("one/a.jpg", specimen="first"), named("two/a.jpg"), named("three/b.jpg")]
    assert ew.open_run(write_run(truth, {1: []})).specimens == ["first", "a.jpg", "b.jpg"]


def test_two_images_of_one_identifier_are_an_error(write_run: Write) -> None:
    folder = write_run([named("one/a.jpg", specimen="b.jpg"), named("two/b.jpg")], {1: []})
    with pytest.raises(
        ew.FormatError, match=r"ground_truth.jsonl:2: two images would be called 'b.jpg' \(the other: .*:1\)"
    ):
        ew.open_run(folder)


@pytest.mark.parametrize(
    ("name", "specimen"),
    [
        ("one/a.jpg", "one/a.jpg"),
        ("./one/a.jpg", "one/a.jpg"),
        ("/data/two/a.jpg", "two/a.jpg"),
        (r"D:\data\two\a.jpg", "two/a.jpg"),
        ("b.jpg", "b.jpg"),
        ("elsewhere/b.jpg", "b.jpg"),
        ("b", "b.jpg"),
        ("b.png", None),
        ("one/c.jpg", None),
        ("B.jpg", None),
    ],
)
def test_which_specimen_a_path_finds(write_run: Write, name: str, specimen: str | None) -> None:
    truth = [named("one/a.jpg"), named("two/a.jpg"), named("two/b.jpg")]
    run = ew.open_run(write_run(truth, {1: [named(name)]}))
    scores = run.scores()
    assert scores.loc[scores["status"] == "ok", "specimen"].tolist() == ([] if specimen is None else [specimen])
    assert run.join_report()["name"].tolist() == ([name] if specimen is None else [])


def test_two_images_are_not_taken_for_one_specimen(write_run: Write) -> None:
    run = ew.open_run(write_run([named("a.jpg")], {1: [named("one/a.jpg"), named("two/a.jpg")]}))
    expected = r"^predictions/step-000001.jsonl:2: 'two/a.jpg' and 'one/a.jpg' are both taken for 'a.jpg'"
    with pytest.raises(ew.JoinError, match=expected):
        run.scores()


@pytest.mark.parametrize("name", ["a.jpg", "three/a.jpg"])
def test_a_name_that_several_answer_to_is_an_error(write_run: Write, name: str) -> None:
    run = ew.open_run(write_run([named("one/a.jpg"), named("two/a.jpg")], {1: [named(name)]}))
    expected = rf"^predictions/step-000001.jsonl:1: '{name}' may be any of 2 specimens \(one/a.jpg, two/a.jpg\)"
    with pytest.raises(ew.JoinError, match=expected):
        run.load()


def test_an_identifier_finds_its_specimen_before_any_path(write_run: Write) -> None:
    truth = [named("b.jpg", specimen="a.jpg"), named("a.jpg", specimen="b.jpg")]
    run = ew.open_run(write_run(truth, {1: [{"specimen": "a.jpg", "phrase": "cat", "box": [0, 0, 5, 5]}]}))
    assert run.scores()["status"].tolist() == ["ok", "missing"]


@pytest.mark.parametrize("name", [".", "/", "..", "-", "<script>alert(1)</script>.jpg", "a" * 5000, "\x00", "\ud800"])
def test_strange_names_are_only_names(write_run: Write, name: str) -> None:
    run = ew.open_run(write_run([named(name)], {1: [named(name)]}), images=None)
    assert len(run.specimens) == 1
    assert run.specimens[0] != ""
    assert run.summary()["true_positives"].tolist() == [1]
    assert run.scores()["specimen"].tolist() == run.specimens


@pytest.mark.parametrize("digits", [1, 30, 310, 700, 5000])
def test_ids_of_many_digits_are_names(write_run: Write, digits: int) -> None:
    """Numbers that Python does not read as such are names like any other; others give the order of images."""
    ids = ["9" * digits, "-" + "8" * digits, "7" * digits]
    truth = {
        "images": [
            {"id": name, "file_name": f"{place}.jpg", "width": 9, "height": 9} for place, name in enumerate(ids)
        ],
        "annotations": [{"id": 1, "image_id": ids[0], "category_id": ids[1], "bbox": [1, 1, 2, 2]}],
        "categories": [{"id": ids[1], "name": "cat"}],
    }
    found = [{"image_id": name, "category_id": ids[1], "bbox": [1, 1, 2, 2], "score": 0.5} for name in ids]
    run = ew.open_run(write_run(truth, {1: found})).load()
    assert run.summary()[["true_positives", "false_positives"]].values.tolist() == [[1, 2]]
    assert run.coco_summary()["AP"].tolist() == [pytest.approx(1 / 3 if digits < 310 else 1)]
    order = run._data.specimens.coco_order()
    assert (order.tolist() if order is not None else None) == ([2, 0, 1] if digits < 310 else None)
