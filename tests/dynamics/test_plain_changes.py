"""The events between two steps, and the paired test, against plain ones on random runs."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from plain_boxes import box_of, boxes_run, greedy, iou, random_frames, random_run

import evalwidget as ew

Rows = list[dict[str, Any]]
#: (specimen, event, places of the ground truth box and of the predictions before and after).
Event = tuple[str, str, int | None, int | None, int | None]


def plain_events(before: Rows, after: Rows, specimens: set[str], moved_by: float) -> set[Event]:
    """From the rows of ``matches()`` at two steps, of specimens evaluated at both."""
    events: set[Event] = set()
    for specimen in specimens:
        sides = [[row for row in rows if row["specimen"] == specimen] for rows in (before, after)]
        truth = [{row["ground_truth"]: row for row in rows if row["status"] in ("matched", "missed")} for rows in sides]
        for place, old in truth[0].items():
            new = truth[1][place]
            statuses = old["status"], new["status"]
            event = {("matched", "missed"): "missed", ("missed", "matched"): "found"}.get(statuses)
            if statuses == ("matched", "matched") and abs(new["iou"] - old["iou"]) >= moved_by:
                event = "moved"
            if event:
                events.add((specimen, event, place, nearest(old, sides[0]), nearest(new, sides[1])))
        found = [{row["prediction"]: row for row in rows if row["status"] in ("matched", "extra")} for rows in sides]
        pairs = []
        for place, old in found[0].items():
            for other, new in found[1].items():
                overlap = iou(box_of(old, "prediction"), box_of(new, "prediction"))
                if overlap >= 0.5:
                    pairs.append((label(old) == label(new), overlap, place, other))
        partner = {pair[2]: pair[3] for pair in greedy(sorted(pairs, reverse=True))}
        partner_of_after = {other: place for place, other in partner.items()}
        for place, old in found[0].items():
            new = found[1].get(partner.get(place, -1))
            if new is not None and label(old) != label(new):
                events.add((specimen, "relabelled", None, place, partner[place]))
            elif old["status"] == "extra" and (new is None or new["status"] != "extra"):
                events.add((specimen, "gone", None, place, partner.get(place)))
        for place, new in found[1].items():
            old = found[0].get(partner_of_after.get(place, -1))
            is_told = old is not None and (label(old) != label(new) or old["status"] == "extra")
            if new["status"] == "extra" and not is_told:
                event = "duplicated" if new["error_type"] == "Dupe" else "extra"
                events.add((specimen, event, None, partner_of_after.get(place), place))
    return events


def label(row: dict[str, Any]) -> str:
    """A match is of one label."""
    return str(row["phrase"])


def nearest(row: dict[str, Any], rows: Rows) -> int | None:
    """The prediction matched with a ground truth box, or where it is missed the nearest of its label that matches
    nothing."""
    if row["status"] == "matched":
        return int(row["prediction"])
    extra = [other for other in rows if other["status"] == "extra" and label(other) == label(row)]
    overlap = {
        int(other["prediction"]): iou(box_of(other, "prediction"), box_of(row, "ground_truth")) for other in extra
    }
    # of several that lie apart any is as near
    return max(overlap, key=lambda place: (overlap[place], place)) if overlap else None


@pytest.mark.parametrize(("moved_by", "iou_threshold", "confidence"), [(0.05, 0.5, 0), (0.2, 0.7, 0), (0.05, 0.5, 0.3)])
def test_random_runs_equal_plain_events(moved_by: float, iou_threshold: float, confidence: float) -> None:
    at = {"iou_threshold": iou_threshold, "confidence_threshold": confidence}
    counts: Counter[str] = Counter()
    for seed in range(12):
        run = random_run(seed)
        before, after = (run.matches(step, **at).to_dict("records") for step in (1, 2))
        recorded = [
            set(scores.loc[scores["status"] != "missing", "specimen"]) for scores in (run.scores(1), run.scores(2))
        ]
        expected = plain_events(before, after, recorded[0] & recorded[1], moved_by)
        table = run.change_events(1, 2, moved_by=moved_by, **at)
        columns = ["specimen", "event", "ground_truth", "prediction_before", "prediction_after"]
        found = {
            tuple(None if value != value else value for value in row)
            for row in table[columns].astype(object).where(table[columns].notna(), None).itertuples(index=False)
        }
        assert found == expected, seed
        assert len(table) == len(expected)
        counts.update(table["event"])
        changes = run.changes(1, 2, moved_by=moved_by, **at).set_index("specimen")
        for event in counts:
            told = changes[event].dropna()
            assert {name: count for name, count in told.items() if count} == Counter(
                specimen for specimen, kind, *_ in expected if kind == event
            )
            assert set(told.index) == recorded[0] & recorded[1]
    assert set(counts) == {"missed", "extra", "duplicated", "relabelled", "moved", "found", "gone"}


def test_the_paired_test_equals_a_plain_bootstrap_and_a_plain_count() -> None:
    for seed in range(4):
        run: ew.Run = random_run(seed, specimens=30)
        row = run.paired_test(1, 2, samples=300, confidence=0.9, seed=seed).iloc[0]
        scores = run.scores().set_index(["specimen", "step"]).unstack()
        both = scores[(scores["status"] != "missing").all(axis=1)]
        counts = ("true_positives", "false_positives", "false_negatives")
        tp, fp, fn = (both[name].to_numpy(float) for name in counts)
        part, whole = 2 * tp, 2 * tp + fp + fn
        there = (whole > 0).any(axis=1)
        part, whole = part[there], whole[there]
        means = part.sum(axis=0) / whole.sum(axis=0)
        assert row[["mean_before", "mean_after"]].tolist() == pytest.approx(means)
        draws = np.random.default_rng(seed).integers(0, len(part), (300, len(part)))
        drawn = np.array([part[draw].sum(axis=0) / whole[draw].sum(axis=0) for draw in draws])
        expected = np.quantile(drawn[:, 1] - drawn[:, 0], [0.05, 0.95])
        assert row[["difference_low", "difference_high"]].tolist() == pytest.approx(expected)
        pairs = both["f1"].dropna().to_numpy(float)
        assert row["specimens"] == len(pairs)
        gains = Counter((pairs[:, 1] > pairs[:, 0]).astype(int) - (pairs[:, 1] < pairs[:, 0]))
        assert row[["wins", "losses", "ties"]].tolist() == [gains[1], gains[-1], gains[0]]
        right = Counter(map(tuple, pairs >= 0.5))
        assert row[["both_right", "only_before_right", "only_after_right", "both_wrong"]].tolist() == [
            right[True, True],
            right[True, False],
            right[False, True],
            right[False, False],
        ]


def test_neither_the_order_of_rows_nor_who_was_never_evaluated_changes_a_number() -> None:
    truth, found = random_frames(5, specimens=30, steps=4)
    never = pd.DataFrame([("never", "cat", 0, 0, 9, 9)], columns=truth.columns)
    run = boxes_run(truth, found)
    other = boxes_run(pd.concat([truth, never]), found.sample(frac=1, random_state=1))

    def of_evaluated(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["specimen"] != "never"].astype({"specimen": "string"}).reset_index(drop=True)

    for ask in (lambda run: run.learning(), lambda run: run.changes(1, 4).drop(columns="why")):
        pd.testing.assert_frame_equal(of_evaluated(ask(run)), of_evaluated(ask(other)))
    for ask in (
        lambda run: run.churn(),
        lambda run: run.best_step(samples=50).table,
        lambda run: run.best_step(samples=50).thresholds,
        lambda run: run.paired_test(1, 3, samples=50),
        lambda run: run.slices("phrase", "f1").drop(columns="items"),
        lambda run: run.failure_modes()[["step", "mode", "specimens", "share", "severity", "score_std"]],
    ):
        pd.testing.assert_frame_equal(ask(run), ask(other), check_categorical=False)


def test_a_step_at_which_nothing_was_evaluated_teaches_and_forgets_nothing() -> None:
    truth, found = random_frames(6, specimens=30, steps=3)
    nobody = found[found["step"] == 1].assign(step=2, specimen="nobody in the run")
    without = found.assign(step=found["step"].map({1: 1, 2: 3, 3: 4}))
    run, other = boxes_run(truth, pd.concat([without, nobody])), boxes_run(truth, without)
    assert (run.steps, other.steps) == ([1, 2, 3, 4], [1, 3, 4])
    for per in ("specimen", "item"):
        pd.testing.assert_frame_equal(run.learning(per=per), other.learning(per=per))
    churn = run.churn().set_index("step")
    assert churn["specimens"].tolist()[:2] == [0, 0]
    assert churn.loc[2:3, ["mean_before", "mean_after", "churn", "predictions_changed"]].isna().all(axis=None)
    table = run.best_step(samples=50).table
    assert table["value"].isna().tolist() == table["indistinguishable"].isna().tolist() == [False, True, False, False]
    pd.testing.assert_frame_equal(table.drop(1).reset_index(drop=True), other.best_step(samples=50).table)
    modes = run.failure_modes(2)
    assert modes[["specimens", "share", "severity"]].isna().all(axis=None)
    assert run.diagnose(2).empty
    assert run.good_criteria(2).empty
    assert run.slices("phrase")[2].isna().all()
    test = run.paired_test(1, 2).iloc[0]
    assert (test["specimens"], test["only_after"]) == (0, 0)
    assert test[["difference", "p_value", "mean_before"]].isna().all()
