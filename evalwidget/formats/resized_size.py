"""The size that a record says its image was resized to before the model saw it."""

from typing import Any, Final

from evalwidget.boxes import LARGEST
from evalwidget.errors import FormatError
from evalwidget.formats.json_source import field

__all__ = ["RESIZED_FIELDS", "resized_size"]

#: Names of width and height, in either spelling.
RESIZED_FIELDS: Final = (("resized_width", "resized_height"), ("input_width", "input_height"))


def resized_size(record: dict[str, Any], where: str) -> tuple[float, float] | None:
    """``resized_width`` and ``resized_height``, or ``input_width`` and ``input_height``. Raises ``FormatError``."""
    for names in RESIZED_FIELDS:
        found = [field(record, name, (int, float), where) for name in names]
        if found == [None, None]:
            continue
        for name, value in zip(names, found, strict=True):
            if value is None or not 0 < value <= LARGEST:
                raise FormatError(where, f"{name}: expected a number above 0, got {value!r:.60}")
        return float(found[0]), float(found[1])
    return None
