"""A run's data: specimens, ground truth, and predictions at sorted steps, each read when it is asked for."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

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
from evalwidget.boxes import Convention
from evalwidget.conventions import SAID, STATED, Expected, Fit, Taken, Written, best_fit, taken_parts
from evalwidget.errors import UnknownNameError
from evalwidget.formats.options import GroundTruthFacts
from evalwidget.garbage import collection_paused
from evalwidget.images import EncodedImage, ImageMapping, ImageStore, image_size
from evalwidget.item_index import ItemIndex
from evalwidget.joins import Joined, OrderedRecords, first_few, joined_records, with_phrases
from evalwidget.labels import Labels
from evalwidget.records import BoxRows, Records, Reference
from evalwidget.resized import PixelLimits, assumed_limits, in_fractions
from evalwidget.specimens import SpecimenIndex, merged_specimens
from evalwidget.tables import Answers, Boxes, Questions

__all__ = [
    "NO_LIMITS",
    "TASKS",
    "TEXT_TASKS",
    "GroundTruth",
    "Predictions",
    "RunData",
    "Unjoined",
    "shown_steps",
    "task_named",
]

#: Seconds before reading shows its progress.
_PATIENCE: Final = 1.0

_PIXELS: Final = Convention()
_EXPECTED: Final = Expected(_PIXELS, STATED, STATED)

#: The tasks, by the names that a run may give them.
TASKS: Final = {
    "phrase grounding": ("grounding", "phrase-grounding", "phrase_grounding", "referring"),
    "object detection": ("detection", "object-detection", "object_detection", "detect"),
    "visual question answering": ("vqa", "visual-question-answering", "visual_question_answering"),
    "free text": ("freeform", "captioning", "caption", "free-text", "free_text"),
}


#: The tasks whose items are questions.
TEXT_TASKS: Final = ("visual question answering", "free text")

#: Of a model whose image processor has limits that nobody states.
NO_LIMITS: Final = PixelLimits()


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
    """``annotated`` ``(s,)`` is false for a specimen of which nothing is known, as opposed to one known to be empty.
    ``absent`` ``(k, 2)`` are the specimens and labels of phrases that are known not to be in them, sorted."""

    boxes: Boxes
    questions: Questions
    annotated: NDArray[np.bool_]
    absent: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Unjoined:
    """A record of an image or a question that the run does not have, and ``why`` not: listed, never scored."""

    name: str
    where: str
    predictions: int
    why: str


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions at one step. ``recorded`` ``(s,)`` is false for a specimen that was not evaluated at the step;
    ``outputs`` is the model's raw text by specimen, where the source keeps it; ``joined`` counts records by what found
    their specimen, a key of ``specimens.METHODS``; ``taken`` are the conventions its boxes were read in;
    ``first_class`` is the number from which the source was taken to count its classes, None where there is nothing to
    tell; ``source`` and ``format`` say where they were read."""

    boxes: Boxes
    answers: Answers
    recorded: NDArray[np.bool_]
    outputs: dict[int, str] = field(default_factory=dict)
    unjoined: list[Unjoined] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    joined: dict[str, int] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    first_class: int | None = None
    source: str = ""
    format: str = ""


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
        ground_truth_reader: Callable[[], tuple[Records, GroundTruthFacts]] | None = None,
        images: ImageStore,
        ground_truth_format: str,
        likely_task: str | None = None,
        convention: Convention = _PIXELS,
        convention_why: str = STATED,
        expected: Expected = _EXPECTED,
        join: str | None = None,
        pixel_limits: PixelLimits = NO_LIMITS,
        notes: Sequence[str] = (),
        stated: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.steps_per_epoch = steps_per_epoch
        self.images = images
        self.ground_truth_format = ground_truth_format
        self.convention = convention
        self.convention_why = convention_why
        self.expected = expected
        self.join = join
        self.pixel_limits = pixel_limits
        self.notes = list(notes)
        #: the settings that the run has beyond its records, as ``run.json`` has them
        self.stated = dict(stated or {})
        self.steps = sorted(readers)
        self.labels = Labels()
        self._readers = dict(readers)
        self._ground_truth_reader = ground_truth_reader
        self._lock = threading.RLock()
        self._predictions: dict[int, Predictions] = {}
        self._early: dict[int, Records] = {}
        self._fits: dict[int, Fit] = {}
        self._measured: dict[int, tuple[int, int] | None] = {}
        first: Records | None = None
        if ground_truth is None:
            # without ground truth only the predictions tell which specimens there are
            self._early = {step: readers[step]() for step in self.steps}
            early = list(self._early.values())
            ground_truth = images_and_questions(early, join)
            if early:
                own = [row for row in ground_truth.questions if row.owner < len(early[0].references)]
                first = replace(early[0], questions=own)
            self.notes += _apart(early) if join is None else []
            for name in (name for step in self._early.values() for rows in step.boxes for name in rows.label_names):
                self.labels.place(name)
        self._held_images = ground_truth.images
        self.specimens, owner = merged_specimens(ground_truth.references)
        self._items = ItemIndex(ground_truth, owner, self.specimens)
        self._index = SpecimenIndex(self.specimens)
        self._ordered = OrderedRecords(
            first or ground_truth,
            owner if first is None else owner[: len(first.references)],
            "the ground truth" if first is None else f"step {self.steps[0]}",
        )
        self.rows = {name: row for row, name in enumerate(self.specimens.identifiers)}
        conventions = [rows.convention.is_relative for rows in ground_truth.boxes if len(rows.owner)]
        self._truth_is_relative = conventions[0] if conventions else None
        self.ground_truth = self._ground_truth(ground_truth, owner)
        #: labels from this number on are of predictions alone, numbered as their steps happened to be read
        self.settled_labels = len(self.labels)
        self.task = task_named(task or self._likely_task(likely_task))

    @property
    def has_text(self) -> bool:
        """The run's items are questions, not boxes."""
        return self.task in TEXT_TASKS

    def epoch(self, step: int) -> float | None:
        return None if self.steps_per_epoch is None else step / self.steps_per_epoch

    def row(self, identifier: str) -> int:
        """Row of a specimen. Raises ``UnknownNameError``."""
        if isinstance(identifier, str) and identifier in self.rows:
            return self.rows[identifier]
        shown = ", ".join(self.specimens.identifiers[:3])
        raise UnknownNameError(f"specimen {identifier!r} is not in the run, which has {shown or 'none'} …")

    def recorded_step(self, step: Any) -> int:
        """A step that is recorded. Raises ``UnknownNameError``."""
        if isinstance(step, bool) or step not in self.steps:
            shown = int(step) if isinstance(step, np.integer) else step
            raise UnknownNameError(f"step {shown!r} is not recorded; the run has {shown_steps(self.steps)}")
        return int(step)

    def is_loaded(self, step: int) -> bool:
        return step in self._predictions

    def predictions(self, step: int) -> Predictions:
        """Predictions at a recorded step, read now if they have not been. Raises ``UnknownNameError``."""
        step = self.recorded_step(step)
        with self._lock:
            if step not in self._predictions:
                with collection_paused():
                    records = self._early.pop(step, None) or self._readers[step]()
                    self._predictions[step] = self._step_predictions(step, records)
            return self._predictions[step]

    def load(self, steps: Sequence[int]) -> None:
        """Read those of ``steps`` that have not been read, with a progress bar where that takes longer than a second or
        two. Raises what reading them raises."""
        unread = [step for step in steps if not self.is_loaded(step)]
        if len(unread) > 1:
            from tqdm.auto import tqdm

            unread = tqdm(unread, desc=f"reading {self.name}", unit="step", delay=_PATIENCE, leave=False)
        for step in unread:
            self.predictions(step)

    def read_ground_truth(self) -> tuple[Records, GroundTruthFacts] | None:
        """The records of the ground truth and what they told, read anew; None where there is none."""
        return None if self._ground_truth_reader is None else self._ground_truth_reader()

    def read_step(self, step: int) -> Records:
        """The records of a recorded step, read anew."""
        return self._readers[step]()

    def scored(self, step: int) -> NDArray[np.bool_]:
        """The specimens ``(s,)`` that can be scored at a step: they are annotated and were evaluated then."""
        return self.ground_truth.annotated & self.predictions(step).recorded

    def fit(self, step: int) -> Fit:
        """How near a step's predictions are to the ground truth in the convention they were read in, and whether
        another would bring them clearly nearer; reads the step if need be. See ``conventions.best_fit``."""
        with self._lock:
            if step not in self._fits:
                self._fits[step] = self._fit(self.predictions(step))
            return self._fits[step]

    def found_image(self, row: int) -> object:
        """What the image store has for a specimen, else what the ground truth holds: see ``images.encoded_image``."""
        identifier = self.specimens.identifiers[row]
        found = self.image_of_store(row)
        if not isinstance(found, EncodedImage) or (isinstance(self.images, ImageMapping) and identifier in self.images):
            return found
        return self._held_images.get(self.specimens.images[row] or identifier, found)

    def image_of_store(self, row: int) -> object:
        """What the image store has for a specimen."""
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
        parts = self._in_fractions(records.boxes, owner, records.references, strict=True)
        boxes = boxes_table(parts, owner, self.labels.place, self._sizes, len(self.specimens))
        check_items(records, owner, boxes, self.labels, self.specimens)
        annotated = np.zeros(len(self.specimens), np.bool_)
        annotated[owner[[reference.annotated for reference in records.references]]] = True
        asked = {(int(owner[row.owner]), self.labels.place(row.phrase)) for row in records.phrases if row.phrase}
        absent = sorted(asked.difference(zip(boxes.specimen.tolist(), boxes.label.tolist(), strict=True)))
        questions = questions_table(records.questions, owner, self.specimens)
        return GroundTruth(boxes, questions, annotated, np.array(absent, np.int64).reshape(-1, 2))

    def _in_fractions(
        self, parts: Sequence[BoxRows], owner: NDArray[np.int64], references: Sequence[Reference], *, strict: bool
    ) -> list[BoxRows]:
        return in_fractions(parts, owner, references, self.size, self.pixel_limits, strict=strict)

    def _step_predictions(self, step: int, records: Records) -> Predictions:
        if self.join in (None, "id"):
            records = self._items.named(records)
        joined = joined_records(records, self._index, self.specimens, self._ordered, self.join)
        owner = joined.owner
        recorded = np.full(len(self.specimens), records.names_all)
        recorded[owner[owner >= 0]] = True
        truth = self.ground_truth
        parts, taken = taken_parts(records.boxes, self.expected, frozenset(records.outputs))
        parts = comparable_parts(
            with_phrases(self._in_fractions(parts, owner, records.references, strict=False), joined.phrases),
            owner,
            records.references,
            self._truth_is_relative,
            lambda row: self.size(row) is not None,
        )
        boxes = boxes_table(parts, owner, self.labels.place_of_prediction, self._sizes, len(self.specimens))
        boxes = labelled_boxes(boxes, truth.boxes, self.labels)
        if self.task == "phrase grounding":
            boxes = phrased_boxes(boxes, truth.boxes, self.labels)
        answers, unasked = answers_table(records.answers, owner, truth.questions, self.specimens, joined.questions)
        outputs: dict[int, str] = {}
        for place, text in records.outputs.items():
            row = int(owner[place])
            if row >= 0:
                outputs[row] = f"{outputs[row]}\n\n{text}" if row in outputs else text
        unjoined = _unjoined(records, joined)
        for answer in unasked:
            asked = answer.item or answer.question or "no question named"
            unjoined.append(
                Unjoined(f"{records.references[answer.owner].shown}: {asked}", answer.where, 1, "no such question")
            )
        notes = [f"step {step}: {note}" for note in joined.notes] + records.notes
        notes += assumed_limits(records.boxes, records.references, self.pixel_limits)
        told = records.first_class, records.source, records.format
        return Predictions(boxes, answers, recorded, outputs, unjoined, notes, joined.methods, taken, *told)

    def _fit(self, predictions: Predictions) -> Fit:
        truth = self.ground_truth
        conventions = {taken.convention for taken in predictions.taken if taken.is_open}
        if self.has_text or len(conventions) != 1 or not len(truth.boxes):
            return Fit()
        usable = truth.annotated & predictions.recorded
        usable[list(predictions.outputs)] = False
        return best_fit(
            Written(predictions.boxes, conventions.pop()),
            Written(truth.boxes, self.convention),
            usable,
            self._known_sizes,
            truth_is_open=self.convention_why != SAID,
        )

    def _known_sizes(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sizes ``(n, 2)`` of the given specimens, NaN where one is not known; where the data give none, their images
        are asked."""
        sizes = self.specimens.sizes[rows].copy()
        if np.isnan(sizes).all():
            sizes[:] = [self.size(row) or (np.nan, np.nan) for row in rows.tolist()]
        return sizes


def _apart(steps: Sequence[Records]) -> list[str]:
    """A note where the steps of a run without ground truth share no image with the first, and each has as many."""
    names = [{reference.shown for reference in records.references} for records in steps]
    if len(steps) < 2 or len({len(records.references) for records in steps}) > 1 or len(names[0]) < 2:
        return []
    if any(reference.is_nameless for reference in steps[0].references) or any(names[0] & other for other in names[1:]):
        return []
    return [
        f"no step has a specimen of the first ({first_few(sorted(names[0]))}), and each has {len(names[0]):,}: "
        "join='order' takes them one by one"
    ]


def _unjoined(records: Records, joined: Joined) -> list[Unjoined]:
    """The records whose image the run does not have, each with the number of its predictions."""
    owner = joined.owner
    lost = np.flatnonzero(owner < 0)
    if not len(lost):
        return []
    owners = [part.owner for part in records.boxes]
    owners.append(np.array([answer.owner for answer in records.answers], np.int64))
    counts = np.bincount(np.concatenate(owners), minlength=len(owner))
    named = records.references
    return [
        Unjoined(named[place].shown, named[place].where, int(counts[place]), joined.lost) for place in lost.tolist()
    ]
