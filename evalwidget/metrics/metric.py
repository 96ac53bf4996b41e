"""What a metric is: a plain function over arrays, a name, and which way is better."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError

__all__ = ["Bounds", "BoxMetric", "Direction", "Metric", "PhraseMetric", "StepMetric", "TextMetric"]

Direction = Literal["higher", "lower"]
Bounds = tuple[float, float]
References = tuple[str, ...]


@dataclass(frozen=True)
class TextMetric:
    """A score of each generated answer.

    ``function(answers, references)`` gets ``n`` texts and ``n`` tuples of reference answers, each (answer, references)
    once however often it occurs, and returns ``n`` numbers, NaN where the score is not defined. With
    ``sees_question`` it is called ``function(answers, references, questions)`` on distinct triples.

    ``direction`` is "higher" or "lower": which way is better. ``applies(references)`` says whether a question with
    these references is scored; where it is not, the score is NA; None: every question with a reference is.
    ``unanswered`` is the score of a question that was evaluated without a usable answer: 0, or NA (NaN) where lower is
    better, unless given. ``bounds`` are the least and the most the score can be, where charts and bars begin and end;
    None: they fit what is there.

    A table has the mean over answers: of a specimen in ``scores``, of all answers of the step in ``summary``.
    """

    name: str
    function: Callable[..., Any]
    direction: Direction = "higher"
    applies: Callable[[References], bool] | None = None
    unanswered: float | None = None
    sees_question: bool = False
    bounds: Bounds | None = None

    def __post_init__(self) -> None:
        _check(self.name, self.direction, self.function, self.bounds)

    @property
    def score_of_no_answer(self) -> float:
        """What an evaluated question without a usable answer scores."""
        if self.unanswered is not None:
            return self.unanswered
        return 0.0 if self.direction == "higher" else np.nan

    def scores(self, *columns: Sequence[Any]) -> NDArray[np.float64]:
        """``function`` called and its result checked. Raises ``EvalWidgetError`` about a result that cannot be one."""
        return _numbers(self.name, self.function(*columns), len(columns[0]))


@dataclass(frozen=True)
class BoxMetric:
    """A score of each matched prediction.

    ``function(ground_truth, predictions)`` gets the corners ``(n, 4)`` (x1, y1, x2, y2 in pixels) of ``n`` matched
    pairs and returns ``n`` numbers, NaN where the score is not defined. ``direction`` is "higher" or "lower": which way
    is better, ``bounds`` the least and the most the score can be, if known. ``matches`` has it for every matched pair,
    ``scores`` and ``summary`` the mean over matches, NA where nothing matched: like ``mean_iou`` it says nothing about
    missed and extra boxes.
    """

    name: str
    function: Callable[[NDArray[np.float64], NDArray[np.float64]], Any]
    direction: Direction = "higher"
    bounds: Bounds | None = None

    def __post_init__(self) -> None:
        _check(self.name, self.direction, self.function, self.bounds)

    def scores(self, ground_truth: NDArray[np.float64], predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        """``function`` called and its result checked. Raises ``EvalWidgetError`` about a result that cannot be one."""
        return _numbers(self.name, self.function(ground_truth, predictions), len(ground_truth))


@dataclass(frozen=True)
class PhraseMetric:
    """A column of the phrase table, averaged over the phrases of a specimen or step; see ``metrics.grounding``."""

    name: str
    direction: Direction = "higher"
    bounds: Bounds = (0.0, 1.0)


@dataclass(frozen=True)
class StepMetric:
    """Figures over all answers of a step, which are no mean of anything: for ``summary`` alone.

    ``function(answers, references)`` gets every scored answer of the step ("" where nothing usable was generated) and
    returns the figures named in ``columns``.
    """

    name: str
    function: Callable[[Sequence[str], Sequence[References]], Mapping[str, float]]
    columns: tuple[str, ...]


Metric = TextMetric | BoxMetric | PhraseMetric | StepMetric


def _check(name: str, direction: str, function: object, bounds: object) -> None:
    if not name.isidentifier():
        raise EvalWidgetError(f"metric name: expected letters, digits and underscores, got {name!r}")
    if direction not in ("higher", "lower"):
        raise EvalWidgetError(f"metric {name}: direction: expected 'higher' or 'lower', got {direction!r}")
    if not callable(function):
        raise EvalWidgetError(f"metric {name}: expected a function, got {function!r}")
    if bounds is not None and not _are_bounds(bounds):
        raise EvalWidgetError(f"metric {name}: bounds: expected the least and the most, as in (0, 1), got {bounds!r}")


def _are_bounds(value: object) -> bool:
    if not isinstance(value, tuple) or len(value) != 2 or not all(isinstance(end, (int, float)) for end in value):
        return False
    return bool(-np.inf < value[0] < value[1] < np.inf)


def _numbers(name: str, found: Any, count: int) -> NDArray[np.float64]:
    try:
        numbers = np.asarray(found, np.float64)
    except (TypeError, ValueError):
        raise EvalWidgetError(f"metric {name}: expected {count} numbers, got {found!r:.80}") from None
    if numbers.shape != (count,):
        raise EvalWidgetError(f"metric {name}: expected an array ({count},), got the shape {numbers.shape}")
    return numbers
