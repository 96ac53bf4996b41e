"""Metrics in a run's tables: defaults, those asked for, one's own; phrases; each distinct pair scored once."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sacrebleu

import evalwidget as ew
from evalwidget.metrics import BoxMetric, TextMetric
from evalwidget.metrics.catalogue import default_metrics, known_metrics
from evalwidget.widget.server import answer, run_info

Write = Callable[..., Path]
LIGHT = [
    *("exact_match", "token_f1", "bleu", "vqa_accuracy", "anls", "rouge_l", "relaxed_accuracy", "string_similarity")
]


def answers_run(answers: dict[int, Sequence[str | None]], references: Sequence[Any]) -> ew.Run:
    """Specimens s0, s1, … of one question each."""
    names = [f"s{place}" for place in range(len(references))]
    truth = pd.DataFrame({"specimen": names, "question": [f"{name}?" for name in names], "answer": references})
    rows = [(step, name, text) for step, texts in answers.items() for name, text in zip(names, texts, strict=False)]
    return ew.Run.from_frames(truth, pd.DataFrame(rows, columns=["step", "specimen", "answer"]))


def boxes_run(truth: list[tuple], found: list[tuple], task: str | None = None) -> ew.Run:
    columns = ["specimen", "phrase", "x1", "y1", "x2", "y2"]
    predictions = pd.DataFrame(found, columns=[*columns, "score"]).assign(step=1)
    return ew.Run.from_frames(pd.DataFrame(truth, columns=columns), predictions, task=task)


@pytest.fixture
def polled() -> ew.Run:
    references = [["yes"] * 9 + ["no"], ["12"], ["a red bus", "bus"], ["no"]]
    return answers_run({1: ["Yes.", "12.5", "the bus", "not sure"], 2: ["Yes.", None, "red bus"]}, references)


def test_light_text_metrics_come_by_default(polled: ew.Run) -> None:
    for frame in (polled.summary(), polled.scores(), polled.matches()):
        assert [name for name in frame if name in LIGHT] == LIGHT
    assert [metric.name for metric in default_metrics("free text")] == LIGHT
    scores = polled.scores(1).set_index("specimen")
    assert scores["vqa_accuracy"].fillna(-1).tolist() == [1, -1, -1, -1]
    assert scores["relaxed_accuracy"].tolist() == [0, 1, 0, 0]
    assert scores.loc["s2", "anls"] == pytest.approx(5 / 9)
    assert scores.loc["s2", "rouge_l"] == pytest.approx(2 / 3)


def test_a_mean_is_over_what_is_scored(polled: ew.Run) -> None:
    for step in (1, 2):
        matches, summary = polled.matches(step), polled.summary(step)
        assert summary[LIGHT].iloc[0].tolist() == pytest.approx(matches[LIGHT].mean().tolist())
    second = polled.scores(2).set_index("specimen")
    assert second.loc["s1", "anls"] == 0
    assert second.loc["s1"].isna()[LIGHT].tolist() == [name == "vqa_accuracy" for name in LIGHT]
    assert second.loc["s3", LIGHT].isna().all()


def test_metrics_asked_for_by_name_come_after_the_others(polled: ew.Run) -> None:
    asked = ["abstained", "yes_no_accuracy", "numeric_accuracy", "anls"]
    scores = polled.scores(metrics=asked)
    assert list(scores)[3:] == [*LIGHT, *asked[:3], "invalid"]
    first, second = scores[scores.step == 1], scores[scores.step == 2]
    assert first["abstained"].tolist() == [0, 0, 0, 1]
    # "None" is no abstention in words: where lower is better, no answer has no score
    assert second["abstained"].fillna(-1).tolist() == [0, -1, 0, -1]
    assert first["yes_no_accuracy"].fillna(-1).tolist() == [1, -1, -1, 0]
    assert first["numeric_accuracy"].fillna(-1).tolist() == [-1, 0, -1, -1]
    assert second["numeric_accuracy"].fillna(-1).tolist() == [-1, 0, -1, -1]


def test_figures_of_a_step_are_in_the_summary_alone(polled: ew.Run) -> None:
    summary = polled.summary(metrics=["corpus_bleu", "pope"])
    answers = ["Yes.", "12.5", "the bus", "not sure"]
    references = [["yes", "12", "a red bus", "no"], ["no", None, "bus", None]]
    assert summary["corpus_bleu"].iloc[0] == sacrebleu.corpus_bleu(answers, references).score
    assert summary["pope_accuracy"].tolist() == [1, 1]
    assert summary["pope_yes_ratio"].tolist() == [0.5, 1]
    assert list(summary)[-1] == "missing"
    assert "corpus_bleu" not in polled.matches(metrics=["corpus_bleu"])
    with pytest.raises(ew.EvalWidgetError, match="corpus_bleu: it is a figure of a whole step"):
        polled.scores(metrics=["corpus_bleu"])


def test_each_distinct_pair_is_scored_once_over_all_steps() -> None:
    seen: list[tuple[str, tuple[str, ...]]] = []

    def length(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> list[int]:
        seen.extend(zip(answers, references, strict=True))
        return [len(answer) for answer in answers]

    run = answers_run({1: ["a", "a", "bb", "a"], 2: ["a", "ccc", "bb", "x"]}, ["r", "r", "r", ["r", "q"]])
    own = TextMetric("length", length)
    assert run.scores(metrics=[own])["length"].tolist() == [1, 1, 2, 1, 1, 3, 2, 1]
    assert run.summary(metrics=[own])["length"].tolist() == [1.25, 1.75]
    pairs = [("a", ("r",)), ("bb", ("r",)), ("a", ("r", "q")), ("ccc", ("r",)), ("x", ("r", "q"))]
    assert seen == pairs


def test_a_metric_is_given_the_answers_of_all_steps_at_once() -> None:
    """Also where an answer is the last checkpoint's, comes back, or is not there in between."""
    given: list[list[str]] = []

    def length(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> list[int]:
        given.append(list(answers))
        return [len(answer) for answer in answers]

    steps: dict[int, list[str | None]] = {1: ["a", "bb"], 2: ["a", None], 3: ["ccc", "bb"], 4: ["a", "bb"]}
    expected = [1, 2, 1, 0, 3, 2, 1, 2]
    for table in ("summary", "scores", "matches"):
        given.clear()
        run = answers_run(steps, ["r", "q"]).add_metric(TextMetric("length", length))
        getattr(run, table)()
        assert given == [["a", "bb", "ccc"]]
        assert run.scores()["length"].fillna(0).tolist() == expected
    assert run.scores([4, 2])["length"].fillna(0).tolist() == [1, 2, 1, 0]


def test_an_own_metric_is_in_every_table_and_offered_by_the_widget() -> None:
    run = answers_run({1: ["one", None, "three words here"]}, ["one", "two", "three"])
    run.add_metric(TextMetric("words", lambda answers, references: [len(a.split()) for a in answers], "lower"))
    for frame in (run.scores(), run.matches()):
        assert frame["words"].fillna(-1).tolist() == [1, -1, 3]
    assert run.summary()["words"].tolist() == [2]
    widget = run.compare()
    assert widget._run["scores"][-1] == {"name": "words", "direction": "lower", "bounds": None}
    assert widget.score == "token_f1"
    widget.close()


def test_the_widget_may_show_any_score(polled: ew.Run) -> None:
    widget = polled.compare(score="abstained")
    assert widget.score == "abstained"
    assert widget._run["scores"][-1] == {"name": "abstained", "direction": "lower", "bounds": (0, 1)}
    widget.close()
    for name in ("nonsense", "pope", "f1"):
        with pytest.raises(ew.UnknownNameError, match=name):
            polled.compare(score=name)
    boxes = boxes_run([("a", "cat", 0, 0, 9, 9)], [("a", "cat", 0, 0, 9, 9, 0.5)])
    assert "f1" in [score["name"] for score in run_info(boxes._evaluation, [])["scores"]]
    for name in ("recall", "grec_f1", "true_positives"):
        request = {"id": "1", "kind": "scores", "step": 1, "score": name}
        reply, buffers = answer(request, boxes._evaluation)
        assert np.frombuffer(buffers[reply["buffers"].index("scores")], np.float32).tolist() == [1]


def test_an_own_metric_of_boxes() -> None:
    def centre_distance(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
        centres = [(corners[:, :2] + corners[:, 2:]) / 2 for corners in (truth, found)]
        return np.hypot(*(centres[0] - centres[1]).T)

    truth = [("a", "cat", 0, 0, 10, 10), ("a", "dog", 20, 20, 30, 30), ("b", "cat", 0, 0, 10, 10)]
    found = [("a", "cat", 3, 0, 13, 10, 0.9), ("a", "cow", 0, 0, 1, 1, 0.9), ("b", "cat", 0, 1, 10, 11, 0.9)]
    run = boxes_run(truth, found).add_metric(BoxMetric("centre_distance", centre_distance, "lower"))
    assert run.matches()["centre_distance"].fillna(-1).tolist() == [3, -1, -1, 1]
    assert run.scores()["centre_distance"].tolist() == [3, 1]
    assert run.summary()["centre_distance"].tolist() == [2]
    detected = boxes_run(truth, found, "object detection")
    assert "recall_at_1" not in detected.summary()
    assert detected.summary(metrics=[BoxMetric("same", lambda a, b: np.ones(len(a)))])["same"].tolist() == [1]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (TextMetric("short", lambda a, r: [1.0]), r"metric short: expected an array \(2,\), got the shape \(1,\)"),
        (TextMetric("texts", lambda a, r: list(a)), r"metric texts: expected 2 numbers, got \["),
        (TextMetric("anls", lambda a, r: [1.0, 1.0]), "metric anls: there is another of this name"),
        (BoxMetric("boxes", lambda a, b: a), "metric boxes: it scores boxes, and the run's task is 'visual question"),
        ("nonsense", "metric 'nonsense': the task 'visual question answering' has exact_match, token_f1"),
        (TextMetric("status", lambda a, r: [1.0, 1.0]), "metric status: the tables have a column of this name"),
        (3, "metrics: expected a name or a metric, got 3"),
    ],
)
def test_a_metric_that_cannot_be_used_is_an_error(metric: Any, message: str) -> None:
    run = answers_run({1: ["a", "b"]}, ["a", "c"])
    with pytest.raises(ew.EvalWidgetError, match=message):
        run.scores(metrics=[metric])
    with pytest.raises(ew.EvalWidgetError, match="metrics: expected a list"):
        run.scores(metrics="anls")


def test_a_metric_must_have_a_name_a_function_and_a_direction() -> None:
    for wrong, message in (
        (lambda: TextMetric("two words", len), "metric name: expected letters, digits and underscores"),
        (lambda: TextMetric("x", len, "up"), "direction: expected 'higher' or 'lower', got 'up'"),
        (lambda: BoxMetric("x", 3), "metric x: expected a function, got 3"),
        (lambda: BoxMetric("x", len, bounds=(1, 0)), r"metric x: bounds: expected the least and the most, .* \(1, 0\)"),
        (
            lambda: TextMetric("x", len, bounds=[0, 1]),
            r"metric x: bounds: expected the least and the most, .* \[0, 1\]",
        ),
    ):
        with pytest.raises(ew.EvalWidgetError, match=message):
            wrong()


def test_a_judge_is_asked_once_for_each_question_and_answer() -> None:
    asked: list[str] = []

    def ask(prompts: list[str]) -> list[str]:
        asked.extend(prompts)
        return ["1" if "s0?" in prompt else "0.5" for prompt in prompts]

    run = answers_run({1: ["x", "x"], 2: ["x", "y"]}, ["r", "r"])
    assert run.scores(metrics=[ew.metrics.judge(ask)])["judge"].tolist() == [1, 0.5, 1, 0.5]
    assert len(asked) == 3
    assert all("Reference answers: r\n" in prompt for prompt in asked)


@pytest.fixture
def grounded(write_run: Write) -> ew.Run:
    def line(image: str, *phrases: tuple[str, list[list[float]]]) -> dict[str, Any]:
        named = [{"phrase": phrase, "boxes": boxes} for phrase, boxes in phrases]
        return {"image": image, "width": 100, "height": 100, "phrases": named}

    cat, dogs = [0, 0, 10, 10], [[20, 0, 30, 10], [40, 0, 50, 10]]
    truth = [
        line("a.jpg", ("a cat", [cat]), ("two dogs", dogs), ("sky", [[0, 50, 100, 100]])),
        line("b.jpg", ("the cat", [cat])),
        line("empty.jpg"),
        line("quiet.jpg"),
        {"image": "unknown.jpg", "width": 100, "height": 100},
        line("missing.jpg", ("sky", [cat])),
    ]
    found = [
        line("a.jpg", ("A cat.", [cat]), ("two dogs", [[20, 0, 50, 10], dogs[1]]), ("a bird", [cat, cat])),
        line("b.jpg", ("cat", [[50, 50, 60, 60], cat])),
        line("empty.jpg", ("cat", [cat])),
        line("quiet.jpg"),
        line("unknown.jpg", ("cat", [cat])),
    ]
    return ew.open_run(write_run(truth, {1: found}))


def test_phrases_are_named_by_what_became_of_them(grounded: ew.Run) -> None:
    phrases = grounded.phrases()
    told = phrases[["specimen", "phrase", "status", "boxes", "predictions"]].astype(object)
    assert told.where(told.notna(), None).values.tolist() == [
        ["a.jpg", "a cat", "predicted", 1, 1],
        ["a.jpg", "two dogs", "predicted", 2, 2],
        ["a.jpg", "sky", "missing_phrase", 1, 0],
        ["a.jpg", "a bird", "invented_phrase", 0, 2],
        ["b.jpg", "the cat", "predicted", 1, 2],
        ["empty.jpg", None, "no_target", 0, 1],
        ["empty.jpg", "cat", "invented_phrase", 0, 1],
        ["quiet.jpg", None, "no_target", 0, 0],
    ]
    shown = phrases.astype(object).fillna("-")
    assert shown["recall_at_1"].tolist() == [1, 0, 0, "-", 0, "-", "-", "-"]
    assert shown["recall_at_5"].tolist() == [1, 1, 0, "-", 1, "-", "-", "-"]
    assert shown["merged_recall_at_1"].tolist() == [1, 1, 0, "-", 0, "-", "-", "-"]
    assert shown["accuracy_at_50"].tolist() == [1, "-", 0, "-", 0, "-", "-", "-"]
    assert shown["grec_accuracy"].tolist() == [1, 0, 0, "-", 0, 0, "-", 1]
    assert shown["no_target_accuracy"].tolist() == ["-"] * 5 + [0, "-", 1]
    assert shown["target_accuracy"].tolist() == [1, 1, 0, "-", 1, "-", "-", "-"]
    assert shown["iou"].tolist() == [1, pytest.approx(1 / 3), "-", "-", 0, "-", "-", "-"]


def test_phrase_figures_are_averaged_over_phrases(grounded: ew.Run) -> None:
    names = [metric.name for metric in known_metrics("phrase grounding").values()]
    phrases, summary, scores = grounded.phrases(), grounded.summary(metrics=names), grounded.scores(metrics=names)
    assert list(scores)[9:] == ["mean_iou", *names, "invalid"]
    assert summary[names].iloc[0].tolist() == pytest.approx(phrases[names].mean().tolist())
    assert summary["recall_at_5"].tolist() == [3 / 4]
    by_specimen = phrases.groupby("specimen", observed=False)[names].mean()
    pd.testing.assert_frame_equal(scores.set_index("specimen")[names], by_specimen, check_dtype=False)
    assert scores.set_index("specimen").loc[["unknown.jpg", "missing.jpg"], names].isna().all(axis=None)


def test_thresholds_hold_for_phrases_too() -> None:
    run = boxes_run([("a", "cat", 0, 0, 10, 10)], [("a", "cat", 0, 0, 10, 6, 0.6)])
    assert run.summary()["recall_at_1"].tolist() == [1]
    strict = run.summary(iou_threshold=0.7, metrics=["grec_f1"])
    assert strict[["recall_at_1", "accuracy_at_50", "grec_f1"]].values.tolist() == [[0, 1, 0]]
    assert run.phrases(confidence_threshold=0.7)["status"].tolist() == ["missing_phrase"]
    assert run.summary(confidence_threshold=0.7)["recall_at_1"].tolist() == [0]


def test_a_phrase_like_two_others_is_told_by_neither() -> None:
    truth = [("a", "the cat", 0, 0, 9, 9), ("a", "a cat", 20, 0, 29, 9)]
    run = boxes_run(truth, [("a", "cat", 0, 0, 9, 9, 0.5), ("a", "the", 0, 0, 9, 9, 0.5)])
    assert run.phrases()["status"].tolist() == ["missing_phrase"] * 2 + ["invented_phrase"] * 2
    # classes of detection are not phrases
    detected = boxes_run([("a", "the cat", 0, 0, 9, 9)], [("a", "cat", 0, 0, 9, 9, 0.5)], "object detection")
    assert detected.summary()["true_positives"].tolist() == [0]


def test_questions_have_no_phrases(polled: ew.Run) -> None:
    with pytest.raises(ew.EvalWidgetError, match="phrases: the run's task is 'visual question answering'"):
        polled.phrases()


def test_no_phrases_at_all() -> None:
    run = boxes_run([("a", "cat", 0, 0, 9, 9)], [])
    assert len(run.phrases()) == 0
    assert len(run.phrases([])) == 0


def test_a_published_vqa_record_scores_by_its_ladder(real_data: Path) -> None:
    record = json.loads((real_data / "bench_samples" / "vqav2.json").read_text("utf-8"))
    references = record["sample_example"]["data"]["metadata"]["answers"]
    assert len(references) == 10
    said = {"down": 1, "Down.": 1, "at table": 0.3, "table": 0.3, "skateboard": 0.3, "up": 0}
    run = answers_run(dict(enumerate([text] for text in said)), [references])
    assert run.summary()["vqa_accuracy"].tolist() == pytest.approx(list(said.values()))


def test_published_answers_of_small_models(real_data: Path) -> None:
    runs = sorted((real_data / "vqav2_smallvlms").glob("*20250729_131258.json"))
    models = json.loads(runs[0].read_text("utf-8"))["results"]
    results = models["phi35_vision"]["question_results"]
    answers = {1: [result["model_answer"] for result in results]}
    run = answers_run(answers, [result["ground_truth"] for result in results])
    summary = run.summary(metrics=["yes_no_accuracy", "abstained", "pope"])
    assert summary["vqa_accuracy"].isna().all()
    assert 0 < summary["exact_match"].iloc[0] < summary["yes_no_accuracy"].iloc[0] <= 1
    assert 0 <= summary["abstained"].iloc[0] < 1
