"""Precision, recall and F1 by hand; undefined is NaN, never 0."""

import numpy as np
import pytest

from evalwidget.metrics.counting import f1_score, precision, recall


@pytest.mark.parametrize(
    ("tp", "fp", "fn", "expected"),
    [
        (3, 1, 2, (3 / 4, 3 / 5, 6 / 9)),
        (0, 2, 3, (0, 0, 0)),
        (0, 0, 3, (np.nan, 0, 0)),
        (0, 2, 0, (0, np.nan, 0)),
        (0, 0, 0, (np.nan, np.nan, np.nan)),
    ],
)
def test_counts_by_hand(tp: int, fp: int, fn: int, expected: tuple[float, float, float]) -> None:
    a, b, c = (np.array([count]) for count in (tp, fp, fn))
    found = precision(a, b)[0], recall(a, c)[0], f1_score(a, b, c)[0]
    assert found == pytest.approx(expected, nan_ok=True)
