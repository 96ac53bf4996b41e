"""Kinds of questions, by eye."""

import pytest

from evalwidget.metrics.questions import PROMPT_LENGTHS, QUESTION_TYPES, prompt_length, question_type

JUDGED = {
    "yes/no": [
        "Is there a blue zero?",
        "Are these dogs or cats?",
        "isn't it dark",
        "Does the man wear a hat? Answer yes or no.",
        "In this picture, can you see where he stands?",
        "<image>\nIs it day?",
    ],
    "how many": [
        "How many digits are there?",
        "In the photo, how many of these are red?",
        "What is the number of people?",
        "Count the apples.",
    ],
    "what colour": ["What color is the bus?", "What is the colour of the sky?", "which main colour has it?"],
    "what": [
        "What number is on the bus?",
        "What is the number of the bus?",
        "The man holds what?",
        "What kind of colour?",
    ],
    "which": ["Which digits are there?", "On which side is the door?"],
    "where": ["Where is he looking?", "Tell me where the dog is."],
    "who": ["Who is it?", "Whose hat is that?"],
    "when": ["When was it taken?", "What time is it?"],
    "why": ["Why is the street wet?"],
    "how": ["How is the weather?", "How much is it?"],
    "other": ["Describe the picture.", "Welche Farbe hat der Bus?", "whatever", "island"],
}


@pytest.mark.parametrize(("kind", "question"), [(kind, text) for kind, texts in JUDGED.items() for text in texts])
def test_the_type_of_a_question(kind: str, question: str) -> None:
    assert question_type(question) == kind


def test_every_type_is_judged() -> None:
    assert sorted(JUDGED) == sorted(QUESTION_TYPES)


def test_the_length_of_a_prompt() -> None:
    found = [prompt_length(" ".join(["word"] * count)) for count in range(9)]
    assert found == [None, "1", "2-3", "2-3", "4-6", "4-6", "4-6", "7+", "7+"]
    assert {name for name, _ in PROMPT_LENGTHS} == set(found) - {None}
