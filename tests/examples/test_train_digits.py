"""The recorded demo runs, and a shortened training by the script that made them."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "evalwidget" / "demo"


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The writer and the measures of the examples."""
    monkeypatch.syspath_prepend(ROOT / "examples")
    import run_records

    return run_records


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The training script."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(ROOT / "examples")
    import train_digits

    return train_digits


def assert_well_formed(records: ModuleType, folder: Path, steps: tuple[int, ...], specimens: int) -> None:
    """Every image exists with the size recorded, and every step has one line for each specimen."""
    truth = records.read_lines(folder / "ground_truth.jsonl")
    names = [record["image"] for record in truth]
    assert len(set(names)) == len(names) == specimens
    assert sorted(names) == sorted(path.name for path in (folder / "images").iterdir())
    for record in truth:
        with Image.open(folder / "images" / record["image"]) as image:
            assert image.size == (record["width"], record["height"])
    recorded = records.read_steps(folder)
    assert tuple(recorded) == steps
    for predictions in recorded.values():
        assert [record["image"] for record in predictions] == names


def assert_boxes_inside(truth: list[dict], predictions: list[dict]) -> None:
    """Boxes have an extent, lie in the image and have a score from 0 to 1 each."""
    sizes = {record["image"]: (record["width"], record["height"]) for record in truth}
    for record in predictions:
        width, height = sizes[record["image"]]
        for entry in record["phrases"]:
            assert len(entry["boxes"]) == len(entry["scores"]) > 0
            assert all(0 < score <= 1 for score in entry["scores"])
            assert all(0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height for x1, y1, x2, y2 in entry["boxes"])


def test_recorded_grounding_improves(records: ModuleType) -> None:
    folder = DEMO / "grounding"
    steps = (0, 25, 50, 100, 150, 250, 500)
    assert_well_formed(records, folder, steps, 40)
    truth, recorded = records.read_lines(folder / "ground_truth.jsonl"), records.read_steps(folder)
    for predictions in recorded.values():
        assert_boxes_inside(truth, predictions)
    first, last = (records.grounding_scores(truth, recorded[step])["F1"] for step in (steps[0], steps[-1]))
    assert first < 0.1
    assert 0.8 < last < 1


def assert_evidence_is_of_the_predictions(maps: np.ndarray, recorded: dict[int, list[dict]]) -> int:
    """Every box has the score that the map has at some cell within the box or next to it; returns how many boxes."""
    count = 0
    for of_step, predictions in zip(maps, recorded.values(), strict=True):
        for cells, record in zip(of_step, predictions, strict=True):
            ys, xs = np.mgrid[: cells.shape[0], : cells.shape[1]] * 8 + 4
            for entry in record["phrases"]:
                for score, (x1, y1, x2, y2) in zip(entry["scores"], entry["boxes"], strict=True):
                    near = (xs >= x1 - 8) & (xs <= x2 + 8) & (ys >= y1 - 8) & (ys <= y2 + 8)
                    assert (abs(cells[near] / 255 - score) < 0.0021).any()
                    count += 1
    return count


def test_recorded_evidence_is_of_the_model_that_predicted(records: ModuleType) -> None:
    folder = DEMO / "evidence"
    recorded = records.read_steps(folder)
    assert tuple(recorded) == (0, 25, 50, 100, 150, 250, 500)
    truth = records.read_lines(DEMO / "grounding" / "ground_truth.jsonl")
    for predictions in recorded.values():
        assert [record["image"] for record in predictions] == [record["image"] for record in truth]
    maps = np.load(folder / "evidence.npy")
    assert (maps.shape, maps.dtype) == ((7, 40, 20, 24), np.uint8)
    assert assert_evidence_is_of_the_predictions(maps, recorded) > 2000
    for cells, record in zip(maps[-1], truth, strict=True):
        height, width = record["height"] // 8, record["width"] // 8
        assert not cells[height:].any()
        assert not cells[:, width:].any()


def test_recorded_answers_improve(records: ModuleType) -> None:
    folder = DEMO / "vqa"
    steps = (0, 25, 50, 100, 200, 300, 400, 800)
    assert_well_formed(records, folder, steps, 40)
    truth, recorded = records.read_lines(folder / "ground_truth.jsonl"), records.read_steps(folder)
    asked = [[question["item"] for question in record["questions"]] for record in truth]
    for predictions in recorded.values():
        assert [[answer["item"] for answer in record["questions"]] for record in predictions] == asked
    first, last = (records.answer_scores(truth, recorded[step])["exact"] for step in (steps[0], steps[-1]))
    assert first < 0.1
    assert 0.7 < last < 1


def test_recorded_runs_say_what_they_are() -> None:
    headers = {
        name: json.loads((DEMO / name / "run.json").read_text(encoding="utf-8")) for name in ("grounding", "vqa")
    }
    assert [header["task"] for header in headers.values()] == ["phrase grounding", "visual question answering"]
    assert [header["steps_per_epoch"] for header in headers.values()] == [100, 400]


def test_recorded_runs_are_small() -> None:
    sizes = [path.stat().st_size for path in DEMO.rglob("*") if path.is_file()]
    assert len(sizes) > 80  # both runs' images are there
    assert sum(sizes) < 750_000


def test_measures_count_a_box_once_and_need_the_phrase(records: ModuleType) -> None:
    truth = [{"image": "a", "phrases": [{"phrase": "a red one", "boxes": [[0, 0, 10, 10]]}]}]
    twice = {"phrase": "a red one", "boxes": [[0, 0, 10, 9], [0, 0, 10, 10]], "scores": [0.9, 0.8]}
    other = {"phrase": "a red two", "boxes": [[0, 0, 10, 10]], "scores": [0.9]}
    scores = records.grounding_scores(truth, [{"image": "a", "phrases": [twice, other]}])
    assert scores == {"boxes": 3, "precision": 1 / 3, "recall": 1.0, "F1": 0.5}
    nothing = records.grounding_scores(truth, [{"image": "a", "phrases": []}])
    assert nothing == {"boxes": 0, "precision": 0.0, "recall": 0.0, "F1": 0.0}


@pytest.mark.extras
def test_no_scan_is_in_both_splits(script: ModuleType) -> None:
    training, validation = script.split_digits(0)
    seen = {scan.tobytes() for scan in training.scans}
    assert len(training.labels) + len(validation.labels) == 1797
    assert not seen & {scan.tobytes() for scan in validation.scans}


@pytest.mark.extras
def test_shortened_training_writes_both_runs(script: ModuleType, records: ModuleType, tmp_path: Path) -> None:
    settings = script.Settings(
        training_scenes=64,
        validation_scenes=4,
        detector_batch=8,
        detector_steps=(0, 5, 30),
        question_rounds=1,
        answerer_batch=32,
        answerer_steps=(0, 30),
    )
    training_digits, validation_digits = script.split_digits(0)
    training = script.compose_many(training_digits, settings.training_scenes, 1)
    validation = script.compose_many(validation_digits, settings.validation_scenes, 2)
    detector, losses = script.run_grounding(tmp_path / "grounding", training, validation, settings, 0)
    assert len(losses) == 30
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    assert_well_formed(records, tmp_path / "grounding", settings.detector_steps, 4)
    truth = records.read_lines(tmp_path / "grounding" / "ground_truth.jsonl")
    recorded = records.read_steps(tmp_path / "grounding")
    for predictions in recorded.values():
        assert_boxes_inside(truth, predictions)
    maps = np.load(tmp_path / "grounding" / "evidence.npy")
    assert assert_evidence_is_of_the_predictions(maps, recorded) > 0

    _, losses = script.run_answers(tmp_path / "vqa", detector, training, validation, settings, 0)
    assert len(losses) == 30
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    assert_well_formed(records, tmp_path / "vqa", settings.answerer_steps, 4)
    header = json.loads((tmp_path / "vqa" / "run.json").read_text(encoding="utf-8"))
    assert header["steps_per_epoch"] == 64 * 4 // 32


@pytest.mark.extras
def test_training_twice_gives_the_same(script: ModuleType, tmp_path: Path) -> None:
    settings = script.Settings(
        training_scenes=32, validation_scenes=2, detector_batch=4, detector_steps=(0, 4), least_score=0.1
    )
    training_digits, validation_digits = script.split_digits(3)
    training = script.compose_many(training_digits, settings.training_scenes, 1)
    validation = script.compose_many(validation_digits, settings.validation_scenes, 2)
    for name in ("one", "two"):
        script.run_grounding(tmp_path / name, training, validation, settings, 3)
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 2 + 2 + 2 + 1  # header and truth, images, steps, evidence
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)
