"""What became of each phrase of a run's specimens at a step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.metrics.grounding import phrase_figures
from evalwidget.scoring.step_blocks import on_threads
from evalwidget.scoring.step_cache import StepCache

__all__ = ["PHRASE_STATUSES", "PhraseScoring", "Phrases"]

#: The state of a phrase: predicted (well or badly); a phrase of the ground truth that was not predicted; a predicted
#: phrase that the ground truth has not; a phrase known not to be in the specimen, or a specimen known to hold nothing,
#: where any prediction is one too many.
PHRASE_STATUSES: Final = ("predicted", "missing_phrase", "invented_phrase", "no_target")
_PREDICTED, _MISSING, _INVENTED, _NO_TARGET = range(len(PHRASE_STATUSES))


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases ``(p,)`` of one step by specimen: number of the specimen, label (-1 for a specimen known to hold
    nothing), place in ``PHRASE_STATUSES``, ground truth boxes, predictions that count, and figures by name, NaN where
    one is not defined."""

    specimen: NDArray[np.int64]
    label: NDArray[np.int64]
    status: NDArray[np.uint8]
    boxes: NDArray[np.int64]
    predictions: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]


class PhraseScoring:
    """Phrases of a run by step and thresholds, each worked out once. Safe to use from several threads."""

    def __init__(self, data: RunData) -> None:
        self._data = data
        self._phrases = StepCache(self._new_phrases)

    def phrases(self, steps: Sequence[int], iou_threshold: float, confidence_threshold: float) -> list[Phrases]:
        """The phrases at each of ``steps``."""
        return self._phrases.at(steps, (iou_threshold, confidence_threshold))

    def values(
        self, step: int, name: str, iou_threshold: float, confidence_threshold: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The specimen ``(p,)`` of each phrase and a figure of it, NaN where it is not defined."""
        (found,) = self.phrases([step], iou_threshold, confidence_threshold)
        return found.specimen, found.columns[name]

    def _new_phrases(self, steps: list[int], thresholds: tuple[float, float]) -> list[Phrases]:
        return on_threads(lambda step: self._phrases_at(step, *thresholds), steps)

    def _phrases_at(self, step: int, iou_threshold: float, confidence_threshold: float) -> Phrases:
        predictions, truth = self._data.predictions(step), self._data.ground_truth.boxes
        found = predictions.boxes
        scored = self._data.scored(step)
        # at 0 everything counts, also a score below 0, such as a logit
        confident = ~(found.score < (confidence_threshold or -np.inf))
        counted = np.flatnonzero(found.usable & confident & scored[found.specimen])
        sought = np.flatnonzero(scored[truth.specimen] & ~truth.crowd)
        labels = max(len(self._data.labels), 1)
        truth_key = truth.specimen[sought] * labels + truth.label[sought]
        key = found.specimen[counted] * labels + found.label[counted]
        keys, truth_phrase = np.unique(truth_key, return_inverse=True)
        asked = np.isin(key, keys)
        figures = phrase_figures(
            truth_phrase.reshape(-1),
            truth.corners[sought],
            np.searchsorted(keys, key[asked]),
            found.corners[counted[asked]],
            found.score[counted[asked]],
            len(keys),
            iou_threshold,
        ).columns
        predicted = np.bincount(np.searchsorted(keys, key[asked]), minlength=len(keys))
        absent, empty = self._without_target(scored)
        absent_key = absent[:, 0] * labels + absent[:, 1]
        is_absent = np.isin(key, absent_key)
        invented, times = np.unique(key[~asked & ~is_absent], return_counts=True)
        of_absent = np.bincount(np.searchsorted(absent_key, key[is_absent]), minlength=len(absent))
        of_empty = np.bincount(found.specimen[counted], minlength=len(self._data.specimens))[empty]
        left = np.concatenate([of_absent, of_empty])
        nothing, none = np.full(len(invented), np.nan), np.full(len(left), np.nan)
        right = (left == 0).astype(np.float64)
        of_none = {"grec_f1": right, "grec_accuracy": right, "grec_giou_f1": right, "grec_giou_accuracy": right}
        columns = {name: np.concatenate([values, nothing, of_none.get(name, none)]) for name, values in figures.items()}
        columns["target_accuracy"] = np.concatenate([(predicted > 0).astype(np.float64), nothing, none])
        columns["no_target_accuracy"] = np.concatenate([np.full(len(keys), np.nan), nothing, right])
        specimen = np.concatenate([keys // labels, invented // labels, absent[:, 0], empty])
        status = np.repeat(
            np.array([_PREDICTED, _INVENTED, _NO_TARGET], np.uint8), [len(keys), len(invented), len(left)]
        )
        status[: len(keys)][predicted == 0] = _MISSING
        zeros = np.zeros(len(invented) + len(left), np.int64)
        order = np.lexsort((status == _INVENTED, specimen))
        return Phrases(
            specimen[order],
            np.concatenate([keys % labels, invented % labels, absent[:, 1], np.full(len(empty), -1)])[order],
            status[order],
            np.concatenate([np.bincount(truth_phrase.reshape(-1), minlength=len(keys)), zeros])[order],
            np.concatenate([predicted, times, left])[order],
            {name: values[order] for name, values in columns.items()},
        )

    def _without_target(self, scored: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The phrases ``(k, 2)`` known not to be in their specimen, and the specimens known to hold nothing. Where one
        of these is asked for one phrase alone, every prediction is of that phrase, whatever it is called."""
        truth = self._data.ground_truth
        # a specimen whose boxes are crowd regions alone holds something all the same
        is_empty = scored & (np.diff(truth.boxes.offsets) == 0)
        asked = np.bincount(truth.absent[:, 0], minlength=len(scored))
        is_empty &= asked < 2
        absent = truth.absent[scored[truth.absent[:, 0]] & ~is_empty[truth.absent[:, 0]]]
        return absent, np.flatnonzero(is_empty)
