"""The interpretation guide as data: what good predictions look like, and how predictions fail, with what helps.

Tables, widget and documents all read the words here. What a mode is to the letter ``metrics/box_failures`` and
``metrics/text_failures`` say; ``docs/interpretation-guide.md`` has it all, with pictures.
"""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["GOOD_BOXES", "GOOD_TEXT", "MODES", "FailureMode", "GoodCriterion", "mode_place"]


@dataclass(frozen=True, slots=True)
class FailureMode:
    """A way in which predictions fail: its key in tables, its name, what it means, its definition in a sentence with
    the usual thresholds, and the advice to give. ``of`` are the predictions that fail so in the guide: "boxes" or
    "text"."""

    key: str
    name: str
    meaning: str
    definition: str
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
        "a predicted box with an IoU from 0.1 to below 0.5 with a ground truth box of its label that nothing "
        "matches, of which it covers 90 % at least and has at least 1.5 times the area",
        "add training examples with tight annotations",
        "boxes",
    ),
    FailureMode(
        "missed_detection",
        "missed detections",
        "ground truth with no prediction, low recall",
        "a ground truth box that no prediction of its label reaches with an IoU of 0.5, and that no loose or "
        "misaligned box claims",
        "more training data for the under-represented phrases or classes",
        "boxes",
    ),
    FailureMode(
        "false_positive",
        "false positives",
        "boxes on background or on the wrong object, low precision",
        "a predicted box that neither matches a ground truth box nor claims one: it lies on background, on an "
        "object of another label, or on one that is found already",
        "add negative examples: images without the target",
        "boxes",
    ),
    FailureMode(
        "inconsistent_localization",
        "inconsistent localization",
        "some boxes accurate, others misaligned, within an image and from image to image",
        "a predicted box with an IoU from 0.1 to below 0.5 with a ground truth box of its label that nothing "
        "matches, not loose, while another box of the image is accurate, or most of what is localised in "
        "other images",
        "improve annotation consistency and data diversity",
        "boxes",
    ),
    FailureMode(
        "hallucination",
        "hallucination",
        "details not in the image or the reference",
        "yes for no, another number or a denial of the reference; in an answer that is not right, words that "
        "are in no reference, question, caption or box, if they are 50 % of its own or it has no key word of "
        "the reference; or a known object that none of these names",
        "more diverse training data; a system prompt that grounds answers",
        "text",
    ),
    FailureMode(
        "incomplete_answer",
        "incomplete answer",
        "key information of the reference is missing",
        "nothing is answered, or an answer that is not right lacks 25 % of the best reference's key words, "
        "with no other words in their place",
        "examples of complete answers in the system prompt",
        "text",
    ),
    FailureMode(
        "format_error",
        "format error",
        "wrong structure: verbose where concise was expected, unparsable output",
        "a leaked chat marker or turn, a question to itself, a loop, code around the answer, more than 3 "
        "times the words of the longest reference and 20, or a prediction that cannot be read",
        "state the expected format in the system prompt",
        "text",
    ),
    FailureMode(
        "ambiguity",
        "ambiguity handling",
        "wrong confidence where the case is uncertain",
        "a confidence of 0.8 or more in a wrong answer, or of 0.3 or less in a right one; without "
        "confidences, refusing or hedging where the references are certain, or being certain where 5 "
        "references or more have no majority and fewer than 3 say the same",
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
