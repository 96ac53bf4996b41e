"""A run's data: specimens, ground truth, and predictions at sorted steps, each read when it is asked for."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.assembly import (
    answers_table,
    boxes_table,
    check_items,
    comparable_parts,
    images_and_questions,
    labelled_boxes,
    phrased_boxes,
    questions_table,
)
from evalwidget.errors import UnknownNameError
from evalwidget.images import ImageMapping, ImageStore, image_size
from evalwidget.labels import Labels
from evalwidget.records import Records
from evalwidget.specimens import SpecimenIndex, merged_specimens
from evalwidget.tables import Answers, Boxes, Questions

__all__ = ["TASKS", "GroundTruth", "Predictions", "RunData", "Unjoined", "shown_steps", "task_named"]

#: The tasks, by the names that a run may give them.
TASKS: Final = {
    "phrase grounding": ("grounding", "phrase-grounding", "phrase_grounding", "referring"),
    "object detection": ("detection", "object-detection", "object_detection", "detect"),
    "visual question answering": ("vqa", "visual-question-answering", "visual_question_answering"),
    "free text": ("freeform", "captioning", "caption", "free-text", "free_text"),
}


def task_named(name: str) -> str:
    """The task that ``name`` means. Raises ``UnknownNameError``."""
    wanted = name.strip().lower()
    for task, names in TASKS.items():
        if wanted == task or wanted in names:
            return task
    raise UnknownNameError(f"task {name!r}: expected one of {', '.join(TASKS)}")


def shown_steps(steps: Sequence[int]) -> str:
    """The steps for a message, shortened where there are many."""
    if len(steps) <= 12:
        return ", ".join(map(str, steps)) or "none"
    return f"{steps[0]}, {steps[1]}, {steps[2]}, … {steps[-1]}"


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """``annotated`` ``(s,)`` is false for a specimen of which nothing is known, as opposed to one known to be empty."""

    boxes: Boxes
    questions: Questions
    annotated: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unjoined:
    """A record of an image or a question that the run does not have: listed, never scored."""

    name: str
    where: str
    predictions: int


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions at one step. ``recorded`` ``(s,)`` is false for a specimen that was not evaluated at the step;
    ``outputs`` is the model's raw text by specimen, where the source keeps it; ``first_class`` is the number from which
    the source was taken to count its classes, None where there is nothing to tell."""

    boxes: Boxes
    answers: Answers
    recorded: NDArray[np.bool_]
    outputs: dict[int, str] = field(default_factory=dict)
    unjoined: list[Unjoined] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    first_class: int | None = None


class RunData:
    """The data of one run. Safe to use from several threads."""

    def __init__(
        self,
        *,
        name: str,
        task: str | None,
        steps_per_epoch: float | None,
        ground_truth: Records | None,
        readers: Mapping[int, Callable[[], Records]],
        images: ImageStore,
        ground_truth_format: str,
        likely_task: str | None = None,
        coordinates: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.steps_per_epoch = steps_per_epoch
        self.images = images
        self.ground_truth_format = ground_truth_format
        self.coordinates = coordinates
        self.notes = list(notes)
        self.steps = sorted(readers)
        self.labels = Labels()
        self._readers = dict(readers)
        self._lock = threading.RLock()
        self._predictions: dict[int, Predictions] = {}
        self._early: dict[int, Records] = {}
        self._measured: dict[int, tuple[int, int] | None] = {}
        if ground_truth is None:
            # without ground truth only the predictions tell which specimens there are
            self._early = {step: readers[step]() for step in self.steps}
            ground_truth = images_and_questions(list(self._early.values()))
            for name in (name for step in self._early.values() for rows in step.boxes for name in rows.label_names):
                self.labels.place(name)
        self.specimens, owner = merged_specimens(ground_truth.references)
        self._index = SpecimenIndex(self.specimens)
        self.rows = {name: row for row, name in enumerate(self.specimens.identifiers)}
        conventions = [rows.convention.is_relative for rows in ground_truth.boxes if len(rows.owner)]
        self._truth_is_relative = conventions[0] if conventions else None
        self.ground_truth = self._ground_truth(ground_truth, owner)
        #: labels from this number on are of predictions alone, numbered as their steps happened to be read
        self.settled_labels = len(self.labels)
        self.task = task_named(task) if task else self._likely_task(likely_task)

    @property
    def has_text(self) -> bool:
        """The run's items are questions, not boxes."""
        return self.task in ("visual question answering", "free text")

    def epoch(self, step: int) -> float | None:
        return None if self.steps_per_epoch is None else step / self.steps_per_epoch

    def row(self, identifier: str) -> int:
        """Row of a specimen. Raises ``UnknownNameError``."""
        if isinstance(identifier, str) and identifier in self.rows:
            return self.rows[identifier]
        shown = ", ".join(self.specimens.identifiers[:3])
        raise UnknownNameError(f"specimen {identifier!r} is not in the run, which has {shown or 'none'} …")

    def is_loaded(self, step: int) -> bool:
        return step in self._predictions

    def predictions(self, step: int) -> Predictions:
        """Predictions at a recorded step, read now if they have not been. Raises ``UnknownNameError``."""
        if step not in self._readers:
            raise UnknownNameError(f"step {step!r} is not recorded; the run has {shown_steps(self.steps)}")
        with self._lock:
            if step not in self._predictions:
                records = self._early.pop(step, None) or self._readers[step]()
                self._predictions[step] = self._step_predictions(records)
            return self._predictions[step]

    def found_image(self, row: int) -> object:
        """What the image store has for a specimen: see ``images.encoded_image``."""
        image, identifier = self.specimens.images[row], self.specimens.identifiers[row]
        if isinstance(self.images, ImageMapping) and identifier in self.images:
            return self.images.find(identifier)
        return self.images.find(image or identifier)

    def size(self, row: int) -> tuple[float, float] | None:
        """Width and height of a specimen's image in pixels, from the data, else from the image; None: not known."""
        width, height = self.specimens.sizes[row]
        if not np.isnan(width):
            return float(width), float(height)
        if row not in self._measured:
            self._measured[row] = image_size(self.found_image(row))
        return self._measured[row]

    def _sizes(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sizes ``(n, 2)`` of the given specimens; a size that is not known is 1 x 1, so fractions stay fractions."""
        unique, inverse = np.unique(rows, return_inverse=True)
        sizes = self.specimens.sizes[unique].copy()
        for place in np.flatnonzero(np.isnan(sizes[:, 0])):
            sizes[place] = self.size(int(unique[place])) or (1.0, 1.0)
        return sizes[inverse].reshape(-1, 2)

    def _likely_task(self, of_format: str | None) -> str:
        questions = self.ground_truth.questions
        # a caption on its own beside records with boxes is one of a specimen that holds nothing
        if any(questions.question) or (len(questions) and not len(self.ground_truth.boxes)):
            return "visual question answering" if any(questions.question) else "free text"
        return of_format or "phrase grounding"

    def _ground_truth(self, records: Records, owner: NDArray[np.int64]) -> GroundTruth:
        boxes = boxes_table(records.boxes, owner, self.labels.place, self._sizes, len(self.specimens))
        check_items(records, owner, boxes, self.labels, self.specimens)
        annotated = np.zeros(len(self.specimens), np.bool_)
        annotated[owner[[reference.annotated for reference in records.references]]] = True
        return GroundTruth(boxes, questions_table(records.questions, owner, self.specimens), annotated)

    def _step_predictions(self, records: Records) -> Predictions:
        found = [self._index.find(reference) for reference in records.references]
        self._index.check_one_path_each(records.references, found)
        owner = np.array([-1 if row is None else row for row in found], np.int64)
        recorded = np.full(len(self.specimens), records.names_all)
        recorded[owner[owner >= 0]] = True
        truth = self.ground_truth
        parts = comparable_parts(
            records.boxes,
            owner,
            records.references,
            self._truth_is_relative,
            lambda row: self.size(row) is not None,
        )
        boxes = boxes_table(parts, owner, self.labels.place_of_prediction, self._sizes, len(self.specimens))
        boxes = labelled_boxes(boxes, truth.boxes, self.labels)
        if self.task == "phrase grounding":
            boxes = phrased_boxes(boxes, truth.boxes, self.labels)
        answers, unasked = answers_table(records.answers, owner, truth.questions, self.specimens)
        outputs: dict[int, str] = {}
        for place, text in records.outputs.items():
            row = int(owner[place])
            if row >= 0:
                outputs[row] = f"{outputs[row]}\n\n{text}" if row in outputs else text
        unjoined = _unjoined(records, owner)
        for answer in unasked:
            asked = answer.item or answer.question or "no question named"
            unjoined.append(Unjoined(f"{records.references[answer.owner].shown}: {asked}", answer.where, 1))
        return Predictions(boxes, answers, recorded, outputs, unjoined, records.notes, records.first_class)


def _unjoined(records: Records, owner: NDArray[np.int64]) -> list[Unjoined]:
    """The records whose image the run does not have, each with the number of its predictions."""
    lost = np.flatnonzero(owner < 0)
    if not len(lost):
        return []
    owners = [part.owner for part in records.boxes]
    owners.append(np.array([answer.owner for answer in records.answers], np.int64))
    counts = np.bincount(np.concatenate(owners), minlength=len(owner))
    named = records.references
    return [Unjoined(named[place].shown, named[place].where, int(counts[place])) for place in lost]
