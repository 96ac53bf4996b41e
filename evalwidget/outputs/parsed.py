"""What a grammar returns."""

from dataclasses import dataclass, field

__all__ = ["ParsedBox", "ParsedOutput"]


@dataclass(frozen=True, slots=True)
class ParsedBox:
    """A box in fractions of the image, x1 y1 x2 y2; ``values`` is None where ``state`` says why it is invalid.
    ``label`` is None where the text gives none."""

    label: str | None
    values: tuple[float, float, float, float] | None
    state: str = "ok"
    message: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class ParsedOutput:
    """``state`` is that of the whole text (one of ``boxes.PARSE_STATES``), ``message`` what is wrong with it."""

    boxes: list[ParsedBox] = field(default_factory=list)
    answer: str | None = None
    state: str = "ok"
    message: str = ""
