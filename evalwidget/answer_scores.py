"""Scores of a run's answers: each distinct pair of answer and references is scored once, whatever its steps."""

import threading
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from evalwidget.answer_pairs import NO_ANSWER, AnswerPairs
from evalwidget.data import RunData
from evalwidget.metrics.metric import StepMetric, TextMetric

__all__ = ["AnswerScoring"]


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
            self._tables[sees_question] = _PairTable(list(zip(questions.references, asked, strict=True)))
        return self._tables[sees_question]

    def _pairs(self, step: int, table: "_PairTable") -> NDArray[np.int64]:
        if step not in table.by_step:
            answers = self._data.predictions(step).answers
            table.by_step[step] = table.numbered(answers.recorded, answers.text)
        return table.by_step[step]


class _PairTable(AnswerPairs[tuple[tuple[str, ...], str | None]]):
    """Distinct (answer, (references, question)) and their scores by metric; the question is None where no metric sees
    it."""

    def __init__(self, contexts: Sequence[tuple[tuple[str, ...], str | None]]) -> None:
        super().__init__(contexts)
        self._scores: dict[Hashable, NDArray[np.float64]] = {}
        self._scored: dict[Hashable, NDArray[np.bool_]] = {}
        self.by_step: dict[int, NDArray[np.int64]] = {}

    def values(self, pairs: NDArray[np.int64], metric: TextMetric) -> NDArray[np.float64]:
        scored = self._scored_contexts(metric)
        known = self._scores.get(metric, np.empty(0))
        if len(known) < len(self):
            new = self.pairs[len(known) :]
            context = np.array([place for _, place in new], np.int64)
            fresh = np.full(len(new), np.nan)
            wanted = np.flatnonzero(scored[context])
            if len(wanted):
                columns: list[list] = [
                    [new[row][0] for row in wanted.tolist()],
                    [self.contexts[place][0] for place in context[wanted].tolist()],
                ]
                if metric.sees_question:
                    columns.append([self.contexts[place][1] for place in context[wanted].tolist()])
                fresh[wanted] = metric.scores(*columns)
            known = self._scores[metric] = np.concatenate([known, fresh])
        values = np.full(len(pairs), np.nan)
        there = pairs >= 0
        values[there] = known[pairs[there]]
        values[(pairs == NO_ANSWER) & scored[self.context]] = metric.score_of_no_answer
        return values

    def _scored_contexts(self, metric: TextMetric) -> NDArray[np.bool_]:
        if metric not in self._scored:
            self._scored[metric] = np.array(
                [bool(refs) and (metric.applies is None or metric.applies(refs)) for refs, _ in self.contexts],
                np.bool_,
            )
        return self._scored[metric]
