"""Seeded answers and references like those of VQA datasets, with what trips normalisation up."""

import random

__all__ = ["question_answers"]

# fmt: off
WORDS = [
    "yes", "no", "Yes", "NO", "maybe", "red", "Red.", "blue", "dark-blue", "a", "an", "the", "The", "cat",
    "cats", "dog's", "dont", "don't", "wont", "shouldnt've", "somebody'd", "Im", "lets", "none", "zero",
    "one", "Two", "three", "10", "ten", "1,000", "10,000", "3.5", "3.", ".5", "5%", "50%", "$5", "t-shirt",
    "left/right", "(left)", "[x]", "\"stop\"", "?", "!", "a.b", "e.g.", "U.S.", "nothing;", "black&white",
    "black", "&", "white", "it's", "its", "couldntve", "y'allll", "oclock", "'", ",", ".", ",", ",,", "-",
    "--", "@", "_", "é", "ÉCLAIR", "naïve", "tennis", "racket", "skateboarding", "frisbee", "on", "top",
    "of", "next", "to", "behind", "man", "woman", "people", "2", "22", "2:30", "12:00", "pm",
]
# fmt: on
SPACES = (" ", " ", " ", " ", "  ", "\t", "\n", "")


def text(source: random.Random) -> str:
    """A text of up to five words, joined by spaces of all kinds."""
    words = source.choices(WORDS, k=source.choice((0, 1, 1, 1, 2, 2, 3, 5)))
    return "".join(word + source.choice(SPACES) for word in words)


def question_answers(seed: int, count: int, references: int | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """``count`` (answer, references): the answer is often one of the references, the references are often alike.

    ``references`` is their number, 1 to 12 if None.
    """
    source = random.Random(seed)
    made = []
    for _ in range(count):
        pool = [text(source) for _ in range(source.choice((1, 2, 3, 5)))]
        given = tuple(source.choices(pool, k=references or source.randint(1, 12)))
        answer = source.choice(given) if source.random() < 0.7 else text(source)
        made.append((source.choice((answer, answer, answer.lower(), answer.upper(), f"{answer}.")), given))
    return made
