"""Boxes in pixels of the image as the model saw it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.resized import PixelLimits

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("size", "limits", "resized"),
    [
        ((640, 428), PixelLimits(), (644, 420)),
        ((368, 434), PixelLimits(), (364, 448)),
        ((1920, 1080), PixelLimits(max_pixels=1_003_520), (1316, 728)),
        ((1920, 1080), PixelLimits(max_pixels=12_845_056), (1932, 1092)),
        ((20, 30), PixelLimits(), (56, 84)),
        ((100, 100), PixelLimits(min_pixels=256 * 28 * 28), (448, 448)),
    ],
)
def test_sizes_that_qwen_resizes_to(size: tuple[int, int], limits: PixelLimits, resized: tuple[int, int]) -> None:
    assert limits.resized(*size) == resized


@pytest.mark.parametrize(
    ("size", "reason"),
    [((1920, 1080), "an image of 1920 x 1080, and max_pixels not stated"), ((6000, 20), "which Qwen does not resize")],
)
def test_sizes_that_are_not_known(size: tuple[int, int], reason: str) -> None:
    assert reason in str(PixelLimits().resized(*size))


@given(
    st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([3136, 200_704]), st.sampled_from([1_003_520, 10**7])
)
def test_sizes_are_multiples_within_the_limits(width: int, height: int, least: int, largest: int) -> None:
    found = PixelLimits(least, largest).resized(width, height)
    if isinstance(found, str):
        assert max(width, height) > 200 * min(width, height)
        return
    assert all(side % 28 == 0 and side > 0 for side in found)
    if min(found) > 28:
        assert least <= found[0] * found[1] <= largest


def truth(**size: float) -> list[dict[str, Any]]:
    return [{"image": "a.jpg", **size, "phrases": [{"phrase": "a cat", "boxes": [[0, 0, 184, 217]]}]}]


def printed(text: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"image": "a.jpg", "output": text, **fields}]


def states(run: ew.Run) -> list[str]:
    return run.matches().dropna(subset=["prediction"]).parse_state.tolist()


def test_a_box_of_the_resized_image_becomes_pixels_of_the_original(write_run: Write) -> None:
    folder = write_run(truth(width=368, height=434), {1: printed('[{"bbox_2d": [0, 0, 182, 224]}]')})
    run = ew.open_run(folder, output_format="qwen2.5-vl").load()
    assert run.summary().mean_iou.tolist() == [1.0]
    assert run.notes == [
        "boxes are in pixels of the resized image; its size is computed for processors' usual limits: "
        "min_pixels= and max_pixels= state the model's own"
    ]


@pytest.mark.parametrize(("y2", "state"), [(448, "ok"), (449, "ok"), (449.5, "out_of_range"), (476, "out_of_range")])
def test_a_box_that_leaves_the_resized_image(write_run: Write, y2: float, state: str) -> None:
    """``[19, 300, 154, 476]`` of an image of 368 x 434, resized to 364 x 448, is QwenLM/Qwen3-VL#1035."""
    folder = write_run(truth(width=368, height=434), {1: printed(f"[19, 300, 154, {y2}]")})
    run = ew.open_run(folder, output_format="qwen2.5-vl")
    assert states(run) == [state]
    (invalid,) = run._data.predictions(1).boxes.defects.values() or [None]
    if state != "ok":
        assert (
            f"predictions/step-000001.jsonl:1: expected a box in 364 x 448, resized, got [19.0, 300.0, 154.0, {y2}"
            in (invalid.message)
        )


@pytest.mark.parametrize("names", [("resized_width", "resized_height"), ("input_width", "input_height")])
def test_the_size_that_the_record_states(write_run: Write, names: tuple[str, str]) -> None:
    stated = dict(zip(names, (736, 868), strict=True))
    folder = write_run(truth(width=368, height=434), {1: printed("[0, 0, 368, 434]", **stated)})
    run = ew.open_run(folder, output_format="qwen2.5-vl").load()
    assert run.summary().mean_iou.tolist() == [1.0]
    assert run.notes == []
    found = pd.DataFrame([{"step": 1, "specimen": "a.jpg", "output": "[0, 0, 368, 434]", **stated}])
    asked = pd.DataFrame([{"specimen": "a.jpg", "phrase": "a cat", "x1": 0, "y1": 0, "x2": 184, "y2": 217}])
    asked = asked.assign(width=368, height=434)
    assert ew.Run.from_frames(asked, found, output_format="qwen2.5-vl").summary().mean_iou.tolist() == [1.0]


def test_limits_of_the_run(write_run: Write) -> None:
    records = truth(width=1920, height=1080)
    found = {1: printed("[0, 0, 126.11666666666666, 146.27407407407406]")}
    settings = {"output_format": "qwen2.5-vl", "max_pixels": 1_003_520, "min_pixels": 3136}
    run = ew.open_run(write_run(records, found, settings)).load()
    assert run.summary().mean_iou.tolist() == pytest.approx([1.0])
    assert run.notes == []
    unknown = ew.open_run(write_run(records, found), output_format="qwen2.5-vl")
    assert states(unknown) == ["size_unknown"]
    stated = ew.open_run(write_run(records, found), output_format="qwen2.5-vl", max_pixels=1_003_520)
    assert stated.summary().mean_iou.tolist() == pytest.approx([1.0])


def test_nothing_tells_the_size(write_run: Write) -> None:
    run = ew.open_run(write_run(truth(), {1: printed("[0, 0, 182, 224]")}), output_format="qwen2.5-vl")
    assert states(run) == ["size_unknown"]
    (defect,) = run._data.predictions(1).boxes.defects.values()
    assert "expected resized_width and resized_height, or the image, or its width and height" in defect.message
    assert defect.raw == "[0.0, 0.0, 182.0, 224.0]"
    alone = ew.open_run(write_run(None, {1: printed("[0, 0, 182, 224]")}), output_format="qwen2.5-vl")
    assert states(alone) == ["size_unknown"]


def test_boxes_of_ground_truth_and_of_detectors(write_run: Write) -> None:
    seen = [{"image": "a.jpg", "width": 368, "height": 434, "boxes": [{"label": "cat", "box": [0, 0, 182, 224]}]}]
    run = ew.open_run(write_run(seen, {1: seen}, {"coordinates": "resized"}))
    assert run.summary().mean_iou.tolist() == [1.0]
    corners = run.matches()[["ground_truth_x2", "ground_truth_y2", "prediction_x2", "prediction_y2"]]
    assert np.allclose(corners, [[184, 217, 184, 217]])
    mixed = [seen[0] | {"boxes": [{"label": "cat", "box": [0, 0, 184, 217]}]}]
    assert ew.open_run(write_run(mixed, {1: seen}), prediction_coordinates="resized").summary().f1.tolist() == [1.0]
    tall = [seen[0] | {"boxes": [{"label": "cat", "box": [0, 0, 184, 450]}]}]
    with pytest.raises(ew.FormatError, match=r"ground_truth.jsonl:1: expected a box in 364 x 448, resized, got"):
        ew.open_run(write_run(tall, {1: seen}, {"coordinates": "resized"}))


def test_order_of_the_axes(write_run: Write) -> None:
    seen = [{"image": "a.jpg", "width": 368, "height": 434, "boxes": [{"label": "cat", "box": [0, 0, 224, 182]}]}]
    settings = {"coordinates": "resized", "box_order": "yxyx"}
    run = ew.open_run(write_run(seen, {1: seen}, settings))
    assert np.allclose(run.matches()[["ground_truth_x2", "ground_truth_y2"]], [[184, 217]])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"resized_width": 5}, "resized_height: expected a number above 0, got None"),
        ({"input_width": 0, "input_height": 5}, "input_width: expected a number above 0, got 0"),
        ({"resized_width": "5", "resized_height": 5}, "resized_width: expected a number, got text"),
    ],
)
def test_a_stated_size_that_cannot_be(write_run: Write, fields: dict[str, Any], message: str) -> None:
    run = ew.open_run(write_run(truth(), {1: printed("[1, 2, 3, 4]", **fields)}), output_format="qwen2.5-vl")
    with pytest.raises(ew.FormatError, match=f"predictions/step-000001.jsonl:1: {message}"):
        run.load()


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"min_pixels": 0}, "min_pixels: expected a number above 0, got 0"),
        ({"max_pixels": "many"}, "max_pixels: expected a number above 0, got 'many'"),
        ({"min_pixels": 10, "max_pixels": 5}, "min_pixels: expected at most max_pixels, 5, got 10"),
    ],
)
def test_limits_that_cannot_be(write_run: Write, stated: dict[str, Any], message: str) -> None:
    with pytest.raises(ew.EvalWidgetError, match=message):
        ew.open_run(write_run(truth(), {1: printed("[1, 2, 3, 4]")}, stated))
    with pytest.raises(ew.EvalWidgetError, match=message):
        ew.open_run(write_run(truth(), {1: printed("[1, 2, 3, 4]")}), **stated)
