"""COCO's twelve figures, by class too, and precision-recall curves equal pycocotools' to 1e-9."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.metrics.average_precision import FIGURES
from evalwidget.scoring.evaluation import Evaluation, Settings

CASES = settings(
    deadline=None, derandomize=True, max_examples=200, suppress_health_check=[HealthCheck.too_slow], database=None
)
Cells = dict[str, Any]


def assert_figures(run: ew.Run, step: int, truth: Cells, results: list[Cells], images: list[int] | None = None) -> None:
    overall, by_category = oracle.pycocotools_figures(oracle.evaluated(truth, results, images))
    found = run.coco_summary(step)[list(FIGURES)].fillna(-1).to_numpy()[0]
    np.testing.assert_allclose(found, overall, rtol=0, atol=1e-9)
    names = {category["id"]: category["name"] for category in truth["categories"]}
    classes = run.classes(step).set_index("phrase")[list(FIGURES)].fillna(-1)
    for category, figures in by_category.items():
        # a class that neither ground truth nor predictions have is not in the table
        row = classes.loc[names[category]] if names[category] in classes.index else [-1.0] * len(FIGURES)
        np.testing.assert_allclose(row, figures, rtol=0, atol=1e-9, err_msg=names[category])


def assert_curves(run: ew.Run, step: int, truth: Cells, results: list[Cells], threshold: float) -> None:
    evaluation = oracle.evaluated(truth, results, thresholds=[threshold])
    precision, score, categories = oracle.pycocotools_curves(evaluation)
    curves = run.curves(step, iou_threshold=threshold)
    names = {category["id"]: category["name"] for category in truth["categories"]}
    shown = [names[category] for category, of in zip(categories, precision.T, strict=True) if (of > -1).any()]
    assert set(curves["phrase"]) == set(shown)
    for category, of, reached in zip(categories, precision.T, score.T, strict=True):
        if (of > -1).any():
            curve = curves[curves["phrase"] == names[category]]
            np.testing.assert_allclose(curve["recall"], np.linspace(0, 1, 101), rtol=0, atol=1e-12)
            np.testing.assert_allclose(curve["precision"], of, rtol=0, atol=1e-9)
            np.testing.assert_allclose(curve["score"].fillna(0), reached, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("truth_file", "result_file"),
    [
        ("coco100/instances_val2014_100.json", "coco100/instances_val2014_fakebbox100_results.json"),
        ("fce_small/gt_dataset.json", "fce_small/dt_dataset.json"),
        ("hotcoco_edge/gt.json", "hotcoco_edge/dt.json"),
        ("hotcoco_edge/edge_gt.json", "hotcoco_edge/edge_dt.json"),
    ],
)
def test_real_data_have_pycocotools_figures(real_data: Path, truth_file: str, result_file: str) -> None:
    truth, results = (json.loads((real_data / name).read_text()) for name in (truth_file, result_file))
    run = ew.open_run(ground_truth=real_data / truth_file, predictions={1: real_data / result_file})
    assert run.coco_summary()["AP"].item() > 0.5
    assert_figures(run, 1, truth, results)
    for threshold in (0.5, 0.33, 0.9, 1.0):
        assert_curves(run, 1, truth, results, threshold)


def test_ids_from_0_have_pycocotools_figures(real_data: Path) -> None:
    """pycocotools takes annotation id 0 for "not matched"; with the ids moved up by one it agrees."""
    folder = real_data / "hotcoco_edge"
    truth, results = (json.loads((folder / name).read_text()) for name in ("zero_gt.json", "zero_dt.json"))
    run = ew.open_run(ground_truth=folder / "zero_gt.json", predictions={1: folder / "zero_dt.json"})
    for annotation in truth["annotations"]:
        annotation["id"] += 1
    assert_figures(run, 1, truth, results)


def generated(seed: int, shape: Cells) -> tuple[Cells, list[list[Cells]]]:
    """Ground truth and the results of several steps: see ``shapes``."""
    random = np.random.default_rng(seed)
    grid, images, classes = shape["grid"], shape["images"], shape["classes"]
    image_ids = random.permutation(images * 3)[:images].tolist()
    category_ids = np.sort(random.choice(classes * 4, classes, replace=False)).tolist()
    category_ids[0] = 0

    def box() -> list[float]:
        corner, size = random.uniform(0, shape["spread"], 2), np.exp(random.uniform(1, 5.2, 2))
        if random.random() < shape["no_area"]:
            size[random.integers(2)] = 0
        return [float(side) for side in np.round([*corner, *size], 1) // grid * grid]

    def near(other: list[float]) -> list[float]:
        moved = np.array(other) + random.normal(0, shape["jitter"], 4) * np.tile(other[2:], 2)
        return [float(side) for side in np.maximum(np.round(moved, 1), 0) // grid * grid]

    annotations = []
    for place in range(random.poisson(shape["truths"] * images)):
        rectangle = box()
        # COCO's own areas are of masks: less than the box, and on the bounds of the ranges now and then
        area = [rectangle[2] * rectangle[3], rectangle[2] * rectangle[3] * 0.6, 1024.0, 9216.0][random.integers(4)]
        annotations.append(
            {
                "id": place + 1,
                "image_id": image_ids[random.integers(images)],
                "category_id": category_ids[random.integers(classes)],
                "bbox": rectangle,
                "area": area,
                "iscrowd": int(random.random() < shape["crowds"]),
            }
        )
    truth = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 500, "height": 500} for i in image_ids],
        "annotations": annotations,
        "categories": [{"id": i, "name": f"class {i}"} for i in category_ids],
    }
    steps = []
    for step in range(shape["steps"]):
        results = []
        if step != shape["empty_step"]:
            for annotation in annotations:
                for _ in range(random.poisson(shape["found"])):
                    rectangle = near(annotation["bbox"])
                    results.append({key: annotation[key] for key in ("image_id", "category_id")} | {"bbox": rectangle})
            for _ in range(random.poisson(shape["clutter"] * images)):
                image, category = image_ids[random.integers(images)], category_ids[random.integers(classes)]
                results.append({"image_id": image, "category_id": category, "bbox": box()})
            random.shuffle(results)
            for result in results:
                result["score"] = float(np.round(random.normal(0.5, 0.4), shape["digits"]))
        steps.append(results)
    return truth, steps


shapes = st.fixed_dictionaries(
    {
        "images": st.integers(1, 14),
        "classes": st.integers(1, 4),
        "steps": st.integers(1, 4),
        "empty_step": st.integers(0, 4),
        "truths": st.sampled_from([0.3, 2.0, 6.0]),
        "found": st.sampled_from([0.7, 1.5]),
        "clutter": st.sampled_from([0.0, 1.0, 8.0]),
        "spread": st.sampled_from([5.0, 100.0, 300.0]),
        "grid": st.sampled_from([0.1, 10.0]),
        "jitter": st.sampled_from([0.0, 0.05, 0.3]),
        "digits": st.sampled_from([0, 1, 6]),
        "crowds": st.sampled_from([0.0, 0.2, 0.9]),
        "no_area": st.sampled_from([0.0, 0.2]),
    }
)
FULL = {
    **{"images": 2, "classes": 1, "steps": 2, "empty_step": 4, "truths": 20.0, "found": 1.5, "clutter": 140.0},
    **{"spread": 100.0, "grid": 0.1, "jitter": 0.1, "digits": 1, "crowds": 0.1, "no_area": 0.0},
}


@CASES
@given(seed=st.integers(0, 2**32), shape=shapes)
@example(seed=1, shape=FULL)  # more than 100 predictions of an image and class
@example(seed=2, shape=FULL | {"digits": 6, "classes": 2})
def test_generated_runs_have_pycocotools_figures(
    tmp_path_factory: pytest.TempPathFactory, seed: int, shape: Cells
) -> None:
    truth, steps = generated(seed, shape)
    folder = tmp_path_factory.mktemp("coco")
    (folder / "truth.json").write_text(json.dumps(truth))
    for step, results in enumerate(steps):
        (folder / f"step-{step}.json").write_text(json.dumps(results))
    run = ew.open_run(
        ground_truth=folder / "truth.json",
        predictions={step: folder / f"step-{step}.json" for step in range(len(steps))},
    )
    run.coco_summary()
    for step, results in enumerate(steps):
        assert_figures(run, step, truth, results)
        found = oracle.frame_outcomes(run.matches(step))
        assert found == oracle.pycocotools_outcomes(truth, results)
    assert_curves(run, 0, truth, steps[0], (0.5, 0.75, 0.3)[seed % 3])


def test_specimens_not_evaluated_and_not_annotated_are_left_out(write_run: Any) -> None:
    """As pycocotools does when given the ids of the evaluated images alone."""
    truth, steps = generated(11, FULL | {"images": 9, "truths": 4.0, "clutter": 5.0, "steps": 2, "classes": 3})
    names = {category["id"]: category["name"] for category in truth["categories"]}
    ids = [image["id"] for image in truth["images"]]
    for annotation in truth["annotations"]:
        # JSONL has neither crowd regions nor areas of their own
        annotation.update(iscrowd=0, area=annotation["bbox"][2] * annotation["bbox"][3])
    evaluated = [ids[:6], ids[3:]]
    unannotated = {ids[4], ids[8]}

    def line(image: int, records: list[Cells], is_truth: bool) -> Cells:
        row: Cells = {"image": f"{image:03}.jpg", "width": 500, "height": 500}
        if is_truth and image in unannotated:
            return row
        own = [record for record in records if record["image_id"] == image]
        scored = [{} if is_truth else {"score": record["score"]} for record in own]
        boxes = [
            {"label": names[record["category_id"]], "box": record["bbox"]} | score
            for record, score in zip(own, scored, strict=True)
        ]
        return row | {"boxes": boxes}

    ordered = sorted(ids)
    run = ew.open_run(
        write_run(
            [line(image, truth["annotations"], True) for image in ordered],
            {
                step: [line(image, results, False) for image in images]
                for step, (results, images) in enumerate(zip(steps, evaluated, strict=True))
            },
            {"box_order": "xywh", "coordinates": "pixels"},
        )
    )
    for step, (results, images) in enumerate(zip(steps, evaluated, strict=True)):
        scored = [image for image in images if image not in unannotated]
        assert 0 < len(scored) < len(ids)
        assert_figures(run, step, truth, results, scored)


def test_a_step_at_which_nothing_was_evaluated_has_no_figures(write_run: Any) -> None:
    line = {"image": "a.jpg", "boxes": [{"label": "cat", "box": [0, 0, 5, 5]}]}
    run = ew.open_run(write_run([line], {1: [], 2: [line]}))
    summary = run.coco_summary().set_index("step")
    assert summary.loc[1].isna().all()
    assert summary.loc[2, ["AP", "AR_1"]].tolist() == pytest.approx([1, 1])
    assert set(run.curves()["step"]) == {2}


def test_predictions_of_a_label_without_ground_truth_enter_no_average(write_run: Any) -> None:
    cat, dog = ({"label": label, "box": [0, 0, 5, 5]} for label in ("cat", "dog"))
    run = ew.open_run(write_run([{"image": "a.jpg", "boxes": [cat]}], {1: [{"image": "a.jpg", "boxes": [cat, dog]}]}))
    assert run.coco_summary()["AP"].tolist() == pytest.approx([1])
    classes = run.classes().set_index("phrase")
    assert classes["false_positives"].to_dict() == {"cat": 0, "dog": 1}
    assert pd.isna(classes.loc["dog", "AP"])


def test_a_prediction_without_a_score_counts_as_one_of_score_1(write_run: Any) -> None:
    truth = {"label": "cat", "box": [0, 0, 10, 10]}
    right, wrong = truth | {"score": 0.9}, {"label": "cat", "box": [50, 50, 60, 60]}
    run = ew.open_run(
        write_run([{"image": "a.jpg", "boxes": [truth]}], {1: [{"image": "a.jpg", "boxes": [right, wrong]}]})
    )
    assert run.coco_summary()["AP_50"].tolist() == pytest.approx([0.5])


@pytest.fixture(scope="module")
def workloads() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "workloads.py"
    spec = importlib.util.spec_from_file_location("workloads", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_steps_scored_together_have_the_figures_of_each_alone(workloads: ModuleType) -> None:
    """Enough predictions that the steps go through in several blocks, some of several steps."""
    data = workloads.run_data(workloads.many_checkpoints(checkpoints=5, images=2000))
    assert sum(len(data.predictions(step).boxes) for step in data.steps) == 5 * 42_000
    together = Evaluation(data)
    figures = together.coco.figures(data.steps)
    together.match(data.steps, Settings())
    for step, found in zip(data.steps, figures, strict=True):
        alone = Evaluation(data)
        np.testing.assert_array_equal(found.by_class, alone.coco.figures([step])[0].by_class)
        boxes, expected = together.boxes(step, Settings()), Evaluation(data).boxes(step, Settings())
        np.testing.assert_array_equal(boxes.outcome, expected.outcome)
        np.testing.assert_array_equal(boxes.truth, expected.truth)
        np.testing.assert_array_equal(boxes.iou, expected.iou)


@pytest.mark.parametrize("name", ["many_checkpoints", "many_predictions", "crowded_images"])
def test_the_benchmark_s_workloads_have_pycocotools_figures(workloads: ModuleType, name: str) -> None:
    sizes = {"checkpoints": 1, "images": 60} if name == "many_checkpoints" else {"images": 20}
    workload = getattr(workloads, name)(**sizes)
    truth, results = workloads.peer_dataset(workload), workloads.peer_dataset(workload, workload.checkpoints[0])
    overall, _ = oracle.pycocotools_figures(oracle.evaluated(truth, results))
    found = Evaluation(workloads.run_data(workload)).coco.figures([1])[0].overall
    np.testing.assert_allclose(np.nan_to_num(found, nan=-1.0), overall, rtol=0, atol=1e-9)
    assert overall[0] > 0.1
