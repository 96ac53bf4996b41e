"""A log of attempts: a table with a row for each answer that a model was asked for, again where it could not be read.

``image_path, phrase, attempt, success, parsed_bbox, raw_response``. The last successful attempt at a phrase counts, or
the last one. ``raw_response`` is read by the grammar that ``output_format`` names; without one, ``parsed_bbox`` (x1 y1
x2 y2 in fractions of the image) is taken as it is.

Source: the notebooks of PeterShin23/vlm-bounding-box at 13b5acf.
"""

import json
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Row, field, required
from evalwidget.formats.model_text import add_output
from evalwidget.formats.options import PredictionOptions
from evalwidget.records import BoxRowsBuilder, PhraseRow, Records, Reference
from evalwidget.tables import Defect

__all__ = ["FORMATS"]


def _is_attempts(content: Content) -> bool:
    return {"image_path", "phrase", "attempt", "raw_response"} <= content.first.keys()


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    builder = BoxRowsBuilder(Convention("xyxy", "fraction"), strict=False)
    counting: dict[tuple[str, str], Row] = {}
    rows = 0
    for where, record in content.rows():
        rows += 1
        key = required(record, "image_path", str, where), required(record, "phrase", str, where)
        if key not in counting or _succeeded(record, where) or not _succeeded(counting[key][1], where):
            counting[key] = where, record
    for (image, phrase), (where, record) in counting.items():
        records.add_reference(Reference(where, image=image))
        owner = len(records.references) - 1
        raw = field(record, "raw_response", str, where) or ""
        records.add_phrase(PhraseRow(owner, where, phrase, phrase))
        if options.output_format is not None:
            add_output(records, builder, owner, raw, where, options, label=phrase)
            continue
        records.outputs[owner] = raw
        box = _parsed_box(record)
        if box is None:
            problem = f"{where}: parsed_bbox: expected a list of numbers; name the text's output_format= to read that"
            builder.add_invalid(owner, phrase, "unparsable", Defect(problem, raw), item=None)
        else:
            builder.add(owner, phrase, box, f"{where}: parsed_bbox")
    records.boxes.append(builder.rows())
    if rows > len(counting):
        count = rows - len(counting)
        records.notes.append(f"{content.shown}: {count:,} attempts do not count: the phrase was asked for again")
    return records


def _succeeded(record: dict[str, Any], where: str) -> bool:
    value = record.get("success")
    if value in (None, ""):
        return False
    if str(value).lower() not in ("true", "false"):
        raise FormatError(where, f"success: expected True or False, got {value!r:.60}")
    return str(value).lower() == "true"


def _parsed_box(record: dict[str, Any]) -> Any:
    """What the table itself has read from the text; None where that is nothing."""
    value = record.get("parsed_bbox")
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


FORMATS: Final = (Format("attempts", "attempts table", _is_attempts, predictions=_predictions),)
