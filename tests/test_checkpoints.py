"""A training run's output folder, with a folder for each checkpoint, opens as one run."""

import json
import re
from pathlib import Path

import pytest
from run_folders import write_lines

import evalwidget as ew
from evalwidget.checkpoints import step_of

CAT = {"image": "a.jpg", "width": 100, "height": 50, "phrases": [{"phrase": "cat", "boxes": [[1, 2, 30, 40]]}]}
DOG = {"image": "a.jpg", "phrases": [{"phrase": "dog", "boxes": [[1, 2, 30, 40]]}]}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Two checkpoints as transformers' Trainer leaves them, with a file of predictions in each."""
    for step, record in ((500, DOG), (1000, CAT)):
        folder = tmp_path / "out" / f"checkpoint-{step}"
        write_lines(folder / "infer_result" / f"2025010{step // 500}-120000.jsonl", [record])
        for name in ("config.json", "trainer_state.json", "tokenizer_config.json", "model.safetensors.index.json"):
            (folder / name).write_text("{}")
        (folder / "tokenizer.json").write_text('{"images": [], "annotations": []}')
        (folder / "training_args.bin").write_bytes(b"\x80")
    (tmp_path / "out" / "runs").mkdir()
    write_lines(tmp_path / "truth.jsonl", [CAT])
    return tmp_path / "out"


def test_a_training_output_folder_opens_with_one_call(output: Path) -> None:
    run = ew.open_run(output, ground_truth=output.parent / "truth.jsonl")
    assert run.name == "out"
    assert run.summary()[["step", "true_positives"]].to_numpy().tolist() == [[500, 0], [1000, 1]]


def test_ground_truth_in_the_output_folder_is_found(output: Path) -> None:
    write_lines(output / "ground_truth.jsonl", [CAT])
    assert ew.open_run(output).summary()["f1"].tolist() == [0, 1]


def test_a_pattern_names_one_file_of_several(output: Path) -> None:
    for folder in output.glob("checkpoint-*"):
        write_lines(folder / "generated.jsonl", [CAT])
    truth = output.parent / "truth.jsonl"
    message = (
        r"checkpoint-1000: 2 files may hold its predictions \(generated.jsonl, infer_result/.*.jsonl\); name the one"
    )
    with pytest.raises(ew.EvalWidgetError, match=message):
        ew.open_run(output, ground_truth=truth)
    assert ew.open_run(output, ground_truth=truth, predictions="generated.jsonl").summary()["f1"].tolist() == [1, 1]
    assert ew.open_run(output, ground_truth=truth, predictions="infer_result/*.jsonl").summary()["f1"].tolist() == [
        0,
        1,
    ]
    with pytest.raises(
        ew.EvalWidgetError, match=r"\(checkpoint-1000, checkpoint-500\) hold no file named 'answers.csv'"
    ):
        ew.open_run(output, ground_truth=truth, predictions="answers.csv")


def test_a_checkpoint_without_predictions_is_left_out(output: Path) -> None:
    (output / "checkpoint-1500").mkdir()
    assert ew.open_run(output).steps == [500, 1000]


def test_two_folders_of_one_checkpoint_are_an_error_where_both_hold_predictions(output: Path) -> None:
    (output / "checkpoint-500-merged").mkdir()
    assert ew.open_run(output).steps == [500, 1000]
    write_lines(output / "checkpoint-500-merged" / "found.jsonl", [CAT])
    with pytest.raises(
        ew.EvalWidgetError, match="checkpoint-500-merged: two files for step 500; the other is checkpoint-500"
    ):
        ew.open_run(output)


def test_a_folder_that_holds_runs_names_them(output: Path) -> None:
    """One level too high: only what looks like a run is named, by a checkpoint, by predictions, or by run.json."""
    above = output.parent
    for made in ("b/predictions", "c", "images", ".hidden/predictions"):
        (above / made).mkdir(parents=True)
    (above / "c" / "run.json").write_text("{}")
    message = (
        rf"^{re.escape(str(above))}: no predictions, but folders that look like runs \(b, c, out\): open one of them"
    )
    with pytest.raises(ew.EvalWidgetError, match=message):
        ew.open_run(above)
    found = ew.inspect(above)
    assert found.exit_status == 2
    assert any(re.match(message, error) for error in found.errors)
    for more in "def":
        (above / more / "predictions").mkdir(parents=True)
    with pytest.raises(ew.EvalWidgetError, match=r"\(b, c, d, …\): open one of them, such as .*/b$"):
        ew.open_run(above)


def test_folders_named_by_epoch_need_the_steps_of_an_epoch(tmp_path: Path) -> None:
    for epoch in (1, 2):
        write_lines(tmp_path / f"epoch_{epoch}" / "found.jsonl", [CAT])
    with pytest.raises(ew.EvalWidgetError, match="epoch_1: named by its epoch; pass steps_per_epoch="):
        ew.open_run(tmp_path)
    assert ew.open_run(tmp_path, steps_per_epoch=125).steps == [125, 250]
    assert step_of("epoch=3-step=1000.ckpt", 125) == 1000


def test_coco_results_of_detectron2_are_found(tmp_path: Path) -> None:
    results = tmp_path / "model_0004999" / "inference" / "coco_instances_results.json"
    results.parent.mkdir(parents=True)
    results.write_text(json.dumps([{"image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4], "score": 0.5}]))
    with pytest.raises(ew.EvalWidgetError, match="no predictions: expected a folder 'predictions'"):
        ew.open_run(tmp_path)
    (tmp_path / "model_0004999").rename(tmp_path / "iter_4999")
    assert ew.open_run(tmp_path).steps == [4999]


TRUTH = {
    "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80}],
    "annotations": [{"id": 1, "image_id": 7, "category_id": 0, "bbox": [10, 10, 20, 20], "area": 400}],
    "categories": [{"id": 0, "name": "cat"}],
}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("labels/a.txt", "0 0.2 0.25 0.2 0.25 0.9\n"),
        ("val/preds/a.json", '{"labels": [0], "scores": [0.9], "bboxes": [[10, 10, 30, 30]]}'),
    ],
)
@pytest.mark.parametrize("pattern", [True, False])
def test_a_folder_with_a_file_for_each_image(tmp_path: Path, file: str, content: str, pattern: bool) -> None:
    for step in (500, 1000):
        found = tmp_path / "out" / f"checkpoint-{step}" / file
        found.parent.mkdir(parents=True)
        found.write_text(content)
        (tmp_path / "out" / f"checkpoint-{step}" / "config.json").write_text("{}")
        (tmp_path / "out" / f"checkpoint-{step}" / "global_step").mkdir()
    (tmp_path / "truth.json").write_text(json.dumps(TRUTH))
    named = file.rpartition("/")[0] if pattern else None
    run = ew.open_run(tmp_path / "out", ground_truth=tmp_path / "truth.json", predictions=named)
    assert run.summary()[["step", "f1"]].to_numpy().tolist() == [[500, 1], [1000, 1]]


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("checkpoint-500-merged", 500),
        ("iter_0040000.pth", 40000),
        ("global_step500", 500),
        ("v0-20250101-120000", None),
        ("20250101-120000.jsonl", None),
        ("last.ckpt", None),
        ("ckpt_10k", None),
        ("step500kept", 500),
        ("step500", 500),
    ],
)
def test_names_of_trainers(name: str, step: int | None) -> None:
    """A date is no step, and neither are the digits before a k."""
    assert step_of(name) == step
