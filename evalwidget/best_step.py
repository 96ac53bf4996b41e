"""The best step of a run as tables, and in sentences."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from evalwidget.data import shown_steps
from evalwidget.errors import EvalWidgetError
from evalwidget.evaluation import Evaluation, Settings
from evalwidget.metrics.metric import TextMetric
from evalwidget.named_scores import NamedScore, main_score, named_score
from evalwidget.step_choice import (
    Differences,
    Resampling,
    StepSums,
    best_place,
    differences,
    joined_sums,
    step_sums,
    value_intervals,
)

__all__ = ["BestStep", "best_step"]

#: Percentile intervals of fewer specimens are too narrow.
_FEW: Final = 30


@dataclass(frozen=True)
class BestStep:
    """The step with the best score, what it was chosen from, and how far it can be relied on. Printing it says so.

    ``step``: the best by ``metric``, of equals the earliest. ``table``: a row per step, ``step, value`` (as in
    ``Run.summary``) ``, low, high`` (its bootstrap interval); ``difference, difference_low, difference_high``: the
    step's score minus the best step's, over the specimens evaluated at both, with its paired bootstrap interval;
    ``specimens``: how many have something that the score counts; ``indistinguishable``: the interval of the difference
    holds 0, NA where there is nothing to compare; ``best``.

    ``thresholds``: what is best elsewhere, a row per ``iou_threshold, confidence_threshold``, or per other ``metric``
    for texts; ``best_step, value`` (the best there, and its score) ``, choice_value`` (the score that ``step`` has
    there) ``, difference, difference_low, difference_high`` (``step`` minus the best there) ``, survives``: ``step`` is
    the best there, or cannot be told apart from it; NA where nothing is scored.
    """

    step: int
    metric: str
    table: pd.DataFrame
    thresholds: pd.DataFrame
    samples: int
    confidence: float

    @property
    def indistinguishable(self) -> list[int]:
        """The steps that cannot be told apart from the best, itself among them, ascending."""
        steps: list[int] = self.table.loc[self.table["indistinguishable"].fillna(False), "step"].tolist()
        return steps

    @property
    def survives(self) -> bool:
        """Whether the choice survives everything that ``thresholds`` has."""
        return not (~self.thresholds["survives"]).fillna(False).any()

    def __str__(self) -> str:
        return "\n".join(_sentences(self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in _sentences(self))
        return said + str(self.table.to_html(index=False))


def best_step(
    evaluation: Evaluation,
    steps: Sequence[int],
    settings: Settings,
    metric: str | None,
    how: Resampling,
    elsewhere: Sequence[Settings],
) -> BestStep:
    """The best of ``steps``, which ascend: see ``Run.best_step``."""
    score = named_score(evaluation, main_score(evaluation.data) if metric is None else metric)
    sums = step_sums(evaluation, steps, settings, score.name)
    best = best_place(sums.value, score.direction)
    if best is None:
        raise EvalWidgetError(f"best_step: no step has a score {score.name!r}; expected specimens that can be scored")
    if evaluation.data.has_text:
        thresholds = _other_metrics(evaluation, steps, settings, score, best, how)
    else:
        thresholds = _other_thresholds(evaluation, steps, elsewhere, score, best, how)
    return BestStep(steps[best], score.name, _table(steps, sums, best, how), thresholds, how.samples, how.confidence)


def _table(steps: Sequence[int], sums: StepSums, best: int, how: Resampling) -> pd.DataFrame:
    low, high = value_intervals(sums, how).T
    found = differences(sums, sums.at(best), how)
    return pd.DataFrame(
        {
            "step": np.array(steps, np.int64),
            "value": sums.value,
            "low": low,
            "high": high,
            **_difference_columns(found),
            "specimens": pd.array(np.count_nonzero(sums.whole, axis=0), dtype="Int64"),
            "indistinguishable": _can_be_none(found),
            "best": np.arange(len(steps)) == best,
        }
    )


def _other_thresholds(
    evaluation: Evaluation,
    steps: Sequence[int],
    elsewhere: Sequence[Settings],
    score: NamedScore,
    best: int,
    how: Resampling,
) -> pd.DataFrame:
    there = [step_sums(evaluation, steps, settings, score.name) for settings in elsewhere]
    named = {
        "iou_threshold": np.array([settings.iou_threshold for settings in elsewhere], np.float64),
        "confidence_threshold": np.array([settings.confidence_threshold for settings in elsewhere], np.float64),
    }
    return pd.DataFrame(named | _choices(steps, there, [score] * len(there), best, how))


def _other_metrics(
    evaluation: Evaluation, steps: Sequence[int], settings: Settings, score: NamedScore, best: int, how: Resampling
) -> pd.DataFrame:
    others = [
        named_score(evaluation, metric.name)
        for metric in evaluation.metrics()
        if isinstance(metric, TextMetric) and metric.name != score.name
    ]
    there = [step_sums(evaluation, steps, settings, other.name) for other in others]
    named = {"metric": pd.array([other.name for other in others], dtype="string")}
    return pd.DataFrame(named | _choices(steps, there, others, best, how))


def _choices(
    steps: Sequence[int], there: list[StepSums], scores: list[NamedScore], choice: int, how: Resampling
) -> dict[str, Any]:
    """The columns that say what is best in each of ``there``, and how the choice does beside it."""
    best = [best_place(sums.value, score.direction) for sums, score in zip(there, scores, strict=True)]
    ours = joined_sums([sums.at(choice) for sums in there])
    theirs = joined_sums([sums.at(place or 0) for sums, place in zip(there, best, strict=True)])
    found = differences(ours, theirs, how)
    return {
        "best_step": pd.array([pd.NA if place is None else steps[place] for place in best], dtype="Int64"),
        "value": theirs.value,
        "choice_value": ours.value,
        **_difference_columns(found),
        "survives": _can_be_none(found),
    }


def _difference_columns(found: Differences) -> dict[str, Any]:
    return {"difference": found.difference, "difference_low": found.low, "difference_high": found.high}


def _can_be_none(found: Differences) -> Any:
    return pd.arrays.BooleanArray(found.can_be_none, np.isnan(found.difference) | np.isnan(found.low))


def _sentences(found: BestStep) -> list[str]:
    table, step = found.table, found.step
    best = table[table["best"]].iloc[0]
    share = f"{100 * found.confidence:.4g} %"
    said = [
        f"Step {step} is best by {found.metric}: {best['value']:.4g} ({share} interval {best['low']:.4g} to "
        f"{best['high']:.4g}, {found.samples:,} draws of {best['specimens']:,} specimens)."
    ]
    others = [other for other in found.indistinguishable if other != step]
    if others:
        said.append(
            f"It cannot be told apart from {_steps(others)}: the {share} interval of the paired difference holds 0. "
            f"The earliest of them all is step {min(*others, step)}."
        )
    elif len(table) > 1:
        said.append("Every step that can be compared with it is worse: no interval of a paired difference holds 0.")
    unknown = table.loc[table["indistinguishable"].isna(), "step"].tolist()
    if unknown:
        said.append(f"It cannot be compared with {_steps(unknown)}: no specimen is scored at both.")
    counts = table.loc[table["value"].notna(), "specimens"]
    if counts.nunique() > 1:
        said.append(
            f"The steps are scored on {counts.min():,} to {counts.max():,} specimens; a difference is over those that "
            "both steps have."
        )
    if best["specimens"] < _FEW:
        said.append(f"Fewer than {_FEW} specimens: the intervals are too narrow.")
    return [*said, *_sentences_of_thresholds(found)]


def _sentences_of_thresholds(found: BestStep) -> list[str]:
    known = found.thresholds.dropna(subset=["survives"])
    of_metrics = "metric" in known
    tried = "by {} other metrics" if of_metrics else "at {} pairs of IoU and confidence thresholds"
    lost = known[~known["survives"].astype(bool)]
    if lost.empty:
        there = tried.format(f"all {len(known)}")
        return [f"It is also best, or cannot be told apart from the best, {there}."] if len(known) else []
    said = [f"The choice does not survive {tried.format(f'{len(lost)} of {len(known)}')}:"]
    for row in lost.to_dict("records"):
        where = (
            f"by {row['metric']}"
            if of_metrics
            else f"at IoU threshold {row['iou_threshold']:g}, confidence threshold {row['confidence_threshold']:g}"
        )
        said.append(
            f"{where} step {row['best_step']} has {row['value']:.4g}, step {found.step} {row['choice_value']:.4g}."
        )
    return said


def _steps(steps: Sequence[int]) -> str:
    return f"step{'s' if len(steps) > 1 else ''} {shown_steps(steps)}"
