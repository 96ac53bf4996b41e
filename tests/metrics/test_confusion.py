"""The confusion matrix equals a plain loop, sums to what is there, and equals hotcoco's where no boxes compete."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import hotcoco
import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.scoring import step_blocks

CASES = settings(deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
BACKGROUND = "background"


def loop_confusion(
    truth: dict[str, Any], results: list[dict[str, Any]], threshold: float, confidence: float
) -> Counter[tuple[str, str]]:
    """Image by image, the best pair of what is left, until none is good enough."""
    names = {category["id"]: category["name"] for category in truth["categories"]}
    counts: Counter[tuple[str, str]] = Counter()
    for image in truth["images"]:
        annotations = [a for a in truth["annotations"] if a["image_id"] == image["id"]]
        boxes = [a for a in annotations if not a["iscrowd"]]
        crowds = [a for a in annotations if a["iscrowd"]]
        found = [r for r in results if r["image_id"] == image["id"] and r["score"] >= confidence]
        pairs = []
        for b, box in enumerate(boxes):
            for p, result in enumerate(found):
                iou = oracle.box_iou(result["bbox"], box["bbox"], crowd=False)
                if iou >= threshold:
                    pairs.append((-iou, box["category_id"] != result["category_id"], -result["score"], b, p))
        free_boxes, free = set(range(len(boxes))), set(range(len(found)))
        for *_, b, p in sorted(pairs):
            if b in free_boxes and p in free:
                free_boxes.remove(b)
                free.remove(p)
                counts[names[boxes[b]["category_id"]], names[found[p]["category_id"]]] += 1
        for b in free_boxes:
            counts[names[boxes[b]["category_id"]], BACKGROUND] += 1
        for p in free:
            own = [crowd for crowd in crowds if crowd["category_id"] == found[p]["category_id"]]
            if all(oracle.box_iou(found[p]["bbox"], crowd["bbox"], crowd=True) < threshold for crowd in own):
                counts[BACKGROUND, names[found[p]["category_id"]]] += 1
    return counts


def tidy_counts(frame: pd.DataFrame) -> dict[tuple[str, str], int]:
    pairs = zip(frame["ground_truth"], frame["prediction"], frame["count"], strict=True)
    return {(truth, prediction): int(count) for truth, prediction, count in pairs}


def matrix_counts(frame: pd.DataFrame) -> dict[tuple[str, str], int]:
    return {
        (row, column): int(frame.loc[row, column]) for row in frame.index for column in frame if frame.loc[row, column]
    }


boxes = st.tuples(*[st.integers(0, 3)] * 2, *[st.integers(0, 4)] * 2).map(lambda box: [10.0 * side for side in box])
placed = st.tuples(st.integers(0, 2), st.integers(0, 2), boxes)


@CASES
@given(
    truths=st.lists(st.tuples(placed, st.sampled_from([False, False, False, True])), min_size=1, max_size=14),
    found=st.lists(st.tuples(placed, st.sampled_from([0.1, 0.25, 0.5, 0.5, 1.0])), max_size=16),
    threshold=st.sampled_from([0.1, 0.5, 0.5, 1.0]),
    confidence=st.sampled_from([0.0, 0.25, 0.6]),
)
def test_the_matrix_equals_a_plain_loop_and_sums_to_what_is_there(
    tmp_path_factory: pytest.TempPathFactory,
    truths: list[tuple[tuple[int, int, list[float]], bool]],
    found: list[tuple[tuple[int, int, list[float]], float]],
    threshold: float,
    confidence: float,
) -> None:
    """On a coarse grid: equal IoUs, scores and boxes, areas of 0, images and classes without any."""
    truth = oracle.coco_truth([(100, 100)] * 3, [(*place, crowd) for place, crowd in truths], 3)
    results = [
        {"image_id": image + 1, "category_id": label + 1, "bbox": box, "score": score}
        for (image, label, box), score in found
    ]
    run = oracle.open_coco(tmp_path_factory.mktemp("coco"), truth, results)
    expected = loop_confusion(truth, results, min(threshold, 1 - 1e-10), confidence)
    frame = run.confusion(1, iou_threshold=threshold, confidence_threshold=confidence)
    assert matrix_counts(frame) == expected
    tidy = run.confusion(1, iou_threshold=threshold, confidence_threshold=confidence, tidy=True)
    assert tidy_counts(tidy) == expected
    actual = Counter(f"class {label + 1}" for (_, label, _), crowd in truths if not crowd)
    assert frame.sum(axis=1).drop(BACKGROUND).to_dict() == {name: actual[name] for name in frame.index[:-1]}
    predicted = Counter(f"class {label + 1}" for (_, label, _), score in found if score >= confidence)
    sums = frame.sum(axis=0).drop(BACKGROUND).to_dict()
    assert all(sums[name] <= predicted[name] for name in sums)
    if not any(crowd for _, crowd in truths):
        assert sums == {name: predicted[name] for name in sums}
    assert frame.loc[BACKGROUND, BACKGROUND] == 0


def test_the_matrix_of_published_data(real_data: Path) -> None:
    folder = real_data / "coco100"
    files = [folder / "instances_val2014_100.json", folder / "instances_val2014_fakebbox100_results.json"]
    truth, results = (json.loads(file.read_text()) for file in files)
    run = ew.open_run(ground_truth=files[0], predictions={1: files[1]})
    for confidence in (0.0, 0.25, 0.9):
        expected = loop_confusion(truth, results, 0.5, confidence)
        assert tidy_counts(run.confusion(1, confidence_threshold=confidence, tidy=True)) == expected
    assert tidy_counts(run.confusion(1, tidy=True)) == loop_confusion(truth, results, 0.5, 0.25)
    frame = run.confusion(1, confidence_threshold=0)
    assert frame.iloc[:-1].to_numpy(int).sum() == sum(not a["iscrowd"] for a in truth["annotations"]) == 830


def test_without_competition_the_matrix_is_hotcoco_s(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    truths = [(i % 4, int(random.integers(5)), [20.0 * i, 0.0, 10.0, 10.0], False) for i in range(60)]
    results = [
        {
            "image_id": image + 1,
            "category_id": 1 + (label if random.random() < 0.6 else int(random.integers(5))),
            "bbox": [x + float(random.uniform(0, 6)), y, w, h],
            "score": float(random.random()),
        }
        for image, label, (x, y, w, h), _ in truths
    ]
    frame = oracle.open_coco(tmp_path, oracle.coco_truth([(1300, 20)] * 4, truths, 5), results).confusion(1)
    truth = hotcoco.COCO(str(tmp_path / "truth.json"))
    evaluation = hotcoco.COCOeval(truth, truth.load_res(str(tmp_path / "results.json")), "bbox")
    theirs = evaluation.confusion_matrix(iou_thr=0.5, min_score=0.25)
    names = [*theirs["cat_names"], BACKGROUND]
    assert frame.loc[names, names].to_numpy(int).tolist() == theirs["matrix"].tolist()
    assert (theirs["matrix"] > 0).sum() > 20


def phrases(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """Boxes of 10 x 10 in specimen "a" at ``x``: phrase, corner, score."""
    columns = ["specimen", "phrase", "x1", "score"]
    frame = pd.DataFrame([("a", phrase, x, score) for phrase, x, score in rows], columns=columns)
    return frame.assign(y1=0.0, x2=frame["x1"] + 10, y2=10.0)


def test_phrases_of_one_box_are_not_taken_for_each_other() -> None:
    """Of two ground truth boxes that a prediction overlaps alike, the one of its own phrase is its own."""
    truth = phrases(("a man", 0, 0), ("the man", 0, 0)).drop(columns="score")
    found = phrases(("the man", 1, 0.3), ("a man", 2, 0.9)).assign(step=1)
    frame = ew.Run.from_frames(truth, found).confusion(1)
    assert matrix_counts(frame) == {("a man", "a man"): 1, ("the man", "the man"): 1}


def test_a_prediction_tries_the_next_box_where_its_best_goes_to_another() -> None:
    truth = phrases(("cat", 0, 0), ("dog", 3, 0)).drop(columns="score")
    found = phrases(("dog", 0, 0.3), ("cow", 1, 0.9)).assign(step=1)
    frame = ew.Run.from_frames(truth, found).confusion(1)
    assert matrix_counts(frame) == {("cat", "dog"): 1, ("dog", "cow"): 1}


def test_of_two_predictions_alike_the_one_of_higher_score_is_matched() -> None:
    truth = phrases(("cat", 0, 0)).drop(columns="score")
    found = phrases(("dog", 1, 0.3), ("cow", 1, 0.9)).assign(step=1)
    frame = ew.Run.from_frames(truth, found).confusion(1)
    assert matrix_counts(frame) == {("cat", "cow"): 1, (BACKGROUND, "dog"): 1}


@pytest.mark.parametrize("block", [1, 200, 1 << 17])
def test_steps_are_the_same_in_blocks_of_several(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four steps of 50 predictions, one at a time, two or all: pairs and errors are those of each step alone."""
    random = np.random.default_rng(4)
    truths = [(int(random.integers(3)), float(random.integers(0, 30)), 0) for _ in range(40)]
    truth = phrases(*((f"{label}-{i}", x, 0) for i, (label, x, _) in enumerate(truths))).drop(columns="score")
    found = [
        phrases(
            *(
                (f"{int(random.integers(40)) % 3}-{int(random.integers(40))}", float(random.integers(0, 30)), score)
                for score in random.random(50)
            )
        ).assign(step=step)
        for step in range(4)
    ]
    alone = [ew.Run.from_frames(truth, frame) for frame in found]
    monkeypatch.setattr(step_blocks, "_BLOCK", block)
    together = ew.Run.from_frames(truth, pd.concat(found))
    pairs, errors = together.confusion([0, 1, 2, 3], tidy=True), together.error_types()
    for step, run in enumerate(alone):
        one = run.confusion(step, tidy=True)
        assert len(one) > 20
        assert tidy_counts(pairs[pairs["step"] == step]) == tidy_counts(one)
        of_step = errors[errors["step"] == step].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_step, run.error_types(), rtol=0, atol=1e-12)
    matches = pd.concat([run.matches() for run in alone])["error_type"]
    assert together.matches()["error_type"].tolist() == matches.tolist()
    assert matches.notna().sum() > 100


def test_rows_and_columns_are_labelled_in_a_lasting_order() -> None:
    """Ground truth's labels first, then those that only this step predicts, by name; a label may be "background"."""
    truth = phrases(("dog", 0, 0), ("background", 50, 0)).drop(columns="score")
    first = phrases(("zebra", 0, 0.9), ("ape", 50, 0.9)).assign(step=1)
    run = ew.Run.from_frames(truth, pd.concat([first, phrases(("newt", 0, 0.9)).assign(step=2)]))
    run.load()
    frame = run.confusion(1)
    assert list(frame.index) == list(frame.columns) == ["dog", "background", "ape", "zebra", "(background)"]
    assert (frame.index.name, frame.columns.name) == ("ground_truth", "prediction")
    assert set(frame.dtypes) == {pd.Int64Dtype()}
    assert list(run.confusion(2).index) == ["dog", "background", "newt", "(background)"]
    tidy = run.confusion(1, tidy=True)
    assert list(tidy) == ["step", "ground_truth", "prediction", "count"]
    assert tidy.to_numpy().tolist() == [[1, "dog", "zebra", 1], [1, "background", "ape", 1]]
    with pytest.raises(ew.UnknownNameError, match="step 3 is not recorded"):
        run.confusion(3)


def test_several_steps_come_in_tidy_form_only() -> None:
    truth = phrases(("dog", 0, 0)).drop(columns="score")
    found = [phrases((name, 0, 0.9)).assign(step=step) for step, name in ((1, "zebra"), (2, "ape"), (4, "dog"))]
    run = ew.Run.from_frames(truth, pd.concat(found))
    tidy = run.confusion([2, 1], tidy=True)
    assert tidy.to_numpy().tolist() == [[2, "dog", "ape", 1], [1, "dog", "zebra", 1]]
    assert tidy["ground_truth"].cat.categories.tolist() == ["dog", "ape", "zebra", BACKGROUND]
    assert (tidy["step"].dtype, tidy["count"].dtype) == (np.int64, pd.Int64Dtype())
    assert list(run.confusion(None, tidy=True)["step"]) == [1, 2, 4]
    assert run.confusion([], tidy=True).empty
    with pytest.raises(ew.EvalWidgetError, match="a matrix is of one step, got 2; pass tidy=True"):
        run.confusion([1, 2])


def test_a_step_with_nothing_to_score_has_no_counts() -> None:
    truth = phrases(("dog", 0, 0)).drop(columns="score")
    found = phrases(("dog", 0, 0.9)).assign(step=1, specimen="unknown")
    run = ew.Run.from_frames(truth, found)
    assert run.confusion(1).isna().all(axis=None)
    assert len(run.confusion(1, tidy=True)) == 0


def test_thousands_of_phrases_are_given_in_tidy_form_only() -> None:
    truth = phrases(*((f"phrase {i}", 20.0 * i, 0) for i in range(4001))).drop(columns="score")
    run = ew.Run.from_frames(truth, phrases(("phrase 7", 140.0, 0.9)).assign(step=1))
    with pytest.raises(ew.EvalWidgetError, match=r"4001 phrases or classes .* pass tidy=True"):
        run.confusion(1)
    counts = tidy_counts(run.confusion(1, tidy=True))
    assert counts["phrase 7", "phrase 7"] == 1
    assert len(counts) == 4001
