"""DataFrames as a source: ``Run.from_frames`` and frames in the place of files."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalwidget as ew

CORNERS = ["x1", "y1", "x2", "y2"]


def boxes(*rows: Any, **columns: Any) -> pd.DataFrame:
    """Rows of (specimen, phrase, x1, y1, x2, y2)."""
    return pd.DataFrame(rows, columns=["specimen", "phrase", *CORNERS]).assign(**columns)


TRUTH = boxes(("a", "cat", 0, 0, 10, 10), ("a", "dog", 20, 20, 40, 40), ("b", "cat", 5, 5, 9, 9))


def test_grounding() -> None:
    found = boxes(
        ("a", "cat", 0, 0, 10, 9),
        ("a", "dog", 0, 0, 5, 5),
        ("b", "cat", 5, 5, 9, 9),
        step=[20, 20, 3],
        score=[0.5, None, 1],
    )
    run = ew.Run.from_frames(TRUTH, found, name="frames", steps_per_epoch=10)
    assert (run.name, run.task, run.steps, run.specimens) == ("frames", "phrase grounding", [3, 20], ["a", "b"])
    assert run.summary()["true_positives"].tolist() == [1, 1]
    assert run.summary()["epoch"].tolist() == [0.3, 2]
    assert run.scores(20)["status"].tolist() == ["ok", "missing"]
    assert run.scores(3)["status"].tolist() == ["missing", "ok"]
    assert run.matches(20)["score"].fillna(-1).tolist() == [0.5, -1, -1, -1]


def test_rows_without_boxes_say_that_there_is_nothing() -> None:
    truth = boxes(("a", "cat", 0, 0, 10, 10), ("b", *[None] * 5))
    found = boxes(("a", *[None] * 5), ("b", "cat", 0, 0, 5, 5), step=1)
    run = ew.Run.from_frames(truth, found)
    assert run.scores()["status"].tolist() == ["no_prediction", "no_ground_truth"]
    assert run.summary()[["false_positives", "false_negatives"]].values.tolist() == [[1, 1]]


def test_the_phrase_may_be_left_out_where_a_specimen_has_one() -> None:
    found = boxes(("a", None, 0, 0, 10, 10), ("b", None, 5, 5, 9, 9), step=1).drop(columns="phrase")
    matches = ew.Run.from_frames(TRUTH, found).matches()
    assert matches[["phrase", "status"]].values.tolist() == [
        ["cat", "missed"],
        ["dog", "missed"],
        ["(no label)", "extra"],
        ["cat", "matched"],
    ]


def test_a_class_is_a_phrase_and_the_task_can_be_given() -> None:
    run = ew.Run.from_frames(TRUTH, TRUTH.assign(step=1), task="detection")
    assert run.task == "object detection"
    with pytest.raises(ew.UnknownNameError, match="task 'cooking': expected one of phrase grounding"):
        ew.Run.from_frames(TRUTH, TRUTH.assign(step=1), task="cooking")


def test_answers_as_text_or_list() -> None:
    truth = pd.DataFrame(
        {
            "specimen": ["a", "b", "b", "c"],
            "question": ["How many?", "Where?", "Who?", "Why?"],
            "answer": ["two", ["here", "there"], ("you", None), None],
        }
    )
    found = pd.DataFrame(
        {
            "step": [1, 1, 1, 1],
            "specimen": ["a", "b", "b", "c"],
            "question": [None, "Who?", "where?", None],
            "answer": ["Two.", "None", "There", "because"],
        }
    )
    run = ew.Run.from_frames(truth, found)
    assert run.task == "visual question answering"
    assert run.matches()["exact_match"].fillna(-1).tolist() == [1, 1, 0, -1]
    assert run.matches()["ground_truth"].fillna("-").tolist() == ["two", "here | there", "you", "-"]


def test_answers_by_item() -> None:
    truth = pd.DataFrame({"specimen": ["a", "a"], "item": [1, 2], "question": ["Who?"] * 2, "answer": ["me", "you"]})
    found = pd.DataFrame({"specimen": ["a", "a"], "item": [2, 1], "answer": ["you", "you"], "step": 1})
    assert ew.Run.from_frames(truth, found).matches()["exact_match"].tolist() == [0, 1]


def test_raw_output() -> None:
    truth = boxes(("a", "cat", 10, 10, 50, 50), width=100, height=100)
    found = pd.DataFrame(
        {"step": [1, 2], "specimen": ["a", "a"], "output": ['[{"bbox_2d": [100, 100, 500, 500]}]', "?"]}
    )
    run = ew.Run.from_frames(truth, found, output_format="qwen3-vl")
    assert run.summary()[["true_positives", "invalid"]].values.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ((0, 0, np.nan, 10), "not_a_number"),
        ((0, 0, np.inf, 10), "not_a_number"),
        ((0, 0, "wide", 10), "not_a_number"),
        ((0, 0, None, 10), "not_a_number"),
        ((10, 0, 0, 10), "negative_size"),
        ((0, 0, 1e200, 1e200), "out_of_range"),
    ],
)
def test_a_defective_box_is_named_by_the_row_of_the_frame(row: tuple[Any, ...], state: str) -> None:
    good = ("a", "cat", 0, 0, 10, 10)
    found = boxes(good, ("b", "cat", *row), good, ("a", "dog", *row), step=[1, 1, 2, 2])
    run = ew.Run.from_frames(TRUTH, found)
    assert run.summary()[["true_positives", "invalid"]].values.tolist() == [[1, 1], [1, 1]]
    assert run.matches().query("status == 'invalid'")["parse_state"].tolist() == [state, state]
    for step, place in ((1, 1), (2, 3)):
        (defect,) = run._data.predictions(step).boxes.defects.values()
        assert defect.message.startswith(f"predictions row {place}: expected ")
    with pytest.raises(ew.FormatError, match=r"^ground truth row 1: expected "):
        ew.Run.from_frames(boxes(good, ("b", "cat", *row)), found)


TWICE = pd.concat([TRUTH, TRUTH[["x1"]]], axis=1)
LEVELS = TRUTH.assign(step=1).set_axis(pd.MultiIndex.from_product([[*TRUTH.columns, "step"], [0]]), axis=1)


def test_a_box_of_ground_truth_without_a_phrase_is_an_error() -> None:
    truth = boxes(("a", "cat", 0, 0, 10, 10), ("b", None, 0, 0, 10, 10))
    with pytest.raises(ew.FormatError, match="ground truth row 1: phrase: expected text, got nothing"):
        ew.Run.from_frames(truth, TRUTH.assign(step=1))


@pytest.mark.parametrize(
    ("truth", "found", "message"),
    [
        (TRUTH.drop(columns="specimen"), TRUTH.assign(step=1), "ground truth: expected a column 'specimen'"),
        (TRUTH.drop(columns="phrase"), TRUTH.assign(step=1), "ground truth: expected a column 'phrase'"),
        (TRUTH.drop(columns="x2"), TRUTH.assign(step=1), "ground truth: expected columns .* or question and answer"),
        (TRUTH, TRUTH, "predictions: expected a column 'step'"),
        (TRUTH, TRUTH.assign(step=[1, 2, "last"]), "predictions row 2: step: expected a whole number .* got 'last'"),
        (TRUTH, TRUTH.assign(step=[1, 2, 2.5]), "predictions row 2: step: expected a whole number"),
        (TRUTH, TRUTH.assign(step=[1, 2, np.inf]), "predictions row 2: step: expected a whole number"),
        (TRUTH, TRUTH.assign(step=[1, -2, 3]), "predictions row 1: step: expected a whole number"),
        (TRUTH, TRUTH.assign(step=[1, None, 3]), "predictions row 1: step: expected a whole number"),
        (TRUTH, TRUTH.assign(step=1e300), "predictions: its step is larger than"),
        (TRUTH, TRUTH.assign(step=1, specimen=["a", None, "b"]), "predictions row 1: specimen: expected an identifier"),
        (
            TRUTH.assign(specimen=["a", "", "b"]),
            TRUTH.assign(step=1),
            "row 1: expected the name of an image, found an empty",
        ),
        (
            TRUTH,
            TRUTH.assign(step=1, score=[0.5, "high", 1]),
            "predictions row 1: score: expected a number, got 'high'",
        ),
        (TRUTH, TRUTH.assign(step=1)[["step", "specimen"]], "predictions: expected columns .*, answer or output"),
        (pd.concat([TRUTH, TRUTH]), TRUTH.assign(step=1), "the same item twice: 'cat'"),
        ([1], TRUTH.assign(step=1), "ground truth: expected a DataFrame, got list"),
        (TWICE, TRUTH.assign(step=1), "ground truth: several columns are called 'x1'; rename"),
        (TRUTH, TWICE.assign(step=1), "predictions: several columns are called 'x1'; rename"),
        (TRUTH.rename(columns={"phrase": 1, "x1": "1"}), TRUTH.assign(step=1), "ground truth: several .* called '1'"),
        (
            LEVELS,
            TRUTH.assign(step=1),
            r"ground truth: expected columns of one level, found 2, such as \[\('specimen', 0",
        ),
        (TRUTH, LEVELS, "predictions: expected columns of one level, found 2"),
        (
            pd.DataFrame({"specimen": ["a"], "question": ["q"], "answer": [{"text": "a"}]}),
            TRUTH.assign(step=1),
            "ground truth row 0: answer: expected text or a list of texts",
        ),
    ],
)
def test_what_is_wrong_with_a_frame(truth: Any, found: pd.DataFrame, message: str) -> None:
    with pytest.raises(ew.EvalWidgetError, match=message):
        ew.Run.from_frames(truth, found).load()


def test_fractions_are_told_from_pixels() -> None:
    truth = boxes(("a", "cat", 0.1, 0.1, 0.5, 0.5), width=200, height=100)
    run = ew.Run.from_frames(truth, truth.assign(step=1))
    columns = [f"{side}_{corner}" for side in ("ground_truth", "prediction") for corner in CORNERS]
    assert run.matches()[columns].values.tolist() == [pytest.approx([20, 10, 100, 50] * 2)]
    pixels = ew.Run.from_frames(truth, truth.assign(step=1), coordinates="pixels")
    assert pixels.matches()[columns].values.tolist() == [pytest.approx([0.1, 0.1, 0.5, 0.5] * 2)]


def test_frames_by_step_beside_files_and_any_index() -> None:
    found = TRUTH.set_index(pd.Index(["r", "s", "t"]))
    run = ew.open_run(ground_truth=TRUTH, predictions={10: found, 9: found.assign(x1=[0, 20, None])})
    assert run.steps == [9, 10]
    assert run.summary()["true_positives"].tolist() == [2, 3]
    (defect,) = run._data.predictions(9).boxes.defects.values()
    assert defect.message.startswith("predictions row t: expected 4 numbers")


def test_columns_of_pandas_own_types() -> None:
    found = (
        TRUTH.assign(step=1).convert_dtypes().astype({"specimen": "category", "phrase": "category", "step": "Int64"})
    )
    truth = TRUTH.convert_dtypes().astype({"phrase": "category"})
    assert ew.Run.from_frames(truth, found).summary()["true_positives"].tolist() == [3]


def test_no_ground_truth() -> None:
    run = ew.Run.from_frames(None, TRUTH.assign(step=[1, 1, 2]))
    assert run.specimens == ["a", "b"]
    assert run.scores(1)["status"].tolist() == ["no_ground_truth", "missing"]
    assert run.matches()["status"].isna().all()
    answers = pd.DataFrame({"step": [1, 2], "specimen": ["a", "a"], "question": ["Who?"] * 2, "answer": ["me", "you"]})
    asked = ew.Run.from_frames(None, answers)
    assert asked.task == "visual question answering"
    assert asked.matches()[["phrase", "prediction"]].values.tolist() == [["Who?", "me"], ["Who?", "you"]]


def test_frames_are_not_changed() -> None:
    truth, found = TRUTH.copy(), TRUTH.assign(step=[2, 1, 2])
    before = found.copy()
    ew.Run.from_frames(truth, found).load()
    pd.testing.assert_frame_equal(truth, TRUTH)
    pd.testing.assert_frame_equal(found, before)


def test_one_frame_of_all_steps_is_not_files_by_step() -> None:
    with pytest.raises(ew.EvalWidgetError, match=r"got DataFrame; Run.from_frames takes DataFrames"):
        ew.open_run(ground_truth=TRUTH, predictions=TRUTH.assign(step=1))  # type: ignore[arg-type]
