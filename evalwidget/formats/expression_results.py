"""Results of InternVL's and Qwen-VL's grounding evaluation: ``answer`` (raw text), ``gt_bbox`` (x1 y1 x2 y2 in pixels)
and ``hw`` (height and width of the image), a row for each expression: ground truth and prediction in one file.

A row names neither its image nor its expression: it is known by its place, and its phrase is called "the expression".
What the text calls its box is therefore not read as a phrase.

Source: OpenGVLab/InternVL (internvl_chat/eval/refcoco/evaluate_grounding.py), QwenLM/Qwen-VL (eval_mm).
"""

from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import field
from evalwidget.formats.model_text import add_output
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.phrases import PhraseBuilder
from evalwidget.records import BoxRowsBuilder, Records, Reference

__all__ = ["FORMATS"]

_XYXY: Final = Convention("xyxy", "pixels")
_PHRASE: Final = "the expression"


def _is_results(content: Content) -> bool:
    return {"answer", "gt_bbox", "hw"} <= content.first.keys()


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    phrases = PhraseBuilder(records, _XYXY)
    for where, record in content.rows():
        owner = _add_reference(records, record, where)
        phrases.add(owner, _PHRASE, [(f"{where}: gt_bbox", record.get("gt_bbox"))], where, item=str(owner))
    phrases.done()
    return records, GroundTruthFacts("InternVL results", _XYXY)


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records(is_unlabelled=True)
    builder = BoxRowsBuilder(Convention("xyxy", "fraction"), strict=False)
    for where, record in content.rows():
        owner = _add_reference(records, record, where)
        text = field(record, "answer", str, where)
        if text is None:
            raise FormatError(where, f"expected 'answer', found {sorted(record)}")
        add_output(records, builder, owner, text, where, options)
    records.boxes.append(builder.rows())
    return records


def _add_reference(records: Records, record: dict[str, Any], where: str) -> int:
    size = record.get("hw")
    if not isinstance(size, (list, tuple)) or len(size) != 2 or not all(type(side) in (int, float) for side in size):
        raise FormatError(where, f"hw: expected [height, width], got {size!r:.60}")
    height, width = size
    records.add_reference(Reference(where, width=width, height=height))
    return len(records.references) - 1


FORMATS: Final = (Format("internvl-results", "InternVL results", _is_results, _ground_truth, _predictions),)
