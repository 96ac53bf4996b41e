"""No pair that overlaps enough is lost, and its IoU is that of the pair alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evalwidget.metrics.candidate_pairs import BoxColumns, candidate_pairs
from evalwidget.metrics.coco_scoring import TruthTable
from evalwidget.metrics.overlap import iou_of_pairs

CASES = settings(deadline=None, derandomize=True, database=None)


@CASES
@given(
    seed=st.integers(0, 2**32),
    origin=st.sampled_from([0.0, 1e4, 1e9, 1e15]),
    scale=st.sampled_from([1e-6, 1.0, 300.0]),
    lowest=st.sampled_from([0.01, 0.5, 0.95, 1 - 1e-10]),
)
def test_pairs_are_those_of_every_box_with_every_box(seed: int, origin: float, scale: float, lowest: float) -> None:
    """Far from 0 the corners of a box span more or less than its width and height: the bound on overlap must hold."""
    random = np.random.default_rng(seed)

    def boxes(count: int) -> tuple[np.ndarray, np.ndarray]:
        start, size = origin + random.uniform(0, scale / 2, (count, 2)), random.uniform(0, scale, (count, 2))
        size[random.random((count, 2)) < 0.1] = 0
        return np.concatenate([start, start + size], axis=1), size

    (truth, truth_size), (found, size) = boxes(9), boxes(30)
    found[:4], size[:4] = truth[:4], truth_size[:4]
    crowd = random.random(9) < 0.2
    first = random.integers(0, 9, 30)
    count = random.integers(0, 10 - first)
    pairs = candidate_pairs(BoxColumns.of(found, size), first, count, BoxColumns.of(truth, truth_size), crowd, lowest)
    rows, others = np.repeat(np.arange(30), 9), np.tile(np.arange(9), 30)
    iou = iou_of_pairs(found[rows], size[rows], truth[others], truth_size[others], crowd[others])
    kept = (iou >= lowest) & (others >= first[rows]) & (others < (first + count)[rows])
    expected = set(zip(rows[kept].tolist(), others[kept].tolist(), iou[kept].tolist(), strict=True))
    assert set(zip(pairs.prediction.tolist(), pairs.truth.tolist(), pairs.iou.tolist(), strict=True)) == expected
    assert len(pairs.iou) == len(expected)


def test_groups_are_found_in_a_table_and_where_there_are_too_many_for_one() -> None:
    specimen, label = np.array([0, 0, 2, 2, 2]), np.array([5, 3, 3, 5, 3])
    corners, size, area = np.zeros((5, 4)), np.zeros((5, 2)), np.zeros(5)
    asked_specimen, asked_label = np.array([0, 0, 1, 2, 2, 2]), np.array([3, 5, 3, 3, 4, 5])
    for specimens in (3, 3_000_000):
        table = TruthTable(specimens, specimen, label, corners, size, area, np.zeros(5, np.bool_))
        first, count = table.group(asked_specimen, table.classes_of(asked_label, 6))
        groups = [table.row[at : at + many].tolist() for at, many in zip(first, count, strict=True)]
        assert groups == [[1], [0], [], [2, 4], [], [3]]
