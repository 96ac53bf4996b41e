"""Learning and forgetting against a plain loop over each specimen's own history."""

import itertools
import math
import statistics

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from evalwidget.metrics.learning import LEARNING_STATES, learning_over_steps

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9)


def reference(history: list[int]) -> dict[str, object]:
    """What one specimen went through, from -1 (not evaluated), 0 (wrong) or 1 (right) at each step."""
    seen = [(place, value) for place, value in enumerate(history) if value != -1]
    pairs = list(itertools.pairwise(seen))
    right = [place for place, value in seen if value == 1]
    since = -1
    for place, value in reversed(seen):
        if value == 0:
            break
        since = place
    if not seen:
        state = "not_evaluated"
    elif not right:
        state = "never_learned"
    elif len(right) == len(seen):
        state = "always_right"
    else:
        state = "learned" if seen[-1][1] == 1 else "forgotten"
    flips = [before[1] != after[1] for before, after in pairs]
    return {
        "evaluated": len(seen),
        "state": state,
        "learned_at": right[0] if right else -1,
        "right_since": since,
        # Toneva et al.: the accuracy of an example drops between two consecutive presentations
        "forgotten_at": [after[0] for before, after in pairs if before[1] > after[1]],
        "churn": sum(flips) / len(flips) if flips else math.nan,
    }


@given(hnp.arrays(np.int8, SHAPES, elements=st.integers(-1, 1)))
def test_each_specimen_equals_the_reference(right: NDArray[np.int8]) -> None:
    found = learning_over_steps(right, np.where(right < 0, np.nan, right))
    for row in range(right.shape[1]):
        expected = reference(right[:, row].tolist())
        np.testing.assert_equal(
            {
                "evaluated": found.evaluated[row],
                "state": LEARNING_STATES[found.state[row]],
                "learned_at": found.learned_at[row],
                "right_since": found.right_since[row],
                "forgotten_at": np.flatnonzero(found.forgotten[:, row]).tolist(),
                "churn": found.churn[row],
            },
            expected,
        )
        assert found.forgetting_events[row] == len(expected["forgotten_at"])  # type: ignore[arg-type]


@given(hnp.arrays(np.float64, SHAPES, elements=st.one_of(st.floats(0, 100), st.just(math.nan))))
def test_mean_and_variability_equal_the_reference(values: NDArray[np.float64]) -> None:
    found = learning_over_steps(np.where(np.isnan(values), -1, values >= 50).astype(np.int8), values)
    for row in range(values.shape[1]):
        there = [value for value in values[:, row].tolist() if not math.isnan(value)]
        expected = (statistics.fmean(there), statistics.pstdev(there)) if there else (math.nan, math.nan)
        np.testing.assert_allclose((found.mean[row], found.variability[row]), expected, rtol=1e-9, atol=1e-9)


@given(hnp.arrays(np.int8, SHAPES, elements=st.integers(-1, 1)), st.data())
def test_a_step_at_which_nothing_was_evaluated_changes_nothing(right: NDArray[np.int8], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(right)))
    longer = np.insert(right, place, -1, axis=0)
    before, after = (learning_over_steps(part, np.where(part < 0, np.nan, part)) for part in (right, longer))
    for name in ("evaluated", "state", "forgetting_events", "churn", "mean"):
        np.testing.assert_allclose(getattr(before, name), getattr(after, name), err_msg=name)
