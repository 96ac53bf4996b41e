"""Answers to what the list and the analysis ask: each specimen over the steps, and which specimens to show."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.dynamics.learning import learning_of_specimens
from evalwidget.errors import UnknownNameError
from evalwidget.labels import folded
from evalwidget.scoring.correctness import correctness_of
from evalwidget.scoring.evaluation import Evaluation, Settings
from evalwidget.scoring.named_scores import score_of_specimens
from evalwidget.widget.messages import Reply, in_a_moment, integers, packed, text, within
from evalwidget.widget.protocol import LabelCount, LabelsReply, LearningReply, SearchReply, TrendsReply

__all__ = ["labels", "labels_of_truth", "learning", "search", "trends"]

_SETTINGS: Final = Settings()
#: Phrases or classes in one reply.
_MOST_LABELS: Final = 50


def trends(identity: str, request: Mapping[str, Any], evaluation: Evaluation) -> Reply:
    """The score of each of some specimens at each of some steps."""
    score, steps = text(request, "score"), integers(request, "steps")
    count = len(evaluation.data.specimens)
    rows = [within(row, count) for row in integers(request, "rows")]
    columns = in_a_moment(steps, lambda step: score_of_specimens(evaluation, step, _SETTINGS, score)[rows])
    values = np.stack(columns, axis=1) if columns else np.empty((len(rows), 0))
    names, buffers = packed({"trends": values})
    return TrendsReply(id=identity, kind="trends", steps=steps[: len(columns)], buffers=names), buffers


def learning(identity: str, request: Mapping[str, Any], evaluation: Evaluation) -> Reply:
    """When each specimen was learned and how often it was forgotten, once all steps have been scored."""
    steps = evaluation.data.steps
    correctness = correctness_of(evaluation, text(request, "score"))
    read = len(in_a_moment(steps, lambda step: correctness.of_specimens(evaluation, step, _SETTINGS)))
    arrays: dict[str, NDArray[Any]] = {}
    if read == len(steps):
        found = learning_of_specimens(evaluation, _SETTINGS, correctness, steps)
        arrays["learned_at"] = np.where(found.learned_at < 0, np.nan, found.learned_at)
        arrays["forgetting"] = np.where(found.evaluated == 0, np.nan, found.forgetting_events)
        arrays["learning"] = found.state
    names, buffers = packed(arrays)
    return LearningReply(id=identity, kind="learning", read=read, buffers=names), buffers


def search(identity: str, request: Mapping[str, Any], evaluation: Evaluation) -> Reply:
    """The specimens that hold a text, or boxes of a label, or both."""
    data, wanted, label = evaluation.data, text(request, "text"), request.get("label")
    rows = np.arange(len(data.specimens))
    read = len(data.steps)
    if wanted != "":
        read = len(in_a_moment(data.steps, evaluation.texts.take))
        rows = evaluation.texts.rows(wanted)
    if label is not None:
        rows = rows[np.isin(rows, _rows_of_label(data, label))]
    names, buffers = packed({"rows": rows})
    return SearchReply(id=identity, kind="search", read=read, buffers=names), buffers


def labels(identity: str, request: Mapping[str, Any], evaluation: Evaluation) -> Reply:
    """The phrases or classes whose name holds a text, the most frequent first."""
    data, wanted = evaluation.data, folded(text(request, "text"))
    boxes, names = data.ground_truth.boxes, data.labels.names
    pairs = np.unique(boxes.label * np.int64(len(data.specimens)) + boxes.specimen)
    counts = np.bincount(pairs // max(len(data.specimens), 1))
    found = [label for label in np.flatnonzero(counts).tolist() if wanted in folded(names[label])]
    found.sort(key=lambda label: (-counts[label], names[label]))
    return LabelsReply(
        id=identity,
        kind="labels",
        labels=[LabelCount(text=names[label], specimens=int(counts[label])) for label in found[:_MOST_LABELS]],
        total=len(found),
    ), []


def labels_of_truth(data: RunData) -> frozenset[str]:
    """The phrases or classes that ground truth boxes have."""
    return frozenset(data.labels.names[label] for label in np.unique(data.ground_truth.boxes.label).tolist())


def _rows_of_label(data: RunData, label: Any) -> NDArray[np.int64]:
    """The specimens with a ground truth box of a label. Raises ``UnknownNameError``."""
    boxes = data.ground_truth.boxes
    rows: NDArray[np.int64] = np.empty(0, np.int64)
    if isinstance(label, str) and label in data.labels.names:
        rows = boxes.specimen[boxes.label == data.labels.names.index(label)]
    if not len(rows):
        raise UnknownNameError(f"label {label!r}: no specimen has a ground truth box of this phrase or class")
    return rows
