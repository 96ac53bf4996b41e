"""Scores of masks as DataFrames."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError, FormatError
from evalwidget.metrics.average_precision import FIGURES
from evalwidget.metrics.masks import Masks, compressed_mask, mask_figures
from evalwidget.scoring.error_analysis import check_has_boxes
from evalwidget.scoring.evaluation import Evaluation
from evalwidget.tables import Boxes

__all__ = ["mask_summary"]


def mask_summary(evaluation: Evaluation, steps: Sequence[int]) -> pd.DataFrame:
    """A row per step: see ``Run.mask_summary``."""
    check_has_boxes(evaluation, "masks")
    data = evaluation.data
    figures = np.full((len(steps), len(FIGURES)), np.nan)
    invalid = np.full(len(steps), np.nan)
    known: dict[int, dict[str, Any]] = {}
    for place, step in enumerate(steps):
        predictions = data.predictions(step)
        boxes, masks = predictions.boxes, predictions.boxes.masks
        scored = data.scored(step)
        if not scored.any() or (masks is None and len(boxes)):
            continue
        image = np.full(len(scored), -1)
        order = np.flatnonzero(scored)
        places = data.specimens.coco_order()
        if places is not None:
            order = order[np.argsort(places[order], kind="stable")]
        image[order] = np.arange(len(order))
        there = np.flatnonzero(scored[data.ground_truth.boxes.specimen])
        truth = _ground_truth(evaluation, there, image, known)
        in_scored = np.flatnonzero(scored[boxes.specimen])
        found: dict[int, dict[str, Any]] = {}
        for row in in_scored.tolist():
            # a mask that cannot be used is an invalid prediction, counted below
            try:
                found[row] = compressed_mask(masks[row], *_size(evaluation, int(boxes.specimen[row])))  # type: ignore[index]
            except ValueError:
                continue
        rows = np.array(list(found), np.int64)
        invalid[place] = len(in_scored) - len(rows)
        figures[place] = mask_figures(
            truth,
            data.ground_truth.boxes.area[there],
            data.ground_truth.boxes.crowd[there],
            _masks(boxes, rows, image, list(found.values())),
            boxes.score[rows],
            len(order),
            len(data.labels),
        )
    columns: dict[str, Any] = {"step": np.array(steps, np.int64)}
    columns |= {name: figures[:, place] for place, name in enumerate(FIGURES)}
    return pd.DataFrame(columns | {"invalid": pd.array(invalid, dtype="Int64")})


def _ground_truth(
    evaluation: Evaluation, rows: NDArray[np.int64], image: NDArray[np.int64], known: dict[int, dict[str, Any]]
) -> Masks:
    """Ground truth masks of ``rows``; ``known`` keeps what is compressed once for every step."""
    data = evaluation.data
    boxes = data.ground_truth.boxes
    for row in rows.tolist():
        if row in known:
            continue
        specimen = int(boxes.specimen[row])
        where = f"ground truth of {data.specimens.identifiers[specimen]}, item {boxes.item[row]}: segmentation"
        mask = None if boxes.masks is None else boxes.masks[row]
        if mask is None:
            raise FormatError(where, "expected polygons, or size and counts, found none")
        try:
            known[row] = compressed_mask(mask, *_size(evaluation, specimen))
        except ValueError as error:
            raise FormatError(where, str(error)) from None
    return _masks(boxes, rows, image, [known[row] for row in rows.tolist()])


def _masks(boxes: Boxes, rows: NDArray[np.int64], image: NDArray[np.int64], compressed: list[dict[str, Any]]) -> Masks:
    return Masks(image[boxes.specimen[rows]], boxes.label[rows].astype(np.int64), compressed)


def _size(evaluation: Evaluation, specimen: int) -> tuple[int, int]:
    """Height and width of the image."""
    size = evaluation.data.size(specimen)
    if size is None:
        name = evaluation.data.specimens.identifiers[specimen]
        raise EvalWidgetError(f"masks: the size of {name} is not known; expected its image, or its width and height")
    return int(size[1]), int(size[0])
