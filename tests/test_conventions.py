"""In which convention boxes are taken to be written, why, and when a run says that another one would fit better."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import evalwidget as ew
from evalwidget.boxes import ORDERS, SCALES, Convention, corners_and_size, values_as_written

Write = Callable[..., Path]
ALIKE = ("0-999", "0-1000", "0-1024")
CONVENTIONS = [Convention(order, scale) for scale in SCALES for order in ORDERS]


def boxes_in(size: NDArray[np.float64], draw: np.random.Generator) -> NDArray[np.float64]:
    """A random box ``(n, 4)`` in each image."""
    least = 0.1 * size
    start = draw.random((len(size), 2)) * (size - 2 * least)
    return np.concatenate([start, start + least + draw.random((len(size), 2)) * (size - start - least)], axis=1)


def written(corners: NDArray[np.float64], convention: Convention, size: NDArray[np.float64]) -> NDArray[np.float64]:
    values = values_as_written(corners, corners[:, 2:] - corners[:, :2], convention, size)
    return values if convention.scale in ("pixels", "fraction") else np.round(values, 1)


def frame(values: NDArray[np.float64], size: NDArray[np.float64], **columns: Any) -> pd.DataFrame:
    table = pd.DataFrame(values, columns=["x1", "y1", "x2", "y2"])
    names = [f"{place // 2}.jpg" for place in range(len(values))]
    labels = [f"box {place % 2}" for place in range(len(values))]
    return table.assign(specimen=names, phrase=labels, width=size[:, 0], height=size[:, 1], **columns)


def run_of(
    seed: int, wrote: Convention, read: Convention | None, *, is_good: bool = True, specimens: int = 20
) -> ew.Run:
    """A run whose predictions are near the ground truth, which is in pixels, or anywhere."""
    draw = np.random.default_rng(seed)
    size = np.repeat(draw.integers(200, 1500, (specimens, 2)), 2, axis=0).astype(float)
    truth = boxes_in(size, draw)
    near = truth + draw.normal(0, 0.01, truth.shape) * np.tile(size, 2)
    near = np.sort(np.clip(near, 0, np.tile(size, 2)).reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    found = written(near if is_good else boxes_in(size, draw), wrote, size)
    stated = {} if read is None else {"prediction_coordinates": read.scale, "prediction_box_order": read.order}
    return ew.open_run(ground_truth=frame(truth, size), predictions={5: frame(found, size)}, **stated).load()


def better(run: ew.Run) -> str | None:
    table = run.conventions()
    found = table["better"].dropna().tolist()
    assert len(found) == sum("would reach" in note for note in run.notes)
    return found[0] if found else None


@pytest.mark.parametrize("convention", CONVENTIONS, ids=str)
def test_numbers_as_written_are_read_back(convention: Convention) -> None:
    size = np.array([[200.0, 100.0], [640.0, 480.0]])
    corners = np.array([[20.0, 30.0, 60.0, 90.0], [0.0, 0.0, 640.0, 480.0]])
    values = values_as_written(corners, corners[:, 2:] - corners[:, :2], convention, size)
    assert corners_and_size(values, convention, size)[0] == pytest.approx(corners)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(CONVENTIONS), st.sampled_from(CONVENTIONS))
def test_a_good_model_read_in_another_convention_is_noticed(seed: int, wrote: Convention, read: Convention) -> None:
    run = run_of(seed, wrote, read)
    found = better(run)
    alike = wrote.scale == read.scale or {wrote.scale, read.scale} <= set(ALIKE)
    if alike and wrote.order == read.order:
        assert found is None
        return
    taken = run.conventions()["mean_iou"].iloc[0]
    if found is None:
        # some orders are alike where boxes are large: then there is little to gain
        assert taken > 0.5
        return
    scale, order = found.split(", ")
    assert scale == wrote.scale or {scale, wrote.scale} <= set(ALIKE)
    assert order == wrote.order
    assert f"prediction_box_order='{order}'" in run.notes[-1] or order == read.order


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from(CONVENTIONS))
def test_nothing_is_said_of_boxes_that_are_read_right(seed: int, convention: Convention) -> None:
    assert better(run_of(seed, convention, convention)) is None


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(CONVENTIONS), st.sampled_from(CONVENTIONS), st.integers(4, 30))
def test_nothing_is_said_of_boxes_anywhere(seed: int, wrote: Convention, read: Convention, specimens: int) -> None:
    """An early checkpoint: no convention makes it better."""
    assert better(run_of(seed, wrote, read, is_good=False, specimens=specimens)) is None


def test_the_note_says_what_was_taken_and_what_to_pass() -> None:
    run = run_of(1, Convention("xyxy", "0-1000"), None)
    (note,) = run.notes
    assert note.startswith("step 5: predictions read as pixels, xyxy reach a mean IoU of 0.")
    assert note.endswith("; pass prediction_coordinates='0-1000'")
    table = run.conventions()
    assert table.drop(columns=["mean_iou", "better_mean_iou"]).fillna("-").values.tolist() == [
        [5, "ground truth", "pixels", "xyxy", table["why"][0], "-"],
        [5, "predictions", "pixels", "xyxy", "as the ground truth", "0-1000, xyxy"],
    ]
    assert table["why"][0].startswith("coordinates told by the largest number ")
    assert table["mean_iou"].max() < 0.5 < 0.8 < table["better_mean_iou"][1]


def test_ground_truth_that_was_taken_for_pixels_is_noticed() -> None:
    draw = np.random.default_rng(3)
    size = np.repeat(draw.integers(200, 1500, (20, 2)), 2, axis=0).astype(float)
    corners = boxes_in(size, draw)
    truth, found = frame(written(corners, Convention("xyxy", "0-1000"), size), size), frame(corners, size)
    run = ew.open_run(ground_truth=truth, predictions={5: found}).load()
    assert run.conventions()["better"].fillna("-").tolist() == ["0-1000, xyxy", "-"]
    assert run.notes[-1].startswith("step 5: ground truth read as pixels, xyxy reaches a mean IoU of 0.")
    assert run.notes[-1].endswith("pass coordinates='0-1000', prediction_coordinates='pixels'")
    advised = ew.open_run(
        ground_truth=truth, predictions={5: found}, coordinates="0-1000", prediction_coordinates="pixels"
    ).load()
    assert better(advised) is None
    assert advised.summary()["f1"].tolist() == [1]


def line(box: list[float], **content: Any) -> dict[str, Any]:
    return {"image": "a.jpg", "width": 100, "height": 50, "phrase": "cat", "box": box} | content


def test_fractions_beside_ground_truth_in_pixels_are_fractions(write_run: Write) -> None:
    folder = write_run([line([10, 10, 50, 40])], {1: [line([0.1, 0.2, 0.5, 0.8])], 2: [line([0, 0, 0, 1])]})
    run = ew.open_run(folder).load()
    assert run.summary()["mean_iou"].fillna(-1).tolist() == [pytest.approx(1), -1]
    table = run.conventions().query("side == 'predictions'")
    assert table[["step", "coordinates", "why"]].values.tolist() == [
        [1, "fraction", "coordinates told by the largest number 0.8, order as the ground truth"],
        [2, "pixels", "as the ground truth"],
    ]
    stated = ew.open_run(folder, prediction_coordinates="pixels")
    assert stated.conventions(1)["coordinates"].tolist() == ["pixels", "pixels"]


def test_boxes_of_a_grammar_are_as_the_model_family_writes_them(write_run: Write) -> None:
    found = {"image": "a.jpg", "output": '[{"bbox_2d": [100, 200, 500, 800]}]'}
    run = ew.open_run(write_run([line([10, 10, 50, 40])], {1: [found]}), output_format="qwen3-vl")
    assert run.conventions()["why"].iloc[1] == "as the model family writes them"
    assert run.summary()["mean_iou"].tolist() == [pytest.approx(1)]


def test_coordinates_of_coco_results_can_be_overruled(write_run: Write) -> None:
    truth = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 50}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 40, 10]}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    found = [{"image_id": 1, "category_id": 1, "bbox": [100, 400, 500, 600], "score": 1}]
    run = ew.open_run(write_run(truth, {1: found}), prediction_coordinates="0-1000", prediction_box_order="xyxy")
    assert run.summary()["mean_iou"].tolist() == [pytest.approx(1)]
    assert run.conventions()[["coordinates", "box_order", "why"]].values.tolist() == [
        ["pixels", "xywh", "said by the format"],
        ["0-1000", "xyxy", "stated"],
    ]


def test_ground_truth_in_another_order_says_what_to_pass(write_run: Write) -> None:
    with pytest.raises(ew.FormatError, match=r"jsonl:1: box: .*; if boxes are x y width height, pass box_order='xywh'"):
        ew.open_run(write_run([line([50, 30, 20, 10])], {1: []}))
    rows = pd.DataFrame([["a", "cat", 50, 30, 20, 10]], columns=["specimen", "phrase", "x1", "y1", "x2", "y2"])
    with pytest.raises(ew.FormatError, match="pass box_order='xywh'"):
        ew.Run.from_frames(rows, rows.assign(step=1))


def test_runs_of_texts_have_no_conventions(write_run: Write) -> None:
    run = ew.open_run(write_run([{"image": "a.jpg", "question": "Who?", "answer": "me"}], {1: []}))
    with pytest.raises(ew.EvalWidgetError, match="conventions: the run's task is 'visual question answering'"):
        run.conventions()


def test_without_ground_truth_nothing_is_compared(write_run: Write) -> None:
    run = ew.open_run(write_run(None, {1: [line([1, 2, 3, 4])]}))
    assert run.conventions()[["side", "why"]].values.tolist() == [["predictions", "the usual"]]
    assert run.conventions()["mean_iou"].isna().all()


def test_real_results_read_in_another_order_are_noticed(real_data: Path) -> None:
    base = real_data / "objdet_formats" / "data" / "database"
    files: dict[str, Any] = {
        "ground_truth": base / "gts" / "coco_format_v2" / "instances_v2.json",
        "predictions": {1: base / "dets" / "coco_format" / "coco_dets.json"},
    }
    assert better(ew.open_run(**files).load()) is None
    run = ew.open_run(**files, prediction_box_order="xyxy").load()
    assert better(run) == "pixels, xywh"
    assert run.notes == [
        "step 1: predictions read as pixels, xyxy reach a mean IoU of 0.18; read as pixels, xywh they would "
        "reach 0.71; pass prediction_box_order='xywh'"
    ]


@pytest.mark.parametrize("name", ["grounding", "vqa"])
def test_demo_runs_are_read_right(name: str) -> None:
    assert not [note for note in ew.demo_run(name).load().notes if "would reach" in note]
