"""JSON as a model was taught to print it: boxes in the run's own convention, or an ``answer`` or ``caption``."""

from evalwidget.boxes import Convention
from evalwidget.outputs.coordinates import Grid
from evalwidget.outputs.json_boxes import json_boxes, values_of
from evalwidget.outputs.parsed import ParsedOutput

__all__ = ["parse"]

_ANSWERS = ("answer", "caption")


def parse(text: str, convention: Convention) -> ParsedOutput:
    found = values_of(text, _is_answer)
    if not isinstance(found, ParsedOutput) and _is_answer(found[0].value):
        value = found[0].value
        return ParsedOutput(answer=next(str(value[name]) for name in _ANSWERS if name in value))
    grid = Grid.of(convention)
    return json_boxes(text, grid, edges=grid)


def _is_answer(value: object) -> bool:
    return type(value) is dict and any(isinstance(value.get(name), (str, int, float)) for name in _ANSWERS)
