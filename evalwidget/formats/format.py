"""What a format is: how it is recognised, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass

from evalwidget.formats.content import Content
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.records import Records

__all__ = ["Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """``key`` is the name that settings and the command line use, ``name`` the one that is shown. A format without a
    reader for ground truth, or for predictions, is never taken for them. ``has_splits`` says that its ground truth may
    hold several splits."""

    key: str
    name: str
    recognises: Callable[[Content], bool]
    ground_truth: Callable[[Content, GroundTruthOptions], tuple[Records, GroundTruthFacts]] | None = None
    predictions: Callable[[Content, PredictionOptions], Records] | None = None
    has_splits: bool = False
