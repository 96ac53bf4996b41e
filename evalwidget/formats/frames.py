"""pandas DataFrames as a source: a row per box, or a row per question.

Ground truth: ``specimen``, then ``phrase, x1, y1, x2, y2`` or ``question, answer`` (text, or a list of texts); optional
``item, image, width, height, caption, crowd, area``. Predictions: the same with optional ``score``; ``phrase``,
``item`` and ``question`` may be left out where a specimen has one; ``output`` holds raw model text instead of boxes. A
row with neither phrase nor corners says that the specimen holds nothing, or that nothing was predicted.
``resized_width`` and ``resized_height`` are the size of the image as the model saw it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalwidget.boxes import LARGEST, PARSE_STATES, Convention, box_defect, order_hint
from evalwidget.conventions import detected_scale
from evalwidget.errors import FormatError
from evalwidget.formats.answer_confidence import checked_confidence
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.image_cells import ImageCell, image_cell
from evalwidget.formats.model_text import add_output
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.reference_answers import reference_answers
from evalwidget.formats.resized_size import RESIZED_FIELDS, resized_size
from evalwidget.records import (
    AnswerRow,
    BoxRows,
    BoxRowsBuilder,
    QuestionRow,
    Records,
    Reference,
)
from evalwidget.tables import Defect

__all__ = ["FORMATS", "predictions_by_step"]

_CORNERS = ["x1", "y1", "x2", "y2"]


def _is_frame(content: Content) -> bool:
    return content.frame is not None and (not content.is_text_table or "specimen" in content.frame)


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    frame, where, scale = _frame(content), content.shown, options.scale
    _require(frame, ["specimen"], where)
    records, owner = _references(frame, where)
    convention = Convention(options.order or "xyxy", scale or "pixels")
    if _has(frame, _CORNERS):
        _require(frame, ["phrase"], where)
        boxes = _boxes(frame, owner, convention, where, strict=True)
        if scale is None:
            boxes = replace(boxes, convention=Convention(convention.order, detected_scale([boxes])))
        records.boxes.append(boxes)
        convention = boxes.convention
    elif _has(frame, ["answer"]) or _has(frame, ["question"]):
        items, questions = _texts(frame, "item"), _texts(frame, "question")
        answers = frame["answer"].tolist() if "answer" in frame else [None] * len(frame)
        records.questions = [
            QuestionRow(
                owner[row],
                _at(frame, where, row),
                items[row],
                questions[row] or "",
                _reference_answers(answer, _at(frame, where, row)),
            )
            for row, answer in enumerate(answers)
        ]
    else:
        raise FormatError(where, f"expected columns {_CORNERS} or question and answer, found {list(frame.columns)}")
    return records, GroundTruthFacts("a DataFrame", convention, is_told=True)


def _predictions(content: Content, options: PredictionOptions) -> Records:
    frame, where = _frame(content), content.shown
    _require(frame, ["specimen"], where)
    records, owner = _references(frame, where)
    items, questions, phrases = (_texts(frame, name) for name in ("item", "question", "phrase"))
    if "output" in frame:
        builder = BoxRowsBuilder(Convention("xyxy", "fraction"), strict=False)
        for row, text in enumerate(_texts(frame, "output")):
            if text is not None:
                asked = {"label": phrases[row], "item": items[row], "question": questions[row]}
                add_output(records, builder, owner[row], text, _at(frame, where, row), options, **asked)
        records.boxes.append(builder.rows())
    elif _has(frame, _CORNERS):
        records.boxes.append(_boxes(frame, owner, options.convention, where, strict=False))
    elif "answer" in frame:
        confidences = _confidences(frame, where)
        records.answers = [
            AnswerRow(owner[row], _at(frame, where, row), items[row], questions[row], answer, score=confidences[row])
            for row, answer in enumerate(_texts(frame, "answer"))
        ]
    else:
        raise FormatError(where, f"expected columns {_CORNERS}, answer or output, found {list(frame.columns)}")
    return records


def predictions_by_step(frame: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """The rows of each step. Raises ``FormatError`` where a step is not a whole number."""
    _require(frame, ["step"], "predictions")
    steps = pd.to_numeric(frame["step"], errors="coerce")
    wrong = np.flatnonzero(~(steps.notna() & (steps >= 0) & (steps < np.inf) & (steps == steps.round())))
    if len(wrong):
        found = frame["step"].iloc[wrong[0]]
        raise FormatError(
            _at(frame, "predictions", wrong[0]), f"step: expected a whole number of 0 or more, got {found!r}"
        )
    return {int(step): rows for step, rows in frame.groupby(steps.to_numpy(np.float64), sort=True)}


def _frame(content: Content) -> pd.DataFrame:
    assert content.frame is not None
    return content.frame


def _references(frame: pd.DataFrame, where: str) -> tuple[Records, NDArray[np.int64]]:
    names = _texts(frame, "specimen")
    bare = next((row for row, name in enumerate(names) if name is None), None)
    if bare is not None:
        raise FormatError(_at(frame, where, bare), "specimen: expected an identifier, got nothing")
    owner, unique = pd.factorize(np.array(names, dtype=object))
    _, first = np.unique(owner, return_index=True)
    captions = _texts(frame, "caption")
    cells = frame["image"].tolist() if "image" in frame else [None] * len(frame)
    images, held = dict.fromkeys(first.tolist()), {}
    for name, row in zip(unique, first.tolist(), strict=True):
        cell = None if _is_missing(cells[row]) else image_cell(cells[row], _at(frame, where, row), "image")
        images[row] = cell.path if isinstance(cell, ImageCell) else cell
        if isinstance(cell, ImageCell):
            held[images[row] or str(name)] = cell.load
    widths, heights = (_numbers(frame, name, where) for name in ("width", "height"))
    resized = {name: _numbers(frame, name, where) for names in RESIZED_FIELDS for name in names if name in frame}
    references = [
        Reference(
            _at(frame, where, row),
            specimen=str(name),
            image=images[row] or str(name),
            width=None if np.isnan(widths[row]) else float(widths[row]),
            height=None if np.isnan(heights[row]) else float(heights[row]),
            caption=captions[row] or "",
            resized=resized_size(
                {name: float(values[row]) for name, values in resized.items() if not np.isnan(values[row])},
                _at(frame, where, row),
            ),
        )
        for name, row in zip(unique, first, strict=True)
    ]
    return Records(references, images=held), owner.astype(np.int64)


def _boxes(
    frame: pd.DataFrame, owner: NDArray[np.int64], convention: Convention, where: str, *, strict: bool
) -> BoxRows:
    """The boxes of a frame. A defective box, or one without a phrase, is a ``FormatError`` where ``strict`` (ground
    truth)."""
    raw = frame[_CORNERS]
    values = raw.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    phrases = _texts(frame, "phrase")
    nothing = raw.isna().all(axis=1).to_numpy() & np.array([phrase is None for phrase in phrases], np.bool_)
    keep = np.flatnonzero(~nothing)
    values, raw_rows = values[keep], raw.to_numpy(object)[keep]
    a, b, c, d = values.T
    with np.errstate(invalid="ignore", over="ignore"):
        width, height = (c, d) if convention.order in ("xywh", "cxcywh") else (c - a, d - b)
        bad = ~((np.abs(values) <= LARGEST).all(axis=1) & (width >= 0) & (height >= 0))
    state = np.zeros(len(keep), np.uint8)
    defects = {}
    for row in np.flatnonzero(bad):
        raw_row, at = raw_rows[row].tolist(), _at(frame, where, keep[row])
        name, message = box_defect(raw_row, convention.order) or ("not_a_number", "expected 4 numbers, got text")
        if strict:
            raise FormatError(at, message + order_hint(name, convention.order))
        state[row] = PARSE_STATES.index(name)
        defects[int(row)] = Defect(f"{at}: {message}", repr(raw_row))
    values = np.where(bad[:, None], np.nan, values)
    kept = [phrases[row] for row in keep]
    if strict and None in kept:
        raise FormatError(_at(frame, where, keep[kept.index(None)]), "phrase: expected text, got nothing")
    label, names = pd.factorize(np.array(kept, dtype=object))
    items = _texts(frame, "item")
    return BoxRows(
        convention=convention,
        owner=owner[keep],
        label=label.astype(np.int32),
        label_names=[str(name) for name in names],
        values=values,
        score=_numbers(frame, "score", where)[keep],
        area=_numbers(frame, "area", where)[keep],
        crowd=np.nan_to_num(_numbers(frame, "crowd", where)[keep]).astype(np.bool_),
        state=state,
        item=np.array([items[row] for row in keep] + [None], np.object_)[:-1],
        defects=defects,
    )


def _texts(frame: pd.DataFrame, name: str) -> list[str | None]:
    """A column as text, None where it is missing; all None where there is no such column."""
    if name not in frame:
        return [None] * len(frame)
    return [None if _is_missing(value) else str(value) for value in frame[name].tolist()]


def _numbers(frame: pd.DataFrame, name: str, where: str) -> NDArray[np.float64]:
    """A column as float64, NaN where it is missing or there is no such column."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    numbers = pd.to_numeric(frame[name], errors="coerce")
    wrong = np.flatnonzero(numbers.isna() & frame[name].notna())
    if len(wrong):
        found = frame[name].iloc[wrong[0]]
        raise FormatError(_at(frame, where, wrong[0]), f"{name}: expected a number, got {found!r}")
    return np.asarray(numbers.to_numpy(np.float64, na_value=np.nan))


def _confidences(frame: pd.DataFrame, where: str) -> list[float | None]:
    """The column ``score`` as confidences of answers, None where it is missing."""
    return [
        None if np.isnan(score) else checked_confidence(score, f"{_at(frame, where, row)}: score")
        for row, score in enumerate(_numbers(frame, "score", where).tolist())
    ]


def _at(frame: pd.DataFrame, where: str, row: int) -> str:
    """A row for a message, by its label in the frame's index."""
    return f"{where} row {frame.index[row]}"


def _reference_answers(answer: Any, where: str) -> tuple[str, ...]:
    if isinstance(answer, (list, tuple, np.ndarray)):
        return reference_answers([text for text in answer if not _is_missing(text)], where, "answer")
    return () if _is_missing(answer) else reference_answers(answer, where, "answer")


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def _has(frame: pd.DataFrame, names: Sequence[str]) -> bool:
    return all(name in frame for name in names)


def _require(frame: Any, names: Sequence[str], where: str) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise FormatError(where, f"expected a DataFrame, got {type(frame).__name__}")
    absent = [name for name in names if name not in frame]
    if absent:
        raise FormatError(where, f"expected a column {absent[0]!r}, found {list(frame.columns)}")


FORMATS: Final = (Format("frame", "a DataFrame", _is_frame, _ground_truth, _predictions),)
