"""Asks a run as the front end does, and holds the reply against the contract."""

import json
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import numpy as np
from numpy.typing import NDArray

import evalwidget as ew
from evalwidget.widget import protocol
from evalwidget.widget.overlays.collection import Overlays
from evalwidget.widget.protocol import BUFFERS
from evalwidget.widget.server import answer

ELEMENTS = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "u32": np.uint32, "u8": np.uint8}
MESSAGES = {name: value for name, value in vars(protocol).items() if is_typeddict(value)}


def check(value: Any, kind: Any, where: str) -> None:
    """Check a reply against the type that the contract gives it; true is no number."""
    origin, parts = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        assert set(value) == set(hints), where
        for field, inner in hints.items():
            check(value[field], inner, f"{where}.{field}")
    elif origin is list:
        assert type(value) is list, where
        for place, item in enumerate(value):
            check(item, parts[0], f"{where}[{place}]")
    elif origin is tuple:
        assert len(value) == len(parts), where
        for item, inner in zip(value, parts, strict=True):
            check(item, inner, where)
    elif str(origin) == "typing.Literal":
        assert value in parts, where
    elif parts:
        assert value is not None or type(None) in parts, where
        if value is not None:
            check(value, next(part for part in parts if part is not type(None)), where)
    else:
        assert type(value) is kind, where


def ask(
    run: ew.Run, kind: str, other: ew.Run | None = None, overlays: Overlays | None = None, **fields: Any
) -> tuple[Any, dict[str, NDArray[Any]]]:
    """The reply, checked against its type, and its buffers by name in the element type of the contract."""
    beside = None if other is None else other._evaluation
    reply, buffers = answer({"id": "tab1-7", "kind": kind} | fields, run._evaluation, beside, run._diagnosis, overlays)
    name = "ErrorReply" if reply["kind"] == "error" else f"{kind.title().replace('_', '')}Reply"
    check(reply, MESSAGES[name], name)
    assert reply["id"] == "tab1-7"
    json.dumps(reply, allow_nan=False)
    names = reply.get("buffers", [])
    assert len(names) == len(buffers)
    return reply, {
        name: np.frombuffer(part, ELEMENTS[BUFFERS[name]]) for name, part in zip(names, buffers, strict=True)
    }
