"""Rows of questions: a row a question, as benchmarks publish them and results files answer them.

``dataset_rows`` lists the fields. Rows lie in JSONL, a JSON list or a table; in the list ``data`` of an object
(TextVQA, DocVQA); or in an object by question id (GQA, MM-Vet). MM-Vet's references are alternatives between ``<OR>``;
where all of several parts must be there, between ``<AND>``, the reference has them joined by "and".

Predictions are rows with ``answer``, ``prediction`` or ``response`` beside whatever names the question, or an object of
answers by question id (MM-Vet).
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.dataset_rows import (
    IMAGES,
    QUESTIONS,
    RowImages,
    first_of,
    identity,
    item_of,
    question_of,
    references_of,
)
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Row, checked_object
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.records import AnswerRow, QuestionRow, Records, Reference

__all__ = ["FORMATS", "answer_of", "has_answer"]

_IDS: Final = ("question_id", "questionId")
#: What holds an answer in predictions, in this order: where a table has both, ``answer`` is the dataset's.
_ANSWERS: Final = ("prediction", "response", "answer")
#: Fields that plain JSONL does not have.
_MARKS: Final = (*_IDS, "direct_answers", "prediction", "response")
#: Rows with one of these are of another kind, or of a richer format.
_OTHER: Final = frozenset(
    (
        "specimen",
        "bbox",
        "box",
        "boxes",
        "phrase",
        "phrases",
        "questions",
        "objects",
        "x1",
        "xmin",
        "output",
        "messages",
    )
)
_MM_VET: Final = re.compile(r"v\d+_\d+")


def _is_rows(content: Content) -> bool:
    first = content.first or next((row for _, row in _data(content)), {})
    if not first or first.keys() & _OTHER:
        return False
    if any(name in first for name in _MARKS):
        return True
    asks = any(name in first for name in (*QUESTIONS[:2], *_ANSWERS, "answers", "caption", "captions"))
    # a line with an image's path beside the question is what plain JSONL is
    return asks and not (content.is_json_rows and (isinstance(first.get("image"), str) or not _names(first)))


def _names(first: dict[str, Any]) -> bool:
    return any(name in first for name in ("id", "image_id", *QUESTIONS[:2], *IMAGES))


def _data(content: Content) -> Iterator[Row]:
    rows = content.fields.get("data")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        yield from content.objects("data")


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    return _questions(content.rows() if content.first else _data(content)), GroundTruthFacts("rows of questions")


def _questions(rows: Iterator[Row]) -> Records:
    records = Records()
    images = RowImages(records)
    for number, (where, row) in enumerate(rows):
        item, question, references = item_of(row, where), question_of(row, where), references_of(row, where)
        owner = images.add(row, where, number, name=item, annotated=bool(question or references))
        if question or references:
            records.questions.append(QuestionRow(owner, where, item, question, references))
    return records


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    for where, row in content.rows() if content.first else _data(content):
        answer = answer_of(row, where)
        image = next((row[name] for name in IMAGES if isinstance(row.get(name), str) and row[name]), None)
        item = item_of(row, where)
        # a question's id finds its image, and what results files call image ids may be any number
        source_id = identity(row, ("image_id", "imageId"), where) if item is None else None
        records.add_reference(Reference(where, image=image, source_id=source_id))
        question = question_of(row, where) or None
        records.answers.append(AnswerRow(len(records.references) - 1, where, item, question, answer))
    return records


def has_answer(row: dict[str, Any]) -> bool:
    """Whether a row of predictions has a field for an answer."""
    return any(name in row for name in _ANSWERS)


def answer_of(row: dict[str, Any], where: str) -> str | None:
    """What a row of predictions answers, None where that is nothing. Raises ``FormatError`` without a field for it."""
    if not has_answer(row):
        raise FormatError(where, f"expected one of {', '.join(_ANSWERS)}, found {sorted(row)}")
    value = first_of(row, _ANSWERS)
    if value is not None and (isinstance(value, bool) or not isinstance(value, (str, int, float))):
        raise FormatError(where, f"answer: expected text, got {value!r:.60}")
    return None if value is None else str(value)


def _is_gqa(content: Content) -> bool:
    first = _first_value(content)
    return isinstance(first, dict) and {"imageId", "question"} <= first.keys()


def _gqa(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    return _questions(_by_id(content)), GroundTruthFacts("GQA", task="visual question answering")


def _is_mm_vet(content: Content) -> bool:
    return bool(content.fields) and all(_MM_VET.fullmatch(name) for name in content.fields)


def _mm_vet(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    return _questions(_alternatives(_by_id(content))), GroundTruthFacts("MM-Vet", task="visual question answering")


def _mm_vet_answers(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    for item, text in content.fields.items():
        where = f"{content.shown}: {item}"
        answer = answer_of({"answer": text}, where)
        records.add_reference(Reference(where))
        records.answers.append(AnswerRow(len(records.references) - 1, where, item, None, answer))
    return records


def _first_value(content: Content) -> Any:
    return next(iter(content.fields.values()), None)


def _by_id(content: Content) -> Iterator[Row]:
    for item, value in content.fields.items():
        where = f"{content.shown}: {item}"
        yield where, {**checked_object(where, value), "item": item}


def _alternatives(rows: Iterator[Row]) -> Iterator[Row]:
    for where, row in rows:
        answer = row.get("answer")
        if isinstance(answer, str):
            row["answers"] = [" and ".join(map(str.strip, a.split("<AND>"))) for a in answer.split("<OR>")]
        yield where, row


FORMATS: Final = (
    Format("gqa", "GQA", _is_gqa, _gqa),
    Format("mm-vet", "MM-Vet", _is_mm_vet, _mm_vet, _mm_vet_answers),
    Format("question-rows", "rows of questions", _is_rows, _ground_truth, _predictions),
)
