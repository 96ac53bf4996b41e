"""Orders equal numpy's stable sorts, whatever the numbers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evalwidget.metrics.score_order import integer_order, score_order

CASES = settings(deadline=None, derandomize=True, database=None)
#: Ties, zeros of both signs, scores that are one as float32, and beyond its range.
score = st.one_of(
    st.sampled_from([0.0, -0.0, 0.5, 0.5 + 1e-12, 0.5 - 1e-12, 1.0, -3.0, 1e300, -1e300, 1e-320, np.inf, -np.inf]),
    st.floats(allow_nan=False),
)


@CASES
@given(st.lists(score, max_size=40))
def test_scores_descend_and_ties_keep_their_order(scores: list[float]) -> None:
    values = np.array(scores)
    assert score_order(values).tolist() == sorted(range(len(scores)), key=lambda row: -scores[row])


@CASES
@given(st.integers(1, 2**40).flatmap(lambda b: st.tuples(st.just(b), st.lists(st.integers(0, b - 1), max_size=30))))
def test_integers_ascend_and_ties_keep_their_order(case: tuple[int, list[int]]) -> None:
    bound, values = case
    order = integer_order(np.array(values, np.int64), bound)
    assert order.tolist() == sorted(range(len(values)), key=lambda row: values[row])


def test_the_bound_itself_is_not_needed_for_a_further_pass() -> None:
    values = np.array([65535, 0, 65535, 1])
    assert integer_order(values, 65536).tolist() == [1, 3, 0, 2]
    assert integer_order(values + 1, 65537).tolist() == [1, 3, 0, 2]
