"""COCO captions: reference captions of images, and results with one caption an image.

Ground truth: ``{"images": [{id, file_name, width, height}], "annotations": [{image_id, id, caption}]}``; an image's
captions are the references of one question without words. Results: a list of ``{image_id, caption}``.
"""

from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.dataset_rows import identity
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import field
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.records import AnswerRow, QuestionRow, Records, Reference

__all__ = ["FORMATS"]


def _is_captions(content: Content) -> bool:
    first = content.first_in("annotations")
    return "images" in content.keys and "caption" in first and "bbox" not in first


def _is_results(content: Content) -> bool:
    return content.is_json_rows and {"image_id", "caption"} == content.first.keys() - {"id"}


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    captions: dict[str, list[str]] = {}
    for where, annotation in content.objects("annotations"):
        captions.setdefault(_image_id(annotation, "image_id", where), []).append(_caption(annotation, where))
    for where, image in content.objects("images"):
        image_id = _image_id(image, "id", where)
        texts = captions.pop(image_id, [])
        reference = Reference(
            where,
            image=field(image, "file_name", str, where),
            source_id=image_id,
            width=field(image, "width", (int, float), where),
            height=field(image, "height", (int, float), where),
            annotated=bool(texts),
        )
        records.add_reference(reference)
        if texts:
            records.questions.append(QuestionRow(len(records.references) - 1, where, None, "", tuple(texts)))
    if captions:
        raise FormatError(f"{content.shown}: annotations", f"image_id {next(iter(captions))} is not among the images")
    return records, GroundTruthFacts("COCO captions", task="free text")


def _results(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    for where, row in content.rows():
        records.add_reference(Reference(where, source_id=_image_id(row, "image_id", where)))
        records.answers.append(AnswerRow(len(records.references) - 1, where, None, None, _caption(row, where)))
    return records


def _image_id(row: dict[str, Any], name: str, where: str) -> str:
    found = identity(row, (name,), where)
    if found is None:
        raise FormatError(where, f"expected {name!r}, found {sorted(row)}")
    return found


def _caption(row: dict[str, Any], where: str) -> str:
    caption = field(row, "caption", str, where)
    if caption is None:
        raise FormatError(where, f"expected 'caption', found {sorted(row)}")
    return str(caption)


FORMATS: Final = (
    Format("coco-captions", "COCO captions", _is_captions, _ground_truth),
    Format("coco-caption-results", "COCO caption results", _is_results, predictions=_results),
)
