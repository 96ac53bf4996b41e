"""How one text differs from another: words lost, words added, the form it is written in."""

import re
from typing import Final

from rapidfuzz.distance import LCSseq

__all__ = ["ANSWER_FORMS", "answer_form", "word_changes", "words"]

#: A word holds what stands between letters or digits, as in "don't", "3.5", "10:30" or "T-shirt".
_WORD: Final = re.compile(r"\w+(?:[.,:'’/-]\w+)*%?")
_MARKUP: Final = re.compile(r"\s*(?:```|[{\[]|<[A-Za-z/!])")
_LIST: Final = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_SENTENCE_END: Final = (".", "!", "?")
_MOST_WORDS: Final = 5

#: What an answer looks like, whatever it says.
ANSWER_FORMS: Final = ("nothing", "words", "sentence", "lines", "list", "markup")


def words(text: str) -> list[str]:
    """The words of a text in lower case, without the punctuation around them. Articles stay: "A" may be an answer. A
    script without spaces has one word between two punctuation marks."""
    return _WORD.findall(text.lower())


def word_changes(before: str, after: str) -> tuple[list[str], list[str]]:
    """The words of ``before`` that ``after`` lost, and the words added to it, each in their order: what is left beside
    a longest common subsequence. A word that moved is both."""
    old, new = words(before), words(after)
    lost: list[str] = []
    added: list[str] = []
    for change in LCSseq.opcodes(old, new):
        if change.tag != "equal":
            lost += old[change.src_start : change.src_end]
            added += new[change.dest_start : change.dest_end]
    return lost, added


def answer_form(text: str | None) -> str:
    """One of ``ANSWER_FORMS``: "markup" begins like JSON, a tag or a fence of code; "list" has lines with a bullet or
    number; "lines" are several; "sentence" has more than five words, or two or more up to a full stop; "words" is what
    is left."""
    if text is None or not text.strip():
        return "nothing"
    if _MARKUP.match(text):
        return "markup"
    if "\n" in text.strip():
        return "list" if _LIST.search(text) else "lines"
    count = len(words(text))
    return "sentence" if count > _MOST_WORDS or (count > 1 and text.rstrip().endswith(_SENTENCE_END)) else "words"
