"""Ground truth that late checkpoints agree to contradict: it may be the label that is wrong."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.diagnosis.diagnosis import Diagnosis
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings
from evalwidget.metrics.overlap import iou_of_pairs
from evalwidget.metrics.pairs import pairs_within
from evalwidget.metrics.text import normalised_answer
from evalwidget.metrics.text_failures import quoted
from evalwidget.scoring.evaluation import EXTRA, MISSED, Settings
from evalwidget.tables import Boxes

__all__ = ["SUSPICIONS", "Suspect", "suspect_answers", "suspect_boxes"]

#: What may be wrong with the ground truth.
SUSPICIONS: Final = ("missing_box", "wrong_label", "box_off", "answer")


class Suspect(NamedTuple):
    """What may be wrong in a specimen (its row): the item and phrase concerned ("" for none), the kind, how far the
    steps agree, 0 to 1, and what tells it in words."""

    specimen: int
    item: str
    phrase: str
    kind: str
    agreement: float
    evidence: str


def suspect_boxes(
    diagnosis: Diagnosis, steps: Sequence[int], settings: Settings, agreement: float, thresholds: DiagnosisSettings
) -> list[Suspect]:
    """Predictions of the last of ``steps`` that every other step gives too, with the same label and an IoU of
    ``agreement`` at least, and that match nothing at any: on background (a box may be missing), on an object of another
    label that none of the steps finds (its label may be wrong), or on one of the same label that none finds (its box
    may be off). Those that agree best come first."""
    data, evaluation = diagnosis.evaluation.data, diagnosis.evaluation
    outcomes = evaluation.match(steps, settings)
    last = data.predictions(steps[-1]).boxes
    rows = np.flatnonzero(outcomes[-1].outcome == EXTRA)
    agreed = np.ones(len(rows))
    for step, of_step in zip(steps[:-1], outcomes[:-1], strict=True):
        boxes = data.predictions(step).boxes
        agreed = np.minimum(agreed, _best_iou(data, last, rows, boxes, np.flatnonzero(of_step.outcome == EXTRA)))
    missed = np.logical_and.reduce([step.truth_outcome == MISSED for step in outcomes])
    rows, agreed = rows[agreed >= agreement], agreed[agreed >= agreement]
    target, iou = diagnosis.nearest(steps[-1], rows, settings, thresholds)
    suspects = _told(data, last, rows, agreed, target, iou, missed, settings.iou_threshold)
    return sorted(suspects, key=lambda suspect: (-suspect.agreement, suspect.specimen))


def _best_iou(
    data: RunData, last: Boxes, rows: NDArray[np.int64], other: Boxes, others: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The highest IoU of each of ``rows`` with one of ``others`` in the same specimen and of the same label."""
    labels = max(len(data.labels), 1)
    group = last.specimen[rows] * labels + last.label[rows]
    left, right = pairs_within(group, other.specimen[others] * labels + other.label[others])
    one, two = rows[left], others[right]
    crowd = np.zeros(len(one), np.bool_)
    iou = iou_of_pairs(last.corners[one], last.size[one], other.corners[two], other.size[two], crowd)
    best = np.zeros(len(rows))
    np.maximum.at(best, left, iou)
    return best


def _told(
    data: RunData,
    last: Boxes,
    rows: NDArray[np.int64],
    agreed: NDArray[np.float64],
    target: NDArray[np.int64],
    iou: NDArray[np.float64],
    missed: NDArray[np.bool_],
    iou_threshold: float,
) -> Iterator[Suspect]:
    """What each prediction speaks for; nothing where it lies on an object that is found, or found at some step."""
    truth, names = data.ground_truth.boxes, data.labels.names
    for row, agreement, box, overlap in zip(rows.tolist(), agreed.tolist(), target.tolist(), iou.tolist(), strict=True):
        label = int(last.label[row])
        specimen, phrase = int(last.specimen[row]), names[label]
        same = box >= 0 and int(truth.label[box]) == label
        told = f"{phrase} at every one of these steps"
        if box < 0 or (not same and overlap < iou_threshold):
            yield Suspect(specimen, "", phrase, "missing_box", agreement, f"{told}, where nothing is annotated")
        elif missed[box]:
            item, annotated = truth.item[box] or "", names[int(truth.label[box])]
            kind = "box_off" if same else "wrong_label"
            where = f"IoU {overlap:.2f} with the box annotated" + ("" if same else f" as {annotated}")
            yield Suspect(specimen, item, annotated, kind, agreement, f"{told}, {where}")


def suspect_answers(
    diagnosis: Diagnosis, steps: Sequence[int], settings: Settings, thresholds: DiagnosisSettings
) -> list[Suspect]:
    """Questions that all ``steps`` answer alike (after SQuAD's normalisation), not as the references do, and without
    refusing; where the answers carry a confidence, from the confidence threshold on."""
    data = diagnosis.evaluation.data
    questions = data.ground_truth.questions
    found = [step.answers for step in diagnosis.at(steps, settings, thresholds)]
    wrong = np.ones(len(questions), np.bool_)
    for step, failures in zip(steps, found, strict=True):
        assert failures is not None
        answers = data.predictions(step).answers
        wrong &= failures.judged & ~failures.right & ~failures.refuses & answers.usable
        wrong &= ~(answers.score < settings.confidence_threshold)
    suspects = []
    for row in np.flatnonzero(wrong).tolist():
        given = {normalised_answer(data.predictions(step).answers.text[row] or "") for step in steps}
        if len(given) == 1 and "" not in given:
            references = " | ".join(dict.fromkeys(questions.references[row]))
            said = quoted(data.predictions(steps[-1]).answers.text[row] or "")
            evidence = f'{said} at every one of these steps, where the reference says "{references}"'
            specimen = int(questions.specimen[row])
            suspects.append(Suspect(specimen, questions.item[row], questions.question[row], "answer", 1.0, evidence))
    return suspects
