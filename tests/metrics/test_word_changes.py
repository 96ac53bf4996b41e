"""Words lost and added, and the form of an answer."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalwidget.metrics.word_changes import ANSWER_FORMS, answer_form, word_changes, words


@pytest.mark.parametrize(
    ("before", "after", "lost", "added"),
    [
        ("a red car", "a blue car", "red", "blue"),
        ("A", "B", "a", "b"),
        ("Red.", "red", "", ""),
        ("at 10:30, 3.5 km", "at 10:45, 3.5 km", "10:30", "10:45"),
        ("12%", "12", "12%", "12"),
        ("red dogs that run", "dogs that run red", "red", "red"),
        ("", "don't know", "", "don't know"),
        ("ein grünes Haus", "ein blaues Haus", "grünes", "blaues"),
    ],
)
def test_words_lost_and_added(before: str, after: str, lost: str, added: str) -> None:
    assert word_changes(before, after) == (lost.split(), added.split())


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8).map(" ".join)


@given(TEXTS, TEXTS)
def test_what_is_not_lost_and_not_added_is_common(before: str, after: str) -> None:
    lost, added = word_changes(before, after)
    assert Counter(words(before)) - Counter(lost) == Counter(words(after)) - Counter(added)
    assert Counter(lost) <= Counter(words(before))
    assert len(words(before)) - len(lost) == longest_common(words(before), words(after))
    assert (not lost and not added) == (words(before) == words(after))


def longest_common(old: list[str], new: list[str]) -> int:
    if not old or not new:
        return 0
    if old[-1] == new[-1]:
        return longest_common(old[:-1], new[:-1]) + 1
    return max(longest_common(old[:-1], new), longest_common(old, new[:-1]))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (None, "nothing"),
        (" \n", "nothing"),
        ("red", "words"),
        ("red.", "words"),
        ("a red car", "words"),
        ("It is red.", "sentence"),
        ("the man on the left side", "sentence"),
        ("red\nblue", "lines"),
        ("colours:\n- red\n- blue", "list"),
        ("1. red\n2. blue", "list"),
        ('{"answer": "red"}', "markup"),
        ("```json\n{}\n```", "markup"),
        ("<answer>red</answer>", "markup"),
        ("< 5", "words"),
    ],
)
def test_forms(text: str | None, form: str) -> None:
    assert answer_form(text) == form
    assert form in ANSWER_FORMS
