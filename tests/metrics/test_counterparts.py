"""Predictions of the same place at two steps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evalwidget.metrics.counterparts import PlacedBoxes, counterparts


def placed(rows: list[tuple[int, int, list[float]]]) -> PlacedBoxes:
    """Of (specimen, label, corners)."""
    corners = np.array([corners for *_, corners in rows], float).reshape(-1, 4)
    specimen, label = (np.array([row[column] for row in rows], np.int64) for column in (0, 1))
    return PlacedBoxes(specimen, label, corners, corners[:, 2:] - corners[:, :2])


def test_one_to_one_same_label_first_then_by_iou() -> None:
    before = placed([(0, 0, [0, 0, 10, 10]), (0, 1, [0, 0, 10, 9]), (2, 0, [0, 0, 10, 10])])
    after = placed([(0, 1, [0, 0, 10, 10]), (0, 2, [0, 0, 10, 8]), (1, 0, [0, 0, 10, 10])])
    assert counterparts(before, after, 0.5).tolist() == [1, 0, -1]


def test_nothing_below_the_threshold() -> None:
    before, after = placed([(0, 0, [0, 0, 10, 10])]), placed([(0, 0, [0, 0, 10, 4.9])])
    assert counterparts(before, after, 0.5).tolist() == [-1]
    assert counterparts(before, after, 0.49).tolist() == [0]


@st.composite
def rows(draw: st.DrawFn) -> list[tuple[int, int, list[float]]]:
    """Boxes on a coarse grid, so that many are equal and IoU ties are common."""
    found = []
    for specimen in range(3):
        for _ in range(draw(st.integers(0, 5))):
            x, y, width, height = (draw(st.integers(low, 3)) for low in (0, 0, 1, 1))
            found.append((specimen, draw(st.integers(0, 2)), [x, y, x + width, y + height]))
    return found


@given(rows(), rows())
def test_exchanging_the_sides_gives_the_same_pairs(before: list, after: list) -> None:
    there, back = placed(before), placed(after)
    forward, backward = counterparts(there, back, 0.5), counterparts(back, there, 0.5)
    pairs = {(row, int(other)) for row, other in enumerate(forward) if other >= 0}
    assert pairs == {(int(other), row) for row, other in enumerate(backward) if other >= 0}
    for row, other in pairs:
        assert before[row][0] == after[other][0]
