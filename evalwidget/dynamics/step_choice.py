"""Which step is best by a score, and which others the specimens cannot tell apart from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalwidget.arguments import check_number, check_whole
from evalwidget.metrics.bootstrap import percentile_interval, resampled_ratios
from evalwidget.metrics.counting import ratio
from evalwidget.metrics.metric import Direction, Metric, PhraseMetric
from evalwidget.scoring.evaluation import Evaluation, Settings
from evalwidget.scoring.named_scores import metric_named, sums_of_counts, sums_of_specimens

__all__ = [
    "Intervals",
    "Resampled",
    "Resampling",
    "StepSums",
    "best_place",
    "joined_sums",
    "of_both",
    "resampled",
    "step_sums",
]


@dataclass(frozen=True, slots=True)
class Resampling:
    """How the bootstrap draws: so many ``samples``, seeded; intervals hold the share ``confidence`` of them."""

    samples: int
    confidence: float
    seed: int

    def __post_init__(self) -> None:
        check_whole("samples", self.samples, 1)
        check_number("confidence", self.confidence, 0, 1, above=True)
        check_whole("seed", self.seed, 0)


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
class Intervals:
    """Scores or differences of scores ``(k,)`` and the ends of their bootstrap intervals; NaN where not defined."""

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Resampled:
    """Scores of draws of specimens, ``(samples, k)`` for each of the sums that were drawn together."""

    values: list[NDArray[np.float64]]
    draws: list[NDArray[np.float64]]
    confidence: float

    def of(self, place: int) -> Intervals:
        """Of the scores of the sums at ``place``."""
        return self._intervals(self.values[place], self.draws[place])

    def difference(self, ours: int, theirs: int) -> Intervals:
        """Of the scores of the sums at ``ours`` minus those at ``theirs``, drawn alike and so paired."""
        with np.errstate(invalid="ignore"):  # between infinite scores there is none
            return self._intervals(self.values[ours] - self.values[theirs], self.draws[ours] - self.draws[theirs])

    def _intervals(self, values: NDArray[np.float64], draws: NDArray[np.float64]) -> Intervals:
        ends = np.array([percentile_interval(column, self.confidence) for column in draws.T]).reshape(-1, 2)
        return Intervals(values, ends[:, 0], ends[:, 1])


def step_sums(evaluation: Evaluation, steps: Sequence[int], several: Sequence[Settings], name: str) -> list[StepSums]:
    """The sums of the score ``name`` at each of ``steps``, at each of several settings. Raises ``UnknownNameError``,
    and ``EvalWidgetError`` about a count, which is no ratio."""
    metric = metric_named(evaluation, name)
    if metric is None:
        found = _sums_of_counts(evaluation, steps, several, name)
    else:
        found = [_sums_of_metric(evaluation, steps, settings, metric) for settings in several]
    shape = len(steps), len(evaluation.data.specimens)
    evaluated = np.array([evaluation.data.scored(step) for step in steps], np.bool_).reshape(shape).T
    sums = []
    for of_steps in found:
        part, whole = (np.array([each[side] for each in of_steps], np.float64).reshape(shape).T for side in (0, 1))
        sums.append(StepSums(ratio(part.sum(axis=0), whole.sum(axis=0)), part, whole, evaluated))
    return sums


#: The two sums of each step, by specimen.
_Sums = list[tuple[NDArray[np.float64], NDArray[np.float64]]]


def _sums_of_metric(evaluation: Evaluation, steps: Sequence[int], settings: Settings, metric: Metric) -> _Sums:
    if isinstance(metric, PhraseMetric):
        evaluation.phrases.phrases(steps, settings.iou_threshold, settings.confidence_threshold)
    else:
        evaluation.take(steps, settings)
    return [sums_of_specimens(evaluation, step, settings, metric.name) for step in steps]


def _sums_of_counts(
    evaluation: Evaluation, steps: Sequence[int], several: Sequence[Settings], name: str
) -> list[_Sums]:
    """Those of a score that follows from the counts of boxes: matched once for all confidence thresholds."""
    found: list[_Sums] = [[] for _ in several]
    places: dict[Settings, list[int]] = {}
    for place, settings in enumerate(several):
        places.setdefault(replace(settings, confidence_threshold=0.0), []).append(place)
    for everything, together in places.items():
        evaluation.take(steps, everything)
        leasts = [several[place].confidence_threshold or -np.inf for place in together]
        for step in steps:
            counts = evaluation.box_counts_from(step, everything, leasts)
            for place, of_least in zip(together, counts, strict=True):
                found[place].append(sums_of_counts(of_least, name))
    return found


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


def of_both(ours: StepSums, theirs: StepSums) -> tuple[StepSums, StepSums]:
    """The steps of both over the specimens evaluated at both: those in the same place, or all of ours and their only
    one."""
    both = ours.evaluated & theirs.evaluated
    found = []
    for sums in (ours, theirs):
        part, whole = np.where(both, sums.part, 0), np.where(both, sums.whole, 0)
        found.append(StepSums(ratio(part.sum(axis=0), whole.sum(axis=0)), part, whole, both))
    return found[0], found[1]


def resampled(several: Sequence[StepSums], how: Resampling) -> Resampled:
    """Scores of draws of the same specimens for all of ``several``."""
    drawn = resampled_ratios(
        np.hstack([sums.part for sums in several]), np.hstack([sums.whole for sums in several]), how.samples, how.seed
    )
    ends = np.cumsum([len(sums.value) for sums in several])
    return Resampled([sums.value for sums in several], np.split(drawn, ends[:-1], axis=1), how.confidence)
