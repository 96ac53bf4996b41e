"""Which labels are taken for which: predictions matched with ground truth boxes whatever the labels of the two."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.pairs import overlapping_pairs

__all__ = ["LabelFreeMatches", "match_across_labels"]


@dataclass(frozen=True, slots=True)
class LabelFreeMatches:
    """For each of ``m`` predictions the ground truth box ``truth`` ``(m,)`` it is matched with (-1: none), and
    ``in_crowd`` ``(m,)``: it is matched with none and lies in a crowd region of its own label."""

    truth: NDArray[np.int64]
    in_crowd: NDArray[np.bool_]


def match_across_labels(
    truth_specimen: NDArray[np.int64],
    truth_label: NDArray[np.int32],
    truth_corners: NDArray[np.float64],
    truth_size: NDArray[np.float64],
    truth_crowd: NDArray[np.bool_],
    specimen: NDArray[np.int64],
    label: NDArray[np.int32],
    corners: NDArray[np.float64],
    size: NDArray[np.float64],
    score: NDArray[np.float64],
    iou_threshold: float,
) -> LabelFreeMatches:
    """Match ``m`` predictions with ``n`` ground truth boxes of the same specimen, whatever their labels.

    Of all pairs with an IoU of at least ``iou_threshold`` the best is taken, both its boxes are done, and so on. The
    best has the highest IoU; then comes a pair of one label; then the higher score (NaN counts as 1); then the earlier
    ground truth box and the earlier prediction. Crowd regions are matched with nothing.

    This is the protocol of Ultralytics' ``ConfusionMatrix`` with these differences: it asks for an IoU above the
    threshold; where the box that a prediction overlaps most goes to another, it does not try the next; labels and
    scores do not decide its ties; crowd regions are unknown to it. supervision's was the same and is now greedy as
    here, but takes all pairs of one label before any other. hotcoco 1.3 goes by score first, as COCO does within a
    label.
    """
    prediction, truth, iou = overlapping_pairs(
        specimen,
        corners,
        size,
        truth_specimen,
        truth_corners,
        truth_size,
        truth_crowd,
        min(iou_threshold, 1 - 1e-10),
    )
    matched = np.full(len(specimen), -1, np.int64)
    is_same, is_crowd = label[prediction] == truth_label[truth], truth_crowd[truth]
    in_crowd = np.zeros(len(specimen), np.bool_)
    in_crowd[prediction[is_same & is_crowd]] = True
    certain = np.where(np.isnan(score), 1.0, score)[prediction]
    order = np.lexsort((prediction, truth, -certain, ~is_same, -iou))
    order = order[~is_crowd[order]]
    prediction, truth = prediction[order], truth[order]
    while len(prediction):
        # a pair that is the best of both its boxes is taken whatever becomes of the others
        first_of_prediction, first_of_truth = (np.unique(side, return_index=True)[1] for side in (prediction, truth))
        best = np.intersect1d(first_of_prediction, first_of_truth)
        matched[prediction[best]] = truth[best]
        still_open = ~np.isin(prediction, prediction[best]) & ~np.isin(truth, truth[best])
        prediction, truth = prediction[still_open], truth[still_open]
    return LabelFreeMatches(matched, in_crowd & (matched < 0))
