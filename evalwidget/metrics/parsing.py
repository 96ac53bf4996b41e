"""What a generated answer says: a number, yes or no, or nothing; and POPE's figures."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.counting import f1_score, precision, ratio, recall

__all__ = [
    "POPE_FIGURES",
    "abstained",
    "abstains",
    "hedges",
    "is_negated",
    "number_word",
    "numeric_accuracy",
    "parsed_number",
    "pope",
    "pope_answer",
    "yes_no_accuracy",
    "yes_or_no",
]

#: The names of ``pope``'s figures.
POPE_FIGURES: Final = (
    "pope_accuracy",
    "pope_precision",
    "pope_recall",
    "pope_f1",
    "pope_yes_ratio",
    "pope_unclear_ratio",
)

_NUMBER_WORDS: Final = {
    word: float(number)
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"none": 0.0}
_NUMBER: Final = re.compile(
    r"(?<![\w.,])[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:(?<=\d)\.\d+|(?<!\d)\.\d+)?(?:(?<=\d)[eE][-+]?\d+)?(?![\w])"
)
_NEGATIONS: Final = re.compile(r"\b(?:no|not|none|nothing|nobody|never|neither|without)\b|n['’]t\b", re.IGNORECASE)
_HEDGES: Final = re.compile(
    r"\b(?:i think|i guess|i believe|(?:i['’]m|i am) not (?:entirely |completely )?(?:sure|certain)|"
    r"(?:hard|difficult) to (?:say|tell))\b|^[^,.]*\b(?:maybe|perhaps|possibly|(?:might|may|could) be)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ABSTENTIONS: Final = re.compile(
    r"\b(?:i (?:do not|don['’]?t) know|i(?:['’]m| am) (?:not sure|unsure|unable)|not sure|unsure|unknown|unanswerable|"
    r"(?:can ?not|can['’]?t|could not|couldn['’]?t|unable to|impossible to|not possible to) "
    r"(?:be )?(?:determined?|tell|answer(?:ed)?|see|say|identify|identified|read)|"
    r"(?:does not|doesn['’]?t|do not|don['’]?t) (?:provide|contain|give|show)\b.*\b(?:information|context)|"
    r"(?:does not|doesn['’]?t|do not|don['’]?t) (?:specify|mention|state|indicate)|"
    r"(?:no|not enough|insufficient) information|not (?:visible|clear|specified|provided|enough information))\b",
    re.IGNORECASE | re.DOTALL,
)


@lru_cache(maxsize=1 << 16)
def parsed_number(text: str) -> float | None:
    """The one number that ``text`` holds: digits ("1,200", "-3.5", "2e3", "12%" is 12) or a word from "zero" to
    "twenty" or "none"; None where it holds no number, or two that differ.

    "twenty-one" is two numbers, so None; "2D" and "v1.2.3" hold none. Definition: our own; no common one exists.
    """
    found = {float(part.replace(",", "").replace("−", "-")) for part in _NUMBER.findall(text) if _has_digit(part)}
    found |= {_NUMBER_WORDS[word] for word in map(str.lower, _WORD.findall(text)) if word in _NUMBER_WORDS}
    return found.pop() if len(found) == 1 else None


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


@lru_cache(maxsize=1 << 16)
def yes_or_no(text: str) -> str | None:
    """What ``text`` says of "yes" and "no": its first word where it is one of them, else the only one of the two that
    it holds; None where it holds neither or both. Definition: our own; ``pope_answer`` is POPE's."""
    words: list[str] = [word.lower() for word in _WORD.findall(text)]
    if words and words[0] in ("yes", "no"):
        return words[0]
    said = [word for word in ("yes", "no") if word in words]
    return said[0] if len(said) == 1 else None


@lru_cache(maxsize=1 << 16)
def abstains(text: str) -> bool:
    """Whether ``text`` declines to answer: it is blank, or holds a phrase such as "I don't know", "cannot be
    determined", "not sure", "does not provide … information", "does not specify", "unanswerable". English only;
    definition: our own."""
    return not text.strip() or _ABSTENTIONS.search(text) is not None


@lru_cache(maxsize=1 << 16)
def hedges(text: str) -> bool:
    """Whether ``text`` says that it is not sure of what it says: "I think", "hard to tell" anywhere, "maybe",
    "perhaps", "possibly", "might be" and the like before its first comma or period. "Seems" and "appears" are how
    models say "is", and do not count. English only; definition: our own."""
    return _HEDGES.search(text) is not None


@lru_cache(maxsize=1 << 16)
def is_negated(text: str) -> bool:
    """Whether the first sentence of ``text`` (up to the first period) holds "no", "not", "n't" or the like. English
    only; definition: our own, wider than POPE's (``pope_answer``)."""
    return _NEGATIONS.search(text.strip().partition(".")[0]) is not None


def number_word(word: str) -> float | None:
    """The number that a word from "zero" to "twenty" or "none" (in lower case) means; None for any other."""
    return _NUMBER_WORDS.get(word)


def numeric_accuracy(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """1 where the answer's number (``parsed_number``) equals that of a reference, else 0; NaN where no reference holds
    one. Definition: our own."""
    wanted = {texts: {parsed_number(text) for text in texts} - {None} for texts in set(references)}
    return np.array(
        [
            float(parsed_number(answer) in wanted[texts]) if wanted[texts] else np.nan
            for answer, texts in zip(answers, references, strict=True)
        ],
        np.float64,
    )


def yes_no_accuracy(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """1 where the answer says what most references say of yes and no (``yes_or_no``), else 0; an answer that says
    neither is wrong; NaN where the references say neither, or both as often. Definition: our own; POPE's takes whatever
    is not no for yes."""
    wanted = {texts: _majority(texts) for texts in set(references)}
    return np.array(
        [
            np.nan if wanted[texts] is None else float(yes_or_no(answer) == wanted[texts])
            for answer, texts in zip(answers, references, strict=True)
        ],
        np.float64,
    )


def _majority(references: tuple[str, ...]) -> str | None:
    said = [yes_or_no(text) for text in references]
    yes, no = said.count("yes"), said.count("no")
    return None if yes == no else "yes" if yes > no else "no"


def abstained(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """1 where the answer declines to answer (``abstains``), else 0; lower is better where all can be answered."""
    return np.array([abstains(answer) for answer in answers], np.float64)


@lru_cache(maxsize=1 << 16)
def pope_answer(text: str) -> str:
    """POPE's reading: "no" where the first sentence (up to the first period, commas deleted, split at spaces) holds the
    word "No", "no" or "not"; else "yes", whatever it says: garbage, "NO" and "No!" are "yes".

    Source: evaluate.py of POPE (AoiDragon/POPE at 08d957b). lmms-eval asks for exactly yes or no.
    """
    words = text.partition(".")[0].replace(",", "").split(" ")
    return "no" if {"No", "not", "no"} & set(words) else "yes"


def pope(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> dict[str, float]:
    """POPE's figures, 0 to 1, over the questions whose first reference is "yes" or "no" (whatever the case): accuracy,
    precision, recall and F1 of "yes" by ``pope_answer``, and the share of "yes" among the answers; beside them the
    share of answers that are unclear (``yes_or_no`` finds neither), which POPE takes for "yes" or "no" all the same.

    NaN where a figure is 0 / 0; where nothing is right F1 is 0, and the official script stops with an error. Source:
    Li et al. 2023, evaluate.py (AoiDragon/POPE at 08d957b). lmms-eval's yes ratio counts the references.
    """
    labels = [texts[0].strip().lower() if texts else "" for texts in references]
    asked = [row for row, label in enumerate(labels) if label in ("yes", "no")]
    wanted = np.array([labels[row] == "yes" for row in asked], np.bool_)
    said = np.array([pope_answer(answers[row]) == "yes" for row in asked], np.bool_)
    tp, fp, fn = (np.array(count) for count in ((said & wanted).sum(), (said & ~wanted).sum(), (~said & wanted).sum()))
    unclear = sum(yes_or_no(answers[row]) is None for row in asked)
    count = np.array(len(asked))
    figures = (
        ratio((said == wanted).sum(), count),
        precision(tp, fp),
        recall(tp, fn),
        f1_score(tp, fp, fn),
        ratio(said.sum(), count),
        ratio(np.array(unclear), count),
    )
    return dict(zip(POPE_FIGURES, map(float, figures), strict=True))
