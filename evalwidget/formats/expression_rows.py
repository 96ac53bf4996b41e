"""Referring expressions, a row for each object of an image, as evaluation code of several models has them.

- Qwen-VL's and InternVL's JSONL: ``image, sent, bbox`` (x1 y1 x2 y2), ``height, width``.
- MiniGPT-4's JSON: ``img_id, sents, bbox`` (x y width height), ``height, width``; the image is named by the id without
  the number of the expression, ``COCO_train2014_000000581857_16``.
- lmms-lab's data sets: ``question_id, file_name, answer, bbox`` (x y width height); ``answer`` is a list of expressions
  of one object; ``file_name`` has a number too. In evalscope's records the same stands under ``metadata``, the box as
  ``original_bbox``.

Boxes are in pixels. Source: QwenLM/Qwen-VL and OpenGVLab/InternVL (evaluate_grounding.py), Vision-CAIR/MiniGPT-4
(eval_scripts/eval_ref.py), lmms-eval's tasks/refcoco, evalscope 1.14.1.
"""

import re
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import field, required
from evalwidget.formats.model_text import add_output
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.phrases import PhraseBuilder
from evalwidget.records import BoxRowsBuilder, Records, Reference

__all__ = ["FORMATS"]

_XYXY: Final = Convention("xyxy", "pixels")
_XYWH: Final = Convention("xywh", "pixels")
#: COCO's name of an image, with the number of an expression after it.
_NUMBERED: Final = re.compile(r"(COCO_[a-z]+\d{4}_\d{12})_\d+(?:\.jpg)?")
_BOXES: Final = ("original_bbox", "bbox")


def _is_sent_rows(content: Content) -> bool:
    return {"image", "sent", "bbox"} <= content.first.keys()


def _is_minigpt4(content: Content) -> bool:
    return {"img_id", "sents", "bbox"} <= content.first.keys()


def _is_minigpt4_answers(content: Content) -> bool:
    if not content.is_json_object or _NUMBERED.search(content.peek[:100]) is None:
        return False
    return all(isinstance(value, list) and all(isinstance(v, str) for v in value) for value in content.fields.values())


def _is_lmms(content: Content) -> bool:
    record = _unwrapped(content.first)
    return {"file_name", "answer", "question_id"} <= record.keys() and any(name in record for name in _BOXES)


def _unwrapped(record: dict[str, Any]) -> dict[str, Any]:
    """A row, or what stands under ``metadata`` in it."""
    inner = record.get("metadata")
    return inner if isinstance(inner, dict) and "file_name" in inner else record


def _sent_rows(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    phrases = PhraseBuilder(records, _XYXY)
    for where, record in content.rows():
        owner = _add_reference(records, record, required(record, "image", str, where), where)
        box = [(f"{where}: bbox", record.get("bbox"))]
        phrases.add(owner, required(record, "sent", str, where), box, where)
    phrases.done()
    return records, GroundTruthFacts("Qwen-VL JSONL", _XYXY)


def _minigpt4(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    phrases = PhraseBuilder(records, _XYWH)
    for where, record in content.rows():
        identity = required(record, "img_id", str, where)
        owner = _add_reference(records, record, f"{_without_number(identity)}.jpg", where)
        box = [(f"{where}: bbox", record.get("bbox"))]
        for place, sentence in enumerate(_texts(record, "sents", where)):
            phrases.add(owner, sentence, box, where, item=identity if place == 0 else f"{identity}/{place}")
    phrases.done()
    return records, GroundTruthFacts("MiniGPT-4 JSON", _XYWH)


def _minigpt4_answers(content: Content, options: PredictionOptions) -> Records:
    """``{img_id: [raw text, …]}``: an answer for each expression of that id."""
    records = Records()
    builder = BoxRowsBuilder(Convention("xyxy", "fraction"), strict=False)
    for identity in content.fields:
        where = f"{content.shown}: {identity}"
        records.add_reference(Reference(where, image=f"{_without_number(identity)}.jpg"))
        for place, text in enumerate(_texts(content.fields, identity, content.shown)):
            item = identity if place == 0 else f"{identity}/{place}"
            add_output(records, builder, len(records.references) - 1, text, f"{where}[{place}]", options, item=item)
    records.boxes.append(builder.rows())
    return records


def _lmms(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    phrases = PhraseBuilder(records, _XYWH)
    for where, row in content.rows():
        record = _unwrapped(row)
        name = required(record, "file_name", str, where)
        image = f"{_without_number(name)}.jpg" if _NUMBERED.fullmatch(name) else name
        owner = _add_reference(records, record, image, where)
        identity = required(record, "question_id", (str, int), where)
        at = next((at for at in _BOXES if record.get(at) is not None), "bbox")
        for place, phrase in enumerate(_texts(record, "answer", where)):
            box = [(f"{where}: {at}", record.get(at))]
            phrases.add(owner, phrase, box, where, item=f"{identity}/{place}")
    phrases.done()
    return records, GroundTruthFacts("lmms-lab RefCOCO", _XYWH)


def _add_reference(records: Records, record: dict[str, Any], image: str, where: str) -> int:
    width, height = (field(record, side, (int, float), where) for side in ("width", "height"))
    records.add_reference(Reference(where, image=image, width=width, height=height))
    return len(records.references) - 1


def _without_number(name: str) -> str:
    found = _NUMBERED.fullmatch(name)
    return found.group(1) if found else name


def _texts(record: dict[str, Any], name: str, where: str) -> list[str]:
    """A text, or each of a list of them; none may be empty."""
    value: Any = record.get(name)
    value = value.tolist() if hasattr(value, "tolist") else value
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(text, str) and text for text in found):
        raise FormatError(where, f"{name}: expected a text or a list of texts, got {value!r:.60}")
    return found


FORMATS: Final = (
    Format("qwen-vl-refcoco", "Qwen-VL JSONL", _is_sent_rows, _sent_rows),
    Format("minigpt4-refcoco", "MiniGPT-4 JSON", _is_minigpt4, _minigpt4),
    Format("minigpt4-answers", "MiniGPT-4 answers", _is_minigpt4_answers, predictions=_minigpt4_answers),
    Format("lmms-refcoco", "lmms-lab RefCOCO", _is_lmms, _lmms),
)
