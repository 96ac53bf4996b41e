"""YAML files, decoded to plain values; the only importer of yaml."""

from typing import Any

import yaml

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import Source, decoded_text

__all__ = ["read_yaml"]


class _Loader(yaml.SafeLoader):
    """Plain values alone, and no aliases: a few of them, nested, stand for more than any memory holds."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def read_yaml(source: Source) -> dict[str, Any]:
    """The mapping that a YAML file holds. Raises ``FormatError`` naming the line where it is malformed."""
    try:
        value = yaml.load(decoded_text(source), _Loader)  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = source.shown if mark is None else f"{source.shown}:{mark.line + 1}"
        raise FormatError(where, f"malformed YAML: {getattr(error, 'problem', None) or error}") from None
    except (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise FormatError(source.shown, f"malformed YAML: {error}") from None
    if not isinstance(value, dict):
        raise FormatError(source.shown, f"expected YAML with fields, got {type(value).__name__}")
    return {str(name): part for name, part in value.items()}
