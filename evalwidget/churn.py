"""What turns over between consecutive steps, also where the mean stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import ne

import numpy as np
from numpy.typing import NDArray

from evalwidget.correctness import NOT_EVALUATED, RIGHT, Correctness
from evalwidget.evaluation import Evaluation, Settings
from evalwidget.metrics.fingerprints import fingerprints
from evalwidget.named_scores import score_of_specimens

__all__ = ["StepChurn", "churn_of_steps"]


@dataclass(frozen=True, slots=True)
class StepChurn:
    """From ``previous_step`` to ``step``: of the ``specimens`` evaluated at both, the mean of their scores before and
    after (NaN where there are none), and how many turned right (``gained``) and wrong (``lost``); of those
    ``recorded`` at both, scored or not, in how many the prediction ``changed``."""

    previous_step: int
    step: int
    specimens: int
    mean_before: float
    mean_after: float
    gained: int
    lost: int
    recorded: int
    changed: int


def churn_of_steps(
    evaluation: Evaluation, settings: Settings, correctness: Correctness, steps: Sequence[int]
) -> list[StepChurn]:
    """One for each two consecutive ``steps``, which ascend."""
    evaluation.take(steps, settings)
    values = [score_of_specimens(evaluation, step, settings, correctness.score.name) for step in steps]
    right = [correctness.of(of_step) for of_step in values]
    shown = [_Shown.of(evaluation, step, settings) for step in steps]
    found = []
    for before, after in pairwise(range(len(steps))):
        both = (right[before] != NOT_EVALUATED) & (right[after] != NOT_EVALUATED)
        was, now = right[before][both] == RIGHT, right[after][both] == RIGHT
        recorded, changed = shown[before].changes(shown[after])
        found.append(
            StepChurn(
                steps[before],
                steps[after],
                int(both.sum()),
                _mean(values[before][both]),
                _mean(values[after][both]),
                int((~was & now).sum()),
                int((was & ~now).sum()),
                recorded,
                changed,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Shown:
    """What was predicted at a step, by specimen for boxes and by question for answers: what can be compared for
    equality, where it is recorded, and the specimen of each."""

    recorded: NDArray[np.bool_]
    prediction: Sequence[object] | NDArray[np.uint64]
    specimen: NDArray[np.int64]

    @classmethod
    def of(cls, evaluation: Evaluation, step: int, settings: Settings) -> "_Shown":
        data = evaluation.data
        predictions = data.predictions(step)
        if data.has_text:
            answers = predictions.answers
            return cls(answers.recorded, answers.text, data.ground_truth.questions.specimen)
        boxes = predictions.boxes
        # a prediction without a score always counts, and at 0 every one
        counted = ~(boxes.score < (settings.confidence_threshold or -np.inf))
        rows = slice(None) if counted.all() else np.flatnonzero(counted)
        usable = boxes.usable[rows]
        corners = np.where(usable[:, None], boxes.corners[rows], 0)
        columns = [boxes.label[rows], *corners.T, np.where(usable, 0, boxes.state[rows])]
        count = len(data.specimens)
        return cls(predictions.recorded, fingerprints(boxes.specimen[rows], columns, count), np.arange(count))

    def changes(self, other: "_Shown") -> tuple[int, int]:
        """How many specimens are recorded at both, and in how many of them the predictions differ."""
        both = self.recorded & other.recorded
        differs = both & np.fromiter(map(ne, self.prediction, other.prediction), np.bool_, len(both))
        return _distinct(self.specimen[both]), _distinct(self.specimen[differs])


def _distinct(places: NDArray[np.int64]) -> int:
    return int(np.count_nonzero(np.bincount(places)))


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else np.nan
