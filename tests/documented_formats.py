"""The examples in docs/formats.md, as a run takes them."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalwidget.formats import Content, Source

TEXT = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8")
#: The text of each format's section by the format's key.
SECTIONS = dict(re.findall(r"^### [^\n`]*\(`([\w-]+)`\)\n(.*?)(?=^##|\Z)", TEXT, re.M | re.S))
#: Written by run.save alone, without an example.
WRITTEN_BY_US = {"saved"}

_EXAMPLE = re.compile(r"^```(\w+) (ground_truth|predictions) (\S+)\n(.*?)^```$", re.M | re.S)


def example(key: str, side: str, folder: Path) -> list[Path] | Mapping[str, Any] | None:
    """One side of a format's example: its files, written below ``folder``, or the folders that their names begin
    with; or arrays. None where the format has none."""
    tops: list[Path] = []
    for language, found, name, text in _EXAMPLE.findall(SECTIONS[key]):
        if found != side:
            continue
        if language == "python":
            return ast.literal_eval(text)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        top = folder / name.split("/")[0]
        tops += [top] if top not in tops else []
    return tops or None


def content_of(key: str, side: str, folder: Path) -> Content | None:
    """One side of a format's example as readers take it."""
    given = example(key, side, folder)
    if given is None:
        return None
    if isinstance(given, Mapping):
        return Content.of_arrays(given, side)
    return Content([Source.at(path, folder) for path in given])
