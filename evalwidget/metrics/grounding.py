"""Phrase grounding: what was found of each phrase of an image. Boxes are corners (x1, y1, x2, y2) in pixels."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.pairs import pairs_within, rank_within

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
    rank = rank_within(phrase, score)
    boxes = np.bincount(truth_phrase, minlength=phrases)
    prediction, truth = pairs_within(phrase, truth_phrase)
    iou, giou = (of_pairs(corners[prediction], truth_corners[truth]) for of_pairs in (_iou_of_pairs, giou_of_pairs))
    any_box = _best(iou, prediction, len(phrase), 0.0)
    merged = _iou_of_pairs(corners, enclosing_boxes(truth_corners, truth_phrase, phrases)[phrase])
    predicted = np.bincount(phrase, minlength=phrases) > 0
    first = rank == 0
    columns = {}
    for name, values in (("iou", any_box), ("merged_iou", merged)):
        columns[name] = np.full(phrases, np.nan)
        columns[name][phrase[first]] = values[first]
    for prefix, values in (("", any_box), ("merged_", merged)):
        for most in RECALL_RANKS:
            hit = (values >= iou_threshold) & (rank < most)
            columns[f"{prefix}recall_at_{most}"] = (np.bincount(phrase[hit], minlength=phrases) > 0).astype(np.float64)
    first_giou = _best(giou, prediction, len(phrase), -1.0)
    for name, values in (("accuracy_at_50", any_box), ("accuracy_at_50_giou", first_giou)):
        right = first & (values >= _REFERRING_THRESHOLD)
        hits = np.bincount(phrase[right], minlength=phrases) > 0
        columns[name] = np.where(boxes == 1, hits.astype(np.float64), np.nan)
    sides = boxes + np.bincount(phrase, minlength=phrases)
    for prefix, values in (("grec", iou), ("grec_giou", giou)):
        near = np.flatnonzero(values >= iou_threshold)
        pairs = _greedy_pairs(prediction[near], truth[near], values[near], rank)
        found = np.bincount(phrase[prediction[near][pairs]], minlength=phrases)
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
    intersection, union = _intersection_and_union(corners_a, corners_b)
    low = np.minimum(corners_a[:, :2], corners_b[:, :2])
    width, height = (np.maximum(corners_a[:, 2:], corners_b[:, 2:]) - low).T
    around = width * height
    zeros = np.zeros(len(union))
    iou = np.divide(intersection, union, out=zeros.copy(), where=union > 0)
    empty: NDArray[np.float64] = np.divide(around - union, around, out=zeros, where=around > 0)
    return iou - empty


def _iou_of_pairs(corners_a: NDArray[np.float64], corners_b: NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU from corners alone, as the references of grounding have it; COCO's is in ``overlap``."""
    intersection, union = _intersection_and_union(corners_a, corners_b)
    return np.divide(intersection, union, out=np.zeros(len(union)), where=intersection > 0)


def _intersection_and_union(
    corners_a: NDArray[np.float64], corners_b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = np.maximum(corners_a[:, :2], corners_b[:, :2]), np.minimum(corners_a[:, 2:], corners_b[:, 2:])
    sides = np.maximum(high - low, 0)
    intersection = sides[:, 0] * sides[:, 1]
    areas = [(corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1]) for corners in (corners_a, corners_b)]
    return intersection, areas[0] + areas[1] - intersection


def _best(values: NDArray[np.float64], row: NDArray[np.int64], rows: int, least: float) -> NDArray[np.float64]:
    best = np.full(rows, least)
    np.maximum.at(best, row, values)
    return best


def _greedy_pairs(
    prediction: NDArray[np.int64], truth: NDArray[np.int64], overlap: NDArray[np.float64], rank: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The pairs taken when the one of highest overlap goes first and takes both its boxes away; ties by the
    prediction's rank, then by ground truth. In each round every pair that is the first left of both its boxes."""
    left = np.lexsort((truth, rank[prediction], -overlap))
    taken = []
    while len(left):
        is_first = np.zeros(len(left), np.bool_)
        is_first[np.unique(prediction[left], return_index=True)[1]] = True
        of_truth = np.zeros(len(left), np.bool_)
        of_truth[np.unique(truth[left], return_index=True)[1]] = True
        now = left[is_first & of_truth]
        taken.append(now)
        left = left[~np.isin(prediction[left], prediction[now]) & ~np.isin(truth[left], truth[now])]
    return np.concatenate(taken) if taken else left
