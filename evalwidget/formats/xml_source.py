"""XML files, decoded without entities; the only importer of defusedxml."""

from typing import Any

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import Source

__all__ = ["read_xml"]


def read_xml(source: Source) -> Any:
    """The root element of an XML file. Raises ``FormatError`` naming the line where it is malformed, and for one that
    declares entities."""
    try:
        return ElementTree.fromstring(source.content())
    except ElementTree.ParseError as error:
        line, _ = error.position
        raise FormatError(f"{source.shown}:{line}", f"malformed XML: {error}") from None
    except DefusedXmlException as error:
        raise FormatError(source.shown, f"XML with entities of its own is not read: {error}") from None
    except (LookupError, RecursionError, ValueError) as error:
        raise FormatError(source.shown, f"malformed XML: {error}") from None
