"""``Run.slices``: scores of parts of a run at each step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalwidget as ew
from evalwidget.metrics import BoxMetric, TextMetric

Write = Callable[..., Path]


def line(image: str, **phrases: list[list[float]]) -> dict[str, Any]:
    named = [{"phrase": phrase.replace("_", " "), "boxes": boxes} for phrase, boxes in phrases.items()]
    return {"image": image, "width": 500, "height": 500, "phrases": named}


SMALL, MEDIUM, LARGE = [0, 0, 31, 32], [100, 0, 132, 32], [200, 0, 296, 96]
AWAY = [400, 400, 410, 410]


@pytest.fixture
def run(write_run: Write) -> ew.Run:
    """a: a small and a medium cat, and a large red dog; b: a small cat; c: known to be empty; d: not annotated; e: a
    red dog, evaluated nowhere but at 30."""
    truth = [
        line("a", cat=[SMALL, MEDIUM], red_dog=[LARGE]),
        line("b", cat=[SMALL]),
        line("c"),
        {"image": "d", "width": 500, "height": 500},
        line("e", red_dog=[LARGE]),
    ]
    steps = {
        10: [line("a", cat=[SMALL, MEDIUM], red_dog=[AWAY]), line("b", cat=[SMALL]), line("c"), line("d", cat=[AWAY])],
        20: [line("a", cat=[SMALL], red_dog=[LARGE], cow=[AWAY]), line("b", cat=[AWAY]), line("c", cat=[AWAY])],
        30: [line("b", cat=[SMALL]), line("e", red_dog=[AWAY])],
    }
    return ew.open_run(write_run(truth, steps))


def rows(frame: pd.DataFrame) -> list[list[Any]]:
    return [[None if pd.isna(value) else value for value in row] for row in frame.astype(object).to_numpy()]


def test_by_phrase_the_one_that_fell_most_comes_first(run: ew.Run) -> None:
    found = run.slices("phrase")
    assert list(found) == ["slice", "items", 10, 20, 30, "best_step", "fall"]
    assert rows(found) == [["red dog", 2, 0, 1, 0, 20, 1], ["cat", 3, 1, 1 / 3, 1, 10, 0]]
    assert isinstance(found["slice"].dtype, pd.CategoricalDtype)
    assert found["items"].dtype == found["best_step"].dtype == pd.Int64Dtype()
    assert found[10].dtype == found["fall"].dtype == np.float64


def test_predictions_are_in_slices_of_their_phrase(run: ew.Run) -> None:
    for metric in ("precision", "f1", "recall", "mean_iou"):
        found = run.slices("phrase", metric, tidy=True).set_index(["step", "slice"])["value"]
        classes = run.classes().set_index(["step", "phrase"])[metric]
        for key, value in found.items():
            np.testing.assert_equal(value, classes.get(key, np.nan))
    # a phrase that the ground truth has not is a slice where it has a score
    assert "cow" in run.slices("phrase", "f1")["slice"].tolist()
    assert "cow" not in run.slices("phrase", "recall")["slice"].tolist()


def test_by_box_size(run: ew.Run) -> None:
    assert rows(run.slices("box_size").sort_values("slice")) == [
        ["small", 2, 1, 0.5, 1, 10, 0],
        ["medium", 1, 1, 0, None, 10, None],
        ["large", 2, 0, 1, 0, 20, 1],
    ]


def test_by_number_of_objects(run: ew.Run) -> None:
    # what has no fall comes last
    assert rows(run.slices("objects", "recall")) == [
        ["1", 2, 1, 0, 0.5, 10, 0.5],
        ["0", 1, None, None, None, None, None],
        ["3-5", 1, 2 / 3, 2 / 3, None, 10, None],
    ]


def test_by_length_of_the_phrase(run: ew.Run) -> None:
    assert rows(run.slices("prompt_length")) == [["2-3", 2, 0, 1, 0, 20, 1], ["1", 3, 1, 1 / 3, 1, 10, 0]]


def test_tidy_says_how_many_were_scored(run: ew.Run) -> None:
    found = run.slices("phrase", tidy=True)
    assert list(found) == ["step", "slice", "items", "value"]
    assert rows(found) == [
        *([10, "cat", 3, 1], [10, "red dog", 1, 0], [20, "cat", 3, 1 / 3], [20, "red dog", 1, 1]),
        *([30, "cat", 1, 1], [30, "red dog", 1, 0]),
    ]
    assert found["step"].dtype == np.int64


def test_by_values_of_ones_own(run: ew.Run) -> None:
    weather = {"a": "rain", "b": "sun", "e": "sun", "d": "sun"}
    expected = [
        ["sun", 2, 1, 0, 0.5, 10, 0.5],
        ["rain", 1, 2 / 3, 2 / 3, None, 10, None],
        [None, 1, None, None, None, None, None],
    ]
    for by in (weather, pd.Series(weather), pd.DataFrame({"specimen": [*weather], "weather": [*weather.values()]})):
        assert rows(run.slices(by, "recall")) == expected
    ordered = pd.Series(pd.Categorical(weather.values(), ["sun", "snow", "rain"]), index=[*weather])
    assert run.slices(ordered, tidy=True)["slice"].cat.categories.tolist() == ["sun", "snow", "rain"]
    numbers = run.slices({"a": 2.5, "b": 1.5, "c": None, "e": 2.5}, "recall")
    assert sorted(numbers["slice"].dropna()) == [1.5, 2.5]


def test_specimens_may_be_numbers_as_in_the_frames_of_a_run() -> None:
    truth = pd.DataFrame({"specimen": [1, 2], "item": [7, 8], "question": "Who?", "answer": ["Ann", "Bob"]})
    run = ew.Run.from_frames(truth, truth.assign(step=1, answer="Ann"))
    given = truth[["specimen", "item"]].assign(kind=["x", "y"])
    for by in (given, given.drop(columns="item"), dict(zip(given["specimen"], given["kind"], strict=True))):
        assert run.slices(by).set_index("slice")[1].to_dict() == {"x": 1, "y": 0}


def test_by_values_of_items(run: ew.Run) -> None:
    items = run.matches(10).dropna(subset=["ground_truth"])[["specimen", "item"]]
    is_cat = items.assign(is_cat=items["item"].str.startswith("cat"))
    assert rows(run.slices(is_cat.drop_duplicates())) == [[False, 2, 0, 1, 0, 20, 1], [True, 3, 1, 1 / 3, 1, 10, 0]]


def test_metrics_of_ones_own_and_of_phrases(run: ew.Run) -> None:
    run.add_metric(BoxMetric("width", lambda truth, found: found[:, 2] - found[:, 0], "lower"))
    assert rows(run.slices("box_size", "width"))[:1] == [["small", 2, 31, 31, 31, 10, 0]]
    each = run.phrases().groupby(["phrase", "step"], observed=True)["recall_at_1"].mean().unstack()
    found = run.slices("phrase", "recall_at_1").set_index("slice").sort_index()
    np.testing.assert_allclose(found[run.steps], each.loc[found.index])


def test_where_lower_is_better_more_is_a_fall() -> None:
    run = ew.demo_run("vqa").add_metric(
        TextMetric("length", lambda answers, _: [len(answer) for answer in answers], "lower")
    )
    found = run.slices("question_type", "length")
    np.testing.assert_allclose(found["fall"], found[run.steps[-1]] - found[run.steps].min(axis=1))
    assert found["fall"].is_monotonic_decreasing


@pytest.mark.parametrize("metric", ["token_f1", "exact_match"])
def test_questions_by_type_equal_a_mean_over_matches(metric: str) -> None:
    run = ew.demo_run("vqa")
    matches = run.matches()
    for by, key in (("question_type", kind_of_demo_question), ("phrase", str)):
        expected = matches.groupby([matches["phrase"].map(key), "step"])[metric].mean().unstack()
        found = run.slices(by, metric).astype({"slice": str}).set_index("slice").sort_index()
        assert found.index.tolist() == expected.index.tolist()
        np.testing.assert_allclose(found[run.steps], expected)
        np.testing.assert_allclose(found["fall"], expected.max(axis=1) - expected.iloc[:, -1])
        assert found["best_step"].tolist() == expected.idxmax(axis=1).tolist()
        assert found["items"].tolist() == matches.query("step == 0").groupby(matches["phrase"].map(key)).size().tolist()


def kind_of_demo_question(question: str) -> str:
    beginnings = {
        "How many": "how many",
        "What colour": "what colour",
        "Is": "yes/no",
        "Which": "which",
        "What": "what",
    }
    return next(kind for start, kind in beginnings.items() if question.startswith(start))


def test_a_slice_of_everything_has_the_summary_s_scores() -> None:
    run = ew.demo_run("grounding")
    summary = run.summary()
    for metric in ("precision", "recall", "f1", "mean_iou", "recall_at_1"):
        found = run.slices(dict.fromkeys(run.specimens, "all"), metric)
        np.testing.assert_allclose(found[run.steps].iloc[0], summary[metric])


def test_steps_and_thresholds(run: ew.Run) -> None:
    assert list(run.slices("phrase", steps=[20, 10])) == ["slice", "items", 10, 20, "best_step", "fall"]
    assert run.slices("phrase", steps=[20, 10])["slice"].tolist() == ["cat", "red dog"]


@pytest.mark.parametrize(
    ("by", "metric", "message"),
    [
        ("colour", None, "expected one of phrase, box_size, objects, question_type, prompt_length"),
        (
            "question_type",
            None,
            "expected one of phrase, box_size, objects, prompt_length for a run of the task 'phrase grounding', got",
        ),
        ("box_size", "f1", "expected recall, mean_iou or a metric of matched boxes, got 'f1'"),
        ("phrase", "false_positives", "expected precision, f1, recall, mean_iou"),
        ("objects", "false_positives", "got a count"),
        (
            "phrase",
            "unheard_of",
            "metric 'unheard_of': run '.*' .phrase grounding. has f1, precision",
        ),
        (5, None, "values by specimen as a mapping, Series or DataFrame, got int"),
        ({"x": 1}, None, "1 specimens are not in the run: x; expected a value for each specimen, such as a, b, c"),
        (pd.Series([1, 2], index=["a", "a"]), None, "expected one value for each specimen, got several for 'a'"),
        ([("a", 1)], None, "values by specimen as a mapping, Series or DataFrame, got list"),
        (pd.DataFrame({"specimen": ["a"]}), None, "and one with the values, got 'specimen'"),
        (
            pd.DataFrame({"specimen": ["a", "b"], "x": [[1], [2]]}),
            None,
            "values: expected texts, numbers or the like, got a list in 'x'",
        ),
        (
            pd.DataFrame({"specimen": ["a"], "item": ["cow"], "x": [1]}),
            None,
            "1 items are not in the run, such as 'cow' of 'a'",
        ),
    ],
)
def test_what_cannot_be_asked_is_told(run: ew.Run, by: Any, metric: str | None, message: str) -> None:
    with pytest.raises(ew.EvalWidgetError, match=message):
        run.slices(by, metric)
