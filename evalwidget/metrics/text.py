"""Scores of a generated answer against its reference answers; the best over the references counts."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

__all__ = ["exact_match", "normalised_answer", "sentence_bleu", "token_f1"]

_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)


@lru_cache(maxsize=1 << 16)
def normalised_answer(text: str) -> str:
    """Lower case, no ASCII punctuation, no articles, single spaces.

    Source: ``normalize_answer`` of SQuAD's evaluate-v1.1.py.
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, references: Sequence[str]) -> float:
    """1 where the normalised answer equals a normalised reference, else 0."""
    normalised = normalised_answer(answer)
    return float(any(normalised == normalised_answer(reference) for reference in references))


def token_f1(answer: str, references: Sequence[str]) -> float:
    """F1, 0 to 1, of the words that normalised answer and reference share.

    Source: ``f1_score`` of SQuAD's evaluate-v1.1.py. Where both have no words left the score is 1, as in SQuAD 2.0.
    """
    words = Counter(normalised_answer(answer).split())
    return max((_overlap_f1(words, Counter(normalised_answer(r).split())) for r in references), default=0.0)


def sentence_bleu(answer: str, references: Sequence[str]) -> float:
    """Sentence BLEU, 0 to 100: sacrebleu's ``sentence_bleu`` (13a tokens, exponential smoothing, effective order).

    All references count together. The mean over answers is not corpus BLEU: for short answers corpus BLEU is 0 where
    this is 100, since it asks for matching 4-grams.
    """
    # imported late: sacrebleu takes longer to import than the rest of evalwidget's text metrics together
    from sacrebleu import sentence_bleu as reference_bleu

    return float(reference_bleu(answer, list(references)).score)


def _overlap_f1(answer: Counter[str], reference: Counter[str]) -> float:
    if not answer or not reference:
        return float(answer == reference)
    shared = (answer & reference).total()
    return 2 * shared / (answer.total() + reference.total()) if shared else 0.0
