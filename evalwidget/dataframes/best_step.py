"""The best step of a run as tables, and in sentences."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from evalwidget.data import shown_steps
from evalwidget.dynamics.step_choice import (
    Intervals,
    Resampling,
    StepSums,
    best_place,
    joined_sums,
    of_both,
    resampled,
    step_sums,
)
from evalwidget.errors import EvalWidgetError
from evalwidget.metrics.metric import Direction, TextMetric
from evalwidget.scoring.evaluation import Evaluation, Settings
from evalwidget.scoring.named_scores import NamedScore, main_score, named_score

__all__ = ["BestStep", "best_step", "every_pair"]

#: Percentile intervals of fewer specimens are too narrow.
_FEW: Final = 30


@dataclass(frozen=True)
class BestStep:
    """The step with the best score, what it was chosen from, and how far it can be relied on. Printing it says so.

    ``step``: the best by ``metric``, of equals the earliest. ``table``: a row per step, ``step, value`` (as in
    ``Run.summary``) ``, low, high`` (its bootstrap interval); ``difference, difference_low, difference_high``: the
    step's score minus the best step's, over the specimens evaluated at both, with its paired bootstrap interval;
    ``specimens``: how many have something that the score counts; ``indistinguishable``: the interval of the difference
    holds 0, NA where there is nothing to compare; ``best``; ``common``: how many were evaluated at both.

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
        said = "<br>".join(html.escape(sentence) for sentence in _sentences(self))
        return f"<p>{said}</p>{self.table.to_html(index=False)}"


def every_pair(iou_thresholds: Sequence[float], confidence_thresholds: Sequence[float]) -> list[Settings]:
    """Each IoU threshold with each confidence threshold. Raises ``EvalWidgetError`` where there are none."""
    for name, given in (("iou_thresholds", iou_thresholds), ("confidence_thresholds", confidence_thresholds)):
        if not isinstance(given, (Sequence, np.ndarray)) or isinstance(given, str) or not len(given):
            raise EvalWidgetError(f"{name}: expected a list of at least one number, got {given!r}")
    return [Settings(iou, least) for iou in iou_thresholds for least in confidence_thresholds]


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
    elsewhere = [] if evaluation.data.has_text else elsewhere
    sums, *at_others = step_sums(evaluation, steps, [settings, *elsewhere], score.name)
    best = best_place(sums.value, score.direction)
    if best is None:
        found = f"none of {len(steps):,} steps has one" if steps else "there is no step"
        raise EvalWidgetError(
            f"best_step: expected a step with a score {score.name!r}, got none: {found}; summary() shows what was "
            "evaluated, and scores need ground truth"
        )
    if evaluation.data.has_text:
        tried = _other_metrics(evaluation, steps, settings, score)
    else:
        tried = _other_thresholds(elsewhere, at_others, score)
    there = [best_place(found.value, direction) for found, direction in zip(tried.sums, tried.directions, strict=True)]
    choices = joined_sums([found.at(best) for found in tried.sums])
    others = joined_sums([found.at(place or 0) for found, place in zip(tried.sums, there, strict=True)])
    common = of_both(sums, sums.at(best))
    drawn = resampled([sums, *common, *of_both(choices, others)], how)
    each, to_best, to_other = drawn.of(0), drawn.difference(1, 2), drawn.difference(3, 4)
    table = pd.DataFrame(
        {
            "step": np.array(steps, np.int64),
            "value": each.value,
            "low": each.low,
            "high": each.high,
            **_difference_columns(to_best),
            "specimens": pd.array(np.count_nonzero(sums.whole, axis=0), dtype="Int64"),
            "indistinguishable": _can_be_none(to_best),
            "best": np.arange(len(steps)) == best,
            "common": pd.array(common[0].evaluated.sum(axis=0), dtype="Int64"),
        }
    )
    thresholds = pd.DataFrame(
        {
            **tried.named,
            "best_step": pd.array([pd.NA if place is None else steps[place] for place in there], dtype="Int64"),
            "value": others.value,
            "choice_value": choices.value,
            **_difference_columns(to_other),
            "survives": _can_be_none(to_other),
        }
    )
    return BestStep(steps[best], score.name, table, thresholds, how.samples, how.confidence)


@dataclass(frozen=True, slots=True)
class _Tried:
    """What the choice is tried by: columns that name each, its sums, and which way is better."""

    named: dict[str, Any]
    sums: list[StepSums]
    directions: list[Direction]


def _other_thresholds(elsewhere: Sequence[Settings], sums: list[StepSums], score: NamedScore) -> _Tried:
    named = {
        "iou_threshold": np.array([settings.iou_threshold for settings in elsewhere], np.float64),
        "confidence_threshold": np.array([settings.confidence_threshold for settings in elsewhere], np.float64),
    }
    return _Tried(named, sums, [score.direction] * len(sums))


def _other_metrics(evaluation: Evaluation, steps: Sequence[int], settings: Settings, score: NamedScore) -> _Tried:
    others = [metric for metric in evaluation.metrics() if isinstance(metric, TextMetric) and metric.name != score.name]
    named = {"metric": pd.array([other.name for other in others], dtype="string")}
    sums = [step_sums(evaluation, steps, [settings], other.name)[0] for other in others]
    return _Tried(named, sums, [other.direction for other in others])


def _difference_columns(found: Intervals) -> dict[str, Any]:
    return {"difference": found.value, "difference_low": found.low, "difference_high": found.high}


def _can_be_none(found: Intervals) -> Any:
    """Whether the interval of a difference holds 0, NA where there is none."""
    return pd.arrays.BooleanArray((found.low <= 0) & (found.high >= 0), np.isnan(found.value) | np.isnan(found.low))


def _sentences(found: BestStep) -> list[str]:
    table, step = found.table, found.step
    best = table[table["best"]].iloc[0]
    share = f"{100 * found.confidence:.4g} %"
    said = [
        f"Step {step} is best by {found.metric}: {best['value']:#.4g} ({share} interval {best['low']:#.4g} to "
        f"{best['high']:#.4g}, {found.samples:,} draws of {best['specimens']:,} specimens)."
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
        why = "" if np.isfinite(table["value"].dropna()).all() else ", or a score is infinite"
        said.append(f"It cannot be compared with {_steps(unknown)}: no specimen is scored at both{why}.")
    counts = table.loc[table["value"].notna(), "specimens"]
    if counts.nunique() > 1:
        said.append(
            f"The steps are scored on {counts.min():,} to {counts.max():,} specimens; a difference is over those that "
            "both steps have."
        )
    few = table.loc[(table["common"] < _FEW) & table["indistinguishable"].notna(), "step"].tolist()
    if step in few:
        said.append(f"Fewer than {_FEW} specimens: the intervals are too narrow.")
    elif few:
        said.append(f"Fewer than {_FEW} specimens are common with {_steps(few)}: such intervals are too narrow.")
    return [*said, *_sentences_of_thresholds(found)]


def _sentences_of_thresholds(found: BestStep) -> list[str]:
    # of one step there is nothing to choose
    known = found.thresholds.dropna(subset=["survives"]) if len(found.table) > 1 else found.thresholds[:0]
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
            f"{where} step {row['best_step']} has {row['value']:#.4g}, step {found.step} {row['choice_value']:#.4g}."
        )
    return said


def _steps(steps: Sequence[int]) -> str:
    return f"step{'s' if len(steps) > 1 else ''} {shown_steps(steps)}"
