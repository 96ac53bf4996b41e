"""YAML files, decoded to plain values; the only importer of yaml."""

from typing import Any

import yaml

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import Source, decoded_text

__all__ = ["read_yaml"]


def read_yaml(source: Source) -> dict[str, Any]:
    """The fields of a YAML file. Raises ``FormatError`` naming the line where it is malformed, and for one with
    aliases: a few of them, nested, stand for more than any memory holds."""
    text = decoded_text(source)
    try:
        alias = next((event for event in yaml.parse(text, yaml.SafeLoader) if isinstance(event, yaml.AliasEvent)), None)
        value = yaml.safe_load(text) if alias is None else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = source.shown if mark is None else f"{source.shown}:{mark.line + 1}"
        raise FormatError(where, f"malformed YAML: {getattr(error, 'problem', None) or error}") from None
    except (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise FormatError(source.shown, f"malformed YAML: {error}") from None
    if alias is not None:
        raise FormatError(f"{source.shown}:{alias.start_mark.line + 1}", "YAML with aliases is not read")
    if not isinstance(value, dict):
        raise FormatError(source.shown, f"expected YAML with fields, got {type(value).__name__}")
    return {str(name): part for name, part in value.items()}
