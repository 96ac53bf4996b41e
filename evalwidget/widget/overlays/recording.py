"""Drawings as numbers: what is drawn on several canvases, packed for one reply."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import EvalWidgetError
from evalwidget.readable_text import readable
from evalwidget.widget.protocol import DRAWING_ARGUMENTS, DRAWING_COMMANDS, DRAWING_NUMBERS, DrawingPaint

__all__ = ["Recording"]

_COMMANDS: Final = {name: code for code, name in enumerate(DRAWING_COMMANDS)}
_NUMBER, _TEXT, _ARRAY, _IMAGE, _PAINT = (
    float(DRAWING_ARGUMENTS.index(kind)) for kind in ("number", "text", "array", "image", "paint")
)
#: What the elements of an array are sent as, so that nothing of them is lost.
_SENT_AS: Final = {
    **dict.fromkeys(("bool", "uint8"), "u8"),
    **dict.fromkeys(("int8", "int16", "uint16", "int32"), "i32"),
    "float32": "f32",
    **dict.fromkeys(("uint32", "uint64", "float64"), "f64"),
}
_DTYPES: Final = {"u8": np.uint8, "i32": np.int32, "f32": np.float32, "f64": np.float64}
#: Every array starts at a multiple of it, so that the front end can view it where it lies.
_ALIGNMENT: Final = 8


class Recording:
    """The commands of several drawings, one after another, and what they refer to by place."""

    def __init__(self) -> None:
        self._numbers: list[float] = []
        self._texts: dict[str, int] = {}
        self._parts: list[tuple[int, int, int]] = []
        self._arrays = bytearray()
        self._images: dict[tuple[str, bytes], int] = {}
        self._paints: dict[str, int] = {}
        self.paints: list[DrawingPaint] = []

    @property
    def length(self) -> int:
        """Where the next command begins."""
        return len(self._numbers)

    def forget_from(self, length: int) -> None:
        """Leave out the commands from ``length`` on."""
        del self._numbers[length:]

    def command(self, name: str, arguments: Sequence[Any], buffers: Sequence[Any] = ()) -> None:
        """Record a command of ``DRAWING_COMMANDS`` as ipycanvas sends it: an array is a dict that says what is in one
        of ``buffers``. Raises ``EvalWidgetError`` about an argument that cannot be sent."""
        encoded = [self._encoded(name, argument, buffers) for argument in arguments]
        self._append(name, encoded)

    def image_command(self, name: str, mime: str, content: bytes, arguments: Sequence[Any]) -> None:
        """Record a command whose first argument is an image."""
        image = (_IMAGE, float(self.place_of_image(mime, content)))
        self._append(name, [image, *(self._encoded(name, argument, ()) for argument in arguments)])

    def paint(self, attribute: int, paint: DrawingPaint) -> None:
        """Record that a style is set to a gradient or a pattern. Raises ``EvalWidgetError`` about a gradient that lies
        nowhere."""
        if not np.isfinite(paint["numbers"]).all():
            raise EvalWidgetError(f"{paint['kind']} gradient: expected finite numbers, got {paint['numbers']}")
        key = repr(paint)
        if key not in self._paints:
            self._paints[key] = len(self.paints)
            self.paints.append(paint)
        self._append("set", [(_NUMBER, float(attribute)), (_PAINT, float(self._paints[key]))])

    def place_of_image(self, mime: str, content: bytes) -> int:
        """Where an image stands among the images."""
        return self._images.setdefault((mime, content), len(self._images))

    @property
    def texts(self) -> list[str]:
        return list(self._texts)

    @property
    def mimes(self) -> list[str]:
        return [mime for mime, _ in self._images]

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The buffers of the reply, by name."""
        contents = [content for _, content in self._images]
        return {
            "drawing_commands": np.array(self._numbers, np.float64),
            "drawing_parts": np.array(self._parts, np.uint32).reshape(-1, 3),
            "drawing_arrays": np.frombuffer(self._arrays, np.uint8),
            "drawing_images": np.frombuffer(b"".join(contents), np.uint8),
            "drawing_image_offsets": np.cumsum([0, *map(len, contents)]),
        }

    def _append(self, name: str, encoded: Sequence[tuple[float, float]]) -> None:
        self._numbers += (float(_COMMANDS[name]), float(len(encoded)))
        for pair in encoded:
            self._numbers += pair

    def _encoded(self, name: str, argument: Any, buffers: Sequence[Any]) -> tuple[float, float]:
        if isinstance(argument, (int, float, np.integer, np.floating, np.bool_)):
            return _NUMBER, float(argument)
        if isinstance(argument, str):
            return _TEXT, float(self._texts.setdefault(readable(argument), len(self._texts)))
        if isinstance(argument, dict):
            return _ARRAY, self._place_of_array(name, np.frombuffer(buffers[argument["idx"]], argument["dtype"]))
        if isinstance(argument, (list, tuple)):
            return _ARRAY, self._place_of_array(name, np.asarray(argument))
        raise EvalWidgetError(f"{name}: expected numbers, arrays of numbers or text, got {argument!r}")

    def _place_of_array(self, name: str, array: NDArray[Any]) -> float:
        kind = "int32" if array.dtype == np.int64 else array.dtype.name
        if array.dtype == np.float16:
            kind = "float32"
        if kind not in _SENT_AS:
            raise EvalWidgetError(f"{name}: expected an array of numbers, got one of {array.dtype.name}")
        sent_as = _SENT_AS[kind]
        first = len(self._arrays)
        self._arrays += array.astype(_DTYPES[sent_as], copy=False).tobytes()
        self._arrays += bytes(-len(self._arrays) % _ALIGNMENT)
        self._parts.append((DRAWING_NUMBERS.index(sent_as), first, array.size))
        return float(len(self._parts) - 1)
