"""What is known before a file is read: from ``run.json``, from the caller, from the ground truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalwidget.boxes import Convention
from evalwidget.formats.json_source import Source

__all__ = ["GroundTruthFacts", "GroundTruthOptions", "PredictionOptions"]


@dataclass(frozen=True, slots=True)
class GroundTruthOptions:
    """``order`` and ``scale`` of boxes and ``class_names`` by class id, each None where the data are to tell."""

    order: str | None = None
    scale: str | None = None
    class_names: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class GroundTruthFacts:
    """What reading ground truth told about the file: its format, its boxes' convention, its class names by id, and its
    task where the format has but one. ``images`` are folders beside the ground truth that hold its images."""

    format: str
    convention: Convention = field(default_factory=Convention)
    categories: dict[str, str] = field(default_factory=dict)
    task: str | None = None
    images: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class PredictionOptions:
    """``answers`` says that the run's items are questions, so that text which cannot be read counts as an answer.
    ``stated`` says that ``convention`` comes from the caller, and is not merely that of the ground truth; ``order`` and
    ``scale`` are the parts of it that the caller stated, None where the data are to tell. ``categories`` are class
    names by the class ids of predictions; ``first_class`` is the number from which predictions count them, None where
    the data are to tell."""

    convention: Convention = field(default_factory=Convention)
    categories: Mapping[str, str] = field(default_factory=dict)
    output_format: str | None = None
    answers: bool = False
    stated: bool = False
    order: str | None = None
    scale: str | None = None
    first_class: int | None = None
