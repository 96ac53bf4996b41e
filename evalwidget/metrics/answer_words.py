"""The words of an answer that carry what it says, in a form in which other forms of the same word are equal."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from evalwidget.metrics.parsing import number_word
from evalwidget.metrics.text import letters_alike

__all__ = ["content_words", "is_alike_any", "word_count"]

_WORD: Final = re.compile(r"\d+(?:[.,:]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\W_]+")
#: Words that say nothing by themselves, those that speak of the picture, and yes and no, which are compared otherwise.
_EMPTY_WORDS: Final = """
    a an the this that these those some any all each every both such own other another same i me my mine we us
    our you your he him his she her hers it its they them their theirs who whom whose which what where when why
    how there here one's something someone anything anyone thing be is are was were been being am do does did
    doing done have has had having can could will would shall should may might must let get gets got seem seems
    appear appears appearing look looks looking like of in on at to for with by from as into onto about than so
    if or and but nor also too very just only then while because since though although however therefore not no
    yes none n't image images picture pictures photo photos photograph photographs scene view shown shows
    showing show depict depicts depicted depicting visible seen mentioned feature features featuring contain
    contains color colors colour colours answer please sure okay ok maybe perhaps possibly probably likely think
    guess believe isn't aren't wasn't weren't don't doesn't didn't can't cannot couldn't won't wouldn't hasn't
    haven't hadn't it's there's that's he's she's they're we're you're i'm i've we've one ones
"""
_EMPTY: Final = frozenset(_EMPTY_WORDS.split())
_IRREGULAR: Final = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "knives": "knife",
    "leaves": "leaf",
    "shelves": "shelf",
}
#: Other words for the commonest things in pictures; the first of each line stands for all.
_SYNONYMS: Final = {
    other: first
    for first, *others in (
        line.split()
        for line in """
        man guy gentleman
        woman lady
        child kid
        sofa couch
        tv television telly
        bike bicycle
        motorcycle motorbike
        phone cellphone telephone smartphone
        plane airplane aeroplane aircraft
        gray grey
        big large
        small little
        mother mom
        father dad
        fridge refrigerator
        car automobile
        street road
        near beside next
        """.strip().splitlines()
    )
    for other in others
}
_VOWEL: Final = re.compile("[aeiouy]")
_WORDS_ALIKE: Final = 0.85
_SHORTEST_TYPO: Final = 5


@lru_cache(maxsize=1 << 16)
def content_words(text: str) -> Mapping[str, str]:
    """The words of ``text`` that carry its meaning, in order, each by the form in which it is compared.

    That form: lower case, without possessive; numbers in digits ("three" is "3"); plurals, "-ing" and "-ed" taken off;
    one word for the commonest synonyms ("couch" is "sofa"). Articles, pronouns, auxiliaries, most prepositions, yes and
    no, "one", and words about the picture ("the image shows") carry nothing; those of place ("under", "left") do. A
    text of such words alone keeps them all. English only; words of other languages are compared as they are.
    """
    words = [match.group().lower().replace("’", "'") for match in _WORD.finditer(text)]
    found = {_form(word): word for word in reversed(words) if word not in _EMPTY}
    if not found:
        found = {_form(word): word for word in reversed(words)}
    return MappingProxyType(dict(reversed(found.items())))


def is_alike_any(form: str, others: Collection[str]) -> bool:
    """Whether a form of ``content_words`` is among others, or is one of them misspelt: 85 % of the letters are the
    same, of five letters or more, and no digits."""
    if form in others:
        return True
    length = len(form)
    if length < _SHORTEST_TYPO or not form.isalpha():
        return False
    # words of lengths further apart cannot be that similar
    least, most = max(length - length // 2, _SHORTEST_TYPO), length + length // 2
    return any(least <= len(other) <= most and letters_alike(form, other) >= _WORDS_ALIKE for other in others)


def word_count(text: str) -> int:
    """How many words ``text`` has, split at white space."""
    return len(text.split())


def _form(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "") if not word.endswith("%") else word
    number = number_word(word)
    if number is not None:
        return f"{number:g}"
    word = word.removesuffix("'s").removesuffix("'")
    word = _IRREGULAR.get(word) or _singular(word)
    return _stem(_SYNONYMS.get(word, word))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "zes", "ches", "shes", "uses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _stem(word: str) -> str:
    """``word`` without "-ing", "-ed" and a last "e", where a syllable of three letters is left."""
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3 and _VOWEL.search(stem):
            # sitting: sit
            word = stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "ls" else stem
            break
    return word[:-1] if len(word) > 3 and word.endswith("e") else word
