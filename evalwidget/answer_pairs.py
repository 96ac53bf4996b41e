"""Distinct pairs of an answer and what it is held against, so that each is judged once, whatever its steps."""

from collections.abc import Hashable, Sequence
from itertools import islice
from operator import eq
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOT_EVALUATED", "NO_ANSWER", "AnswerPairs"]

#: Why a question has no pair.
NOT_EVALUATED: Final = -1
NO_ANSWER: Final = -2

_Context = TypeVar("_Context", bound=Hashable)


class _Numbers(dict[tuple[Any, int], int]):
    """Numbers of keys, in the order in which they are first asked for."""

    def __missing__(self, key: tuple[Any, int]) -> int:
        number = self[key] = len(self)
        return number


class AnswerPairs(Generic[_Context]):
    """Distinct (answer, context), numbered as they come.

    ``context`` ``(q,)`` is the place of each question's context in ``contexts``; ``pairs`` are the answers with the
    place of their context, by number.
    """

    def __init__(self, contexts: Sequence[_Context]) -> None:
        """``contexts`` ``(q,)``: what the answer to each question is held against."""
        places: dict[_Context, int] = {}
        self.context = np.array([places.setdefault(key, len(places)) for key in contexts], np.int64)
        self.contexts = list(places)
        self.pairs: list[tuple[Any, int]] = []
        self._context_list = self.context.tolist()
        self._places = _Numbers()
        self._last: tuple[Sequence[str | None], NDArray[np.int64]] = ([None] * len(contexts), self.context)

    def __len__(self) -> int:
        return len(self.pairs)

    def numbered(self, recorded: NDArray[np.bool_], texts: Sequence[str | None]) -> NDArray[np.int64]:
        """The pair ``(q,)`` of each question's answer, or why it has none."""
        pairs = np.where(recorded, NO_ANSWER, NOT_EVALUATED)
        answered = recorded & np.array([text is not None for text in texts], np.bool_)
        # a checkpoint gives most of the last one's answers
        last_texts, last_pairs = self._last
        is_same = answered & (last_pairs >= 0) & np.fromiter(map(eq, texts, last_texts), np.bool_, len(texts))
        pairs[is_same] = last_pairs[is_same]
        rows = np.flatnonzero(answered & ~is_same)
        keys = zip(
            map(texts.__getitem__, rows.tolist()), map(self._context_list.__getitem__, rows.tolist()), strict=True
        )
        pairs[rows] = list(map(self._places.__getitem__, keys))
        self.pairs += islice(self._places, len(self.pairs), None)
        self._last = texts, pairs
        return pairs
