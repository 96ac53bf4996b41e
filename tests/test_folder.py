"""Run folders and files named one by one: steps, run.json, what is read when, what is missing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evalwidget as ew
from evalwidget.checkpoints import step_of

HUGE = 1 << 20_000  # of more digits than Python writes
Write = Callable[..., Path]
CAT = {"image": "a.jpg", "width": 100, "height": 50, "phrases": [{"phrase": "cat", "boxes": [[1, 2, 30, 40]]}]}


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("step-000500.jsonl", 500),
        ("step_000500.json", 500),
        ("step500.jsonl", 500),
        ("checkpoint-500.jsonl", 500),
        ("checkpoint-500-merged.jsonl", 500),
        ("iter_500.json", 500),
        ("iter_0000500.json", 500),
        ("500.jsonl", 500),
        ("000000.jsonl", 0),
        ("global_step500.json", 500),
        ("epoch=3-step=1000.json", 1000),
        ("Checkpoint-7.ndjson", 7),
        ("predictions_step-12.jsonl", 12),
        ("v0-20250101-120000-checkpoint-500.jsonl", 500),
        ("v0-20250101-120000.jsonl", None),
        ("last.jsonl", None),
        ("epoch_12.json", None),
        ("model-v1.5-step-500.json", 500),
        ("checkpoint-500", 500),
        ("misstep-5.jsonl", None),
        ("².jsonl", None),
    ],
)
def test_the_step_in_a_file_name(name: str, step: int | None) -> None:
    assert step_of(name) == step


def test_steps_are_sorted_as_numbers_and_may_be_uneven(write_run: Write) -> None:
    names = ["step-10", "step-9", "checkpoint-500", "step_000100", "iter_50", "7"]
    run = ew.open_run(write_run([CAT], {name: [CAT] for name in names}))
    assert run.steps == [7, 9, 10, 50, 100, 500]
    assert run.summary()["step"].tolist() == run.steps


def test_two_files_for_one_step_are_an_error(write_run: Write) -> None:
    folder = write_run([CAT], {"step-5": [], "checkpoint-000005": []})
    expected = "predictions/step-5.jsonl: two files for step 5; the other is predictions/checkpoint-000005.jsonl"
    with pytest.raises(ew.EvalWidgetError, match=expected):
        ew.open_run(folder)
    with pytest.raises(ew.EvalWidgetError, match="two files for step 5"):
        ew.open_run(predictions=sorted((folder / "predictions").iterdir()))


def test_a_broken_later_step_does_not_matter_until_it_is_asked_for(write_run: Write) -> None:
    run = ew.open_run(write_run([CAT], {1: [CAT], 2: [CAT, '{"image":']}))
    assert run.summary(1)["true_positives"].tolist() == [1]
    assert "not read yet: 1 steps" in repr(run)
    for ask in (run.load, run.summary, lambda: run.scores(2)):
        with pytest.raises(ew.FormatError, match=r"^predictions/step-000002.jsonl:2: malformed JSON at column \d+"):
            ask()
    assert run.matches(1)["status"].tolist() == ["matched"]


def test_load_reads_every_step_now(write_run: Write) -> None:
    folder = write_run([CAT], {1: [CAT], 2: [CAT]})
    run = ew.open_run(folder)
    assert run.load() is run
    for file in (folder / "predictions").iterdir():
        file.unlink()
    assert run.summary()["true_positives"].tolist() == [1, 1]
    assert "not read yet" not in repr(run)


def test_a_step_whose_file_went_away_says_so(write_run: Write) -> None:
    folder = write_run([CAT], {1: [CAT]})
    run = ew.open_run(folder)
    (folder / "predictions" / "step-000001.jsonl").unlink()
    with pytest.raises(ew.FormatError, match=r"predictions/step-000001.jsonl: cannot be read: No such file"):
        run.load()


def test_fields_of_run_json(write_run: Write) -> None:
    folder = write_run(
        [{"image": "a.jpg", "width": 100, "height": 50, "phrase": "cat", "box": [0.2, 0.1, 0.4, 0.3]}],
        {8: [{"image": "a.jpg", "phrase": "cat", "box": [100, 200, 300, 400]}]},
        {
            "name": "my run",
            "task": "detection",
            "steps_per_epoch": 4,
            "coordinates": "fraction",
            "box_order": "yxyx",
            "prediction_coordinates": "0-1000",
            "prediction_box_order": "xyxy",
            "output_format": "qwen3-vl",
            "images": ["pictures"],
        },
    )
    with pytest.raises(ew.FormatError, match=r"^run.json: images: .*pictures: no such folder"):
        ew.open_run(folder)
    (folder / "pictures").mkdir()
    run = ew.open_run(folder)
    assert (run.name, run.task) == ("my run", "object detection")
    assert run.summary()[["epoch", "mean_iou"]].values.tolist() == [[2, pytest.approx(1)]]
    assert run.matches()[["ground_truth_x1", "ground_truth_y1"]].values.tolist() == [[10, 10]]
    assert ew.open_run(folder, name="other", steps_per_epoch=8).summary()["epoch"].tolist() == [1]


def test_without_run_json_the_folder_names_the_run(write_run: Write) -> None:
    folder = write_run([CAT], {1: []})
    assert ew.open_run(folder).name == folder.name
    assert ew.open_run(str(folder)).name == folder.name


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"colour": "red"}, "run.json: unknown field 'colour': expected name, task, steps_per_epoch"),
        ({"name": 7}, "run.json: name: expected text, got 7"),
        ({"task": "cooking"}, "task 'cooking': expected one of"),
        ({"steps_per_epoch": 0}, "run.json: steps_per_epoch: expected a number above 0, and at most 2.*53, got 0"),
        ({"steps_per_epoch": 10**400}, "run.json: steps_per_epoch: expected a number above 0, .*got one too large"),
        ({"steps_per_epoch": 1e-300}, "run.json: steps_per_epoch: expected a number above 0, .*got 1e-300"),
        (
            {"steps_per_epoch": True},
            "run.json: steps_per_epoch: expected a number above 0, and at most 2.*53, got True",
        ),
        ({"steps_per_epoch": "4"}, "run.json: steps_per_epoch: expected a number above 0, and at most 2.*53, got '4'"),
        (
            '{"steps_per_epoch": NaN}',
            "run.json: steps_per_epoch: expected a number above 0, and at most 2.*53, got nan",
        ),
        (
            '{"steps_per_epoch": Infinity}',
            "run.json: steps_per_epoch: expected a number above 0, and at most 2.*53, got inf",
        ),
        ({"coordinates": "metres"}, "coordinates 'metres': expected one of pixels, fraction"),
        ({"box_order": "hwxy"}, "box order 'hwxy': expected one of xyxy"),
        ({"images": 7}, "run.json: images: expected a folder, a list of folders, or files by specimen, got 7"),
        ({"images": ["nowhere"]}, "run.json: images: .*nowhere: no such folder"),
        ([], "run.json: expected an object, got list"),
        ('{\n"name":', "run.json:2: malformed JSON at column"),
        ('{"steps_per_epoch": ' + "9" * 5000 + "}", "run.json: malformed JSON"),
        ("[" * 200000, "run.json: malformed JSON: nested too deeply"),
    ],
)
def test_what_is_wrong_with_run_json(write_run: Write, settings: Any, message: str) -> None:
    folder = write_run([CAT], {1: []}, settings)
    with pytest.raises(ew.EvalWidgetError, match=f"^{message}"):
        ew.open_run(folder)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "4", True, 10**400, 2.0**54, 1e-320, [0]])
def test_steps_per_epoch_that_the_caller_gives_are_checked(write_run: Write, value: Any) -> None:
    with pytest.raises(ew.EvalWidgetError, match="steps_per_epoch: expected a number above 0"):
        ew.open_run(write_run([CAT], {1: []}), steps_per_epoch=value)


@pytest.mark.parametrize("value", [2**53, 2.0**-53])
def test_epochs_are_finite(write_run: Write, value: float) -> None:
    run = ew.open_run(write_run([CAT], {2**53: [CAT], 1: [CAT]}), steps_per_epoch=value)
    assert np.isfinite(run.summary()["epoch"]).all()


def test_what_is_missing_from_a_folder(tmp_path: Path) -> None:
    def refused(message: str, *args: Any, **kwargs: Any) -> None:
        with pytest.raises(ew.EvalWidgetError, match=message):
            ew.open_run(*args, **kwargs)

    refused(f"{re.escape(str(tmp_path))}/nowhere: no such folder", tmp_path / "nowhere")
    file = tmp_path / "step-1.jsonl"
    file.write_text("")
    refused("expected a run folder, found a file", file)
    run = tmp_path / "run"
    run.mkdir()
    refused("no predictions: expected a folder 'predictions'", run)
    (run / "predictions").mkdir()
    refused("no predictions: expected files such as predictions/step-000500.jsonl", run)
    (run / "predictions" / "notes.jsonl").write_text("")
    refused("predictions/notes.jsonl: no step in the file name", run)
    refused("expected a folder, or ground_truth= and predictions=, got both", run, predictions={1: file})
    refused("no predictions: pass predictions=")
    refused("no such file", predictions=[tmp_path / "step-9.jsonl"])
    refused("no such file", ground_truth=tmp_path / "truth.jsonl", predictions=[file])
    refused("no such folder; give predictions as", predictions=tmp_path / "nowhere")
    refused("expected steps as whole numbers of 0 or more, got 'last'", predictions={"last": file})
    refused("expected steps as whole numbers of 0 or more, got -1", predictions={-1: file})
    for step in (2**70, HUGE):
        refused("is larger than", predictions={step: file})
    refused("expected steps as whole numbers of 0 or more, got one too large", predictions={-HUGE: file})
    refused("expected the path of a folder, got dict; pass data as ground_truth= and predictions=", {500: file})
    refused("expected files by step, got int", predictions=7)
    refused("expected a path or a DataFrame, got int", predictions={1: 7})
    refused("images: .*nowhere: no such folder", predictions=[file], images=tmp_path / "nowhere")


def test_two_files_of_ground_truth_are_an_error(write_run: Write) -> None:
    folder = write_run([CAT], {1: []})
    (folder / "ground_truth.json").write_text("{}")
    with pytest.raises(ew.EvalWidgetError, match=r"ground truth twice: ground_truth.json, ground_truth.jsonl"):
        ew.open_run(folder)


def test_hidden_and_other_files_are_left_alone(write_run: Write) -> None:
    folder = write_run([CAT], {1: [CAT]})
    for name in (".step-2.jsonl", "._step-000001.jsonl", "README.md", "step-1.jsonl~"):
        (folder / "predictions" / name).write_text("not a prediction")
    (folder / "predictions" / ".ipynb_checkpoints").mkdir()
    assert ew.open_run(folder).steps == [1]
    assert ew.open_run(ground_truth=folder / "ground_truth.jsonl", predictions=folder / "predictions").steps == [1]


def test_no_ground_truth(write_run: Write) -> None:
    run = ew.open_run(write_run(None, {1: [CAT], 2: [CAT | {"image": "b.jpg"}]}))
    assert run.specimens == ["a.jpg", "b.jpg"]
    assert run.notes == ["no ground truth: predictions are shown, and nothing is scored"]
    assert run.scores()["status"].tolist() == ["no_ground_truth", "missing", "missing", "no_ground_truth"]
    assert run.summary()["f1"].isna().all()
    assert run.join_report().empty


def test_files_named_one_by_one(write_run: Write) -> None:
    folder = write_run([CAT], {3: [CAT], 20: []})
    truth = folder / "ground_truth.jsonl"
    files = sorted((folder / "predictions").iterdir())
    for predictions in (
        files,
        [str(file) for file in files],
        folder / "predictions",
        dict(zip((20, 3), files[::-1], strict=True)),
    ):
        run = ew.open_run(ground_truth=truth, predictions=predictions)
        assert run.steps == [3, 20]
        assert run.summary()["true_positives"].fillna(-1).tolist() == [1, -1]


def test_predictions_of_unknown_specimens_and_questions_are_listed_and_never_scored(write_run: Write) -> None:
    truth = [{"image": "a.jpg", "question": "Who?", "answer": "me"}, {"image": "b.jpg"}]
    found = [
        {"image": "a.jpg", "answer": "me"},
        {"image": "nowhere.jpg", "questions": [{"answer": "x"}, {"answer": "y"}]},
        {"image": "b.jpg", "item": "q9", "answer": "x"},
    ]
    run = ew.open_run(write_run(truth, {5: found}))
    assert run.join_report().to_dict("list") == {
        "step": [5, 5],
        "name": ["nowhere.jpg", "b.jpg: q9"],
        "where": ["predictions/step-000005.jsonl:2", "predictions/step-000005.jsonl:3"],
        "predictions": [2, 1],
        "why": ["no specimen of this id, path, file name or stem", "no such question"],
    }
    assert run.summary()["exact_match"].tolist() == [1]
    assert "2 records found no specimen or question: nowhere.jpg, b.jpg: q9 (run.join_report())" in repr(run)


def test_reading_many_steps_shows_its_progress_where_it_takes_long(
    write_run: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = {step: [CAT] for step in range(5)}
    ew.open_run(write_run([CAT], steps, {"name": "short"})).load()
    assert "short" not in capsys.readouterr().err
    monkeypatch.setattr("evalwidget.data._PATIENCE", 0.0)
    ew.open_run(write_run([CAT], steps, {"name": "long"})).summary()
    assert "reading long" in capsys.readouterr().err
