"""When each specimen was learned and forgotten, from what was right and from scores at each step.

Forgetting events are those of Toneva et al., An Empirical Study of Example Forgetting during Deep Neural Network
Learning (ICLR 2019, arXiv 1812.05159); mean and variability over steps those of Swayamdipta et al., Dataset Cartography
(EMNLP 2020, arXiv 2009.10795), of a score in place of the probability of the true label.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.counting import ratio

__all__ = [
    "LEARNING_STATES",
    "NOT_EVALUATED",
    "RIGHT",
    "WRONG",
    "Learning",
    "learning_over_steps",
]

NOT_EVALUATED: Final = -1
WRONG: Final = 0
RIGHT: Final = 1

#: ``forgotten``: right once, and wrong where last evaluated; ``learned``: right where last evaluated, wrong before.
LEARNING_STATES: Final = ("not_evaluated", "never_learned", "always_right", "learned", "forgotten")
_NOT_EVALUATED, _NEVER_LEARNED, _ALWAYS_RIGHT, _LEARNED, _FORGOTTEN = range(len(LEARNING_STATES))


@dataclass(frozen=True, slots=True)
class Learning:
    """What ``n`` specimens, boxes or answers went through over ``k`` steps.

    Steps are places among the ``k``, -1 where there is none. What was not evaluated at a step neither learns nor
    forgets there: two steps are consecutive for a specimen that was evaluated at no step between them.

    - ``evaluated`` ``(n,)``: at how many steps.
    - ``state`` ``(n,)``: place in ``LEARNING_STATES``.
    - ``learned_at`` ``(n,)``: the first step at which it was right.
    - ``right_since`` ``(n,)``: the first step of the unbroken stretch of being right that lasts to the end.
    - ``forgotten`` ``(k, n)``: forgetting events, at the step that is wrong after the one evaluated before was right.
    - ``mean`` and ``variability`` ``(n,)``: of the score over the steps at which there is one; population standard
      deviation; NaN where there is none.
    - ``churn`` ``(n,)``: the share of consecutive evaluated steps between which right turned wrong or wrong right; NaN
      with fewer than two.
    """

    evaluated: NDArray[np.int64]
    state: NDArray[np.uint8]
    learned_at: NDArray[np.int64]
    right_since: NDArray[np.int64]
    forgotten: NDArray[np.bool_]
    mean: NDArray[np.float64]
    variability: NDArray[np.float64]
    churn: NDArray[np.float64]

    @property
    def forgetting_events(self) -> NDArray[np.int64]:
        """How often ``(n,)`` each was forgotten."""
        events: NDArray[np.int64] = self.forgotten.sum(axis=0)
        return events


def learning_over_steps(right: NDArray[np.int8], values: NDArray[np.float64]) -> Learning:
    """``right`` ``(k, n)`` is ``RIGHT``, ``WRONG`` or ``NOT_EVALUATED`` at each step, in their order; ``values``
    ``(k, n)`` are the scores, NaN where there is none."""
    count = right.shape[1]
    last = np.full(count, NOT_EVALUATED, np.int8)
    learned_at, right_since = np.full(count, -1), np.full(count, -1)
    turned = np.zeros(count, np.int64)
    forgotten = np.zeros(right.shape, np.bool_)
    for place, now in enumerate(right):
        is_right, is_wrong = now == RIGHT, now == WRONG
        forgotten[place] = is_wrong & (last == RIGHT)
        turned += forgotten[place] | (is_right & (last == WRONG))
        learned_at[is_right & (learned_at < 0)] = place
        right_since[is_right & (last != RIGHT)] = place
        right_since[is_wrong] = -1
        last = np.where(now == NOT_EVALUATED, last, now)
    evaluated = (right != NOT_EVALUATED).sum(axis=0)
    state = np.full(count, _FORGOTTEN, np.uint8)
    state[last == RIGHT] = _LEARNED
    state[(right == RIGHT).sum(axis=0) == evaluated] = _ALWAYS_RIGHT
    state[learned_at < 0] = _NEVER_LEARNED
    state[evaluated == 0] = _NOT_EVALUATED
    mean, variability = _mean_and_deviation(values)
    return Learning(
        evaluated, state, learned_at, right_since, forgotten, mean, variability, ratio(turned, evaluated - 1)
    )


def _mean_and_deviation(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Over the steps, of the values that are there."""
    there = ~np.isnan(values)
    count = there.sum(axis=0)
    with np.errstate(invalid="ignore"):  # of infinite scores there is no deviation
        mean = ratio(np.where(there, values, 0).sum(axis=0), count)
        squares = np.where(there, values - mean, 0) ** 2
    return mean, np.sqrt(ratio(squares.sum(axis=0), count))
