"""``Run.best_step``: the best step, those that cannot be told apart from it, and whether the choice survives."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import pandas as pd
import pytest

import evalwidget as ew
from evalwidget.metrics import TextMetric

Write = Callable[..., Path]
COLUMNS = [
    *("step", "value", "low", "high", "difference", "difference_low", "difference_high"),
    *("specimens", "indistinguishable", "best", "common"),
]
DIFFERENCES = ["difference", "difference_low", "difference_high"]
WHOLE, HALF, NOWHERE = [0, 0, 10, 10], [0, 0, 10, 6], [50, 50, 60, 60]


def box_run(write_run: Write, steps: dict[int, str]) -> ew.Run:
    """A box in each specimen, found wholly (W), at an IoU of .6 (h) or not at all (n); "." is not evaluated."""
    boxes = {"W": WHOLE, "h": HALF, "n": NOWHERE}
    count = len(next(iter(steps.values())))
    size = {"width": 100, "height": 100}

    def line(row: int, box: list[int]) -> dict[str, Any]:
        return {"image": f"{row}.jpg", "phrases": [{"phrase": "cat", "boxes": [box]}]} | size

    found = {
        step: [line(row, boxes[kind]) for row, kind in enumerate(kinds) if kind != "."] for step, kinds in steps.items()
    }
    return ew.open_run(write_run([line(row, WHOLE) for row in range(count)], found))


@pytest.mark.parametrize(("name", "metric"), [("grounding", "f1"), ("grounding", "recall_at_1"), ("vqa", "token_f1")])
def test_equal_to_a_bootstrap_specimen_by_specimen(name: str, metric: str) -> None:
    run = ew.demo_run(name)
    found = run.best_step(metric, samples=200, confidence=0.9, seed=4)
    assert list(found.table) == COLUMNS
    summary = run.summary()
    np.testing.assert_allclose(found.table["value"], summary[metric], rtol=1e-12)
    assert found.step == summary["step"].iloc[summary[metric].argmax()]
    part, whole = sums_by_specimen(run, metric)
    draws = np.random.default_rng(4).integers(0, 40, (200, 40))
    drawn = np.array([part[draw].sum(axis=0) / whole[draw].sum(axis=0) for draw in draws])
    bounds = [0.05, 0.95]
    np.testing.assert_allclose(found.table[["low", "high"]], np.quantile(drawn, bounds, axis=0).T, atol=1e-12)
    best = drawn[:, [run.steps.index(found.step)]]
    np.testing.assert_allclose(
        found.table[["difference_low", "difference_high"]], np.quantile(drawn - best, bounds, axis=0).T, atol=1e-12
    )


def sums_by_specimen(run: ew.Run, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """What each specimen adds to the two sums whose ratio is the metric, ``(specimens, steps)``, from the tables."""
    if metric == "f1":
        counts = run.scores().pivot(index="specimen", columns="step")
        tp, fp, fn = (
            counts[f"{name}s"].to_numpy(float) for name in ("true_positive", "false_positive", "false_negative")
        )
        return 2 * tp, 2 * tp + fp + fn
    each = run.phrases() if run.task == "phrase grounding" else run.matches()
    grouped = each.groupby(["specimen", "step"], observed=False)[metric]
    return grouped.sum().unstack().to_numpy(), grouped.count().unstack().to_numpy()


def test_the_same_seed_gives_the_same_intervals() -> None:
    run = ew.demo_run("vqa")
    first, again, other = (run.best_step(seed=seed).table for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not np.allclose(first["low"], other["low"])


def test_steps_that_cannot_be_told_apart(write_run: Write) -> None:
    run = box_run(write_run, {1: "n" * 40, 2: "W" * 37 + "nnn", 3: "W" * 36 + "nnWW", 4: "W" * 25 + "n" * 15})
    found = run.best_step("recall")
    assert (found.step, found.indistinguishable) == (3, [2, 3])
    assert found.table["indistinguishable"].tolist() == [False, True, True, False]
    assert found.table["best"].tolist() == [False, False, True, False]
    said = str(found)
    assert "Step 3 is best by recall: 0.9500 (95 % interval" in said
    assert "cannot be told apart from step 2:" in said
    assert "The earliest of them all is step 2." in said
    assert "too narrow" not in said


def test_of_equal_steps_the_earliest_is_best(write_run: Write) -> None:
    run = box_run(write_run, {9: "Wn", 5: "Wn", 1: "nn"})
    assert run.best_step().step == 5
    assert run.best_step(steps=[9, 1, 9]).table["step"].tolist() == [1, 9]
    assert "Fewer than 30 specimens" in str(run.best_step())
    assert len(str(run.best_step(steps=[5])).splitlines()) == 2


def test_differences_are_over_the_specimens_of_both_steps(write_run: Write) -> None:
    # step 2 has found all it was tried on, step 1 finds the same and was tried on more; step 3 has none of these
    run = box_run(write_run, {1: "WWWWnn..", 2: "WWWW....", 3: "....nWWW", 4: "nnnnnnnn"})
    table = run.best_step("recall").table
    assert table["best"].tolist() == [False, True, False, False]
    assert table["specimens"].tolist() == [6, 4, 4, 8]
    assert table["common"].tolist() == [4, 4, 0, 4]
    np.testing.assert_allclose(table["difference"], [0, 0, np.nan, -1])
    assert table.loc[2, DIFFERENCES].isna().all()
    assert table["indistinguishable"].astype(object).where(table["indistinguishable"].notna(), None).tolist() == (
        [True, True, None, False]
    )
    said = str(run.best_step("recall"))
    assert "It cannot be compared with step 3: no specimen is scored at both." in said
    assert "scored on 4 to 8 specimens" in said


def test_few_common_specimens_are_told(write_run: Write) -> None:
    run = box_run(write_run, {1: "nW" + "." * 38, 2: "W" * 40, 3: "n" * 40})
    assert "Fewer than 30 specimens are common with step 1:" in str(run.best_step("recall"))
    assert "Fewer than" not in str(run.best_step("recall", steps=[2, 3]))


def test_a_choice_that_does_not_survive_other_thresholds(write_run: Write) -> None:
    run = box_run(write_run, {1: "W" * 36 + "nnnn", 2: "h" * 40})
    found = run.best_step("recall", confidence_thresholds=[0, 0.5])
    assert found.step == 2
    thresholds = found.thresholds
    assert list(thresholds) == [
        *("iou_threshold", "confidence_threshold", "best_step", "value", "choice_value", *DIFFERENCES, "survives")
    ]
    assert thresholds[["iou_threshold", "confidence_threshold"]].values.tolist() == [
        *([0.5, 0], [0.5, 0.5], [0.75, 0], [0.75, 0.5])
    ]
    assert thresholds["best_step"].tolist() == [2, 2, 1, 1]
    assert thresholds["survives"].tolist() == [True, True, False, False]
    assert thresholds[["value", "choice_value"]].values.tolist() == [[1, 1], [1, 1], [0.9, 0], [0.9, 0]]
    assert not found.survives
    assert "at IoU threshold 0.75, confidence threshold 0 step 1 has 0.9000, step 2 0.000." in str(found)
    assert run.best_step("recall", iou_thresholds=[0.5, 0.6]).survives


def test_a_choice_of_texts_is_tried_by_the_other_metrics() -> None:
    found = ew.demo_run("vqa").best_step("exact_match")
    assert found.thresholds["metric"].tolist() == [
        *("token_f1", "bleu", "vqa_accuracy", "anls", "rouge_l", "relaxed_accuracy", "string_similarity")
    ]
    unscored = found.thresholds.set_index("metric").loc["vqa_accuracy"]
    assert unscored.isna().all()
    assert found.survives
    assert "by all 6 other metrics" in str(found)


def test_where_lower_is_better_the_least_is_best() -> None:
    run = ew.demo_run("vqa").add_metric(
        TextMetric("length", lambda answers, _: [len(answer) for answer in answers], "lower")
    )
    found = run.best_step("length")
    assert found.table["value"].min() == found.table.loc[found.table["best"], "value"].item()
    assert (found.table["difference"] >= 0).all()


def test_it_is_shown_in_a_notebook(write_run: Write) -> None:
    shown = box_run(write_run, {1: "Wn", 2: "WW"}).best_step()._repr_html_()
    assert "<p>Step 2 is best by f1" in shown
    assert "<table" in shown


def test_what_cannot_be_asked_is_told(write_run: Write) -> None:
    run = box_run(write_run, {1: "Wn", 2: "WW"})
    with pytest.raises(ew.EvalWidgetError, match="got a count"):
        run.best_step("false_positives")
    with pytest.raises(ew.UnknownNameError, match="unheard_of"):
        run.best_step("unheard_of")
    with pytest.raises(ew.EvalWidgetError, match="samples: expected a whole number, 1 or more, got 0"):
        run.best_step(samples=0)
    with pytest.raises(ew.EvalWidgetError, match="confidence: expected a number above 0 and up to 1, got 95"):
        run.best_step(confidence=95)
    for nothing in ([], 0.5, "0.5"):
        with pytest.raises(ew.EvalWidgetError, match="iou_thresholds: expected a list of at least one number, got"):
            run.best_step(iou_thresholds=nothing)
    with pytest.raises(ew.EvalWidgetError, match="a step with a score 'f1', got none: none of 1 steps has one"):
        box_run(write_run, {1: ".."}).best_step()
    with pytest.raises(ew.EvalWidgetError, match="there is no step"):
        run.best_step(steps=[])


@pytest.mark.parametrize("unscored", [0, 3, 1])
def test_other_confidences_need_no_other_matching(tmp_path: Path, unscored: int) -> None:
    """Of overlapping boxes with ties of score: the score at every pair of thresholds is ``summary``'s there. Every
    third prediction, or every one, may be without a score."""
    random = np.random.default_rng(5)
    boxes = [[float(v) for v in (*random.integers(0, 25, 2), *random.integers(5, 30, 2))] for _ in range(60)]
    truth = oracle.coco_truth(
        [(60, 60)] * 3, [(row % 3, row % 2, box, row % 9 == 0) for row, box in enumerate(boxes)], 2
    )
    frame = pd.DataFrame(
        {
            "step": np.repeat([1, 2], 60),
            "specimen": [f"{row % 3 + 1}.jpg" for row in range(60)] * 2,
            "phrase": [f"class {row % 2 + 1}" for row in range(60)] * 2,
            "score": random.integers(0, 8, 120) / 8,
            **{
                name: [box[place] + (box[place - 2] if place > 1 else 0) for box in boxes] * 2
                for place, name in enumerate(("x1", "y1", "x2", "y2"))
            },
        }
    )
    frame["x1"] += random.integers(-3, 4, 120)
    if unscored:
        frame.loc[::unscored, "score"] = np.nan
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    steps = {int(step): part.drop(columns="step") for step, part in frame.groupby("step")}
    run = ew.open_run(ground_truth=tmp_path / "truth.json", predictions=steps)
    for metric in ("f1", "precision", "recall", "mean_iou"):
        found = run.best_step(metric, samples=1)
        for row in found.thresholds.to_dict("records"):
            at = {name: row[name] for name in ("iou_threshold", "confidence_threshold")}
            scores = run.summary(**at).set_index("step")[metric]
            assert row["choice_value"] == pytest.approx(scores[found.step], rel=1e-12)
            assert (row["best_step"], row["value"]) == (scores.idxmax(), pytest.approx(scores.max(), rel=1e-12))
