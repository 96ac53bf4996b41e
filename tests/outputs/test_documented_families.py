"""The table of families in docs/formats.md names every family, and its examples are read."""

import re
from pathlib import Path

import pytest

from evalwidget.boxes import PARSE_STATES
from evalwidget.outputs import FAMILIES, parse_output

TEXT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
SECTION = TEXT[TEXT.index("## What models print") : TEXT.index("## Names and joins")]
ROWS = re.findall(r"^\| `([\w.-]+)` \| (.*?) \| [^|]* \| [^|]* \|$", SECTION, re.MULTILINE)
STATES = re.findall(r"^\| `(\w+)` \| [^|]* \|$", SECTION, re.MULTILINE)
EXAMPLES = [
    (family, example.replace("\\|", "|")) for family, cell in ROWS for example in re.findall(r"`([^`]*)`", cell)
]


def test_every_family_and_state_is_named() -> None:
    assert [family for family, _ in ROWS] == list(FAMILIES)
    assert sorted(STATES) == sorted(PARSE_STATES)


@pytest.mark.parametrize(("family", "text"), EXAMPLES)
def test_every_example_is_read(family: str, text: str) -> None:
    parsed = parse_output(family, text)
    assert parsed.state == "ok"
    assert parsed.boxes or parsed.answer
    assert {box.state for box in parsed.boxes} <= {"ok"}
    assert {box.label or box.before for box in parsed.boxes} <= {"a cat", "a dog", None}
