"""The recorded runs of small real models that ship with the package."""

from importlib.resources import as_file, files
from typing import Final

from evalwidget.errors import UnknownNameError
from evalwidget.run import Run, open_run

__all__ = ["DEMO_RUNS", "demo_run"]

DEMO_RUNS: Final = ("grounding", "vqa")


def demo_run(name: str = "grounding") -> Run:
    """A run of a small model trained on scenes of real handwritten digits: ``"grounding"`` or ``"vqa"``.

    ``examples/`` holds the script that trained the models and wrote the runs. Raises ``UnknownNameError``.
    """
    if name not in DEMO_RUNS:
        raise UnknownNameError(f"demo run {name!r}: expected one of {', '.join(DEMO_RUNS)}")
    with as_file(files("evalwidget") / "demo" / name) as folder:
        return open_run(folder)
