"""Plain JSONL, which a person can write by hand: one object a line. ``docs/run-folder.md`` documents every field."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.conventions import detected_scale
from evalwidget.errors import FormatError
from evalwidget.formats.answer_confidence import answer_confidence
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import field, fits_float
from evalwidget.formats.model_text import add_output
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.resized_size import resized_size
from evalwidget.records import (
    AnswerRow,
    BoxRowsBuilder,
    PhraseRow,
    QuestionRow,
    Records,
    Reference,
)

__all__ = ["FORMATS"]

_FRACTIONS = Convention("xyxy", "fraction")


def _is_plain(content: Content) -> bool:
    return content.is_json_rows and (not content.first or any(name in content.first for name in ("specimen", "image")))


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    order = options.order or "xyxy"
    builder = BoxRowsBuilder(Convention(order), strict=True)
    for where, record in content.rows():
        phrases, boxed, questions = (list(part(record, where)) for part in (_phrases, _boxes, _questions))
        annotated = any(name in record for name in _CONTENT)
        owner = _add_reference(records, record, where, annotated)
        for at, entry in phrases:
            phrase = _phrase(entry, at)
            item = _item(entry, at) or phrase
            records.phrases.append(PhraseRow(owner, at, item, phrase))
            for place, values in _phrase_boxes(entry, at):
                builder.add(owner, phrase, values, place, item=item)
        for at, entry in boxed:
            crowd = bool(entry.get("crowd", False))
            area = field(entry, "area", (int, float), at)
            label = _label(entry, at)
            builder.add(owner, label, entry.get("box"), f"{_at(at)}box", item=_item(entry, at), crowd=crowd, area=area)
        for at, entry in questions:
            question = field(entry, "question", str, at) or ""
            records.questions.append(QuestionRow(owner, at, _item(entry, at), question, _references(entry, at)))
    boxes = builder.rows()
    convention = Convention(order, options.scale or detected_scale([boxes]))
    records.boxes.append(replace(boxes, convention=convention))
    task = "object detection" if len(boxes.owner) and not records.phrases else None
    return records, GroundTruthFacts("plain JSONL", convention, task=task, is_told=True)


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    builder = BoxRowsBuilder(options.convention, strict=False)
    outputs = BoxRowsBuilder(_FRACTIONS, strict=False)
    for where, record in content.rows():
        owner = _add_reference(records, record, where, annotated=True)
        text = field(record, "output", str, where)
        if text is not None:
            asked = {"item": _item(record, where), "question": field(record, "question", str, where)}
            label = field(record, "phrase", str, where)
            if label is not None:
                records.phrases.append(PhraseRow(owner, where, label, label))
            add_output(records, outputs, owner, text, where, options, label=label, **asked)
            continue
        for at, entry in _phrases(record, where):
            phrase, found = _phrase(entry, at), list(_phrase_boxes(entry, at))
            records.phrases.append(PhraseRow(owner, at, _item(entry, at) or phrase, phrase))
            for (place, values), score in zip(found, _scores(entry, len(found), at), strict=True):
                builder.add(owner, phrase, values, place, score=score, item=_item(entry, at))
        for at, entry in _boxes(record, where):
            label = _label(entry, at) if "label" in entry else None
            builder.add(owner, label, entry.get("box"), f"{_at(at)}box", score=_score(entry, at), item=_item(entry, at))
        for at, entry in _questions(record, where):
            records.answers.append(_answer(owner, at, entry))
    records.boxes += [builder.rows(), outputs.rows()]
    return records


_CONTENT = ("phrases", "boxes", "questions", "phrase", "box", "question", "answer", "answers", "captions", "caption")


def _add_reference(records: Records, record: dict[str, Any], where: str, annotated: bool) -> int:
    specimen = field(record, "specimen", (str, int), where)
    image = field(record, "image", str, where)
    if specimen is None and image is None:
        raise FormatError(where, f"expected 'image' or 'specimen', found {sorted(record)}")
    return records.add_reference(
        Reference(
            where,
            specimen=None if specimen is None else str(specimen),
            image=image,
            width=field(record, "width", (int, float), where),
            height=field(record, "height", (int, float), where),
            caption=field(record, "caption", str, where) or "",
            annotated=annotated,
            resized=resized_size(record, where),
        )
    )


def _phrases(record: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The phrases of a record: a list of them, or the record itself where it is about one phrase."""
    if "phrase" in record:
        yield where, record
    yield from _entries(record, "phrases", where)


def _boxes(record: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The class-labelled boxes of a record."""
    if "phrase" in record:
        return
    if "box" in record:
        yield where, record
    yield from _entries(record, "boxes", where)


def _questions(record: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The questions of a record: a list of them, or the record itself; captions are a question without words."""
    if "captions" in record:
        yield where, {"answers": record["captions"]}
    elif "questions" in record:
        yield from _entries(record, "questions", where)
    elif any(name in record for name in ("question", "answer", "answers")):
        yield where, record
    elif "caption" in record and not any(name in record for name in ("phrases", "phrase", "boxes", "box")):
        yield where, {"answer": record["caption"]}


def _entries(record: dict[str, Any], name: str, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, entry in enumerate(field(record, name, list, where) or []):
        at = f"{where}: {name}[{place}]"
        if not isinstance(entry, dict):
            raise FormatError(at, f"expected an object, got {entry!r:.60}")
        yield at, entry


def _phrase(entry: dict[str, Any], where: str) -> str:
    phrase = field(entry, "phrase", str, where)
    if phrase is None:
        raise FormatError(where, f"expected 'phrase', found {sorted(entry)}")
    return str(phrase)


def _phrase_boxes(entry: dict[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    if "box" in entry:
        yield f"{_at(where)}box", entry["box"]
    for place, values in enumerate(field(entry, "boxes", list, where) or []):
        yield f"{_at(where)}boxes[{place}]", values


def _at(where: str) -> str:
    """``file:12: `` in front of a record's own field, ``file:12: phrases[0].`` in front of an entry's."""
    return f"{where}." if where.endswith("]") else f"{where}: "


def _label(entry: dict[str, Any], where: str) -> str:
    label = field(entry, "label", (str, int), where)
    if label is None:
        raise FormatError(where, f"expected 'label', found {sorted(entry)}")
    return str(label)


def _item(entry: dict[str, Any], where: str) -> str | None:
    item = field(entry, "item", (str, int), where)
    return None if item is None else str(item)


def _references(entry: dict[str, Any], where: str) -> tuple[str, ...]:
    for name in ("answers", "answer"):
        value = entry.get(name)
        if value is None:
            continue
        if isinstance(value, (str, int, float)):
            return (str(value),)
        if isinstance(value, list) and all(isinstance(v, (str, int, float)) for v in value):
            return tuple(map(str, value))
        raise FormatError(where, f"{name}: expected text or a list of texts, got {value!r:.60}")
    return ()


def _answer(owner: int, where: str, entry: dict[str, Any]) -> AnswerRow:
    value = entry.get("answer")
    if value is not None and not isinstance(value, (str, int, float)):
        raise FormatError(where, f"answer: expected text, got {value!r:.60}")
    text = None if value is None else str(value)
    score = answer_confidence(entry, where)
    return AnswerRow(owner, where, _item(entry, where), field(entry, "question", str, where), text, score=score)


def _score(entry: dict[str, Any], where: str) -> float | None:
    score = field(entry, "score", (int, float), where)
    return None if score is None else float(score)


def _scores(entry: dict[str, Any], count: int, where: str) -> list[float | None]:
    """The scores of a phrase's ``count`` boxes: a list of them, or one for all."""
    scores = entry.get("scores")
    if scores is None:
        return [_score(entry, where)] * count
    if not isinstance(scores, list) or len(scores) != count:
        raise FormatError(where, f"scores: expected a list of {count} numbers, one for each box, got {scores!r:.60}")
    for place, score in enumerate(scores):
        is_number = isinstance(score, (int, float)) and not isinstance(score, bool) and fits_float(score)
        if score is not None and not is_number:
            raise FormatError(where, f"scores[{place}]: expected a number, got {score!r:.60}")
    return [None if score is None else float(score) for score in scores]


FORMATS: Final = (Format("plain", "plain JSONL", _is_plain, _ground_truth, _predictions),)
