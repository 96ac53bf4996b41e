"""JSON values in text that a model printed, read as far as there is but one way to read them.

Mended, and said to be: a text that ends too early (whatever was complete by then), Python's or JavaScript's spelling
(single quotes, ``True``, names without quotes, tuples), a comma too many, a comma left out between two brackets, a
line break inside a string. Anything else is malformed.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["CutList", "FlawedObject", "Malformed", "Reading", "is_cut", "readings"]

_MOST_LEVELS: Final = 64
_MOST_DIGITS: Final = 400  # whatever has more is no place in an image

_OPEN: Final = re.compile(r"[\[{]")
_SPACE: Final = re.compile(r"\s*")
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD: Final = re.compile(r"-?[^\W\d]\w*")
_STRINGS: Final = {
    '"': re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL),
    "'": re.compile(r"'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL),
}
_QUOTES: Final = re.compile(r"\\.|\"", re.DOTALL)
_JSON_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
_OTHER_WORDS: Final[dict[str, Any]] = {
    "True": True,
    "False": False,
    "None": None,
    "NaN": math.nan,
    "nan": math.nan,
    "Infinity": math.inf,
    "-Infinity": -math.inf,
    "inf": math.inf,
}


class FlawedObject(dict[str, Any]):
    """An object that is cut, or has a key twice: what is certain of it, and why it is not to be used."""

    def __init__(self, fields: dict[str, Any], state: str, message: str, raw: str) -> None:
        super().__init__(fields)
        self.state, self.message, self.raw = state, message, raw


class CutList(list[Any]):
    """The complete entries of a list that the text ends within; the last one may be cut itself."""

    def __init__(self, entries: list[Any], raw: str) -> None:
        super().__init__(entries)
        self.raw = raw


@dataclass(frozen=True, slots=True)
class Malformed:
    """Text that begins as JSON and is none."""

    message: str
    raw: str


@dataclass(slots=True)
class Reading:
    """A value that stands in the text, or why there is none; ``repairs`` says what had to be mended."""

    value: Any
    raw: str
    repairs: list[str] = field(default_factory=list)


def readings(text: str) -> Iterator[Reading]:
    """Every list and object in ``text`` that stands in no other, in order.

    A bracket that opens no JSON is text, unless what follows it shows that it was meant to be (an object's key, three
    numbers): that is a ``Malformed`` value. The complete parts of a malformed list are values of their own.
    """
    place = 0
    while found := _OPEN.search(text, place):
        start = found.start()
        reader = _Reader(text, start)
        try:
            value = reader.value(0)
        except _TooDeepError:
            yield Reading(Malformed("malformed JSON: nested too deeply", text[start:]), text[start:])
            return
        except _MalformedError as error:
            if text[start] == "[" and reader.inner:
                # what the list holds is read on its own
                place = start + 1
                continue
            if reader.meant:
                end = max(error.place, start + 1)
                message = f"malformed JSON at character {error.place - start}: {error.problem}"
                yield Reading(Malformed(message, text[start:end]), text[start:end])
                place = end
            else:
                place = start + 1
            continue
        yield Reading(value, text[start : reader.place], reader.repairs)
        place = reader.place


class _MalformedError(Exception):
    def __init__(self, place: int, problem: str) -> None:
        super().__init__(problem)
        self.place, self.problem = place, problem


class _TooDeepError(Exception):
    """More brackets within each other than any answer has."""


class _EndError(Exception):
    """The text ends within a value."""


class _Reader:
    """Reads one list or object from ``place`` on. ``inner``: the outermost list has entries with brackets of their
    own; ``meant``: what was read can only have been meant as JSON."""

    def __init__(self, text: str, place: int) -> None:
        self.text, self.place = text, place
        self.repairs: list[str] = []
        self.inner = self.meant = False

    def value(self, level: int) -> Any:
        """The value here. Raises ``_EndError`` where the text ends within a string, number or word."""
        if level > _MOST_LEVELS:
            raise _TooDeepError
        start = self._next()
        if start == "{":
            return self._object(level)
        if start == "[" or (start == "(" and level):
            return self._list(level)
        if start in _STRINGS:
            return self._string(start)
        if number := _NUMBER.match(self.text, self.place):
            return self._number(number.group())
        if word := _WORD.match(self.text, self.place):
            return self._word(word.group())
        raise self._malformed("expected a value")

    def _list(self, level: int) -> Any:
        start, closing = self.place, "]" if self.text[self.place] == "[" else ")"
        if closing == ")":
            self._repair("a tuple")
        self.place += 1
        entries: list[Any] = []
        numbers = 0
        try:
            while self._next() != closing:
                entries.append(self.value(level + 1))
                entry = entries[-1]
                numbers += isinstance(entry, (int, float))
                if level == 0:
                    self.meant |= numbers >= 3
                    self.inner |= isinstance(entry, (dict, list))
                if is_cut(entry):
                    raise _EndError
                self._separator(closing, entry)
        except _EndError:
            return CutList(entries, self.text[start:])
        self.place += 1
        return entries

    def _object(self, level: int) -> Any:
        start = self.place
        self.place += 1
        fields: dict[str, Any] = {}
        repeated: dict[str, int] = {}
        try:
            while self._next() != "}":
                key = self._key()
                if self._next() != ":":
                    raise self._malformed("expected ':'")
                self.place += 1
                if level == 0:
                    self.meant = True
                value = self.value(level + 1)
                if key in fields:
                    repeated[key] = repeated.get(key, 1) + 1
                fields[key] = value
                if is_cut(value):
                    raise _EndError
                self._separator("}", value)
        except _EndError:
            return self._flawed(fields, repeated, start, cut=True)
        self.place += 1
        return self._flawed(fields, repeated, start, cut=False)

    def _flawed(self, fields: dict[str, Any], repeated: dict[str, int], start: int, *, cut: bool) -> dict[str, Any]:
        raw = self.text[start:] if cut else self.text[start : self.place]
        if repeated:
            key, times = next(iter(repeated.items()))
            message = f"an object has the key {key!r} {times} times; only its last value could be kept"
            return FlawedObject(fields, "duplicate_keys", message, raw)
        if cut:
            return FlawedObject(fields, "truncated", "the text ends before the object is complete", raw)
        return fields

    def _separator(self, closing: str, before: Any) -> None:
        following = self._next()
        if following == ",":
            self.place += 1
            if self._next() == closing and closing != ")":
                self._repair("a comma too many")
        elif following != closing:
            if isinstance(before, (dict, list)) and following in ("[", "{") and closing == "]":
                self._repair("a comma left out")
            else:
                raise self._malformed(f"expected ',' or {closing!r}")

    def _key(self) -> str:
        start = self._next()
        if start in _STRINGS:
            return self._string(start)
        word = _WORD.match(self.text, self.place)
        if word is None:
            raise self._malformed("expected a key in quotes")
        self.place = word.end()
        if self.place == len(self.text):
            raise _EndError
        self._repair("a key without quotes")
        return word.group()

    def _string(self, quote: str) -> str:
        found = _STRINGS[quote].match(self.text, self.place)
        if found is None:
            self.place = len(self.text)
            raise _EndError
        inner = found.group(1)
        if quote == "'":
            self._repair("single quotes")
            inner = _QUOTES.sub(lambda part: {'"': '\\"', "\\'": "'"}.get(part.group(), part.group()), inner)
        if "\\" in inner:
            try:
                inner = json.loads(f'"{inner}"', strict=False)
            except json.JSONDecodeError:
                raise self._malformed("an escape that JSON does not have") from None
            # half a character can be escaped, and no message could carry it
            inner = inner.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if "\n" in found.group(1):
            self._repair("a line break inside a string")
        self.place = found.end()
        return str(inner)

    def _number(self, token: str) -> int | float:
        self.place += len(token)
        if self.place == len(self.text):
            raise _EndError
        if self.text[self.place] in "." or self.text[self.place].isalnum():
            raise self._malformed("expected a number")
        if not _JSON_NUMBER.fullmatch(token):
            self._repair("a number as JSON does not write it")
        digits = token.lstrip("+-")
        if digits.isdecimal():
            return int(token[: _MOST_DIGITS + 1])
        return float(token)

    def _word(self, word: str) -> Any:
        end = self.place + len(word)
        if end == len(self.text) and any(name.startswith(word) for name in (*_JSON_WORDS, *_OTHER_WORDS)):
            self.place = end
            raise _EndError
        if word in _JSON_WORDS:
            self.place = end
            return _JSON_WORDS[word]
        if word in _OTHER_WORDS:
            self.place = end
            if word[0] in "TFN" and word != "NaN":
                self._repair(f"{word} for a JSON value")
            return _OTHER_WORDS[word]
        raise self._malformed("expected a value")

    def _next(self) -> str:
        """The next character that is not white space. Raises ``_EndError`` where there is none."""
        space = _SPACE.match(self.text, self.place)
        assert space is not None
        self.place = space.end()
        if self.place == len(self.text):
            raise _EndError
        return self.text[self.place]

    def _malformed(self, problem: str) -> _MalformedError:
        return _MalformedError(self.place, problem)

    def _repair(self, what: str) -> None:
        if what not in self.repairs:
            self.repairs.append(what)


def is_cut(value: Any) -> bool:
    """Whether the text ends within ``value``."""
    return isinstance(value, CutList) or (isinstance(value, FlawedObject) and value.state == "truncated")
