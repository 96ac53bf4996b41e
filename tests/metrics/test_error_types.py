"""Error types and what they cost equal hotcoco's TIDE, pycocotools' AP, and a loop written from tidecv's rules."""

import contextlib
import copy
import io
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import hotcoco
import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import evalwidget as ew
from evalwidget.metrics.average_precision import average_precision, mean_over_classes

CASES = settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MAIN = ["Cls", "Loc", "Both", "Dupe", "Bkg", "Miss"]
SPECIAL = ["FalsePos", "FalseNeg"]

Key = tuple[str, str, int]


def generated(seed: int, *, crowds: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Forty boxes in six images, and seventy predictions: near one of them, of its class or another."""
    random = np.random.default_rng(seed)
    boxes = []
    for _ in range(40):
        box = [*random.uniform(0, 60, 2).tolist(), *random.uniform(8, 40, 2).tolist()]
        is_crowd = crowds and bool(random.random() < 0.1)
        boxes.append((int(random.integers(6)), int(random.integers(4)), box, is_crowd))
    # hotcoco holds the boxes of an image class by class, which decides ties: so does this file
    boxes.sort(key=lambda box: box[:2])
    results = []
    for _ in range(70):
        image, label, (x, y, w, h), _ = boxes[random.integers(40)]
        off = random.choice([0.02, 0.15, 0.4])
        results.append(
            {
                "image_id": 1 + (image if random.random() < 0.9 else int(random.integers(6))),
                "category_id": 1 + (label if random.random() < 0.7 else int(random.integers(5))),
                "bbox": [x + random.normal() * off * w, y + random.normal() * off * h, w * (1 + off), h],
                "score": float(random.integers(1, 20) / 20),
            }
        )
    return oracle.coco_truth([(100, 100)] * 6, boxes, 5), results


def hotcoco_errors(folder: Path) -> dict[str, Any]:
    truth = hotcoco.COCO(str(folder / "truth.json"))
    evaluation = hotcoco.COCOeval(truth, truth.load_res(str(folder / "results.json")), "bbox")
    evaluation.evaluate()
    return evaluation.tide_errors(pos_thr=0.5, bg_thr=0.1)


def loop_ap(points: list[tuple[int, float, bool]], truths: Counter[int]) -> float:
    """AP of predictions (class, score, true positive), as ``COCOeval.accumulate`` goes through them."""
    found = []
    for label in sorted(label for label, count in truths.items() if count):
        ranked = sorted((point for point in points if point[0] == label), key=lambda point: -point[1])
        hits = np.cumsum([is_true for _, _, is_true in ranked])
        recall = hits / truths[label]
        precision = (hits / (np.arange(len(ranked)) + 1)).tolist()
        for place in range(len(precision) - 1, 0, -1):
            precision[place - 1] = max(precision[place - 1], precision[place])
        places = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
        found.append(np.mean([precision[place] if place < len(precision) else 0.0 for place in places]))
    return float(np.mean(found)) if found else float("nan")


def loop_errors(
    truth: dict[str, Any], results: list[dict[str, Any]], pos: float = 0.5, bg: float = 0.1, confidence: float = -np.inf
) -> tuple[dict[Key, str], dict[str, float]]:
    """The error of each box and prediction, and the gain of each type, as tidecv goes through them one by one."""
    outcomes = oracle.loop_outcomes(truth, results, pos, confidence)
    names = {image["id"]: image["file_name"] for image in truth["images"]}
    by_image: dict[str, tuple[list[tuple[Key, dict]], list[tuple[Key, dict]]]] = {
        name: ([], []) for name in names.values()
    }
    for side, (kind, records) in enumerate((("truth", truth["annotations"]), ("prediction", results))):
        for record in records:
            there = by_image[names[record["image_id"]]][side]
            there.append(((names[record["image_id"]], kind, len(there)), record))
    errors: dict[Key, str] = {}
    about: dict[Key, tuple[Key, int]] = {}
    best: dict[Key, tuple[float, Key]] = {}
    points: list[tuple[Key, int, float, bool]] = []
    truths: Counter[int] = Counter()
    for boxes, predictions in by_image.values():
        boxes = [(key, box) for key, box in boxes if not box["iscrowd"]]
        truths.update(box["category_id"] for _, box in boxes)
        for key, prediction in predictions:
            outcome = outcomes[key][0]
            if outcome in ("matched", "extra"):
                points.append((key, prediction["category_id"], prediction["score"], outcome == "matched"))
        for key, prediction in sorted(predictions, key=lambda pair: -pair[1]["score"]):
            if outcomes[key][0] != "extra":
                continue
            ious = [oracle.box_iou(prediction["bbox"], box["bbox"], crowd=False) for _, box in boxes]
            is_same = [box["category_id"] == prediction["category_id"] for _, box in boxes]
            same = [iou * is_so for iou, is_so in zip(ious, is_same, strict=True)]
            other = [iou * (not is_so) for iou, is_so in zip(ious, is_same, strict=True)]
            used = [iou * (outcomes[box][0] == "matched") for iou, (box, _) in zip(same, boxes, strict=True)]
            target = None
            if not boxes:
                errors[key] = "Bkg"
            elif bg <= max(same) <= pos:
                errors[key], target = "Loc", boxes[same.index(max(same))]
            elif max(other) >= pos:
                errors[key], target = "Cls", boxes[other.index(max(other))]
            elif max(used) >= pos:
                errors[key] = "Dupe"
            else:
                errors[key] = "Bkg" if max(ious) <= bg else "Both"
            if target is not None and outcomes[target[0]][0] == "missed":
                about[key] = (target[0], target[1]["category_id"])
                if target[0] not in best or best[target[0]][0] < prediction["score"]:
                    best[target[0]] = (prediction["score"], key)
    missed = [
        (key, box["category_id"])
        for boxes, _ in by_image.values()
        for key, box in boxes
        if outcomes[key][0] == "missed"
    ]
    errors |= {key: "Miss" for key, _ in missed if key not in best}

    def ap(fix: str) -> float:
        fixed = []
        for key, label, score, is_true in points:
            if errors.get(key) == fix:
                if key not in about or best[about[key][0]][1] != key:
                    continue
                label, is_true = about[key][1], True
            if is_true or fix != "FalsePos":
                fixed.append((label, score, is_true))
        lost = Counter(
            label for key, label in missed if fix == "FalseNeg" or (fix == "Miss" and errors.get(key) == fix)
        )
        return loop_ap(fixed, truths - lost)

    return errors, {fix: ap(fix) - ap("nothing") for fix in (*MAIN, *SPECIAL)}


def mean_ap(
    label: NDArray[np.int64], score: NDArray[np.float64], is_true: NDArray[np.bool_], truths: NDArray[np.int64]
) -> float:
    """Our mean AP over the labels that have ``truths``, of predictions in the order that decides ties."""
    order = np.lexsort((-score, label))
    return float(mean_over_classes(average_precision(label[order], is_true[order], truths)[None])[0])


def costs(run: ew.Run, **thresholds: float) -> pd.DataFrame:
    return run.error_types(**thresholds).set_index("error_type")


def assert_as_loop(run: ew.Run, truth: dict[str, Any], results: list[dict[str, Any]], **thresholds: float) -> None:
    pos, bg = thresholds.get("iou_threshold", 0.5), thresholds.get("background_threshold", 0.1)
    expected, gains = loop_errors(truth, results, pos, bg, thresholds.get("confidence_threshold") or -np.inf)
    found = costs(run, **thresholds)
    assert found["count"][MAIN].to_dict() == {name: list(expected.values()).count(name) for name in MAIN}
    assert found["delta_ap"].to_dict() == pytest.approx(gains, abs=1e-12, nan_ok=True)
    if bg == 0.1:
        given = {name: value for name, value in thresholds.items() if name != "background_threshold"}
        matches = run.matches(**given)
        named: dict[Key, str] = {}
        for side, column in (("truth", "ground_truth"), ("prediction", "prediction")):
            own = matches[matches["error_type"].notna() & matches[column].notna()]
            for row in own.itertuples():
                named[row.specimen, side, int(getattr(row, column))] = row.error_type
        assert named == expected


def test_the_published_counts(real_data: Path) -> None:
    folder = real_data / "coco100"
    files = [folder / "instances_val2014_100.json", folder / "instances_val2014_fakebbox100_results.json"]
    run = ew.open_run(ground_truth=files[0], predictions={1: files[1]})
    found = costs(run)
    assert found["count"][MAIN].tolist() == [83, 1, 0, 1, 0, 97]
    truth, results = (json.loads(file.read_text()) for file in files)
    assert_as_loop(run, truth, results)
    reference = hotcoco.COCO(str(files[0]))
    evaluation = hotcoco.COCOeval(reference, reference.load_res(str(files[1])), "bbox")
    evaluation.evaluate()
    theirs = evaluation.tide_errors()
    assert found["count"][MAIN].to_dict() == theirs["counts"]
    for ours, name in [("Both", "Both"), ("Dupe", "Dupe"), ("Bkg", "Bkg"), ("FalsePos", "FP")]:
        assert found["delta_ap"][ours] == pytest.approx(theirs["delta_ap"][name], abs=1e-12)


def test_counts_equal_hotcoco(tmp_path: Path) -> None:
    """Also the gains of what both fix alike: removed predictions."""
    totals: Counter[str] = Counter()
    for seed in range(40):
        truth, results = generated(seed, crowds=False)
        found = costs(oracle.open_coco(tmp_path, truth, results))
        theirs = hotcoco_errors(tmp_path)
        assert found["count"][MAIN].to_dict() == theirs["counts"]
        totals.update(theirs["counts"])
        for ours, name in [("Both", "Both"), ("Dupe", "Dupe"), ("Bkg", "Bkg"), ("FalsePos", "FP")]:
            assert found["delta_ap"][ours] == pytest.approx(theirs["delta_ap"][name], abs=1e-12)
    assert min(totals.values()) > 100


@pytest.mark.parametrize("seed", range(8))
def test_errors_and_gains_equal_a_plain_loop(tmp_path: Path, seed: int) -> None:
    truth, results = generated(seed, crowds=True)
    run = oracle.open_coco(tmp_path, truth, results)
    assert_as_loop(run, truth, results)
    assert_as_loop(run, truth, results, confidence_threshold=0.4)
    assert_as_loop(run, truth, results, iou_threshold=0.75, background_threshold=0.05)
    assert_as_loop(run, truth, results, iou_threshold=0.3, background_threshold=0.3, confidence_threshold=0.2)


boxes = st.tuples(*[st.integers(0, 4)] * 2, *[st.integers(0, 4)] * 2).map(lambda box: [10.0 * side for side in box])
placed = st.tuples(st.integers(0, 2), st.integers(0, 2), boxes)


@CASES
@given(
    truths=st.lists(st.tuples(placed, st.sampled_from([False, False, False, True])), max_size=14),
    found=st.lists(st.tuples(placed, st.sampled_from([0.25, 0.5, 0.5, 0.75, 1.0])), max_size=16),
)
def test_boxes_that_tie_have_the_errors_of_a_plain_loop(
    tmp_path_factory: pytest.TempPathFactory,
    truths: list[tuple[tuple[int, int, list[float]], bool]],
    found: list[tuple[tuple[int, int, list[float]], float]],
) -> None:
    """On a coarse grid: equal IoUs, scores and boxes, areas of 0, images and classes without any."""
    truth = oracle.coco_truth([(100, 100)] * 3, [(*place, crowd) for place, crowd in truths], 3)
    results = [
        {"image_id": image + 1, "category_id": label + 1, "bbox": box, "score": score}
        for (image, label, box), score in found
    ]
    run = oracle.open_coco(tmp_path_factory.mktemp("coco"), truth, results)
    assert_as_loop(run, truth, results)
    assert (costs(run)["delta_ap"].dropna() >= -1e-12).all()


@pytest.mark.parametrize(
    ("label", "height", "score", "error"),
    [
        (0, 1.0, 0.9, "Loc"),  # IoU 0.1 exactly
        (0, 0.9, 0.9, "Bkg"),
        (0, 5.0, 0.4, "Loc"),  # IoU 0.5 exactly, of a box that is matched
        (0, 5.1, 0.4, "Dupe"),
        (1, 5.0, 0.9, "Cls"),
        (1, 4.9, 0.9, "Both"),
        (1, 1.0, 0.9, "Bkg"),
        (1, 1.1, 0.9, "Both"),
    ],
)
def test_thresholds_are_included(tmp_path: Path, label: int, height: float, score: float, error: str) -> None:
    truth = oracle.coco_truth(
        [(50, 50)], [(0, 0, [0.0, 0.0, 10.0, 10.0], False), (0, 1, [30.0, 0.0, 9.0, 9.0], False)], 2
    )
    results = [
        {"image_id": 1, "category_id": 1, "bbox": [0.0, 0.0, 10.0, 10.0], "score": 0.5},
        {"image_id": 1, "category_id": label + 1, "bbox": [0.0, 0.0, 10.0, height], "score": score},
    ]
    run = oracle.open_coco(tmp_path, truth, results)
    assert run.matches()["error_type"].dropna().tolist() == ["Miss", error]
    assert hotcoco_errors(tmp_path)["counts"] == {name: int(name in ("Miss", error)) for name in MAIN}
    assert_as_loop(run, truth, results)


def test_recall_is_reached_at_the_same_true_positive_whatever_the_number_of_boxes() -> None:
    """A product and a quotient round apart: 7 of 25 boxes reach recall 0.28, and 0.28 x 25 is a last bit above 7."""
    points = [
        (boxes, 1 - place / 1000, place % 3 != 1) for boxes in range(1, 201) for place in range(boxes + boxes // 3)
    ]
    label, score, is_true = (np.array(column) for column in zip(*points, strict=True))
    for boxes in range(1, 201):
        truths = np.bincount([boxes], minlength=201) * boxes
        own = label == boxes
        expected = loop_ap([point for point in points if point[0] == boxes], Counter({boxes: boxes}))
        assert mean_ap(label[own], score[own], is_true[own], truths) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_average_precision_equals_pycocotools(seed: int) -> None:
    truth, results = generated(seed, crowds=True)
    evaluation = oracle.evaluated(truth, copy.deepcopy(results))
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, 2]
    outcomes = oracle.loop_outcomes(truth, results)
    place: dict[int, int] = defaultdict(int)
    points = []
    for result in results:
        outcome = outcomes[f"{result['image_id']}.jpg", "prediction", place[result["image_id"]]][0]
        place[result["image_id"]] += 1
        if outcome in ("matched", "extra"):
            points.append((result["image_id"], result["category_id"], result["score"], outcome == "matched"))
    points.sort(key=lambda point: point[0])
    _, label, score, is_true = (np.array(column) for column in zip(*points, strict=True))
    truths = np.bincount([a["category_id"] for a in truth["annotations"] if not a["iscrowd"]], minlength=6)
    assert mean_ap(label, score, is_true, truths) == pytest.approx(precision[precision > -1].mean(), abs=1e-12)


def test_ties_of_score_go_by_image_id_and_not_by_the_order_of_the_file(tmp_path: Path) -> None:
    """As in pycocotools: the hit of image 2 comes before the false positive of image 10, first in the file."""
    box = [0.0, 0.0, 10.0, 10.0]
    truth = oracle.coco_truth([(50, 50)] * 10, [(1, 0, box, False), (9, 0, box, False)], 1)
    truth["images"].reverse()
    results = [
        {"image_id": image, "category_id": 1, "bbox": at, "score": 0.5}
        for image, at in ((10, [30.0, 30.0, 5.0, 5.0]), (2, box))
    ]
    found = costs(oracle.open_coco(tmp_path, truth, results))["delta_ap"]
    # already first at half the recall: removing the false positive gains nothing
    assert found["Bkg"] == 0


@pytest.fixture
def states(tmp_path: Path) -> ew.Run:
    """At step 1 one specimen is evaluated, at step 2 none; the third is not annotated."""
    truth = pd.DataFrame(
        {
            "specimen": ["a", "b"],
            "phrase": ["cat", "cat"],
            **dict(zip(["x1", "y1", "x2", "y2"], ([0, 0], [0, 0], [10, 10], [10, 10]), strict=True)),
        }
    )
    found = pd.DataFrame(
        {
            "step": [1, 1, 2],
            "specimen": ["a", "a", "unknown"],
            "phrase": ["dog", "cat", "cat"],
            "x1": [0, 0, 0],
            "y1": [0, 0, 0],
            "x2": [10, 10, 10],
            "y2": [9, np.nan, 9],
        }
    )
    return ew.Run.from_frames(truth, found)


def test_what_is_not_scored_has_no_error(states: ew.Run) -> None:
    frame = states.error_types()
    assert list(frame) == ["step", "error_type", "count", "delta_ap"]
    assert (frame["step"].dtype, frame["count"].dtype, frame["delta_ap"].dtype) == (
        np.int64,
        pd.Int64Dtype(),
        np.float64,
    )
    assert frame["error_type"].cat.categories.tolist() == MAIN + SPECIAL
    first, second = (frame[frame["step"] == step] for step in (1, 2))
    assert first["count"].tolist() == [1, 0, 0, 0, 0, 0, 1, 1]
    assert first["delta_ap"].iloc[0] == pytest.approx(1)
    assert second[["count", "delta_ap"]].isna().all(axis=None)
    matches = states.matches(1)
    assert isinstance(matches["error_type"].dtype, pd.CategoricalDtype)
    shown = ["-" if pd.isna(name) else name for name in matches["error_type"]]
    statuses = ["-" if pd.isna(name) else name for name in matches["status"]]
    # the missed cat is what the Cls error is about; the other specimen was not evaluated
    assert list(zip(statuses, shown, strict=True)) == [
        *(("missed", "-"), ("extra", "Cls"), ("invalid", "-"), ("-", "-"))
    ]


def test_thresholds_that_make_no_sense_are_errors(states: ew.Run) -> None:
    for background in (0, -0.1, 0.6, float("nan")):
        with pytest.raises(ew.EvalWidgetError, match="background_threshold: expected a number above 0"):
            states.error_types(background_threshold=background)
    assert states.matches(iou_threshold=0.05)["error_type"].notna().sum() == 1


def test_error_types_of_answers_are_an_error() -> None:
    truth = pd.DataFrame({"specimen": ["a"], "question": ["?"], "answer": ["1"]})
    run = ew.Run.from_frames(truth, pd.DataFrame({"step": [1], "specimen": ["a"], "answer": ["1"]}))
    for call in (run.error_types, lambda: run.confusion(1)):
        with pytest.raises(ew.EvalWidgetError, match="expected a run of boxes, got visual question answering"):
            call()
    assert "error_type" not in run.matches()
