"""Confidences of answers: as such, of log-probabilities, saved and read again."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from text_runs import opened

import evalwidget as ew

TRUTH = {"truth.jsonl": [{"image": "a.jpg", "question": "Who?", "answer": "Ann"}]}


def score_of(tmp_path: Path, **fields: Any) -> float:
    answers = [{"image": "a.jpg", "answer": "Ann", **fields}]
    return float(opened(tmp_path, TRUTH, answers, ".jsonl").matches()["score"][0])


@pytest.mark.parametrize(
    "fields",
    [
        {"score": 0.25},
        {"confidence": 0.25},
        {"logprobs": [math.log(0.5), math.log(0.125)]},
        {"token_logprobs": [None, math.log(0.25)]},
        {"logprobs": [{"token": "Ann", "logprob": math.log(0.25)}]},
        {"logprobs": {"content": [{"token": "Ann", "logprob": math.log(0.25)}]}},
        {"logprobs": {"tokens": ["Ann"], "token_logprobs": [math.log(0.25)]}},
    ],
)
def test_a_confidence_is_read(tmp_path: Path, fields: dict[str, Any]) -> None:
    assert score_of(tmp_path, **fields) == pytest.approx(0.25)


def test_an_answer_may_have_none(tmp_path: Path) -> None:
    assert math.isnan(score_of(tmp_path))
    assert math.isnan(score_of(tmp_path, logprobs=None, score=None))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"score": 25}, "score: expected a confidence, 0 to 1, got 25"),
        ({"confidence": True}, "confidence: expected a confidence, 0 to 1, got True"),
        ({"logprobs": "-1"}, "logprobs: expected a list of log-probabilities, got '-1'"),
        ({"logprobs": [-1, 0.5]}, r"logprobs\[1\]: expected a logarithm of a probability, 0 or less, got 0\.5"),
    ],
)
def test_what_is_no_confidence_is_an_error(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ew.FormatError, match=rf"predictions\.jsonl:1: {message}"):
        score_of(tmp_path, **fields)


def test_frames_and_saved_runs_keep_it(tmp_path: Path) -> None:
    truth = pd.DataFrame({"specimen": ["a", "b"], "question": "Who?", "answer": "Ann"})
    found = truth.assign(step=1, answer="Bob", score=[0.75, None])
    run = ew.Run.from_frames(truth, found)
    again = ew.open_run(run.save(tmp_path / "saved"))
    for matches in (run.matches(), again.matches()):
        assert matches["score"].fillna(-1).tolist() == [0.75, -1]
    with pytest.raises(ew.FormatError, match="row 1: score: expected a confidence, 0 to 1, got 7"):
        ew.Run.from_frames(truth, found.assign(score=[1, 7])).load()


def test_ms_swift_writes_log_probabilities(tmp_path: Path) -> None:
    prompt = [{"role": "user", "content": "<image>Who?"}]
    row = {"response": "Bob", "labels": "Ann", "messages": prompt, "images": [{"path": "/x/a.jpg"}], "objects": {}}
    tokens = {"content": [{"token": "Bob", "logprob": math.log(0.5)}]}
    run = opened(tmp_path, TRUTH, [row | {"logprobs": tokens}], ".jsonl", task="vqa")
    assert run.matches()["score"].tolist() == pytest.approx([0.5])
