"""Arrays of boxes, scores and labels by image: in Python, and in the files of MMDetection's inferencer.

In Python an image has a dict with ``boxes`` ``(n, 4)``, ``scores`` ``(n,)`` and ``labels`` ``(n,)``, as torchvision's
detectors give it, or an object with ``xyxy``, ``confidence``, ``class_id`` and ``data["class_name"]``, as supervision's
``Detections`` have them: arrays, tensors or lists. MMDetection writes ``{"labels", "scores", "bboxes"}`` to a JSON file
an image, and counts labels from 0. Boxes are corners in pixels.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.class_numbers import named_or_numbered
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Source, checked_object, read_json
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.readable_text import readable
from evalwidget.records import BoxRowsBuilder, Records, Reference

__all__ = ["FORMATS"]

_NAMES: Final = {
    "boxes": ("boxes", "bboxes", "xyxy"),
    "scores": ("scores", "confidence"),
    "labels": ("labels", "class_id"),
}
_KEYS: Final = {"labels", "scores", "bboxes"}

#: An image, where it stands, and its boxes as values, scores and labels.
_Image = tuple[str, str, list[Any], list[Any], list[Any]]


def _are_arrays(content: Content) -> bool:
    return content.arrays is not None


def _is_mmdetection(content: Content) -> bool:
    first = next(iter(_json_files(content)), None)
    if first is None:
        return False
    start = first.start(65_536)
    return start.lstrip()[:1] == b"{" and all(f'"{key}"'.encode() in start for key in _KEYS)


def _json_files(content: Content) -> list[Source]:
    """The JSON files of a folder, or of the folder ``preds`` in it."""
    inner = next((child for child in content.children if child.name == "preds" and child.is_folder), None)
    return [file for file in (inner.children() if inner else content.children) if file.suffix == ".json"]


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    convention = Convention(options.order or "xyxy", options.scale or "pixels")
    names = options.class_names or {}
    builder = BoxRowsBuilder(convention, strict=True)
    records = Records()
    for image, where, boxes, _, labels in _given_arrays(content):
        records.add_reference(Reference(where, image=image))
        for place, (box, label) in enumerate(zip(boxes, labels, strict=True)):
            known = names.get(str(label), str(label) if isinstance(label, str) else f"category {label}")
            builder.add(len(records.references) - 1, known, box, f"{where}: boxes[{place}]")
    records.boxes.append(builder.rows())
    return records, GroundTruthFacts("arrays", convention, dict(names), "object detection")


def _predictions(content: Content, options: PredictionOptions) -> Records:
    convention = Convention(options.open_order or "xyxy", options.open_scale or "pixels")
    return _records(list(_given_arrays(content)), content, options, convention, None)


def _file_predictions(content: Content, options: PredictionOptions) -> Records:
    found = []
    for file in _json_files(content):
        value = checked_object(file.shown, read_json(file))
        if not value.keys() >= _KEYS:
            raise FormatError(file.shown, f"expected labels, scores and bboxes, found {sorted(value)[:8]}")
        found.append(_arrays_of(file.stem, file.shown, value))
    return _records(found, content, options, Convention(), 0)


def _records(
    images: list[_Image], content: Content, options: PredictionOptions, convention: Convention, first: int | None
) -> Records:
    counts = Counter(str(label) for *_, labels in images for label in labels if label is not None)
    labels = named_or_numbered(counts, options, content.shown, first=first)
    builder = BoxRowsBuilder(convention, strict=False)
    for owner, (_, where, boxes, scores, own) in enumerate(images):
        for place, (box, score, label) in enumerate(zip(boxes, scores, own, strict=True)):
            known = None if label is None else labels.names[str(label)]
            builder.add(owner, known, box, f"{where}: boxes[{place}]", score=score)
    references = [Reference(where, image=image) for image, where, *_ in images]
    return Records(references, [builder.rows()], notes=labels.notes, first_class=labels.first)


def _given_arrays(content: Content) -> Iterator[_Image]:
    assert content.arrays is not None
    for image, value in content.arrays.items():
        where = readable(f"{content.shown}: {image}")
        if not isinstance(image, (str, int)):
            raise FormatError(content.shown, f"expected arrays by the name of an image, got {image!r:.60}")
        yield _arrays_of(readable(str(image)), where, value)


def _arrays_of(image: str, where: str, value: Any) -> _Image:
    """An image's boxes, scores and labels as lists of one length."""
    boxes = _list(_part(value, "boxes", where), f"{where}: boxes")
    if boxes is None:
        raise FormatError(where, f"expected boxes, scores and labels, found {_shown_parts(value)}")
    scores, labels = (_list(_part(value, name, where), f"{where}: {name}") for name in ("scores", "labels"))
    named = _class_names(value)
    labels = labels if named is None else _list(named, f"{where}: class_name")
    for name, part in (("scores", scores), ("labels", labels)):
        if part is not None and len(part) != len(boxes):
            raise FormatError(where, f"{name}: expected {len(boxes)}, one for each box, got {len(part)}")
    scores = [None] * len(boxes) if scores is None else scores
    labels = [None] * len(boxes) if labels is None else labels
    for place, score in enumerate(scores):
        if score is not None and (isinstance(score, bool) or not isinstance(score, (int, float))):
            raise FormatError(where, f"scores[{place}]: expected a number, got {score!r:.60}")
    for place, label in enumerate(labels):
        if label is not None and (isinstance(label, bool) or not isinstance(label, (int, str))):
            raise FormatError(where, f"labels[{place}]: expected a class number or name, got {label!r:.60}")
    return image, where, boxes, scores, [readable(label) if isinstance(label, str) else label for label in labels]


def _part(value: Any, name: str, where: str) -> Any:
    """What a dict or an object holds under the first of the names that there are for it; None: nothing."""
    if isinstance(value, Mapping):
        return next((value[known] for known in _NAMES[name] if value.get(known) is not None), None)
    return next((found for known in _NAMES[name] if (found := getattr(value, known, None)) is not None), None)


def _class_names(value: Any) -> Any:
    data = None if isinstance(value, Mapping) else getattr(value, "data", None)
    return data.get("class_name") if isinstance(data, Mapping) else None


def _list(value: Any, where: str) -> list[Any] | None:
    """An array, tensor or list as a list of plain values; None stays None."""
    if value is None:
        return None
    found = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(found, (list, tuple)):
        raise FormatError(where, f"expected an array, got {type(value).__name__}")
    return [part.tolist() if hasattr(part, "tolist") else part for part in found]


def _shown_parts(value: Any) -> str:
    return str(sorted(map(str, value))[:8]) if isinstance(value, Mapping) else type(value).__name__


FORMATS: Final = (
    Format("arrays", "arrays", _are_arrays, _ground_truth, _predictions),
    Format("mmdetection", "MMDetection predictions", _is_mmdetection, predictions=_file_predictions),
)
