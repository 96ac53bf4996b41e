"""What the list of specimens may be narrowed to."""

from typing import Any

from evalwidget.data import RunData
from evalwidget.errors import UnknownNameError
from evalwidget.widget.analysis import labels_of_truth
from evalwidget.widget.failures import modes_of_run
from evalwidget.widget.protocol import FILTERS, HEALTHY, LEARNING_STATES

__all__ = ["checked_filter"]


def checked_filter(data: RunData, filter: Any) -> dict[str, str]:  # noqa: A002 - the name it has for users
    """The filter without what is empty in it. Raises ``UnknownNameError`` about a key or a value that cannot be."""
    if not hasattr(filter, "items"):
        raise UnknownNameError(f"filter: expected a dict with keys among {', '.join(FILTERS)}, got {filter!r}")
    wanted = {key: value for key, value in filter.items() if value is not None and value != ""}
    for key, value in wanted.items():
        if key not in FILTERS:
            raise UnknownNameError(f"filter {key!r}: expected one of {', '.join(FILTERS)}")
        if not isinstance(value, str):
            raise UnknownNameError(f"filter: {key}: expected text, got {value!r}")
    choices = {"learning": LEARNING_STATES, "mode": (*(mode["key"] for mode in modes_of_run(data)), HEALTHY)}
    for key, possible in choices.items():
        if key in wanted and wanted[key] not in possible:
            raise UnknownNameError(f"filter: {key} {wanted[key]!r}: expected one of {', '.join(possible)}")
    if "label" in wanted and wanted["label"] not in labels_of_truth(data):
        raise UnknownNameError(f"filter: label {wanted['label']!r}: no ground truth box is of this phrase or class")
    return wanted
