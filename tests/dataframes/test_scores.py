"""Scores, summary and matches: states of a specimen, names and types of columns, sums that agree."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pandas as pd
import pytest
import sacrebleu

import evalwidget as ew

Write = Callable[..., Path]
COUNTS = ["true_positives", "false_positives", "false_negatives"]
BOX_SCORES = [*COUNTS, "precision", "recall", "f1", "mean_iou"]
PHRASE_SCORES = ["recall_at_1", "recall_at_5", "recall_at_10", "accuracy_at_50"]
TEXT_SCORES = ["exact_match", "token_f1", "bleu"]


def line(image: str, **content: Any) -> dict[str, Any]:
    return {"image": image, "width": 100, "height": 100} | content


def cats(*boxes: list[float]) -> dict[str, Any]:
    return {"phrases": [{"phrase": "cat", "boxes": list(boxes)}]}


@pytest.fixture
def states(write_run: Write) -> ew.Run:
    """One specimen for each thing that can be absent, at step 5; at step 10 only the first was evaluated."""
    truth = [
        line("ok.jpg", **cats([0, 0, 10, 10], [50, 50, 60, 60])),
        line("unseen.jpg", **cats([0, 0, 10, 10])),
        line("empty.jpg", phrases=[]),
        line("unannotated.jpg"),
        line("missing.jpg", **cats([0, 0, 10, 10])),
        line("broken.jpg", **cats([0, 0, 10, 10])),
    ]
    at_5 = [
        line("ok.jpg", **cats([0, 0, 10, 8], [20, 20, 30, 30])),
        line("unseen.jpg", phrases=[]),
        line("empty.jpg", **cats([0, 0, 10, 10])),
        line("unannotated.jpg", **cats([0, 0, 10, 10])),
        line("broken.jpg", **cats([0, 0, 10])),
    ]
    return ew.open_run(write_run(truth, {5: at_5, 10: [line("ok.jpg", phrases=[])]}, {"steps_per_epoch": 4}))


def shown(values: Iterable[Any]) -> list[Any]:
    """The values, with "-" where one is missing."""
    return ["-" if pd.isna(value) else value for value in values]


def row(frame: pd.DataFrame, specimen: str) -> dict[str, Any]:
    return frame.set_index("specimen").loc[specimen].to_dict()


def test_each_state_has_its_counts(states: ew.Run) -> None:
    scores = states.scores(5)
    expected = {
        "ok.jpg": ("ok", 0, 1, 1, 1),
        "unseen.jpg": ("no_prediction", 0, 0, 0, 1),
        "empty.jpg": ("no_ground_truth", 0, 0, 1, 0),
        "unannotated.jpg": ("no_ground_truth", 0, "-", "-", "-"),
        "missing.jpg": ("missing", 0, "-", "-", "-"),
        "broken.jpg": ("no_prediction", 1, 0, 0, 1),
    }
    assert scores["specimen"].tolist() == list(expected)
    for specimen, values in expected.items():
        found = row(scores, specimen)
        assert shown(found[name] for name in ("status", "invalid", *COUNTS)) == list(values), specimen


def test_a_score_that_is_not_defined_is_missing_and_not_zero(states: ew.Run) -> None:
    scores = states.scores(5).set_index("specimen")
    assert scores.loc["ok.jpg", ["precision", "recall", "f1", "mean_iou"]].tolist() == pytest.approx(
        [0.5, 0.5, 0.5, 0.8]
    )
    assert scores.loc["unseen.jpg", ["recall", "f1"]].tolist() == [0, 0]
    assert scores.loc["empty.jpg", ["precision", "f1"]].tolist() == [0, 0]
    undefined = {"unseen.jpg": ["precision", "mean_iou"], "empty.jpg": ["recall", "mean_iou"]}
    for specimen in ("unannotated.jpg", "missing.jpg"):
        undefined[specimen] = BOX_SCORES
    for specimen, names in undefined.items():
        assert scores.loc[specimen, names].isna().all(), specimen


def test_missing_and_unannotated_specimens_enter_no_sum(states: ew.Run) -> None:
    summary = states.summary().set_index("step")
    assert summary.loc[5, COUNTS].tolist() == [1, 2, 3]
    assert summary.loc[10, COUNTS].tolist() == [0, 0, 2]
    assert summary["missing"].tolist() == [1, 5]
    assert summary["predicted"].tolist() == [3, 0]
    assert summary["invalid"].tolist() == [1, 0]
    assert summary["specimens"].tolist() == [6, 6]
    assert summary["epoch"].tolist() == [1.25, 2.5]
    assert summary.loc[5, "recall"] == pytest.approx(1 / 4)
    assert pd.isna(summary.loc[10, "precision"])
    assert pd.isna(summary.loc[10, "mean_iou"])


def test_columns_of_boxes(states: ew.Run) -> None:
    summary, scores, matches = states.summary(), states.scores(), states.matches()
    named = ["step", "epoch", "specimens", "predicted", "invalid", *BOX_SCORES, *PHRASE_SCORES]
    assert [name for name in summary if name in named] == named
    assert summary.columns[0] == "step"
    assert [name for name in scores if name != "invalid"] == [
        *("step", "specimen", "status"),
        *BOX_SCORES,
        *PHRASE_SCORES,
    ]
    assert list(matches)[:10] == [
        *("step", "specimen", "item", "phrase", "status", "iou", "score", "ground_truth", "prediction", "parse_state")
    ]
    corners = [f"{side}_{corner}" for side in ("ground_truth", "prediction") for corner in ("x1", "y1", "x2", "y2")]
    assert set(corners) <= set(matches)


def test_types_of_columns_of_boxes(states: ew.Run) -> None:
    counts = ["specimens", "predicted", "missing", "invalid", *COUNTS]
    for frame in (states.summary(), states.scores(), states.matches(), states.scores(10), states.summary([10])):
        assert isinstance(frame.index, pd.RangeIndex)
        assert list(frame.index) == list(range(len(frame)))
        assert frame["step"].dtype == np.int64
        for name in frame:
            if name in counts:
                assert frame[name].dtype == pd.Int64Dtype(), name
            elif name in BOX_SCORES or name in ("epoch", "iou", "score") or str(name)[-3:-1] in ("_x", "_y"):
                assert frame[name].dtype == np.float64, name
            elif name in ("specimen", "status", "phrase", "parse_state"):
                assert isinstance(frame[name].dtype, pd.CategoricalDtype), name
    assert states.scores()["status"].cat.categories.tolist() == ["ok", "no_prediction", "no_ground_truth", "missing"]
    matches = states.matches()
    assert (matches["ground_truth"].dtype, matches["prediction"].dtype) == (pd.Int64Dtype(), pd.Int64Dtype())


def test_epoch_is_missing_where_the_run_does_not_know_it(write_run: Write) -> None:
    run = ew.open_run(write_run([line("a.jpg", **cats([0, 0, 1, 1]))], {5: []}))
    assert run.summary()["epoch"].dtype == np.float64
    assert run.summary()["epoch"].isna().all()


def test_matches_say_what_became_of_each_box(states: ew.Run) -> None:
    matches = states.matches(5)
    columns = ["specimen", "status", "ground_truth", "prediction"]
    assert [tuple(shown(values)) for values in matches[columns].to_numpy(object)] == [
        ("ok.jpg", "matched", 0, 0),
        ("ok.jpg", "missed", 1, "-"),
        ("ok.jpg", "extra", "-", 1),
        ("unseen.jpg", "missed", 0, "-"),
        ("empty.jpg", "extra", "-", 0),
        ("unannotated.jpg", "-", "-", 0),
        ("missing.jpg", "-", 0, "-"),
        ("broken.jpg", "missed", 0, "-"),
        ("broken.jpg", "invalid", "-", 0),
    ]
    first = matches.iloc[0]
    assert first[["iou", "prediction_x2", "prediction_y2", "ground_truth_y2"]].tolist() == [0.8, 10, 8, 10]
    assert matches["parse_state"].iloc[-1] == "wrong_number_of_coordinates"
    assert matches.iloc[-1][["prediction_x1", "iou", "score"]].isna().all()


def test_boxes_outside_the_image_and_without_area_are_flagged_and_scored(write_run: Write) -> None:
    truth = [line("a.jpg", **cats([90, 90, 110, 110]))]
    found = [line("a.jpg", **cats([90, 90, 110, 110], [5, 5, 5, 20], [-1, 0, 5, 5]))]
    run = ew.open_run(write_run(truth, {1: found}))
    matches = run.matches()
    assert matches["status"].tolist() == ["matched", "extra", "extra"]
    assert matches["outside_image"].tolist() == [True, False, True]
    assert matches["no_area"].tolist() == [False, True, False]
    assert run.summary()[[*COUNTS, "invalid"]].values.tolist() == [[1, 2, 0, 0]]


def test_summary_and_scores_are_the_sums_of_matches(real_data: Path) -> None:
    folder = real_data / "coco100"
    results = folder / "instances_val2014_fakebbox100_results.json"
    run = ew.open_run(ground_truth=folder / "instances_val2014_100.json", predictions={7: results})
    matches, scores, summary = run.matches(), run.scores(), run.summary()
    for name, status in zip(COUNTS, ("matched", "extra", "missed"), strict=True):
        each = (matches["status"] == status).groupby(matches["specimen"], observed=False).sum()
        assert scores[name].tolist() == each.loc[scores["specimen"]].tolist()
        assert summary[name].tolist() == [each.sum()]
    tp, fp, fn = (int(summary[name].iloc[0]) for name in COUNTS)
    expected = [tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn), matches["iou"].mean()]
    assert summary[["precision", "recall", "f1", "mean_iou"]].iloc[0].tolist() == pytest.approx(expected, abs=1e-12)
    means = matches["iou"].groupby(matches["specimen"], observed=False).mean()
    assert scores["mean_iou"].tolist() == pytest.approx(means.loc[scores["specimen"]].tolist(), nan_ok=True)
    assert summary["predicted"].tolist() == [99]
    assert (scores["status"] == "no_prediction").sum() == 1


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9])
def test_counts_equal_a_plain_loop_at_each_threshold(tmp_path: Path, threshold: float) -> None:
    random = np.random.default_rng(3)
    boxes = [[float(v) for v in (*random.integers(0, 30, 2), *random.integers(1, 30, 2))] for _ in range(120)]
    truth = oracle.coco_truth(
        [(60, 60)] * 4, [(row % 4, row % 2, box, row % 8 == 0) for row, box in enumerate(boxes)], 2
    )
    results = [
        {"image_id": row % 4 + 1, "category_id": row % 2 + 1, "bbox": [x + row % 4, *rest], "score": row % 7 / 7}
        for row, (x, *rest) in enumerate(boxes)
    ]
    scores = oracle.open_coco(tmp_path, truth, results).scores(iou_threshold=threshold).set_index("specimen")
    outcomes = oracle.loop_outcomes(truth, results, threshold)
    for image in scores.index:
        here = {key: value for key, value in outcomes.items() if key[0] == image}
        tp, fp, fn = (
            sum(side == of and outcome == name for (_, side, _), (outcome, _, _) in here.items())
            for of, name in (("prediction", "matched"), ("prediction", "extra"), ("truth", "missed"))
        )
        ious = [iou for (_, side, _), (_, _, iou) in here.items() if side == "truth" and iou is not None]
        expected = [tp, fp, fn, tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn), np.mean(ious or np.nan)]
        assert scores.loc[image, BOX_SCORES].astype(float).tolist() == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_predictions_below_the_confidence_threshold_do_not_count(write_run: Write) -> None:
    truth = [line("a.jpg", **cats([0, 0, 10, 10]))]
    found = {"phrase": "cat", "boxes": [[0, 0, 10, 10], [50, 50, 60, 60], [70, 70, 80, 80]], "scores": [0.4, 0.6, None]}
    run = ew.open_run(write_run(truth, {1: [line("a.jpg", phrases=[found])]}))
    assert run.summary()[COUNTS].values.tolist() == [[1, 2, 0]]
    assert run.summary(confidence_threshold=0.5)[COUNTS].values.tolist() == [[0, 2, 1]]
    assert run.matches(confidence_threshold=0.5)["status"].tolist() == ["missed", "ignored", "extra", "extra"]
    assert run.summary(confidence_threshold=0.4)[COUNTS].values.tolist() == [[1, 2, 0]]
    assert run.matches()["score"].isna().tolist() == [False, False, True]


def test_scores_below_zero_count_where_everything_counts(write_run: Write) -> None:
    found = {"phrase": "cat", "boxes": [[0, 0, 10, 10]], "scores": [-2.5]}
    run = ew.open_run(write_run([line("a.jpg", **cats([0, 0, 10, 10]))], {1: [line("a.jpg", phrases=[found])]}))
    assert run.matches()["status"].tolist() == ["matched"]
    assert run.matches(confidence_threshold=0.1)["status"].tolist() == ["missed", "ignored"]


@pytest.mark.parametrize(
    "thresholds",
    [{"iou_threshold": 0}, {"iou_threshold": 1.5}, {"confidence_threshold": -0.1}, {"confidence_threshold": 2}],
)
def test_thresholds_outside_their_range_are_refused(states: ew.Run, thresholds: dict[str, float]) -> None:
    for ask in (states.summary, states.scores, states.matches):
        with pytest.raises(ew.EvalWidgetError, match=next(iter(thresholds))):
            ask(**thresholds)


def test_steps_are_chosen_one_or_several(states: ew.Run) -> None:
    assert states.scores(10)["step"].unique().tolist() == [10]
    assert states.scores([10, 5])["step"].drop_duplicates().tolist() == [10, 5]
    assert states.summary(np.int64(5))["step"].tolist() == [5]
    assert states.scores([]).empty
    with pytest.raises(ew.UnknownNameError, match="step 7 is not recorded; the run has 5, 10"):
        states.scores(7)


@pytest.fixture
def answered(write_run: Write) -> ew.Run:
    truth = [
        line(
            "a.jpg",
            questions=[
                {"item": "q1", "question": "How many cars?", "answers": ["1", "one car"]},
                {"item": "q2", "question": "What colour is it?", "answers": ["red"]},
            ],
        ),
        line("b.jpg", questions=[{"question": "Is it day?", "answers": ["yes"]}]),
        line("c.jpg", questions=[{"question": "Who knows?", "answers": []}]),
        line("d.jpg", questions=[{"question": "And here?", "answer": "no"}]),
    ]
    at_1 = [
        line("a.jpg", questions=[{"item": "q1", "answer": "One car."}, {"item": "q2", "answer": "a dark red"}]),
        line("b.jpg", answer=None),
        line("c.jpg", answer="nobody"),
    ]
    at_2 = [line("a.jpg", questions=[{"question": "what  COLOUR is it?", "answer": "red"}]), line("d.jpg", answer="")]
    return ew.open_run(write_run(truth, {1: at_1, 2: at_2}))


def test_answers_are_scored_and_averaged_by_specimen(answered: ew.Run) -> None:
    assert answered.task == "visual question answering"
    scores = answered.scores(1).set_index("specimen")
    assert scores["status"].tolist() == ["ok", "no_prediction", "no_ground_truth", "missing"]
    bleu = (
        sacrebleu.sentence_bleu("One car.", ["1", "one car"]).score
        + sacrebleu.sentence_bleu("a dark red", ["red"]).score
    ) / 2
    # "dark red" has one of two words right: F1 2/3
    assert scores.loc["a.jpg", TEXT_SCORES].tolist() == pytest.approx([1 / 2, (1 + 2 / 3) / 2, bleu])
    assert scores.loc["b.jpg", TEXT_SCORES].tolist() == [0, 0, 0]
    assert scores.loc[["c.jpg", "d.jpg"], TEXT_SCORES].isna().all(axis=None)
    summary = answered.summary(1)
    assert summary["exact_match"].tolist() == pytest.approx([1 / 3])
    assert summary["token_f1"].tolist() == pytest.approx([(1 + 2 / 3) / 3])
    assert list(scores.reset_index())[:3] == ["specimen", "step", "status"]
    assert list(answered.scores())[3:6] == TEXT_SCORES


def test_an_answer_that_was_not_recorded_is_missing(answered: ew.Run) -> None:
    matches = answered.matches(2)
    assert shown(matches["status"]) == ["-", "matched", "-", "-", "missed"]
    assert matches["token_f1"].isna().tolist() == [True, False, True, True, False]
    scores = answered.scores(2).set_index("specimen")
    assert scores.loc["a.jpg", "exact_match"] == 1
    assert scores.loc["d.jpg", TEXT_SCORES].tolist() == [0, 0, 0]
    assert answered.summary(2)["exact_match"].tolist() == [0.5]


def test_matches_of_answers(answered: ew.Run) -> None:
    matches = answered.matches(1)
    assert list(matches)[:10] == [
        *("step", "specimen", "item", "phrase", "status", "iou", "score", "ground_truth", "prediction", "parse_state")
    ]
    assert matches["item"].tolist() == ["q1", "q2", "0", "0", "0"]
    assert matches["phrase"].iloc[0] == "How many cars?"
    assert matches["ground_truth"].iloc[0] == "1 | one car"
    assert matches["prediction"].iloc[0] == "One car."
    assert matches["prediction"].isna().tolist() == [False, False, True, False, True]
    assert matches["parse_state"].isna().tolist() == [False, False, False, False, True]


def test_text_that_cannot_be_read_is_counted_invalid_and_scores_zero(write_run: Write) -> None:
    truth = [line("a.jpg", question="How many?", answers=["two"]), line("b.jpg", question="Which?", answers=["left"])]
    found = [
        line("a.jpg", output='<think>well</think>{"vqa": {"answer": "Two"}}'),
        line("b.jpg", output="I would say that it is the left one"),
    ]
    run = ew.open_run(write_run(truth, {1: found}, {"output_format": "vi"}))
    scores = run.scores()
    assert scores["invalid"].tolist() == [0, 1]
    assert scores["exact_match"].tolist() == [1, 0]
    assert scores["token_f1"].tolist() == [1, 0]
    assert scores["status"].tolist() == ["ok", "no_prediction"]
    assert run.matches()["status"].tolist() == ["matched", "invalid"]
    assert run.matches()["parse_state"].tolist() == ["ok", "unparsable"]
    assert run.summary()["invalid"].tolist() == [1]


def test_frames_equal_files(write_run: Write) -> None:
    truth = [line("a.jpg", **cats([0, 0, 10, 10], [50, 50, 70, 70])), line("b.jpg", **cats([5, 5, 20, 20]))]
    found = [line("a.jpg", **cats([0, 0, 10, 9], [0, 0, 10])), line("b.jpg", phrases=[])]
    files = ew.open_run(write_run(truth, {3: found}))
    boxes = [("a.jpg", 0, 0, 10, 10), ("a.jpg", 50, 50, 70, 70), ("b.jpg", 5, 5, 20, 20)]
    columns = ["specimen", "x1", "y1", "x2", "y2"]
    frames = ew.Run.from_frames(
        pd.DataFrame(boxes, columns=columns).assign(phrase="cat", width=100, height=100),
        pd.DataFrame(
            [("a.jpg", 0, 0, 10, 9), ("a.jpg", 0, 0, 10, None), ("b.jpg", *[None] * 4)], columns=columns
        ).assign(phrase=["cat", "cat", None], step=3),
    )
    for name in ("summary", "scores"):
        pd.testing.assert_frame_equal(getattr(files, name)(), getattr(frames, name)())
    assert oracle.frame_outcomes(files.matches()) == oracle.frame_outcomes(frames.matches())
