"""McNemar's exact test against scipy's binomial test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from evalwidget.metrics.paired_tests import mcnemar_exact


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_equals_the_binomial_test(only_before: int, only_after: int) -> None:
    expected = binomtest(only_before, only_before + only_after).pvalue if only_before + only_after else 1.0
    # scipy's are 0 below the smallest normal numbers
    assert mcnemar_exact(only_before, only_after) == pytest.approx(expected, rel=1e-9, abs=1e-290)


@pytest.mark.parametrize(
    ("only_before", "only_after", "expected"),
    [(0, 0, 1.0), (4, 4, 1.0), (0, 1, 1.0), (0, 5, 2 / 32), (1, 5, 14 / 64), (5, 1, 14 / 64)],
)
def test_what_can_be_counted_by_hand(only_before: int, only_after: int, expected: float) -> None:
    assert mcnemar_exact(only_before, only_after) == pytest.approx(expected, rel=1e-12)
