"""VQA v1, VQA v2 and OK-VQA: a file of annotations, with the file of questions that belongs to it.

Annotations: ``{"annotations": [{question_id, image_id, answers: [{answer}, …], multiple_choice_answer}]}``; questions:
``{"questions": [{question_id, image_id, question}]}``. All answers count, duplicates too: VQA accuracy is made of them.
Both files say in ``data_type`` and ``data_subtype`` which images they are about; where that is MS COCO, the images have
COCO's file names of 2014.

Source: the VQA API's Python demo and evaluation code.
"""

from collections.abc import Iterator
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.dataset_rows import identity
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Row, field
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions
from evalwidget.formats.reference_answers import reference_answers
from evalwidget.records import QuestionRow, Records, Reference

__all__ = ["FORMATS"]

_LISTS: Final = ("annotations", "questions")
#: A folder of more has a file for each image, and is not looked into.
_MOST_FILES: Final = 20


def _is_vqa(content: Content) -> bool:
    if content.is_folder:
        files = _files(content)
        return len(files) <= _MOST_FILES and any(_may_be_vqa(file) for file in files)
    return any(_list_of(part) for part in content.parts)


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    files = _files(content) if content.is_folder else content.parts
    found: dict[str, Content] = {}
    for file in files:
        kind = _list_of(file)
        if kind in found:
            raise FormatError(file.shown, f"{kind} twice: the other file is {found[kind].shown}; keep one of each")
        if kind:
            found[kind] = file
    if not found:
        raise FormatError(
            content.shown, "expected a .json file with 'annotations' or 'questions' that have question_id"
        )
    asked = dict(_by_question(found["questions"], "questions")) if "questions" in found else {}
    records = Records()
    answered = set()
    if "annotations" in found:
        for item, (where, row) in _by_question(found["annotations"], "annotations"):
            answered.add(item)
            if asked and item not in asked:
                raise FormatError(where, f"question_id {item} is not in {found['questions'].shown}")
            question = asked.get(item, (where, row))
            _add(records, item, question, _references(row, where), found["annotations"].fields)
    for item, question in asked.items():
        if item not in answered:
            _add(records, item, question, (), found["questions"].fields)
    return records, GroundTruthFacts("VQA", task="visual question answering")


def _files(content: Content) -> list[Content]:
    return [content.of(source) for source in content.source.children() if source.suffix == ".json"]


def _may_be_vqa(file: Content) -> bool:
    """Whether a file of a folder begins like one of the two, told without decoding it."""
    return '"question_id"' in file.peek and any(f'"{name}"' in file.peek for name in _LISTS)


def _list_of(file: Content) -> str | None:
    """Which of the two lists a file holds."""
    for name in _LISTS:
        rows = file.fields.get(name)
        if isinstance(rows, list) and rows and isinstance(rows[0], dict) and "question_id" in rows[0]:
            return name
    return None


def _by_question(file: Content, name: str) -> Iterator[tuple[str, Row]]:
    seen = set()
    for where, row in file.objects(name):
        item = identity(row, ("question_id",), where)
        if item is None:
            raise FormatError(where, f"expected 'question_id', found {sorted(row)}")
        if item in seen:
            raise FormatError(where, f"the same item twice: question_id {item}")
        seen.add(item)
        yield item, (where, row)


def _add(records: Records, item: str, asked: Row, references: tuple[str, ...], header: dict[str, Any]) -> None:
    where, row = asked
    image_id = identity(row, ("image_id",), where)
    if image_id is None:
        raise FormatError(where, f"expected 'image_id', found {sorted(row)}")
    records.add_reference(Reference(where, image=_file_name(image_id, header), source_id=image_id))
    question = field(row, "question", str, where) or ""
    records.questions.append(QuestionRow(len(records.references) - 1, where, item, question, references))


def _file_name(image_id: str, header: dict[str, Any]) -> str | None:
    subset = header.get("data_subtype")
    if header.get("data_type") == "mscoco" and isinstance(subset, str) and image_id.isdecimal():
        return f"COCO_{subset}_{image_id:0>12}.jpg"
    return None


def _references(row: dict[str, Any], where: str) -> tuple[str, ...]:
    if row.get("answers") is not None:
        return reference_answers(row["answers"], where, "answers")
    return reference_answers(row.get("multiple_choice_answer"), where, "multiple_choice_answer")


FORMATS: Final = (Format("vqa", "VQA", _is_vqa, _ground_truth),)
