"""Fingerprints are equal where the rows are, whatever their order."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evalwidget.metrics.fingerprints import fingerprints

Rows = list[tuple[int, int, float]]
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 1), st.sampled_from([0.0, -0.0, 1.0, 2.0])), max_size=12)


def found(rows: Rows) -> list[int]:
    ordered = sorted(rows, key=lambda row: row[0])
    owner, label, value = (np.array([row[place] for row in ordered]) for place in range(3))
    return fingerprints(owner.astype(np.int64), [label.astype(np.int32), value.astype(np.float64)], 4).tolist()


@given(ROWS, ROWS)
def test_equal_where_the_same_rows_are_there_as_often(one: Rows, other: Rows) -> None:
    for owner, (left, right) in enumerate(zip(found(one), found(other), strict=True)):
        held = [Counter(row for row in rows if row[0] == owner) for rows in (one, other)]
        assert (left == right) == (held[0] == held[1])


@given(ROWS, st.randoms())
def test_order_of_rows_does_not_matter(rows: Rows, random) -> None:
    shuffled = random.sample(rows, len(rows))
    assert found(rows) == found(shuffled)


def test_columns_are_not_interchangeable() -> None:
    owner = np.zeros(1, np.int64)
    one, two = np.array([1.0]), np.array([2.0])
    assert fingerprints(owner, [one, two], 1) != fingerprints(owner, [two, one], 1)
