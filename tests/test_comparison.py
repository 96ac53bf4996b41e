"""Two runs over the same specimens."""

import numpy as np
import pandas as pd
import pytest
from changing_runs import FIRST, SECOND, THIRD, TRUTH, boxes_run, moved, texts_run

import evalwidget as ew
from evalwidget.dynamics.changes import BOX_EVENTS


def test_a_run_against_itself_is_two_of_its_steps() -> None:
    for name in ("grounding", "vqa"):
        one, other = ew.demo_run(name), ew.demo_run(name)
        first, second = one.steps[2], one.steps[4]
        both = ew.compare_runs(one, other, first, second)
        assert both.steps == (first, second)
        assert both.only_in_a == both.only_in_b == both.different_ground_truth == []
        for found, expected in (
            (both.changes(), one.changes(first, second)),
            (both.change_events(), one.change_events(first, second)),
            (both.paired_test(), one.paired_test(first, second)),
        ):
            pd.testing.assert_frame_equal(found, expected, check_categorical=False)


def test_the_order_of_specimens_boxes_and_labels_does_not_matter() -> None:
    truth = {"a": TRUTH, "b": [("cow", FIRST)], "c": TRUTH}
    before = {"a": TRUTH, "b": [("cow", FIRST)], "c": TRUTH[:1]}
    after = {"a": TRUTH[1:], "b": [("cow", moved(FIRST, 8)), ("dog", THIRD)], "c": [TRUTH[1], ("cow", FIRST)]}
    one_run = boxes_run(truth, before, after)

    def turned(of: dict) -> dict:
        return {name: list(reversed(of[name])) for name in reversed(of)}

    both = ew.compare_runs(boxes_run(truth, before), boxes_run(turned(truth), turned(after)))
    expected = one_run.changes(1, 2).drop(columns="why")
    pd.testing.assert_frame_equal(both.changes().drop(columns="why"), expected, check_categorical=False)
    key = ["specimen", "event", "phrase", "prediction_after_x1"]
    columns = ["specimen", "event", "phrase", "phrase_before", "phrase_after", "iou_before", "iou_after"]
    columns += ["status_before", "status_after", "ground_truth", "ground_truth_x1", "prediction_after_x1"]
    found, wanted = (
        frame.astype(dict.fromkeys(("specimen", "event", "phrase", "phrase_before", "phrase_after"), "string"))
        .sort_values(key)[columns]
        .reset_index(drop=True)
        for frame in (both.change_events(), one_run.change_events(1, 2))
    )
    pd.testing.assert_frame_equal(found, wanted, check_categorical=False)
    means = both.paired_test().iloc[0]
    assert means[["mean_before", "mean_after"]].tolist() == one_run.summary()["f1"].tolist()


def test_what_one_side_has_alone_is_listed_and_not_averaged() -> None:
    one = boxes_run({"a": TRUTH, "b": TRUTH, "c": TRUTH, "d": TRUTH}, {"a": TRUTH, "b": TRUTH, "d": []})
    other = boxes_run(
        {"d": TRUTH, "a": TRUTH, "e": TRUTH, "c": TRUTH}, {"a": TRUTH[:1], "e": TRUTH, "c": TRUTH, "d": []}
    )
    both = ew.compare_runs(one, other)
    assert both.only_in_a == ["b"]
    assert both.only_in_b == ["c", "e"]
    found = both.changes().set_index("specimen")
    assert found.index.tolist() == ["a", "d", "b", "c", "e"]
    assert found["evaluated"].tolist() == ["both", "both", "only_before", "only_after", "only_after"]
    assert found.loc["b":, ["change", *BOX_EVENTS]].isna().all(axis=None)
    assert found.loc["e", "after"] == 1
    assert set(both.change_events()["specimen"]) == {"a"}
    test = both.paired_test().iloc[0]
    assert test[["specimens", "only_before", "only_after"]].tolist() == [2, 1, 2]
    assert test["mean_before"] == 4 / 6
    assert "only in b: 2: c, e" in repr(both)
    assert "<td style='text-align:left'>2 specimens</td>" in both._repr_html_()


def test_specimens_with_other_ground_truth_are_listed_and_not_compared() -> None:
    truth = {"box": TRUTH, "label": TRUTH, "count": TRUTH, "same": TRUTH, "hair": TRUTH, "empty": []}
    other_truth = {
        "box": [TRUTH[0], ("dog", moved(SECOND, 1))],
        "label": [TRUTH[0], ("cow", SECOND)],
        "count": TRUTH[:1],
        "same": TRUTH,
        "hair": [TRUTH[0], ("dog", moved(SECOND, 1e-7))],
        "empty": [("cat", FIRST)],
    }
    found = dict.fromkeys(truth, TRUTH[:1])
    both = ew.compare_runs(boxes_run(truth, dict.fromkeys(truth, TRUTH)), boxes_run(other_truth, found))
    assert both.different_ground_truth == ["box", "label", "count", "empty"]
    changes = both.changes().set_index("specimen")
    assert changes.index.tolist() == ["same", "hair", "box", "label", "count", "empty"]
    assert changes.loc["box":, ["change", *BOX_EVENTS, "why"]].isna().all(axis=None)
    assert changes.loc["count", ["before", "after"]].tolist() == [pytest.approx(1), 1]
    assert both.change_events()["specimen"].tolist() == ["same", "hair"]
    test = both.paired_test().iloc[0]
    assert test[["specimens", "losses", "different_ground_truth"]].tolist() == [2, 2, 4]
    assert test[["mean_before", "mean_after"]].tolist() == [1, pytest.approx(2 / 3)]


def test_files_that_round_differently_have_the_same_ground_truth() -> None:
    random = np.random.default_rng(0)
    truth, rounded = {}, {}
    for name in ("a", "b", "c"):
        boxes = [[*corner, *corner + side] for corner, side in zip(*random.uniform(5, 300, (2, 40, 2)), strict=True)]
        truth[name] = [("cat", box) for box in boxes]
        rounded[name] = [("cat", [round(value, 4) for value in box]) for box in reversed(boxes)]
    both = ew.compare_runs(boxes_run(truth, truth), boxes_run(rounded, truth))
    assert both.different_ground_truth == []
    assert both.changes()["change"].tolist() == [0, 0, 0]
    assert both.changes()["iou_change"].abs().max() < 1e-4


def test_questions_are_found_by_their_words() -> None:
    asked = [("a", "What?", "red"), ("a", "Who?", "man"), ("b", "Who?", "cat"), ("c", "Who?", ["x", "y"])]
    other = [("c", "Who?", ["y", "x"]), ("b", "Who?", "dog"), ("a", "who?", "man"), ("a", "What?", "red")]
    before = {(name, question): "red" for name, question, _ in asked}
    after = {(name, question): "man" for name, question, _ in other}
    both = ew.compare_runs(texts_run(asked, before), texts_run(other, after))
    assert both.different_ground_truth == ["b"]
    found = both.change_events().set_index(["specimen", "phrase"])
    assert sorted(found.index) == [("a", "What?"), ("a", "Who?"), ("c", "Who?")]
    assert found.loc[("a", "What?"), ["before", "after"]].tolist() == [1, 0]
    assert found.loc[("a", "Who?"), ["before", "after"]].tolist() == [0, 1]


def test_runs_that_cannot_be_compared_are_told() -> None:
    boxes, texts = ew.demo_run("grounding"), ew.demo_run("vqa")
    with pytest.raises(ew.EvalWidgetError, match="expected two runs of boxes or two of questions"):
        ew.compare_runs(boxes, texts)
    with pytest.raises(ew.EvalWidgetError, match=r"got none in common: .* begins with 'sheet-01.png', .* with 'a'"):
        ew.compare_runs(boxes, boxes_run({"a": TRUTH}, {"a": TRUTH}))
    with pytest.raises(ew.UnknownNameError, match="step 7 is not recorded"):
        ew.compare_runs(boxes, boxes, step_b=7)
