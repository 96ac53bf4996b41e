"""Text that any file, message and browser can carry: Python's may hold halves of characters, as names of files do whose
bytes are no UTF-8."""

import re
from typing import Final

__all__ = ["file_name_of", "readable"]

_HALF: Final = re.compile("[\ud800-\udfff]")
#: Python's stand-ins for the bytes of a file name that are no UTF-8 begin here.
_BYTES: Final = 0xDC00
_ESCAPED: Final = re.compile("%([89A-F][0-9A-F])")


def readable(text: str) -> str:
    """``text`` without half characters: a byte of a file name that is no UTF-8 is written ``%E9``, all else ``�``."""
    if text.isascii() or not _HALF.search(text):
        return text
    return _HALF.sub(_escaped, text)


def file_name_of(text: str) -> str:
    """The file name that ``readable`` wrote as ``text``."""
    return _ESCAPED.sub(lambda found: chr(_BYTES + int(found[1], 16)), text)


def _escaped(half: re.Match[str]) -> str:
    byte = ord(half[0]) - _BYTES
    return f"%{byte:02X}" if 0x80 <= byte <= 0xFF else "�"
