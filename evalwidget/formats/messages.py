"""Chat messages: their words, and the images that stand in them."""

from collections.abc import Iterable
from typing import Any

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import checked_object, field

__all__ = ["message_images", "message_text"]


def message_text(content: Any, where: str) -> str:
    """The words of a message: text, or the text parts of a list. Raises ``FormatError``."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise FormatError(where, f"expected text or a list of parts, got {content!r:.60}")
    texts = []
    for place, part in enumerate(content):
        if isinstance(part, str):
            texts.append(part)
        elif part is not None:
            at = f"{where}[{place}]"
            texts.append(str(field(checked_object(at, part), "text", str, at) or ""))
    return "\n".join(filter(None, texts))


def message_images(contents: Iterable[Any]) -> list[Any]:
    """The images in lists of parts, each as a path, a URL or an object that holds one."""
    parts = [part for content in contents if isinstance(content, list) for part in content if isinstance(part, dict)]
    found = [part.get("image_url") or part.get("image") for part in parts]
    return [image for image in found if image]
