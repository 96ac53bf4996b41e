"""See what a vision-language model or detector predicted, what changed between checkpoints, and why it fails."""

from evalwidget import metrics
from evalwidget.best_step import BestStep
from evalwidget.demo_runs import demo_run
from evalwidget.errors import EvalWidgetError, FormatError, JoinError, UnknownNameError
from evalwidget.inspection import Inspection, inspect
from evalwidget.run import Run, open_run

__version__ = "0.1.0"

__all__ = [
    "BestStep",
    "EvalWidgetError",
    "FormatError",
    "Inspection",
    "JoinError",
    "Run",
    "UnknownNameError",
    "__version__",
    "demo_run",
    "inspect",
    "metrics",
    "open_run",
]
