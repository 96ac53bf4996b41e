"""What is known before a file is read: from ``run.json``, from the caller, from the ground truth."""

from dataclasses import dataclass, field

from evalwidget.boxes import Convention

__all__ = ["GroundTruthFacts", "PredictionOptions"]


@dataclass(frozen=True, slots=True)
class GroundTruthFacts:
    """What reading ground truth told about the file: its format, its boxes' convention, its class names by id."""

    format: str
    convention: Convention
    categories: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PredictionOptions:
    """``answers`` says that the run's items are questions, so that text which cannot be read counts as an answer."""

    convention: Convention = field(default_factory=Convention)
    categories: dict[str, str] = field(default_factory=dict)
    output_format: str | None = None
    answers: bool = False
