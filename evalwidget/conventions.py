"""In which convention boxes are written: what their numbers tell, and whether another one would fit the ground truth.

A convention that is neither stated nor said by the format can be taken wrongly, and the numbers alone tell pixels from
thousandths in no image of about a thousand pixels. So the boxes of a few specimens are read in every convention, and
one that brings predictions clearly nearer to the ground truth is named.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import ORDERS, PARSE_STATES, Convention, corners_and_size, values_as_written
from evalwidget.metrics.overlap import iou_of_pairs
from evalwidget.records import BoxRows
from evalwidget.tables import Boxes

__all__ = [
    "SAID",
    "STATED",
    "Expected",
    "Fit",
    "Taken",
    "Written",
    "best_fit",
    "detected_scale",
    "largest_number",
    "taken_parts",
]

#: Why a convention was taken.
STATED: Final = "stated"
SAID: Final = "said by the format"
#: A fraction is above 1 by rounding alone.
_LARGEST_FRACTION: Final = 1.01
#: Scales that no numbers tell apart: a box is a hair's breadth elsewhere.
_ALIKE: Final = ("0-1000", "0-999", "0-1024")
#: Scales that boxes are tried in, the most usual first.
_USUAL: Final = ("pixels", "fraction", *_ALIKE, "0-100")
#: How many specimens are looked at, with how many boxes each; with fewer, chance may look like a fit.
_SPECIMENS, _TRUTH_EACH, _FOUND_EACH, _INVALID_EACH = 64, 4, 8, 24
_FEWEST: Final = 4
_NEGATIVE_SIZE: Final = PARSE_STATES.index("negative_size")


@dataclass(frozen=True, slots=True)
class Expected:
    """The convention of boxes whose source does not say one, and why it is this one."""

    convention: Convention
    scale_why: str
    order_why: str

    @property
    def is_stated(self) -> bool:
        """Whether the caller says what the coordinates are counted in."""
        return self.scale_why == STATED

    def why(self, convention: Convention) -> str:
        """Why boxes were taken to be in ``convention``."""
        scale, order = self.scale_why, self.order_why
        if convention != self.convention:
            scale = STATED if scale == STATED and convention.scale == self.convention.scale else SAID
            order = STATED if order == STATED and convention.order == self.convention.order else SAID
        return scale if scale == order else f"coordinates {scale}, order {order}"


@dataclass(frozen=True, slots=True)
class Taken:
    """The convention in which ``boxes`` boxes were read, and why. ``is_open`` is false where it is a model's grammar,
    whose scale belongs to the model family."""

    convention: Convention
    why: str
    boxes: int
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """Boxes of one side with the convention they were read in."""

    boxes: Boxes
    convention: Convention


@dataclass(frozen=True, slots=True)
class Fit:
    """How near a step's predictions are to the ground truth: ``mean_iou`` over ground truth boxes of a sample, each
    with its nearest prediction (NaN: nothing to compare); and the convention of ``side`` that would bring them clearly
    nearer, if there is one."""

    mean_iou: float = np.nan
    side: str = "predictions"
    better: Convention | None = None
    better_mean_iou: float = np.nan


def largest_number(parts: Sequence[BoxRows]) -> float:
    """The largest coordinate of usable boxes, NaN where there is none."""
    values = np.concatenate([part.values.ravel() for part in parts]) if parts else np.empty(0)
    values = values[np.isfinite(values)]
    return float(values.max()) if len(values) else np.nan


def detected_scale(parts: Sequence[BoxRows]) -> str:
    """``fraction`` where there are boxes and no coordinate is above 1 by more than rounding, else ``pixels``."""
    return "fraction" if largest_number(parts) <= _LARGEST_FRACTION else "pixels"


def taken_parts(
    parts: Sequence[BoxRows], expected: Expected, with_text: frozenset[int]
) -> tuple[list[BoxRows], list[Taken]]:
    """``parts`` in the conventions in which they are to be read, and why.

    Predictions that were not said to be in pixels, and are in no image larger than one, are fractions. ``with_text``
    are the records whose boxes were read from a model's raw text.
    """
    found, taken = [], []
    for part in parts:
        convention, is_open = part.convention, True
        if not len(part.owner):
            found.append(part)
            continue
        if with_text and with_text.issuperset(np.unique(part.owner).tolist()):
            why, is_open = "as the model family writes them", False
        elif convention.scale == "pixels" and not expected.is_stated and _are_fractions(part):
            convention = Convention(convention.order, "fraction")
            order = expected.order_why if convention.order == expected.convention.order else SAID
            why = f"coordinates told by the largest number {largest_number([part]):.4g}, order {order}"
        else:
            why = expected.why(convention)
        found.append(part if convention == part.convention else replace(part, convention=convention))
        taken.append(Taken(convention, why, len(part.owner), is_open))
    return found, taken


def best_fit(
    found: Written,
    truth: Written,
    usable: NDArray[np.bool_],
    sizes: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    *,
    truth_is_open: bool,
) -> Fit:
    """How near predictions are to the ground truth, and the convention that would bring them clearly nearer.

    ``usable`` ``(s,)`` are the specimens to look at; ``sizes`` gives the image sizes ``(n, 2)`` of some, NaN where one
    is not known. Ground truth is read anew only where ``truth_is_open``: its format says nothing.

    A convention is clearly better where it raises the mean IoU to .3 at least, by .1 at least and by half, three
    standard errors above chance; and where that reaches .6, or is .15 more than the same predictions reach beside the
    ground truth of other specimens. So nothing is said of a model that has not learned anything.
    """
    if not {found.convention.scale, truth.convention.scale} <= set(_USUAL):
        return Fit()
    sample = _sample(found, truth, usable, sizes)
    if sample is None:
        return Fit()
    nearest = sample.nearest()[0]
    mean = float(nearest.mean())
    if mean > 1 / 1.5:
        return Fit(mean)
    sides = ["predictions", "ground truth"] if truth_is_open else ["predictions"]
    for side in sides:
        conventions = _others(found.convention if side == "predictions" else truth.convention, sample.has_sizes)
        read = sample.nearest(conventions, side)
        row = _preferred(read.mean(axis=1), conventions)
        gain, better = read[row] - nearest, float(read[row].mean())
        if better < max(0.3, 1.5 * mean) or not _is_clear(gain, 0.1):
            continue
        # read wrongly alike, boxes anywhere share the size of their image: ground truth is to fit well
        tells = side == "predictions" and _is_clear(read[row] - sample.chance(conventions[row]), 0.15)
        if better >= 0.6 or tells:
            return Fit(mean, side, conventions[row], better)
    return Fit(mean)


@dataclass(frozen=True, slots=True)
class _Sample:
    """Boxes of ``s`` specimens as written, padded with NaN: ``found`` ``(s, p, 4)``, ``truth`` ``(s, t, 4)``, ``sizes``
    ``(s, 2)``, all 1 where the sizes of images are not known."""

    found: NDArray[np.float64]
    truth: NDArray[np.float64]
    sizes: NDArray[np.float64]
    has_sizes: bool
    found_convention: Convention
    truth_convention: Convention

    def nearest(self, conventions: Sequence[Convention] = (), side: str = "predictions") -> NDArray[np.float64]:
        """IoU ``(c, n)`` of each ground truth box with its nearest prediction, ``side`` read in each convention."""
        found = self._unit(self.found, [self.found_convention])
        truth = self._unit(self.truth, [self.truth_convention])
        if side == "predictions" and conventions:
            found = self._unit(self.found, conventions)
        elif conventions:
            truth = self._unit(self.truth, conventions)
        return self._overlaps(found, truth)

    def chance(self, convention: Convention) -> NDArray[np.float64]:
        """The same ``(n,)`` with the predictions of other specimens: what is reached without knowing the image."""
        found = self._unit(self.found, [convention])
        truth = self._unit(self.truth, [self.truth_convention])
        shifts = range(1, min(4, len(self.sizes)))
        moved = [self._overlaps([np.roll(part, shift, axis=1) for part in found], truth)[0] for shift in shifts]
        return np.asarray(np.mean(moved, axis=0))

    def _unit(self, values: NDArray[np.float64], conventions: Sequence[Convention]) -> list[NDArray[np.float64]]:
        """Corners ``(c, s, k, 4)`` and width and height ``(c, s, k, 2)`` in parts of the image."""
        sizes = np.repeat(self.sizes, values.shape[1], axis=0)
        read = [corners_and_size(values.reshape(-1, 4), convention, sizes) for convention in conventions]
        corners = np.stack([corners for corners, _ in read]) / np.tile(sizes, 2)
        size = np.stack([size for _, size in read]) / sizes
        size = np.where((size < 0).any(axis=2, keepdims=True), np.nan, size)
        return [corners.reshape(len(read), *values.shape), size.reshape(len(read), *values.shape[:2], 2)]

    def _overlaps(self, found: list[NDArray[np.float64]], truth: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        count = max(len(found[0]), len(truth[0]))
        shape = (count, len(self.sizes), self.found.shape[1], self.truth.shape[1])
        ours = [np.broadcast_to(part[:, :, :, None], (*shape, part.shape[-1])) for part in found]
        theirs = [np.broadcast_to(part[:, :, None], (*shape, part.shape[-1])) for part in truth]
        corners, size, other_corners, other_size = (part.reshape(-1, part.shape[-1]) for part in (*ours, *theirs))
        no_crowd = np.zeros(len(corners), np.bool_)
        iou = iou_of_pairs(corners, size, other_corners, other_size, no_crowd).reshape(shape)
        there = np.isfinite(self.truth).all(axis=2)
        return np.asarray(np.nan_to_num(iou).max(axis=2)[:, there])


def _sample(
    found: Written,
    truth: Written,
    usable: NDArray[np.bool_],
    sizes: Callable[[NDArray[np.int64]], NDArray[np.float64]],
) -> _Sample | None:
    """Some boxes of some specimens that have both, None where there are too few to tell anything by."""
    of_truth = np.flatnonzero(~truth.boxes.crowd)
    of_found = np.flatnonzero(found.boxes.usable | (found.boxes.state == _NEGATIVE_SIZE))
    count = len(usable)
    both = usable & (np.bincount(truth.boxes.specimen[of_truth], minlength=count) > 0)
    both &= np.bincount(found.boxes.specimen[of_found], minlength=count) > 0
    chosen = np.flatnonzero(both)
    if len(chosen) < _FEWEST:
        return None
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), _SPECIMENS)).astype(np.int64)]
    image_sizes = sizes(chosen)
    has_sizes = not np.isnan(image_sizes).any()
    if not has_sizes:
        known = ~np.isnan(image_sizes).any(axis=1)
        has_sizes = known.sum() >= _FEWEST
        chosen = chosen[known] if has_sizes else chosen
        image_sizes = image_sizes[known] if has_sizes else np.ones((len(chosen), 2))
    sample = _Sample(
        _padded(found, of_found, chosen, image_sizes, _FOUND_EACH),
        _padded(truth, of_truth, chosen, image_sizes, _TRUTH_EACH),
        image_sizes,
        has_sizes,
        found.convention,
        truth.convention,
    )
    return sample if np.isfinite(sample.truth).all(axis=2).sum() >= 2 * _FEWEST else None


def _padded(
    written: Written, rows: NDArray[np.int64], chosen: NDArray[np.int64], sizes: NDArray[np.float64], each: int
) -> NDArray[np.float64]:
    """The numbers ``(s, k, 4)`` as written of ``each`` of the boxes ``rows`` of each chosen specimen, surest first, and
    of a few more that are invalid: their scores are not known."""
    boxes = written.boxes
    place = np.full(len(boxes.offsets) - 1, -1)
    place[chosen] = np.arange(len(chosen))
    rows = rows[place[boxes.specimen[rows]] >= 0]
    order = np.lexsort((-np.nan_to_num(boxes.score[rows], nan=-np.inf), boxes.usable[rows], boxes.specimen[rows]))
    rows = rows[order]
    owner, is_invalid = place[boxes.specimen[rows]], ~boxes.usable[rows]
    group = 2 * owner + ~is_invalid
    rank = np.arange(len(rows)) - np.searchsorted(group, group)
    keep = rank < np.where(is_invalid, _INVALID_EACH, each)
    rows, owner, rank, is_invalid = rows[keep], owner[keep], rank[keep], is_invalid[keep]
    values = values_as_written(boxes.corners[rows], boxes.size[rows], written.convention, sizes[owner])
    for row in np.flatnonzero(is_invalid).tolist():
        values[row] = _raw_numbers(boxes.defects[int(rows[row])].raw)
    padded = np.full((len(chosen), each + (_INVALID_EACH if is_invalid.any() else 0), 4), np.nan)
    padded[owner, rank + each * is_invalid] = values
    return padded


def _raw_numbers(raw: str) -> list[float]:
    """The four numbers of an invalid box, NaN where its text is not just these."""
    try:
        value: Any = ast.literal_eval(raw) if len(raw) < 1000 else ()
        return [float(number) for number in value] if len(value) == 4 else [np.nan] * 4
    except (ValueError, SyntaxError, TypeError, OverflowError, MemoryError, RecursionError):
        return [np.nan] * 4


def _others(taken: Convention, has_sizes: bool) -> list[Convention]:
    """Every convention that numbers may be in and that is not as good as the one taken."""
    scales = [taken.scale]
    for scale in _USUAL:
        alike = scale in _ALIKE and taken.scale in _ALIKE
        comparable = has_sizes or (scale == "pixels") == (taken.scale == "pixels")
        if scale != taken.scale and not alike and comparable:
            scales.append(scale)
    return [found for scale in scales for order in ORDERS if (found := Convention(order, scale)) != taken]


def _preferred(means: NDArray[np.float64], conventions: Sequence[Convention]) -> int:
    """The best convention, and of those that are as good the most usual."""
    good = np.flatnonzero(means >= means.max() - 0.01).tolist()
    return int(min(good, key=lambda row: (_USUAL.index(conventions[row].scale), ORDERS.index(conventions[row].order))))


def _is_clear(gain: NDArray[np.float64], least: float) -> bool:
    """Whether a mean gain is at least ``least``, and three standard errors above 0."""
    return bool(gain.mean() >= max(least, 3 * gain.std(ddof=1) / len(gain) ** 0.5))


def _are_fractions(part: BoxRows) -> bool:
    # most boxes are in pixels, and a look at the largest number tells
    largest = np.fmax.reduce(part.values, axis=None)
    if _LARGEST_FRACTION < largest < np.inf:
        return False
    values = part.values[np.isfinite(part.values)]
    return bool(len(values) and values.max() <= _LARGEST_FRACTION and (values % 1 != 0).any())
