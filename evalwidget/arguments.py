"""Numbers that callers give, checked: each of a kind that can be, and within its range."""

from typing import Any, Final

import numpy as np

from evalwidget.errors import EvalWidgetError

__all__ = ["check_number", "check_whole"]

_ANY: Final = float("inf")


def check_number(name: str, value: Any, least: float = -_ANY, most: float = _ANY, *, above: bool = False) -> None:
    """Raises ``EvalWidgetError`` where ``value`` is no finite number from ``least`` (with ``above``: above it) to
    ``most``."""
    is_number = _is_a(value, (int, float, np.integer, np.floating)) and -_ANY < value < _ANY
    if not is_number or value < least or value > most or (above and value == least):
        raise EvalWidgetError(f"{name}: expected {_range(least, most, above)}, got {value!r}")


def check_whole(name: str, value: Any, least: int) -> None:
    """Raises ``EvalWidgetError`` where ``value`` is no whole number from ``least`` on."""
    if not (_is_a(value, (int, np.integer)) and value >= least):
        raise EvalWidgetError(f"{name}: expected a whole number, {least} or more, got {value!r}")


def _is_a(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def _range(least: float, most: float, above: bool) -> str:
    if least == -_ANY:
        return "a finite number"
    if most == _ANY:
        return f"a number above {least:g}" if above else f"a number, {least:g} or more"
    return f"a number above {least:g} and up to {most:g}" if above else f"a number, {least:g} to {most:g}"
