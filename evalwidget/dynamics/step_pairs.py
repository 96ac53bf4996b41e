"""Two steps side by side, of one run or of two over the same specimens: which rows of the two are the same thing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.errors import EvalWidgetError
from evalwidget.labels import Labels, folded
from evalwidget.scoring.error_analysis import ErrorAnalysis
from evalwidget.scoring.evaluation import Evaluation

__all__ = ["EVALUATED", "Side", "StepPair", "pair_of_runs", "pair_of_steps"]

#: On which side a specimen was evaluated; the last also says that it was on both, against ground truth that differs.
EVALUATED: Final = ("both", "only_before", "only_after", "neither", "different_ground_truth")
BOTH, ONLY_BEFORE, ONLY_AFTER, NEITHER, DIFFERENT = range(len(EVALUATED))

#: Boxes are the same where no corner differs by more than this, in pixels: files round differently.
_SAME_PLACE: Final = 1e-3
#: Decimals by which boxes are put in order, so that a corner with an error of calculation is not out of it.
_DECIMALS: Final = 2


@dataclass(frozen=True, slots=True)
class Side:
    """A step of a run, and the rows there of what is on both sides: the specimens ``(s,)`` (-1: the run does not have
    it), and the ground truth ``(n,)``, boxes or questions. ``label`` ``(l,)`` is the place of each of the run's labels
    among the names of both sides."""

    analysis: ErrorAnalysis
    step: int
    specimen: NDArray[np.int64]
    truth: NDArray[np.int64]
    label: NDArray[np.int64]

    @property
    def evaluation(self) -> Evaluation:
        return self.analysis.evaluation

    @property
    def data(self) -> RunData:
        return self.evaluation.data

    def of_specimens(self, values: NDArray, missing: float | bool) -> NDArray:
        """``values`` of the run's specimens for those of the pair, ``missing`` where the run has not the specimen."""
        there = self.specimen >= 0
        found = np.full(len(self.specimen), missing, values.dtype)
        found[there] = values[self.specimen[there]]
        return found

    def place_of(self, specimen: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place in the pair of specimens of the run."""
        place = np.full(len(self.data.specimens), -1, np.int64)
        there = np.flatnonzero(self.specimen >= 0)
        place[self.specimen[there]] = there
        return place[specimen]

    @property
    def recorded(self) -> NDArray[np.bool_]:
        """The specimens ``(s,)`` that were evaluated at the step."""
        return self.of_specimens(self.data.predictions(self.step).recorded, missing=False)


@dataclass(frozen=True, slots=True)
class StepPair:
    """Two steps over ``s`` specimens, ``before`` and ``after``.

    ``has_same_truth`` ``(s,)``: the specimen is on both sides, with the same ground truth; ground truth of no other
    specimen is among that of the sides. ``labels`` are the names of the phrases or classes of both.
    """

    identifiers: Sequence[str]
    has_same_truth: NDArray[np.bool_]
    labels: Sequence[str]
    before: Side
    after: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.before, self.after

    @property
    def has_text(self) -> bool:
        return self.before.data.has_text

    @property
    def evaluated(self) -> NDArray[np.uint8]:
        """Places ``(s,)`` in ``EVALUATED``."""
        before, after = self.before.recorded, self.after.recorded
        on_both = np.where(self.has_same_truth, BOTH, DIFFERENT)
        on_one = np.where(before, ONLY_BEFORE, np.where(after, ONLY_AFTER, NEITHER))
        return np.where(before & after, on_both, on_one).astype(np.uint8)

    @property
    def compared(self) -> NDArray[np.bool_]:
        """The specimens ``(s,)`` evaluated on both sides against the same ground truth."""
        return np.equal(self.evaluated, BOTH)


def pair_of_steps(analysis: ErrorAnalysis, before: int, after: int) -> StepPair:
    """Two steps of one run, which have been read."""
    data = analysis.evaluation.data
    truth = data.ground_truth.questions if data.has_text else data.ground_truth.boxes
    rows = [np.arange(count) for count in (len(data.specimens), len(truth), len(data.labels))]
    first, second = (Side(analysis, step, *rows) for step in (before, after))
    return StepPair(
        data.specimens.identifiers, np.ones(len(data.specimens), np.bool_), data.labels.names, first, second
    )


def pair_of_runs(before: tuple[ErrorAnalysis, int], after: tuple[ErrorAnalysis, int]) -> StepPair:
    """A step of each of two runs, which have been read. Specimens are the same where their identifiers are, ground
    truth boxes where label and corners are, questions where words and references are.

    Raises ``EvalWidgetError`` where one run is of boxes and the other of questions, or no specimen is in both.
    """
    data, other = before[0].evaluation.data, after[0].evaluation.data
    if data.has_text != other.has_text:
        raise EvalWidgetError(
            f"compare_runs: expected two runs of boxes or two of questions, got {data.task!r} ({data.name}) and "
            f"{other.task!r} ({other.name})"
        )
    identifiers = list(data.specimens.identifiers)
    identifiers += [name for name in other.specimens.identifiers if name not in data.rows]
    specimens = [np.array([each.rows.get(name, -1) for name in identifiers], np.int64) for each in (data, other)]
    on_both = (specimens[0] >= 0) & (specimens[1] >= 0)
    if not on_both.any():
        shown = [each.specimens.identifiers[0] if len(each.specimens) else "none" for each in (data, other)]
        raise EvalWidgetError(
            f"compare_runs: expected runs over the same specimens, got none in common: {data.name} begins with "
            f"{shown[0]!r}, {other.name} with {shown[1]!r}; specimens are the same where their identifiers are"
        )
    labels = Labels()
    label = [
        np.array([place_of(name) for name in each.labels.names], np.int64)
        for each, place_of in ((data, labels.place), (other, labels.place_of_prediction))
    ]
    nothing = np.empty(0, np.int64)
    sides = [
        Side(analysis, step, rows, nothing, of_run)
        for (analysis, step), rows, of_run in zip((before, after), specimens, label, strict=True)
    ]
    if data.has_text:
        rows, same = _same_questions(sides, on_both)
        specimen = data.ground_truth.questions.specimen
    else:
        rows, same = _same_boxes(sides, _same_annotation(sides, on_both, len(labels)))
        specimen = data.ground_truth.boxes.specimen
    # in the order of the first run
    order = np.argsort(rows[0])
    kept = order[same[sides[0].place_of(specimen[rows[0][order]])]]
    first, second = (replace(side, truth=of[kept]) for side, of in zip(sides, rows, strict=True))
    return StepPair(identifiers, same, labels.names, first, second)


def _same_annotation(sides: Sequence[Side], on_both: NDArray[np.bool_], labels: int) -> NDArray[np.bool_]:
    """Whether a specimen ``(s,)`` is on both sides, and both know it to be annotated, and the same not to be in it."""
    annotated = [side.of_specimens(side.data.ground_truth.annotated, missing=False) for side in sides]
    same: NDArray[np.bool_] = on_both & (annotated[0] == annotated[1])
    absent = []
    for side in sides:
        specimen, label = side.data.ground_truth.absent.T
        absent.append(side.place_of(specimen) * labels + side.label[label])
    different = np.setxor1d(*absent) // max(labels, 1)
    same[different] = False
    return same


def _same_boxes(sides: Sequence[Side], same: NDArray[np.bool_]) -> tuple[list[NDArray[np.int64]], NDArray[np.bool_]]:
    """The rows of the boxes that are on both sides, side by side, and ``same`` of specimens whose boxes are, too."""
    specimens = [side.place_of(side.data.ground_truth.boxes.specimen) for side in sides]
    counts = [np.bincount(specimen, minlength=len(same)) for specimen in specimens]
    same = same & (counts[0] == counts[1])
    rows, columns = [], []
    for side, specimen in zip(sides, specimens, strict=True):
        boxes = side.data.ground_truth.boxes
        named = np.column_stack([specimen, side.label[boxes.label], boxes.crowd])
        order = np.lexsort(np.column_stack([named, np.round(boxes.corners, _DECIMALS)]).T[::-1])
        order = order[same[specimen[order]]]
        rows.append(order)
        columns.append(np.column_stack([named, boxes.corners])[order])
    differs = (np.abs(columns[0] - columns[1]) > [0, 0, 0, *[_SAME_PLACE] * 4]).any(axis=1)
    same[columns[0][differs, 0].astype(np.int64)] = False
    return rows, same


def _same_questions(
    sides: Sequence[Side], same: NDArray[np.bool_]
) -> tuple[list[NDArray[np.int64]], NDArray[np.bool_]]:
    """As ``_same_boxes``, of questions; of questions in the same words, items in the same order are the same."""
    rows, texts, specimens = [], [], []
    for side in sides:
        questions = side.data.ground_truth.questions
        specimen = side.place_of(questions.specimen)
        asked = [
            (folded(question), tuple(sorted(references)))
            for question, references in zip(questions.question, questions.references, strict=True)
        ]
        order = sorted(range(len(asked)), key=lambda row: (specimen[row], asked[row], questions.item[row]))
        rows.append(order)
        specimens.append(specimen)
        texts.append(asked)
    counts = [np.bincount(specimen, minlength=len(same)) for specimen in specimens]
    same = same & (counts[0] == counts[1])
    kept = [[row for row in order if same[specimen[row]]] for order, specimen in zip(rows, specimens, strict=True)]
    for row, other in zip(*kept, strict=True):
        if texts[0][row] != texts[1][other]:
            same[specimens[0][row]] = False
    return [np.array(order, np.int64) for order in kept], same
