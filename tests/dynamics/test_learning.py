"""``Run.learning``: what was learned and forgotten of specimens, boxes and answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evalwidget as ew
from evalwidget.metrics import TextMetric

Write = Callable[..., Path]
CAT, DOG = [0, 0, 10, 10], [50, 50, 60, 60]
COLUMNS = [
    *("learned_at", "forgetting_events", "forgotten_at", "never_learned", "always_right", "mean", "variability"),
    *("churn", "right_since", "state", "evaluated"),
]


def seen(image: str, *boxes: tuple[str, list[float]]) -> dict[str, Any]:
    return {"image": image, "phrases": [{"phrase": phrase, "boxes": [box]} for phrase, box in boxes]}


@pytest.fixture
def run(write_run: Write) -> ew.Run:
    """Right (+), wrong (-) and not evaluated (.) at steps 0 to 40: a +-+.+, b .--.., c never evaluated, d not
    annotated, e ++.+."""
    truth = [seen("a.jpg", ("cat", CAT), ("dog", DOG)), *(seen(f"{name}.jpg", ("cat", CAT)) for name in "bce")]
    truth.insert(3, {"image": "d.jpg"})
    right, wrong = seen("a.jpg", ("cat", CAT), ("dog", DOG)), seen("a.jpg", ("dog", CAT))
    steps = {
        0: [right, seen("d.jpg", ("cat", CAT)), seen("e.jpg", ("cat", CAT))],
        10: [wrong, seen("b.jpg"), seen("e.jpg", ("cat", CAT))],
        20: [seen("a.jpg", ("dog", DOG)), seen("b.jpg")],
        30: [seen("e.jpg", ("cat", CAT))],
        40: [right],
    }
    return ew.open_run(write_run([line | {"width": 100, "height": 100} for line in truth], steps))


def rows(frame: pd.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    shown = frame[[*names]].astype(object)
    return list(shown.where(shown.notna(), None).itertuples(index=False, name=None))


def test_a_row_for_each_specimen(run: ew.Run) -> None:
    found = run.learning()
    assert list(found) == ["specimen", *COLUMNS]
    names = ["specimen", "state", "evaluated", "learned_at", "right_since", "forgetting_events", "forgotten_at"]
    assert rows(found, *names) == [
        ("a.jpg", "learned", 4, 0, 20, 1, (10,)),
        ("b.jpg", "never_learned", 2, None, None, 0, ()),
        ("c.jpg", "not_evaluated", 0, None, None, None, None),
        ("d.jpg", "not_evaluated", 0, None, None, None, None),
        ("e.jpg", "always_right", 3, 0, 0, 0, ()),
    ]
    assert rows(found, "never_learned", "always_right") == [
        *((False, False), (True, False), (None, None), (None, None), (False, True))
    ]
    scores = run.scores().pivot(index="step", columns="specimen", values="f1")
    np.testing.assert_allclose(found["mean"], scores.mean())
    np.testing.assert_allclose(found["variability"], scores.std(ddof=0))
    np.testing.assert_allclose(found["churn"], [2 / 3, 0, np.nan, np.nan, 0])


def test_steps_missing_is_not_wrong_and_the_last_evaluated_step_decides(run: ew.Run) -> None:
    found = run.learning(steps=[10, 0, 10]).set_index("specimen")
    assert found.loc["a.jpg", ["state", "learned_at", "evaluated", "forgotten_at"]].tolist() == [
        *("forgotten", 0, 2, (10,))
    ]
    assert pd.isna(found.loc["a.jpg", "right_since"])
    assert found.loc["e.jpg", "state"] == "always_right"


def test_a_row_for_each_box(run: ew.Run) -> None:
    found = run.learning(per="item")
    assert list(found) == ["specimen", "item", "phrase", *COLUMNS]
    assert rows(found, "specimen", "phrase", "state", "evaluated", "learned_at", "right_since", "forgotten_at") == [
        ("a.jpg", "cat", "learned", 4, 0, 40, (10,)),
        ("a.jpg", "dog", "learned", 4, 0, 20, (10,)),
        ("b.jpg", "cat", "never_learned", 2, None, None, ()),
        ("c.jpg", "cat", "not_evaluated", 0, None, None, None),
        ("e.jpg", "cat", "always_right", 3, 0, 0, ()),
    ]
    # IoU 1 where matched, 0 where missed
    assert found["mean"].iloc[:3].tolist() == [0.5, 0.75, 0]
    matches = run.matches().dropna(subset=["ground_truth", "status"])
    share = (matches["status"] == "matched").groupby([matches["specimen"], matches["phrase"]], observed=True).mean()
    assert found["mean"].dropna().tolist() == share.tolist()


def test_crowd_regions_are_never_evaluated(write_run: Write) -> None:
    box = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10]}
    truth = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 100}],
        "annotations": [box | {"id": 1, "area": 100, "iscrowd": 0}, box | {"id": 2, "area": 100, "iscrowd": 1}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    run = ew.open_run(write_run(truth, {1: [box | {"score": 0.5}]}))
    assert run.learning(per="item")["state"].tolist() == ["always_right", "not_evaluated"]
    assert run.learning(per="item", confidence_threshold=0.6)["state"].tolist()[0] == "never_learned"


def test_a_row_for_each_answer() -> None:
    run = ew.demo_run("vqa")
    found = run.learning("exact_match", 1, per="item")
    matches = run.matches()
    assert found[["specimen", "item", "phrase"]].astype(str).values.tolist() == (
        matches.loc[matches["step"] == run.steps[0], ["specimen", "item", "phrase"]].astype(str).values.tolist()
    )
    right = matches["exact_match"].to_numpy().reshape(len(run.steps), -1) == 1
    np.testing.assert_allclose(found["mean"], right.mean(axis=0))
    first = [run.steps[column.argmax()] if column.any() else None for column in right.T]
    assert [value[0] for value in rows(found, "learned_at")] == first
    assert found["forgetting_events"].tolist() == (right[:-1] & ~right[1:]).sum(axis=0).tolist()


def test_metric_and_threshold_decide_what_is_right() -> None:
    run = ew.demo_run("vqa").add_metric(
        TextMetric("length", lambda answers, _: [len(answer) for answer in answers], "lower")
    )
    lenient, strict = run.learning(threshold=0.2), run.learning(threshold=0.9)
    assert (lenient["learned_at"] <= strict["learned_at"]).all()
    assert (lenient["mean"] == strict["mean"]).all()
    longest = run.scores().groupby("specimen", observed=False)["length"].max()
    short = run.learning("length", 3)
    assert short["always_right"].tolist() == (longest <= 3).tolist()


def test_types_of_columns(run: ew.Run) -> None:
    found = run.learning()
    assert isinstance(found.index, pd.RangeIndex)
    for name in ("learned_at", "forgetting_events", "right_since", "evaluated"):
        assert found[name].dtype == pd.Int64Dtype()
    for name in ("never_learned", "always_right"):
        assert found[name].dtype == pd.BooleanDtype()
    assert {str(found[name].dtype) for name in ("mean", "variability", "churn")} == {"float64"}
    assert isinstance(found["state"].dtype, pd.CategoricalDtype)


def test_what_cannot_be_asked_is_told(run: ew.Run) -> None:
    with pytest.raises(ew.UnknownNameError, match="per: expected one of specimen, item, got 'box'"):
        run.learning(per="box")
    with pytest.raises(ew.EvalWidgetError, match="no metric and no threshold"):
        run.learning("recall", per="item")
    with pytest.raises(ew.UnknownNameError, match="step 5 is not recorded"):
        run.learning(steps=[5])


def test_a_run_without_steps_has_learned_nothing(write_run: Write) -> None:
    run = ew.Run.from_frames(
        pd.DataFrame({"specimen": ["a"], "phrase": ["cat"], "x1": [0], "y1": [0], "x2": [1], "y2": [1]}),
        pd.DataFrame({name: [] for name in ("step", "specimen", "phrase", "x1", "y1", "x2", "y2")}),
    )
    for per in ("specimen", "item"):
        assert run.learning(per=per)["state"].tolist() == ["not_evaluated"]
