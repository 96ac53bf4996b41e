"""What is known before a file is read: from ``run.json``, from the caller, from the ground truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalwidget.boxes import Convention
from evalwidget.formats.json_source import Source

__all__ = ["GroundTruthFacts", "GroundTruthOptions", "PredictionOptions"]


@dataclass(frozen=True, slots=True)
class GroundTruthOptions:
    """``order`` and ``scale`` of boxes and ``class_names`` by class id, each None where the data are to tell; ``split``
    of a data set that holds several, None for all."""

    order: str | None = None
    scale: str | None = None
    class_names: Mapping[str, str] | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class GroundTruthFacts:
    """What reading ground truth told about the file: its format, its boxes' convention, its class names by id, and its
    task where the format has but one. ``is_told`` says that the format leaves the convention open, so that the scale
    was told by the numbers where the caller does not state one. ``images`` are folders beside the ground truth that
    hold its images."""

    format: str
    convention: Convention = field(default_factory=Convention)
    categories: dict[str, str] = field(default_factory=dict)
    task: str | None = None
    is_told: bool = False
    images: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class PredictionOptions:
    """``answers`` says that the run's items are questions, so that text which cannot be read counts as an answer.
    ``stated`` says that ``convention`` comes from the caller, and is not merely that of the ground truth; ``order`` and
    ``scale`` are the parts of it that the caller stated of predictions, ``open_order`` and ``open_scale`` those that
    hold where a format leaves them open, None where the data are to tell. ``categories``
    are class names by the class ids of predictions; ``first_class`` is the number from which predictions count them,
    None where the data are to tell."""

    convention: Convention = field(default_factory=Convention)
    categories: Mapping[str, str] = field(default_factory=dict)
    output_format: str | None = None
    answers: bool = False
    stated: bool = False
    order: str | None = None
    scale: str | None = None
    open_order: str | None = None
    open_scale: str | None = None
    first_class: int | None = None

    def overruled(self, convention: Convention) -> Convention:
        """The ``convention`` of a format, or what the caller says of predictions instead."""
        return Convention(self.order or convention.order, self.scale or convention.scale)
