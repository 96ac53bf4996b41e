"""Struct-of-arrays tables with offsets: what the metrics eat and the wire carries.

Rows ``offsets[i]:offsets[i + 1]`` belong to specimen ``i``, in the order of the source.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import PARSE_STATES

__all__ = ["Answers", "Boxes", "Defect", "Questions", "offsets_of"]

_USABLE = np.array([state in ("ok", "repaired") for state in PARSE_STATES])


@dataclass(frozen=True, slots=True)
class Defect:
    """Why a prediction is invalid, and its text as the source had it."""

    message: str
    raw: str


def offsets_of(owner: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Offsets ``(count + 1,)`` of rows that are sorted by ``owner``."""
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=count))]).astype(np.int64)


@dataclass(frozen=True)
class Boxes:
    """Labelled boxes of all specimens, ``n`` rows.

    ``corners`` ``(n, 4)`` and ``size`` ``(n, 2)`` are float64 pixels, NaN where the box is invalid; ``area`` is what
    the source calls the object's area, else width x height; ``label`` indexes the run's list of phrases or classes;
    ``score`` is NaN where the source has none; ``state`` indexes ``PARSE_STATES``; ``item`` names the item a box
    belongs to. ``defects`` has an entry for each row that is not usable. ``masks`` ``(n,)`` are the segmentations as
    the source has them, not decoded, or their JSON text as bytes, and None for a row without one; None where no row
    has one.
    """

    offsets: NDArray[np.int64]
    corners: NDArray[np.float64]
    size: NDArray[np.float64]
    area: NDArray[np.float64]
    label: NDArray[np.int32]
    score: NDArray[np.float64]
    crowd: NDArray[np.bool_]
    state: NDArray[np.uint8]
    item: NDArray[np.object_]
    defects: dict[int, Defect] = field(default_factory=dict)
    masks: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.corners)

    @cached_property
    def specimen(self) -> NDArray[np.int64]:
        """The specimen of each row."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Rows that take part in matching."""
        return _USABLE[self.state]

    @classmethod
    def empty(cls, specimens: int) -> "Boxes":
        return cls(
            offsets=np.zeros(specimens + 1, np.int64),
            corners=np.empty((0, 4)),
            size=np.empty((0, 2)),
            area=np.empty(0),
            label=np.empty(0, np.int32),
            score=np.empty(0),
            crowd=np.empty(0, np.bool_),
            state=np.empty(0, np.uint8),
            item=np.empty(0, np.object_),
        )


@dataclass(frozen=True)
class Questions:
    """Questions of all specimens with their reference answers, ``q`` rows. A caption to be written is a question
    without words. ``references`` is empty for a question whose answer is not known."""

    offsets: NDArray[np.int64]
    item: list[str]
    question: list[str]
    references: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.item)

    @cached_property
    def specimen(self) -> NDArray[np.int64]:
        """The specimen of each row."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @classmethod
    def empty(cls, specimens: int) -> "Questions":
        return cls(np.zeros(specimens + 1, np.int64), [], [], [])


@dataclass(frozen=True)
class Answers:
    """Generated answers at one step, a row for each row of ``Questions``.

    ``recorded`` is false where the step's source does not mention the question: it was not evaluated then. ``text``
    is None where nothing usable was generated. ``score`` is the model's confidence, 0 to 1, NaN where the source has
    none.
    """

    recorded: NDArray[np.bool_]
    text: list[str | None]
    state: NDArray[np.uint8]
    score: NDArray[np.float64]
    defects: dict[int, Defect] = field(default_factory=dict)

    @classmethod
    def empty(cls, questions: int) -> "Answers":
        return cls(
            np.zeros(questions, np.bool_),
            [None] * questions,
            np.zeros(questions, np.uint8),
            np.full(questions, np.nan),
        )

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Rows whose answer could be read, if there is one."""
        return _USABLE[self.state]
