"""Which of the interpretation guide's good criteria a specimen without failure mode meets, as arrays."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.answer_diagnosis import AnswerFailures
from evalwidget.diagnosis import Diagnosis
from evalwidget.evaluation import MATCHED, MISSED, Settings
from evalwidget.guide import GOOD_BOXES, GOOD_TEXT
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings

__all__ = ["MET", "NOT_JUDGEABLE", "NOT_MET", "good_criteria"]

NOT_JUDGEABLE: Final = -1
NOT_MET: Final = 0
MET: Final = 1


def good_criteria(
    diagnosis: Diagnosis, step: int, settings: Settings, thresholds: DiagnosisSettings
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """The rows ``(h,)`` of the specimens that are judged and show no failure mode, and of each criterion of
    ``GOOD_BOXES`` or ``GOOD_TEXT`` ``(h, c)`` whether they meet it: ``MET``, ``NOT_MET`` or ``NOT_JUDGEABLE``."""
    (found,) = diagnosis.at([step], settings, thresholds)
    rows = np.flatnonzero(found.judged & (found.modes == 0))
    if found.answers is not None:
        questions = diagnosis.evaluation.data.ground_truth.questions.specimen
        scored = ~np.isnan(diagnosis.evaluation.data.predictions(step).answers.score)
        return rows, _of_answers(found.answers, questions, scored, len(found.judged))[rows]
    return rows, _of_boxes(diagnosis, step, settings, thresholds)[rows]


def _of_boxes(diagnosis: Diagnosis, step: int, settings: Settings, thresholds: DiagnosisSettings) -> NDArray[np.int8]:
    """Of a specimen without failure mode everything is found and nothing is a false positive."""
    data = diagnosis.evaluation.data
    outcomes, truth = diagnosis.evaluation.boxes(step, settings), data.ground_truth.boxes
    matched = outcomes.truth_outcome == MATCHED
    specimen, iou = truth.specimen[matched], outcomes.truth_iou[matched]
    count = np.bincount(specimen, minlength=len(data.specimens))
    lowest, highest = np.ones(len(count)), np.zeros(len(count))
    np.minimum.at(lowest, specimen, iou)
    np.maximum.at(highest, specimen, iou)
    sought = np.bincount(truth.specimen[matched | (outcomes.truth_outcome == MISSED)], minlength=len(count))
    met = {
        "tight": _where(lowest >= thresholds.tight_iou, count > 0),
        "everything_found": _where(sought == count, sought > 0),
        "few_false_positives": np.full(len(count), MET, np.int8),
        "even_quality": _where(highest - lowest <= thresholds.even_range, count > 1),
    }
    return np.column_stack([met[criterion.key] for criterion in GOOD_BOXES])


def _of_answers(
    failures: AnswerFailures, specimen: NDArray[np.int64], scored: NDArray[np.bool_], specimens: int
) -> NDArray[np.int8]:
    """An answer that fails in no mode and is not known to be right may mean the same: that is not judgeable."""

    def counted(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(specimen[failures.judged & rows], minlength=specimens)

    every = counted(np.ones(len(specimen), np.bool_))
    tried = scored | failures.contested
    met = {
        "same_meaning": _where(True, counted(failures.right) == every),
        "factual": _where(True, counted(failures.right & failures.checked) == every),
        "concise": _where(counted(failures.concise) == every, every > 0),
        "well_formed": _where(True, every > 0),
        "handles_ambiguity": _where(True, counted(tried) > 0),
    }
    return np.column_stack([met[criterion.key] for criterion in GOOD_TEXT])


def _where(is_met: NDArray[np.bool_] | bool, judgeable: NDArray[np.bool_]) -> NDArray[np.int8]:
    return np.where(judgeable, np.where(is_met, MET, NOT_MET), NOT_JUDGEABLE).astype(np.int8)
