"""Phrases given by the characters of a caption that they stand in."""

from typing import Any

from evalwidget.errors import FormatError

__all__ = ["words_at"]


def words_at(caption: str, spans: Any, where: str) -> str:
    """The words of ``caption`` at ``spans``, a list of ``[start, end]`` in characters, with a space between spans.
    Raises ``FormatError``."""
    if not isinstance(spans, list) or not spans or not all(_is_span(span, caption) for span in spans):
        raise FormatError(where, f"expected [[start, end], …] within the caption {caption!r:.60}, got {spans!r:.60}")
    return " ".join(caption[start:end].strip() for start, end in spans)


def _is_span(span: Any, caption: str) -> bool:
    if not isinstance(span, list) or len(span) != 2 or not all(type(end) is int for end in span):
        return False
    start, end = span
    return bool(0 <= start < end <= len(caption))
