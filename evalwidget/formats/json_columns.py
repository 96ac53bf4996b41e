"""Lists of JSON records of one shape decoded into columns, a piece of the text at a time, without a Python number each.

Whatever is of another shape is left to be read record by record, with words about what is wrong.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from evalwidget.formats.json_source import Source

__all__ = [
    "Four",
    "RecordColumns",
    "RecordReader",
    "chunks_of_file",
    "chunks_of_text",
    "four_numbers",
    "numbers",
    "object_parts",
]

#: Bytes decoded at once: what they become stays in the processor's cache.
_CHUNK: Final = 1 << 17

#: Between two records of a list there are no more bytes than this, or the list is not cut there.
_WIDEST_SEAM: Final = 64


class Four(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """A list of four numbers."""

    a: float
    b: float
    c: float
    d: float


@dataclass(frozen=True, slots=True)
class RecordColumns:
    """Columns of ``n`` records: ``numbers`` ``(n,)`` by field, NaN where a record leaves an optional one out, ``four``
    ``(n, 4)``, and the JSON ``text`` of a field, ``null`` where it is left out; None where no record has it."""

    numbers: dict[str, NDArray[np.float64]]
    four: NDArray[np.float64]
    text: list[bytes] | None


class RecordReader:
    """Reads lists of records with the numbers ``required`` and ``optional`` and ``four`` numbers in a list. The field
    ``text`` may hold anything, and is kept as text; all other fields are passed over."""

    def __init__(self, *, required: Sequence[str], optional: Sequence[str], four: str, text: str) -> None:
        fields: list[Any] = [(name, float) for name in required]
        fields += [(name, float, nan) for name in optional]
        record = msgspec.defstruct("Record", [(four, Four), *fields], gc=False)
        texts = msgspec.defstruct(
            "Texts", [("text", msgspec.Raw, msgspec.Raw(b"null"))], rename={"text": text}, gc=False
        )
        self._records: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[record])  # type: ignore[valid-type]
        self._texts: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[texts])  # type: ignore[valid-type]
        self._text_key = f'"{text}"'.encode()
        self._packed = msgspec.msgpack.Encoder()
        self._names = [*required, *optional]
        self._layout = _packed_layout(four, self._names)

    def columns(self, chunks: Iterable[bytes | memoryview]) -> RecordColumns | None:
        """The columns of the list whose JSON text comes in ``chunks``, None where it cannot be read, or it or a record
        is of another shape."""
        try:
            return self._columns(chunks)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def _columns(self, chunks: Iterable[bytes | memoryview]) -> RecordColumns | None:
        blocks: list[NDArray[np.float64]] = []
        texts: list[list[bytes] | int] = []
        has_text = False
        for piece in _pieces(chunks):
            if not piece.isascii():
                # what is passed over is not checked to be UTF-8
                piece.decode("utf-8")
            records = self._records.decode(piece)
            if not records and blocks:
                return None
            blocks.append(self._block(records))
            texts.append(len(records))
            # a key may be written with escapes
            if self._text_key in piece or b"\\" in piece:
                texts[-1] = [bytes(record.text) for record in self._texts.decode(piece)]
                has_text = True
        four = np.empty((sum(block.shape[1] for block in blocks), 4))
        np.concatenate([block[:4].T for block in blocks], out=four)
        return RecordColumns(
            {name: np.concatenate([block[row] for block in blocks]) for row, name in enumerate(self._names, start=4)},
            four,
            [text for part in texts for text in ([b"null"] * part if isinstance(part, int) else part)]
            if has_text
            else None,
        )

    def _block(self, records: list[Any]) -> NDArray[np.float64]:
        # MessagePack writes every float in as many bytes, so that the records are rows of a table
        table = np.frombuffer(self._packed.encode(records), self._layout, len(records), _list_header(len(records)))
        block = np.empty((len(self._layout.names or ()), len(records)))
        for row, name in zip(block, self._layout.names or (), strict=True):
            row[:] = table[name]
        return block


def four_numbers(lists: list[Four]) -> NDArray[np.float64]:
    """The numbers ``(n, 4)`` of ``n`` lists."""
    if not lists:
        return np.empty((0, 4))
    # MessagePack writes every float in nine bytes, and how many follow in one
    packed, start = msgspec.msgpack.encode(lists), _list_header(len(lists))
    return np.ndarray((len(lists), 4), ">f8", packed, start + 2, (37, 9)).astype(np.float64)


def numbers(floats: list[float]) -> NDArray[np.float64]:
    """``floats`` ``(n,)``, all of them ``float``: in less time than numpy takes them one by one."""
    if not floats:
        return np.empty(0)
    packed, start = msgspec.msgpack.encode(floats), _list_header(len(floats))
    return np.ndarray(len(floats), ">f8", packed, start + 1, 9).astype(np.float64)


def object_parts(text: bytes) -> dict[str, memoryview] | None:
    """The JSON text of each value of an object, None where ``text`` is of another shape."""
    try:
        if not text.isascii():
            text.decode("utf-8")
        parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return {name: memoryview(part) for name, part in parts.items()}


def chunks_of_file(source: Source) -> Iterator[bytes]:
    """The bytes of a file, read as they are asked for."""
    return source.chunks(_CHUNK)


def chunks_of_text(text: memoryview) -> Iterator[memoryview]:
    """``text`` in chunks."""
    return (text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK))


def _pieces(chunks: Iterable[bytes | memoryview]) -> Iterator[bytearray]:
    """The list that ``chunks`` are the text of, as lists of some of its records each.

    The text is cut at commas that look as if they stood between two records. A cut anywhere else leaves pieces that
    are not lists; if all are lists, and none but the only one is empty, then theirs are the records of the whole.
    """
    text = bytearray()
    for chunk in chunks:
        searched = len(text)
        text += chunk
        seam = _last_seam(text, max(searched - _WIDEST_SEAM, 0))
        if seam is not None:
            yield text[: seam + 1] + b"]"
            text[: seam + 2] = b"["
    yield text


def _last_seam(text: bytearray, start: int) -> int | None:
    """Where the last record ends, from ``start`` on, that another one follows."""
    end = len(text)
    while (end := text.rfind(b"},", start, end)) >= 0:
        if text[end + 2 : end + _WIDEST_SEAM].lstrip().startswith(b"{"):
            return end
    return None


def _packed_layout(four: str, names: Sequence[str]) -> np.dtype[np.void]:
    """Where MessagePack has the numbers of a record: a byte says how many fields follow, one stands before each name,
    each list and each number."""
    offsets = []
    at = 1 + 1 + len(four) + 1
    for place in range(4):
        offsets.append(at + 1 + 9 * place)
    at += 36
    for name in names:
        at += 1 + len(name)
        offsets.append(at + 1)
        at += 9
    fields = [*(f"{four}[{place}]" for place in range(4)), *names]
    return np.dtype({"names": fields, "formats": [">f8"] * len(fields), "offsets": offsets, "itemsize": at})


def _list_header(count: int) -> int:
    """How many bytes MessagePack puts before a list's items."""
    return 1 if count < 16 else 3 if count < 1 << 16 else 5
