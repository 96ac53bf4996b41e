"""Pickled data read without running what a pickle asks to run."""

import io
import pickle
from typing import Any

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import Source

__all__ = ["read_plain_pickle"]


class _PlainUnpickler(pickle.Unpickler):
    """Makes lists, dicts, texts and numbers; anything else would have to be imported, and is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise _RefusedError(f"{module}.{name}")


class _RefusedError(Exception):
    """A pickle asks for something that has to be imported."""


def read_plain_pickle(source: Source) -> Any:
    """The lists, dicts, texts and numbers of a pickle file, of Python 2 too (its texts as Latin-1).

    Raises ``FormatError`` for one that holds objects of any class, that is cut off, or whose parts hold one another.
    """
    content = source.content()
    try:
        value = _PlainUnpickler(io.BytesIO(content), encoding="latin1").load()
    except _RefusedError as error:
        raise FormatError(source.shown, f"expected plain lists and dicts, found {error}; it was not loaded") from None
    except Exception as error:  # a malformed pickle raises what it likes
        raise FormatError(source.shown, f"not a pickle that can be read: {type(error).__name__}: {error}") from None
    problem = _defect(value, len(content))
    if problem:
        raise FormatError(source.shown, f"expected plain lists and dicts, found {problem}")
    return value


def _defect(value: Any, most: int) -> str:
    """What is wrong with an unpickled value, empty for nothing. It may have ``most`` parts: a pickle writes each with a
    byte at least, unless one stands for many, by which a small file could grow without end."""
    left, count = [value], 0
    while left:
        part = left.pop()
        count += 1
        if count > most:
            return "parts that hold one another"
        if isinstance(part, dict):
            if not all(isinstance(name, str) for name in part):
                return "a dict with names that are not text"
            left += [*part, *part.values()]
        elif isinstance(part, (list, tuple)):
            left += part
        elif isinstance(part, str) and not (part.isascii() or _is_unicode(part)):
            return f"text that is not Unicode: {part!r:.60}"
    return ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
