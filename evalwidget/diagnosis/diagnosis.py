"""Which failure modes each specimen shows at each step, how badly, and the evidence: arrays, each step once and kept.

Modes are those of ``guide.MODES``, defined in ``metrics/box_failures`` and ``metrics/text_failures``. A specimen that
is missing at a step, or without known ground truth, is not judged there: it has no modes and no severity.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import PARSE_STATES
from evalwidget.diagnosis.answer_diagnosis import TEXT_MODES, AnswerDiagnosis, AnswerFailures, failures_of
from evalwidget.diagnosis.findings import FailingBoxes, Findings, findings_of_boxes, groups_of
from evalwidget.guide import MODES, mode_place
from evalwidget.metrics.box_failures import FALSE_POSITIVE, INCONSISTENT, LOOSE, box_failures, nearest_objects
from evalwidget.metrics.counting import ratio
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings
from evalwidget.metrics.score_order import certainty, integer_order, score_order
from evalwidget.number_texts import number_texts
from evalwidget.scoring.error_analysis import outcomes_of_block
from evalwidget.scoring.evaluation import EXTRA, INVALID, MATCHED, Evaluation, Settings
from evalwidget.scoring.step_blocks import StepBlock
from evalwidget.scoring.step_cache import StepCache
from evalwidget.tables import Answers

__all__ = ["FAILURES_OF_BOXES", "BoxFailures", "Diagnosis", "StepDiagnosis"]

_LOOSE, _MISSED, _FALSE_POSITIVE, _INCONSISTENT, _FORMAT = map(
    mode_place, ("loose_box", "missed_detection", "false_positive", "inconsistent_localization", "format_error")
)
#: The modes of answers in the order of ``TEXT_MODES``.
_TEXT_MODE: Final = np.array([mode_place(key) for key in TEXT_MODES])
#: The mode of each way in which a prediction fails.
FAILURES_OF_BOXES: Final = {LOOSE: _LOOSE, INCONSISTENT: _INCONSISTENT, FALSE_POSITIVE: _FALSE_POSITIVE}


@dataclass(frozen=True, slots=True)
class BoxFailures:
    """Failures of one step by row of its tables: of ``m`` predictions ``failure, target, iou`` as in
    ``metrics.box_failures.BlockFailures``, the target a row of the ground truth; ``missed`` ``(n,)``. What false
    positives lie on ``Diagnosis.nearest`` says."""

    failure: NDArray[np.int8]
    target: NDArray[np.int64]
    iou: NDArray[np.float32]
    missed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StepDiagnosis:
    """One step: which specimens ``(s,)`` are ``judged``; their ``modes`` ``(s,)``, bit ``k`` for ``guide.MODES[k]``;
    the ``severity`` ``(s, 8)`` of each mode, 0 where it is absent, NaN for a specimen that is not judged; and
    ``counts`` ``(8,)``: the specimens that show each mode.

    Severity, 0 to 1, of boxes: the share of the specimen's ground truth boxes that are loosely boxed, missed or
    inconsistently localised; of its predictions that are false positives, or cannot be used (format error). Of
    answers: the mean over the specimen's answers of what ``metrics.text_failures`` says of each, 0 for one that does
    not fail so.
    """

    judged: NDArray[np.bool_]
    modes: NDArray[np.uint16]
    severity: NDArray[np.float32]
    counts: NDArray[np.int64]
    boxes: BoxFailures | None = None
    answers: AnswerFailures | None = None


class Diagnosis:
    """Failure modes of a run, those of all steps asked for found in one pass and kept. Safe to use from several
    threads."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self._data = evaluation.data
        self._blocks = evaluation.coco.blocks
        self._answers = AnswerDiagnosis(self._data)
        self._steps = StepCache(self._new_steps)

    def at(
        self, steps: Sequence[int], settings: Settings, thresholds: DiagnosisSettings | None = None
    ) -> list[StepDiagnosis]:
        """The diagnosis at each of ``steps``; thresholds are the usual ones if None."""
        return self._steps.at(steps, (settings, thresholds or DiagnosisSettings()))

    def findings(
        self, step: int, settings: Settings, thresholds: DiagnosisSettings | None = None, row: int | None = None
    ) -> Findings:
        """What is found at a step in the specimen of that row, or in all specimens."""
        (found,) = self.at([step], settings, thresholds)
        span = (0, len(self._data.specimens)) if row is None else (row, row + 1)
        if found.answers is not None:
            return self._of_answers(step, found, found.answers, *span)
        return _BoxEvidence(self, step, settings, thresholds or DiagnosisSettings(), found, *span).findings()

    def nearest(
        self, step: int, rows: NDArray[np.int64], settings: Settings, thresholds: DiagnosisSettings
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The ground truth box (its row) of any label that each of these predictions (rows, ascending) of a step
        overlaps most, -1 for one on background, and that IoU, 0 without one."""
        truth = self._blocks.truth
        target, iou = np.full(len(rows), -1, np.int64), np.zeros(len(rows))

        def of_block(block: StepBlock) -> list[None]:
            box, overlap = nearest_objects(truth, block.predictions, settings.iou_threshold, thresholds)
            place = np.searchsorted(rows, block.rows[0])
            target[place], iou[place] = np.append(truth.row, -1)[box], overlap
            return [None]

        self._blocks.each_step([step], lambda _: rows, of_block)
        return target, iou

    def _new_steps(self, steps: list[int], settings: tuple[Settings, DiagnosisSettings]) -> list[StepDiagnosis]:
        matching, thresholds = settings
        if self._data.has_text:
            return [self._answer_diagnosis(self._answers.failures(step, thresholds)) for step in steps]
        failures = self._box_failures(steps, matching, thresholds)
        return [self._box_diagnosis(step, matching, of_step) for step, of_step in zip(steps, failures, strict=True)]

    def _box_failures(
        self, steps: Sequence[int], settings: Settings, thresholds: DiagnosisSettings
    ) -> list[BoxFailures]:
        outcomes = dict(zip(steps, self.evaluation.match(steps, settings), strict=True))
        truth = self._blocks.truth

        def extra(step: int) -> NDArray[np.int64]:
            return np.flatnonzero(outcomes[step].outcome == EXTRA)

        def failures_of(block: StepBlock) -> list[BoxFailures]:
            of_block = outcomes_of_block(block, truth, outcomes)
            found = box_failures(truth, block.predictions, of_block, settings.iou_threshold, thresholds)
            columns = (block.by_step(values) for values in (found.failure, found.target, found.iou))
            return [
                self._by_row(step, *of_step)
                for step, *of_step in zip(block.steps, block.rows, *columns, found.missed, strict=True)
            ]

        return self._blocks.each_step(steps, extra, failures_of)

    def _by_row(
        self,
        step: int,
        rows: NDArray[np.int64],
        failure: NDArray[np.int8],
        target: NDArray[np.int64],
        iou: NDArray[np.float64],
        missed: NDArray[np.bool_],
    ) -> BoxFailures:
        truth, count = self._blocks.truth, len(self._data.predictions(step).boxes)
        found = BoxFailures(
            np.full(count, -1, np.int8),
            np.full(count, -1, np.int64),
            np.zeros(count, np.float32),
            np.zeros(len(truth), np.bool_),
        )
        found.failure[rows], found.iou[rows] = failure, iou
        found.target[rows] = np.append(truth.row, -1)[target]
        found.missed[truth.row] = missed
        return found

    def _box_diagnosis(self, step: int, settings: Settings, failures: BoxFailures) -> StepDiagnosis:
        outcomes, predictions = self.evaluation.boxes(step, settings), self._data.predictions(step).boxes
        truth, specimens = self._data.ground_truth.boxes, len(self._data.specimens)

        def counted(specimen: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.bincount(specimen, minlength=specimens)

        sought = counted(truth.specimen[outcomes.sought])
        given = counted(predictions.specimen[outcomes.counted])
        invalid = counted(predictions.specimen[outcomes.outcome == INVALID])
        severity = np.zeros((specimens, len(MODES)), np.float32)
        for failure, mode in FAILURES_OF_BOXES.items():
            whole = given if failure == FALSE_POSITIVE else sought
            severity[:, mode] = ratio(counted(predictions.specimen[failures.failure == failure]), whole)
        severity[:, _MISSED] = ratio(counted(truth.specimen[failures.missed]), sought)
        severity[:, _FORMAT] = ratio(invalid, np.diff(predictions.offsets))
        return _step_diagnosis(self._data.scored(step), np.nan_to_num(severity, copy=False), boxes=failures)

    def _answer_diagnosis(self, failures: AnswerFailures) -> StepDiagnosis:
        specimens, of_question = len(self._data.specimens), self._data.ground_truth.questions.specimen
        count = np.bincount(of_question[failures.judged], minlength=specimens)
        severity = np.zeros((specimens, len(MODES)), np.float32)
        for place, key in enumerate(TEXT_MODES):
            total = np.bincount(of_question, failures.severity[:, place], minlength=specimens)
            severity[:, mode_place(key)] = np.nan_to_num(ratio(total, count))
        return _step_diagnosis(count > 0, severity, answers=failures)

    def _of_answers(self, step: int, found: StepDiagnosis, failures: AnswerFailures, first: int, end: int) -> Findings:
        questions, answers = self._data.ground_truth.questions, self._data.predictions(step).answers
        span = slice(questions.offsets[first], questions.offsets[end])
        row, place = np.nonzero(failures.severity[span] > 0)
        row, mode = row + span.start, _TEXT_MODE[place]
        order = np.lexsort((row, mode, questions.specimen[row]))
        row, mode, place = row[order], mode[order], place[order]
        specimen = questions.specimen[row]
        is_alone = np.diff(questions.offsets)[specimen] == 1
        texts = [
            evidence if alone else f"{questions.question[at] or questions.item[at]} {evidence}"
            for at, of_mode, alone in zip(row.tolist(), place.tolist(), is_alone.tolist(), strict=True)
            for evidence in [_answer_evidence(failures, answers, at, of_mode)]
        ]
        groups = groups_of(specimen, mode)
        item, phrase = ([column[at] for at in row.tolist()] for column in (questions.item, questions.question))
        places = (row - questions.offsets[specimen]).tolist()
        start = groups.starts
        return Findings(
            specimen[start],
            mode[start],
            found.severity[specimen[start], mode[start]].astype(np.float64),
            ["; ".join(of) for of in groups.parts(texts)],
            ["; ".join(of) for of in groups.parts(item)],
            ["; ".join(of) for of in groups.parts(phrase)],
            groups.parts(places),
            groups.parts(places),
        )


class _BoxEvidence:
    """What is found in the specimens ``first`` to ``end - 1`` at a step, in words."""

    def __init__(
        self,
        diagnosis: Diagnosis,
        step: int,
        settings: Settings,
        thresholds: DiagnosisSettings,
        found: StepDiagnosis,
        first: int,
        end: int,
    ) -> None:
        assert found.boxes is not None
        data = diagnosis.evaluation.data
        self._names = np.array(data.labels.names, np.object_)
        self._boxes, self._truth = data.predictions(step).boxes, data.ground_truth.boxes
        self._failures, self._severity, self._judged = found.boxes, found.severity, found.judged
        self._outcomes = diagnosis.evaluation.boxes(step, settings)
        self._iou_threshold = settings.iou_threshold
        self._rows = slice(self._boxes.offsets[first], self._boxes.offsets[end])
        self._truth_rows = slice(self._truth.offsets[first], self._truth.offsets[end])
        self._first, self._end = first, end
        self._extra = self._failing(FALSE_POSITIVE)
        self._target, self._iou = diagnosis.nearest(step, self._extra, settings, thresholds)

    def findings(self) -> Findings:
        parts = [self._loose(), self._missed(), self._false_positives(), self._inconsistent(), self._unusable()]
        return findings_of_boxes(parts, self._severity, self._names)

    def _failing(self, failure: int) -> NDArray[np.int64]:
        return np.asarray(np.flatnonzero(self._failures.failure[self._rows] == failure) + self._rows.start)

    def _of_predictions(
        self,
        mode: int,
        rows: NDArray[np.int64],
        target: NDArray[np.int64],
        texts: Callable[[NDArray[np.int64]], NDArray[np.object_]],
    ) -> FailingBoxes:
        boxes, truth = self._boxes, self._truth
        specimen = boxes.specimen[rows]
        return FailingBoxes(
            mode,
            specimen,
            boxes.label[rows],
            boxes.item[rows],
            np.where(target >= 0, target - truth.offsets[specimen], -1),
            rows - boxes.offsets[specimen],
            texts,
        )

    def _loose(self) -> FailingBoxes:
        rows = self._failing(LOOSE)
        target = self._failures.target[rows]

        def texts(shown: NDArray[np.int64]) -> NDArray[np.object_]:
            row, box = rows[shown], target[shown]
            times = self._boxes.size[row].prod(axis=1) / self._truth.size[box].prod(axis=1)
            larger = number_texts(times, 1, ": {} times the area of the object, IoU ")
            told: NDArray[np.object_] = (
                self._names[self._boxes.label[row]] + larger + number_texts(self._failures.iou[row], 2)
            )
            return told

        return self._of_predictions(_LOOSE, rows, target, texts)

    def _inconsistent(self) -> FailingBoxes:
        rows = self._failing(INCONSISTENT)
        matched = self._outcomes.truth_outcome[self._truth_rows] == MATCHED
        accurate = self._truth.specimen[self._truth_rows][matched] - self._first
        beside = np.bincount(accurate, minlength=self._end - self._first)

        def texts(shown: NDArray[np.int64]) -> NDArray[np.object_]:
            row = rows[shown]
            others = beside[self._boxes.specimen[row] - self._first]
            accurate = np.array([_accurate(count) for count in range(others.max(initial=0) + 1)], np.object_)
            iou = number_texts(self._failures.iou[row], 2, ": IoU {}, while ")
            told: NDArray[np.object_] = self._names[self._boxes.label[row]] + iou + accurate[others]
            return told

        return self._of_predictions(_INCONSISTENT, rows, self._failures.target[rows], texts)

    def _false_positives(self) -> FailingBoxes:
        boxes = self._boxes
        by_score = score_order(certainty(boxes.score[self._extra]))
        order = by_score[integer_order(boxes.specimen[self._extra][by_score] - self._first, self._end - self._first)]
        rows, target, overlap = self._extra[order], self._target[order], self._iou[order]

        def texts(shown: NDArray[np.int64]) -> NDArray[np.object_]:
            row, box = rows[shown], target[shown]
            label, score = boxes.label[row], boxes.score[row]
            scores = np.where(np.isnan(score), ": ", number_texts(score, 2, " ({}): "))
            lies = self._lies(label, np.append(self._truth.label, -1)[box], overlap[shown])
            told: NDArray[np.object_] = self._names[label] + scores + lies
            return told

        return self._of_predictions(_FALSE_POSITIVE, rows, np.full(len(rows), -1), texts)

    def _lies(
        self, label: NDArray[np.integer], other: NDArray[np.integer], iou: NDArray[np.float64]
    ) -> NDArray[np.object_]:
        """Where each false positive lies, by the label of the object that it overlaps most, -1 for none, and that
        IoU."""
        lies = np.full(len(label), "on background", np.object_)
        is_same, is_near = other == label, iou >= self._iou_threshold
        for chosen, around in (
            (is_same & is_near, "a second box on the same object, IoU {}"),
            (is_same & ~is_near, "IoU {} with the nearest"),
        ):
            lies[chosen] = number_texts(iou[chosen], 2, around)
        is_wrong = (other >= 0) & ~is_same
        for chosen, where in (
            (is_wrong & is_near, "on the wrong object, "),
            (is_wrong & ~is_near, "partly on the wrong object, "),
        ):
            lies[chosen] = where + self._names[other[chosen]] + number_texts(iou[chosen], 2, ", IoU {}")
        return lies

    def _missed(self) -> FailingBoxes:
        truth, part = self._truth, self._truth_rows
        rows = np.flatnonzero(self._failures.missed[part]) + part.start
        near = np.flatnonzero(self._target >= 0)
        near = near[np.argsort(self._iou[near], kind="stable")]
        nearest = np.full(part.stop - part.start, -1, np.int64)
        # of several the last to be written is the nearest
        nearest[self._target[near] - part.start] = near

        def texts(shown: NDArray[np.int64]) -> NDArray[np.object_]:
            told: NDArray[np.object_] = self._names[truth.label[rows[shown]]]
            extra = nearest[rows[shown] - part.start]
            there = np.flatnonzero(extra >= 0)
            other = self._names[self._boxes.label[self._extra[extra[there]]]]
            told[there] += " (nearest: " + other + number_texts(self._iou[extra[there]], 2, ", IoU {})")
            return told

        specimen = truth.specimen[rows]
        none = np.full(len(rows), -1)
        return FailingBoxes(
            _MISSED, specimen, truth.label[rows], truth.item[rows], rows - truth.offsets[specimen], none, texts
        )

    def _unusable(self) -> FailingBoxes:
        boxes, part = self._boxes, self._rows
        rows = np.flatnonzero(self._outcomes.outcome[part] == INVALID) + part.start
        rows = rows[self._judged[boxes.specimen[rows]]]

        def texts(shown: NDArray[np.int64]) -> NDArray[np.object_]:
            defects = [(row, boxes.defects.get(row)) for row in rows[shown].tolist()]
            said = [PARSE_STATES[boxes.state[row]] if defect is None else defect.message for row, defect in defects]
            return np.array(said, np.object_)

        return self._of_predictions(_FORMAT, rows, np.full(len(rows), -1), texts)


def _accurate(count: int) -> str:
    """What is accurate where one box is not: so many beside it, else those of other images."""
    if not count:
        return "most of what is localised in other images is accurate"
    return f"{count} beside it {'is' if count == 1 else 'are'} accurate"


def _answer_evidence(failures: AnswerFailures, answers: Answers, row: int, place: int) -> str:
    """What tells that the answer to question ``row`` fails in the mode at ``place`` in ``TEXT_MODES``."""
    judgement = failures.judgements[row]
    if judgement is None:
        defect = answers.defects.get(row)
        return PARSE_STATES[answers.state[row]] if defect is None else defect.message
    if TEXT_MODES[place] != "ambiguity":
        return failures_of(judgement)[place].evidence
    if not failures.by_confidence[row]:
        return f"by its wording: {judgement.ambiguity.evidence}"
    if failures.contested[row] and not failures.backed[row]:
        why = "where the references disagree"
    else:
        why = "and right" if failures.right[row] else "and wrong"
    return f"by its confidence: {answers.score[row]:.2f} sure, {why}"


def _step_diagnosis(
    judged: NDArray[np.bool_],
    severity: NDArray[np.float32],
    boxes: BoxFailures | None = None,
    answers: AnswerFailures | None = None,
) -> StepDiagnosis:
    severity[~judged] = np.nan
    present = severity > 0
    bits = (1 << np.arange(len(MODES))).astype(np.uint16)
    modes = (present * bits).sum(axis=1, dtype=np.uint16)
    return StepDiagnosis(judged, modes, severity, present.sum(axis=0), boxes, answers)
