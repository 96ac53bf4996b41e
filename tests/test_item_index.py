"""Records that name no image are found by their question, or by the dataset's row."""

import numpy as np
import pytest

from evalwidget.errors import JoinError
from evalwidget.item_index import ItemIndex
from evalwidget.records import AnswerRow, QuestionRow, Records, Reference
from evalwidget.specimens import merged_specimens


def index_of(*questions: tuple[str, str | None, str]) -> ItemIndex:
    """Ground truth of ``(image, item, question)``, a record each."""
    records = Records([Reference(f"t:{n}", image=image) for n, (image, _, _) in enumerate(questions)])
    records.questions = [QuestionRow(n, f"t:{n}", item, words, ()) for n, (_, item, words) in enumerate(questions)]
    specimens, owner = merged_specimens(records.references)
    return ItemIndex(records, owner, specimens)


def named(index: ItemIndex, reference: Reference, answer: AnswerRow) -> tuple[Reference, AnswerRow]:
    found = index.named(Records([reference], answers=[answer]))
    return found.references[0], found.answers[0]


def answer(item: str | None, question: str | None = None) -> AnswerRow:
    return AnswerRow(0, "p:1", item, question, "x")


INDEX = index_of(("a.jpg", "1", "q?"), ("a.jpg", "2", "r?"), ("b.jpg", "3", "q?"), ("b.jpg", None, "s?"))


def test_an_item_finds_its_specimen():
    assert named(INDEX, Reference("p:1"), answer("3"))[0].specimen == "b.jpg"
    assert named(INDEX, Reference("p:1"), answer("2"))[0].specimen == "a.jpg"


def test_a_record_with_a_name_stays_as_it_is():
    reference = Reference("p:1", image="a.jpg")
    assert named(INDEX, reference, answer("3"))[0] is reference


def test_an_item_that_is_not_there_finds_nothing():
    assert named(INDEX, Reference("p:1"), answer("7"))[0].specimen == "question 7"


def test_numbers_of_questions_without_items_are_no_items():
    """The fourth question is called "1" within its image, which is another question's item."""
    assert named(INDEX, Reference("p:1"), answer("1"))[0].specimen == "a.jpg"
    bare = index_of(("a.jpg", None, "q?"))
    assert named(bare, Reference("p:1"), answer("0"))[0].is_nameless


def test_an_unknown_item_beside_a_question_is_an_image_s_id():
    reference, asked = named(INDEX, Reference("p:1"), answer("a.jpg", "q?"))
    assert (reference.source_id, asked.item, asked.question) == ("a.jpg", None, "q?")


def test_an_item_of_several_specimens_is_an_error():
    shared = index_of(("a.jpg", "1", "q?"), ("b.jpg", "1", "q?"))
    with pytest.raises(JoinError, match=r"p:1: question 1 may be of any of 2 specimens \(a.jpg, b.jpg\)"):
        named(shared, Reference("p:1"), answer("1"))


def test_a_row_finds_its_specimen_and_question():
    reference, asked = named(INDEX, Reference("p:1", row=2), answer(None, "Answer: Q?"))
    assert (reference.specimen, asked.item, asked.question) == ("b.jpg", "3", "q?")
    reference, asked = named(INDEX, Reference("p:1", row=3), answer(None))
    assert (reference.specimen, asked.item, asked.question) == ("b.jpg", None, "s?")
    assert named(INDEX, Reference("p:1", row=9), answer(None))[0].specimen == "row 9 of the dataset"


def test_a_row_of_another_question_is_an_error():
    with pytest.raises(
        JoinError, match=r"p:1: row 1 of the dataset asks 'q\?', the ground truth's row 1 \(t:1\) asks 'r\?'"
    ):
        named(INDEX, Reference("p:1", row=1), answer(None, "q?"))


def test_rows_that_the_ground_truth_counts_itself():
    records = Records([Reference("t:1", image="a.jpg", row=5), Reference("t:2", image="b.jpg", row=8)])
    specimens, owner = merged_specimens(records.references)
    index = ItemIndex(records, np.asarray(owner), specimens)
    assert named(index, Reference("p:1", row=8), answer(None))[0].specimen == "b.jpg"
    assert named(index, Reference("p:1", row=1), answer(None))[0].specimen == "row 1 of the dataset"


def test_a_record_with_neither_stays_nameless():
    assert named(INDEX, Reference("p:1"), answer(None))[0].is_nameless
