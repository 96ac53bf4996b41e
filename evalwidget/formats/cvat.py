"""CVAT's XML, of images or of video.

Images: ``<image name width height>`` with ``<box label xtl ytl xbr ybr>`` in pixels; of a polygon, a mask or an
ellipse the box around it is taken, of a box with a ``rotation`` (in degrees about its centre) likewise. Video:
``<track label>`` with a box for each ``frame``; a shape that is ``outside`` is not in its frame. A frame is called
``frame_000012``, as CVAT calls the images that it makes of a video; one without shapes is not in the file, and so not
in the run.

Source: CVAT's description of its XML format, version 1.1.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.class_numbers import numbers_as_names
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions
from evalwidget.formats.xml_source import read_xml
from evalwidget.records import BoxRowsBuilder, Records, Reference

__all__ = ["FORMATS"]

_ROOT: Final = re.compile(r"<annotations[\s>]")
_CORNERS: Final = ("xtl", "ytl", "xbr", "ybr")
#: Shapes that have a box, and those that have none.
_SHAPES: Final = ("box", "polygon", "mask", "ellipse")
_OTHERS: Final = ("polyline", "points", "skeleton", "cuboid", "tag")


def _is_cvat(content: Content) -> bool:
    return content.suffix == ".xml" and _ROOT.search(content.peek[:4096]) is not None


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    shown = content.shown
    root = read_xml(content.source)
    if root.tag != "annotations":
        raise FormatError(shown, f"expected <annotations>, got <{root.tag:.60}>")
    records = Records()
    builder = BoxRowsBuilder(Convention(), strict=True)
    left_out: Counter[str] = Counter()
    for place, image in enumerate(root.findall("image")):
        where = f"{shown}: image[{place}]"
        name = image.get("name") or ""
        if not name:
            raise FormatError(where, f"expected 'name', found {sorted(image.keys())[:8]}")
        width, height = (_optional(image, side, where) for side in ("width", "height"))
        records.add_reference(Reference(where, image=name, width=width, height=height))
        for at, shape in _shapes(image, where, left_out):
            builder.add(len(records.references) - 1, _label(shape, at), _box(shape, at), at)
    _add_tracks(root, shown, records, builder, left_out)
    if left_out:
        named = ", ".join(f"{count} {kind}" for kind, count in sorted(left_out.items()))
        records.notes.append(f"{shown}: shapes without a box were left out: {named}")
    boxes = builder.rows()
    records.boxes.append(boxes)
    return records, GroundTruthFacts("CVAT", Convention(), numbers_as_names(boxes.label_names), "object detection")


def _add_tracks(root: Any, shown: str, records: Records, builder: BoxRowsBuilder, left_out: Counter[str]) -> None:
    """Add the shapes of a video by frame."""
    size = root.find("meta/task/original_size")
    size = root.find("meta/job/original_size") if size is None else size
    sides = (None, None) if size is None else (_text_number(size, "width", shown), _text_number(size, "height", shown))
    owners: dict[int, int] = {}
    for place, track in enumerate(root.findall("track")):
        where = f"{shown}: track[{place}]"
        label = _label(track, where)
        for at, shape in _shapes(track, where, left_out):
            frame = _required(shape, "frame", at)
            if frame % 1 or frame < 0:
                raise FormatError(at, f"frame: expected a whole number of 0 or more, got {frame!r}")
            number = int(frame)
            if number not in owners:
                owners[number] = len(records.references)
                width, height = sides
                records.add_reference(
                    Reference(at, image=f"frame_{number:06d}", source_id=str(number), width=width, height=height)
                )
            if shape.get("outside") != "1":
                item = f"track {track.get('id') or place}, frame {number}"
                builder.add(owners[number], label, _box(shape, at), at, item=item)


def _shapes(parent: Any, where: str, left_out: Counter[str]) -> Iterator[tuple[str, Any]]:
    """The shapes that have a box; the others are counted in ``left_out``."""
    for place, shape in enumerate(parent):
        if shape.tag in _SHAPES:
            yield f"{where}.{shape.tag}[{place}]", shape
        elif shape.tag in _OTHERS:
            left_out[shape.tag] += 1


def _label(shape: Any, where: str) -> str:
    label = shape.get("label")
    if not label:
        raise FormatError(where, f"expected 'label', found {sorted(shape.keys())[:8]}")
    return str(label)


def _box(shape: Any, where: str) -> list[float]:
    """Corners of a shape in pixels: its own, or the box around it."""
    if shape.tag == "polygon":
        xs, ys = zip(*_points(shape, where), strict=True)
        return [min(xs), min(ys), max(xs), max(ys)]
    if shape.tag == "mask":
        left, top, width, height = (_required(shape, name, where) for name in ("left", "top", "width", "height"))
        return [left, top, left + width, top + height]
    if shape.tag == "ellipse":
        x, y, across, down = (_required(shape, name, where) for name in ("cx", "cy", "rx", "ry"))
        corners = [x - across, y - down, x + across, y + down]
    else:
        corners = [_required(shape, name, where) for name in _CORNERS]
    turn = math.radians(_optional(shape, "rotation", where) or 0)
    return _turned(corners, turn, is_ellipse=shape.tag == "ellipse") if turn else corners


def _turned(corners: list[float], turn: float, *, is_ellipse: bool) -> list[float]:
    """The box around a box or an ellipse in one that was turned about its centre by ``turn`` radians."""
    left, top, right, bottom = corners
    x, y, across, down = (left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2
    sine, cosine = abs(math.sin(turn)), abs(math.cos(turn))
    if is_ellipse:
        wide, high = math.hypot(across * cosine, down * sine), math.hypot(across * sine, down * cosine)
    else:
        wide, high = across * cosine + down * sine, across * sine + down * cosine
    return [x - wide, y - high, x + wide, y + high]


def _points(shape: Any, where: str) -> list[tuple[float, float]]:
    text = shape.get("points") or ""
    try:
        points = [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split(";") if pair.strip())]
    except ValueError:
        points = []
    if not points:
        raise FormatError(where, f"points: expected x,y;x,y;…, got {text!r:.60}")
    return points


def _required(shape: Any, name: str, where: str) -> float:
    value = _optional(shape, name, where)
    if value is None:
        raise FormatError(where, f"expected {name!r}, found {sorted(shape.keys())[:8]}")
    return value


def _optional(shape: Any, name: str, where: str) -> float | None:
    return _number(shape.get(name), f"{where}: {name}")


def _text_number(parent: Any, name: str, where: str) -> float | None:
    return _number(parent.findtext(name), f"{where}: original_size.{name}")


def _number(text: str | None, where: str) -> float | None:
    if text is None or not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(where, f"expected a number, got {text.strip()!r:.60}")
    return value


FORMATS: Final = (Format("cvat", "CVAT", _is_cvat, _ground_truth),)
