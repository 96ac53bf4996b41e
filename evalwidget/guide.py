"""The interpretation guide as data: what good predictions look like, and how predictions fail, with what helps.

Tables, widget and documents all read the words here. Definitions are in ``metrics/box_failures`` and
``metrics/text_failures``.
"""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["GOOD_BOXES", "GOOD_TEXT", "MODES", "FailureMode", "GoodCriterion", "mode_place"]


@dataclass(frozen=True, slots=True)
class FailureMode:
    """A way in which predictions fail: its key in tables, its name, what it means, and the advice to give. ``of`` are
    the predictions that fail so in the guide: "boxes" or "text"."""

    key: str
    name: str
    meaning: str
    advice: str
    of: Literal["boxes", "text"]


@dataclass(frozen=True, slots=True)
class GoodCriterion:
    """What makes a prediction good: its key in tables, and what it means."""

    key: str
    name: str
    meaning: str


#: The failure modes; a mode's place here is its bit in a bitmask.
MODES: Final = (
    FailureMode(
        "loose_box",
        "loose boxes",
        "predicted boxes much larger than the object, low IoU",
        "add training examples with tight annotations",
        "boxes",
    ),
    FailureMode(
        "missed_detection",
        "missed detections",
        "ground truth with no prediction, low recall",
        "more training data for the under-represented phrases or classes",
        "boxes",
    ),
    FailureMode(
        "false_positive",
        "false positives",
        "boxes on background or on the wrong object, low precision",
        "add negative examples: images without the target",
        "boxes",
    ),
    FailureMode(
        "inconsistent_localization",
        "inconsistent localization",
        "some boxes accurate, others misaligned, within an image and from image to image",
        "improve annotation consistency and data diversity",
        "boxes",
    ),
    FailureMode(
        "hallucination",
        "hallucination",
        "details not in the image or the reference",
        "more diverse training data; a system prompt that grounds answers",
        "text",
    ),
    FailureMode(
        "incomplete_answer",
        "incomplete answer",
        "key information of the reference is missing",
        "examples of complete answers in the system prompt",
        "text",
    ),
    FailureMode(
        "format_error",
        "format error",
        "wrong structure: verbose where concise was expected, unparsable output",
        "state the expected format in the system prompt",
        "text",
    ),
    FailureMode(
        "ambiguity",
        "ambiguity handling",
        "wrong confidence where the case is uncertain",
        "training examples that show uncertainty",
        "text",
    ),
)

#: What good predictions of boxes are.
GOOD_BOXES: Final = (
    GoodCriterion("tight", "tight", "boxes tight on objects"),
    GoodCriterion("everything_found", "everything found", "everything found"),
    GoodCriterion("few_false_positives", "few false positives", "few false positives"),
    GoodCriterion("even_quality", "even quality", "even quality over images"),
)

#: What good answers are.
GOOD_TEXT: Final = (
    GoodCriterion("same_meaning", "same meaning", "same meaning as the reference even in other words"),
    GoodCriterion("factual", "factual", "factually right from the image"),
    GoodCriterion("concise", "concise", "concise"),
    GoodCriterion("well_formed", "well formed", "well formed"),
    GoodCriterion("handles_ambiguity", "handles ambiguity", "edge cases (ambiguity, uncertain answers) handled"),
)

_PLACES: Final = {mode.key: place for place, mode in enumerate(MODES)}


def mode_place(key: str) -> int:
    """The place in ``MODES`` of the mode with that key. Raises ``KeyError``."""
    return _PLACES[key]
