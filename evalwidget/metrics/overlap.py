"""Intersection over union of pairs of boxes."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["iou_of_pairs"]


def iou_of_pairs(
    corners_a: NDArray[np.float64],
    size_a: NDArray[np.float64],
    corners_b: NDArray[np.float64],
    size_b: NDArray[np.float64],
    crowd_b: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """IoU ``(n,)`` of box ``a[i]`` with box ``b[i]``; over the area of ``a`` alone where ``b`` is a crowd region.

    Areas are width x height as the source gave them, and the operations run in the order of pycocotools' ``bbIou``
    (common/maskApi.c), so results are equal to its to the last bit. Boxes that do not overlap, or have no area, give 0.
    """
    width = np.minimum(corners_a[:, 2], corners_b[:, 2]) - np.maximum(corners_a[:, 0], corners_b[:, 0])
    height = np.minimum(corners_a[:, 3], corners_b[:, 3]) - np.maximum(corners_a[:, 1], corners_b[:, 1])
    intersection = np.where((width > 0) & (height > 0), width * height, 0.0)
    area = size_a[:, 0] * size_a[:, 1]
    union = np.where(crowd_b, area, area + size_b[:, 0] * size_b[:, 1] - intersection)
    return np.divide(intersection, union, out=np.zeros_like(union), where=intersection > 0)
