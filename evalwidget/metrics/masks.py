"""Masks: COCO's segmentations measured, overlapped and scored by pycocotools (the extra ``masks``).

A mask is what a COCO file has under ``segmentation``: polygons ``[[x, y, x, y, …], …]`` in pixels, or an RLE
``{"size": [height, width], "counts": …}`` whose counts are a list of runs or their compressed text. It is checked
before pycocotools sees it, since its C code trusts what it is given: runs that do not fill the image hang it.
"""

import contextlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError

__all__ = ["Masks", "compressed_mask", "mask_box", "mask_figures", "mask_iou_pairs"]

#: A polygon's sides are drawn point by point: no vertex is farther from the image's corner, in pixels.
_FARTHEST: Final = 1e5

#: Runs are held in 32 bits.
_MOST_PIXELS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Masks:
    """Masks ``n``, compressed, with the ``image`` and ``label`` ``(n,)`` of each."""

    image: NDArray[np.int64]
    label: NDArray[np.int64]
    mask: Sequence[dict[str, Any]]


def compressed_mask(mask: Any, height: int, width: int) -> dict[str, Any]:
    """The RLE with compressed counts of a mask, or of its JSON text, in an image of ``height`` x ``width``.

    Raises ``ValueError`` saying what is wrong with the mask, ``EvalWidgetError`` where pycocotools is not installed.
    """
    code = _mask_code()
    if isinstance(mask, bytes):
        mask = json.loads(mask)
    if isinstance(mask, dict):
        found = _checked_rle(mask)
        if found["size"] != [height, width]:
            raise ValueError(f"expected size {[height, width]}, the image's height and width, got {found['size']}")
        return found if isinstance(found["counts"], bytes) else dict(code.frPyObjects(found, height, width))
    return dict(code.merge(code.frPyObjects(_checked_polygons(mask), height, width)))


def mask_box(mask: Any) -> tuple[list[float], float | None]:
    """The box x y width height in pixels around a mask, and the mask's area in pixels (None: of polygons).

    As ``COCO.loadRes`` of pycocotools gives them to results without boxes. Raises as ``compressed_mask`` does.
    """
    if not isinstance(mask, dict):
        points = np.concatenate([np.reshape(polygon, (-1, 2)) for polygon in _checked_polygons(mask)])
        first, last = points.min(axis=0), points.max(axis=0)
        return [*first.tolist(), *(last - first).tolist()], None
    code = _mask_code()
    found = _checked_rle(mask)
    if isinstance(found["counts"], list):
        found = code.frPyObjects(found, *found["size"])
    return code.toBbox(found).tolist(), float(code.area(found))


def mask_iou_pairs(
    prediction: NDArray[np.int64],
    truth: NDArray[np.int64],
    prediction_masks: Sequence[dict[str, Any]],
    truth_masks: Sequence[dict[str, Any]],
    truth_crowd: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """IoU ``(k,)`` of the pairs of rows ``prediction`` and ``truth`` ``(k,)``, sorted by prediction, of masks that
    ``compressed_mask`` gave; over the prediction's area alone where the ground truth is a crowd region.

    Both masks of a pair are of one image. Source: ``rleIou`` of pycocotools' common/maskApi.c, which is called.
    """
    code = _mask_code()
    iou = np.zeros(len(prediction))
    rows, starts, counts = np.unique(prediction, return_index=True, return_counts=True)
    for row, start, end in zip(rows, starts, starts + counts, strict=True):
        others = truth[start:end]
        masks = [truth_masks[other] for other in others]
        iou[start:end] = code.iou([prediction_masks[row]], masks, truth_crowd[others].tolist())[0]
    return iou


def mask_figures(
    truth: Masks,
    truth_area: NDArray[np.float64],
    truth_crowd: NDArray[np.bool_],
    found: Masks,
    score: NDArray[np.float64],
    images: int,
    labels: int,
) -> NDArray[np.float64]:
    """COCO's twelve figures ``(12,)`` of masks, 0 to 1, in the order of ``average_precision.FIGURES``;
    NaN where COCO gives -1.

    Images and labels are numbered from 0; ties of score go by image, then by row; a NaN score counts as 1.
    ``truth_area`` is the annotations' own, the predictions' area is that of their masks. This is ``COCOeval`` of
    pycocotools, which is called; with results that carry boxes too, pycocotools takes the area of the box instead,
    unless they are removed first, as detectron2 does. Raises ``EvalWidgetError`` where pycocotools is not installed.
    """
    code = _mask_code()
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def annotated(masks: Masks, **columns: list[Any]) -> Any:
        table = COCO()
        table.dataset = {
            "images": [{"id": image + 1, "height": 0, "width": 0} for image in range(images)],
            "categories": [{"id": label + 1} for label in range(labels)],
            "annotations": [
                {
                    "id": row + 1,
                    "image_id": int(masks.image[row]) + 1,
                    "category_id": int(masks.label[row]) + 1,
                    "segmentation": mask,
                    **{name: values[row] for name, values in columns.items()},
                }
                for row, mask in enumerate(masks.mask)
            ],
        }
        table.createIndex()
        return table

    area = [float(code.area(mask)) for mask in found.mask]
    certain = np.where(np.isnan(score), 1.0, score).tolist()
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(
            annotated(truth, area=truth_area.tolist(), iscrowd=truth_crowd.astype(int).tolist()),
            annotated(found, area=area, iscrowd=[0] * len(found.mask), score=certain),
            "segm",
        )
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    figures = np.array(evaluation.stats, np.float64)
    figures[figures == -1] = np.nan
    return figures


def _mask_code() -> Any:
    try:
        # imported late: masks are the one thing that needs it
        from pycocotools import mask
    except ImportError:
        raise EvalWidgetError("masks need pycocotools: pip install 'evalwidget[masks]'") from None
    return mask


def _checked_polygons(mask: Any) -> list[list[float]]:
    if not isinstance(mask, list) or not mask or not all(isinstance(polygon, list) for polygon in mask):
        raise ValueError(f"expected polygons, or size and counts, got {mask!r:.60}")
    for polygon in mask:
        if len(polygon) < 6 or len(polygon) % 2:
            raise ValueError(f"expected polygons of 3 points or more, x and y each, got {len(polygon)} numbers")
        for value in polygon:
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _FARTHEST:
                raise ValueError(f"expected polygons of numbers up to {_FARTHEST:g}, got {value!r:.60}")
    return mask


def _checked_rle(mask: dict[str, Any]) -> dict[str, Any]:
    size, counts = mask.get("size"), mask.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not all(type(side) is int and side > 0 for side in size):
        raise ValueError(f"size: expected height and width, got {size!r:.60}")
    if size[0] * size[1] > _MOST_PIXELS:
        raise ValueError(f"size: expected no more than {_MOST_PIXELS} pixels, got {size!r:.60}")
    if isinstance(counts, list):
        if not all(type(run) is int and run >= 0 for run in counts):
            raise ValueError("counts: expected whole numbers of 0 or more")
        total = sum(counts)
    elif isinstance(counts, (str, bytes)):
        counts = counts.encode("ascii", "replace") if isinstance(counts, str) else counts
        total = int(_runs(counts).sum())
    else:
        raise ValueError(f"counts: expected a list or text, got {counts!r:.60}")
    if total != size[0] * size[1]:
        raise ValueError(f"counts: expected runs of {size[0] * size[1]} pixels in all, got {total}")
    return {"size": size, "counts": counts}


def _runs(counts: bytes) -> NDArray[np.int64]:
    """The runs that compressed counts stand for: groups of 5 bits from 6-bit characters, each run but the first three
    given by its difference from the one before the last. Source: ``rleFrString`` of pycocotools' common/maskApi.c."""
    digits = np.frombuffer(counts, np.uint8).astype(np.int64) - 48
    if not len(digits) or not ((digits >= 0) & (digits < 64)).all() or digits[-1] & 32:
        raise ValueError(f"counts: expected compressed runs, got {counts!r:.60}")
    last = np.flatnonzero(digits & 32 == 0)
    length = np.diff(last, prepend=-1)
    if length.max() > 7:
        raise ValueError("counts: expected runs of no more than 32 bits")
    first = last - length + 1
    shift = 5 * (np.arange(len(digits)) - np.repeat(first, length))
    runs = np.add.reduceat((digits & 31) << shift, first)
    runs -= np.where(digits[last] & 16, np.left_shift(1, 5 * length), 0)
    runs[1::2], runs[2::2] = np.cumsum(runs[1::2]), np.cumsum(runs[2::2])
    if (runs < 0).any():
        raise ValueError("counts: expected runs of 0 pixels or more")
    return runs
