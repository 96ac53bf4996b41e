"""Predictions that name no image: found by the question they answer, or by the dataset's row they are about."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import JoinError
from evalwidget.labels import folded
from evalwidget.records import AnswerRow, QuestionRow, Records, Reference, ReferencesById, ReferencesByLine
from evalwidget.specimens import Specimens

__all__ = ["ItemIndex"]


class ItemIndex:
    """Gives records without a name that of their specimen: results files may hold nothing but question ids.

    ``owner`` ``(r,)`` is the specimen of each of the ground truth's references. Only items that the ground truth gives
    count, not those that its questions are numbered by for want of one.
    """

    def __init__(self, ground_truth: Records, owner: NDArray[np.int64], specimens: Specimens) -> None:
        self._identifiers = specimens.identifiers
        self._owner = owner
        self._specimens: dict[str, dict[int, None]] = {}
        self._questions: dict[int, list[QuestionRow]] = {}
        for question in ground_truth.questions:
            self._questions.setdefault(question.owner, []).append(question)
            if question.item is not None:
                self._specimens.setdefault(question.item, {})[int(owner[question.owner])] = None
        self._rows: dict[int, list[int]] = {}
        for place, reference in enumerate(ground_truth.references):
            self._rows.setdefault(place if reference.row is None else reference.row, []).append(place)

    def named(self, records: Records) -> Records:
        """``records``, each reference with its specimen's identifier where an item or a row tells it.

        A reference whose item or row the ground truth does not have is called by it, and so finds nothing; one without
        either stays nameless. Raises ``JoinError`` where an item could be of several specimens.
        """
        if isinstance(records.references, (ReferencesById, ReferencesByLine)):
            return records
        nameless = {place for place, reference in enumerate(records.references) if reference.is_nameless}
        if not nameless:
            return records
        references, answers = list(records.references), list(records.answers)
        for place in nameless:
            if references[place].row is not None:
                references[place] = self._by_row(references[place])
        for number, answer in enumerate(answers):
            if answer.owner not in nameless:
                continue
            row = records.references[answer.owner].row
            if row is not None:
                answers[number] = self._asked(answer, row)
            elif answer.item is not None and self._specimens:
                references[answer.owner], answers[number] = self._by_item(references[answer.owner], answer)
        return replace(records, references=references, answers=answers)

    def _by_row(self, reference: Reference) -> Reference:
        places = self._rows.get(reference.row if reference.row is not None else -1, [])
        if not places:
            return replace(reference, specimen=f"row {reference.row} of the dataset")
        return replace(
            reference, specimen=self._only(self._owner[places].tolist(), reference.where, f"row {reference.row}")
        )

    def _by_item(self, reference: Reference, answer: AnswerRow) -> tuple[Reference, AnswerRow]:
        found = self._specimens.get(answer.item or "")
        name = f"question {answer.item}"
        if found is not None:
            return replace(reference, specimen=self._only(found, answer.where, name)), answer
        if answer.question:
            # some tools write the image's id for the question's, and the question's words beside it
            return replace(reference, source_id=answer.item), replace(answer, item=None)
        return replace(reference, specimen=name), answer

    def _only(self, rows: Iterable[int], where: str, name: str) -> str:
        found = sorted(set(rows))
        if len(found) > 1:
            shown = ", ".join(self._identifiers[row] for row in found[:5])
            raise JoinError(
                f"{where}: {name} may be of any of {len(found)} specimens ({shown}); name the image beside it, or say "
                "with join= what the records are to be joined by"
            )
        return self._identifiers[found[0]]

    def _asked(self, answer: AnswerRow, row: int) -> AnswerRow:
        """``answer`` with the one question of its row. Raises ``JoinError`` where it answers another."""
        questions = [q for place in self._rows.get(row, []) for q in self._questions.get(place, [])]
        if len(questions) != 1:
            return answer
        ours, theirs = folded(answer.question or ""), folded(questions[0].question)
        if ours and theirs and ours not in theirs and theirs not in ours:
            raise JoinError(
                f"{answer.where}: row {row} of the dataset asks {answer.question!r:.80}, the ground truth's row {row} "
                f"({questions[0].where}) asks {questions[0].question!r:.80}; pass the dataset whose rows were evaluated"
            )
        return replace(answer, item=questions[0].item, question=questions[0].question)
