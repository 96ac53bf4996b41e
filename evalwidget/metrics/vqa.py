"""VQA accuracy, with the official normalisation."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_REFERENCES", "vqa_accuracy", "vqa_normalised"]

#: With fewer references no answer could score 1, since one is left out and three must agree.
FEWEST_REFERENCES: Final = 4

_PUNCTUATION: Final = ';/[]"{}()=+\\_-><@`,?!'
_COMMA_IN_NUMBER: Final = re.compile(r"\d,\d")
_PERIOD: Final = re.compile(r"\.(?!\d)")
#: The official code passes the flag re.UNICODE in the place of the count, so this many periods are removed.
_MOST_PERIODS: Final = int(re.UNICODE)
_ARTICLES: Final = frozenset(("a", "an", "the"))
_NUMBERS: Final = {
    word: str(number)
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    )
} | {"none": "0"}
#: Words that get back all their apostrophes. As in the official table, without "I'm" and its like: it has these in
#: capitals and is asked in lower case.
_WITH_APOSTROPHES: Final = """
    ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd how'll how's
    isn't it'd it'll ma'am mightn't might've mustn't must've needn't not've o'clock oughtn't shan't should've
    shouldn't somebody'll somebody's someone'd someone'll someone's something'd something'll that's there'd
    there're there's they'd they'll they're they've 'twas wasn't we've weren't what'll what're what's what've
    when's where'd where's where've who'd who'll who's who've why'll why're why's won't would've wouldn't y'all
    you'd you'll you're you've
"""
#: A word that lacks an apostrophe elsewhere (or, from "somebody'd", loses one), and what it becomes.
_RESPELLED: Final = """
    couldn'tve:couldn't've couldnt've:couldn't've hadnt've:hadn't've hadn'tve:hadn't've hed've:he'd've
    he'dve:he'd've itd've:it'd've it'dve:it'd've mightnt've:mightn't've mightn'tve:mightn't've ow's'at:'ow's'at
    'ows'at:'ow's'at 'ow'sat:'ow's'at shed've:she'd've she'dve:she'd've shouldnt've:shouldn't've
    shouldn'tve:shouldn't've somebody'd:somebodyd somebodyd've:somebody'd've somebody'dve:somebody'd've
    someoned've:someone'd've someone'dve:someone'd've somethingd've:something'd've something'dve:something'd've
    thered've:there'd've there'dve:there'd've theyd've:they'd've they'dve:they'd've wed've:we'd've
    we'dve:we'd've whod've:who'd've who'dve:who'd've wouldnt've:wouldn't've wouldn'tve:wouldn't've
    yall'll:y'all'll y'allll:y'all'll yall'd've:y'all'd've y'alld've:y'all'd've y'all'dve:y'all'd've
    youd've:you'd've you'dve:you'd've
"""
_CONTRACTIONS: Final = {word.replace("'", ""): word for word in _WITH_APOSTROPHES.split()} | {
    written: meant for written, _, meant in (pair.partition(":") for pair in _RESPELLED.split())
}


@lru_cache(maxsize=1 << 16)
def vqa_normalised(text: str) -> str:
    """``text`` as VQA's official evaluation normalises it, quirks and all:

    - each of ``;/[]"{}()=+\\_-><@`,?!`` is deleted where it stands beside a space anywhere in the text, and all of them
      are where a digit, a comma and a digit follow each other; else it becomes a space;
    - the first 32 periods that no digit follows are deleted, also the one of "3.";
    - lower case, single spaces; "none" and "zero" to "ten" become digits; "a", "an", "the" are dropped;
    - contractions get their apostrophes back ("dont" becomes "don't"), "somebody'd" loses its own.

    Source: ``processPunctuation`` and ``processDigitArticle`` of VQA's vqaEval.py (GT-Vision-Lab/VQA at a013f00).
    lmms-eval's copy treats periods and commas otherwise.
    """
    stripped = text
    delete_all = _COMMA_IN_NUMBER.search(text) is not None
    for mark in _PUNCTUATION:
        if mark in text:
            delete = delete_all or f"{mark} " in text or f" {mark}" in text
            stripped = stripped.replace(mark, "" if delete else " ")
    words = _PERIOD.sub("", stripped, count=_MOST_PERIODS).lower().split()
    numbered = (_NUMBERS.get(word, word) for word in words)
    return " ".join(_CONTRACTIONS.get(word, word) for word in numbered if word not in _ARTICLES)


def vqa_accuracy(answers: Sequence[str], references: Sequence[tuple[str, ...]]) -> NDArray[np.float64]:
    """VQA accuracy: the mean over the ``n`` sets that leave one reference out of min(1, agreeing references / 3).

    With the usual ten references, 0 to 10 that agree give 0, .3, .6, .9, 1, …, 1 (not min(1, k / 3)). The same formula
    is used with any other number from four on, so its ladder differs: with five references it is 0, .2667, .5333,
    .8, 1, 1. With fewer than four no answer could score 1, and the score is NaN.

    Quirk, kept: where all references are the same text, nothing is normalised, so "Yes" scores 0 against ten "yes".
    Line breaks and tabs become spaces and the ends are stripped in any case.

    Source: Antol et al. 2015, vqaEval.py (GT-Vision-Lab/VQA at a013f00). lmms-eval normalises always.
    """
    ladders = {texts: _Ladder(texts) for texts in set(references)}
    return np.array(
        [ladders[texts].score(answer) for answer, texts in zip(answers, references, strict=True)], np.float64
    )


class _Ladder:
    """What each answer scores against one tuple of references."""

    def __init__(self, references: tuple[str, ...]) -> None:
        count = len(references)
        texts = [_one_line(text) for text in references]
        self._normalises = len(set(texts)) > 1
        if self._normalises:
            texts = [vqa_normalised(text) for text in texts]
        self._none = 0.0 if count >= FEWEST_REFERENCES else np.nan
        self._scores = {
            text: (agreeing * min(1, (agreeing - 1) / 3) + (count - agreeing) * min(1, agreeing / 3)) / count
            if count >= FEWEST_REFERENCES
            else np.nan
            for text, agreeing in Counter(texts).items()
        }

    def score(self, answer: str) -> float:
        text = _one_line(answer)
        return self._scores.get(vqa_normalised(text) if self._normalises else text, self._none)


def _one_line(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ").strip()
