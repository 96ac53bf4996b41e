"""Images that a dataset's rows hold themselves, not read until they are shown."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from evalwidget.errors import FormatError

__all__ = ["ImageCell", "as_base64", "image_cell"]

_DATA_URL: Final = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ImageCell:
    """An image in a row. ``path`` names it where the dataset does; ``load`` gives its bytes, or a PIL image;
    ``content`` differs where two images do."""

    path: str | None
    load: Callable[[], Any]
    content: int


def image_cell(value: Any, where: str, name: str) -> ImageCell | str | None:
    """The image of a cell, or its path: a text is a path or a data URL, an object has ``bytes`` or ``path``, a list
    stands for its first. None where there is none. Raises ``FormatError`` for anything else."""
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    if value is None or isinstance(value, ImageCell):
        return value
    if isinstance(value, (str, int, float)):
        return _of_text(str(value))
    if isinstance(value, (bytes, bytearray)):
        return _of_bytes(bytes(value), None)
    if isinstance(value, Mapping):
        path, data = value.get("path"), value.get("bytes")
        path = path if isinstance(path, str) and path else None
        if isinstance(data, (bytes, bytearray)):
            return _of_bytes(bytes(data), path)
        if data is None and path is not None:
            return path
        if isinstance(value.get("url"), str):
            return _of_text(value["url"])
    if type(value).__module__.partition(".")[0] == "PIL":
        return ImageCell(getattr(value, "filename", None) or None, lambda: value, id(value))
    raise FormatError(where, f"{name}: expected a path, bytes, a PIL image, or bytes and path, got {value!r:.60}")


def as_base64(text: str) -> ImageCell | None:
    """The image that a text encodes; None where it is not base64."""
    try:
        return _of_bytes(base64.b64decode(text, validate=True), None)
    except (binascii.Error, ValueError):
        return None


def _of_text(text: str) -> ImageCell | str | None:
    data = _DATA_URL.match(text)
    return (as_base64(data[1]) or text[:60]) if data else text or None


def _of_bytes(data: bytes, path: str | None) -> ImageCell:
    return ImageCell(path, lambda: data, hash(data))
