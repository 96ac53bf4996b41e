"""Which step is best by a score, and which others the specimens cannot tell apart from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError
from evalwidget.evaluation import Evaluation, Settings
from evalwidget.metrics.bootstrap import percentile_interval, resampled_ratios
from evalwidget.metrics.counting import ratio
from evalwidget.metrics.metric import Direction
from evalwidget.named_scores import score_of_step, sums_of_specimens

__all__ = [
    "Differences",
    "Resampling",
    "StepSums",
    "best_place",
    "differences",
    "joined_sums",
    "step_sums",
    "value_intervals",
]


@dataclass(frozen=True, slots=True)
class Resampling:
    """How the bootstrap draws: so many ``samples``, seeded; intervals hold the share ``confidence`` of them."""

    samples: int
    confidence: float
    seed: int

    def __post_init__(self) -> None:
        if isinstance(self.samples, bool) or not isinstance(self.samples, (int, np.integer)) or self.samples < 1:
            raise EvalWidgetError(f"samples: expected a whole number of 1 or more, got {self.samples!r}")
        if not 0 < self.confidence < 1:
            raise EvalWidgetError(f"confidence: expected a number between 0 and 1, got {self.confidence!r}")


@dataclass(frozen=True, slots=True)
class StepSums:
    """Of ``k`` steps: the score ``value`` ``(k,)`` as in ``Run.summary``; what each of ``n`` specimens adds to the two
    sums whose ratio it is, ``part`` and ``whole`` ``(n, k)``; and whether it can be scored then, ``evaluated``
    ``(n, k)``."""

    value: NDArray[np.float64]
    part: NDArray[np.float64]
    whole: NDArray[np.float64]
    evaluated: NDArray[np.bool_]

    def at(self, place: int) -> "StepSums":
        """Of the step at ``place`` alone."""
        only = slice(place, place + 1)
        return StepSums(self.value[only], self.part[:, only], self.whole[:, only], self.evaluated[:, only])


@dataclass(frozen=True, slots=True)
class Differences:
    """Differences ``(k,)`` of scores over the specimens that both steps have, and their bootstrap intervals; NaN where
    there is nothing to compare."""

    difference: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def can_be_none(self) -> NDArray[np.bool_]:
        """Whether each interval holds 0."""
        return (self.low <= 0) & (self.high >= 0)


def step_sums(evaluation: Evaluation, steps: Sequence[int], settings: Settings, name: str) -> StepSums:
    """The sums of the score ``name`` at each of ``steps``. Raises ``UnknownNameError``, and ``EvalWidgetError`` about
    a count, which is no ratio."""
    evaluation.take(steps, settings)
    shape = len(evaluation.data.specimens), len(steps)
    part, whole = np.zeros(shape), np.zeros(shape)
    evaluated = np.zeros(shape, np.bool_)
    value = np.full(len(steps), np.nan)
    for place, step in enumerate(steps):
        part[:, place], whole[:, place] = sums_of_specimens(evaluation, step, settings, name)
        evaluated[:, place] = evaluation.data.scored(step)
        value[place] = score_of_step(evaluation, step, settings, name)
    return StepSums(value, part, whole, evaluated)


def joined_sums(sums: Sequence[StepSums]) -> StepSums:
    """Several of the same specimens as one."""
    return StepSums(
        np.concatenate([one.value for one in sums]),
        np.hstack([one.part for one in sums]),
        np.hstack([one.whole for one in sums]),
        np.hstack([one.evaluated for one in sums]),
    )


def best_place(value: NDArray[np.float64], direction: Direction) -> int | None:
    """The place of the best score, of equals the first; None where no step has one."""
    if np.isnan(value).all():
        return None
    return int(np.nanargmax(value) if direction == "higher" else np.nanargmin(value))


def value_intervals(sums: StepSums, how: Resampling) -> NDArray[np.float64]:
    """The bootstrap interval of each step's score, ``(k, 2)``."""
    drawn = resampled_ratios(sums.part, sums.whole, how.samples, how.seed)
    return np.array([percentile_interval(column, how.confidence) for column in drawn.T]).reshape(-1, 2)


def differences(ours: StepSums, theirs: StepSums, how: Resampling) -> Differences:
    """Of each step of ``ours`` to the step of ``theirs`` in the same place, or to its only one: over the specimens
    evaluated at both, which are drawn alike, so that the intervals are of paired differences."""
    both = ours.evaluated & theirs.evaluated
    parts = [np.where(both, side.part, 0) for side in (ours, theirs)]
    wholes = [np.where(both, side.whole, 0) for side in (ours, theirs)]
    first, second = (ratio(part.sum(axis=0), whole.sum(axis=0)) for part, whole in zip(parts, wholes, strict=True))
    drawn = resampled_ratios(np.hstack(parts), np.hstack(wholes), how.samples, how.seed)
    count = both.shape[1]
    intervals = [percentile_interval(column, how.confidence) for column in (drawn[:, :count] - drawn[:, count:]).T]
    low, high = np.array(intervals).reshape(-1, 2).T
    return Differences(first - second, low, high)
