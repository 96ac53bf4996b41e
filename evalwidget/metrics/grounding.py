"""Phrase grounding: what was found of each phrase of an image. Boxes are corners (x1, y1, x2, y2) in pixels."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.pairs import pairs_within, rank_within, taken_in_turn

__all__ = ["RECALL_RANKS", "PhraseFigures", "enclosing_boxes", "giou_of_pairs", "phrase_figures"]

#: Recall@k is told for these k.
RECALL_RANKS: Final = (1, 5, 10)
_REFERRING_THRESHOLD: Final = 0.5


@dataclass(frozen=True, slots=True)
class PhraseFigures:
    """Figures of ``p`` phrases, by name; float64 ``(p,)``.

    - ``iou``: of the first prediction with the nearest box of the phrase; ``merged_iou``: with the smallest box that
      encloses all boxes of the phrase; NaN without predictions.
    - ``recall_at_1``, ``_5``, ``_10``: 1 where one of the first k predictions has an IoU of at least the threshold with
      any box of the phrase ("any-box protocol"); ``merged_recall_at_1`` …: with the enclosing box; predictions are not
      merged. Source: Plummer et al. 2015 (Flickr30k Entities), MDETR's datasets/flickr_eval.py (ashkamath/mdetr at
      ea09acc), which stops with an error at a phrase without predictions; here that is a miss.
    - ``accuracy_at_50``: referring expressions, phrases with exactly one box: 1 where the first prediction has an
      IoU of at least .5 with it, whatever the threshold; NaN for other phrases. Source: Acc@0.5 of RefCOCO as mmdet's
      ``RefExpMetric`` and InternVL have it. MiniGPT-4's code asks for more than .5 and counts pixels inclusively.
      ``accuracy_at_50_giou``: the same with GIoU instead of IoU, as MDETR's datasets/refexp.py (ea09acc) has it; never
      larger.
    - ``grec_f1``: 2 TP / (2 TP + FP + FN) of all predictions of the phrase, which pair with its boxes greedily, the
      pair of highest IoU first, down to the threshold; ``grec_accuracy``: 1 where that F1 is 1. Source: He et al. 2023
      (GREC), mdetr/datasets/refexp.py of henghuiding/gRefCOCO at 41a8f00, which keeps predictions of score .7 or more
      and pairs by GIoU (``grec_giou_f1``, ``grec_giou_accuracy``).
    """

    columns: dict[str, NDArray[np.float64]]


def phrase_figures(
    truth_phrase: NDArray[np.int64],
    truth_corners: NDArray[np.float64],
    phrase: NDArray[np.int64],
    corners: NDArray[np.float64],
    score: NDArray[np.float64],
    phrases: int,
    iou_threshold: float,
) -> PhraseFigures:
    """Figures of phrases 0 to ``phrases``, each with one ground truth box or more.

    ``truth_phrase`` ``(n,)`` and ``phrase`` ``(m,)`` say to which phrase a ground truth box and a prediction belong;
    the first predictions are those of highest ``score``, in their order on a tie or where there is none (NaN).
    """
    rank = rank_within(phrase, score, phrases)
    boxes = np.bincount(truth_phrase, minlength=phrases)
    prediction, truth = pairs_within(phrase, truth_phrase)
    iou, giou = _iou_and_giou(corners[prediction], truth_corners[truth])
    any_box = _best(iou, prediction, len(phrase), 0.0)
    merged, _ = _iou_and_giou(corners, enclosing_boxes(truth_corners, truth_phrase, phrases)[phrase])
    predicted = np.bincount(phrase, minlength=phrases) > 0
    first = rank == 0
    columns = {}
    for name, values in (("iou", any_box), ("merged_iou", merged)):
        columns[name] = np.full(phrases, np.nan)
        columns[name][phrase[first]] = values[first]
    for prefix, values in (("", any_box), ("merged_", merged)):
        hits = np.flatnonzero(values >= iou_threshold)
        first_hit = np.full(phrases, max(RECALL_RANKS))
        np.minimum.at(first_hit, phrase[hits], rank[hits])
        for most in RECALL_RANKS:
            columns[f"{prefix}recall_at_{most}"] = (first_hit < most).astype(np.float64)
    first_giou = _best(giou, prediction, len(phrase), -1.0)
    for name, values in (("accuracy_at_50", any_box), ("accuracy_at_50_giou", first_giou)):
        right = first & (values >= _REFERRING_THRESHOLD)
        is_right = np.bincount(phrase[right], minlength=phrases) > 0
        columns[name] = np.where(boxes == 1, is_right.astype(np.float64), np.nan)
    sides = boxes + np.bincount(phrase, minlength=phrases)
    for prefix, values in (("grec", iou), ("grec_giou", giou)):
        near = np.flatnonzero(values >= iou_threshold)
        # the pair of highest overlap first; ties by the prediction's rank, then by ground truth
        best = near[np.lexsort((truth[near], rank[prediction[near]], -values[near]))]
        pairs = taken_in_turn(prediction[best], truth[best], len(phrase), len(truth_phrase))
        found = np.bincount(phrase[pairs >= 0], minlength=phrases)
        columns[f"{prefix}_f1"] = 2 * found / np.maximum(sides, 1)
        columns[f"{prefix}_accuracy"] = (2 * found == sides).astype(np.float64)
    columns["iou"][~predicted] = columns["merged_iou"][~predicted] = np.nan
    return PhraseFigures(columns)


def enclosing_boxes(corners: NDArray[np.float64], group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """The smallest box ``(groups, 4)`` around all boxes of each group; NaN for a group without boxes."""
    around = np.full((groups, 4), np.nan)
    np.fmin.at(around[:, :2], group, corners[:, :2])
    np.fmax.at(around[:, 2:], group, corners[:, 2:])
    return around


def giou_of_pairs(corners_a: NDArray[np.float64], corners_b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Generalised IoU ``(n,)``, -1 to 1, of box ``a[i]`` with box ``b[i]``: IoU less the share of the enclosing box
    that neither covers. Source: Rezatofighi et al. 2019. Boxes without area that coincide give 0."""
    return _iou_and_giou(corners_a, corners_b)[1]


def _iou_and_giou(
    corners_a: NDArray[np.float64], corners_b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """IoU from corners alone, as the references of grounding have it (COCO's is in ``overlap``), and GIoU."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = (np.ascontiguousarray(each.T) for each in (corners_a, corners_b))
    width, height = np.minimum(ax2, bx2) - np.maximum(ax1, bx1), np.minimum(ay2, by2) - np.maximum(ay1, by1)
    intersection = np.maximum(width, 0) * np.maximum(height, 0)
    union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - intersection
    around = (np.maximum(ax2, bx2) - np.minimum(ax1, bx1)) * (np.maximum(ay2, by2) - np.minimum(ay1, by1))
    iou, empty = np.zeros(len(union)), np.zeros(len(union))
    np.divide(intersection, union, out=iou, where=intersection > 0)
    np.divide(around - union, around, out=empty, where=around > 0)
    return iou, iou - empty


def _best(values: NDArray[np.float64], row: NDArray[np.int64], rows: int, least: float) -> NDArray[np.float64]:
    best = np.full(rows, least)
    np.maximum.at(best, row, values)
    return best
