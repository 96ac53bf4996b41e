"""Hugging Face datasets, as frames whose images are not decoded until they are shown."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from evalwidget.errors import EvalWidgetError
from evalwidget.formats.image_cells import ImageCell, image_cell

__all__ = ["frame_of_dataset", "has_splits", "is_dataset", "one_split"]


def is_dataset(given: Any) -> bool:
    """Whether ``given`` is a ``datasets.Dataset``, or one that is made like it; its package is not imported."""
    return hasattr(given, "column_names") and hasattr(given, "__iter__")


def has_splits(given: Any) -> bool:
    """Whether ``given`` holds several datasets by the names of their splits, as a ``datasets.DatasetDict`` does."""
    return isinstance(given, Mapping) and is_dataset(given)


def one_split(datasets: Mapping[str, Any], split: str | None, shown: str) -> Any:
    """The dataset called ``split``. Raises ``EvalWidgetError`` naming those that there are."""
    if split is not None and split in datasets:
        return datasets[split]
    splits = ", ".join(map(repr, datasets)) or "none"
    example = f": pass dataset[{next(iter(datasets))!r}], or its name as split=" if datasets else ""
    asked = "all of " if split is None else f"split={split!r} of "
    raise EvalWidgetError(f"{shown}: expected one split of the dataset, got {asked}{splits}{example}")


def frame_of_dataset(dataset: Any) -> pd.DataFrame:
    """A row for each of the dataset's, an ``ImageCell`` for each of its images."""
    if hasattr(dataset, "with_format"):
        dataset = dataset.with_format(None)  # else cells may be tensors
    features = getattr(dataset, "features", None) or {}
    encoded = dataset
    held = [name for name, feature in features.items() if getattr(feature, "decode", None) is True]
    for name in held:
        # the package's own image feature, told to hand over files as they are
        encoded = encoded.cast_column(name, type(features[name])(decode=False))
    rows = []
    for number, row in enumerate(encoded):
        rows.append({name: _cell(cell, name, encoded, dataset, number, name in held) for name, cell in row.items()})
    return pd.DataFrame.from_records(rows, columns=list(dataset.column_names or []) or None)


def _cell(cell: Any, name: str, encoded: Any, dataset: Any, number: int, is_held: bool) -> Any:
    """A cell, without an image's bytes where the dataset can be asked for them again."""
    if not is_held or not isinstance(cell, Mapping):
        return cell
    content = hash((cell.get("bytes"), cell.get("path")))
    path = cell.get("path") or None
    if hasattr(dataset, "__len__"):
        return ImageCell(path, partial(_image, encoded, dataset, number, name), content)
    return ImageCell(path, lambda: cell.get("bytes"), content)


def _image(encoded: Any, dataset: Any, number: int, name: str) -> Any:
    """The file of an image where the dataset holds it, else what the dataset makes of it."""
    file = encoded[number][name].get("bytes")
    if file is not None:
        return file
    found = dataset[number][name]
    cell = image_cell(found, f"row {number}", name)
    return cell.load() if isinstance(cell, ImageCell) else found
