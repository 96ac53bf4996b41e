"""Failure modes of specimens with their evidence, in columns: a run has hundreds of thousands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.score_order import integer_order

__all__ = ["FailingBoxes", "Findings", "Groups", "findings_of_boxes", "groups_of"]

#: The boxes that the evidence of one finding describes; the others are counted.
_SHOWN: Final = 3

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Findings:
    """Failure modes ``(f,)`` by specimen (its row), then by ``mode``, a place in ``guide.MODES``: the severity, and the
    evidence in words; the items and phrases or questions concerned, joined by semicolons; and places among the
    specimen's ground truth boxes and predictions, or among its questions on both sides."""

    specimen: NDArray[np.int64]
    mode: NDArray[np.int64]
    severity: NDArray[np.float64]
    evidence: list[str]
    item: list[str]
    phrase: list[str]
    ground_truth: list[list[int]]
    prediction: list[list[int]]

    def __len__(self) -> int:
        return len(self.evidence)


@dataclass(frozen=True, slots=True)
class FailingBoxes:
    """The boxes ``(k,)`` that fail in one mode: the label and the item of each, its places among the boxes of its
    specimen on either side (-1: none), and what ``texts`` says of some of them. In order of specimen, and what is to be
    told first comes first."""

    mode: int
    specimen: NDArray[np.int64]
    label: NDArray[np.integer]
    item: NDArray[np.object_]
    ground_truth: NDArray[np.int64]
    prediction: NDArray[np.int64]
    texts: Callable[[NDArray[np.int64]], NDArray[np.object_]]


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows that stand side by side: the first of each group, and the one after its last."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def parts(self, column: list[_Value]) -> list[list[_Value]]:
        """The column's values of each group."""
        return [column[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]


def groups_of(specimen: NDArray[np.int64], mode: NDArray[np.int64]) -> Groups:
    """The groups of rows of one specimen and mode, which are sorted by both."""
    is_first = np.ones(len(specimen), np.bool_)
    is_first[1:] = (specimen[1:] != specimen[:-1]) | (mode[1:] != mode[:-1])
    starts = np.flatnonzero(is_first)
    return Groups(starts, np.append(starts[1:], len(specimen)) if len(starts) else starts)


def findings_of_boxes(
    failing: Sequence[FailingBoxes], severity: NDArray[np.float32], names: NDArray[np.object_]
) -> Findings:
    """A finding for each specimen and mode of the failing boxes: ``severity`` ``(s, modes)``, ``names`` ``(l,)`` those
    of labels."""
    mode = np.repeat([boxes.mode for boxes in failing], [len(boxes.specimen) for boxes in failing])
    specimen = np.concatenate([boxes.specimen for boxes in failing])
    specimens, modes = severity.shape
    order = integer_order(specimen * modes + mode, specimens * modes)
    specimen, mode = specimen[order], mode[order]
    groups = groups_of(specimen, mode)
    start, size = groups.starts, groups.ends - groups.starts
    label = np.concatenate([boxes.label for boxes in failing])[order]
    item = np.concatenate([boxes.item for boxes in failing])[order].tolist()
    truth = np.concatenate([boxes.ground_truth for boxes in failing])[order]
    prediction = np.concatenate([boxes.prediction for boxes in failing])[order]

    is_told = np.arange(len(order)) - np.repeat(start, size) < _SHOWN
    told = groups_of(specimen[is_told], mode[is_told]).parts(_texts(failing, order[is_told]))
    evidence = [
        "; ".join(texts) if more <= 0 else f"{'; '.join(texts)}; and {more:,} more"
        for texts, more in zip(told, (size - _SHOWN).tolist(), strict=True)
    ]
    is_new = _first_of_label(np.repeat(np.arange(len(start)), size), label, len(names))
    phrases = groups_of(specimen[is_new], mode[is_new]).parts(names[label[is_new]].tolist())
    return Findings(
        specimen[start],
        mode[start],
        severity[specimen[start], mode[start]].astype(np.float64),
        evidence,
        ["; ".join(filter(None, dict.fromkeys(items))) for items in groups.parts(item)],
        ["; ".join(of_group) for of_group in phrases],
        _places(groups, truth),
        _places(groups, prediction),
    )


def _texts(failing: Sequence[FailingBoxes], rows: NDArray[np.int64]) -> list[str]:
    """What is said of the boxes in ``rows`` of all failing ones together."""
    ends = np.cumsum([len(boxes.specimen) for boxes in failing])
    texts = np.empty(ends[-1], np.object_)
    is_told = np.zeros(len(texts), np.bool_)
    is_told[rows] = True
    for boxes, end in zip(failing, ends.tolist(), strict=True):
        first = end - len(boxes.specimen)
        told = np.flatnonzero(is_told[first:end])
        texts[told + first] = boxes.texts(told)
    found: list[str] = texts[rows].tolist()
    return found


def _first_of_label(group: NDArray[np.int64], label: NDArray[np.integer], labels: int) -> NDArray[np.bool_]:
    """Which rows are the first of their label in their group."""
    key = group * labels + label
    order = integer_order(key, (int(group[-1]) + 1) * labels if len(group) else 1)
    is_first = np.ones(len(key), np.bool_)
    is_first[order[1:]] = key[order[1:]] != key[order[:-1]]
    return is_first


def _places(groups: Groups, place: NDArray[np.int64]) -> list[list[int]]:
    """The places of each group, empty where it has none on that side: all boxes of a mode have some, or none has."""
    ends = np.where(place[groups.starts] < 0, groups.starts, groups.ends)
    return Groups(groups.starts, ends).parts(place.tolist())
