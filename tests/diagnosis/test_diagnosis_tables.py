"""Failure modes by step, good criteria, calibration and suspect labels."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.guide import GOOD_BOXES, GOOD_TEXT, MODES
from evalwidget.metrics.calibration import calibration_bins
from evalwidget.metrics.spread import explained_share

Box = tuple[str, float, float, float, float]
CAT: Box = ("cat", 0, 0, 100, 100)
DOG: Box = ("dog", 300, 0, 400, 100)


def boxes_run(truth: dict[str, list[Box]], steps: dict[int, dict[str, list[Box]]], score: float = 0.9) -> ew.Run:
    columns = ["specimen", "phrase", "x1", "y1", "x2", "y2"]

    def rows(boxes: dict[str, list[Box]]) -> list[tuple]:
        blank = (None, np.nan, np.nan, np.nan, np.nan)
        return [(name, *box) for name, of_one in boxes.items() for box in of_one or [blank]]

    found = [(step, *row) for step, boxes in steps.items() for row in rows(boxes)]
    return ew.Run.from_frames(
        pd.DataFrame(rows(truth), columns=columns),
        pd.DataFrame(found, columns=["step", *columns]).assign(score=score),
        task="object detection",
        coordinates="pixels",
    )


def answers_run(references: list, steps: dict[int, list[str | None]], score: list | None = None) -> ew.Run:
    names = [f"s{place}" for place in range(len(references))]
    truth = pd.DataFrame({"specimen": names, "question": "What colour is it?", "answer": references})
    found = [
        (step, name, answer, None if score is None else score[place])
        for step, answers in steps.items()
        for place, (name, answer) in enumerate(zip(names, answers, strict=True))
    ]
    return ew.Run.from_frames(truth, pd.DataFrame(found, columns=["step", "specimen", "answer", "score"]))


def test_failure_modes_of_boxes_by_step() -> None:
    truth = {"a": [CAT, DOG], "b": [CAT], "c": [DOG], "d": [CAT]}
    run = boxes_run(truth, {1: {"a": [CAT], "b": [], "c": [DOG]}, 2: truth})
    frame = run.failure_modes()
    first = frame[frame["step"] == 1].set_index("mode")
    assert list(first.index) == [*(mode.key for mode in MODES if mode.of == "boxes"), "format_error"]
    missed = first.loc["missed_detection"]
    assert (missed["specimens"], missed["share"], missed["severity"]) == (2, pytest.approx(2 / 3), 0.75)
    assert missed["most_hit"] == "cat (1 of 2), dog (1 of 2)"
    assert missed["advice"] == "more training data for the under-represented phrases or classes"
    uneven = first.loc["inconsistent_localization"]
    assert uneven[["score_q1", "score_median", "score_q3"]].tolist() == [0.25, 0.5, 0.75]
    assert uneven["score_std"] == pytest.approx(np.std([0.5, 0, 1]))
    assert first["score_std"].notna().sum() == 1
    assert frame[frame["step"] == 2]["specimens"].tolist() == [0] * 5


def test_the_slice_that_explains_uneven_localization_is_named() -> None:
    small: Box = ("cat", 0, 0, 20, 20)
    truth = {f"s{place}": [small if place % 2 else CAT] for place in range(12)}
    found = {name: [box] if box is CAT else [] for name, (box,) in truth.items()}
    row = boxes_run(truth, {1: found}).failure_modes().set_index("mode").loc["inconsistent_localization"]
    assert row["explained_by"] == "box_size: small 0.00, large 1.00"
    assert row["explained"] == 1


def test_failure_modes_of_answers_name_types_of_question() -> None:
    frame = answers_run(["red", "blue", None], {1: ["red", "green", "red"]}).failure_modes().set_index("mode")
    assert list(frame.index) == [mode.key for mode in MODES if mode.of == "text"]
    assert frame.loc["hallucination", "most_hit"] == "what colour (1 of 2)"
    assert frame.loc["hallucination", "share"] == 0.5
    assert frame["specimens"].tolist() == [1, 0, 0, 0]


def test_a_step_where_nobody_is_judged_is_missing() -> None:
    frame = answers_run([None], {1: ["red"]}).failure_modes()
    assert frame[["specimens", "share", "severity", "most_hit"]].isna().all(axis=None)


def test_good_criteria_of_boxes() -> None:
    lax: Box = ("cat", 0, 0, 100, 70)
    truth = {"tight": [CAT, DOG], "lax": [CAT], "uneven": [CAT, DOG], "empty": [], "bad": [CAT], "away": [CAT]}
    found = {"tight": [CAT, DOG], "lax": [lax], "uneven": [lax, DOG], "empty": [], "bad": []}
    frame = boxes_run(truth, {1: found}).good_criteria()
    assert list(frame) == ["step", "specimen", *(criterion.key for criterion in GOOD_BOXES)]
    met = frame.set_index("specimen").drop(columns="step")
    nothing = pd.NA
    assert met.loc["tight"].tolist() == [True, True, True, True]
    assert met.loc["lax"].tolist() == [False, True, True, nothing]
    assert met.loc["uneven"].tolist() == [False, True, True, False]
    assert met.loc["empty"].tolist() == [nothing, nothing, True, nothing]
    assert list(met.index) == ["tight", "lax", "uneven", "empty"]


def test_good_criteria_of_answers() -> None:
    opinions = ["red", "red", "red", "pink", "brown", "gold", "tan"]
    references = ["red", "red", opinions, "red", "it is a long and winding road"]
    answers = ["It's red.", "a red and heavy thing", "red", "blue", "it is one long and narrow road"]
    frame = answers_run(references, {1: answers}).good_criteria().set_index("specimen").drop(columns="step")
    nothing = pd.NA
    assert list(frame) == [criterion.key for criterion in GOOD_TEXT]
    assert frame.loc["s0"].tolist() == [True, True, True, True, nothing]
    # what it says beyond the reference nobody can check
    assert frame.loc["s1"].tolist() == [True, nothing, True, True, nothing]
    assert frame.loc["s2"].tolist() == [True, True, True, True, True]
    assert frame.loc["s4"].tolist() == [nothing, nothing, True, True, nothing]
    assert list(frame.index) == ["s0", "s1", "s2", "s4"]
    sure = answers_run(["red"], {1: ["red"]}, [0.9]).good_criteria()
    assert sure["handles_ambiguity"].tolist() == [True]


def test_calibration() -> None:
    run = answers_run(["red"] * 5, {1: ["red", "red", "blue", "red", "blue"]}, [0.9, 0.95, 1.0, 0.05, None])
    frame = run.calibration(1)
    assert list(frame) == ["step", "low", "high", "answers", "confidence", "accuracy"]
    assert frame["answers"].tolist() == [1, *[0] * 7, 1, 2]
    last = frame.iloc[-1]
    assert (last["confidence"], last["accuracy"]) == (pytest.approx(0.975), 0.5)
    assert frame["accuracy"].isna().sum() == 7
    expected = (0.95 + 0.1 + 2 * 0.475) / 4
    assert frame.attrs["expected_calibration_error"] == {1: pytest.approx(expected)}
    with pytest.raises(ew.EvalWidgetError, match="no answer with known references carries a confidence"):
        answers_run(["red"], {1: ["red"]}).calibration(1)
    with pytest.raises(ew.EvalWidgetError, match="expected a run of questions, got object detection"):
        boxes_run({"a": [CAT]}, {1: {"a": [CAT]}}).calibration()
    with pytest.raises(ew.EvalWidgetError, match="bins: expected a whole number, 1 or more, got 0"):
        run.calibration(1, bins=0)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1), st.integers(1, 12))
def test_calibration_equals_a_plain_loop(answers: list[tuple[float, bool]], bins: int) -> None:
    found = calibration_bins(np.array([c for c, _ in answers]), np.array([r for _, r in answers]), bins)
    error = 0.0
    for place, (low, high) in enumerate(zip(found.edges[:-1], found.edges[1:], strict=True)):
        inside = [(c, r) for c, r in answers if low < c <= high or (place == 0 and c == 0)]
        assert found.count[place] == len(inside)
        if inside:
            apart = np.mean([c for c, _ in inside]) - np.mean([r for _, r in inside])
            error += abs(apart) * len(inside) / len(answers)
    assert found.error == pytest.approx(error)


def test_explained_share() -> None:
    values = np.array([1.0, 1.0, 0.0, 0.0])
    assert explained_share(values, np.array([3, 3, 7, 7])) == 1
    assert explained_share(values, np.array([0, 1, 0, 1])) == 0
    assert np.isnan(explained_share(values, np.arange(4)))
    assert np.isnan(explained_share(np.ones(4), np.array([0, 0, 1, 1])))
    # by hand: 1 - (within 0.5 / whole 1) * 3 / 2
    assert explained_share(np.array([1.0, 0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 2, 2])) == pytest.approx(
        1 - 0.5 / 1.2 * 4 / 2
    )


def test_late_steps_that_agree_against_the_ground_truth() -> None:
    lamp: Box = ("lamp", 500, 500, 600, 600)
    off: Box = ("dog", 350, 0, 450, 100)
    truth = {"missing": [CAT], "renamed": [CAT, DOG], "shifted": [CAT, DOG], "fine": [CAT], "unsure": [CAT]}
    late = {
        "missing": [CAT, lamp],
        "renamed": [("wolf", *CAT[1:]), DOG],
        "shifted": [CAT, off],
        "fine": [CAT],
        "unsure": [CAT],
    }
    steps = {1: truth, 2: late, 3: late, 4: late | {"unsure": [CAT, lamp]}}
    run = boxes_run(truth, steps)
    frame = run.suspect_labels()
    found = {row.specimen: (row.kind, row.phrase) for row in frame.itertuples()}
    assert found == {
        "missing": ("missing_box", "lamp"),
        "renamed": ("wrong_label", "cat"),
        "shifted": ("box_off", "dog"),
    }
    assert frame["steps"].tolist() == [[2, 3, 4]] * 3
    assert frame["agreement"].tolist() == [1] * 3
    assert frame["evidence"][0] == "lamp at every one of these steps, where nothing is annotated"
    assert run.suspect_labels(last=4).empty
    assert run.suspect_labels(confidence_threshold=0.95).empty
    moved = steps | {3: late | {"missing": [CAT, ("lamp", 550.0, 500.0, 650.0, 600.0)]}}
    assert "missing" not in set(boxes_run(truth, moved).suspect_labels()["specimen"])


def test_late_answers_that_agree_against_the_reference() -> None:
    steps = {
        1: ["the sky is blue", "blue", "I cannot tell", "red", "green"],
        2: ["Sky is blue.", "blue", "I cannot tell", "red", None],
        3: ["The sky is\nblue!", "green", "I cannot tell", "red", "green"],
    }
    frame = answers_run(["red"] * 5, steps).suspect_labels()
    assert frame["specimen"].tolist() == ["s0"]
    assert frame["kind"].tolist() == ["answer"]
    assert frame["evidence"][0] == '"The sky is blue!" at every one of these steps, where the reference says "red"'
    for settings, message in (({"last": 1}, "last: expected"), ({"agreement": 0}, "agreement: expected")):
        with pytest.raises(ew.EvalWidgetError, match=message):
            answers_run(["red"] * 5, steps).suspect_labels(**settings)
    with pytest.raises(ew.EvalWidgetError, match="expected two steps or more"):
        answers_run(["red"], {1: ["blue"]}).suspect_labels()
