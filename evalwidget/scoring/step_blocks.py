"""A run's predictions as blocks of several steps, the form in which the engine takes them.

Predictions stand in the order of their images, which decides ties of score: that of image ids where all are numbers, as
pycocotools has it, else that of the specimens; then in the order of the file.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.metrics.box_tables import PredictionBlock, TruthTable
from evalwidget.metrics.candidate_pairs import BoxColumns
from evalwidget.tables import Boxes

__all__ = ["StepBlock", "StepBlocks", "on_threads"]

#: Steps are put together until they have so many predictions, ground truth boxes and classes: more would fall out of
#: the cache, fewer would pay for numpy's calls.
_BLOCK: Final = 1 << 17

_THREADS: Final = 2

_Part = TypeVar("_Part")
_Result = TypeVar("_Result")


def on_threads(make: Callable[[_Part], _Result], parts: Sequence[_Part]) -> list[_Result]:
    """What ``make`` gives for each part, worked out on a few threads: numpy gives the lock back while it works."""
    if len(parts) < 2:
        return [make(part) for part in parts]
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(make, parts))


@dataclass(frozen=True, slots=True)
class StepBlock:
    """Steps that go through together: the rows of each that take part, in the order of images, and these as one
    table."""

    steps: Sequence[int]
    rows: list[NDArray[np.int64]]
    predictions: PredictionBlock

    def by_step(self, values: NDArray) -> list[NDArray]:
        """``values`` ``(m,)`` of the predictions, a part for each step."""
        return np.split(values, np.cumsum([len(rows) for rows in self.rows])[:-1])


class StepBlocks:
    """The ground truth of a run, and its predictions in blocks. Safe to use from several threads."""

    def __init__(self, data: RunData) -> None:
        self.data = data

    @cached_property
    def truth(self) -> TruthTable:
        truth = self.data.ground_truth.boxes
        return TruthTable(
            len(self.data.specimens),
            truth.specimen,
            truth.label,
            truth.corners,
            truth.size,
            truth.area,
            truth.crowd,
        )

    def each_step(
        self,
        steps: Sequence[int],
        rows_of: Callable[[int], NDArray[np.int64]],
        of_block: Callable[[StepBlock], list[_Result]],
    ) -> list[_Result]:
        """What ``of_block`` makes of the steps, which it gets in blocks; ``rows_of`` gives a step's predictions that
        take part, in ascending order."""
        room = max(_BLOCK // (len(self.truth) + len(self.truth.classes) + 1), 1)
        blocks: list[list[int]] = []
        filled = 0
        for step in steps:
            size = len(self.data.predictions(step).boxes)
            if not blocks or len(blocks[-1]) == room or filled + size > _BLOCK:
                blocks.append([])
                filled = 0
            blocks[-1].append(step)
            filled += size

        def made(block: list[int]) -> list[_Result]:
            return of_block(self._block(block, rows_of))

        return [result for results in on_threads(made, blocks) for result in results]

    @cached_property
    def _image_place(self) -> NDArray[np.int64] | None:
        return self.data.specimens.coco_order()

    def _block(self, steps: Sequence[int], rows_of: Callable[[int], NDArray[np.int64]]) -> StepBlock:
        tables = [self.data.predictions(step).boxes for step in steps]
        taken = [self._by_image(rows_of(step), boxes) for step, boxes in zip(steps, tables, strict=True)]

        def joined(column: Callable[[Boxes], NDArray]) -> NDArray:
            columns = [
                column(boxes) if len(rows) == len(boxes) and self._image_place is None else column(boxes).take(rows, 0)
                for boxes, rows in zip(tables, taken, strict=True)
            ]
            return columns[0] if len(columns) == 1 else np.concatenate(columns)

        return StepBlock(
            steps,
            taken,
            PredictionBlock(
                len(steps),
                np.repeat(np.arange(len(steps)), [len(rows) for rows in taken]),
                joined(lambda boxes: boxes.specimen),
                self.truth.classes_of(joined(lambda boxes: boxes.label), len(self.data.labels)),
                BoxColumns.of(joined(lambda boxes: boxes.corners), joined(lambda boxes: boxes.size)),
                joined(lambda boxes: boxes.score),
            ),
        )

    def _by_image(self, rows: NDArray[np.int64], boxes: Boxes) -> NDArray[np.int64]:
        if self._image_place is None:
            return rows
        return rows[np.argsort(self._image_place[boxes.specimen[rows]], kind="stable")]
