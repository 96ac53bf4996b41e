"""Datature Vi: ``{"phrase_grounding": {"sentence", "groundings": [{"phrase", "grounding": [[x1, y1, x2, y2]]}]}}`` in
1024ths of the image, ``{"vqa": {"answer"}}``, ``{"freeform": {"caption"}}``; source: vi-sdk 0.1.0b7."""

from typing import Any

from evalwidget.outputs.json_text import json_value, parsed_box
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput

__all__ = ["parse", "parse_value"]


def parse(text: str) -> ParsedOutput:
    value = json_value(text)
    return value if isinstance(value, ParsedOutput) else parse_value(value)


def parse_value(value: Any) -> ParsedOutput:
    """What a decoded response says, with or without the name of its task around it."""
    if not isinstance(value, dict):
        return _unexpected(value)
    for task in ("phrase_grounding", "vqa", "freeform"):
        if isinstance(value.get(task), dict):
            value = value[task]
            break
    if isinstance(value.get("groundings"), list):
        return ParsedOutput([box for place, entry in enumerate(value["groundings"]) for box in _boxes(place, entry)])
    for field in ("answer", "caption"):
        if isinstance(value.get(field), str):
            return ParsedOutput(answer=value[field])
    return _unexpected(value)


def _boxes(place: int, entry: Any) -> list[ParsedBox]:
    field = f"groundings[{place}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("grounding"), list):
        return [ParsedBox(None, None, "no_box", f"{field}: expected phrase and grounding", repr(entry))]
    label = entry.get("phrase")
    label = label if isinstance(label, str) else None
    boxes = entry["grounding"]
    if boxes and not any(isinstance(box, list) for box in boxes):
        boxes = [boxes]
    return [parsed_box(label, box, 1024, f"{field}.grounding[{i}]") for i, box in enumerate(boxes)]


def _unexpected(value: Any) -> ParsedOutput:
    found = sorted(map(str, value))[:5] if isinstance(value, dict) else type(value).__name__
    return ParsedOutput(state="unparsable", message=f"expected groundings, answer or caption, found {found}")
