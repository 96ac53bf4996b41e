"""One specimen as it is shown from Python: what the front end asks the server for, and what of it belongs to a step.

The counterpart of ``js/src/data/pack.ts``, with the words of ``js/src/views`` for what is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError
from evalwidget.scoring.evaluation import Evaluation
from evalwidget.widget.box_drawing import SideBoxes
from evalwidget.widget.messages import unpacked
from evalwidget.widget.protocol import Answer, Invalid, Label, SpecimenReply
from evalwidget.widget.server import answer

__all__ = ["AskedQuestion", "AtStep", "ShownSpecimen", "absence_words"]

_NO_BOXES: Final = SideBoxes(
    np.empty((0, 4), np.float32), np.empty(0, np.uint32), np.empty(0, np.uint8), np.empty(0, np.float32)
)


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, its references, and what was answered at the step; None: no answer was recorded."""

    question: str
    references: list[str]
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class AtStep:
    """Both sides of a specimen at a step; ``truth_words`` and ``words`` say what is missing, "" where nothing is.
    ``status`` is None where the step could not be read."""

    truth: SideBoxes
    prediction: SideBoxes
    labels: Sequence[Label]
    questions: list[AskedQuestion]
    invalid: list[Invalid]
    status: str | None
    truth_words: str
    words: str


class ShownSpecimen:
    """A specimen with its image. Steps are asked for when they are shown; ``at`` never raises about what a file of
    predictions holds, it says so in words."""

    def __init__(self, evaluation: Evaluation, identifier: str, step: int | None) -> None:
        self._evaluation, self.identifier = evaluation, identifier
        self._failure: tuple[int, str] | None = None
        self._reply, self._arrays = self._asked(step, image=True)
        image = self._reply["image"]
        #: width and height in pixels of the original image; where they are not known, what holds all boxes shown so far
        self.size: tuple[int, int] = self._size((1, 1))
        self.image: bytes = self._arrays["image"].tobytes()
        self.image_format: str = image["mime"].removeprefix("image/")
        self.image_words: str = _image_words(self._reply)
        self.annotated: bool = self._reply["annotated"]
        self.caption: str = self._reply["caption"]

    def at(self, step: int | None) -> AtStep:
        """What there is at ``step``, read now if it has not been."""
        if step is not None and step not in self._reply["steps"]:
            self._reply, self._arrays = self._asked(step, image=False)
            self.size = self._size(self.size)
        failed = self._failure[1] if self._failure is not None and self._failure[0] == step else None
        place = self._reply["steps"].index(step) if step in self._reply["steps"] else None
        truth, prediction = self._truth(place), self._prediction(place)
        status = None if place is None else self._reply["statuses"][place]
        invalid = [] if place is None else self._reply["invalid"][place]
        asked = self._reply["questions"]
        return AtStep(
            truth=truth,
            prediction=prediction,
            labels=self._reply["labels"],
            questions=[
                AskedQuestion(one["question"], one["references"], None if place is None else one["answers"][place])
                for one in asked
            ],
            invalid=invalid,
            status=status,
            truth_words=_truth_words(self.annotated, len(truth.corners), bool(asked)),
            words=failed or _prediction_words(step, status, len(prediction.corners), bool(asked), len(invalid)),
        )

    def _asked(self, step: int | None, *, image: bool) -> tuple[SpecimenReply, Mapping[str, NDArray[Any]]]:
        """The server's reply; where the step cannot be read, that of the steps that were read before."""
        request = {"id": "", "kind": "specimen", "specimen": self.identifier, "image": image}
        reply, buffers = answer({**request, "step": step}, self._evaluation)
        if reply["kind"] == "error" and step is not None:
            self._failure = step, f"step {step} could not be read: {reply['message']}"
            reply, buffers = answer(request, self._evaluation)
        else:
            self._failure = None
        if reply["kind"] == "error":
            raise EvalWidgetError(f"specimen {self.identifier!r}: {reply['message']}")
        return cast(SpecimenReply, reply), unpacked(reply["buffers"], buffers)

    def _size(self, least: tuple[int, int]) -> tuple[int, int]:
        width, height = self._reply["size"]
        return (width, height) if self._reply["size_known"] else (max(width, least[0]), max(height, least[1]))

    def _truth(self, place: int | None) -> SideBoxes:
        arrays = self._arrays
        label = arrays["truth_label"]
        count = len(label)
        outcome = (
            np.zeros(count, np.uint8) if place is None else arrays["truth_outcome"][place * count : (place + 1) * count]
        )
        return SideBoxes(arrays["truth_corners"].reshape(-1, 4), label, outcome, np.full(count, np.nan, np.float32))

    def _prediction(self, place: int | None) -> SideBoxes:
        if place is None:
            return _NO_BOXES
        arrays = self._arrays
        rows = slice(int(arrays["offsets"][place]), int(arrays["offsets"][place + 1]))
        return SideBoxes(
            arrays["corners"].reshape(-1, 4)[rows],
            arrays["label"][rows],
            arrays["outcome"][rows],
            arrays["score"][rows],
        )


def absence_words(status: str | None) -> str:
    """Why there is no prediction."""
    return "not evaluated at this step" if status == "missing" else "no prediction at this step"


def _image_words(reply: SpecimenReply) -> str:
    image = reply["image"]
    words = {
        "missing": f"image missing: {image['message']}" if image["message"] else "image missing",
        "unreadable": f"image unreadable: {image['message']}",
    }.get(image["state"], "")
    if reply["size_known"]:
        return words
    return f"{words}, size unknown" if image["state"] == "unreadable" else "image missing, size unknown"


def _truth_words(annotated: bool, boxes: int, asks: bool) -> str:
    if not annotated:
        return "no ground truth"
    return "annotated with no boxes" if boxes == 0 and not asks else ""


def _prediction_words(step: int | None, status: str | None, boxes: int, asks: bool, invalid: int) -> str:
    if step is None:
        return "no step is chosen"
    if invalid:
        return "1 invalid prediction" if invalid == 1 else f"{invalid:,} invalid predictions"
    if status in ("missing", "no_prediction"):
        return absence_words(status)
    return "no boxes predicted at this step" if boxes == 0 and not asks else ""
