"""What is wrong with the answers of a run: each distinct answer judged once, whatever its steps; a confidence, where
answers carry one, then speaks on how they handle ambiguity."""

import threading
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.answer_pairs import AnswerPairs
from evalwidget.boxes import PARSE_STATES
from evalwidget.data import RunData
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings
from evalwidget.metrics.text_failures import AnswerContext, Failure, Judgement, judged

__all__ = ["TEXT_MODES", "AnswerDiagnosis", "AnswerFailures", "failures_of"]

#: The modes of answers, in the order of ``AnswerFailures.severity``.
TEXT_MODES: Final = ("hallucination", "incomplete_answer", "format_error", "ambiguity")
_FORMAT, _AMBIGUITY = TEXT_MODES.index("format_error"), TEXT_MODES.index("ambiguity")

_NO_ANSWER: Final = PARSE_STATES.index("no_answer")
#: Settings whose judgements are kept.
_KEPT: Final = 4


@dataclass(frozen=True, slots=True)
class AnswerFailures:
    """Answers ``(q,)`` of one step: which are ``judged`` (recorded, with references); their ``severity`` ``(q, 4)`` by
    ``TEXT_MODES``, 0 where a mode is absent; which are ``right``, ``refuses``, ``concise``, ``checked``, ``contested``
    and ``backed``, as in ``metrics.text_failures.Judgement``; whether the ambiguity is told ``by_confidence``; and the
    ``judgements``, None for one that is not judged or could not be read."""

    judged: NDArray[np.bool_]
    severity: NDArray[np.float32]
    right: NDArray[np.bool_]
    unsure: NDArray[np.bool_]
    refuses: NDArray[np.bool_]
    concise: NDArray[np.bool_]
    checked: NDArray[np.bool_]
    contested: NDArray[np.bool_]
    backed: NDArray[np.bool_]
    by_confidence: NDArray[np.bool_]
    judgements: list[Judgement | None]


class AnswerDiagnosis:
    """Failures of a run's answers. Safe to use from several threads."""

    def __init__(self, data: RunData) -> None:
        self._data = data
        self._lock = threading.RLock()
        self._tables: dict[DiagnosisSettings, _JudgementTable] = {}

    def failures(self, step: int, settings: DiagnosisSettings) -> AnswerFailures:
        """What is wrong with the answers of a step.

        Where an answer carries a confidence this tells how it handles ambiguity, and its wording does not, unless it
        refuses to answer: wrong and ``sure`` (severity: the confidence), right and ``unsure`` (1 - confidence), or sure
        where the references disagree and too few of them say the same.
        """
        data = self._data
        questions, answers = data.ground_truth.questions, data.predictions(step).answers
        with self._lock:
            if settings not in self._tables:
                self._tables[settings] = _JudgementTable(data, settings)
            table = self._tables[settings] = self._tables.pop(settings)
            if len(self._tables) > _KEPT:
                del self._tables[next(iter(self._tables))]
            known = np.array([bool(references) for references in questions.references], np.bool_)
            rows = np.flatnonzero(answers.recorded & known)
            pairs = table.pairs.numbered(answers.recorded & known, [text or "" for text in answers.text])[rows]
            severities, flags = table.columns()
            judgements = [table.judgements[pair] for pair in pairs.tolist()]
        severity = np.zeros((len(questions), len(TEXT_MODES)), np.float32)
        severity[rows] = severities[pairs]
        of_row = np.zeros((len(questions), flags.shape[1]), np.bool_)
        of_row[rows] = flags[pairs]
        by_row: list[Judgement | None] = [None] * len(questions)
        for row, judgement in zip(rows.tolist(), judgements, strict=True):
            by_row[row] = judgement
        right, unsure, refuses, concise, checked, contested, backed = of_row.T
        is_judged = np.zeros(len(questions), np.bool_)
        is_judged[rows] = True
        for row in np.flatnonzero(is_judged & ~answers.usable & (answers.state != _NO_ANSWER)).tolist():
            severity[row] = 0
            severity[row, _FORMAT] = 1
            by_row[row] = None
        speaks = is_judged & ~np.isnan(answers.score) & ~refuses
        severity[speaks, _AMBIGUITY] = _miscalibration(answers.score, right, contested & ~backed, settings)[speaks]
        return AnswerFailures(
            is_judged, severity, right, unsure, refuses, concise, checked, contested, backed, speaks, by_row
        )


class _JudgementTable:
    """The judgements of distinct answers, as objects and in columns."""

    def __init__(self, data: RunData, settings: DiagnosisSettings) -> None:
        self._settings = settings
        self.pairs = AnswerPairs(_contexts(data, settings))
        self.judgements: list[Judgement] = []
        self._severities = np.zeros((0, len(TEXT_MODES)), np.float32)
        self._flags = np.zeros((0, 7), np.bool_)

    def columns(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Severities ``(p, 4)`` and, as ``AnswerFailures`` has them, flags ``(p, 7)`` of all pairs so far."""
        new = [
            judged(text, self.pairs.contexts[place], self._settings)
            for text, place in self.pairs.pairs[len(self.judgements) :]
        ]
        if new:
            self.judgements += new
            severities = [[failure.severity for failure in failures_of(judgement)] for judgement in new]
            flags = [
                [
                    *(one.is_right, one.is_unsure, one.refuses, one.is_concise),
                    *(one.is_checked, one.is_contested, one.is_backed),
                ]
                for one in new
            ]
            self._severities = np.concatenate([self._severities, np.array(severities, np.float32)])
            self._flags = np.concatenate([self._flags, np.array(flags, np.bool_)])
        return self._severities, self._flags


def failures_of(judgement: Judgement) -> tuple[Failure, ...]:
    """The failures of an answer in the order of ``TEXT_MODES``."""
    return judgement.hallucination, judgement.incomplete, judgement.format_error, judgement.ambiguity


def _miscalibration(
    confidence: NDArray[np.float64],
    right: NDArray[np.bool_],
    contested: NDArray[np.bool_],
    settings: DiagnosisSettings,
) -> NDArray[np.float64]:
    """How badly ``(q,)`` each confidence fits, 0 where it does."""
    too_sure = (confidence >= settings.sure) & (~right | contested)
    too_unsure = (confidence <= settings.unsure) & right & ~contested
    return np.where(too_sure, confidence, np.where(too_unsure, 1 - confidence, 0.0))


def _contexts(data: RunData, settings: DiagnosisSettings) -> list[AnswerContext]:
    """What the answer to each question is held against. Without objects stated, the labels of the run's boxes are the
    objects known, for the specimens that have some."""
    questions, boxes, names = data.ground_truth.questions, data.ground_truth.boxes, data.labels.names
    own = tuple((names[label], (names[label],)) for label in np.unique(boxes.label).tolist())
    contexts = []
    for row, specimen in enumerate(questions.specimen.tolist()):
        labels = np.unique(boxes.label[boxes.offsets[specimen] : boxes.offsets[specimen + 1]]).tolist()
        contexts.append(
            AnswerContext(
                questions.references[row],
                questions.question[row],
                data.specimens.captions[specimen],
                tuple(names[label] for label in labels),
                settings.objects or (own if labels else ()),
            )
        )
    return contexts
