"""COCO: ground truth as images, annotations and categories; results as a list of boxes with image and category ids.

Reads ``images`` (``id, file_name, width, height``), ``annotations`` (``id, image_id, category_id, bbox, area, iscrowd,
segmentation``) and ``categories`` (``id, name``). ``bbox`` is x y width height in pixels. ``segmentation`` is kept as
it is; only where there is no ``bbox`` beside it is it measured. Results are a list of ``{image_id, category_id, bbox,
segmentation, score}``, where ``file_name`` names the image before ``image_id`` does, or a dict shaped like ground
truth whose annotations carry ``score``: then the images are named by their own ``file_name`` and the classes by their
own ``name``, since such files count ids of their own. An id may be a number in one place and text in another: 7 and
"7" are the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import LARGEST, Convention
from evalwidget.errors import FormatError
from evalwidget.formats.class_numbers import ClassLabels, class_labels, own_class_labels
from evalwidget.formats.json_source import Source, field, fits_float
from evalwidget.formats.options import PredictionOptions
from evalwidget.metrics.masks import mask_box
from evalwidget.records import BoxRows, BoxRowsBuilder, Records, Reference
from evalwidget.tables import Defect

__all__ = ["categories_of", "ground_truth_records", "images_of", "prediction_records"]

_XYWH = Convention("xywh", "pixels")


def categories_of(value: dict[str, Any], source: Source) -> dict[str, str]:
    """Class names by category id. Two categories of one name stay two: the id tells them apart."""
    categories = _objects(value.get("categories", []), f"{source.shown}: categories")
    names = [str(_required(c, "name", f"{source.shown}: categories[{i}]")) for i, c in enumerate(categories)]
    found: dict[str, str] = {}
    for place, (category, name) in enumerate(zip(categories, names, strict=True)):
        where = f"{source.shown}: categories[{place}]"
        key = _identity(category, "id", where)
        if key in found:
            raise FormatError(where, f"id {key} occurs twice")
        found[key] = f"{name} (category {key})" if names.count(name) > 1 else name
    return found


def ground_truth_records(value: dict[str, Any], source: Source) -> Records:
    """Records of a COCO ground truth file; every listed image is annotated, also one without annotations."""
    names = categories_of(value, source)
    references, places = images_of(value, source)
    annotations = _objects(value["annotations"], f"{source.shown}: annotations")
    builder = BoxRowsBuilder(_XYWH, strict=True)
    seen: set[str] = set()
    masks: list[Any] = []
    bare = 0
    for place, annotation in enumerate(annotations):
        where = f"{source.shown}: annotations[{place}]"
        identity = _identity(annotation, "id", where) if "id" in annotation else str(place)
        if identity in seen:
            raise FormatError(where, f"the same item twice: id {identity}")
        seen.add(identity)
        box, mask = annotation.get("bbox"), annotation.get("segmentation") or None
        area = field(annotation, "area", (int, float), where)
        if mask is not None and box in (None, []):
            box, measured = _box_around(mask, where)
            area = measured if area is None else area
        if box is None:
            bare += 1
            continue
        masks.append(mask)
        builder.add(
            _place(places, _identity(annotation, "image_id", where), where, "image_id", "images"),
            _place(names, _identity(annotation, "category_id", where), where, "category_id", "categories"),
            box,
            f"{where}: bbox",
            item=identity,
            crowd=bool(annotation.get("iscrowd", 0)),
            area=area,
        )
    notes = [f"{source.shown}: {bare:,} annotations have neither bbox nor segmentation: left out"] if bare else []
    return Records(references, [replace(builder.rows(), masks=_any_of(masks))], notes=notes)


def _box_around(mask: Any, where: str) -> tuple[list[float], float | None]:
    """The box around a mask of ground truth, and its area where that is known."""
    try:
        return mask_box(mask)
    except ValueError as error:
        raise FormatError(where, f"segmentation: {error}") from None


def prediction_records(
    value: Any, source: Source, options: PredictionOptions, convention: Convention = _XYWH
) -> Records:
    """Records of COCO results. ``options`` has the class names by id for results in a list."""
    if isinstance(value, dict):
        references, places = images_of(value, source)
        results, at = _objects(value["annotations"], f"{source.shown}: annotations"), "annotations"
        owners = [
            _place(places, identity, _where(source, at, row), "image_id", "images")
            for row, identity in enumerate(_identities(results, "image_id", source, at))
        ]
    else:
        results, at = _objects(value, f"{source.shown}: "), ""
        references, owners = _result_images(results, source)
    categories = _identities(results, "category_id", source, at)
    counts = Counter(categories)
    if isinstance(value, dict):
        labels = own_class_labels(counts, categories_of(value, source), source.shown)
    else:
        labels = class_labels(counts, options, source.shown)
    rows = _result_rows(results, at, source, owners, categories, labels, convention)
    return Records(references, [rows], names_all=True, notes=labels.notes, first_class=labels.first)


def _result_images(results: list[dict[str, Any]], source: Source) -> tuple[list[Reference], list[int]]:
    """The images of a list of results, named by file where they are, else by id; and the place of each result's."""
    identities = _identities(results, "image_id", source, "")
    files = [field(result, "file_name", str, _where(source, "", row)) for row, result in enumerate(results)]
    keys = [(file, None) if file else (None, identity) for file, identity in zip(files, identities, strict=True)]
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    references = [Reference(source.shown, image=file, source_id=identity) for file, identity in places]
    return references, [places[key] for key in keys]


def images_of(value: dict[str, Any], source: Source) -> tuple[list[Reference], dict[str, int]]:
    """References of the images listed, and their places by id."""
    references: list[Reference] = []
    places: dict[str, int] = {}
    for place, image in enumerate(_objects(value["images"], f"{source.shown}: images")):
        where = f"{source.shown}: images[{place}]"
        identity = _identity(image, "id", where)
        if identity in places:
            raise FormatError(where, f"id {identity} occurs twice")
        places[identity] = place
        name = field(image, "file_name", str, where)
        references.append(
            Reference(
                where,
                image=name or None,
                source_id=identity,
                width=field(image, "width", (int, float), where),
                height=field(image, "height", (int, float), where),
            )
        )
    return references, places


def _result_rows(
    results: list[dict[str, Any]],
    at: str,
    source: Source,
    owners: list[int],
    categories: list[str],
    labels: ClassLabels,
    convention: Convention,
) -> BoxRows:
    """All boxes at once where each is four finite numbers of non-negative size, else box by box."""
    label_of = labels.names
    scores = [_score(result.get("score"), _where(source, at, row)) for row, result in enumerate(results)]
    masks = _any_of([result.get("segmentation") or None for result in results])
    boxes, areas = _boxes(results, masks, source, at)
    if any(area is not None for area in areas):
        convention = _XYWH  # that of the boxes around masks
    values = _regular(boxes) if convention.order == "xywh" else None
    if values is None:
        builder = BoxRowsBuilder(convention, strict=False)
        for row, box in enumerate(boxes):
            owner, label = owners[row], label_of[categories[row]]
            if isinstance(box, Defect):
                builder.add_invalid(owner, label, "unparsable", box, item=None)
                continue
            where = f"{_where(source, at, row)}: bbox"
            builder.add(owner, label, box, where, score=scores[row], area=areas[row])
        return replace(builder.rows(), masks=masks)
    label_names = list(dict.fromkeys(label_of[category] for category in categories))
    label_places = {name: place for place, name in enumerate(label_names)}
    count = len(results)
    return BoxRows(
        convention=convention,
        owner=np.array(owners, np.int64),
        label=np.array([label_places[label_of[category]] for category in categories], np.int32),
        label_names=label_names,
        values=values,
        score=np.array(scores, np.float64),
        area=np.array([np.nan if area is None else area for area in areas], np.float64),
        crowd=np.zeros(count, np.bool_),
        state=np.zeros(count, np.uint8),
        item=np.full(count, None, np.object_),
        defects={},
        masks=masks,
    )


def _boxes(
    results: list[dict[str, Any]], masks: list[Any] | None, source: Source, at: str
) -> tuple[list[Any], list[float | None]]:
    """Boxes and areas of results: the box given, else the one around the mask, or why there is none. An area is given
    only with a mask that stands for its box, as pycocotools has it."""
    if masks is None:
        return _column(results, "bbox", source, at), [None] * len(results)
    boxes: list[Any] = []
    areas: list[float | None] = []
    for row, (result, mask) in enumerate(zip(results, masks, strict=True)):
        box: Any
        area = None
        # pycocotools takes an empty box for none
        if mask is not None and not result.get("bbox"):
            try:
                box, area = mask_box(mask)
            except ValueError as error:
                box = Defect(f"{_where(source, at, row)}: segmentation: {error}", f"{mask!r:.1000}")
        elif "bbox" in result:
            box = result["bbox"]
        else:
            raise FormatError(_where(source, at, row), f"expected 'bbox', found {sorted(result)}")
        boxes.append(box)
        areas.append(area)
    return boxes, areas


def _regular(boxes: Sequence[Any]) -> NDArray[np.float64] | None:
    """``(n, 4)`` float64, or None where any box is not four usable numbers with a non-negative size."""
    try:
        values = np.array(boxes)
    except (ValueError, TypeError):
        return None
    if values.size == 0 and not boxes:
        return np.empty((0, 4))
    if values.ndim != 2 or values.shape[1] != 4 or values.dtype.kind not in "iuf":
        return None
    values = values.astype(np.float64)
    return values if (np.abs(values) <= LARGEST).all() and (values[:, 2:] >= 0).all() else None


def _any_of(masks: list[Any]) -> list[Any] | None:
    """``masks``, or None where there is none."""
    return masks if any(mask is not None for mask in masks) else None


def _score(value: Any, where: str) -> float:
    if value is None:
        return np.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not fits_float(value):
        raise FormatError(where, f"score: expected a number, got {value!r:.60}")
    return float(value)


def _identities(results: list[dict[str, Any]], name: str, source: Source, at: str) -> list[str]:
    return [
        str(value) if type(value := result.get(name)) is int else _identity(result, name, _where(source, at, row))
        for row, result in enumerate(results)
    ]


def _column(results: list[dict[str, Any]], name: str, source: Source, at: str) -> list[Any]:
    try:
        return [result[name] for result in results]
    except KeyError:
        row = next(row for row, result in enumerate(results) if name not in result)
        raise FormatError(_where(source, at, row), f"expected {name!r}, found {sorted(results[row])}") from None


def _where(source: Source, at: str, row: int) -> str:
    return f"{source.shown}: {at}[{row}]"


def _objects(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise FormatError(where, f"expected a list of objects, got {type(value).__name__}")
    for row, item in enumerate(value):
        if not isinstance(item, dict):
            raise FormatError(f"{where}[{row}]", f"expected an object, got {type(item).__name__}")
    return value


def _required(record: dict[str, Any], name: str, where: str) -> Any:
    if name not in record:
        raise FormatError(where, f"expected {name!r}, found {sorted(record)}")
    value = record[name]
    if isinstance(value, (dict, list)):
        raise FormatError(where, f"{name}: expected a number or text, got {type(value).__name__}")
    return value


def _identity(record: dict[str, Any], name: str, where: str) -> str:
    """An id as text: 7, 7.0 and "7" are one id, since files of one data set differ in how they write it."""
    value = _required(record, name, where)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise FormatError(where, f"{name}: expected a number or text, got {value!r}")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _place(places: dict[str, Any], key: str, where: str, name: str, table: str) -> Any:
    if key not in places:
        raise FormatError(where, f"{name} {key} is not among the file's {table}")
    return places[key]
