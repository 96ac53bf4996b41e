"""Changes between two steps as DataFrames, and whether one is better than the other.

Missing is NA: a specimen that is evaluated on one side alone has a row and no change, and enters no mean.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalwidget.arguments import check_number
from evalwidget.dynamics.changes import (
    BOX_EVENTS,
    EVENT_DUPLICATED,
    EVENT_EXTRA,
    EVENT_FOUND,
    EVENT_GONE,
    EVENT_MISSED,
    EVENT_MOVED,
    EVENT_RELABELLED,
    AnswerChanges,
    BoxChanges,
    answer_changes,
    box_changes,
    paired_scores,
    paired_sums,
)
from evalwidget.dynamics.step_choice import Resampling
from evalwidget.dynamics.step_pairs import EVALUATED, Side, StepPair
from evalwidget.errors import EvalWidgetError
from evalwidget.metrics.bootstrap import percentile_interval, resampled_ratios
from evalwidget.metrics.counting import ratio
from evalwidget.metrics.paired_tests import mcnemar_exact
from evalwidget.scoring.correctness import RIGHT, WRONG, Correctness, correctness_of
from evalwidget.scoring.evaluation import OUTCOMES, Settings
from evalwidget.scoring.named_scores import main_score, named_score, score_of_answers
from evalwidget.tables import values_at

__all__ = ["change_events", "changes", "paired_test"]

_CORNERS: Final = ("x1", "y1", "x2", "y2")
_SIDES: Final = ("before", "after")
#: The order of columns; why a specimen changed names them in the order of ``BOX_EVENTS``.
_COLUMNS_OF_EVENTS: Final = ("found", "missed", "moved", "extra", "gone", "relabelled", "duplicated")
_MOST_TOLD: Final = 4
_LONGEST: Final = 40
_TOLD_WITH_IOU: Final = (EVENT_MISSED, EVENT_MOVED, EVENT_FOUND)


def changes(pair: StepPair, settings: Settings, metric: str | None, moved_by: float) -> pd.DataFrame:
    """A row per specimen: see ``Run.changes``."""
    check_number("moved_by", moved_by, 0, 1, above=True)
    name = main_score(pair.before.data) if metric is None else metric
    before, after, change = paired_scores(pair, settings, name)
    gain = change if named_score(pair.before.evaluation, name).direction == "higher" else -change
    evaluated = pair.evaluated
    columns: dict[str, Any] = {
        "specimen": pd.Categorical.from_codes(np.arange(len(evaluated)), list(pair.identifiers)),
        "before": before,
        "after": after,
        "change": change,
    }
    if pair.has_text:
        more, errors = _answer_columns(pair, settings, name)
    else:
        more, errors = _box_columns(pair, box_changes(pair, settings, moved_by), settings, gain)
    columns |= more
    why = columns.pop("why")
    columns["evaluated"] = pd.Categorical.from_codes(evaluated.astype(int), list(EVALUATED))
    columns["why"] = pd.array(why, dtype="string")
    nothing = np.array([text is None for text in why], np.bool_)
    # NaN comes last; of equal changes new errors come first, then a fall of IoU, then whatever else happened
    order = np.lexsort((nothing, np.nan_to_num(columns.get("iou_change", np.zeros(len(gain)))), -errors, gain))
    return pd.DataFrame(columns).take(order).reset_index(drop=True)


def change_events(
    pair: StepPair, settings: Settings, metric: str | None, threshold: float | None, moved_by: float
) -> pd.DataFrame:
    """A row per event of a box or answer that changed: see ``Run.change_events``."""
    check_number("moved_by", moved_by, 0, 1, above=True)
    if pair.has_text:
        return _answer_events(pair, correctness_of(pair.before.evaluation, metric, threshold))
    if metric is not None or threshold is not None:
        raise EvalWidgetError(
            "change_events: metric and threshold are for answers, and the run has boxes, which are right from "
            "iou_threshold on; leave them out"
        )
    return _box_events(pair, box_changes(pair, settings, moved_by))


def paired_test(
    pair: StepPair,
    settings: Settings,
    metric: str | None,
    threshold: float | None,
    how: Resampling,
) -> pd.DataFrame:
    """One row: see ``Run.paired_test``."""
    correctness = correctness_of(pair.before.evaluation, metric, threshold)
    name = correctness.score.name
    before, after, change = paired_scores(pair, settings, name)
    there = ~np.isnan(change)
    gain = change[there] if correctness.score.direction == "higher" else -change[there]
    right = [correctness.of(values[there]) == RIGHT for values in (before, after)]
    only_before, only_after = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    evaluated = pair.evaluated
    part, whole = paired_sums(pair, settings, name)
    means = ratio(part.sum(axis=0), whole.sum(axis=0))
    drawn = resampled_ratios(part, whole, how.samples, how.seed)
    with np.errstate(invalid="ignore"):  # between infinite scores there is none
        difference, differences = means[1] - means[0], drawn[:, 1] - drawn[:, 0]
    low, high = percentile_interval(differences, how.confidence)
    row = {
        "before": pair.before.step,
        "after": pair.after.step,
        "metric": name,
        "threshold": correctness.threshold,
        "specimens": len(gain),
        "wins": int((gain > 0).sum()),
        "losses": int((gain < 0).sum()),
        "ties": int((gain == 0).sum()),
        "both_right": int((right[0] & right[1]).sum()),
        "only_before_right": only_before,
        "only_after_right": only_after,
        "both_wrong": int((~right[0] & ~right[1]).sum()),
        "mean_before": means[0],
        "mean_after": means[1],
        "difference": difference,
        "difference_low": low,
        "difference_high": high,
        "p_value": mcnemar_exact(only_before, only_after) if len(gain) else np.nan,
        **{side: int((evaluated == EVALUATED.index(side)).sum()) for side in ("only_before", "only_after")},
        "different_ground_truth": int((evaluated == EVALUATED.index("different_ground_truth")).sum()),
    }
    frame = pd.DataFrame([row])
    counts = [key for key, value in row.items() if isinstance(value, int) and key not in _SIDES]
    return frame.astype({"metric": "string", **dict.fromkeys(counts, "Int64")})


def _box_columns(
    pair: StepPair, found: BoxChanges, settings: Settings, gain: NDArray[np.float64]
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """The columns of specimens with boxes, and by how many errors each has more."""
    count_of = dict(zip(BOX_EVENTS, found.counts, strict=True))
    columns: dict[str, Any] = {name: _counts(count_of[name], found.compared) for name in _COLUMNS_OF_EVENTS}
    columns["iou_change"] = found.iou_change
    invalid = []
    for name, side in zip(_SIDES, pair.sides, strict=True):
        of_side = side.of_specimens(side.evaluation.specimens(side.step, settings).invalid, -1)
        invalid.append(of_side)
        columns[f"invalid_{name}"] = _counts(of_side, side.recorded)
    columns["why"] = _why_of_boxes(pair, found, invalid, gain)
    worse = count_of["missed"] + count_of["extra"] + count_of["duplicated"]
    return columns, (worse - count_of["found"] - count_of["gone"]).astype(np.float64)


def _why_of_boxes(
    pair: StepPair, found: BoxChanges, invalid: Sequence[NDArray[np.int64]], gain: NDArray[np.float64]
) -> list[str | None]:
    """What happened to each specimen's boxes in words, what is worse first, but for those that gained; None where
    nothing did."""
    old, new = _labels_of(pair, found)
    is_renamed = found.event == EVENT_RELABELLED
    events = pd.DataFrame(
        {
            "specimen": found.specimen,
            "event": found.event,
            "is_better": found.iou[1] > found.iou[0],
            "label": np.where(is_renamed, old, _label_of_event(pair, found)),
            "new_label": np.where(is_renamed, new, -1),
            "before": found.iou[0],
            "after": found.iou[1],
        }
    )
    # the prediction nearest to a missed box is told with the box
    nearest_after = found.rows[1, found.event == EVENT_MISSED]
    nearest_before = found.rows[0, found.event == EVENT_FOUND]
    is_told = np.isin(found.event, (EVENT_EXTRA, EVENT_DUPLICATED)) & np.isin(found.rows[1], nearest_after)
    is_told |= (found.event == EVENT_GONE) & np.isin(found.rows[0], nearest_before)
    groups = events[~is_told].groupby(["specimen", "event", "is_better", "label", "new_label"])
    counted = groups.agg(count=("before", "size"), before=("before", "mean"), after=("after", "mean")).reset_index()
    kind = (counted["specimen"] * len(BOX_EVENTS) + counted["event"]).to_numpy()
    first, after_last = np.searchsorted(kind, kind), np.searchsorted(kind, kind, "right")
    counted["rank"], counted["left"] = np.arange(len(kind)) - first, after_last - first - _MOST_TOLD
    counted = counted[counted["rank"] < _MOST_TOLD]
    parts: list[list[str]] = [[] for _ in pair.identifiers]
    for row in np.flatnonzero((invalid[0] >= 0) & (invalid[1] > invalid[0])).tolist():
        parts[row].append(f"{invalid[1][row] - invalid[0][row]} more invalid")
    names = [_short(name) for name in pair.labels]
    for row, event, _, label, new_label, count, before, after, rank, left in zip(
        *(counted[name].tolist() for name in counted), strict=True
    ):
        text = names[label] if new_label < 0 else f"{names[label]} → {names[new_label]}"
        if count > 1:
            text += f" ×{count}"
        if event in _TOLD_WITH_IOU and before == before and after == after:
            text += f" (IoU {before:.2f} → {after:.2f})"
        if left > 0 and rank == _MOST_TOLD - 1:
            text += f" and {left} more"
        if rank:
            parts[row][-1] += f", {text}"
        else:
            parts[row].append(f"{BOX_EVENTS[event]} {text}")
    return [
        "; ".join(told[::-1] if is_better else told) or None
        for told, is_better in zip(parts, (gain > 0).tolist(), strict=True)
    ]


def _short(text: str | None) -> str:
    flat = "(no answer)" if text is None else " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def _labels_of(pair: StepPair, found: BoxChanges) -> list[NDArray[np.int64]]:
    """The label ``(e,)`` of the prediction of each event before and after, -1 where there is none."""
    return [
        values_at(side.label[side.data.predictions(side.step).boxes.label], rows, -1)
        for side, rows in zip(pair.sides, found.rows, strict=True)
    ]


def _label_of_event(pair: StepPair, found: BoxChanges) -> NDArray[np.int64]:
    """The label of the ground truth box, else of the prediction after, or of the one that is gone."""
    before, after = _labels_of(pair, found)
    of_truth = pair.before.label[pair.before.data.ground_truth.boxes.label[pair.before.truth]]
    is_gone = found.event == EVENT_GONE
    return np.where(found.truth >= 0, values_at(of_truth, found.truth, -1), np.where(is_gone, before, after))


def _box_events(pair: StepPair, found: BoxChanges) -> pd.DataFrame:
    truth = pair.before.data.ground_truth.boxes
    truth_row = values_at(pair.before.truth, found.truth, -1)
    predicted = [side.data.predictions(side.step).boxes for side in pair.sides]
    sides = list(zip(_SIDES, predicted, found.rows, strict=True))
    columns: dict[str, Any] = {
        "specimen": pd.Categorical.from_codes(found.specimen, list(pair.identifiers)),
        "item": pd.array(values_at(truth.item, truth_row, None), dtype="string"),
        "phrase": pd.Categorical.from_codes(_label_of_event(pair, found), list(pair.labels)),
        "event": pd.Categorical.from_codes(found.event, list(BOX_EVENTS)),
        "iou_before": found.iou[0],
        "iou_after": found.iou[1],
    }
    for name, label in zip(_SIDES, _labels_of(pair, found), strict=True):
        columns[f"phrase_{name}"] = pd.Categorical.from_codes(label, list(pair.labels))
    for name, outcome in zip(_SIDES, found.outcome, strict=True):
        columns[f"status_{name}"] = pd.Categorical.from_codes(np.maximum(outcome, 0) - 1, list(OUTCOMES[1:]))
    for name, boxes, rows in sides:
        columns[f"score_{name}"] = values_at(boxes.score, rows, np.nan)
    named = [("ground_truth", truth, truth_row), *((f"prediction_{name}", boxes, rows) for name, boxes, rows in sides)]
    for name, boxes, rows in named:
        columns[name] = _counts(values_at(boxes.place, rows, -1), rows >= 0)
    for name, boxes, rows in named:
        corners = values_at(boxes.corners, rows, np.nan)
        columns |= {f"{name}_{corner}": corners[:, place] for place, corner in enumerate(_CORNERS)}
    return pd.DataFrame(columns)


def _counts(values: NDArray, there: NDArray[np.bool_]) -> Any:
    return pd.arrays.IntegerArray(values.astype(np.int64), ~there)


def _answer_columns(pair: StepPair, settings: Settings, metric: str) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """The columns of specimens with questions, and by how many words of the references each has fewer."""
    found = answer_changes(pair)
    count = len(pair.identifiers)
    answered = np.bincount(found.specimen, minlength=count)
    words: dict[str, list[list[str]]] = {name: [[] for _ in range(count)] for name in _words(found)}
    for name, each in _words(found).items():
        for row, text in zip(found.specimen.tolist(), each, strict=True):
            if text:
                words[name][row].append(text)
    columns: dict[str, Any] = {
        name: _texts([" ".join(texts) if there else None for texts, there in zip(of, answered > 0, strict=True)])
        for name, of in words.items()
    }
    changed, reformed = (
        np.bincount(found.specimen, of, minlength=count).astype(np.int64)
        for of in (found.is_changed, found.format_changed)
    )
    columns["format_changed"] = pd.arrays.BooleanArray(reformed > 0, answered == 0)
    columns["answers_changed"] = _counts(changed, answered > 0)
    only = np.flatnonzero(answered[found.specimen] == 1).tolist()
    asked = _asked(pair, found)
    single: dict[str, list[str | None]] = {
        "question": asked["phrase"],
        "reference": asked["reference"],
        "answer_before": found.texts[0],
        "answer_after": found.texts[1],
    }
    for name, texts in single.items():
        of_one: list[str | None] = [None] * count
        for place in only:
            of_one[found.specimen[place]] = texts[place]
        columns[name] = _texts(of_one)
    columns["why"] = _why_of_answers(pair, found, asked["item"], answered, metric)
    lost, gained = (
        np.array([sum(len(text.split()) for text in texts) for texts in words[name]], np.float64)
        for name in ("reference_words_lost", "reference_words_found")
    )
    return columns, lost - gained


def _why_of_answers(
    pair: StepPair, found: AnswerChanges, item: list[str | None], answered: NDArray[np.int64], metric: str
) -> list[str | None]:
    """The answers of each specimen that changed, those whose score fell most first, or rose where the specimen's did;
    None where none changed."""
    before, after = _answer_scores(pair, found, metric)
    with np.errstate(invalid="ignore"):  # between infinite scores there is none
        change = np.nan_to_num(after - before)
    total = np.bincount(found.specimen, change, minlength=len(pair.identifiers))
    sign = 1 if named_score(pair.before.evaluation, metric).direction == "higher" else -1
    order_by = np.where(sign * total > 0, -sign, sign)[found.specimen] * change
    parts: list[list[str]] = [[] for _ in pair.identifiers]
    changed = np.flatnonzero(found.is_changed)
    for place in changed[np.argsort(order_by[changed], kind="stable")].tolist():
        row = found.specimen[place]
        text = f"{_short(found.texts[0][place])} → {_short(found.texts[1][place])}"
        parts[row].append(text if answered[row] == 1 else f"{item[place]}: {text}")
    left = [len(each) - _MOST_TOLD for each in parts]
    return [
        "; ".join(each[:_MOST_TOLD]) + f" and {more} more" * (more > 0) or None
        for each, more in zip(parts, left, strict=True)
    ]


def _answer_scores(
    pair: StepPair, found: AnswerChanges, metric: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The score ``(k,)`` of each answer before and after."""

    def scores(side: Side) -> NDArray[np.float64]:
        return score_of_answers(side.evaluation, side.step, metric)[side.truth[found.question]]

    return scores(pair.before), scores(pair.after)


def _words(found: AnswerChanges) -> dict[str, list[str]]:
    return {
        "words_lost": found.lost,
        "words_added": found.added,
        "reference_words_lost": found.reference_lost,
        "reference_words_found": found.reference_found,
    }


def _asked(pair: StepPair, found: AnswerChanges) -> dict[str, list[str | None]]:
    """Item, words of the question and references, several joined, of each answer."""
    questions = pair.before.data.ground_truth.questions
    rows = pair.before.truth[found.question].tolist()
    return {
        "item": [questions.item[row] for row in rows],
        "phrase": [questions.question[row] for row in rows],
        "reference": [" | ".join(dict.fromkeys(questions.references[row])) or None for row in rows],
    }


def _answer_events(pair: StepPair, correctness: Correctness) -> pd.DataFrame:
    found = answer_changes(pair)
    scores = _answer_scores(pair, found, correctness.score.name)
    columns: dict[str, Any] = {
        "specimen": pd.Categorical.from_codes(found.specimen, list(pair.identifiers)),
        **{name: _texts(texts) for name, texts in _asked(pair, found).items()},
        **{f"answer_{name}": _texts(texts) for name, texts in zip(_SIDES, found.texts, strict=True)},
        **{name: _texts(texts) for name, texts in _words(found).items()},
        "format_changed": pd.array(found.format_changed, dtype="boolean"),
    }
    columns |= zip(_SIDES, scores, strict=True)
    for name, values in zip(_SIDES, scores, strict=True):
        right = correctness.of(values)
        columns[f"right_{name}"] = pd.arrays.BooleanArray(right == RIGHT, (right != RIGHT) & (right != WRONG))
    return pd.DataFrame(columns)[found.is_changed].reset_index(drop=True)


def _texts(values: Sequence[str | None]) -> Any:
    return pd.array(np.array([*values, None], object)[:-1], dtype="string")
