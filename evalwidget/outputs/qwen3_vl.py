"""Qwen3-VL: JSON, ``[{"bbox_2d": [x1, y1, x2, y2], "label": …}]`` in thousandths of the image.

Also one such object without the list, and ``{"x_min": …, "y_min": …, "x_max": …, "y_max": …}`` in fractions of the
image, in any order of keys, as fine-tuned models are taught to write.
"""

from typing import Any

from evalwidget.outputs.json_text import json_value, parsed_box
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput

__all__ = ["parse"]

_EDGES = ("x_min", "y_min", "x_max", "y_max")


def parse(text: str) -> ParsedOutput:
    value = json_value(text)
    if isinstance(value, ParsedOutput):
        return value
    entries = value if isinstance(value, list) else [value]
    boxes = [_box(entry, f"[{place}]" if isinstance(value, list) else "") for place, entry in enumerate(entries)]
    return ParsedOutput(boxes)


def _box(entry: Any, field: str) -> ParsedBox:
    if isinstance(entry, dict):
        label = entry.get("label")
        label = label if isinstance(label, str) else None
        if "bbox_2d" in entry:
            return parsed_box(label, entry["bbox_2d"], 1000, f"{field}.bbox_2d".lstrip("."))
        if any(edge in entry for edge in _EDGES):
            values = [entry[edge] for edge in _EDGES if edge in entry]
            return parsed_box(label, values, 1, f"{field}.x_min…y_max".lstrip("."))
    return ParsedBox(None, None, "no_box", f"{field}: expected bbox_2d or x_min … y_max".lstrip(": "), repr(entry))
