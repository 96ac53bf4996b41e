"""Scores of a run's answers: each distinct pair of answer and references is scored once, whatever its steps."""

import threading
from collections.abc import Hashable, Sequence
from itertools import islice
from operator import eq
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.metrics.metric import StepMetric, TextMetric

__all__ = ["AnswerScoring"]

_NOT_EVALUATED: Final = -1
_NO_ANSWER: Final = -2


class AnswerScoring:
    """Scores of the answers of a run by step and metric. Safe to use from several threads."""

    def __init__(self, data: RunData) -> None:
        self._data = data
        self._lock = threading.RLock()
        self._tables: dict[bool, _PairTable] = {}

    def take(self, steps: Sequence[int]) -> None:
        """Have the answers of ``steps`` scored together by whatever metric is asked for next."""
        with self._lock:
            table = self._table(sees_question=False)
            for step in steps:
                self._pairs(step, table)

    def values(self, step: int, metric: TextMetric) -> NDArray[np.float64]:
        """A metric's score ``(q,)`` of each answer of a step; NaN where there is nothing to score or no score."""
        with self._lock:
            table = self._table(metric.sees_question)
            return table.values(self._pairs(step, table), metric)

    def figures(self, step: int, metric: StepMetric) -> dict[str, float]:
        """A metric's figures over the step's scored answers; NaN where there are none."""
        questions, answers = self._data.ground_truth.questions, self._data.predictions(step).answers
        rows = [row for row in np.flatnonzero(answers.recorded).tolist() if questions.references[row]]
        if not rows:
            return dict.fromkeys(metric.columns, np.nan)
        found = metric.function([answers.text[row] or "" for row in rows], [questions.references[row] for row in rows])
        return {name: float(found[name]) for name in metric.columns}

    def _table(self, sees_question: bool) -> "_PairTable":
        if sees_question not in self._tables:
            questions = self._data.ground_truth.questions
            asked = questions.question if sees_question else [None] * len(questions)
            self._tables[sees_question] = _PairTable(questions.references, asked)
        return self._tables[sees_question]

    def _pairs(self, step: int, table: "_PairTable") -> NDArray[np.int64]:
        if step not in table.by_step:
            answers = self._data.predictions(step).answers
            table.by_step[step] = table.numbered(answers.recorded, answers.text)
        return table.by_step[step]


class _Numbers(dict[tuple[Any, int], int]):
    """Numbers of keys, in the order in which they are first asked for."""

    def __missing__(self, key: tuple[Any, int]) -> int:
        number = self[key] = len(self)
        return number


class _PairTable:
    """Distinct (answer, references[, question]), numbered as they come, and their scores by metric."""

    def __init__(self, references: Sequence[tuple[str, ...]], questions: Sequence[str | None]) -> None:
        places: dict[tuple[tuple[str, ...], str | None], int] = {}
        keys = zip(references, questions, strict=True)
        self._context = np.array([places.setdefault(key, len(places)) for key in keys], np.int64)
        self._contexts = list(places)
        self._context_list = self._context.tolist()
        self._places = _Numbers()
        self._pairs: list[tuple[Any, int]] = []
        self._scores: dict[Hashable, NDArray[np.float64]] = {}
        self._scored: dict[Hashable, NDArray[np.bool_]] = {}
        self._last: tuple[Sequence[str | None], NDArray[np.int64]] = ([None] * len(references), self._context)
        self.by_step: dict[int, NDArray[np.int64]] = {}

    def numbered(self, recorded: NDArray[np.bool_], texts: Sequence[str | None]) -> NDArray[np.int64]:
        """The pair of each question's answer, or why it has none."""
        pairs = np.where(recorded, _NO_ANSWER, _NOT_EVALUATED)
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
        self._pairs += islice(self._places, len(self._pairs), None)
        self._last = texts, pairs
        return pairs

    def values(self, pairs: NDArray[np.int64], metric: TextMetric) -> NDArray[np.float64]:
        scored = self._scored_contexts(metric)
        known = self._scores.get(metric, np.empty(0))
        if len(known) < len(self._places):
            new = self._pairs[len(known) :]
            context = np.array([place for _, place in new], np.int64)
            fresh = np.full(len(new), np.nan)
            wanted = np.flatnonzero(scored[context])
            if len(wanted):
                columns: list[list] = [
                    [new[row][0] for row in wanted.tolist()],
                    [self._contexts[place][0] for place in context[wanted].tolist()],
                ]
                if metric.sees_question:
                    columns.append([self._contexts[place][1] for place in context[wanted].tolist()])
                fresh[wanted] = metric.scores(*columns)
            known = self._scores[metric] = np.concatenate([known, fresh])
        values = np.full(len(pairs), np.nan)
        there = pairs >= 0
        values[there] = known[pairs[there]]
        values[(pairs == _NO_ANSWER) & scored[self._context]] = metric.score_of_no_answer
        return values

    def _scored_contexts(self, metric: TextMetric) -> NDArray[np.bool_]:
        if metric not in self._scored:
            self._scored[metric] = np.array(
                [bool(refs) and (metric.applies is None or metric.applies(refs)) for refs, _ in self._contexts],
                np.bool_,
            )
        return self._scored[metric]
