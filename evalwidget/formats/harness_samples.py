"""Sample files of evaluation harnesses: lmms-eval, lm-eval, evalscope, and LLaMA-Factory's predictions.

They name no image. A sample counts the rows of the dataset that was evaluated (``doc_id``, ``index``), so it is of the
ground truth's record with that number, from 0; LLaMA-Factory's lines have no number and are taken in their order. Each
file also holds what was expected, so that it may stand for ground truth where the dataset is not at hand.

lmms-eval: ``{doc_id, input, target, filtered_resps, resps}``; the answers are in one list for each request in files of
before version 0.7, and bare since. lm-eval: the same with ``doc``, ``arguments`` and ``filter``, and a line for every
filter. evalscope: ``predictions`` with ``{index, messages, model_output}`` and ``reviews`` with ``{index, messages,
target, sample_score}``. LLaMA-Factory: ``{prompt, predict, label}``.

Source: the packages lmms_eval 0.7.3, lm_eval 0.4.13, evalscope 1.14.1 and LLaMA-Factory's evaluation code.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.dataset_rows import RowImages
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import checked_object, field
from evalwidget.formats.messages import message_images, message_text
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.reference_answers import listed_text, reference_answers
from evalwidget.records import AnswerRow, QuestionRow, Records, Reference
from evalwidget.tables import Defect

__all__ = ["FORMATS"]

#: A special token that a tokenizer repeats once for each patch of an image.
_PADS: Final = re.compile(r"(<[^<>\s]{1,40}>)(?:\s*\1)+")


@dataclass(frozen=True, slots=True)
class _Sample:
    """One line: ``row`` is the dataset's, None where the file does not count them; ``failed`` says why there is no
    answer."""

    where: str
    row: int | None
    question: str
    answer: str | None
    expected: Any = None
    failed: str | None = None
    images: Sequence[Any] = ()


_Samples = Callable[[Content, list[str]], Iterator[_Sample]]


def _format(key: str, name: str, recognises: Callable[[Content], bool], samples: _Samples) -> Format:
    def ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
        records = Records()
        images = RowImages(records)
        for number, sample in enumerate(samples(content, records.notes)):
            row = number if sample.row is None else sample.row
            owner = images.add({"images": sample.images}, sample.where, row)
            expected = listed_text(sample.expected, sample.where, "target")
            references = reference_answers(expected, sample.where, "target")
            records.questions.append(QuestionRow(owner, sample.where, str(row), sample.question, references))
        return records, GroundTruthFacts(name)

    def predictions(content: Content, options: PredictionOptions) -> Records:
        records = Records()
        for owner, sample in enumerate(samples(content, records.notes)):
            records.add_reference(Reference(sample.where, row=sample.row))
            asked = sample.question or None
            answer = AnswerRow(owner, sample.where, None, asked, sample.answer)
            if sample.failed is not None:
                defect = Defect(f"{sample.where}: {sample.failed}", "")
                answer = AnswerRow(owner, sample.where, None, asked, None, "no_answer", defect)
            records.answers.append(answer)
        return records

    return Format(key, name, recognises, ground_truth, predictions)


def _is_lmms_eval(content: Content) -> bool:
    return content.is_json_rows and {"doc_id", "filtered_resps"} <= content.first.keys() and not _has_doc(content)


def _is_lm_eval(content: Content) -> bool:
    return content.is_json_rows and {"doc_id", "filtered_resps"} <= content.first.keys() and _has_doc(content)


def _has_doc(content: Content) -> bool:
    return "doc" in content.first and "arguments" in content.first


def _lmms_eval(content: Content, notes: list[str]) -> Iterator[_Sample]:
    for where, row in content.rows():
        question = row.get("input")
        answer = _generated(row, where, notes)
        asked = question if isinstance(question, str) else ""
        yield _Sample(where, _number(row, "doc_id", where), asked, answer, row.get("target"))


def _lm_eval(content: Content, notes: list[str]) -> Iterator[_Sample]:
    chosen: str | None = None
    others: dict[str, None] = {}
    for where, row in content.rows():
        name = field(row, "filter", str, where) or ""
        chosen = name if chosen is None else chosen
        if name != chosen:
            others[name] = None
            continue
        question = _prompt(row.get("arguments"))
        yield _Sample(where, _number(row, "doc_id", where), question, _generated(row, where, notes), row.get("target"))
    if others:
        notes.append(f"{content.shown}: read is what the filter {chosen!r} left, not {', '.join(map(repr, others))}")


def _prompt(arguments: Any) -> str:
    """The prompt in the arguments of a request: by name, or in a list of older files."""
    if isinstance(arguments, dict):
        arguments = next(iter(arguments.values()), None)
        prompt = arguments.get("arg_0") if isinstance(arguments, dict) else None
    else:
        prompt = arguments
        while isinstance(prompt, list) and prompt:
            prompt = prompt[0]
    return prompt if isinstance(prompt, str) else ""


def _generated(row: dict[str, Any], where: str, notes: list[str]) -> str | None:
    """The generated text, out of the lists that there are for every request and every repeat."""
    name = "filtered_resps" if row.get("filtered_resps") is not None else "resps"
    value = row.get(name)
    while isinstance(value, list):
        if len(value) > 1 and isinstance(value[0], str):
            note = f"{where.rpartition(':')[0] or where}: several answers to one question; read is the first"
            if note not in notes:
                notes.append(note)
        if len(value) != 1 and not (value and isinstance(value[0], str)):
            if not value:
                return None
            break
        value = value[0]
    if value is None or isinstance(value, str):
        return value
    raise FormatError(where, f"{name}: expected generated text, got {value!r:.60}; likelihoods are not read")


def _is_evalscope(content: Content) -> bool:
    first = content.first
    return content.is_json_rows and "index" in first and ("model_output" in first or "sample_score" in first)


def _evalscope(content: Content, notes: list[str]) -> Iterator[_Sample]:
    for where, row in content.rows():
        messages = field(row, "messages", list, where) or []
        for place, message in enumerate(messages):
            checked_object(f"{where}: messages[{place}]", message)
        asked = [message.get("content") for message in messages if message.get("role") == "user"]
        question = "\n".join(message_text(content, f"{where}: messages") for content in asked[-1:])
        answer, failed = _reviewed(row, where) if "sample_score" in row else _chosen(row, where)
        expected = row.get("target")
        yield _Sample(where, _number(row, "index", where), question, answer, expected, failed, message_images(asked))


def _chosen(row: dict[str, Any], where: str) -> tuple[str | None, str | None]:
    """The answer in a model's output, and why there is none."""
    output = field(row, "model_output", dict, where) or {}
    choices = field(output, "choices", list, where) or []
    if not choices:
        return None, f"model_output: no choices: {output.get('error') or 'the model gave no answer'}"
    at = f"{where}: model_output.choices[0]"
    message = field(checked_object(at, choices[0]), "message", dict, at) or {}
    return message_text(message.get("content"), f"{at}.message.content"), None


def _reviewed(row: dict[str, Any], where: str) -> tuple[str | None, str | None]:
    """The answer in a review, and why there is none: the model's own words, not what was extracted from them."""
    score = field(field(row, "sample_score", dict, where) or {}, "score", dict, where) or {}
    answer = field(score, "prediction", str, where)
    if answer is None:
        answer = field(score, "extracted_prediction", str, where)
    return answer, "sample_score: no prediction" if answer is None else None


def _is_llama_factory(content: Content) -> bool:
    return content.is_json_rows and {"prompt", "predict", "label"} <= content.first.keys()


def _llama_factory(content: Content, notes: list[str]) -> Iterator[_Sample]:
    for where, row in content.rows():
        prompt = _PADS.sub(r"\1", field(row, "prompt", str, where) or "")
        answer = field(row, "predict", str, where)
        yield _Sample(where, None, prompt.strip(), answer, row.get("label"))


def _number(row: dict[str, Any], name: str, where: str) -> int:
    value = field(row, name, (int, str), where)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise FormatError(where, f"{name}: expected the number of a dataset's row, got {value!r:.60}") from None
    return number


FORMATS: Final = (
    _format("lmms-eval", "lmms-eval samples", _is_lmms_eval, _lmms_eval),
    _format("lm-eval", "lm-eval samples", _is_lm_eval, _lm_eval),
    _format("evalscope", "evalscope", _is_evalscope, _evalscope),
    _format("llama-factory", "LLaMA-Factory predictions", _is_llama_factory, _llama_factory),
)
