"""The JSON value inside what a model printed."""

import json
import re
from typing import Any

from evalwidget.boxes import box_defect
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput

__all__ = ["json_value", "parsed_box"]

_ANSWER = re.compile(r"<answer>(.*?)(?:</answer>|$)", re.DOTALL)
_THINK = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
_FENCE = re.compile(r"```[A-Za-z]*\n?(.*?)(?:```|$)", re.DOTALL)
_START = re.compile(r"[\[{]")


def json_value(text: str) -> Any:
    """The first JSON object or array in ``text``, or a ``ParsedOutput`` that says why there is none.

    Looks inside ``<answer>``, else outside ``<think>``, then inside a code fence, then at the first bracket: the
    order of Datature's vi-sdk 0.1.0b7.
    """
    answer = _ANSWER.search(text)
    body = answer.group(1) if answer else _THINK.sub("", text)
    fence = _FENCE.search(body)
    if fence:
        body = fence.group(1)
    start = _START.search(body)
    if start is None:
        return ParsedOutput(state="unparsable", message="expected JSON, found no bracket")
    body = body[start.start() :]
    try:
        return json.JSONDecoder(object_pairs_hook=_object).raw_decode(body)[0]
    except _RepeatedKeyError as error:
        message = f"an object has the key {error.args[0]!r} more than once; only its last value could be kept"
        return ParsedOutput(state="duplicate_keys", message=message)
    except json.JSONDecodeError as error:
        if not body[error.pos :].strip() or error.msg.startswith("Unterminated string"):
            return ParsedOutput(state="truncated", message="the JSON ends before it is complete")
        return ParsedOutput(state="unparsable", message=f"malformed JSON at character {error.pos}: {error.msg}")
    except RecursionError:
        return ParsedOutput(state="unparsable", message="malformed JSON: nested too deeply")
    except ValueError:
        return ParsedOutput(state="unparsable", message="malformed JSON: a number of more digits than can be read")


class _RepeatedKeyError(Exception):
    """A key that an object has twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _RepeatedKeyError(key)
        found[key] = value
    return found


def parsed_box(label: str | None, values: Any, full: float, field: str) -> ParsedBox:
    """``values``, x1 y1 x2 y2 counted in ``full`` parts of the image, as a box in fractions of it."""
    defect = box_defect(values, "xyxy")
    if defect is None and not all(0 <= value <= full for value in values):
        defect = "out_of_range", f"expected numbers from 0 to {full:g}, got {values}"
    if defect is not None:
        state, message = defect
        return ParsedBox(label, None, state, f"{field}: {message}", repr(values))
    x1, y1, x2, y2 = (value / full for value in values)
    return ParsedBox(label, (x1, y1, x2, y2))
