"""Scores of generated answers against reference answers, 0 to 1; the best over the references counts.

Each function takes ``n`` answers and ``n`` tuples of references and returns ``n`` scores; without references 0.
"""

import re
import string
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq, Levenshtein
from rapidfuzz.fuzz import ratio as indel_ratio
from rapidfuzz.process import cpdist

from evalwidget.metrics.references import best_over_references

__all__ = [
    "anls",
    "exact_match",
    "letters_alike",
    "normalised_answer",
    "relaxed_accuracy",
    "rouge_l",
    "string_similarity",
    "token_f1",
]

_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)
_NOT_ALPHANUMERIC: Final = re.compile(r"[^a-z0-9]+")
_ANLS_THRESHOLD: Final = 0.5
_RELATIVE_TOLERANCE: Final = 0.05


@lru_cache(maxsize=1 << 16)
def normalised_answer(text: str) -> str:
    """Lower case, no ASCII punctuation, no articles, single spaces.

    Source: ``normalize_answer`` of SQuAD's evaluate-v1.1.py.
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """1 where the normalised answer equals a normalised reference, else 0.

    Source: SQuAD's evaluate-v1.1.py, maximum over the references. Other libraries' "exact match" compares the texts as
    they are, or stripped and in lower case.
    """
    accepted = {texts: {normalised_answer(text) for text in texts} for texts in set(references)}
    return np.array(
        [normalised_answer(answer) in accepted[texts] for answer, texts in zip(answers, references, strict=True)],
        np.float64,
    )


def token_f1(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """F1 of the normalised words, as bags; two texts without words are equal.

    Source: ``compute_f1`` of SQuAD 2.0's evaluate-v2.0.py (version 1.1 gives 0 where both are without words), maximum
    over the references.
    """
    return best_over_references(answers, references, normalised_answer, _bag_f1)


def _bag_f1(answers: list[str], references: list[str]) -> NDArray[np.float64]:
    tokens = {text: text.split() for text in {*answers, *references}}
    scores = np.zeros(len(answers))
    for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
        if answer == reference:
            scores[row] = 1
            continue
        found, wanted = tokens[answer], tokens[reference]
        if len(found) == 1 or len(wanted) == 1:
            same = int(found[0] in wanted if len(found) == 1 else wanted[0] in found)
        else:
            same = sum((Counter(found) & Counter(wanted)).values())
        if same:
            scores[row] = 2 * same / (len(found) + len(wanted))
    return scores


def anls(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """Average normalised Levenshtein similarity, of one answer: 1 - distance / length of the longer text, and 0 where
    the distance is half the length or more. In lower case, white space collapsed.

    Source: Biten et al. 2019 (ICDAR 2019 ST-VQA), equation 1; equal to the PyPI package ``anls`` 0.0.2 except for
    letters that become several in upper case (ß), which that package counts so in the length. pix2struct's
    ``anls_metric`` gives .5 at exactly half and collapses no white space; lmms-eval takes the lengths before
    lowering and stripping.
    """

    def similarities(answers: list[str], references: list[str]) -> NDArray[np.float64]:
        length = np.maximum([len(text) for text in answers], [len(text) for text in references])
        distance = cpdist(answers, references, scorer=Levenshtein.distance, dtype=np.int64)
        normalised = np.divide(distance, length, out=np.zeros(len(length)), where=length > 0)
        return np.where(normalised < _ANLS_THRESHOLD, 1 - normalised, 0.0)

    return best_over_references(answers, references, _lower_single_spaced, similarities)


def rouge_l(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """F1 of the longest common subsequence of words (runs of a-z and 0-9, in lower case, not stemmed).

    Source: Lin 2004, as ``rouge_score`` 0.1.2 computes "rougeL" without its stemmer, best F1 over the references
    (``score_multi``). coco-caption's ROUGE-L weights recall (beta 1.2), takes the best precision and the best recall
    over the references apart, and keeps punctuation's words; other letters than a-z are no words here, so the score is
    0 for most scripts.
    """

    def scores(answers: list[str], references: list[str]) -> NDArray[np.float64]:
        codes: dict[str, int] = {}
        words = {
            text: array("L", [codes.setdefault(word, len(codes)) for word in text.split()])
            for text in {*answers, *references}
        }
        found, wanted = [words[text] for text in answers], [words[text] for text in references]
        common = cpdist(found, wanted, scorer=LCSseq.similarity, dtype=np.int64)
        precision = common / np.maximum([len(text) for text in found], 1)
        recall = common / np.maximum([len(text) for text in wanted], 1)
        return np.divide(2 * precision * recall, precision + recall, out=np.zeros(len(answers)), where=(common > 0))

    return best_over_references(answers, references, _alphanumeric_words, scores)


def string_similarity(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """Share of letters that stay when one text is turned into the other by insertions and deletions: 2 x longest common
    subsequence of letters / sum of lengths. In lower case, white space collapsed.

    Source: ``rapidfuzz.fuzz.ratio`` / 100 (3.14), of the lowered texts. difflib's ``ratio`` is at most as large.
    """

    def similarities(answers: list[str], references: list[str]) -> NDArray[np.float64]:
        return np.asarray(cpdist(answers, references, scorer=indel_ratio, dtype=np.float64) / 100, np.float64)

    return best_over_references(answers, references, _lower_single_spaced, similarities)


@lru_cache(maxsize=1 << 16)
def letters_alike(text: str, other: str) -> float:
    """``string_similarity`` of two texts as they are, 0 to 1."""
    return float(indel_ratio(text, other)) / 100


def relaxed_accuracy(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """1 where a numeric answer is within 5 % of a reference, or the texts are equal but for case; else 0.

    A text is numeric where Python's ``float`` takes it; "12%" is .12, so "12%" and "12" differ. A reference of 0 is
    compared as text. Nothing is stripped but by ``float``; "1,200" is not numeric.

    Source: Masry et al. 2022 (ChartQA), as ``relaxed_correctness`` of pix2struct's metrics.py, maximum over the
    references. Other copies strip the texts or take "12%" as 12.
    """

    def correct(answers: list[str], references: list[str]) -> NDArray[np.float64]:
        number = {text: _number_or_share(text) for text in {*answers, *references}}
        scores = np.zeros(len(answers))
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            found, wanted = number[answer], number[reference]
            if found is not None and wanted:
                scores[row] = abs(found - wanted) / abs(wanted) <= _RELATIVE_TOLERANCE
            else:
                scores[row] = answer == reference
        return scores

    return best_over_references(answers, references, str.lower, correct)


def _number_or_share(text: str) -> float | None:
    try:
        return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None


def _lower_single_spaced(text: str) -> str:
    return " ".join(text.lower().split())


def _alphanumeric_words(text: str) -> str:
    return _NOT_ALPHANUMERIC.sub(" ", text.lower()).strip()
