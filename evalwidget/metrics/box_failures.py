"""How boxes fail, by the interpretation guide: loose, missed, false positive or inconsistently localised."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.box_tables import PredictionBlock, TruthTable
from evalwidget.metrics.candidate_pairs import Pairs, candidate_pairs
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings
from evalwidget.metrics.error_types import BlockOutcomes
from evalwidget.metrics.pairs import taken_in_turn
from evalwidget.metrics.score_order import score_order

__all__ = ["FALSE_POSITIVE", "INCONSISTENT", "LOOSE", "BlockFailures", "box_failures"]

#: How a prediction fails.
LOOSE, INCONSISTENT, FALSE_POSITIVE = range(3)

_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class BlockFailures:
    """Failures of the ``m`` predictions of a block and of the ``n`` ground truth boxes at each of its steps.

    ``failure`` ``(m,)``: ``LOOSE``, ``INCONSISTENT`` or ``FALSE_POSITIVE``, -1 for a true positive. ``target``
    ``(m,)``: the ground truth box that a loose or inconsistent one claims; of a false positive the box of any label
    that it overlaps most, -1 where it is on background. ``iou`` ``(m,)``: the overlap with the target, 0 without one.
    ``missed`` ``(steps, n)``: boxes that nothing is matched with and nothing claims.
    """

    failure: NDArray[np.int8]
    target: NDArray[np.int64]
    iou: NDArray[np.float64]
    missed: NDArray[np.bool_]


def box_failures(
    truth: TruthTable,
    block: PredictionBlock,
    outcomes: BlockOutcomes,
    iou_threshold: float,
    settings: DiagnosisSettings,
) -> BlockFailures:
    """Failures of a block, each prediction and each ground truth box in one at most.

    - A *loose box* is an unmatched prediction whose best ground truth box of its label that nothing is matched with has
      an IoU from ``near_iou`` to below ``iou_threshold``, is covered to ``loose_cover`` of its area at least, and is
      ``loose_ratio`` times smaller at least. It claims that box, so the box is not missed and the prediction no false
      positive. Claims are one to one, the higher IoU first; one that comes too late may claim its next best box.
    - A *misaligned box* is another unmatched prediction with such an IoU with such a box, and claims it likewise, after
      the loose ones. It is *inconsistent localization* where its specimen has matched boxes of any label too (within
      the image), or else where most of what is localised at the step in other specimens (matched, loose or misaligned)
      is matched (from image to image). Else localization is not uneven but bad, and the claim is released.
    - A *missed detection* is a ground truth box that nothing is matched with and nothing claims.
    - A *false positive* is every other unmatched prediction.

    Limits: a box so large that its IoU is below ``near_iou`` is not loose but on background; one that spans several
    objects claims one of them, and the others are missed; a box of the wrong label is a false positive, and its object
    is missed. Crowd regions are claimed by nothing. Definition: our own, made of TIDE's thresholds and the guide's.
    """
    count, boxes = len(block.score), len(truth)
    first, candidates = truth.all_classes(block.specimen)
    candidates = np.where(outcomes.true_positive, 0, candidates)
    near = min(settings.near_iou, iou_threshold)
    found = candidate_pairs(block.boxes, first, candidates, truth.boxes, truth.crowd, near)
    pairs = _by_iou(found, ~truth.ignored[0][found.truth])
    missed = outcomes.sought & ~outcomes.found

    # ground truth is there anew at each step
    cell = block.step[pairs.prediction] * boxes + pairs.truth
    is_free = (block.class_[pairs.prediction] == truth.class_[pairs.truth]) & missed.reshape(-1)[cell]
    free = np.flatnonzero(is_free & (pairs.iou < iou_threshold))
    prediction, cell, iou = pairs.prediction[free], cell[free], pairs.iou[free]
    area, object_area = block.boxes.area[prediction], truth.boxes.area[pairs.truth[free]]
    intersection = iou * (area + object_area) / (1 + iou)
    is_loose = (intersection >= (settings.loose_cover - _SLACK) * object_area) & (
        area >= (settings.loose_ratio - _SLACK) * object_area
    )
    loose_first = np.flatnonzero(is_loose & (_first_of(prediction, count)[prediction] == np.arange(len(free))))
    claimed = taken_in_turn(prediction[loose_first], cell[loose_first], count, missed.size)
    is_claimed = np.zeros(missed.size, np.bool_)
    is_claimed[claimed[claimed >= 0]] = True
    left = np.flatnonzero((claimed[prediction] < 0) & ~is_claimed[cell])
    later = taken_in_turn(prediction[left], cell[left], count, missed.size)
    claimed = np.where(claimed >= 0, claimed, later)

    # the pair by which each prediction claims
    claims = np.flatnonzero(claimed[prediction] == cell)
    failure = np.full(count, FALSE_POSITIVE, np.int8)
    failure[outcomes.true_positive] = -1
    failure[prediction[claims]] = np.where(is_loose[claims], LOOSE, INCONSISTENT)
    is_released = (failure == INCONSISTENT) & ~_is_uneven(truth, block, outcomes, failure)
    failure[is_released] = FALSE_POSITIVE
    claimed[is_released] = -1

    nearest = _first_of(pairs.prediction, count)
    target, overlap = np.full(count, -1, np.int64), np.zeros(count)
    has_near = nearest >= 0
    target[has_near], overlap[has_near] = pairs.truth[nearest[has_near]], pairs.iou[nearest[has_near]]
    holds = claims[claimed[prediction[claims]] >= 0]
    target[prediction[holds]], overlap[prediction[holds]] = cell[holds] % max(boxes, 1), iou[holds]
    missed.reshape(-1)[claimed[claimed >= 0]] = False
    return BlockFailures(failure, target, overlap, missed)


def _by_iou(pairs: Pairs, kept: NDArray[np.bool_]) -> Pairs:
    """Those that are kept, the highest IoU first; ties by prediction, then by ground truth box."""
    rows = np.flatnonzero(kept)
    rows = rows[np.lexsort((pairs.truth[rows], pairs.prediction[rows]))]
    rows = rows[score_order(pairs.iou[rows])]
    return Pairs(pairs.prediction[rows], pairs.truth[rows], pairs.iou[rows])


def _first_of(prediction: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The first pair ``(count,)`` of each prediction, -1 for one that is in none."""
    first = np.full(count, -1, np.int64)
    first[prediction[::-1]] = np.arange(len(prediction))[::-1]
    return first


def _is_uneven(
    truth: TruthTable, block: PredictionBlock, outcomes: BlockOutcomes, failure: NDArray[np.int8]
) -> NDArray[np.bool_]:
    """Whether ``(m,)`` accurate boxes stand against a misaligned one: in its specimen, or most of those of others."""
    shape = (block.steps, truth.specimens)
    step, box = np.nonzero(outcomes.found)

    def counted(step: NDArray[np.int64], specimen: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.bincount(step * truth.specimens + specimen, minlength=shape[0] * shape[1]).reshape(shape)

    accurate = counted(step, truth.specimen[box])
    claim = np.flatnonzero((failure == LOOSE) | (failure == INCONSISTENT))
    localised = accurate + counted(block.step[claim], block.specimen[claim])
    accurate_elsewhere = accurate.sum(axis=1, keepdims=True) - accurate
    localised_elsewhere = localised.sum(axis=1, keepdims=True) - localised
    is_uneven = (accurate > 0) | (2 * accurate_elsewhere > localised_elsewhere)
    return np.asarray(is_uneven[block.step, block.specimen])
