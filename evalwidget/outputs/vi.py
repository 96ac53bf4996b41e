"""Datature Vi: ``{"phrase_grounding": {"sentence", "groundings": [{"phrase", "grounding": [[x1, y1, x2, y2]]}]}}`` in
1024ths of the image, ``{"vqa": {"answer"}}``, ``{"freeform": {"caption"}}``; source: vi-sdk 0.1.0b7."""

from collections.abc import Iterator
from typing import Any, Final

from evalwidget.outputs.coordinates import Grid, box_of
from evalwidget.outputs.json_boxes import values_of
from evalwidget.outputs.json_reader import CutList, FlawedObject, Malformed, is_cut
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, mended, unusable

__all__ = ["parse", "parse_value"]

_GRID: Final = Grid(1024.0)
_FIELDS: Final = (("groundings", list), ("answer", str), ("caption", str))
_TASKS: Final = ("phrase_grounding", "vqa", "freeform")


def parse(text: str) -> ParsedOutput:
    found = values_of(text, lambda value: isinstance(value, dict) and not _is_unexpected(value))
    if isinstance(found, ParsedOutput):
        return found
    # the first response counts, as in the SDK
    reading = found[0]
    parsed = parse_value(reading.value)
    repairs = [*reading.repairs, *(["the text ends before the JSON does"] if is_cut(reading.value) else [])]
    if not repairs or parsed.state not in ("ok", "repaired"):
        return parsed
    message = "repaired: " + ", ".join(repairs)
    boxes = [mended(box, message) for box in parsed.boxes]
    return ParsedOutput(boxes, parsed.answer, "repaired", message)


def parse_value(value: Any) -> ParsedOutput:
    """What a decoded response says, with or without the name of its task around it."""
    if isinstance(value, Malformed):
        return ParsedOutput(state="unparsable", message=value.message)
    outer, value = value, _inner(value)
    if _is_repeated(outer) or _is_repeated(value):
        flawed = outer if _is_repeated(outer) else value
        return ParsedOutput(state=flawed.state, message=flawed.message)
    if isinstance(value, dict):
        if isinstance(value.get("groundings"), list):
            boxes = [box for place, entry in enumerate(value["groundings"]) for box in _boxes(place, entry)]
            if boxes or not is_cut(value):
                return gathered(boxes, "") if boxes else ParsedOutput()
        for field in ("answer", "caption"):
            if isinstance(value.get(field), str):
                return ParsedOutput(answer=value[field])
    if is_cut(outer):
        return ParsedOutput(state="truncated", message="the text ends before the JSON does")
    found = sorted(map(str, value))[:5] if isinstance(value, dict) else type(value).__name__
    return ParsedOutput(state="unparsable", message=f"expected groundings, answer or caption, found {found}")


def _inner(value: Any) -> Any:
    """The response without the name of its task."""
    if not isinstance(value, dict):
        return value
    return next((value[task] for task in _TASKS if isinstance(value.get(task), dict)), value)


def _is_unexpected(value: Any) -> bool:
    value = _inner(value)
    return not any(isinstance(value.get(field), kind) for field, kind in _FIELDS)


def _is_repeated(value: Any) -> bool:
    return isinstance(value, FlawedObject) and value.state == "duplicate_keys"


def _boxes(place: int, entry: Any) -> Iterator[ParsedBox]:
    field = f"groundings[{place}]"
    label = entry.get("phrase") if isinstance(entry, dict) else None
    label = label if isinstance(label, str) else None
    if isinstance(entry, FlawedObject):
        yield unusable(entry.state, f"{field}: {entry.message}", entry.raw, label)
        return
    if not isinstance(entry, dict) or not isinstance(entry.get("grounding"), list):
        yield unusable("no_box", f"{field}: expected phrase and grounding", repr(entry))
        return
    boxes = entry["grounding"]
    if isinstance(boxes, CutList):
        yield unusable("truncated", f"{field}: the text ends before the box is complete", boxes.raw, label)
    elif boxes and not any(isinstance(box, list) for box in boxes):
        yield box_of(boxes, _GRID, f"{field}.grounding[0]", label)
    else:
        for number, box in enumerate(boxes):
            yield box_of(box, _GRID, f"{field}.grounding[{number}]", label)
