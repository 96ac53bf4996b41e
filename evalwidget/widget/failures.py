"""Answers to what the front end asks of failure modes: of every specimen, of steps, and of the open specimen."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.diagnosis.diagnosis import Diagnosis
from evalwidget.diagnosis.good_criteria import MET, good_criteria
from evalwidget.guide import GOOD_BOXES, GOOD_TEXT, MODES
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings
from evalwidget.scoring.evaluation import Settings
from evalwidget.widget import protocol
from evalwidget.widget.messages import Reply, in_a_moment, integer, integers, number, packed, within

__all__ = ["criteria_of_run", "findings", "mode_counts", "modes", "modes_of_run"]

_SETTINGS: Final = Settings()
#: A failure mode of text that boxes can have as well: predictions that cannot be read.
_OF_ALL: Final = ("format_error",)


def modes_of_run(data: RunData) -> list[protocol.FailureMode]:
    """The failure modes that predictions of the run can have."""
    return [
        protocol.FailureMode(
            key=mode.key,
            name=mode.name,
            meaning=mode.meaning,
            definition=mode.definition,
            advice=mode.advice,
            of=mode.of,
        )
        for mode in (MODES[place] for place in _places(data))
    ]


def criteria_of_run(data: RunData) -> list[protocol.GoodCriterion]:
    """What makes predictions of the run good."""
    return [
        protocol.GoodCriterion(key=one.key, name=one.name, meaning=one.meaning)
        for one in (GOOD_TEXT if data.has_text else GOOD_BOXES)
    ]


def modes(identity: str, request: Mapping[str, Any], diagnosis: Diagnosis) -> Reply:
    """The failure modes of every specimen at a step."""
    step = integer(request, "step")
    (found,) = diagnosis.at([step], _SETTINGS)
    bits: NDArray[np.uint32] = np.zeros(len(found.modes), np.uint32)
    for bit, place in enumerate(_places(diagnosis.evaluation.data)):
        bits |= (found.modes.astype(np.uint32) >> np.uint32(place) & np.uint32(1)) << np.uint32(bit)
    names, buffers = packed({"modes": bits, "judged": found.judged})
    return protocol.ModesReply(id=identity, kind="modes", step=step, buffers=names), buffers


def mode_counts(identity: str, request: Mapping[str, Any], diagnosis: Diagnosis) -> Reply:
    """How many specimens show each failure mode at some steps."""
    steps = integers(request, "steps")
    found = in_a_moment(steps, lambda step: diagnosis.at([step], _SETTINGS)[0])
    places = _places(diagnosis.evaluation.data)
    return protocol.ModeCountsReply(
        id=identity,
        kind="mode_counts",
        steps=steps[: len(found)],
        counts=[of_step.counts[places].tolist() for of_step in found],
        judged=[int(of_step.judged.sum()) for of_step in found],
    ), []


def findings(identity: str, request: Mapping[str, Any], diagnosis: Diagnosis) -> Reply:
    """What is found in a specimen at some steps."""
    steps = integers(request, "steps")
    row = within(integer(request, "index"), len(diagnosis.evaluation.data.specimens))
    found = in_a_moment(steps, lambda step: _of_step(diagnosis, step, row))
    return protocol.FindingsReply(id=identity, kind="findings", steps=steps[: len(found)], findings=found), []


def _of_step(diagnosis: Diagnosis, step: int, row: int) -> protocol.StepFindings:
    (of_step,) = diagnosis.at([step], _SETTINGS)
    judged = bool(of_step.judged[row])
    if not of_step.modes[row]:
        return protocol.StepFindings(
            judged=judged, findings=[], good=_criteria_met(diagnosis, step, row) if judged else []
        )
    found = diagnosis.findings(step, _SETTINGS, row=row)
    columns = found.mode.tolist(), found.severity.tolist(), found.evidence, found.ground_truth, found.prediction
    return protocol.StepFindings(
        judged=judged,
        findings=[
            protocol.Finding(
                mode=MODES[mode].key,
                severity=number(severity),
                evidence=evidence,
                ground_truth=ground_truth,
                prediction=prediction,
            )
            for mode, severity, evidence, ground_truth, prediction in zip(*columns, strict=True)
        ],
        good=[],
    )


def _criteria_met(diagnosis: Diagnosis, step: int, row: int) -> list[str]:
    rows, met = good_criteria(diagnosis, step, _SETTINGS, DiagnosisSettings())
    (of_row,) = met[rows == row]
    criteria = criteria_of_run(diagnosis.evaluation.data)
    return [criterion["key"] for criterion, is_met in zip(criteria, of_row, strict=True) if is_met == MET]


def _places(data: RunData) -> list[int]:
    """Places in ``guide.MODES`` of the failure modes that predictions of the run can have."""
    kind = "text" if data.has_text else "boxes"
    return [place for place, mode in enumerate(MODES) if mode.of == kind or mode.key in _OF_ALL]
