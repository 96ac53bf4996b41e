"""``protocol.py`` and ``protocol.ts`` say the same, name for name and type for type."""

import ast
import re
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from evalwidget.widget import protocol

TYPESCRIPT = Path(__file__).resolve().parents[2] / "js" / "src" / "protocol.ts"
MESSAGES = {name: value for name, value in vars(protocol).items() if is_typeddict(value)}
_SIMPLE = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


@pytest.fixture(scope="module")
def source() -> str:
    return _bare(TYPESCRIPT.read_text("utf-8"))


def _bare(text: str) -> str:
    """TypeScript without comments."""
    return re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))


def typescript(kind: Any) -> str:
    """A Python type as TypeScript writes it."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if is_typeddict(kind):
        return str(kind.__name__)
    if origin is list:
        inner = typescript(parts[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if origin is tuple:
        return f"[{', '.join(map(typescript, parts))}]"
    if origin is Literal:
        return " | ".join(f'"{part}"' for part in parts)
    if origin in (Union, types.UnionType):
        return " | ".join(map(typescript, parts))
    raise AssertionError(f"no TypeScript known for {kind}")


def interfaces(source: str) -> dict[str, dict[str, str]]:
    found = re.findall(r"export interface (\w+) \{(.*?)\}", source, re.DOTALL)
    return {name: dict(re.findall(r"^\s*(\w+): (.*?);\s*$", body, re.MULTILINE)) for name, body in found}


def test_every_message_is_an_interface_with_the_same_fields(source: str) -> None:
    expected = {
        name: {field: typescript(kind) for field, kind in get_type_hints(message).items()}
        for name, message in MESSAGES.items()
    }
    assert len(expected) == 44
    assert interfaces(source) == expected


def test_no_field_of_a_message_may_be_left_out(source: str) -> None:
    assert all(message.__total__ and not message.__optional_keys__ for message in MESSAGES.values())
    assert re.search(r"^\s*\w+\?:", source, re.MULTILINE) is None


@pytest.mark.parametrize(
    "name",
    [
        *("FILTERS", "LEARNING_STATES", "OUTCOMES", "SORTS", "STATUSES"),
        *("DRAWING_ARGUMENTS", "DRAWING_COMMANDS", "DRAWING_NUMBERS", "DRAWING_STYLES", "OVERLAY_PANELS"),
    ],
)
def test_codes_are_equal(source: str, name: str) -> None:
    (written,) = re.findall(rf"export const {name} = (\[.*?\]) as const;", source, re.DOTALL)
    assert tuple(ast.literal_eval(written)) == getattr(protocol, name)


def test_the_filter_of_what_has_no_failure_mode_is_equal(source: str) -> None:
    assert re.findall(r'export const HEALTHY = "(\w+)";', source) == [protocol.HEALTHY]


def test_buffers_are_equal(source: str) -> None:
    (written,) = re.findall(r"export const BUFFERS = \{(.*?)\} as const;", source, re.DOTALL)
    assert re.findall(r'(\w+): "(\w+)",', written) == list(protocol.BUFFERS.items())
    assert set(protocol.BUFFERS.values()) == {"u8", "u32", "i32", "f32", "f64"}


def test_requests_and_replies_are_those_of_the_server(source: str) -> None:
    unions = dict(re.findall(r"export type (Request|Reply) =\s(.*?);", source, re.DOTALL))
    for kind in ("Request", "Reply"):
        named = {name for name in MESSAGES if name.endswith(kind)} - {"ErrorReply"}
        assert set(re.findall(r"\w+", unions[kind])) == named
