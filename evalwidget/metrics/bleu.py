"""BLEU, 0 to 100 as sacrebleu gives it: of one answer, and of a whole step."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["corpus_bleu", "sentence_bleu"]

_ORDERS: Final = 4
Ngrams = dict[tuple[str, ...], int]


def sentence_bleu(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """BLEU of each answer, 0 to 100: equal to sacrebleu's ``sentence_bleu`` (13a tokens, case kept, exponential
    smoothing, the nearest reference's length, and *effective order*: only the n-gram lengths that the answer has count,
    so "red car" for "red car" is 100). Without references 0.

    Source: Papineni et al. 2002, sacrebleu 2.6. Tokens and formula are sacrebleu's own code; the counting is done once
    for each distinct text and tuple of references. pycocoevalcap's and NLTK's BLEU tokenise and smooth otherwise.
    """
    return np.array([_score(row, True) for row in _statistics(answers, references)], np.float64)


def corpus_bleu(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> float:
    """BLEU of all answers together, 0 to 100: equal to sacrebleu's ``corpus_bleu``; NaN without answers.

    It is not the mean of ``sentence_bleu``: n-gram counts and lengths are added up over the answers before the
    precisions are taken, and the order is not cut to what the answers have. A step of answers shorter than four words
    has corpus BLEU 0, however right they are, where the mean of sentence BLEU may be 100.
    """
    statistics = _statistics(answers, references)
    if not statistics:
        return float("nan")
    return _score(tuple(int(column) for column in np.sum(statistics, axis=0)), False)


def _statistics(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> list[tuple[int, ...]]:
    """For each answer its length, the nearest reference's, then n-grams that match and n-grams in all, by length."""
    rows = []
    for answer, texts in zip(answers, references, strict=True):
        ngrams, length = _ngrams(answer)
        counts, lengths = _reference_ngrams(texts)
        correct = [0] * _ORDERS
        for ngram, count in ngrams.items():
            if ngram in counts:
                correct[len(ngram) - 1] += min(count, counts[ngram])
        nearest = min(lengths, key=lambda other: (abs(other - length), other), default=0)
        total = [max(length - order, 0) for order in range(_ORDERS)]
        rows.append((length, nearest, *correct, *total))
    return rows


@lru_cache(maxsize=1 << 16)
def _reference_ngrams(references: tuple[str, ...]) -> tuple[Ngrams, list[int]]:
    """The most often that each n-gram occurs in one reference, and the references' distinct lengths."""
    distinct = [_ngrams(reference) for reference in dict.fromkeys(references)]
    most: Ngrams = {}
    for ngrams, _ in distinct:
        for ngram, count in ngrams.items():
            if count > most.get(ngram, 0):
                most[ngram] = count
    return most, sorted({length for _, length in distinct})


@lru_cache(maxsize=1 << 16)
def _ngrams(text: str) -> tuple[Ngrams, int]:
    tokens = _tokens(text)
    if len(tokens) == 1:
        return {(tokens[0],): 1}, 1
    ngrams: Ngrams = {}
    for order in range(1, _ORDERS + 1):
        for ngram in zip(*(tokens[first:] for first in range(order)), strict=False):
            ngrams[ngram] = ngrams.get(ngram, 0) + 1
    return ngrams, len(tokens)


def _tokens(text: str) -> list[str]:
    # 13a splits at punctuation only, of which there is none here
    if text.isascii() and text.replace(" ", "").isalnum():
        return text.split()
    tokens: list[str] = _bleu()[1](text.rstrip()).split()
    return tokens


@lru_cache(maxsize=1 << 16)
def _score(statistics: tuple[int, ...], effective_order: bool) -> float:
    length, nearest, *counts = statistics
    scored = _bleu()[0].compute_bleu(
        counts[:_ORDERS], counts[_ORDERS:], length, nearest, smooth_method="exp", effective_order=effective_order
    )
    return float(scored.score)


@cache
def _bleu() -> tuple[Any, Any]:
    """sacrebleu's class and its 13a tokeniser."""
    # imported late: sacrebleu takes longer to import than the rest of evalwidget's text metrics together
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    return BLEU, Tokenizer13a()  # type: ignore[no-untyped-call]
