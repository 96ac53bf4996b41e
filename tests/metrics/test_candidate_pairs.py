"""No pair that overlaps enough is lost, and its IoU is that of the pair alone."""

import numpy as np
import pytest

from evalwidget.metrics.box_tables import TruthTable
from evalwidget.metrics.candidate_pairs import BoxColumns, candidate_pairs
from evalwidget.metrics.overlap import iou_of_pairs

Boxes = tuple[np.ndarray, np.ndarray]


def boxes(random: np.random.Generator, count: int, origin: float, scale: float) -> Boxes:
    start, size = origin + random.uniform(0, scale / 2, (count, 2)), random.uniform(0, scale, (count, 2))
    size[random.random((count, 2)) < 0.1] = 0
    return np.concatenate([start, start + size], axis=1), size


@pytest.mark.parametrize("lowest", [0.01, 0.5, 0.95, 1 - 1e-10])
@pytest.mark.parametrize(("origin", "scale"), [(0.0, 300.0), (1e4, 3e-12), (1e9, 1e-6), (1e15, 0.3), (1e15, 40.0)])
def test_pairs_are_those_of_every_box_with_every_box(origin: float, scale: float, lowest: float) -> None:
    """Far from 0, rounding makes the corners of a box span up to four times its area, and IoU exceed 1."""
    random = np.random.default_rng(5)
    truth, found = boxes(random, 150, origin, scale), boxes(random, 400, origin, scale)
    for ours, theirs in zip(found, truth, strict=True):
        ours[:20] = theirs[:20]
    crowd = random.random(150) < 0.2
    first = random.integers(0, 150, 400)
    count = random.integers(0, 151 - first)
    assert_all_pairs(found, first, count, truth, crowd, lowest)


def test_a_pair_exactly_at_the_threshold_is_kept() -> None:
    """Half of each box lies in a crowd region, with widths and heights that are not exact in binary."""
    size = np.random.default_rng(6).uniform(0, 100, (3000, 2)).round(1)
    half = size * [0.5, 1]
    found = np.concatenate([np.zeros((3000, 2)), size], axis=1), size
    region = np.concatenate([np.zeros((3000, 2)), half], axis=1), half
    every = np.arange(3000)
    pairs = assert_all_pairs(found, every, np.ones(3000, np.int64), region, np.ones(3000, np.bool_), 0.5, aligned=True)
    assert pairs > 2900


def assert_all_pairs(
    found: Boxes,
    first: np.ndarray,
    count: np.ndarray,
    truth: Boxes,
    crowd: np.ndarray,
    lowest: float,
    *,
    aligned: bool = False,
) -> int:
    """The pairs are those that each pair's own IoU says; how many there are. ``aligned`` boxes face one another."""
    pairs = candidate_pairs(BoxColumns.of(*found), first, count, BoxColumns.of(*truth), crowd, lowest)
    rows = np.arange(len(first)) if aligned else np.repeat(np.arange(len(first)), len(crowd))
    others = rows if aligned else np.tile(np.arange(len(crowd)), len(first))
    iou = iou_of_pairs(found[0][rows], found[1][rows], truth[0][others], truth[1][others], crowd[others])
    kept = (iou >= lowest) & (others >= first[rows]) & (others < (first + count)[rows])
    expected = set(zip(rows[kept].tolist(), others[kept].tolist(), iou[kept].tolist(), strict=True))
    assert set(zip(pairs.prediction.tolist(), pairs.truth.tolist(), pairs.iou.tolist(), strict=True)) == expected
    assert len(pairs.iou) == len(expected)
    return len(expected)


def test_groups_are_found_in_a_table_and_where_there_are_too_many_for_one() -> None:
    specimen, label = np.array([0, 0, 2, 2, 2]), np.array([5, 3, 3, 5, 3])
    corners, size, area = np.zeros((5, 4)), np.zeros((5, 2)), np.zeros(5)
    asked_specimen, asked_label = np.array([0, 0, 1, 2, 2, 2]), np.array([3, 5, 3, 3, 4, 5])
    for specimens in (3, 3_000_000):
        table = TruthTable(specimens, specimen, label, corners, size, area, np.zeros(5, np.bool_))
        first, count = table.group(asked_specimen, table.classes_of(asked_label, 6))
        groups = [table.row[at : at + many].tolist() for at, many in zip(first, count, strict=True)]
        assert groups == [[1], [0], [], [2, 4], [], [3]]
