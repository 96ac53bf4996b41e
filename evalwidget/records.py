"""What a reader hands on: boxes, questions and answers in columns, keyed by the images as the source names them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import PARSE_STATES, Convention, box_defect, order_hint
from evalwidget.errors import FormatError
from evalwidget.tables import Defect

__all__ = [
    "AnswerRow",
    "BoxRows",
    "BoxRowsBuilder",
    "ModelText",
    "PhraseRow",
    "QuestionRow",
    "Records",
    "Reference",
    "ReferencesById",
]


@dataclass(frozen=True, slots=True)
class Reference:
    """An image as a source names it: an identifier the data give, a path or file name, an id within the source.

    ``annotated`` is false for a ground truth record that names an image and says nothing of what is in it. ``resized``
    is the width and height of the image as the model saw it. ``row`` is the number, from 0, of the dataset's row that
    the record is about, where the source counts them.
    """

    where: str
    specimen: str | None = None
    image: str | None = None
    source_id: str | None = None
    width: float | None = None
    height: float | None = None
    caption: str = ""
    annotated: bool = True
    resized: tuple[float, float] | None = None
    row: int | None = None

    @property
    def is_nameless(self) -> bool:
        """Whether the source tells by the record's place alone which specimen it is about."""
        return self.specimen is None and self.image is None and self.source_id is None

    @property
    def shown(self) -> str:
        return str(self.specimen or self.image or self.source_id or "(no name)")


@dataclass(frozen=True, slots=True)
class ReferencesById(Sequence[Reference]):
    """The references of a source that names images by their ids alone, each made when it is asked for."""

    where: str
    ids: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Reference: ...
    @overload
    def __getitem__(self, place: slice) -> "ReferencesById": ...
    def __getitem__(self, place: int | slice) -> "Reference | ReferencesById":
        if isinstance(place, slice):
            return ReferencesById(self.where, self.ids[place])
        return Reference(self.where, source_id=self.ids[place])


@dataclass(frozen=True, slots=True)
class BoxRows:
    """Boxes as the source wrote them, ``n`` rows. ``owner`` indexes ``Records.references``; ``label`` indexes
    ``label_names``, -1 where the source gives no label; ``values`` ``(n, 4)`` is in ``convention``, NaN where the box
    is invalid; ``area`` is NaN where the source gives none; ``item`` is None where the source gives none; ``masks`` are
    the segmentations as the source has them, or their JSON text as bytes, None for a box without one."""

    convention: Convention
    owner: NDArray[np.int64]
    label: NDArray[np.int32]
    label_names: list[str]
    values: NDArray[np.float64]
    score: NDArray[np.float64]
    area: NDArray[np.float64]
    crowd: NDArray[np.bool_]
    state: NDArray[np.uint8]
    item: NDArray[np.object_]
    defects: dict[int, Defect]
    masks: list[Any] | None = None


@dataclass(frozen=True, slots=True)
class PhraseRow:
    """A phrase that is asked for, with boxes or without; ``phrase`` are its words, "" where ``item`` alone is known."""

    owner: int
    where: str
    item: str
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    owner: int
    where: str
    item: str | None
    question: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    owner: int
    where: str
    item: str | None
    question: str | None
    text: str | None
    state: str = "ok"
    defect: Defect | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class ModelText:
    """What a model printed; ``label``, ``item`` and ``question`` are what it was asked."""

    owner: int
    where: str
    text: str
    label: str | None = None
    item: str | None = None
    question: str | None = None


@dataclass(slots=True)
class Records:
    """All that one source holds. ``names_all`` is true where an image that the source leaves out was evaluated and
    had no predictions (COCO results), false where it was not evaluated (a line for every specimen). ``outputs`` is the
    model's raw text by place in ``references``; ``unread`` are texts whose family only all texts together may tell;
    ``builders`` are the boxes of texts by their convention, where it is not that of the source's other boxes;
    ``images`` fetch the images that the source holds itself, as bytes or PIL images, by the name that their reference
    has. ``is_unlabelled`` is true where each record is about one phrase that the source does not name, so that no label
    which model text gives its boxes can be meant for a phrase. ``first_class`` is the number from which the source was
    taken to count its classes, None where it does not number them or it was not to be told. ``source`` and ``format``
    say where the records are from."""

    references: Sequence[Reference] = field(default_factory=list)
    boxes: list[BoxRows] = field(default_factory=list)
    phrases: list[PhraseRow] = field(default_factory=list)
    questions: list[QuestionRow] = field(default_factory=list)
    answers: list[AnswerRow] = field(default_factory=list)
    outputs: dict[int, str] = field(default_factory=dict)
    unread: list[ModelText] = field(default_factory=list)
    builders: dict[Convention, "BoxRowsBuilder"] = field(default_factory=dict)
    images: dict[str, Callable[[], Any]] = field(default_factory=dict)
    names_all: bool = False
    is_unlabelled: bool = False
    first_class: int | None = None
    notes: list[str] = field(default_factory=list)
    source: str = ""
    format: str = ""

    def add_reference(self, reference: Reference) -> int:
        """The place of ``reference``, which is put at the end."""
        if not isinstance(self.references, list):
            self.references = list(self.references)
        self.references.append(reference)
        return len(self.references) - 1

    def without_labels(self) -> "Records":
        """The same records, their boxes without labels."""
        bare = [replace(part, label=np.full_like(part.label, -1), label_names=[]) for part in self.boxes]
        return replace(self, boxes=bare)


class BoxRowsBuilder:
    """Collects the boxes of one source, box by box.

    A defective box is a ``FormatError`` where ``strict`` (ground truth); else it is kept as an invalid prediction.
    """

    def __init__(self, convention: Convention, *, strict: bool) -> None:
        self.convention = convention
        self.strict = strict
        self._owner: list[int] = []
        self._label: list[int] = []
        self._label_places: dict[str, int] = {}
        self._values: list[Sequence[float]] = []
        self._score: list[float] = []
        self._area: list[float] = []
        self._crowd: list[bool] = []
        self._state: list[int] = []
        self._item: list[str | None] = []
        self._defects: dict[int, Defect] = {}

    def __len__(self) -> int:
        return len(self._owner)

    def add(
        self,
        owner: int,
        label: str | None,
        values: Any,
        where: str,
        *,
        score: float | None = None,
        item: str | None = None,
        crowd: bool = False,
        area: float | None = None,
        state: str = "ok",
    ) -> None:
        """Add one box; ``where`` is its file, line and field, ``state`` whether its text had to be repaired."""
        defect = box_defect(values, self.convention.order)
        if defect is not None:
            state, message = defect
            if self.strict:
                raise FormatError(where, message + order_hint(state, self.convention.order))
            self.add_invalid(owner, label, state, Defect(f"{where}: {message}", repr(values)), item=item)
            return
        self._append(owner, label, values, state, score, item, crowd, area)

    def add_invalid(self, owner: int, label: str | None, state: str, defect: Defect, *, item: str | None) -> None:
        """Add a prediction that cannot be used: kept raw, counted, left out of matching."""
        self._defects[len(self)] = defect
        self._append(owner, label, (np.nan,) * 4, state, None, item, False, None)

    def _append(
        self,
        owner: int,
        label: str | None,
        values: Sequence[float],
        state: str,
        score: float | None,
        item: str | None,
        crowd: bool,
        area: float | None,
    ) -> None:
        self._owner.append(owner)
        self._label.append(-1 if label is None else self._label_places.setdefault(label, len(self._label_places)))
        self._values.append(values)
        self._score.append(np.nan if score is None else score)
        self._area.append(np.nan if area is None else area)
        self._crowd.append(crowd)
        self._state.append(PARSE_STATES.index(state))
        self._item.append(item)

    def rows(self) -> BoxRows:
        return BoxRows(
            convention=self.convention,
            owner=np.array(self._owner, np.int64),
            label=np.array(self._label, np.int32),
            label_names=list(self._label_places),
            values=np.array(self._values, np.float64).reshape(-1, 4),
            score=np.array(self._score, np.float64),
            area=np.array(self._area, np.float64),
            crowd=np.array(self._crowd, np.bool_),
            state=np.array(self._state, np.uint8),
            item=np.array(self._item, np.object_),
            defects=self._defects,
        )
