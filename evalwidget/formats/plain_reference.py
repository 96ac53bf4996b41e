"""The image that a line of plain JSONL is about."""

from itertools import chain
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import field
from evalwidget.formats.resized_size import RESIZED_FIELDS, resized_size
from evalwidget.records import Records, Reference

__all__ = ["REFERENCE_FIELDS", "add_reference"]

#: All fields that say something about the image.
REFERENCE_FIELDS: Final = ("specimen", "image", "width", "height", "caption", *chain.from_iterable(RESIZED_FIELDS))


def add_reference(records: Records, record: dict[str, Any], where: str, annotated: bool) -> int:
    """The place of the record's image, which is put at the end of the references. Raises ``FormatError``."""
    specimen = field(record, "specimen", (str, int), where)
    image = field(record, "image", str, where)
    if specimen is None and image is None:
        raise FormatError(where, f"expected 'image' or 'specimen', found {sorted(record)}")
    return records.add_reference(
        Reference(
            where,
            specimen=None if specimen is None else str(specimen),
            image=image,
            width=field(record, "width", (int, float), where),
            height=field(record, "height", (int, float), where),
            caption=field(record, "caption", str, where) or "",
            annotated=annotated,
            resized=resized_size(record, where),
        )
    )
