"""Pickled data read without running what a pickle asks to run."""

import io
import pickle
from collections.abc import Sequence
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import Source

__all__ = ["read_plain_pickle"]

#: Lists, dicts and tuples in one another; published files have five.
_DEPTH: Final = 50
#: The opcodes of plain data in protocols 0 to 5, and those that name what would have to be imported.
_PERMITTED: Final = (
    *("PROTO", "FRAME", "STOP", "MARK"),
    *("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET"),
    *("NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
    *("FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
    *("EMPTY_DICT", "DICT", "SETITEM", "SETITEMS"),
    *("GLOBAL", "STACK_GLOBAL", "INST"),
)
_PythonUnpickler: Any = pickle._Unpickler  # what is inherited has no types


class _PlainUnpickler(_PythonUnpickler):  # type: ignore[misc]
    """Makes lists, dicts, texts and numbers; anything else would have to be imported, and is refused.

    It is Python's own in Python: the one in C sets aside as much memory as a memo's number asks for.
    """

    def find_class(self, module: str, name: str) -> Any:
        raise _RefusedError(f"{module}.{name}; it was not loaded")

    def load_setitem(self) -> None:
        _check_names(self.stack[-2:-1])
        super().load_setitem()

    def load_setitems(self) -> None:
        _check_names(self.stack[::2])
        super().load_setitems()

    def load_dict(self) -> None:
        _check_names(self.stack[::2])
        super().load_dict()

    def load_other(self) -> None:
        raise _RefusedError("something else; it was not loaded")

    dispatch: Final = {
        **dict.fromkeys(range(256), load_other),
        **{code: _PythonUnpickler.dispatch[code] for name in _PERMITTED for code in getattr(pickle, name)},
        pickle.SETITEM[0]: load_setitem,
        pickle.SETITEMS[0]: load_setitems,
        pickle.DICT[0]: load_dict,
    }


class _RefusedError(Exception):
    """A pickle holds something else than plain data."""


def _check_names(names: Sequence[Any]) -> None:
    """Refuse names of a dict before any is hashed: tuples in one another without end would end the process."""
    if not all(type(name) is str for name in names):
        raise _RefusedError("a dict with names that are not text")


def read_plain_pickle(source: Source) -> Any:
    """The lists, dicts, texts and numbers of a pickle file, of Python 2 too (its texts as Latin-1).

    Raises ``FormatError`` for one that holds objects of any class, that is cut off, or whose parts hold one another.
    """
    content = source.content()
    try:
        value = _PlainUnpickler(io.BytesIO(content), encoding="latin1").load()
        _check_parts(value, len(content))
    except _RefusedError as error:
        raise FormatError(source.shown, f"expected plain lists and dicts, found {error}") from None
    except Exception as error:  # a malformed pickle raises what it likes
        problem = f"{type(error).__name__}: {str(error) or 'it is cut off':.100}"
        raise FormatError(source.shown, f"not a pickle that can be read: {problem}") from None
    return value


def _check_parts(value: Any, most: int) -> None:
    """Refuse a value of more than ``most`` parts, or of too many levels: a pickle writes each part with a byte at
    least, unless one stands for many, by which a small file could grow without end."""
    level, count = [value], 0
    for _ in range(_DEPTH):
        count += len(level)
        if count > most:
            raise _RefusedError("parts that hold one another")
        below: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                below += part
                below += part.values()
            elif isinstance(part, (list, tuple)):
                below += part
            elif isinstance(part, str) and not (part.isascii() or _is_unicode(part)):
                raise _RefusedError(f"text that is not Unicode: {part!r:.60}")
        if not below:
            return
        level = below
    raise _RefusedError(f"more than {_DEPTH} lists and dicts in one another")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
