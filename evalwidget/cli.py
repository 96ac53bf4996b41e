"""The command ``evalwidget``: ``evalwidget inspect PATH`` says what is there."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from evalwidget.errors import EvalWidgetError
from evalwidget.folder import RunSettings
from evalwidget.inspection import Inspection, inspect

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="evalwidget", description="See what a model predicted, and what changed.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_inspect(commands.add_parser("inspect", help="say what is at a path: formats, specimens, steps, joins"))
    given = vars(parser.parse_args(arguments))
    return _inspect(given)


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what is at PATH: format, specimens, steps, what joined and what is missing, conventions and parse states. "
        "Exit status 0: all is well; 1: something is amiss; 2: something cannot be read."
    )
    parser.add_argument(
        "path", metavar="PATH", help="a run folder, a training run's output, or a file of a known format"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--ground-truth", nargs="+", metavar="FILE", help="ground truth that lies elsewhere")
    parser.add_argument("--predictions", metavar="PATTERN", help="the file of predictions in each checkpoint's folder")
    parser.add_argument("--images", nargs="+", metavar="FOLDER", help="where the images are")
    for setting in fields(RunSettings):
        kind = float if "float" in str(setting.type) else int if "int" in str(setting.type) else str
        parser.add_argument(f"--{setting.name.replace('_', '-')}", type=kind, help="as in open_run")


def _inspect(given: dict[str, Any]) -> int:
    as_json, path = given.pop("json"), given.pop("path")
    truth = given.pop("ground_truth")
    try:
        found = inspect(
            str(path), ground_truth=truth[0] if isinstance(truth, list) and len(truth) == 1 else truth, **given
        )
    except EvalWidgetError as error:
        sys.stderr.write(f"evalwidget: {_printable(str(error))}\n")
        return 2
    sys.stdout.write((_as_json(found) if as_json else _printable(str(found))) + "\n")
    return found.exit_status


def _as_json(found: Inspection) -> str:
    return json.dumps(
        {
            "facts": dict(found.facts),
            "steps": json.loads(found.steps.to_json(orient="records")),
            "amiss": found.amiss,
            "errors": found.errors,
        },
        indent=2,
    )


def _printable(text: str) -> str:
    """``text`` without characters that a terminal would act on: names in data are anybody's."""
    return "".join(char if char == "\n" or char.isprintable() else repr(char)[1:-1] for char in text)
