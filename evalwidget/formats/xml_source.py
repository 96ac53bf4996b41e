"""XML files, decoded without entities or anything from outside the file, with errors that name file and line."""

from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import Source

__all__ = ["read_xml"]


def read_xml(source: Source) -> Element:
    """The root of an XML file. Raises ``FormatError`` for a malformed one, and for one that declares entities."""
    try:
        root: Element = fromstring(source.content())
    except ParseError as error:
        line, column = error.position
        raise FormatError(f"{source.shown}:{line}", f"malformed XML at column {column + 1}: {error.msg}") from None
    except DefusedXmlException as error:
        raise FormatError(source.shown, f"expected plain XML, found {type(error).__name__}: {error}") from None
    except (LookupError, ValueError) as error:
        raise FormatError(source.shown, f"expected XML in a known encoding: {error}") from None
    return root
