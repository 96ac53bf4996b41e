"""Rows of referring expressions: lmms-lab's from a real record, Qwen-VL's and MiniGPT-4's written from their code."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from grounded_runs import figures, opened, written

import evalwidget as ew

IMAGE = "COCO_train2014_000000581857.jpg"
SENT = {"image": f"data/refcoco/train2014/{IMAGE}", "bbox": [10, 20, 110, 220], "height": 427, "width": 640}
QWEN = [
    SENT | {"sent": "man on left"},
    SENT | {"sent": "woman", "bbox": [300, 20, 400, 220]},
    SENT | {"sent": "man on left"},
]
MINIGPT4 = [
    {
        "img_id": "COCO_train2014_000000581857_16",
        "sents": "man",
        "bbox": [10, 20, 100, 200],
        "height": 427,
        "width": 640,
    },
    {
        "img_id": "COCO_train2014_000000581857_17",
        "sents": "woman",
        "bbox": [300, 20, 100, 200],
        "height": 427,
        "width": 640,
    },
]
LMMS = {
    "question_id": "469306",
    "iscrowd": 0,
    "file_name": "COCO_train2014_000000581857_0.jpg",
    "answer": ["man on left", "navy shirt"],
    "bbox": [10.0, 20.0, 100.0, 200.0],
}
FOUND = [[10, 20, 110, 220]]


def test_qwen_vl_jsonl_as_specified(tmp_path: Path) -> None:
    truth = written(tmp_path / "refcoco_val.jsonl", QWEN)
    run = opened(truth, tmp_path, {IMAGE: {"man on left": FOUND, "woman": [[300, 20, 400, 220]]}})
    assert run.specimens == [IMAGE]
    assert figures(run)["accuracy_at_50"] == figures(run)["f1"] == figures(run)["mean_iou"] == 1
    assert len(run.phrases()) == 2


def test_minigpt4_as_specified(tmp_path: Path) -> None:
    truth = written(tmp_path / "refcoco_testA.json", MINIGPT4)
    run = opened(truth, tmp_path, {IMAGE: {"man": FOUND, "woman": [[300, 20, 400, 220]]}})
    assert run.specimens == [IMAGE]
    assert figures(run)["accuracy_at_50"] == figures(run)["mean_iou"] == 1


def test_minigpt4_answers_find_their_expression_by_its_id(tmp_path: Path) -> None:
    truth = written(tmp_path / "refcoco_testA.json", MINIGPT4)
    box = '[{"bbox_2d": [469, 47, 625, 515]}]'
    answers = {"COCO_train2014_000000581857_17": [box], "COCO_train2014_000000581857_16": ["no idea"]}
    found = written(tmp_path / "answers" / "step-5.json", answers)
    run = ew.open_run(ground_truth=truth, predictions=[found], output_format="qwen3-vl")
    phrases = run.phrases().set_index("phrase")
    assert phrases["accuracy_at_50"].to_dict() == {"man": 0, "woman": 1}
    assert run.summary()["invalid"].tolist() == [1]


def test_lmms_real_record(real_data: Path, tmp_path: Path) -> None:
    sample = json.loads((real_data / "bench_samples" / "refcoco.json").read_text("utf-8"))
    record = sample["sample_example"]["data"]
    image = "COCO_train2014_000000296747.jpg"
    x, y, width, height = record["metadata"]["original_bbox"]
    found = {phrase: [[x, y, x + width, y + height]] for phrase in record["metadata"]["answer"]}
    unwrapped = record["metadata"] | {"bbox": record["metadata"]["original_bbox"]}
    for rows in ([record], [unwrapped]):
        run = opened(written(tmp_path / "rows.jsonl", rows), tmp_path, {image: found})
        assert run.specimens == [image]
        assert run.phrases()["phrase"].tolist() == ["guy petting elephant", "foremost person", "green shirt"]
        assert figures(run)["accuracy_at_50"] == figures(run)["mean_iou"] == 1


def test_several_rows_of_an_image_and_the_same_words_twice(tmp_path: Path) -> None:
    other = LMMS | {
        "question_id": 469307,
        "file_name": "COCO_train2014_000000581857_1.jpg",
        "answer": ["woman", "navy shirt", "woman"],
        "bbox": [300, 20, 100, 200],
    }
    truth = written(tmp_path / "rows.json", [LMMS, other])
    run = opened(truth, tmp_path, {IMAGE: {"man on left": FOUND, "woman": [[300, 20, 400, 220]]}})
    assert run.specimens == [IMAGE]
    phrases = run.phrases().set_index("phrase")
    assert phrases["boxes"].to_dict() == {"man on left": 1, "navy shirt": 2, "woman": 1}
    assert phrases["accuracy_at_50"].dropna().to_dict() == {"man on left": 1, "woman": 1}
    items = run.matches().query("phrase == 'navy shirt'")["item"]
    assert sorted(items) == ["469306/1", "469307/1"]


def test_parquet_and_frames(tmp_path: Path) -> None:
    frame = pd.DataFrame([LMMS | {"image": {"bytes": b"", "path": None}}])
    assert figures(opened(frame, tmp_path, {IMAGE: {"man on left": FOUND, "navy shirt": FOUND}}))["accuracy_at_50"] == 1


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (SENT | {"sent": 3}, "sent: expected text, got a number"),
        (SENT | {"sent": ""}, "expected 'sent'"),
        (SENT | {"sent": "a", "bbox": [1, 2]}, "bbox: expected 4 numbers, got 2"),
        (SENT | {"sent": "a", "image": None}, "expected 'image'"),
    ],
)
def test_errors_of_qwen_vl_jsonl(tmp_path: Path, record: dict[str, Any], message: str) -> None:
    with pytest.raises(ew.EvalWidgetError, match=f"truth.jsonl:4: {message}"):
        opened(written(tmp_path / "truth.jsonl", [*QWEN, record]), tmp_path, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": []}, r"answer: expected a text or a list of texts, got \[\]"),
        ({"answer": ["a", None]}, "answer: expected a text or a list of texts"),
        ({"question_id": 5, "bbox": [1, 2, -3, 4]}, "bbox: expected width and height of 0 or more in xywh"),
        ({"question_id": None}, "expected 'question_id'"),
        ({}, "the same item twice: 'man on left' with the identifier 469306/0"),
    ],
)
def test_errors_of_lmms_rows(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ew.EvalWidgetError, match=f"truth.jsonl:2: {message}"):
        opened(written(tmp_path / "truth.jsonl", [LMMS, LMMS | change]), tmp_path, {})


def test_errors_of_minigpt4(tmp_path: Path) -> None:
    with pytest.raises(ew.EvalWidgetError, match=r"truth.json: \[1\]: sents: expected a text"):
        opened(written(tmp_path / "truth.json", [MINIGPT4[0], MINIGPT4[1] | {"sents": 1}]), tmp_path, {})
