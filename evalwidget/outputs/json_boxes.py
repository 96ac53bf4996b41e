"""Boxes in JSON, as Qwen2.5-VL, Qwen3-VL, Gemini and Moondream print them, and as any model can be taught to.

A list of objects, each with a box (``bbox_2d``, ``bbox``, ``box_2d``, ``box``, ``bounding_box``) and perhaps a label
(``label``, ``text``, ``object_name``, ``desc``, ``name``, ``sub_label``); or one such object; or an object that holds
the list (``objects``, ``boxes``, …), perhaps with a list of ``labels`` and one of ``scores`` beside bare boxes; or
boxes alone. A box may be spelt out, in any order of keys: ``x1 y1 x2 y2`` or ``xmin … ymax`` counted as the family
counts, ``x_min … y_max`` in fractions of the image, as Moondream prints them and fine-tuned models are taught to.
``point`` (or ``x`` and ``y``) is a point. A ``score`` or ``confidence`` from 0 to 1 is kept.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from evalwidget.outputs.coordinates import Grid, box_of, point_of
from evalwidget.outputs.json_reader import CutList, FlawedObject, Malformed, Reading, is_cut, readings
from evalwidget.outputs.parsed import ParsedBox, ParsedOutput, gathered, mended, unusable
from evalwidget.outputs.reply import NEVER_ENDS, reply_of

__all__ = ["json_boxes", "values_of"]

_BOX_KEYS: Final = ("bbox_2d", "bbox", "box_2d", "box", "bounding_box")
_LABEL_KEYS: Final = ("label", "text", "object_name", "desc", "name", "sub_label")
_EDGES: Final = (("x_min", "y_min", "x_max", "y_max"), ("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"))
_EDGE_NAMES: Final = tuple(name for names in _EDGES for name in names)
_POINT_KEYS: Final = ("point_2d", "point")
_LISTS: Final = ("objects", "boxes", "bboxes", "detections", "predictions", "results", "annotations", "points")
_SCORES: Final = ("score", "confidence")
_FRACTIONS: Final = Grid(1.0)
_FENCE: Final = re.compile(r"```[A-Za-z]*\n?(.*?)(?:```|\Z)", re.DOTALL)


def values_of(text: str, wanted: Callable[[Any], bool]) -> list[Reading] | ParsedOutput:
    """The JSON values of a reply, those in code fences if they hold any, or why there is none.

    Where values are ``wanted`` (they hold what the reader looks for), the others are brackets of the prose around them;
    else it is the one that the text ends within, else the first one.
    """
    reply = reply_of(text)
    if reply is None:
        return ParsedOutput(state="truncated", message=NEVER_ENDS)
    fenced = [reading for body in _FENCE.findall(reply) for reading in readings(body)]
    found = fenced if any(wanted(reading.value) for reading in fenced) else list(readings(reply))
    if not found:
        return ParsedOutput(state="unparsable", message="expected JSON, found none")
    chosen = [reading for reading in found if wanted(reading.value)]
    return chosen or [next((reading for reading in found if is_cut(reading.value)), found[0])]


def json_boxes(text: str, grid: Grid, *, edges: Grid = _FRACTIONS) -> ParsedOutput:
    """What ``text`` says in JSON; boxes are counted in ``grid``, ``x_min … y_max`` in ``edges``."""
    found = values_of(text, _holds_boxes)
    if isinstance(found, ParsedOutput):
        return found
    boxes: list[ParsedBox] = []
    for reading in found:
        entries = list(_Boxes(grid, edges).of(reading.value, ""))
        repairs = reading.repairs.copy()
        if is_cut(reading.value):
            repairs.append("the text ends before the JSON does")
        if len(found) > 1:
            repairs.append("several JSON values in one text")
        message = "repaired: " + ", ".join(repairs)
        boxes += [mended(box, message) for box in entries] if repairs else entries
    if not boxes:
        return _nothing(found[0].value)
    return gathered(boxes, "")


def _nothing(value: Any) -> ParsedOutput:
    if is_cut(value):
        return ParsedOutput(state="truncated", message="the text ends before the JSON does")
    return ParsedOutput()


class _Boxes:
    """The boxes within one JSON value."""

    def __init__(self, grid: Grid, edges: Grid) -> None:
        self.grid = grid
        self.corners = replace(grid, order="xyxy")
        self.edges = replace(edges, order="xyxy")

    def of(self, value: Any, at: str) -> Iterator[ParsedBox]:
        if isinstance(value, Malformed):
            yield unusable("unparsable", value.message, value.raw)
        elif isinstance(value, list) and _is_box_like(value):
            if isinstance(value, CutList):
                yield unusable("truncated", f"{at}: the text ends within a box".removeprefix(": "), value.raw)
            else:
                yield box_of(value, self.grid, at)
        elif isinstance(value, list):
            for place, entry in enumerate(value):
                if isinstance(entry, (dict, list)):
                    yield from self.of(entry, f"{at}[{place}]")
                else:
                    yield self._no_box(entry, f"{at}[{place}]")
        elif isinstance(value, dict):
            yield from self._of_object(value, at)
        else:
            yield self._no_box(value, at)

    def _of_object(self, entry: dict[str, Any], at: str) -> Iterator[ParsedBox]:
        label = _label(entry)
        inner = next((name for name in _LISTS if isinstance(entry.get(name), (list, dict))), None)
        certain = not isinstance(entry, FlawedObject)
        if inner is not None and not _has_box(entry) and (certain or is_cut(entry)):
            for box in self._listed(entry, inner, f"{at}.{inner}".lstrip(".")):
                yield box if box.label is not None else replace(box, label=label)
            return
        if inner is None and (certain or is_cut(entry)) and (named := _only_task(entry)) is not None:
            yield from self._of_object(entry[named], f"{at}.{named}".lstrip("."))
            return
        if isinstance(entry, FlawedObject):
            yield unusable(entry.state, f"{at}: {entry.message}".removeprefix(": "), entry.raw, label)
            return
        score = next((entry[name] for name in _SCORES if _is_score(entry.get(name))), None)
        for box in self._described(entry, label, at):
            yield box if score is None else replace(box, score=float(score))

    def _listed(self, entry: dict[str, Any], inner: str, at: str) -> Iterator[ParsedBox]:
        """The boxes under ``inner``, with the labels and scores of the lists beside it that have as many entries."""
        values = entry[inner]
        if not isinstance(values, list) or not all(isinstance(part, list) for part in values):
            yield from self.of(values, at)
            return
        labels, scores = (_as_long(entry.get(name), values) for name in ("labels", "scores"))
        for place, part in enumerate(values):
            label = None if labels is None else _label({"label": labels[place]})
            score = None if scores is None or not _is_score(scores[place]) else float(scores[place])
            for box in self.of(part, f"{at}[{place}]"):
                yield replace(box, label=label, score=score) if box.label is None else box

    def _described(self, entry: dict[str, Any], label: str | None, at: str) -> Iterator[ParsedBox]:
        key = next((name for name in _BOX_KEYS if name in entry), None)
        if key is not None:
            field, values = f"{at}.{key}".lstrip("."), entry[key]
            if isinstance(values, dict):
                yield from (replace(box, label=label) for box in self._of_object(values, field))
            elif isinstance(values, list) and values and all(_is_numbers(part) for part in values):
                for place, part in enumerate(values):
                    yield box_of(part, self.grid, f"{field}[{place}]", label)
            else:
                yield box_of(values, self.grid, field, label)
        elif edges := next((names for names in _EDGES if any(name in entry for name in names)), None):
            values = [entry[edge] for edge in edges if edge in entry]
            grid = self.edges if edges == _EDGES[0] else self.corners
            yield box_of(values, grid, f"{at}.{edges[0]}…{edges[-1]}".lstrip("."), label)
        elif any(name in entry for name in _POINT_KEYS):
            name = next(name for name in _POINT_KEYS if name in entry)
            yield point_of(entry[name], self.grid, f"{at}.{name}".lstrip("."), label)
        elif "x" in entry and "y" in entry:
            yield point_of([entry["x"], entry["y"]], self.edges, f"{at}.x, y".lstrip("."), label)
        else:
            yield self._no_box(entry, at)

    def _no_box(self, entry: Any, at: str) -> ParsedBox:
        label = _label(entry) if isinstance(entry, dict) else None
        message = f"{at}: expected bbox_2d or x_min … y_max".removeprefix(": ")
        return unusable("no_box", message, repr(entry), label)


def _holds_boxes(value: Any) -> bool:
    if isinstance(value, Malformed):
        return value.raw[:1] == "[" or any(name in value.raw for name in (*_BOX_KEYS, *_EDGE_NAMES))
    if isinstance(value, list):
        return (_is_numbers(value) and len(value) >= 3) or any(
            _holds_boxes(part) for part in value if isinstance(part, (dict, list))
        )
    if isinstance(value, dict):
        return _has_box(value) or any(_holds_boxes(part) for part in value.values() if isinstance(part, (dict, list)))
    return False


def _only_task(entry: dict[str, Any]) -> str | None:
    """The one key of an object that only names what the object under it is about, as Florence-2's results do."""
    name = next(iter(entry)) if len(entry) == 1 else None
    inner = None if name is None else entry[name]
    return name if isinstance(inner, dict) and any(isinstance(inner.get(key), list) for key in _LISTS) else None


def _as_long(beside: Any, values: list[Any]) -> list[Any] | None:
    return beside if isinstance(beside, list) and len(beside) == len(values) else None


def _has_box(entry: dict[str, Any]) -> bool:
    return any(name in entry for name in (*_BOX_KEYS, *_EDGE_NAMES, *_POINT_KEYS)) or ("x" in entry and "y" in entry)


def _is_box_like(value: list[Any]) -> bool:
    """A list that says no more than one box: numbers, perhaps with lists of numbers among them."""
    return any(_is_number(part) for part in value) and all(_is_number(part) or _is_numbers(part) for part in value)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_number(part) for part in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_score(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _label(entry: dict[str, Any]) -> str | None:
    for name in _LABEL_KEYS:
        value = entry.get(name)
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            return str(value)
    return None
