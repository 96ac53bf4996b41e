"""The text workload W4, generated answers of 20 checkpoints to 5,000 VQA questions with 10 references each, and the run
made of it."""

import random
from dataclasses import dataclass

import numpy as np
import pandas as pd

import evalwidget as ew

__all__ = ["W4", "TextWorkload", "text_run", "text_workload"]

# fmt: off
_NOUNS = [
    "dog", "cat", "horse", "bus", "train", "bench", "pizza", "kite", "surfboard", "umbrella", "tennis",
    "laptop", "clock", "vase", "bear", "zebra", "giraffe", "banana", "sandwich", "skateboard", "frisbee",
    "bicycle", "motorcycle", "airplane", "boat", "traffic", "light", "fire", "hydrant", "stop", "sign",
    "bird", "sheep", "cow", "elephant", "backpack", "handbag", "tie", "suitcase", "snowboard", "ball",
    "bottle", "glass", "cup", "fork", "knife", "spoon", "bowl", "apple", "orange", "broccoli", "carrot",
    "cake", "chair", "couch", "plant", "bed", "table", "toilet", "tv", "mouse", "remote", "keyboard",
    "phone", "microwave", "oven", "toaster", "sink", "book",
]
_WORDS = [
    "red", "blue", "green", "white", "black", "brown", "yellow", "gray", "pink", "left", "right", "behind",
    "under", "near", "on", "top", "of", "the", "a", "man", "woman", "people", "large", "small", "wooden",
    "old", "young", "open", "closed", "sunny", "cloudy", "playing", "standing", "sitting", "riding",
    "eating", "holding",
]
# fmt: on


@dataclass(frozen=True)
class TextWorkload:
    """References by question, and answers by checkpoint and question."""

    references: list[tuple[str, ...]]
    answers: list[list[str]]


#: Checkpoints, questions, seed.
W4 = (20, 5000, 4)


def text_workload(steps: int, questions: int, seed: int) -> TextWorkload:
    """A third of the questions are yes/no, an eighth ask for a number, the rest for one to four words; annotators agree
    for the most part. A checkpoint keeps the last one's answer to seven questions of ten, and the later it is, the more
    often its new answers are a reference's; one in ten is a sentence."""
    source = random.Random(seed)

    def words() -> str:
        return " ".join(source.choices(_NOUNS + _WORDS, k=source.choice((1, 1, 1, 2, 2, 3, 4))))

    def pool() -> list[str]:
        kind = source.random()
        if kind < 0.33:
            return source.sample(["yes", "no"], 2)
        if kind < 0.45:
            return [str(source.randint(0, 20)) for _ in range(4)]
        return [words() for _ in range(5)]

    pools = [pool() for _ in range(questions)]
    shares = [source.choice((12.0, 3.0, 1.0)) for _ in range(questions)]
    references = [
        tuple(source.choices(pool, weights=[share, *[0.5] * (len(pool) - 1)], k=10))
        for pool, share in zip(pools, shares, strict=True)
    ]

    def answer(question: int, step: int) -> str:
        said = source.choice(references[question]) if source.random() < 0.3 + 0.5 * step / steps else words()
        form = source.random()
        if form < 0.1:
            return f"The answer is {said}, as the {words()} in the image shows."
        return f"{said.capitalize()}." if form < 0.3 else said

    answers: list[list[str]] = []
    for step in range(steps):
        last = answers[-1] if answers else None
        answers.append(
            [
                last[question] if last and source.random() < 0.7 else answer(question, step)
                for question in range(questions)
            ]
        )
    return TextWorkload(references, answers)


def text_run(workload: TextWorkload) -> ew.Run:
    """The workload as a run whose steps are all read."""
    names = [f"q{place}" for place in range(len(workload.references))]
    truth = pd.DataFrame({"specimen": names, "question": names, "answer": [list(r) for r in workload.references]})
    steps = len(workload.answers)
    predictions = pd.DataFrame(
        {
            "step": np.repeat(np.arange(steps), len(names)),
            "specimen": names * steps,
            "answer": [text for texts in workload.answers for text in texts],
        }
    )
    return ew.Run.from_frames(truth, predictions).load()
