"""Which specimens a run got right at a step: those whose score reaches a threshold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalwidget.arguments import check_number
from evalwidget.errors import EvalWidgetError
from evalwidget.metrics.learning import NOT_EVALUATED, RIGHT, WRONG
from evalwidget.scoring.evaluation import Evaluation, Settings
from evalwidget.scoring.named_scores import NamedScore, main_score, named_score, score_of_specimens

__all__ = ["NOT_EVALUATED", "RIGHT", "WRONG", "Correctness", "correctness_of"]


@dataclass(frozen=True, slots=True)
class Correctness:
    """What is right: a score from ``threshold`` on, or up to it where lower is better."""

    score: NamedScore
    threshold: float

    def of(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        """``RIGHT``, ``WRONG`` or, where a value is NaN, ``NOT_EVALUATED``; of the shape of ``values``."""
        reached = values >= self.threshold if self.score.direction == "higher" else values <= self.threshold
        return np.where(np.isnan(values), NOT_EVALUATED, np.where(reached, RIGHT, WRONG)).astype(np.int8)

    def of_specimens(self, evaluation: Evaluation, step: int, settings: Settings) -> NDArray[np.int8]:
        """The same of each specimen ``(s,)`` at a step: one that is missing there is not evaluated."""
        return self.of(score_of_specimens(evaluation, step, settings, self.score.name))


def correctness_of(evaluation: Evaluation, metric: str | None = None, threshold: float | None = None) -> Correctness:
    """``metric`` is the run's main score if None; ``threshold`` the middle of what the score can be.

    Raises ``UnknownNameError``, and ``EvalWidgetError`` where the score has no bounds and no threshold is given.
    """
    score = named_score(evaluation, main_score(evaluation.data) if metric is None else metric)
    if threshold is None:
        if score.bounds is None:
            raise EvalWidgetError(
                f"threshold: metric {score.name!r} has no bounds to take the middle of; pass a number"
            )
        threshold = sum(score.bounds) / 2
    check_number("threshold", threshold)
    return Correctness(score, float(threshold))
