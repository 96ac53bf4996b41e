"""Scores by slice and step as DataFrames, and slices by a column of the user's."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.dynamics.slices import SliceSums, Slicing, slice_sums, sliced_score, slicing_of
from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.joins import first_few
from evalwidget.metrics.counting import ratio
from evalwidget.scoring.evaluation import Evaluation, Settings
from evalwidget.scoring.named_scores import named_score

__all__ = ["slices"]


def slices(
    evaluation: Evaluation,
    steps: Sequence[int],
    settings: Settings,
    by: str | Mapping[str, Any] | pd.Series | pd.DataFrame,
    metric: str | None,
    *,
    tidy: bool,
) -> pd.DataFrame:
    """A row per slice, or per step and slice: see ``Run.slices``."""
    slicing = slicing_of(evaluation.data, by) if isinstance(by, str) else _slicing_by_column(evaluation.data, by)
    score = named_score(evaluation, sliced_score(evaluation.data, slicing) if metric is None else metric)
    evaluation.take(steps, settings)
    sums = [slice_sums(evaluation, step, settings, slicing, score.name) for step in steps]
    groups = len(slicing.names) + 1
    values = _stacked([ratio(of_step.part, of_step.whole) for of_step in sums], groups)
    sizes = slicing.sizes(evaluation.data)
    shown = np.flatnonzero((sizes > 0) | ~np.isnan(values).all(axis=0))
    code = np.where(shown == groups - 1, -1, shown)
    if tidy:
        return _tidy(slicing, steps, sums, values, shown, code)
    # as if higher were better; a row of NaN where there are no steps
    raised = np.full((max(len(steps), 1), len(shown)), np.nan)
    raised[: len(steps)] = values[:, shown] * (1 if score.direction == "higher" else -1)
    place = np.where(np.isnan(raised), -np.inf, raised).argmax(axis=0)
    best = raised[place, np.arange(len(shown))]
    none = np.isnan(best)
    columns: dict[Any, Any] = {
        "slice": pd.Categorical.from_codes(code, list(slicing.names)),
        "items": pd.array(sizes[shown], dtype="Int64"),
    }
    columns |= {step: values[row, shown] for row, step in enumerate(steps)}
    columns["best_step"] = pd.arrays.IntegerArray(np.where(none, 0, np.array([*steps, 0], np.int64)[place]), none)
    with np.errstate(invalid="ignore"):  # between infinite scores there is none
        columns["fall"] = best - raised[-1]
    frame = pd.DataFrame(columns)
    return frame.sort_values("fall", ascending=False, kind="stable", na_position="last", ignore_index=True)


def _tidy(
    slicing: Slicing,
    steps: Sequence[int],
    sums: Sequence[SliceSums],
    values: NDArray[np.float64],
    shown: NDArray[np.int64],
    code: NDArray[np.int64],
) -> pd.DataFrame:
    items = _stacked([of_step.items for of_step in sums], values.shape[1])
    return pd.DataFrame(
        {
            "step": np.repeat(np.array(steps, np.int64), len(shown)),
            "slice": pd.Categorical.from_codes(np.tile(code, len(steps)), list(slicing.names)),
            "items": pd.array(items[:, shown].ravel().astype(np.int64), dtype="Int64"),
            "value": values[:, shown].ravel(),
        }
    )


def _stacked(rows: list[NDArray], width: int) -> NDArray[Any]:
    return np.array(rows).reshape(len(rows), width)


def _slicing_by_column(data: RunData, by: Mapping[str, Any] | pd.Series | pd.DataFrame) -> Slicing:
    """Slices by the user's values: in the order of a categorical's categories, else sorted where they can be."""
    frame = by if isinstance(by, pd.DataFrame) else _frame_of(by)
    named = [name for name in ("specimen", "item") if name in frame]
    values = [name for name in frame.columns if name not in named]
    if "specimen" not in named or len(values) != 1:
        raise EvalWidgetError(
            "slices: expected a frame with the columns specimen, item or not, and one with the values, got "
            f"{', '.join(map(repr, frame.columns)) or 'none'}"
        )
    # identifiers are texts, also those that a frame gives as numbers
    frame = frame.assign(**{name: [str(value) for value in frame[name]] for name in named})
    specimens = frame["specimen"].tolist()
    unknown = [name for name in dict.fromkeys(specimens) if name not in data.rows]
    if unknown:
        raise UnknownNameError(
            f"slices: {len(unknown):,} specimens are not in the run: {first_few(unknown)}; expected a "
            f"value for each specimen, such as {first_few(data.specimens.identifiers)}"
        )
    twice = frame[frame.duplicated(named, keep="first")]
    if len(twice):
        raise EvalWidgetError(
            f"slices: expected one value for each {' and '.join(named)}, got several for "
            f"{', '.join(map(repr, twice[named].iloc[0]))}"
        )
    codes, names = _categories(frame[values[0]])
    row = np.array([data.rows[name] for name in specimens], np.int64)
    if "item" not in named:
        code = np.full(len(data.specimens), -1)
        code[row] = codes
        return Slicing(names, "specimen", code)
    if data.has_text:
        owner, item = data.ground_truth.questions.specimen, data.ground_truth.questions.item
    else:
        owner, item = data.ground_truth.boxes.specimen, data.ground_truth.boxes.item.tolist()
    given = dict(zip(zip(row.tolist(), frame["item"], strict=True), codes.tolist(), strict=True))
    held = list(zip(owner.tolist(), map(str, item), strict=True))
    lost = sorted(given.keys() - set(held))
    if lost:
        row_of_lost, name = lost[0]
        raise UnknownNameError(
            f"slices: {len(lost):,} items are not in the run, such as {name!r} of "
            f"{data.specimens.identifiers[row_of_lost]!r}; matches() names them"
        )
    code = np.array([given.get(key, -1) for key in held], np.int64)
    return Slicing(names, "question" if data.has_text else "box", code)


def _frame_of(by: Any) -> pd.DataFrame:
    if not isinstance(by, (Mapping, pd.Series)):
        raise EvalWidgetError(
            f"slices: expected a name, or values by specimen as a mapping, Series or DataFrame, got {type(by).__name__}"
        )
    column = by if isinstance(by, pd.Series) else pd.Series([*by.values()], [*by], dtype=object)
    return pd.DataFrame({"specimen": list(column.index), "value": column.array})


def _categories(column: pd.Series) -> tuple[NDArray[np.int64], list[Any]]:
    """The place of each value among the categories, -1 for none, and these."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, np.int64), list(column.cat.categories)
    held = next((type(value).__name__ for value in column if not isinstance(value, Hashable)), None)
    if held is not None:
        raise EvalWidgetError(f"slices: values: expected texts, numbers or the like, got a {held} in {column.name!r}")
    try:
        codes, names = pd.factorize(column, sort=True)
    except TypeError:
        codes, names = pd.factorize(column)
    return np.asarray(codes, np.int64), list(names)
