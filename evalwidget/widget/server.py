"""Answers the front end's requests from a run's evaluation: plain calls, no widget in it.

Safe to call from several threads: what it reads is locked where it is made.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import PARSE_STATES
from evalwidget.data import RunData
from evalwidget.description import step_notes
from evalwidget.diagnosis.diagnosis import Diagnosis
from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.images import EncodedImage, encoded_image
from evalwidget.metrics.catalogue import default_metrics
from evalwidget.metrics.metric import TextMetric
from evalwidget.natural_order import natural_ranks
from evalwidget.scoring.evaluation import STATUSES, Evaluation, Settings
from evalwidget.scoring.named_scores import named_scores, score_of_specimens, score_of_step
from evalwidget.widget.analysis import labels, learning, search, trends
from evalwidget.widget.colours import invented_label_colour, label_colour
from evalwidget.widget.failures import criteria_of_run, findings, mode_counts, modes, modes_of_run
from evalwidget.widget.messages import Reply, in_a_moment, integer, integers, number, packed, text, within
from evalwidget.widget.overlays.answer import drawings
from evalwidget.widget.overlays.collection import Overlays
from evalwidget.widget.protocol import (
    Answer,
    ErrorReply,
    Invalid,
    Label,
    NamesReply,
    OtherRun,
    Question,
    RanksReply,
    RunInfo,
    Score,
    ScoresReply,
    SpecimenReply,
    SummaryReply,
)

__all__ = ["answer", "run_info"]

_SETTINGS: Final = Settings()
#: The scores that an ``Answer`` carries.
_ANSWER_SCORES: Final = ("exact_match", "token_f1", "bleu")


def run_info(
    evaluation: Evaluation, notes: list[str], score: str | None = None, other: RunData | None = None
) -> RunInfo:
    """What the front end knows before it asks anything; ``score`` is one that the list is to offer whether or not it
    is among the usual ones, ``other`` a run to compare with. Raises ``UnknownNameError`` about the score."""
    data = evaluation.data
    return RunInfo(
        name=data.name,
        task=data.task,
        steps=data.steps,
        epochs=[data.epoch(step) for step in data.steps],
        specimens=len(data.specimens),
        scores=[
            Score(name=offered.name, direction=offered.direction, bounds=offered.bounds)
            for offered in named_scores(evaluation, score)
        ],
        modes=modes_of_run(data),
        good=criteria_of_run(data),
        notes=notes,
        other=None
        if other is None
        else OtherRun(name=other.name, steps=other.steps, epochs=[other.epoch(step) for step in other.steps]),
    )


def answer(
    request: Mapping[str, Any],
    evaluation: Evaluation,
    other: Evaluation | None = None,
    diagnosis: Diagnosis | None = None,
    overlays: Overlays | None = None,
) -> Reply:
    """The reply to one request and its buffers; ``other`` is of the run to compare with, ``diagnosis`` the run's, made
    anew if None, ``overlays`` what is drawn over the panels. What is wrong with the request or the run comes back as an
    ``ErrorReply``: an exception in a message handler would reach nobody."""
    identity = request.get("id") if isinstance(request, Mapping) else None
    identity = identity if isinstance(identity, str) else ""
    try:
        kind = request.get("kind") if isinstance(request, Mapping) else None
        if kind == "specimen" and request.get("of", "run") != "run":
            return _specimen_of_other(identity, request, evaluation.data, other)
        if kind == "overlays":
            return drawings(identity, request, evaluation.data, overlays)
        if isinstance(kind, str) and kind in _ANSWERS:
            return _ANSWERS[kind](identity, request, evaluation)
        if isinstance(kind, str) and kind in _DIAGNOSES:
            return _DIAGNOSES[kind](identity, request, diagnosis or Diagnosis(evaluation))
        expected = sorted([*_ANSWERS, *_DIAGNOSES, "overlays"])
        raise UnknownNameError(f"request {kind!r}: expected one of {', '.join(expected)}")
    except EvalWidgetError as error:
        message = str(error)
    except Exception as error:  # whatever goes wrong must be told to the one who asked
        message = f"{type(error).__name__}: {error}"
    return ErrorReply(id=identity, kind="error", message=message), []


def _names(identity: str, request: Mapping[str, Any], evaluation: Evaluation) -> Reply:
    specimens = evaluation.data.specimens
    rows = [within(row, len(specimens)) for row in integers(request, "rows")]
    return NamesReply(id=identity, kind="names", names=[specimens.identifiers[row] for row in rows]), []


def _ranks(identity: str, request: Mapping[str, Any], evaluation: Evaluation) -> Reply:
    names, buffers = packed({"ranks": natural_ranks(evaluation.data.specimens.identifiers)})
    return RanksReply(id=identity, kind="ranks", buffers=names), buffers


def _scores(identity: str, request: Mapping[str, Any], evaluation: Evaluation) -> Reply:
    step, score = integer(request, "step"), text(request, "score")
    found = evaluation.specimens(step, _SETTINGS)
    scores = score_of_specimens(evaluation, step, _SETTINGS, score)
    names, buffers = packed({"scores": scores, "statuses": found.status})
    return ScoresReply(
        id=identity, kind="scores", step=step, notes=step_notes(evaluation.data, step), buffers=names
    ), buffers


def _summary(identity: str, request: Mapping[str, Any], evaluation: Evaluation) -> Reply:
    steps, score = integers(request, "steps"), text(request, "score")
    values = in_a_moment(steps, lambda step: number(score_of_step(evaluation, step, _SETTINGS, score)))
    return SummaryReply(id=identity, kind="summary", steps=steps[: len(values)], values=values), []


def _specimen(identity: str, request: Mapping[str, Any], evaluation: Evaluation) -> Reply:
    data = evaluation.data
    row = _row(request, data)
    asked = request.get("step")
    if asked is not None:
        asked = data.recorded_step(asked)
    every = bool(request.get("all_steps"))
    steps = [step for step in data.steps if every or step == asked or data.is_loaded(step)]
    evaluation.match(steps, _SETTINGS)
    image = encoded_image(data.found_image(row), data.size(row)) if request.get("image") else EncodedImage("not_asked")
    labels = _LocalLabels(data)
    arrays: dict[str, NDArray[Any]] = {"image": np.frombuffer(image.data, np.uint8)}
    arrays |= _truth_arrays(evaluation, row, steps, labels)
    arrays |= _prediction_arrays(evaluation, row, steps, labels)
    size, size_known = _size(data, row, image, arrays)
    names, buffers = packed(arrays)
    return SpecimenReply(
        id=identity,
        kind="specimen",
        specimen=data.specimens.identifiers[row],
        index=row,
        size=size,
        size_known=size_known,
        image={"state": image.state, "message": image.message, "mime": image.mime},  # type: ignore[typeddict-item]
        caption=data.specimens.captions[row],
        annotated=bool(data.ground_truth.annotated[row]),
        steps=steps,
        statuses=[STATUSES[evaluation.specimens(step, _SETTINGS).status[row]] for step in steps],
        invalid=[_invalid(data, step, row) for step in steps],
        outputs=[data.predictions(step).outputs.get(row) for step in steps],
        labels=labels.found,
        questions=_questions(evaluation, row, steps),
        buffers=names,
    ), buffers


def _specimen_of_other(identity: str, request: Mapping[str, Any], data: RunData, other: Evaluation | None) -> Reply:
    """``_specimen`` of the other run, its labels in the colours of the run whose data are ``data``."""
    of, specimen = request["of"], request.get("specimen")
    if of != "other" or other is None:
        expected = "'run'" if other is None else "'run' or 'other'"
        raise UnknownNameError(f"request: of: expected {expected}, got {of!r}")
    if isinstance(specimen, str) and specimen in data.rows and specimen not in other.data.rows:
        raise UnknownNameError(f"the run {other.data.name!r} does not have this specimen")
    reply, buffers = _specimen(identity, request, other)
    places = {name: place for place, name in enumerate(data.labels.names[: data.settled_labels])}
    reply["labels"] = [
        Label(text=text, colour=label_colour(places[text]) if text in places else invented_label_colour(text))
        for text in (label["text"] for label in reply["labels"])
    ]
    return reply, buffers


_ANSWERS: Final[dict[str, Callable[[str, Mapping[str, Any], Evaluation], Reply]]] = {
    "labels": labels,
    "learning": learning,
    "names": _names,
    "ranks": _ranks,
    "scores": _scores,
    "search": search,
    "specimen": _specimen,
    "summary": _summary,
    "trends": trends,
}
_DIAGNOSES: Final[dict[str, Callable[[str, Mapping[str, Any], Diagnosis], Reply]]] = {
    "findings": findings,
    "mode_counts": mode_counts,
    "modes": modes,
}


class _LocalLabels:
    """The labels of one reply, numbered in order of first use."""

    def __init__(self, data: RunData) -> None:
        self._names = data.labels.names
        self._settled = data.settled_labels
        self._places: dict[int, int] = {}
        self.found: list[Label] = []

    def places(self, labels: NDArray[np.int32]) -> NDArray[np.uint32]:
        return np.array([self._place(int(label)) for label in labels], np.uint32)

    def _place(self, label: int) -> int:
        if label not in self._places:
            self._places[label] = len(self.found)
            name = self._names[label]
            colour = label_colour(label) if label < self._settled else invented_label_colour(name)
            self.found.append(Label(text=name, colour=colour))
        return self._places[label]


def _truth_arrays(evaluation: Evaluation, row: int, steps: list[int], labels: _LocalLabels) -> dict[str, NDArray[Any]]:
    truth = evaluation.data.ground_truth.boxes
    rows = slice(truth.offsets[row], truth.offsets[row + 1])
    outcomes = [evaluation.boxes(step, _SETTINGS) for step in steps]
    firsts = [evaluation.data.predictions(step).boxes.offsets[row] for step in steps]
    return {
        "truth_corners": truth.corners[rows],
        "truth_label": labels.places(truth.label[rows]),
        "truth_crowd": truth.crowd[rows],
        "truth_outcome": _joined([step.truth_outcome[rows] for step in outcomes]),
        "truth_iou": _joined([step.truth_iou[rows] for step in outcomes]),
        "truth_match": _joined(
            [
                np.where(step.truth_prediction[rows] < 0, -1, step.truth_prediction[rows] - first)
                for step, first in zip(outcomes, firsts, strict=True)
            ]
        ),
    }


def _prediction_arrays(
    evaluation: Evaluation, row: int, steps: list[int], labels: _LocalLabels
) -> dict[str, NDArray[Any]]:
    boxes = [evaluation.data.predictions(step).boxes for step in steps]
    outcomes = [evaluation.boxes(step, _SETTINGS) for step in steps]
    rows = [slice(step.offsets[row], step.offsets[row + 1]) for step in boxes]
    return {
        "offsets": np.cumsum([0] + [step.stop - step.start for step in rows]),
        "corners": _joined([step.corners[part] for step, part in zip(boxes, rows, strict=True)]).reshape(-1, 4),
        "label": labels.places(_joined([step.label[part] for step, part in zip(boxes, rows, strict=True)])),
        "score": _joined([step.score[part] for step, part in zip(boxes, rows, strict=True)]),
        "outcome": _joined([step.outcome[part] for step, part in zip(outcomes, rows, strict=True)]),
        "iou": _joined([step.iou[part] for step, part in zip(outcomes, rows, strict=True)]),
    }


def _questions(evaluation: Evaluation, row: int, steps: list[int]) -> list[Question]:
    questions = evaluation.data.ground_truth.questions
    return [
        Question(
            item=questions.item[place],
            question=questions.question[place],
            references=list(questions.references[place]),
            answers=[_answer(evaluation, place, step) for step in steps],
        )
        for place in range(questions.offsets[row], questions.offsets[row + 1])
    ]


def _answer(evaluation: Evaluation, place: int, step: int) -> Answer | None:
    answers = evaluation.data.predictions(step).answers
    if not answers.recorded[place]:
        return None
    scored = {
        metric.name: evaluation.answer_values(step, metric)[place]
        for metric in default_metrics(evaluation.data.task)
        if isinstance(metric, TextMetric) and metric.name in _ANSWER_SCORES
    }
    defect = answers.defects.get(place)
    return Answer(
        state=PARSE_STATES[answers.state[place]],
        text=answers.text[place],
        raw=None if defect is None else defect.raw,
        exact_match=number(scored.get("exact_match", np.nan)),
        token_f1=number(scored.get("token_f1", np.nan)),
        bleu=number(scored.get("bleu", np.nan)),
    )


def _invalid(data: RunData, step: int, row: int) -> list[Invalid]:
    boxes = data.predictions(step).boxes
    return [
        Invalid(state=PARSE_STATES[boxes.state[place]], message=defect.message, raw=defect.raw)
        for place, defect in sorted(boxes.defects.items())
        if boxes.offsets[row] <= place < boxes.offsets[row + 1]
    ]


def _size(
    data: RunData, row: int, image: EncodedImage, arrays: dict[str, NDArray[Any]]
) -> tuple[tuple[int, int], bool]:
    """Width and height to draw on, and whether they are those of the image: else the least that holds all boxes."""
    known = data.size(row) or image.size
    if known is not None:
        return (round(known[0]), round(known[1])), True
    corners = np.concatenate([arrays["truth_corners"], arrays["corners"]])
    furthest = np.nanmax(corners[:, 2:], axis=0, initial=1.0)
    return (int(np.ceil(furthest[0])), int(np.ceil(furthest[1]))), False


def _row(request: Mapping[str, Any], data: RunData) -> int:
    if request.get("specimen") is not None:
        return data.row(request["specimen"])
    return within(integer(request, "index"), len(data.specimens))


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0)
