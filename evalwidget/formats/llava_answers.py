"""LLaVA's answer files: a line an answer, ``{question_id, prompt, text, answer_id, model_id, metadata}``.

``question_id`` is that of the ground truth's question; in files for TextVQA it is the image's id, which several
questions share: then the first line of ``prompt`` says which is answered.

Source: the evaluation scripts of LLaVA 1.5.
"""

from typing import Final

from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.dataset_rows import identity
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import field
from evalwidget.formats.options import PredictionOptions
from evalwidget.records import AnswerRow, Records, Reference

__all__ = ["FORMATS"]


def _is_answers(content: Content) -> bool:
    first = content.first
    return (
        content.is_json_rows and {"question_id", "text"} <= first.keys() and ("answer_id" in first or "prompt" in first)
    )


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    for owner, (where, row) in enumerate(content.rows()):
        item = identity(row, ("question_id",), where)
        if item is None:
            raise FormatError(where, f"expected 'question_id', found {sorted(row)}")
        prompt = field(row, "prompt", str, where) or ""
        question = next((line.strip() for line in prompt.splitlines() if line.strip()), None)
        records.add_reference(Reference(where))
        records.answers.append(AnswerRow(owner, where, item, question, field(row, "text", str, where)))
    return records


FORMATS: Final = (Format("llava-answers", "LLaVA answers", _is_answers, predictions=_predictions),)
