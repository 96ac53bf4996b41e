"""See what a vision-language model or detector predicted, what changed between checkpoints, and why it fails."""

from typing import TYPE_CHECKING, Any

from evalwidget import metrics
from evalwidget.comparison import RunComparison, compare_runs
from evalwidget.dataframes.best_step import BestStep
from evalwidget.demo_runs import demo_run
from evalwidget.errors import EvalWidgetError, FormatError, JoinError, UnknownNameError
from evalwidget.inspection import Inspection, inspect
from evalwidget.run import Run, open_run

if TYPE_CHECKING:
    from evalwidget.widget.panel_pair import PanelPair

__version__ = "0.1.0"

__all__ = [
    "BestStep",
    "EvalWidgetError",
    "FormatError",
    "Inspection",
    "JoinError",
    "PanelPair",
    "Run",
    "RunComparison",
    "UnknownNameError",
    "__version__",
    "compare_runs",
    "demo_run",
    "inspect",
    "metrics",
    "open_run",
]


def __getattr__(name: str) -> Any:
    if name == "PanelPair":
        # imported late, so that scores need no front end
        from evalwidget.widget.panel_pair import PanelPair

        return PanelPair
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
