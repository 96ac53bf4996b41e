"""Where things lie: a path on this machine, or a URL that fsspec opens (``s3://``, ``gs://``, ``https://``, …)."""

import posixpath
import re
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import unquote

from evalwidget.errors import EvalWidgetError

__all__ = ["exists", "is_location", "is_remote", "lies_below", "located"]

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|[A-Za-z][A-Za-z0-9+.-]+::")


def located(place: Any, root: Path | None = None) -> Path:
    """``place`` as a path, from ``root`` on where it is given. A URL becomes universal-pathlib's ``UPath``, which has a
    path's methods.

    Raises ``EvalWidgetError`` for what is no path, and for a URL where a package that opens it is not installed.
    """
    if not is_location(place):
        raise EvalWidgetError(f"expected a path or a DataFrame, got {type(place).__name__}")
    if not isinstance(place, str) or not _URL.match(place):
        here = Path(place) if isinstance(place, str) else place
        return here if root is None else root / here
    try:
        from upath import UPath

        there = UPath(place)
        _ = there.fs
    except ImportError as error:
        raise EvalWidgetError(
            f"{place}: opening a URL needs another package: {error}; pip install 'evalwidget[remote]' and what fsspec "
            "asks for"
        ) from None
    except ValueError as error:
        raise EvalWidgetError(f"{place}: {error}") from None
    return cast(Path, there)


def exists(path: Path) -> bool:
    """Whether something lies at ``path``. Raises ``EvalWidgetError`` where that cannot be found out."""
    try:
        return path.exists()
    except Exception as error:  # file systems of others raise what they like
        raise EvalWidgetError(f"{path}: cannot be opened: {error}") from None


def is_location(place: Any) -> bool:
    """Whether ``place`` is a path, or text that may be one."""
    return isinstance(place, (str, Path)) or type(place).__module__.partition(".")[0] == "upath"


def is_remote(path: Path) -> bool:
    """Whether looking at ``path`` asks another machine, or at least no folder of this one."""
    return not isinstance(path, Path)


def lies_below(path: Path, root: Path) -> bool:
    """Whether resolved ``path`` is in resolved ``root``, or in a folder below it."""
    if not is_remote(root):
        return path.is_relative_to(root)
    # a web server takes an escaped ".." for one
    above, below = (posixpath.normpath(unquote(str(place)).partition("://")[2]) for place in (root, path))
    return below == above or below.startswith(f"{above}/")
