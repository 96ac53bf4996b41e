"""VLMEvalKit: its dataset tables, and its result tables, which have the dataset's columns and ``prediction``.

A table (TSV, xlsx or a JSON list) has ``index, question, answer``, options ``A, B, C …``, and ``image`` as base64, or
the ``index`` of another row that has it, or ``image_path``. A prediction is found by its ``index``. What VLMEvalKit
writes where a model's service gave nothing is no answer.

Source: VLMEvalKit's image datasets and its API models.
"""

from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.dataset_rows import RowImages, identity, question_of, references_of
from evalwidget.formats.format import Format
from evalwidget.formats.image_cells import as_base64
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.reference_answers import listed_text
from evalwidget.records import AnswerRow, QuestionRow, Records, Reference
from evalwidget.tables import Defect

__all__ = ["FORMATS"]

_FAILURES: Final = ("Failed to obtain answer via API.", "Failed to obtain answer.")
#: A text in ``image`` that is no longer is the index of another row, not an image.
_LONGEST_INDEX: Final = 64


def _is_vlmevalkit(content: Content) -> bool:
    first = content.first
    names_image = "specimen" in first or "model_output" in first
    return "index" in first and not names_image and ("prediction" in first or "question" in first)


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    images = RowImages(records)
    rows = [(where, _index(row, where), row) for where, row in content.rows()]
    known = {item for _, item, row in rows if len(str(row.get("image", ""))) > _LONGEST_INDEX}
    for number, (where, item, row) in enumerate(rows):
        name, cell = _image(row, item, known, where)
        owner = images.add({"image": cell}, where, number, name=name)
        records.questions.append(QuestionRow(owner, where, item, question_of(row, where), references_of(row, where)))
    return records, GroundTruthFacts("VLMEvalKit", task="visual question answering")


def _image(row: dict[str, Any], item: str, known: set[str], where: str) -> tuple[str, Any]:
    """The name of a row's image where it has no path, and its path or content. A path has a dot, base64 has none."""
    path = listed_text(row.get("image_path"), where, "image_path")
    if path:
        return item, path
    image = listed_text(row.get("image"), where, "image")
    text = image[0] if isinstance(image, list) and image else image
    text = "" if text is None else str(text)
    if "." in text:
        return item, text
    if len(text) > _LONGEST_INDEX:
        cell = as_base64(text)
        if cell is None:
            raise FormatError(where, f"image: expected base64, got {text!r:.60}")
        return item, cell
    if text and text not in known:
        raise FormatError(where, f"image: expected base64, or the index of a row that has it, got {text!r:.60}")
    return text or item, None


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    for owner, (where, row) in enumerate(content.rows()):
        records.add_reference(Reference(where))
        text = row.get("prediction")
        if text is not None and (isinstance(text, bool) or not isinstance(text, (str, int, float))):
            raise FormatError(where, f"prediction: expected text, got {text!r:.60}")
        question, item = question_of(row, where) or None, _index(row, where)
        if isinstance(text, str) and text.strip() in _FAILURES:
            defect = Defect(f"{where}: prediction: the model's service gave no answer", text)
            records.answers.append(AnswerRow(owner, where, item, question, None, "no_answer", defect))
        else:
            records.answers.append(AnswerRow(owner, where, item, question, None if text is None else str(text)))
    return records


def _index(row: dict[str, Any], where: str) -> str:
    item = identity(row, ("index",), where)
    if item is None:
        raise FormatError(where, f"expected 'index', found {sorted(row)}")
    return item


FORMATS: Final = (Format("vlmevalkit", "VLMEvalKit", _is_vlmevalkit, _ground_truth, _predictions),)
