"""Weights & Biases tables, written as the package wandb writes them."""

from pathlib import Path
from typing import Any

import pytest
from text_runs import opened, references, written

import evalwidget as ew

CORNERS = {"minX": 0.1, "maxX": 0.5, "minY": 0.25, "maxY": 0.75}
MIDDLE = {"middle": [30, 40], "width": 40, "height": 40}


def image(name: str, **boxes: Any) -> dict[str, Any]:
    cell = {"_type": "image-file", "path": f"media/images/{name}", "sha256": "0", "width": 100, "height": 80}
    return cell | ({"boxes": boxes} if boxes else {})


def box(position: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {"position": position, "class_id": 1, "box_caption": "a car 0.9", **extra}


def group(*boxes: Any) -> dict[str, Any]:
    return {"box_data": list(boxes), "class_labels": {"1": "car", "2": "dog"}}


def table(*rows: list[Any], columns: tuple[str, ...] = ("id", "image")) -> dict[str, Any]:
    return {"columns": list(columns), "data": list(rows), "ncols": len(columns), "nrows": len(rows)}


def test_questions_and_answers(tmp_path):
    truth = table(["q1", image("a.png"), "colour?", "red"], columns=("id", "image", "question", "answer"))
    found = table(
        ["q1", image("a.png"), "colour?", "red", "Red."], columns=("id", "image", "question", "answer", "prediction")
    )
    run = opened(tmp_path, {"truth.table.json": truth}, found)
    assert references(run) == [("colour?", ("red",))]
    assert run.specimens == ["a.png"]
    assert run.summary().exact_match.tolist() == [1.0]


def test_columns_of_other_names(tmp_path):
    truth = table(["a", "colour?", "red", "blue"], columns=("key", "ask", "expected", "got"))
    names = {"id": "key", "question": "ask", "answer": "expected", "prediction": "got"}
    run = opened(tmp_path, {"truth.table.json": truth}, truth, columns=names)
    assert run.summary().exact_match.tolist() == [0.0]
    assert references(run) == [("colour?", ("red",))]


def test_boxes_in_both_domains(tmp_path):
    both = table(
        [
            "a",
            image(
                "a.png",
                ground_truth=group(box(CORNERS)),
                predictions=group(box(MIDDLE, domain="pixel", scores={"score": 0.5}), box(CORNERS, class_id=2)),
            ),
        ]
    )
    run = opened(tmp_path, {"both.table.json": both}, both)
    assert run.task == "object detection"
    matches = run.matches()
    assert matches.query("status == 'matched'").iou.tolist() == [pytest.approx(1.0)]
    assert matches.query("status == 'matched'")["score"].tolist() == [0.5]
    assert matches.query("status != 'matched'").phrase.tolist() == ["dog"]


def test_boxes_as_artifacts_have_them(tmp_path):
    """There the group is the bare list, and classes are named elsewhere."""
    both = table(["a", image("a.png", ground_truth=[box(CORNERS)], predictions=[box(CORNERS)])])
    run = opened(tmp_path, {"both.table.json": both}, both)
    assert run.matches().status.tolist() == ["matched"]


def test_a_run_s_folder_holds_table_and_boxes(tmp_path):
    def files(folder: Path, name: str) -> Path:
        named = {name: {"_type": "boxes2D", "path": "media/metadata/boxes2D/0.boxes2D.json", "sha256": "0", "size": 9}}
        written(folder / "media" / "table" / "eval_0.table.json", table(["a", image("a.png", **named)]))
        written(folder / "media" / "metadata" / "boxes2D" / "0.boxes2D.json", group(box(CORNERS, scores={"acc": 1})))
        return folder

    truth, found = files(tmp_path / "truth", "ground_truth"), files(tmp_path / "500", "predictions")
    run = ew.open_run(ground_truth=truth, predictions={500: found})
    assert run.matches().status.tolist() == ["matched"]
    with pytest.raises(ew.EvalWidgetError, match=r"the boxes are in media/.*0.boxes2D.json: give the run's folder"):
        ew.open_run(ground_truth=truth / "media" / "table" / "eval_0.table.json", predictions={500: found})


@pytest.mark.parametrize("path", ["../secret.json", "/etc/passwd", "media", "media/none.json"])
def test_no_path_leads_out_of_the_folder(tmp_path, path):
    written(tmp_path / "secret.json", group(box(CORNERS)))
    cell = image("a.png", ground_truth={"path": path})
    written(tmp_path / "run" / "media" / "table" / "a.table.json", table(["a", cell]))
    with pytest.raises(ew.EvalWidgetError, match=r"boxes.ground_truth: path: no file"):
        ew.open_run(ground_truth=tmp_path / "run", predictions={500: tmp_path / "run"})


def test_a_defective_prediction_is_invalid_and_ground_truth_an_error(tmp_path):
    bad = table(["a", image("a.png", ground_truth=group(box({"minX": 0.1, "maxX": 0.5, "minY": 0.2})))])
    good = table(["a", image("a.png", ground_truth=group(box(CORNERS)))])
    with pytest.raises(ew.EvalWidgetError, match=r"truth.table.json: data\[0\]: boxes.ground_truth\[0\]"):
        opened(tmp_path, {"truth.table.json": bad}, good)
    found = table(["a", image("a.png", predictions=group(box({"middle": [1], "width": 2, "height": 3})))])
    run = opened(tmp_path, {"truth.table.json": good}, found)
    assert run.matches().query("status == 'invalid'").parse_state.tolist() == ["wrong_number_of_coordinates"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (table(["a"]), "truth.table.json: data[0]: expected a list of 2 cells, as in columns, got ['a']"),
        (table(["a", image("a.png", truth=7)]), "data[0]: boxes.truth: expected an object, got a number"),
        (table(["a", image("a.png", truth=[7])]), "data[0]: boxes.truth[0]: expected an object, got a number"),
    ],
)
def test_defects_are_errors_with_their_place(tmp_path, value, message):
    with pytest.raises(ew.EvalWidgetError) as caught:
        opened(tmp_path, {"truth.table.json": value}, value)
    assert message in str(caught.value)
