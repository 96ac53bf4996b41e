"""What changed between two steps, and whether one is better."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from changing_runs import CORNERS, FIRST, SECOND, THIRD, TRUTH, Found, boxes_run, moved, rows, texts_run
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

import evalwidget as ew
from evalwidget.dynamics.changes import BOX_EVENTS
from evalwidget.metrics import TextMetric

#: What is there before and after, the events, and why in words.
PLANTED: dict[str, tuple[Found, Found, dict[str, int], str | None]] = {
    "nothing": (TRUTH, TRUTH, {}, None),
    "missed": (TRUTH, TRUTH[:1], {"missed": 1}, "missed dog"),
    "found": (TRUTH[:1], TRUTH, {"found": 1}, "found dog"),
    "moved": (TRUTH, [TRUTH[0], ("dog", moved(SECOND, 8))], {"moved": 1}, "moved dog (IoU 1.00 → 0.67)"),
    "moved too little": (TRUTH, [TRUTH[0], ("dog", moved(SECOND, 1))], {}, None),
    "drifted away": (
        TRUTH,
        [TRUTH[0], ("dog", moved(SECOND, 20))],
        {"missed": 1, "extra": 1},
        "missed dog (IoU 1.00 → 0.33)",
    ),
    "extra": (TRUTH, [*TRUTH, ("dog", THIRD)], {"extra": 1}, "extra dog"),
    "gone": ([*TRUTH, ("dog", THIRD)], TRUTH, {"gone": 1}, "gone dog"),
    "extra at both": ([*TRUTH, ("dog", THIRD)], [*TRUTH, ("dog", moved(THIRD, 4))], {}, None),
    "relabelled extra": (
        [*TRUTH, ("dog", THIRD)],
        [*TRUTH, ("cow", moved(THIRD, 4))],
        {"relabelled": 1},
        "relabelled dog → cow",
    ),
    "relabelled to wrong": (
        TRUTH,
        [TRUTH[0], ("cow", SECOND)],
        {"relabelled": 1, "missed": 1},
        "missed dog; relabelled dog → cow",
    ),
    "relabelled to right": (
        [TRUTH[0], ("cow", SECOND)],
        TRUTH,
        {"relabelled": 1, "found": 1},
        "found dog; relabelled cow → dog",
    ),
    "duplicated": (TRUTH, [*TRUTH, ("dog", moved(SECOND, 4))], {"duplicated": 1}, "duplicated dog"),
    "duplicate of a missed box's place": (
        TRUTH[:1],
        [*TRUTH, ("dog", moved(SECOND, 4))],
        {"found": 1, "duplicated": 1},
        "found dog; duplicated dog",
    ),
    "two of a kind": (TRUTH, [*TRUTH, ("dog", THIRD), ("dog", moved(THIRD, 60))], {"extra": 2}, "extra dog ×2"),
    "five labels": (
        [],
        [(label, THIRD) for label in ("a", "b", "c", "d", "e")],
        {"extra": 5},
        "extra a, b, c, d and 1 more",
    ),
    "two labels": (TRUTH, [], {"missed": 2}, "missed cat, dog"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_each_event_planted_alone(name: str) -> None:
    before, after, expected, why = PLANTED[name]
    run = boxes_run({"a": TRUTH}, {"a": before}, {"a": after})
    found = run.changes(1, 2)
    events = run.change_events(1, 2)
    row = found.iloc[0]
    assert {event: row[event] for event in BOX_EVENTS if row[event]} == expected
    assert events["event"].value_counts()[lambda counts: counts > 0].to_dict() == expected
    assert (row["why"] if isinstance(row["why"], str) else None) == why
    scores = run.scores().set_index("step")["f1"]
    assert (row["before"], row["after"], row["change"]) == (scores[1], scores[2], scores[2] - scores[1])
    assert row["evaluated"] == "both"


def test_a_missed_box_names_its_nearest_prediction() -> None:
    run = boxes_run({"a": TRUTH}, {"a": TRUTH}, {"a": [TRUTH[0], ("dog", moved(SECOND, 20)), ("dog", THIRD)]})
    missed = run.change_events(1, 2).query("event == 'missed'").iloc[0]
    assert (missed["iou_before"], missed["iou_after"]) == (1, pytest.approx(1 / 3))
    assert [missed[f"prediction_after_{corner}"] for corner in CORNERS] == moved(SECOND, 20)
    assert [missed[f"prediction_before_{corner}"] for corner in CORNERS] == SECOND
    assert [missed[f"ground_truth_{corner}"] for corner in CORNERS] == SECOND
    assert missed[["ground_truth", "prediction_before", "prediction_after"]].tolist() == [1, 1, 1]
    assert missed[["phrase", "phrase_before", "phrase_after"]].tolist() == ["dog"] * 3
    assert missed[["status_before", "status_after"]].tolist() == ["matched", "missed"]
    gone = boxes_run({"a": TRUTH}, {"a": TRUTH}, {"a": TRUTH[:1]}).change_events(1, 2).iloc[0]
    assert gone[["iou_after", "prediction_after", "prediction_after_x1"]].isna().all()


def test_a_relabelled_prediction_has_both_labels_and_what_became_of_it() -> None:
    run = boxes_run({"a": TRUTH}, {"a": [*TRUTH[:1], ("dog", SECOND, 0.9)]}, {"a": [*TRUTH[:1], ("cow", SECOND, 0.6)]})
    row = run.change_events(1, 2).query("event == 'relabelled'").iloc[0]
    assert row[["phrase", "phrase_before", "phrase_after"]].tolist() == ["cow", "dog", "cow"]
    assert row[["status_before", "status_after"]].tolist() == ["matched", "extra"]
    assert row[["score_before", "score_after"]].tolist() == [0.9, 0.6]
    assert pd.isna(row["ground_truth"])


def test_the_confidence_threshold_is_that_of_the_scores() -> None:
    run = boxes_run({"a": TRUTH[:1]}, {"a": [("cat", FIRST, 0.8)]}, {"a": [("cat", FIRST, 0.4)]})
    assert run.changes(1, 2)["missed"].tolist() == [0]
    assert run.changes(1, 2, confidence_threshold=0.5)["missed"].tolist() == [1]
    assert run.change_events(1, 2, confidence_threshold=0.5)["event"].tolist() == ["missed"]


def test_worst_first_then_by_errors_and_what_is_on_one_side_last() -> None:
    truth: dict[str, Found] = dict.fromkeys(("gained", "before", "same", "lost", "after", "never", "empty"), TRUTH)
    truth["empty"] = []
    before = {"gained": TRUTH[:1], "before": TRUTH, "same": TRUTH, "lost": TRUTH, "empty": []}
    after = {"gained": TRUTH, "after": TRUTH, "same": TRUTH, "lost": TRUTH[:1], "empty": [("cat", FIRST)]}
    found = boxes_run(truth, before, after).changes(1, 2)
    assert found["specimen"].tolist() == ["lost", "same", "gained", "empty", "before", "after", "never"]
    assert found["evaluated"].tolist() == ["both"] * 4 + ["only_before", "only_after", "neither"]
    assert found["change"].isna().tolist() == [False] * 3 + [True] * 4
    # a score that is not defined before is no change, and the false positive is told
    assert found["extra"].tolist()[:4] == [0, 0, 0, 1]
    assert found.loc[4:, list(BOX_EVENTS)].isna().all(axis=None)
    assert found["before"].tolist()[4:5] == [1]
    assert found.loc[5:, "before"].isna().all()
    assert found["invalid_after"].isna().tolist() == [False] * 4 + [True, False, True]
    test = boxes_run(truth, before, after).paired_test(1, 2).iloc[0]
    assert test[["specimens", "wins", "losses", "ties"]].tolist() == [3, 1, 1, 1]
    assert test[["only_before", "only_after"]].tolist() == [1, 1]


def test_specimens_without_known_ground_truth_have_no_events() -> None:
    frame = pd.DataFrame(rows({"a": TRUTH}, step=1) + rows({"a": TRUTH[:1]}, step=2))
    run = ew.Run.from_frames(None, frame, task="grounding")
    row = run.changes(1, 2).iloc[0]
    assert row[["change", *BOX_EVENTS, "why"]].isna().all()
    assert len(run.change_events(1, 2)) == 0
    test = run.paired_test(1, 2).iloc[0]
    assert test["specimens"] == 0
    assert np.isnan([test["p_value"], test["mean_before"], test["difference_low"]]).all()


def test_predictions_that_became_invalid_are_told() -> None:
    run = boxes_run({"a": TRUTH}, {"a": TRUTH}, {"a": [TRUTH[0], ("dog", [140, 0, 100, 40])]})
    row = run.changes(1, 2).iloc[0]
    assert row[["invalid_before", "invalid_after", "missed", "extra"]].tolist() == [0, 1, 1, 0]
    assert row["why"] == "1 more invalid; missed dog"


LABELS = ("cat", "dog", "cow")


@st.composite
def some_boxes(draw: st.DrawFn, most: int = 5) -> list[tuple[str, list[int], float]]:
    """On a coarse grid, so that boxes are often equal, and scores often tied."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        x, y = draw(st.integers(0, 4)) * 5, draw(st.integers(0, 1)) * 5
        width, height = draw(st.integers(2, 4)) * 5, draw(st.integers(2, 3)) * 5
        box = [x, y, x + width, y + height]
        found.append((draw(st.sampled_from(LABELS)), box, draw(st.sampled_from([0.3, 0.6, 0.9]))))
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(some_boxes(3), some_boxes(), some_boxes()), min_size=1, max_size=3))
def test_events_account_for_every_change_of_counts(drawn: list) -> None:
    names = [f"s{place}" for place in range(len(drawn))]
    truth, before, after = ({name: boxes[side] for name, boxes in zip(names, drawn, strict=True)} for side in range(3))
    # ground truth may hold nothing twice
    truth = {name: list({str(box[:2]): box[:2] for box in boxes}.values()) for name, boxes in truth.items()}
    run = boxes_run(truth, before, after, task="detection")
    there, back = (run.changes(*steps).set_index("specimen").sort_index() for steps in ((1, 2), (2, 1)))
    scores = run.scores().set_index(["specimen", "step"])
    events = run.change_events(1, 2)
    for name in names:
        row, reverse = there.loc[name], back.loc[name]
        step_1, step_2 = scores.loc[(name, 1)], scores.loc[(name, 2)]
        assert row["found"] - row["missed"] == step_2["true_positives"] - step_1["true_positives"]
        of_specimen = events[events["specimen"] == name]
        renamed = of_specimen[of_specimen["event"] == "relabelled"]
        to_wrong = (renamed["status_after"] == "extra").sum() - (renamed["status_before"] == "extra").sum()
        false_positives = row["extra"] + row["duplicated"] - row["gone"] + to_wrong
        assert false_positives == step_2["false_positives"] - step_1["false_positives"]
        assert row["found"] == reverse["missed"]
        assert row["missed"] == reverse["found"]
        assert row["moved"] == reverse["moved"]
        assert row["relabelled"] == reverse["relabelled"]
        assert row["gone"] == reverse["extra"] + reverse["duplicated"]
        np.testing.assert_allclose(row["iou_change"], -reverse["iou_change"])
        np.testing.assert_array_equal(of_specimen["event"].value_counts()[list(BOX_EVENTS)], row[list(BOX_EVENTS)])


QUESTIONS = [("a", "What?", ["red car", "car"]), ("b", "What?", "two dogs"), ("b", "Who?", "a man")]


def test_words_that_changed() -> None:
    before = {("a", "What?"): "a red car", ("b", "What?"): "two dogs", ("b", "Who?"): "The man."}
    after = {("a", "What?"): "a blue van", ("b", "What?"): "there are two big dogs here", ("b", "Who?"): "the man"}
    run = texts_run(QUESTIONS, before, after)
    found = run.changes(1, 2).set_index("specimen")
    worst = found.iloc[0]
    assert worst.name == "a"
    assert (worst["words_lost"], worst["words_added"]) == ("red car", "blue van")
    assert (worst["reference_words_lost"], worst["reference_words_found"]) == ("red car", "")
    assert (worst["question"], worst["reference"]) == ("What?", "red car | car")
    assert (worst["answer_before"], worst["answer_after"]) == ("a red car", "a blue van")
    assert not worst["format_changed"]
    assert worst["why"] == "a red car → a blue van"
    two = found.loc["b"]
    assert (two["words_lost"], two["words_added"]) == ("", "there are big here")
    assert two["answers_changed"] == 2
    assert two["format_changed"]
    assert two[["question", "answer_before"]].isna().all()
    assert two["why"].split(": ")[1] == "two dogs → there are two big dogs here; 1"
    events = run.change_events(1, 2)
    assert events["specimen"].tolist() == ["a", "b", "b"]
    assert events["format_changed"].tolist() == [False, True, True]
    assert events["right_before"].tolist() == [True, True, True]
    assert events["right_after"].tolist() == [False, True, True]
    assert events["before"].tolist()[1:] == [1, 1]
    strict = run.change_events(1, 2, metric="exact_match", threshold=1)
    assert strict["right_after"].tolist() == [False, False, True]


def test_of_many_answers_those_that_fell_most_are_told() -> None:
    asked = [("a", f"{place}?", "yes") for place in range(7)]
    before = {(name, question): "yes" if question in ("5?", "6?") else "no" for name, question, _ in asked}
    after = {(name, question): f"not {question[0]}" for name, question, _ in asked}
    run = texts_run(asked, before, after)
    assert run.changes(1, 2)["why"].tolist() == [
        "5: yes → not 5; 6: yes → not 6; 0: no → not 0; 1: no → not 1 and 3 more"
    ]
    assert run.changes(2, 1)["why"].iloc[0].startswith("5: not 5 → yes; 6: not 6 → yes; 0: not 0 → no")


def test_an_answer_that_is_no_longer_there_lost_its_words() -> None:
    asked = [("a", "What?", "red")]
    run = texts_run(asked, {("a", "What?"): "red"}, {("a", "What?"): None})
    row = run.changes(1, 2).iloc[0]
    assert (row["words_lost"], row["reference_words_lost"], row["format_changed"]) == ("red", "red", True)
    assert row["change"] == -1
    assert pd.isna(row["answer_after"])
    assert row["why"] == "red → (no answer)"


def test_only_answers_that_both_steps_have_are_compared() -> None:
    before = {("a", "What?"): "car", ("b", "What?"): "two dogs", ("b", "Who?"): "nobody"}
    after = {("b", "What?"): "one dog"}
    run = texts_run(QUESTIONS, before, after)
    found = run.changes(1, 2).set_index("specimen")
    assert found.loc["b", ["before", "after", "change"]].tolist() == [1, 0, -1]
    assert found.loc["b", "words_lost"] == "two dogs"
    assert found.loc["a", "evaluated"] == "only_before"
    assert found.loc["a", "before"] == 1
    assert found.loc["a", ["after", "change", "words_lost", "format_changed", "answers_changed"]].isna().all()
    assert len(run.change_events(1, 2)) == 1
    test = run.paired_test(1, 2).iloc[0]
    assert test[["specimens", "losses", "only_before", "only_before_right"]].tolist() == [1, 1, 1, 1]
    assert test[["mean_before", "mean_after"]].tolist() == [1, 0]


@pytest.mark.parametrize("name", ["grounding", "vqa"])
def test_scores_and_means_are_those_of_the_other_tables(name: str) -> None:
    run = ew.demo_run(name)
    first, second = run.steps[2], run.steps[-1]
    scores = run.scores().set_index(["step", "specimen"])
    for metric in ("f1", "recall_at_1", "mean_iou") if name == "grounding" else ("token_f1", "anls"):
        found = run.changes(first, second, metric=metric).set_index("specimen").loc[run.specimens]
        np.testing.assert_allclose(found["before"], scores.loc[first][metric], rtol=1e-12)
        np.testing.assert_allclose(found["after"], scores.loc[second][metric], rtol=1e-12)
        test = run.paired_test(first, second, metric).iloc[0]
        means = run.summary([first, second])[metric]
        np.testing.assert_allclose(test[["mean_before", "mean_after"]].astype(float), means, rtol=1e-12)
        defined = found["change"].dropna()
        assert test[["specimens", "wins", "losses"]].tolist() == [
            len(defined),
            (defined > 0).sum(),
            (defined < 0).sum(),
        ]


def test_wins_losses_and_the_exact_test() -> None:
    asked = [(f"s{place}", "What?", "yes") for place in range(12)]
    before = {(name, "What?"): "yes" if place < 3 else "no" for place, (name, *_) in enumerate(asked)}
    after = {(name, "What?"): "yes" if place != 0 else "no" for place, (name, *_) in enumerate(asked)}
    run = texts_run(asked, before, after)
    test = run.paired_test(1, 2).iloc[0]
    assert test[["specimens", "wins", "losses", "ties"]].tolist() == [12, 9, 1, 2]
    assert test[["both_right", "only_before_right", "only_after_right", "both_wrong"]].tolist() == [2, 1, 9, 0]
    assert test["p_value"] == pytest.approx(binomtest(1, 10).pvalue)
    assert test["difference"] == pytest.approx(8 / 12)
    assert test["difference_low"] < 8 / 12 < test["difference_high"]
    again = run.paired_test(1, 2).iloc[0]
    assert again[["difference_low", "difference_high"]].tolist() == test[["difference_low", "difference_high"]].tolist()
    narrow, other = run.paired_test(1, 2, confidence=0.5).iloc[0], run.paired_test(1, 2, seed=1, samples=7).iloc[0]
    assert test["difference_low"] < narrow["difference_low"] < narrow["difference_high"] < test["difference_high"]
    assert other["difference_low"] != test["difference_low"]
    swapped = run.paired_test(2, 1).iloc[0]
    assert swapped[["wins", "losses", "difference"]].tolist() == [1, 9, -test["difference"]]
    same = run.paired_test(1, 1).iloc[0]
    assert same[["ties", "difference", "difference_low", "difference_high", "p_value"]].tolist() == [12, 0, 0, 0, 1]


def test_where_lower_is_better_a_fall_is_a_win() -> None:
    asked = [("short", "What?", "x"), ("long", "What?", "x")]
    before = {("short", "What?"): "xxx", ("long", "What?"): "x"}
    after = {("short", "What?"): "x", ("long", "What?"): "xxxxx"}
    run = texts_run(asked, before, after)
    run.add_metric(TextMetric("length", lambda answers, _: [len(answer) for answer in answers], "lower"))
    found = run.changes(1, 2, metric="length")
    assert found[["specimen", "change"]].values.tolist() == [["long", 4], ["short", -2]]
    test = run.paired_test(1, 2, "length", threshold=2).iloc[0]
    assert test[["wins", "losses", "only_after_right", "only_before_right"]].tolist() == [1, 1, 1, 1]
    assert test[["mean_before", "mean_after", "difference"]].tolist() == [2, 3, 1]


def test_an_infinite_score_is_no_number_to_compare() -> None:
    def perplexity(answers: Sequence[str], references: object) -> list[float]:
        return [np.inf if "?" in answer else float(len(answer)) for answer in answers]

    questions = [(name, "What?", "red") for name in "abc"]
    first = {("a", "What?"): "??", ("b", "What?"): "red", ("c", "What?"): "??"}
    run = texts_run(questions, first, first | {("a", "What?"): "a", ("b", "What?"): "pink"})
    run.add_metric(TextMetric("perplexity", perplexity, direction="lower"))
    found = run.changes(1, 2, metric="perplexity").set_index("specimen")
    assert found["change"].dropna().to_dict() == {"b": 1, "a": -np.inf}
    test = run.paired_test(1, 2, "perplexity", 3).iloc[0]
    assert test[["specimens", "wins", "losses", "only_after_right"]].tolist() == [2, 1, 1, 1]
    assert test[["mean_before", "mean_after"]].tolist() == [np.inf, np.inf]
    assert test[["difference", "difference_low", "difference_high"]].isna().all()
    best = run.best_step("perplexity")
    assert best.table[["difference", "low", "indistinguishable"]].isna().all(axis=None)
    assert "no specimen is scored at both, or a score is infinite." in str(best)
    learned = run.learning("perplexity", 3).set_index("specimen")
    assert learned["state"].tolist() == ["learned", "forgotten", "never_learned"]
    assert learned["mean"].tolist() == [np.inf, 3.5, np.inf]
    assert learned["variability"].isna().tolist() == [True, False, True]
    assert run.churn("perplexity", 3)["mean_after"].tolist() == [np.inf]
    assert run.slices("phrase", "perplexity")["fall"].isna().all()


def test_tables_are_typed() -> None:
    for name in ("grounding", "vqa"):
        run = ew.demo_run(name)
        for frame in (run.changes(25, 100), run.change_events(25, 100), run.paired_test(25, 100)):
            assert isinstance(frame.index, pd.RangeIndex)
            assert not any(pd.api.types.is_object_dtype(dtype) for dtype in frame.dtypes)
        found = run.changes(25, 100)
        assert found.columns.tolist()[:4] == ["specimen", "before", "after", "change"]
        assert found["evaluated"].dtype == "category"
    assert run.changes(25, 100).columns.tolist()[4:6] == ["words_lost", "words_added"]
    counts = ["found", "missed", "moved", "extra", "gone", "relabelled", "duplicated"]
    grounding = ew.demo_run("grounding").changes(25, 100)
    assert grounding.columns.tolist()[4:11] == counts
    assert (grounding[counts].dtypes == "Int64").all()


def test_what_cannot_be_asked_is_told() -> None:
    run = ew.demo_run("grounding")
    with pytest.raises(ew.UnknownNameError, match="step 7 is not recorded"):
        run.changes(25, 7)
    with pytest.raises(ew.UnknownNameError, match="unheard_of"):
        run.changes(25, 100, metric="unheard_of")
    with pytest.raises(ew.EvalWidgetError, match="moved_by: expected a number above 0 and up to 1, got 0"):
        run.changes(25, 100, moved_by=0)
    with pytest.raises(ew.EvalWidgetError, match="metric and threshold are for answers"):
        run.change_events(25, 100, threshold=0.5)
    with pytest.raises(ew.EvalWidgetError, match="samples: expected a whole number, 1 or more, got 0"):
        run.paired_test(25, 100, samples=0)
    with pytest.raises(ew.EvalWidgetError, match="confidence: expected a number above 0 and up to 1"):
        run.paired_test(25, 100, confidence=95)
    with pytest.raises(ew.EvalWidgetError, match="got a count"):
        run.paired_test(25, 100, "false_positives", threshold=1)
