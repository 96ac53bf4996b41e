"""``Run.churn``: what turned over between consecutive steps."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalwidget as ew

Write = Callable[..., Path]
HERE, THERE = [0, 0, 10, 10], [50, 50, 60, 60]
COLUMNS = [
    *("step", "previous_step", "specimens", "mean_before", "mean_after", "gained", "lost", "churn"),
    *("predictions_changed", "recorded"),
]


def seen(image: str, *boxes: list[float], scores: list[float] | None = None) -> dict[str, Any]:
    phrase: dict[str, Any] = {"phrase": "cat", "boxes": [*boxes]} | ({"scores": scores} if scores else {})
    return {"image": image, "width": 100, "height": 100, "phrases": [phrase] if boxes else []}


def test_specimens_turn_over_while_the_mean_stands_still(write_run: Write) -> None:
    truth = [seen(image, HERE) for image in "abcd"]
    first = [seen("a", HERE), seen("b", THERE), seen("c", HERE), seen("d")]
    second = [seen("a", THERE), seen("b", HERE), seen("c", HERE), seen("d")]
    found = ew.open_run(write_run(truth, {0: first, 5: second, 9: second})).churn()
    assert list(found) == COLUMNS
    assert found.to_numpy(float).tolist() == [
        [5, 0, 4, 0.5, 0.5, 1, 1, 0.5, 0.5, 4],
        [9, 5, 4, 0.5, 0.5, 0, 0, 0, 0, 4],
    ]


def test_only_specimens_of_both_steps_are_compared(write_run: Write) -> None:
    truth = [seen("a", HERE), seen("b", HERE), seen("c", HERE), {"image": "d"}]
    first = [seen("a", HERE), seen("b", HERE), seen("d", HERE)]
    second = [seen("a", THERE), seen("c", HERE), seen("d", HERE)]
    found = ew.open_run(write_run(truth, {1: first, 2: second, 3: []})).churn().set_index("step")
    # a and d are recorded at both, d is not annotated
    assert found.loc[2].tolist() == [1, 1, 1, 0, 0, 1, 1, 0.5, 2]
    assert found.loc[3, ["specimens", "gained", "lost", "recorded"]].tolist() == [0, 0, 0, 0]
    assert found.loc[3, ["mean_before", "mean_after", "churn", "predictions_changed"]].isna().all()


@pytest.mark.parametrize(
    ("before", "after", "is_changed"),
    [
        (seen("a", HERE, THERE), seen("a", THERE, HERE), False),
        (seen("a", HERE, scores=[0.6]), seen("a", HERE, scores=[0.9]), False),
        (seen("a", HERE), seen("a", HERE, HERE), True),
        (seen("a", HERE), seen("a", [0, 0, 10, 10.5]), True),
        (seen("a", HERE), seen("a"), True),
        (seen("a", HERE), seen("a", [1, 2, 3]), True),
        (seen("a", [1, 2, 3]), seen("a", [4, 5, 6]), False),
        (seen("a", HERE, THERE, scores=[0.9, 0.4]), seen("a", HERE, scores=[0.9]), False),
    ],
)
def test_what_counts_as_another_prediction(
    write_run: Write, before: dict[str, Any], after: dict[str, Any], is_changed: bool
) -> None:
    run = ew.open_run(write_run([seen("a", HERE)], {1: [before], 2: [after]}))
    assert run.churn(confidence_threshold=0.5)["predictions_changed"].tolist() == [float(is_changed)]


def test_label_alone_makes_another_prediction(write_run: Write) -> None:
    named = [seen("a", HERE) | {"phrases": [{"phrase": phrase, "boxes": [HERE]}]} for phrase in ("cat", "dog")]
    run = ew.open_run(write_run(named[:1], {1: named[:1], 2: named[1:]}))
    assert run.churn()["predictions_changed"].tolist() == [1]


@pytest.mark.parametrize(("name", "metric"), [("grounding", None), ("vqa", "exact_match")])
def test_demo_runs_equal_a_plain_loop(name: str, metric: str | None) -> None:
    run = ew.demo_run(name)
    score = metric or "f1"
    scores = run.scores().pivot(index="specimen", columns="step", values=score)
    matches = run.matches()
    columns = ["prediction"] if name == "vqa" else [f"prediction_{corner}" for corner in ("x1", "y1", "x2", "y2")]
    predicted = {
        key: sorted(map(tuple, part.dropna(subset=columns)[[*columns, "phrase"]].astype(str).to_numpy()))
        for key, part in matches.groupby(["step", "specimen"], observed=False)
    }
    for row, (before, after) in zip(run.churn(metric, 0.75).to_dict("records"), pairwise(run.steps), strict=True):
        was, now = scores[before] >= 0.75, scores[after] >= 0.75
        changed = [predicted[before, specimen] != predicted[after, specimen] for specimen in run.specimens]
        assert row == {
            "step": after,
            "previous_step": before,
            "specimens": len(run.specimens),
            "mean_before": pytest.approx(scores[before].mean()),
            "mean_after": pytest.approx(scores[after].mean()),
            "gained": (~was & now).sum(),
            "lost": (was & ~now).sum(),
            "churn": (was != now).mean(),
            "predictions_changed": np.mean(changed),
            "recorded": len(run.specimens),
        }


def test_one_step_has_no_predecessor() -> None:
    found = ew.demo_run("grounding").churn(steps=[500])
    assert list(found) == COLUMNS
    assert len(found) == 0
    assert found["specimens"].dtype == pd.Int64Dtype()
    assert found["churn"].dtype == np.float64
