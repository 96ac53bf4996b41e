"""``ew.inspect`` and ``evalwidget inspect``: what is at a path, what is amiss, and an exit status that says so."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from run_folders import write_lines

import evalwidget as ew
from evalwidget.cli import main

Write = Callable[..., Path]
CAT = {"image": "a.jpg", "width": 100, "height": 50, "phrases": [{"phrase": "cat", "boxes": [[1, 2, 30, 40]]}]}
DOG = {"image": "b.jpg", "phrases": [{"phrase": "dog", "boxes": [[1, 2, 3]]}]}


def test_a_run_in_which_all_is_well(write_run: Write) -> None:
    found = ew.inspect(write_run([CAT], {1: [CAT], 2: [CAT]}))
    assert found.exit_status == 0
    assert dict(found.facts)["specimens"] == "1"
    assert found.steps["step"].tolist() == [1, 2]
    row = found.steps.iloc[0].dropna().to_dict()
    assert row == {
        "step": 1,
        "source": "predictions/step-000001.jsonl",
        "format": "plain JSONL",
        "specimens": 1,
        "missing": 0,
        "predictions": 1,
        "invalid": 0,
        "parse_states": "1 ok",
        "unjoined": 0,
    }
    assert "amiss" not in str(found)


def test_what_is_amiss_is_counted_and_named(write_run: Write) -> None:
    strange = [{"image": f"{name}.jpg", "phrases": []} for name in "uvwx"]
    found = ew.inspect(write_run([CAT, DOG | {"phrases": []}], {7: [DOG, *strange]}))
    shown = "predictions/step-000007.jsonl:1"
    assert found.exit_status == 1
    assert found.amiss == [
        "step 7: 1 specimens not evaluated: a.jpg",
        "step 7: 4 records of unknown specimens: u.jpg, v.jpg, w.jpg, …",
        f"step 7: 1 invalid predictions: {shown}: phrases[0].boxes[0]: expected 4 numbers, got 3",
    ]
    assert found.steps["parse_states"].tolist() == ["1 wrong_number_of_coordinates"]
    assert found.steps[["missing", "invalid", "unjoined"]].to_numpy().tolist() == [[1, 1, 4]]


def test_a_step_that_cannot_be_read_leaves_the_others(write_run: Write) -> None:
    found = ew.inspect(write_run([CAT], {1: ["{"], 2: [CAT]}))
    assert found.exit_status == 2
    assert found.errors == [found.steps["error"][0]]
    assert "step-000001.jsonl:1: malformed JSON" in found.errors[0]
    assert found.steps["specimens"].tolist()[1] == 1


def test_a_training_output_folder(tmp_path: Path) -> None:
    write_lines(tmp_path / "out" / "checkpoint-5" / "found.jsonl", [CAT])
    write_lines(tmp_path / "truth.jsonl", [CAT])
    found = ew.inspect(tmp_path / "out", ground_truth=tmp_path / "truth.jsonl")
    assert (found.exit_status, found.steps["source"].tolist()) == (0, ["checkpoint-5/found.jsonl"])


def test_a_file_is_told_as_ground_truth_and_as_predictions(tmp_path: Path) -> None:
    write_lines(tmp_path / "lines.jsonl", [CAT])
    found = ew.inspect(tmp_path / "lines.jsonl")
    assert found.exit_status == 0
    assert found.facts[1:] == [
        ("as ground truth", "plain JSONL; 1 records, 1 boxes of 1 phrases or classes in pixels, xyxy"),
        ("as predictions", "plain JSONL; 1 records, 1 boxes of 1 phrases or classes in pixels, xyxy"),
    ]
    write_lines(tmp_path / "lines.jsonl", [DOG])
    found = ew.inspect(tmp_path / "lines.jsonl")
    assert found.exit_status == 1
    assert "as ground truth, plain JSONL: " in found.amiss[0]


def test_a_folder_that_is_no_run_tells_what_it_holds(real_data: Path) -> None:
    found = ew.inspect(real_data / "coco100")
    assert found.exit_status == 2
    assert "no predictions: expected a folder" in found.errors[0]
    assert dict(found.facts)["instances_val2014_100.json as ground truth"].startswith("COCO; 100 records, 839 boxes")


@pytest.mark.parametrize(
    ("name", "message"),
    [("nowhere", "no such folder"), ("notes.md", r"found a file ending in '.md'"), ("list.json", "malformed JSON")],
)
def test_what_is_nothing_known(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "notes.md").write_text("hello")
    (tmp_path / "list.json").write_text("[{")
    found = ew.inspect(tmp_path / name)
    assert found.exit_status == 2
    assert message in found.errors[0]


def test_settings_are_those_of_open_run(write_run: Write) -> None:
    folder = write_run([CAT], {1: [CAT]})
    assert "0-1000" in dict(ew.inspect(folder, prediction_coordinates="0-1000").facts)["coordinates"]
    with pytest.raises(TypeError, match="unexpected keyword argument 'coordinate'"):
        ew.inspect(folder, coordinate="pixels")


def run_command(*arguments: str, capsys: Any) -> tuple[int, str]:
    status = main(arguments)
    return status, capsys.readouterr().out


def test_the_command_prints_and_exits(write_run: Write, capsys: Any) -> None:
    folder = write_run([CAT], {1: [CAT], 2: []})
    status, text = run_command("inspect", str(folder), capsys=capsys)
    assert status == 1
    assert text == f"{ew.inspect(folder)}\n"
    status, text = run_command("inspect", str(folder), "--json", "--steps-per-epoch", "4", capsys=capsys)
    assert json.loads(text)["steps"][1]["missing"] == 1
    assert run_command("inspect", str(folder), "--prediction-coordinates", "miles", capsys=capsys)[0] == 2


def test_the_command_takes_files_that_lie_elsewhere(tmp_path: Path, capsys: Any) -> None:
    write_lines(tmp_path / "out" / "checkpoint-5" / "found.jsonl", [CAT])
    write_lines(tmp_path / "truth.jsonl", [CAT])
    arguments = ("inspect", str(tmp_path / "out"), "--ground-truth", str(tmp_path / "truth.jsonl"))
    assert run_command(*arguments, capsys=capsys)[0] == 0
    assert run_command(*arguments, "--predictions", "nothing.json", capsys=capsys)[0] == 2


def test_names_cannot_act_on_the_terminal(write_run: Write, capsys: Any) -> None:
    evil = CAT | {"image": "\x1b[2J\x07.jpg"}
    _, text = run_command("inspect", str(write_run([evil], {1: []})), capsys=capsys)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert r"\x1b[2J\x07.jpg" in text


def test_the_module_is_the_command() -> None:
    folder = str(files("evalwidget") / "demo" / "vqa")
    done = subprocess.run([sys.executable, "-m", "evalwidget", "inspect", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "task: visual question answering" in done.stdout
