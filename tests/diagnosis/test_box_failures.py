"""Failure modes of boxes: each planted alone and in pairs, and the healthy counterpart of each."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.diagnosis.diagnosis import Diagnosis
from evalwidget.guide import MODES
from evalwidget.metrics.box_failures import FALSE_POSITIVE, INCONSISTENT, LOOSE
from evalwidget.scoring.evaluation import EXTRA, MISSED, Settings

Box = tuple[str, float, float, float, float]
#: A specimen of four objects, 100 x 100 pixels each, far apart.
OBJECTS: list[Box] = [
    ("cat", 0, 0, 100, 100),
    ("dog", 300, 0, 400, 100),
    ("bird", 600, 0, 700, 100),
    ("fish", 900, 0, 1000, 100),
]
#: What each failure mode makes of an object's box (None: nothing) or adds to the specimen.
PLANTS: dict[str, tuple[int, list[Box]]] = {
    "loose_box": (0, [("cat", -25, -25, 125, 125)]),
    "missed_detection": (1, []),
    "false_positive": (-1, [("cat", 0, 500, 100, 600)]),
    "inconsistent_localization": (2, [("bird", 640, 20, 740, 120)]),
    "format_error": (-1, [("cat", 0, 500, np.nan, 600)]),
}
MODE_SETS = [set(), *({mode} for mode in PLANTS), *(set(pair) for pair in combinations(PLANTS, 2)), set(PLANTS)]


def planted(modes: set[str]) -> list[Box]:
    """The predictions of a specimen that shows these modes and no others."""
    found: list[Box | None] = list(OBJECTS)
    extra: list[Box] = []
    for mode in modes:
        place, boxes = PLANTS[mode]
        if place >= 0:
            found[place] = None
        extra += boxes
    return [box for box in found if box is not None] + extra


def boxes_run(truth: dict[str, list[Box]], found: dict[str, list[Box]]) -> ew.Run:
    """One step; a specimen without boxes is known to be empty, or predicted to be."""

    def rows(boxes: dict[str, list[Box]]) -> pd.DataFrame:
        columns = ["specimen", "phrase", "x1", "y1", "x2", "y2"]
        blank = (None, np.nan, np.nan, np.nan, np.nan)
        return pd.DataFrame(
            [(name, *box) for name, of_specimen in boxes.items() for box in of_specimen or [blank]], columns=columns
        )

    return ew.Run.from_frames(rows(truth), rows(found).assign(step=1), task="object detection", coordinates="pixels")


def modes_of(run: ew.Run, specimen: str, **settings: float) -> set[str]:
    rows = run.diagnose(**settings)
    return set(rows["mode"][rows["specimen"] == specimen])


@pytest.mark.parametrize("modes", MODE_SETS, ids=lambda modes: "+".join(sorted(modes)) or "healthy")
def test_what_is_planted_is_found_and_nothing_else(modes: set[str]) -> None:
    run = boxes_run({"a": OBJECTS}, {"a": planted(modes)})
    assert modes_of(run, "a") == modes


def test_all_plants_in_one_run() -> None:
    found = {f"specimen {place}": planted(modes) for place, modes in enumerate(MODE_SETS)}
    run = boxes_run(dict.fromkeys(found, OBJECTS), found)
    for place, modes in enumerate(MODE_SETS):
        assert modes_of(run, f"specimen {place}") == modes
    diagnosis = Diagnosis(run._evaluation)
    (step,) = diagnosis.at([1], Settings())
    for place, modes in enumerate(MODE_SETS):
        assert {mode.key for bit, mode in enumerate(MODES) if step.modes[place] >> bit & 1} == modes
        of_row, of_step = diagnosis.findings(1, Settings(), row=place), diagnosis.findings(1, Settings())
        (rows,) = np.nonzero(of_step.specimen == place)
        assert of_row.mode.tolist() == of_step.mode[rows].tolist()
        assert of_row.severity.tolist() == of_step.severity[rows].tolist()
        for name in ("evidence", "item", "phrase", "ground_truth", "prediction"):
            assert getattr(of_row, name) == [getattr(of_step, name)[row] for row in rows]
    counts = {mode.key: count for mode, count in zip(MODES, step.counts, strict=True)}
    assert counts == {mode.key: sum(mode.key in modes for modes in MODE_SETS) for mode in MODES}


def test_a_row_says_which_boxes_and_how_bad() -> None:
    rows = boxes_run({"a": OBJECTS}, {"a": planted(set(PLANTS))}).diagnose().set_index("mode")
    assert list(rows.index) == list(PLANTS)
    assert rows["severity"].tolist() == pytest.approx([0.25] * 4 + [0.2])
    assert rows["ground_truth"].tolist() == [[0], [1], [], [2], []]
    assert rows["phrase"].tolist() == ["cat", "dog", "cat", "bird", "cat"]
    assert rows.loc["loose_box", "evidence"] == "cat: 2.2 times the area of the object, IoU 0.44"
    assert rows.loc["missed_detection", "evidence"] == "dog"
    assert rows.loc["false_positive", "evidence"] == "cat: on background"
    assert rows.loc["inconsistent_localization", "evidence"] == "bird: IoU 0.32, while 1 beside it is accurate"


@pytest.mark.parametrize(
    ("box", "modes"),
    [
        (("cat", 0, 0, 120, 120), set()),
        # covered to 88 % only
        (("cat", 12, 0, 200, 150), {"inconsistent_localization"}),
        # 1.45 times as large, and half beside the object
        (("cat", 40, -20, 160, 101), {"inconsistent_localization"}),
        # so large that it is about nothing
        (("cat", -200, -200, 290, 290), {"missed_detection", "false_positive"}),
        # covered to 90 % and three times as large; then to 89 %
        (("cat", 10, 0, 310, 100), {"loose_box"}),
        (("cat", 11, 0, 311, 100), {"inconsistent_localization"}),
        # an IoU of .1, and below; of .5, and below
        (("cat", 0, 0, 1000, 100), {"loose_box"}),
        (("cat", 0, 0, 1001, 100), {"missed_detection", "false_positive"}),
        (("cat", 0, 0, 200, 100), set()),
        (("cat", 0, 0, 201, 100), {"loose_box"}),
        (("dog", 0, 0, 100, 100), {"missed_detection", "false_positive"}),
        (("dog", -25, -25, 125, 125), {"missed_detection", "false_positive"}),
    ],
)
def test_where_a_mode_ends(box: Box, modes: set[str]) -> None:
    assert modes_of(boxes_run({"a": OBJECTS}, {"a": [box, *OBJECTS[1:]]}), "a") == modes


def test_a_misaligned_box_alone_goes_by_the_other_images() -> None:
    lone, off = [OBJECTS[0]], [("cat", 50.0, 0.0, 150.0, 100.0)]
    truth = {"a": lone, "b": lone, "c": lone}
    good = boxes_run(truth, {"a": off, "b": lone, "c": lone})
    assert modes_of(good, "a") == {"inconsistent_localization"}
    assert good.diagnose()["evidence"].tolist() == [
        "cat: IoU 0.33, while most of what is localised in other images is accurate"
    ]
    bad = boxes_run(truth, {"a": off, "b": off, "c": lone})
    assert modes_of(bad, "a") == {"missed_detection", "false_positive"}
    assert set(bad.diagnose()["evidence"]) == {"cat (nearest: cat, IoU 0.33)", "cat: IoU 0.33 with the nearest"}


@pytest.mark.parametrize("modes", [modes for modes in MODE_SETS if "inconsistent_localization" in modes])
def test_uneven_from_image_to_image_in_pairs(modes: set[str]) -> None:
    """Beside the planted boxes nothing in the specimen is accurate, and in other specimens all is, or nothing."""
    places = [place for mode in modes for place in [PLANTS[mode][0]] if place >= 0]
    truth = {"a": [OBJECTS[place] for place in places]} | {f"other {row}": OBJECTS for row in range(4)}
    found = {"a": [box for mode in modes for box in PLANTS[mode][1]]}
    good = boxes_run(truth, found | dict.fromkeys(list(truth)[1:], OBJECTS))
    assert modes_of(good, "a") == modes
    off = [(name, x1 + 40, y1 + 20, x2 + 40, y2 + 20) for name, x1, y1, x2, y2 in OBJECTS]
    bad = boxes_run(truth, found | dict.fromkeys(list(truth)[1:], off))
    assert "inconsistent_localization" not in set(bad.diagnose()["mode"])
    assert modes_of(bad, "a") == modes - {"inconsistent_localization"} | {"missed_detection", "false_positive"}
    row = good.failure_modes().set_index("mode").loc["inconsistent_localization"]
    assert (row["specimens"], row["share"]) == (1, 0.2)
    assert row["score_std"] == pytest.approx(np.std([1, 1, 1, 1, 0]))


TIGHT = [(name, x1 + 2, y1 - 1, x2 + 1, y2 - 2) for name, x1, y1, x2, y2 in OBJECTS]


@pytest.mark.parametrize(
    ("truth", "found"),
    [
        (OBJECTS, OBJECTS),
        # tight, found, and even, though not exact
        (OBJECTS, TIGHT),
        (OBJECTS, list(reversed(TIGHT))),
        # 1.3 times as large is no loose box
        (OBJECTS, [("cat", -7, -7, 107, 107), *OBJECTS[1:]]),
        (OBJECTS[:1], OBJECTS[:1]),
        ([], []),
        # two of a kind, side by side, each with its own
        ([*OBJECTS, ("cat", 50, 0, 150, 100)], [*TIGHT, ("cat", 51, 0, 149, 101)]),
    ],
)
def test_a_healthy_specimen_has_no_mode(truth: list[Box], found: list[Box]) -> None:
    run = boxes_run({"a": truth, "b": OBJECTS}, {"a": found, "b": planted(set(PLANTS))})
    assert modes_of(run, "a") == set()
    assert run.good_criteria()["specimen"].tolist() == ["a"]


def test_crowd_regions_and_what_lies_in_them_fail_in_nothing(tmp_path: Path) -> None:
    annotations = [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 50, 50], "area": 2500, "iscrowd": 0},
        {"id": 2, "image_id": 1, "category_id": 1, "bbox": [100, 0, 200, 200], "area": 40000, "iscrowd": 1},
    ]
    truth = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 400, "height": 400}],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "cat"}],
    }
    boxes = [[0, 0, 50, 50], [110, 10, 40, 40], [150, 100, 60, 60]]
    found = [{"image_id": 1, "category_id": 1, "bbox": box, "score": 0.9} for box in boxes]
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps(found))
    run = ew.open_run(ground_truth=tmp_path / "truth.json", predictions={1: tmp_path / "found.json"})
    assert run.diagnose().empty
    assert run.good_criteria()["everything_found"].tolist() == [True]


def test_claims_are_one_to_one() -> None:
    loose = [("cat", -25.0, -25.0, 125.0, 125.0), ("cat", -30.0, -30.0, 130.0, 130.0)]
    rows = boxes_run({"a": OBJECTS}, {"a": [*loose, *OBJECTS[1:]]}).diagnose().set_index("mode")
    assert rows["prediction"].to_dict() == {"loose_box": [0], "false_positive": [1]}
    beside = [*OBJECTS, ("cat", 100.0, 0.0, 200.0, 100.0)]
    both = [("cat", -10.0, -10.0, 210.0, 110.0), ("cat", -12.0, -10.0, 210.0, 110.0)]
    rows = boxes_run({"a": beside}, {"a": [*both, *OBJECTS[1:]]}).diagnose()
    assert rows["mode"].tolist() == ["loose_box"]
    assert sorted(rows["ground_truth"][0]) == [0, 4]


def test_an_object_that_is_found_is_claimed_by_nothing() -> None:
    found = [*OBJECTS, ("cat", -25.0, -25.0, 125.0, 125.0), ("dog", 2.0, 0.0, 100.0, 100.0)]
    rows = boxes_run({"a": OBJECTS}, {"a": found}).diagnose()
    assert rows["mode"].tolist() == ["false_positive"]
    assert rows["evidence"][0] == "cat: IoU 0.44 with the nearest; dog: on the wrong object, cat, IoU 0.98"


def test_who_is_not_judged_has_no_modes() -> None:
    run = boxes_run({"a": OBJECTS, "b": OBJECTS, "c": []}, {"a": [], "c": [OBJECTS[0]]})
    assert modes_of(run, "a") == {"missed_detection"}
    assert modes_of(run, "b") == set()
    assert modes_of(run, "c") == {"false_positive"}
    (step,) = run._diagnosis.at([1], Settings())
    assert step.judged.tolist() == [True, False, True]
    assert np.isnan(step.severity[1]).all()
    assert step.severity[0, 1] == 1


def test_a_prediction_that_cannot_be_used_is_a_format_error() -> None:
    found = [*OBJECTS[:3], ("fish", 900.0, 0.0, np.nan, 100.0)]
    assert modes_of(boxes_run({"a": OBJECTS}, {"a": found}), "a") == {"missed_detection", "format_error"}
    columns = ["specimen", "phrase", "x1", "y1", "x2", "y2"]
    unknown = pd.DataFrame([("b", *found[3])], columns=columns).assign(step=1)
    assert ew.Run.from_frames(None, unknown, coordinates="pixels").diagnose().empty


def test_thresholds_are_arguments() -> None:
    run = boxes_run({"a": OBJECTS}, {"a": planted({"loose_box"})})
    assert modes_of(run, "a", loose_ratio=3) == {"inconsistent_localization"}
    assert modes_of(run, "a", iou_threshold=0.4) == set()
    for height, modes in ((150, {"loose_box"}), (149, {"inconsistent_localization"})):
        larger = boxes_run({"a": OBJECTS}, {"a": [("cat", 0, 0, 100, height), *OBJECTS[1:]]})
        assert modes_of(larger, "a", iou_threshold=0.7) == modes
    with pytest.raises(ew.UnknownNameError, match="threshold 'loosest': expected one of near_iou"):
        run.diagnose(loosest=1)
    with pytest.raises(ew.EvalWidgetError, match=r"loose_ratio: expected a number, 1 or more, got 0\.5"):
        run.diagnose(loose_ratio=0.5)
    with pytest.raises(ew.EvalWidgetError, match="near_iou: expected a number above 0"):
        run.diagnose(near_iou=0)


CORNER = st.integers(0, 12)
SIDE = st.integers(1, 8)
BOX = st.tuples(st.sampled_from(["cat", "dog"]), CORNER, CORNER, SIDE, SIDE).map(
    lambda box: (box[0], float(box[1]), float(box[2]), float(box[1] + box[3]), float(box[2] + box[4]))
)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.lists(BOX, max_size=5, unique=True), st.lists(BOX, max_size=5)), min_size=1, max_size=3))
def test_every_box_is_in_one_mode_at_most(specimens: list[tuple[list[Box], list[Box]]]) -> None:
    truth = {f"s{place}": boxes for place, (boxes, _) in enumerate(specimens)}
    run = boxes_run(truth, {f"s{place}": boxes for place, (_, boxes) in enumerate(specimens)})
    outcomes = run._evaluation.boxes(1, Settings())
    (step,) = run._diagnosis.at([1], Settings())
    failures = step.boxes
    assert failures is not None
    claims = np.isin(failures.failure, (LOOSE, INCONSISTENT))
    assert ((failures.failure >= 0) == (outcomes.outcome == EXTRA)).all()
    assert ((failures.target >= 0) == claims).all()
    claimed = failures.target[claims]
    assert len(set(claimed.tolist())) == len(claimed)
    missed = np.flatnonzero(outcomes.truth_outcome == MISSED)
    assert sorted([*claimed.tolist(), *np.flatnonzero(failures.missed).tolist()]) == missed.tolist()
    truth_label, label = run._data.ground_truth.boxes.label, run._data.predictions(1).boxes.label
    assert (truth_label[claimed] == label[claims]).all()
    assert ((failures.iou[claims] >= 0.1 - 1e-6) & (failures.iou[claims] < 0.5)).all()
    rows = run.diagnose()
    told = {mode: sum(map(len, rows["prediction"][rows["mode"] == mode])) for mode in ("loose_box", "false_positive")}
    assert told["loose_box"] == (failures.failure == LOOSE).sum()
    assert told["false_positive"] == (failures.failure == FALSE_POSITIVE).sum()
