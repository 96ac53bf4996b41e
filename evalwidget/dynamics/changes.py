"""What changed between two steps: scores of the specimens, what became of each box, and each answer's words, as arrays.

What is evaluated on one side alone, or against ground truth that differs, is told and compared with nothing.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import PARSE_STATES
from evalwidget.dynamics.step_pairs import Side, StepPair
from evalwidget.metrics.counterparts import PlacedBoxes, counterparts
from evalwidget.metrics.counting import ratio
from evalwidget.metrics.error_types import DUPE
from evalwidget.metrics.overlap import iou_of_pairs
from evalwidget.metrics.pairs import pairs_within
from evalwidget.metrics.word_changes import answer_form, word_changes, words
from evalwidget.scoring.error_analysis import BACKGROUND_THRESHOLD
from evalwidget.scoring.evaluation import EXTRA, MATCHED, MISSED, BoxOutcomes, Settings
from evalwidget.scoring.named_scores import score_of_answers, score_of_specimens, sums_of_specimens
from evalwidget.tables import values_at

__all__ = [
    "BOX_EVENTS",
    "COUNTERPART_IOU",
    "AnswerChanges",
    "BoxChanges",
    "answer_changes",
    "box_changes",
    "paired_scores",
    "paired_sums",
]

#: What may become of a box between two steps: what is worse first.
BOX_EVENTS: Final = ("missed", "extra", "duplicated", "relabelled", "moved", "found", "gone")
(
    EVENT_MISSED,
    EVENT_EXTRA,
    EVENT_DUPLICATED,
    EVENT_RELABELLED,
    EVENT_MOVED,
    EVENT_FOUND,
    EVENT_GONE,
) = range(len(BOX_EVENTS))

#: From this IoU on predictions of two steps are of the same place.
COUNTERPART_IOU: Final = 0.5

_USABLE: Final = np.array([state in ("ok", "repaired") for state in PARSE_STATES])


@dataclass(frozen=True, slots=True)
class BoxChanges:
    """``e`` events between two steps, by specimen, and what they come to for each of ``s`` specimens.

    ``specimen`` and ``event`` ``(e,)`` are places among the pair's specimens and in ``BOX_EVENTS``; ``truth`` ``(e,)``
    is the place among the pair's ground truth boxes (-1: the event is of predictions alone). ``rows`` ``(2, e)`` are
    the predictions of the two steps (-1: none), ``iou`` ``(2, e)`` their IoU with the ground truth box, and ``outcome``
    ``(2, e)`` what became of the ground truth box, or of the prediction (-1: there is none). Where a ground truth box
    is missed, row and IoU are those of the nearest prediction of its label that matches nothing.

    ``counts`` ``(7, s)`` of each event are for specimens that are ``compared``: ``(s,)``, scored at both steps;
    ``iou_change`` ``(s,)`` is the mean over the boxes matched at both, NaN without one.
    """

    specimen: NDArray[np.int64]
    event: NDArray[np.int64]
    truth: NDArray[np.int64]
    rows: NDArray[np.int64]
    iou: NDArray[np.float64]
    outcome: NDArray[np.int64]
    counts: NDArray[np.int64]
    compared: NDArray[np.bool_]
    iou_change: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AnswerChanges:
    """The questions ``(k,)`` answered at two steps, those evaluated at both of specimens that are compared.

    ``question`` is the place among the pair's questions, ``specimen`` among its specimens, ``texts`` the answers before
    and after (None: nothing usable). ``is_changed``: the texts differ. The words are those of the answers that changed,
    joined by spaces: ``lost`` and ``added``; and of these, ``reference_lost`` are words of a reference that the answer
    no longer has anywhere, ``reference_found`` those that it had nowhere before. ``format_changed``: another form, or
    the same words written in another way.
    """

    question: NDArray[np.int64]
    specimen: NDArray[np.int64]
    texts: tuple[list[str | None], list[str | None]]
    is_changed: NDArray[np.bool_]
    lost: list[str]
    added: list[str]
    reference_lost: list[str]
    reference_found: list[str]
    format_changed: NDArray[np.bool_]


def paired_scores(
    pair: StepPair, settings: Settings, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The score of each specimen ``(s,)`` before and after, NaN where there is none, and the change: NaN unless the
    specimen is compared and has both. Answers count where they are scored on both sides; a specimen without any such
    has the scores it has on either side alone. Raises ``UnknownNameError``."""
    before, after = (
        side.of_specimens(score_of_specimens(side.evaluation, side.step, settings, name), np.nan) for side in pair.sides
    )
    if pair.has_text:
        part, whole = paired_sums(pair, settings, name)
        both = ratio(part, whole)
        before, after = (
            np.where(np.isnan(both[:, place]), alone, both[:, place]) for place, alone in enumerate((before, after))
        )
    else:
        both = np.where(pair.compared[:, None], np.column_stack([before, after]), np.nan)
    with np.errstate(invalid="ignore"):  # between infinite scores there is no change
        return before, after, both[:, 1] - both[:, 0]


def paired_sums(pair: StepPair, settings: Settings, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sums ``(s, 2)`` before and after of which each side's score is the ratio: see ``sums_of_specimens``. Of the
    specimens that are compared, 0 for others; of answers scored on both sides. Raises ``UnknownNameError``, and
    ``EvalWidgetError`` about a count."""
    if pair.has_text:
        values = np.column_stack(
            [score_of_answers(side.evaluation, side.step, name)[side.truth] for side in pair.sides]
        )
        specimen = _specimen_of_questions(pair)
        scored = np.flatnonzero(~np.isnan(values).any(axis=1) & pair.compared[specimen])
        count = len(pair.identifiers)
        part = np.zeros((count, 2))
        np.add.at(part, specimen[scored], values[scored])
        whole = np.bincount(specimen[scored], minlength=count).astype(np.float64)
        return part, np.column_stack([whole, whole])
    part, whole = np.zeros((2, len(pair.identifiers), 2))
    for place, side in enumerate(pair.sides):
        sums = sums_of_specimens(side.evaluation, side.step, settings, name)
        part[:, place], whole[:, place] = (side.of_specimens(of, 0.0) * pair.compared for of in sums)
    return part, whole


def box_changes(pair: StepPair, settings: Settings, moved_by: float) -> BoxChanges:
    """The events between two steps, of specimens compared whose ground truth is known."""
    outcomes = [_outcomes(side, pair, settings) for side in pair.sides]
    scored = np.logical_and(*(side.of_specimens(side.data.scored(side.step), missing=False) for side in pair.sides))
    compared = pair.compared & scored
    of_truth, iou_change = _truth_events(pair, outcomes, compared, moved_by)
    events = [of_truth, _prediction_events(pair, outcomes, compared, settings)]
    specimen, event, truth = (np.concatenate(parts) for parts in zip(*(each[:3] for each in events), strict=True))
    rows, iou, outcome = (np.concatenate(parts, axis=1) for parts in zip(*(each[3:] for each in events), strict=True))
    order = np.lexsort((*rows, values_at(pair.before.truth, truth, -1), event, specimen))
    count = len(pair.identifiers)
    counts = np.bincount(event * count + specimen, minlength=len(BOX_EVENTS) * count).reshape(-1, count)
    return BoxChanges(
        specimen[order],
        event[order],
        truth[order],
        rows[:, order],
        iou[:, order],
        outcome[:, order],
        counts,
        compared,
        iou_change,
    )


#: Columns of events as ``BoxChanges`` has them: specimen, event, truth, rows, iou, outcome.
_Events = tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.int64],
]


def _outcomes(side: Side, pair: StepPair, settings: Settings) -> BoxOutcomes:
    is_one_run = pair.before.analysis is pair.after.analysis
    steps = [each.step for each in pair.sides] if is_one_run else [side.step]
    return side.evaluation.match(steps, settings)[steps.index(side.step)]


def _truth_events(
    pair: StepPair, outcomes: list[BoxOutcomes], compared: NDArray[np.bool_], moved_by: float
) -> tuple[_Events, NDArray[np.float64]]:
    """What became of the ground truth boxes, and the mean change of IoU of each specimen."""
    specimen = pair.before.place_of(pair.before.data.ground_truth.boxes.specimen)[pair.before.truth]
    outcome = np.array([of.truth_outcome[side.truth] for of, side in zip(outcomes, pair.sides, strict=True)], np.int64)
    rows = np.array([of.truth_prediction[side.truth] for of, side in zip(outcomes, pair.sides, strict=True)])
    iou = np.array([of.truth_iou[side.truth] for of, side in zip(outcomes, pair.sides, strict=True)])
    change = iou[1] - iou[0]
    of_compared = compared[specimen]
    both = np.flatnonzero((outcome == MATCHED).all(axis=0) & of_compared)
    event = np.full(len(specimen), -1)
    event[(outcome[0] == MATCHED) & (outcome[1] == MISSED)] = EVENT_MISSED
    event[(outcome[0] == MISSED) & (outcome[1] == MATCHED)] = EVENT_FOUND
    event[both[np.abs(change[both]) >= moved_by]] = EVENT_MOVED
    event[~of_compared] = -1
    truth = np.flatnonzero(event >= 0)
    rows, iou, outcome = rows[:, truth], iou[:, truth], outcome[:, truth]
    for place, (of, side) in enumerate(zip(outcomes, pair.sides, strict=True)):
        missed = np.flatnonzero(outcome[place] == MISSED)
        rows[place, missed], iou[place, missed] = _nearest_extra(side, of, side.truth[truth[missed]])
    total = np.bincount(specimen[both], change[both], minlength=len(pair.identifiers))
    return (specimen[truth], event[truth], truth, rows, iou, outcome), ratio(
        total, np.bincount(specimen[both], minlength=len(pair.identifiers))
    )


def _nearest_extra(
    side: Side, outcomes: BoxOutcomes, box: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The prediction ``(n,)`` of the highest IoU with each ground truth box among those of its specimen and label that
    match nothing, and that IoU; -1 and NaN where there is none."""
    truth, found = side.data.ground_truth.boxes, side.data.predictions(side.step).boxes
    extra = np.flatnonzero(outcomes.outcome == EXTRA)
    labels = len(side.data.labels)
    group = truth.specimen[box] * labels + truth.label[box]
    place, other = pairs_within(group, found.specimen[extra] * labels + found.label[extra])
    sought, row = box[place], extra[other]
    iou = iou_of_pairs(
        found.corners[row], found.size[row], truth.corners[sought], truth.size[sought], truth.crowd[sought]
    )
    nearest, highest = np.full(len(box), -1), np.full(len(box), np.nan)
    # of several the last to be written is the nearest
    order = np.argsort(iou, kind="stable")
    nearest[place[order]], highest[place[order]] = row[order], iou[order]
    return nearest, highest


def _prediction_events(
    pair: StepPair, outcomes: list[BoxOutcomes], compared: NDArray[np.bool_], settings: Settings
) -> _Events:
    """What became of predictions that match nothing, or have another label."""
    sides = []
    for side, of in zip(pair.sides, outcomes, strict=True):
        boxes = side.data.predictions(side.step).boxes
        place = side.place_of(boxes.specimen)
        rows = np.flatnonzero((of.outcome == MATCHED) | (of.outcome == EXTRA))
        rows = rows[compared[place[rows]]]
        rows = rows[np.argsort(place[rows], kind="stable")]
        placed = PlacedBoxes(place[rows], side.label[boxes.label[rows]], boxes.corners[rows], boxes.size[rows])
        sides.append((rows, placed, of.outcome[rows].astype(np.int64)))
    (rows_before, before, outcome_before), (rows_after, after, outcome_after) = sides
    partner = counterparts(before, after, COUNTERPART_IOU)
    paired = np.flatnonzero(partner >= 0)
    partner_of_after = np.full(len(after), -1)
    partner_of_after[partner[paired]] = paired
    renamed = paired[before.label[paired] != after.label[partner[paired]]]
    # of predictions that stay unmatched there is nothing to tell, but of a new label
    stays = paired[(outcome_before[paired] == EXTRA) & (outcome_after[partner[paired]] == EXTRA)]
    old, new = outcome_before == EXTRA, outcome_after == EXTRA
    for kept in (stays, renamed):
        old[kept] = False
        new[partner[kept]] = False
    gone, come = np.flatnonzero(old), np.flatnonzero(new)
    background = min(BACKGROUND_THRESHOLD, settings.iou_threshold)
    errors = pair.after.analysis.box_errors([pair.after.step], settings, background)[0].error
    kind = np.where(errors[rows_after[come]] == DUPE, EVENT_DUPLICATED, EVENT_EXTRA)
    place_before = np.concatenate([renamed, gone, partner_of_after[come]])
    place_after = np.concatenate([partner[renamed], partner[gone], come])
    event = np.concatenate([np.full(len(renamed), EVENT_RELABELLED), np.full(len(gone), EVENT_GONE), kind])
    specimen = np.concatenate([before.specimen[renamed], before.specimen[gone], after.specimen[come]])
    sources = ((place_before, rows_before, outcome_before), (place_after, rows_after, outcome_after))
    return (
        specimen,
        event,
        np.full(len(event), -1),
        np.array([values_at(rows, place, -1) for place, rows, _ in sources]),
        np.full((2, len(event)), np.nan),
        np.array([values_at(outcome, place, -1) for place, _, outcome in sources]),
    )


#: Of an answer: words lost and added, those of the references among them, whether the form changed.
_TextChange = tuple[str, str, str, str, bool]


def answer_changes(pair: StepPair) -> AnswerChanges:
    """The answers at two steps, side by side."""
    specimen = _specimen_of_questions(pair)
    answers = [side.data.predictions(side.step).answers for side in pair.sides]
    recorded = np.logical_and(*(of.recorded[side.truth] for of, side in zip(answers, pair.sides, strict=True)))
    question = np.flatnonzero(recorded & pair.compared[specimen])
    rows = [side.truth[question].tolist() for side in pair.sides]
    before, after = ([of.text[row] for row in of_side] for of, of_side in zip(answers, rows, strict=True))
    usable = [_USABLE[of.state[of_side]] for of, of_side in zip(answers, rows, strict=True)]
    references = pair.before.data.ground_truth.questions.references
    is_changed = np.array([old != new for old, new in zip(before, after, strict=True)], np.bool_)
    none: _TextChange = ("", "", "", "", False)
    found = [
        none if old == new else _text_change(old, new, references[row])
        for old, new, row in zip(before, after, rows[0], strict=True)
    ]
    lost, added, reference_lost, reference_found = ([str(each[column]) for each in found] for column in range(4))
    return AnswerChanges(
        question,
        specimen[question],
        (before, after),
        is_changed,
        lost,
        added,
        reference_lost,
        reference_found,
        np.array([each[-1] for each in found], np.bool_) | (usable[0] != usable[1]),
    )


@lru_cache(maxsize=1 << 16)
def _text_change(before: str | None, after: str | None, references: tuple[str, ...]) -> _TextChange:
    lost, added = word_changes(before or "", after or "")
    wanted = {word for text in references for word in words(text)}
    no_longer, not_before = wanted - set(words(after or "")), wanted - set(words(before or ""))
    is_reformed = answer_form(before) != answer_form(after) or not (lost or added)
    return (
        " ".join(lost),
        " ".join(added),
        " ".join(word for word in lost if word in no_longer),
        " ".join(word for word in added if word in not_before),
        is_reformed,
    )


def _specimen_of_questions(pair: StepPair) -> NDArray[np.int64]:
    """The specimen of each of the pair's questions."""
    return pair.before.place_of(pair.before.data.ground_truth.questions.specimen)[pair.before.truth]
