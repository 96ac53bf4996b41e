"""The examples of docs/formats.md."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalwidget.formats import Content, Source

TEXT = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8")
#: The section of each format by its key.
SECTIONS: dict[str, str] = dict(re.findall(r"^### [^\n`]*\(`([\w-]+)`\)\n(.*?)(?=^##|\Z)", TEXT, re.M | re.S))
EXAMPLE = re.compile(r"^```(\w+) (ground_truth|predictions) (\S+)\n(.*?)^```$", re.M | re.S)


def example_files(section: str, side: str) -> dict[str, bytes]:
    """The example files of one side by their names."""
    found = EXAMPLE.findall(section)
    return {name: text.encode() for language, of, name, text in found if of == side and language != "python"}


def example_arrays(section: str, side: str) -> Any:
    """The example of one side that is Python; None where there is none."""
    found = EXAMPLE.findall(section)
    return next(
        (ast.literal_eval(text) for language, of, _, text in found if of == side and language == "python"), None
    )


def write_files(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write files by their paths from ``folder`` on; returns what is to be named of them: files, and the folders that
    others lie in."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return [folder / top for top in dict.fromkeys(name.split("/")[0] for name in files)]


def example_content(section: str, side: str, folder: Path) -> Content | None:
    """The example files of one side: alone, together, or as the folder that their names begin with; or arrays."""
    arrays = example_arrays(section, side)
    if arrays is not None:
        return Content.of_arrays(arrays, "arrays")
    tops = write_files(example_files(section, side), folder)
    return Content([Source.at(top, folder) for top in tops]) if tops else None
