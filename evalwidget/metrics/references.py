"""Scores of answers against their references, worked out once for each distinct pair of texts."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_over_references"]


def best_over_references(
    answers: Sequence[str],
    references: Sequence[tuple[str, ...]],
    prepared: Callable[[str], str],
    score_pairs: Callable[[list[str], list[str]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """The best score ``(n,)`` of each answer over its references, 0 for one without references.

    ``prepared`` is applied to each distinct text; ``score_pairs(answers, references)`` gets each distinct pair of
    prepared texts once.
    """
    places: dict[str, int] = {}
    known: dict[str, int] = {}

    def place(text: str) -> int:
        if text not in known:
            known[text] = places.setdefault(prepared(text), len(places))
        return known[text]

    answer = np.array([place(text) for text in answers], np.int64)
    groups: dict[tuple[str, ...], int] = {}
    group = np.array([groups.setdefault(tuple(texts), len(groups)) for texts in references], np.int64)
    members = [list({place(text) for text in texts}) for texts in groups]
    size = np.array([len(texts) for texts in members], np.int64)
    member = np.array([text for texts in members for text in texts], np.int64)
    best = np.zeros(len(answers))
    scored = np.flatnonzero(size[group] > 0) if len(group) else group
    if not len(scored):
        return best
    count = size[group[scored]]
    start = np.cumsum(count) - count
    first = (np.cumsum(size) - size)[group[scored]]
    pair_reference = member[np.arange(count.sum()) + np.repeat(first - start, count)]
    pairs, inverse = np.unique(np.repeat(answer[scored], count) * len(places) + pair_reference, return_inverse=True)
    texts = list(places)
    left, right = np.divmod(pairs, len(places))
    scores = score_pairs([texts[row] for row in left.tolist()], [texts[row] for row in right.tolist()])
    best[scored] = np.maximum.reduceat(scores[inverse.reshape(-1)], start)
    return best
