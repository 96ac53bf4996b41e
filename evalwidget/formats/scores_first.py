"""Detections as text: a file an image, a line ``class confidence a b c d`` a box, as tools that compute mAP read them.

The class is a name or a number. What the four numbers are is not written in the files: left, top, right and bottom, or
left, top, width and height, or fractions from the centre. It is taken from the caller, else from the folder as a whole:
a number that is smaller than the one it should not be below settles it, and its absence in many boxes does too.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.class_numbers import named_or_numbered
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.label_files import as_numbers, is_inside, label_files, lines_of, looks_like_scores_first
from evalwidget.formats.options import PredictionOptions
from evalwidget.records import BoxRowsBuilder, Records, Reference
from evalwidget.tables import Defect

__all__ = ["FORMATS"]

#: So many boxes that could all be corners are corners: a box seldom is wider than its left edge is far, and higher than
#: its top edge is.
_ENOUGH: Final = 20


def _predictions(content: Content, options: PredictionOptions) -> Records:
    files = label_files(content.children)
    lines = [(owner, where, words) for owner, file in enumerate(files) for where, words in lines_of(file)]
    numbers = [as_numbers(words[1:]) for _, _, words in lines]
    boxes = [found[1:] for found in numbers if found is not None and len(found) == 5]
    convention, why = _convention(boxes, options, content.shown)
    labels = named_or_numbered(Counter(words[0] for _, _, words in lines), options, content.shown)
    builder = BoxRowsBuilder(convention, strict=False)
    for (owner, where, words), found in zip(lines, numbers, strict=True):
        label = labels.names[words[0]]
        if found is None or len(found) != 5:
            state = "not_a_number" if found is None else "wrong_number_of_coordinates"
            problem = f"{where}: expected class, confidence and 4 numbers, got {' '.join(words)!r:.60}"
            builder.add_invalid(owner, label, state, Defect(problem, " ".join(words)), item=None)
        else:
            builder.add(owner, label, found[1:], where, score=found[0])
    references = [Reference(file.shown, image=file.stem) for file in files]
    notes = labels.notes + ([f"{content.shown}: boxes were taken as {convention}, {why}"] if why else [])
    return Records(references, [builder.rows()], names_all=True, notes=notes, first_class=labels.first)


def _convention(boxes: Sequence[Sequence[float]], options: PredictionOptions, shown: str) -> tuple[Convention, str]:
    """How boxes are written, and why they were taken so; no reason where the caller said it or there are none.

    Raises ``FormatError`` where too few boxes are there to tell.
    """
    scale = options.open_scale or ("fraction" if boxes and max(map(max, boxes)) <= 1.01 else "pixels")
    if options.open_order is not None:
        return Convention(options.open_order, scale), "" if options.open_scale else "told by the largest number"
    if not boxes:
        return Convention("xyxy", scale), ""
    said = "prediction_box_order= says otherwise"
    if scale == "fraction" and all(map(is_inside, boxes)):
        return Convention("cxcywh", scale), f"since all lie in their images so; {said}"
    wrong = sum(c < a or d < b for a, b, c, d in boxes)
    if wrong:
        return Convention("xywh", scale), f"since {wrong} of {len(boxes)} cannot be corners; {said}"
    if len(boxes) < _ENOUGH:
        raise FormatError(
            shown,
            f"{len(boxes)} boxes may be corners or have width and height; say prediction_box_order='xyxy' or 'xywh'",
        )
    return Convention("xyxy", scale), f"since all {len(boxes)} can be corners; {said}"


FORMATS: Final = (Format("scores-first", "detections as text", looks_like_scores_first, predictions=_predictions),)
