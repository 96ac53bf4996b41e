"""Which failure modes each specimen shows at each step, how badly, and the evidence: arrays, each step once and kept.

Modes are those of ``guide.MODES``, defined in ``metrics/box_failures`` and ``metrics/text_failures``. A specimen that
is missing at a step, or without known ground truth, is not judged there: it has no modes and no severity.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalwidget.answer_diagnosis import TEXT_MODES, AnswerDiagnosis, AnswerFailures, failures_of
from evalwidget.boxes import PARSE_STATES
from evalwidget.evaluation import EXTRA, INVALID, MATCHED, MISSED, Evaluation, Settings
from evalwidget.guide import MODES, mode_place
from evalwidget.metrics.box_failures import FALSE_POSITIVE, INCONSISTENT, LOOSE, box_failures
from evalwidget.metrics.counting import ratio
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings
from evalwidget.metrics.error_types import BlockOutcomes
from evalwidget.step_blocks import StepBlock
from evalwidget.step_cache import StepCache
from evalwidget.tables import Answers

__all__ = ["FAILURES_OF_BOXES", "BoxFailures", "Diagnosis", "Finding", "StepDiagnosis"]

_LOOSE, _MISSED, _FALSE_POSITIVE, _INCONSISTENT, _FORMAT = map(
    mode_place, ("loose_box", "missed_detection", "false_positive", "inconsistent_localization", "format_error")
)
#: The mode of each way in which a prediction fails.
FAILURES_OF_BOXES: Final = {LOOSE: _LOOSE, INCONSISTENT: _INCONSISTENT, FALSE_POSITIVE: _FALSE_POSITIVE}
#: The boxes that the evidence of one finding describes; the others are counted.
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class BoxFailures:
    """Failures of one step by row of its tables: of ``m`` predictions ``failure, target, iou`` as in
    ``metrics.box_failures.BlockFailures``, the target a row of the ground truth; ``missed`` ``(n,)``."""

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


class Finding(NamedTuple):
    """A failure mode of a specimen (its row), with its place in ``guide.MODES``, its severity and the evidence in
    words; the items and phrases or questions concerned; and places among the specimen's ground truth boxes and
    predictions, or among its questions on both sides."""

    specimen: int
    mode: int
    severity: float
    evidence: str
    items: list[str]
    phrases: list[str]
    ground_truth: list[int]
    prediction: list[int]


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
    ) -> list[Finding]:
        """What is found at a step in the specimen of that row, or in all specimens; by specimen, then in the order of
        ``guide.MODES``."""
        (found,) = self.at([step], settings, thresholds)
        span = (0, len(self._data.specimens)) if row is None else (row, row + 1)
        if found.answers is not None:
            return sorted(self._of_answers(step, found, found.answers, *span), key=lambda finding: finding[:2])
        return sorted(self._of_boxes(step, settings, found, *span), key=lambda finding: finding[:2])

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
            of_truth = np.array([outcomes[step].truth_outcome[truth.row] for step in block.steps])
            of_block = BlockOutcomes(
                np.zeros(len(block.predictions.score), np.bool_),
                np.isin(of_truth, (MATCHED, MISSED)),
                of_truth == MATCHED,
            )
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

        sought = counted(truth.specimen[np.isin(outcomes.truth_outcome, (MATCHED, MISSED))])
        given = counted(predictions.specimen[np.isin(outcomes.outcome, (MATCHED, EXTRA))])
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

    def _of_answers(
        self, step: int, found: StepDiagnosis, failures: AnswerFailures, first: int, end: int
    ) -> Iterator[Finding]:
        questions, answers = self._data.ground_truth.questions, self._data.predictions(step).answers
        span = slice(questions.offsets[first], questions.offsets[end])
        for place, key in enumerate(TEXT_MODES):
            mode = mode_place(key)
            failing = (np.flatnonzero(failures.severity[span, place] > 0) + span.start).tolist()
            for specimen, group in groupby(failing, key=lambda row: int(questions.specimen[row])):
                rows, start = list(group), int(questions.offsets[specimen])
                is_alone = questions.offsets[specimen + 1] - start == 1
                texts = [
                    evidence if is_alone else f"{questions.question[row] or questions.item[row]} {evidence}"
                    for row in rows
                    for evidence in [_answer_evidence(failures, answers, row, place)]
                ]
                yield Finding(
                    specimen,
                    mode,
                    float(found.severity[specimen, mode]),
                    "; ".join(texts),
                    [questions.item[row] for row in rows],
                    [questions.question[row] for row in rows],
                    [row - start for row in rows],
                    [row - start for row in rows],
                )

    def _of_boxes(self, step: int, settings: Settings, found: StepDiagnosis, first: int, end: int) -> Iterator[Finding]:
        assert found.boxes is not None
        describe = _BoxEvidence(self.evaluation, step, settings, found.boxes, first, end)
        for mode, parts in describe.parts():
            for specimen, of_specimen in groupby(parts, key=lambda part: part.specimen):
                boxes = list(of_specimen)
                texts = [part.text for part in boxes[:_SHOWN]]
                if len(boxes) > _SHOWN:
                    texts.append(f"and {len(boxes) - _SHOWN:,} more")
                if found.judged[specimen]:
                    yield Finding(
                        specimen,
                        mode,
                        float(found.severity[specimen, mode]),
                        "; ".join(texts),
                        list(dict.fromkeys(part.item for part in boxes if part.item)),
                        list(dict.fromkeys(part.phrase for part in boxes)),
                        [part.ground_truth for part in boxes if part.ground_truth >= 0],
                        [part.prediction for part in boxes if part.prediction >= 0],
                    )


class _Part(NamedTuple):
    """What one box adds to a finding."""

    specimen: int
    text: str
    item: str | None
    phrase: str
    ground_truth: int
    prediction: int


class _BoxEvidence:
    """The failing boxes of the specimens ``first`` to ``end - 1`` at a step, in words."""

    def __init__(
        self, evaluation: Evaluation, step: int, settings: Settings, failures: BoxFailures, first: int, end: int
    ) -> None:
        data = evaluation.data
        self._names = data.labels.names
        self._found, self._truth = data.predictions(step).boxes, data.ground_truth.boxes
        self._failures = failures
        self._outcomes = evaluation.boxes(step, settings)
        self._threshold = settings.iou_threshold
        self._rows = slice(self._found.offsets[first], self._found.offsets[end])
        self._truth_rows = slice(self._truth.offsets[first], self._truth.offsets[end])
        self._first, self._end = first, end

    def parts(self) -> Iterator[tuple[int, Iterable[_Part]]]:
        """The parts of each mode, sorted by specimen."""
        yield _LOOSE, self._loose()
        yield _MISSED, self._missed()
        yield _FALSE_POSITIVE, self._false_positives()
        yield _INCONSISTENT, self._inconsistent()
        yield _FORMAT, self._unusable()

    def _failing(self, failure: int) -> NDArray[np.int64]:
        return np.asarray(np.flatnonzero(self._failures.failure[self._rows] == failure) + self._rows.start)

    def _columns(self, rows: NDArray[np.int64], target: NDArray[np.int64]) -> Iterator[tuple]:
        """Specimen, place, label and item of each prediction, place and label of its target (-1: none), and the IoU."""
        found, truth = self._found, self._truth
        of_target = truth.offsets[found.specimen[rows]]
        return zip(
            found.specimen[rows].tolist(),
            (rows - found.offsets[found.specimen[rows]]).tolist(),
            map(self._names.__getitem__, found.label[rows].tolist()),
            found.item[rows].tolist(),
            np.where(target >= 0, target - of_target, -1).tolist(),
            np.append(truth.label, -1)[target].tolist(),
            self._failures.iou[rows].tolist(),
            strict=True,
        )

    def _loose(self) -> Iterator[_Part]:
        rows = self._failing(LOOSE)
        target = self._failures.target[rows]
        times = (self._found.size[rows].prod(axis=1) / self._truth.size[target].prod(axis=1)).tolist()
        for (specimen, place, phrase, item, box, _, iou), larger in zip(
            self._columns(rows, target), times, strict=True
        ):
            text = f"{phrase}: {larger:.1f} times the area of the object, IoU {iou:.2f}"
            yield _Part(specimen, text, item, phrase, box, place)

    def _inconsistent(self) -> Iterator[_Part]:
        rows = self._failing(INCONSISTENT)
        accurate = self._truth.specimen[self._truth_rows][self._outcomes.truth_outcome[self._truth_rows] == MATCHED]
        beside = np.bincount(accurate - self._first, minlength=self._end - self._first).tolist()
        for specimen, place, phrase, item, box, _, iou in self._columns(rows, self._failures.target[rows]):
            others = beside[specimen - self._first]
            where = f"{others} beside it" if others else "most boxes in other images"
            verb = "is" if others == 1 else "are"
            text = f"{phrase}: IoU {iou:.2f}, while {where} {verb} accurate"
            yield _Part(specimen, text, item, phrase, box, place)

    def _false_positives(self) -> Iterator[_Part]:
        rows = self._failing(FALSE_POSITIVE)
        rows = rows[np.lexsort((-np.nan_to_num(self._found.score[rows], nan=1.0), self._found.specimen[rows]))]
        labels = map(self._names.__getitem__, self._found.label[rows].tolist())
        columns = self._columns(rows, self._failures.target[rows])
        scores = self._found.score[rows].tolist()
        for (specimen, place, phrase, item, box, other, iou), label, score in zip(columns, labels, scores, strict=True):
            if box < 0:
                what = "on background"
            elif self._names[other] == label:
                what = f"a second box on the same object, IoU {iou:.2f}"
                if iou < self._threshold:
                    what = f"IoU {iou:.2f} with the nearest"
            elif iou < self._threshold:
                what = f"partly on the wrong object, {self._names[other]}, IoU {iou:.2f}"
            else:
                what = f"on the wrong object, {self._names[other]}, IoU {iou:.2f}"
            text = f"{phrase}: {what}" if score != score else f"{phrase} ({score:.2f}): {what}"
            yield _Part(specimen, text, item, phrase, -1, place)

    def _missed(self) -> Iterator[_Part]:
        truth, part = self._truth, self._truth_rows
        rows = np.flatnonzero(self._failures.missed[part]) + part.start
        near = self._failing(FALSE_POSITIVE)
        near = near[self._failures.target[near] >= 0]
        near = near[np.argsort(self._failures.iou[near], kind="stable")]
        nearest = np.full(part.stop - part.start, -1, np.int64)
        # of several the last to be written is the nearest
        nearest[self._failures.target[near] - part.start] = near
        specimens, nearest = truth.specimen[rows], nearest[rows - part.start]
        for specimen, place, label, item, row in zip(
            specimens.tolist(),
            (rows - truth.offsets[specimens]).tolist(),
            truth.label[rows].tolist(),
            truth.item[rows].tolist(),
            nearest.tolist(),
            strict=True,
        ):
            phrase = text = self._names[label]
            if row >= 0:
                text += f" (nearest: {self._names[self._found.label[row]]}, IoU {self._failures.iou[row]:.2f})"
            yield _Part(specimen, text, item, phrase, place, -1)

    def _unusable(self) -> Iterator[_Part]:
        found, part = self._found, self._rows
        rows = np.flatnonzero(self._outcomes.outcome[part] == INVALID) + part.start
        for row in rows.tolist():
            specimen = int(found.specimen[row])
            defect = found.defects.get(row)
            text = PARSE_STATES[found.state[row]] if defect is None else defect.message
            label = int(found.label[row])
            phrase = self._names[label] if label >= 0 else ""
            yield _Part(specimen, text, found.item[row], phrase, -1, row - int(found.offsets[specimen]))


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
