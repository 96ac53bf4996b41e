"""What kind of question a text asks, by its words, and how long it is. English alone."""

import re
from typing import Final

__all__ = ["PROMPT_LENGTHS", "QUESTION_TYPES", "prompt_length", "question_type"]

QUESTION_TYPES: Final = (
    *("yes/no", "how many", "what colour", "what", "which", "where", "who", "when", "why", "how", "other"),
)
_COLOUR: Final = r"colou?rs?\b"
_VERBS: Final = (
    r"is|are|was|were|am|do|does|did|can|could|will|would|should|shall|may|might|must|has|have|had|"
    r"(?:is|are|was|were|do|does|did|ca|could|wo|would|should|has|have|had)n['’]?t"
)
#: In this order; those without a mark of their own stand at the start of a clause or anywhere.
_WORDS: Final = (
    (
        "how many",
        r"how\s+many\b|(?:what\s+(?:is|was)\s+)?the\s+(?:total\s+)?number\s+of\s+(?!the\b|this\b|that\b)|count\s+the\b",
    ),
    ("what colour", rf"(?:what|which)(?:\s+is|\s+are|['’]?s)?\s+(?:the\s+)?(?:\w+\s+)?{_COLOUR}"),
    ("where", r"where\b"),
    ("who", r"who(?:se|m)?\b"),
    ("when", r"when\b|(?:what|which)\s+(?:time|day|month|year|date)\b"),
    ("why", r"why\b"),
    ("which", r"which\b"),
    ("what", r"what\b"),
    ("how", r"how\b"),
    ("yes/no", rf"(?:{_VERBS})\b"),
)
_AT_START: Final = [
    (kind, re.compile(rf"(?:^|[,.:;?!\n]\s*)(?:and\s+|so\s+)?(?:{words})", re.I)) for kind, words in _WORDS
]
_ANYWHERE: Final = [(kind, re.compile(rf"\b(?:{words})", re.I)) for kind, words in _WORDS if kind != "yes/no"]

#: Names of ranges of words, and the fewest words of each.
PROMPT_LENGTHS: Final = (("1", 1), ("2-3", 2), ("4-6", 4), ("7+", 7))


def question_type(question: str) -> str:
    """One of ``QUESTION_TYPES``: that of the question word that begins the text or, failing that, a clause of it; else
    of the first one within it; a clause that begins with an auxiliary verb asks for yes or no."""
    for patterns in (_AT_START, _ANYWHERE):
        found = [
            (match.start(), place) for place, (_, words) in enumerate(patterns) if (match := words.search(question))
        ]
        if found:
            return patterns[min(found)[1]][0]
    return "other"


def prompt_length(text: str) -> str | None:
    """The name in ``PROMPT_LENGTHS`` of how many words the text has; None where it has none."""
    words = len(text.split())
    return next((name for name, fewest in reversed(PROMPT_LENGTHS) if words >= fewest), None)
