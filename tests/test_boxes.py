"""Conversions between conventions of boxes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.boxes import ORDERS, SCALES, Convention, box_defect, corners_and_size

XYXY = [20.0, 30.0, 60.0, 90.0]


@pytest.mark.parametrize(
    ("convention", "values"),
    [
        (Convention("xyxy"), [20, 30, 60, 90]),
        (Convention("xywh"), [20, 30, 40, 60]),
        (Convention("cxcywh"), [40, 60, 40, 60]),
        (Convention("yxyx"), [30, 20, 90, 60]),
        (Convention("xyxy", "fraction"), [0.1, 0.3, 0.3, 0.9]),
        (Convention("xywh", "0-1000"), [100, 300, 200, 600]),
        (Convention("yxyx", "0-1000"), [300, 100, 900, 300]),
        (Convention("cxcywh", "0-100"), [20, 60, 20, 60]),
        (Convention("xyxy", "0-999"), [99.9, 299.7, 299.7, 899.1]),
        (Convention("xyxy", "0-1024"), [102.4, 307.2, 307.2, 921.6]),
    ],
)
def test_every_convention_gives_the_same_box(convention: Convention, values: list[float]) -> None:
    corners, size = corners_and_size(np.array([values], float), convention, np.array([[200.0, 100.0]]))
    assert corners[0].tolist() == pytest.approx(XYXY)
    assert size[0].tolist() == pytest.approx([40, 60])


@given(st.lists(st.floats(0, 1e6), min_size=4, max_size=4))
def test_width_and_height_stay_as_the_source_wrote_them(values: list[float]) -> None:
    corners, size = corners_and_size(np.array([values]), Convention("xywh"), np.ones((1, 2)))
    x, y, width, height = values
    assert size[0].tolist() == [width, height]
    assert corners[0].tolist() == [x, y, x + width, y + height]


@pytest.mark.parametrize("order", ORDERS)
def test_a_box_without_area_is_not_defective(order: str) -> None:
    assert box_defect([5, 5, 5, 5], order) is None
    assert box_defect((0, 0, np.float32(2), np.int64(3)), order) is None


@pytest.mark.parametrize(
    ("order", "is_defective"), [("xyxy", True), ("yxyx", True), ("xywh", False), ("cxcywh", False)]
)
def test_negative_size_depends_on_the_order(order: str, is_defective: bool) -> None:
    assert (box_defect([50, 50, 10, 10], order) is not None) == is_defective
    assert box_defect([0, 0, 1, -1], order) is not None


def test_unknown_conventions_are_refused() -> None:
    with pytest.raises(ew.UnknownNameError, match="box order 'abcd': expected one of xyxy, xywh, cxcywh, yxyx"):
        Convention("abcd")
    with pytest.raises(ew.UnknownNameError, match=f"coordinates 'inches': expected one of {', '.join(SCALES)}"):
        Convention("xyxy", "inches")
