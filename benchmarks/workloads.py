"""Seeded workloads as arrays, and as the runs and peers' datasets made of them: detections of the size and clutter of
COCO, and phrases.

Boxes are x y width height in pixels with two decimals, in the order of their image. Predictions are ground truth boxes
moved and resized, most of them well scored, and clutter of the same sizes; checkpoints get better from first to last.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import PARSE_STATES, Convention
from evalwidget.data import RunData
from evalwidget.images import ImageMapping
from evalwidget.records import BoxRows, Records, Reference

__all__ = [
    "BoxTable",
    "Workload",
    "crowded_images",
    "grounded_phrases",
    "many_checkpoints",
    "many_predictions",
    "peer_dataset",
    "run_data",
]

_IMAGE = (640.0, 480.0)


@dataclass(frozen=True)
class BoxTable:
    """Columns ``(n,)`` sorted by image, and ``box`` ``(n, 4)``; ``score`` is NaN for ground truth."""

    image: NDArray[np.int64]
    label: NDArray[np.int64]
    box: NDArray[np.float64]
    score: NDArray[np.float64]
    crowd: NDArray[np.bool_]


@dataclass(frozen=True)
class Workload:
    name: str
    images: int
    classes: int
    truth: BoxTable
    checkpoints: list[BoxTable]

    def __str__(self) -> str:
        predictions = sum(len(table.image) for table in self.checkpoints)
        return (
            f"{self.name}: {len(self.checkpoints)} x {self.images:,} images, {len(self.truth.image):,} ground truth "
            f"boxes, {predictions:,} predictions, {self.classes} classes"
        )


def many_checkpoints(checkpoints: int = 20, images: int = 5_000) -> Workload:
    """W1: checkpoints x images x about 7 ground truth boxes x about 21 predictions, 80 classes."""
    random = np.random.default_rng(1)
    truth = _truth(random, images, 7.2, 80)
    found = [_predictions(random, truth, images, 80, 21, place / checkpoints) for place in range(checkpoints)]
    return Workload("W1", images, 80, truth, found)


def many_predictions(images: int = 5_000) -> Workload:
    """W2: one checkpoint, 100 predictions in every image, 80 classes."""
    random = np.random.default_rng(2)
    truth = _truth(random, images, 7.2, 80)
    return Workload("W2", images, 80, truth, [_predictions(random, truth, images, 80, 100, 0.7)])


def crowded_images(images: int = 500, boxes: int = 60) -> Workload:
    """Dense one-class images: overlapping boxes and two predictions for each of most of them."""
    random = np.random.default_rng(3)
    count = images * boxes
    size = random.uniform(20, 60, (count, 2))
    box = np.concatenate([random.uniform(0, 160, (count, 2)), size], axis=1).round(2)
    image = np.repeat(np.arange(images), boxes)
    none = np.full(count, np.nan)
    truth = BoxTable(image, np.zeros(count, np.int64), box, none, np.zeros(count, np.bool_))
    kept = np.sort(random.choice(np.repeat(np.arange(count), 2), int(count * 1.5), replace=False))
    shifted = _jittered(random, box[kept], 0.12)
    score = random.uniform(0, 1, len(kept)).round(4)
    found = BoxTable(image[kept], np.zeros(len(kept), np.int64), shifted, score, np.zeros(len(kept), np.bool_))
    return Workload("dense crowds", images, 1, truth, [found])


def grounded_phrases(checkpoints: int = 20, images: int = 10_000) -> Workload:
    """W3: checkpoints x images x 3 phrases of 3,000; a phrase has one to three boxes and up to eight predictions, at
    some checkpoints none."""
    random = np.random.default_rng(4)
    label = (random.integers(0, 1000, images)[:, None] + np.array([0, 1000, 2000])).ravel()
    boxes = random.choice(3, 3 * images, p=(0.7, 0.2, 0.1)) + 1
    phrase = np.repeat(np.arange(3 * images), boxes)
    first = np.cumsum(boxes) - boxes
    box = _boxes(random, len(phrase))
    none = np.zeros(len(phrase), np.bool_)
    truth = BoxTable(phrase // 3, label[phrase], box, np.full(len(phrase), np.nan), none)
    found = []
    for place in range(checkpoints):
        progress = place / checkpoints
        predicted = np.repeat(np.arange(3 * images), random.integers(0, 9, 3 * images))
        target = box[first[predicted] + random.integers(0, boxes[predicted])]
        is_near = random.random(len(predicted)) < 0.3 + 0.5 * progress
        near = _jittered(random, target, 0.25 - 0.15 * progress)
        score = np.where(is_near, random.beta(5, 2, len(predicted)), random.beta(2, 3, len(predicted))).round(4)
        drawn = np.where(is_near[:, None], near, _boxes(random, len(predicted)))
        found.append(BoxTable(predicted // 3, label[predicted], drawn, score, np.zeros(len(predicted), np.bool_)))
    return Workload("W3", images, 3000, truth, found)


def _truth(random: np.random.Generator, images: int, each: float, classes: int) -> BoxTable:
    count = int(images * each)
    image = np.sort(random.integers(0, images, count))
    # a few classes are most of the boxes, and an image has few classes
    common = 1 / np.arange(1, classes + 1)
    theme = random.choice(classes, (images, 3), p=common / common.sum())
    label = theme[image, random.integers(0, 3, count)]
    return BoxTable(image, label, _boxes(random, count), np.full(count, np.nan), random.random(count) < 0.01)


def _boxes(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Sizes spread as COCO's over its small, medium and large."""
    side = np.exp(random.normal(np.log(60), 0.9, count)).clip(4, 460)
    aspect = np.exp(random.normal(0, 0.4, count))
    size = np.column_stack([(side * aspect).clip(4, 600), (side / aspect).clip(4, 460)])
    return np.concatenate([random.random((count, 2)) * (np.array(_IMAGE) - size), size], axis=1).round(2)


def _jittered(random: np.random.Generator, box: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    size = box[:, 2:]
    moved = box[:, :2] + random.normal(0, by, size.shape) * size
    return np.concatenate([moved, size * np.exp(random.normal(0, by, size.shape))], axis=1).round(2)


def _predictions(
    random: np.random.Generator, truth: BoxTable, images: int, classes: int, each: int, progress: float
) -> BoxTable:
    """``each`` predictions an image: about two for each ground truth box, clutter for the rest."""
    total = images * each
    near = np.flatnonzero(random.random(len(truth.image)) < 0.6 + 0.35 * progress)
    near = np.concatenate([near, random.choice(near, len(near))])[:total]
    image = truth.image[near]
    label = np.where(random.random(len(near)) < 0.9, truth.label[near], random.integers(0, classes, len(near)))
    box = _jittered(random, truth.box[near], 0.15 - 0.1 * progress)
    clutter = total - len(near)
    image = np.concatenate([image, random.integers(0, images, clutter)])
    label = np.concatenate([label, truth.label[random.integers(0, len(truth.label), clutter)]])
    box = np.concatenate([box, _boxes(random, clutter)])
    score = np.concatenate([random.beta(3 + 2 * progress, 2, len(near)), random.beta(1, 6, clutter)]).round(4)
    order = np.argsort(image, kind="stable")
    return BoxTable(image[order], label[order], box[order], score[order], np.zeros(total, np.bool_))


def run_data(workload: Workload, task: str = "detection") -> RunData:
    """The workload as a run whose tables are all read."""
    references = [
        Reference("memory", image=f"{place}.jpg", source_id=str(place + 1), width=_IMAGE[0], height=_IMAGE[1])
        for place in range(workload.images)
    ]
    labels = [f"class {label}" for label in range(workload.classes)]

    def records(table: BoxTable) -> Records:
        count = len(table.image)
        rows = BoxRows(
            convention=Convention("xywh", "pixels"),
            owner=table.image,
            label=table.label.astype(np.int32),
            label_names=labels,
            values=table.box,
            score=table.score,
            area=np.full(count, np.nan),
            crowd=table.crowd,
            state=np.full(count, PARSE_STATES.index("ok"), np.uint8),
            item=np.arange(count).astype(str).astype(object),
            defects={},
        )
        return Records(references, [rows], names_all=True)

    data = RunData(
        name=workload.name,
        task=task,
        steps_per_epoch=None,
        ground_truth=records(workload.truth),
        readers={
            place + 1: lambda table=table: records(table)  # type: ignore[misc]
            for place, table in enumerate(workload.checkpoints)
        },
        images=ImageMapping({}),
        ground_truth_format="COCO",
    )
    for step in data.steps:
        data.predictions(step)
    return data


def peer_dataset(workload: Workload, table: BoxTable | None = None) -> Any:
    """COCO ground truth, or the results of a checkpoint, as peers read them from JSON."""
    if table is not None:
        columns = (table.image + 1, table.label + 1, table.box, table.score)
        return [
            {"image_id": image, "category_id": label, "bbox": box, "score": score}
            for image, label, box, score in zip(*(column.tolist() for column in columns), strict=True)
        ]
    truth = workload.truth
    area = truth.box[:, 2] * truth.box[:, 3]
    columns = (truth.image + 1, truth.label + 1, truth.box, area, truth.crowd.astype(int))
    return {
        "images": [
            {"id": place + 1, "file_name": f"{place}.jpg", "width": 640, "height": 480}
            for place in range(workload.images)
        ],
        "annotations": [
            {"id": place + 1, "image_id": image, "category_id": label, "bbox": box, "area": size, "iscrowd": crowd}
            for place, (image, label, box, size, crowd) in enumerate(
                zip(*(column.tolist() for column in columns), strict=True)
            )
        ],
        "categories": [{"id": label + 1, "name": f"class {label}"} for label in range(workload.classes)],
    }
