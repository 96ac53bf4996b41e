"""Reference answers, in the shapes in which datasets give them."""

import ast
import json
import tokenize
from collections.abc import Mapping
from io import StringIO
from typing import Any

from evalwidget.errors import FormatError

__all__ = ["listed_text", "reference_answers"]


def reference_answers(value: Any, where: str, name: str) -> tuple[str, ...]:
    """The texts of ``value``, in order and with duplicates: a text, a number, a list of these, or of objects that hold
    one as ``answer``. Raises ``FormatError`` for anything else; None has none."""
    if value is None:
        return ()
    if isinstance(value, (str, int, float)):
        return (str(value),)
    if isinstance(value, Mapping) and isinstance(value.get("answer"), (list, tuple)):
        value = value["answer"]  # a column of objects, stored by its fields
    if not isinstance(value, (list, tuple)):
        raise FormatError(where, f"{name}: expected text or a list of texts, got {value!r:.60}")
    found = []
    for place, entry in enumerate(value):
        text = entry.get("answer") if isinstance(entry, Mapping) else entry
        if text is None and not isinstance(entry, Mapping):
            continue
        if not isinstance(text, (str, int, float)):
            raise FormatError(where, f"{name}[{place}]: expected text, got {entry!r:.60}")
        found.append(str(text))
    return tuple(found)


def listed_text(value: Any, where: str, name: str) -> Any:
    """The list that a text such as ``['a', 'b']`` stands for, as exports write one into a cell; else ``value``.

    Raises ``FormatError`` for a list without commas, as numpy prints it: some of its texts would melt into one.
    """
    if not (isinstance(value, str) and value.lstrip().startswith("[") and value.rstrip().endswith("]")):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return value
        if isinstance(found, list) and _strings(value) > sum(isinstance(part, str) for part in found):
            raise FormatError(
                where, f"{name}: expected a list with commas between its texts, got {value!r:.60}"
            ) from None
    return found if isinstance(found, list) and all(isinstance(part, (str, int, float)) for part in found) else value


def _strings(text: str) -> int:
    """How many string literals a literal is written with."""
    try:
        return sum(token.type == tokenize.STRING for token in tokenize.generate_tokens(StringIO(text.strip()).readline))
    except (tokenize.TokenError, SyntaxError):
        return 0
