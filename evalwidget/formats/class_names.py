"""Class names by class id: from a list, a mapping, or a file of names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import Source, decoded_text, read_json
from evalwidget.formats.yaml_source import read_yaml
from evalwidget.readable_text import readable

__all__ = ["named_classes", "read_class_names"]


def named_classes(given: Any, where: str) -> dict[str, str]:
    """Names by id of a list, which counts from 0, or a mapping by id. Raises ``FormatError``.

    Two classes of one name stay two: the id tells them apart.
    """
    if isinstance(given, Mapping):
        pairs = [(_identity(key, where), name) for key, name in given.items()]
    elif isinstance(given, Sequence) and not isinstance(given, str):
        pairs = [(str(place), name) for place, name in enumerate(given)]
    else:
        raise FormatError(where, f"expected names in a list, or by class id, got {given!r:.60}")
    for key, name in pairs:
        if isinstance(name, bool) or not isinstance(name, (str, int, float)):
            raise FormatError(where, f"class {key}: expected a name, got {name!r:.60}")
    found = {readable(key): readable(str(name)).strip() for key, name in pairs}
    counts = Counter(found.values())
    return {key: f"{name} (category {key})" if counts[name] > 1 else name for key, name in found.items()}


def read_class_names(source: Source) -> dict[str, str]:
    """Names by id of a file: ``names`` in YAML or JSON, else a name a line, the first of them class 0."""
    if source.suffix in (".yaml", ".yml"):
        return named_classes(_names_field(read_yaml(source), source), f"{source.shown}: names")
    if source.suffix == ".json":
        value = read_json(source)
        names = _names_field(value, source) if isinstance(value, dict) and "names" in value else value
        return named_classes(names, source.shown)
    lines = decoded_text(source).rstrip().splitlines()
    return named_classes([line.strip() for line in lines], source.shown)


def _names_field(value: dict[str, Any], source: Source) -> Any:
    if "names" not in value:
        raise FormatError(source.shown, f"expected 'names', found {sorted(value)[:8]}")
    return value["names"]


def _identity(key: object, where: str) -> str:
    if isinstance(key, bool) or not isinstance(key, (int, str)):
        raise FormatError(where, f"expected class ids as numbers or text, got {key!r:.60}")
    return str(key)
