"""How answers fail, by the interpretation guide: hallucination, incomplete answer, format error, ambiguity handling.

All is told from words: an answer is held against its references, its question, and the captions and boxes of its
specimen where there are any. No picture is looked at, and no model asked. English only.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from evalwidget.metrics.answer_words import content_words, is_alike_any, word_count
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings
from evalwidget.metrics.parsing import abstains, hedges, is_negated, parsed_number, yes_or_no
from evalwidget.metrics.text import normalised_answer

__all__ = ["AnswerContext", "Failure", "Judgement", "judged", "quoted"]

_QUOTED_WORDS: Final = 5
_MOST_PERIOD: Final = 20
_MARKERS: Final = re.compile(
    r"<\|[a-z_]+\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:image|end_of_utterance|end_of_turn|start_of_turn|eos|bos|pad|unk)>",
    re.IGNORECASE,
)
_ROLE: Final = re.compile(
    r"^[ \t#*]*(?P<role>assistant|user|human|system|gpt|model|question|answer|q|a)[ \t*]*:",
    re.IGNORECASE | re.MULTILINE,
)
_REPLIES: Final = frozenset(("assistant", "gpt", "model", "answer", "a"))
_WRAPPED: Final = re.compile(r"^\s*(?:```.*```|[({\[].*['\"]\s*[:,].*[)}\]])\s*$", re.DOTALL)
_FIRST_OF_TUPLE: Final = re.compile(r"^\s*[(\[]\s*(?P<quote>['\"])(?P<text>.*?)(?P=quote)\s*,", re.DOTALL)
_SENTENCE: Final = re.compile(r"[^.?!\n]+(?:[.](?=\w)[^.?!\n]*)*[.?!]*")
_LETTERS_IN_A_LOOP: Final = re.compile(
    r"([^\W\d_])\1{9,}|([^\W_]\w{0,6}[^\W_][^\w\s]{0,2}?)\2{4,}|([^\w\s.…_-])\3{19,}"
)
_SHORTEST_LOOP: Final = 10
_SHORT: Final = 3
_MOST_IN_A_NUMBER: Final = 2


@dataclass(frozen=True)
class AnswerContext:
    """What an answer is held against: its ``references``, its ``question`` ("" for a caption to be written), the
    ``captions`` of its specimen in one text, the names of its ``boxes``, and the ``objects`` that are known, each as
    its name and all its names."""

    references: tuple[str, ...]
    question: str = ""
    captions: str = ""
    boxes: tuple[str, ...] = ()
    objects: tuple[tuple[str, tuple[str, ...]], ...] = field(default=(), compare=False)

    @cached_property
    def asked(self) -> Mapping[str, str]:
        return content_words(self.question) if self.question.strip() else {}

    @cached_property
    def keys(self) -> list[Mapping[str, str]]:
        """The key words of each reference: its content words without those of the question, if any are left."""
        found = []
        for reference in dict.fromkeys(self.references):
            words = content_words(reference)
            own = {form: word for form, word in words.items() if form not in self.asked}
            found.append(own or words)
        return found

    @cached_property
    def supported(self) -> set[str]:
        """The words that something beside the picture speaks for."""
        return self._spoken_by(self.references)

    def _spoken_by(self, references: Iterable[str]) -> set[str]:
        texts = [text for text in (*references, self.captions, *self.boxes) if text.strip()]
        several = tuple(known for known in self.objects if len(known[1]) > 1)
        # an object that is spoken of by one of its names is so by all
        there = _objects_in(" . ".join((*texts, self.question)), several) if several else ()
        texts += [other for name, names in several if name in there for other in names]
        return set(self.asked).union(*map(content_words, texts))

    @cached_property
    def leeway(self) -> tuple[float, float]:
        """How far references of several words differ among themselves: the largest share of its key words that one has
        and the others have not, and of the key words of its nearest other that one lacks; 0 with fewer than two."""
        references = list(dict.fromkeys(self.references))
        if self.are_short or len(references) < 2:
            return 0.0, 0.0
        unsupported, missing = [], []
        for place, reference in enumerate(references):
            spoken = self._spoken_by(references[:place] + references[place + 1 :])
            others = self.keys[:place] + self.keys[place + 1 :]
            unsupported.append(_share_not_in(self.keys[place], spoken))
            missing.append(min(_share_not_in(key, content_words(reference)) for key in others))
        return max(unsupported), max(missing)

    @cached_property
    def said_yes_or_no(self) -> set[str]:
        """What most references say of yes and no; both where each is said as often; none where most begin with
        neither."""
        said = Counter(filter(None, (yes_or_no(text.split()[0]) for text in self.references if text.strip())))
        if 2 * said.total() <= len(self.references) or not self.are_short:
            return set()
        most = max(said.values())
        return {word for word, count in said.items() if count == most}

    @cached_property
    def numbers(self) -> set[float]:
        """The numbers that are references all by themselves."""
        alone = (text for text, key in zip(dict.fromkeys(self.references), self.keys, strict=True) if len(key) == 1)
        numbers = (parsed_number(text) for text in alone if word_count(text) <= _MOST_IN_A_NUMBER)
        return {number for number in numbers if number is not None}

    @cached_property
    def are_short(self) -> bool:
        """No reference has more than a few content words."""
        return all(len(content_words(reference)) <= _SHORT for reference in set(self.references))

    @cached_property
    def most_words(self) -> int:
        """The words of the longest reference."""
        return max(map(word_count, set(self.references)), default=0)

    @cached_property
    def opinions(self) -> Counter[str]:
        return Counter(map(normalised_answer, self.references))

    @cached_property
    def is_declined(self) -> bool:
        """Most references say that the question cannot be answered."""
        return 2 * sum(map(abstains, self.references)) > len(self.references)

    @cached_property
    def shown_reference(self) -> str:
        return quoted(self.opinions.most_common(1)[0][0]) if self.references else ""

    def disagree(self, settings: DiagnosisSettings) -> bool:
        """Whether the references are short answers to a question of which none has a majority."""
        if len(self.references) < settings.fewest_opinions or not self.question.strip() or not self.are_short:
            return False
        return self.opinions.most_common(1)[0][1] < settings.majority * len(self.references)

    @cached_property
    def sources(self) -> str:
        named = ["reference", *(["question"] if self.asked else []), *(["caption"] if self.captions else [])]
        return " or ".join([*named, *(["box"] if self.boxes else [])])


@dataclass(frozen=True, slots=True)
class Failure:
    """``severity`` 0 to 1, 0 where there is none, and what tells it in words."""

    severity: float = 0.0
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with an answer, and whether it ``is_right``; ``is_unsure``: it refuses or hedges; ``refuses``: it
    declines to answer; ``is_concise``; ``is_checked``: nothing that it says is beyond references, question, captions
    and boxes, or objects are known; ``is_contested``: the references disagree, or say that nobody can tell, and
    ``is_backed``: enough of them give the answer all the same."""

    hallucination: Failure
    incomplete: Failure
    format_error: Failure
    ambiguity: Failure
    is_right: bool
    is_unsure: bool
    refuses: bool
    is_concise: bool
    is_checked: bool
    is_contested: bool
    is_backed: bool


_NONE: Final = Failure()


def judged(answer: str | None, context: AnswerContext, settings: DiagnosisSettings) -> Judgement:
    """What is wrong with an answer to which references are known; None is an answer that nothing was generated for.

    What is judged is the answer proper: what stands after a leaked "Assistant:", up to the first question that the
    model asks itself; of a tuple of Python its first text.

    - It *is right* where it says yes or no as the references do (in so many words or by an affirmed or negated
      sentence), or their number ("three", "no shrubs" for 0); or where it holds all key words of one reference, in
      whatever form (see ``content_words``), or is one misspelt. Key words are those that the question has not.
    - *Format error*: chat markers or the names of turns leak into it, it asks itself questions, it goes round in a
      loop, it is wrapped in code, or it has more words than ``verbose_factor`` times those of the longest reference
      and ``verbose_extra``. Not where a reference looks the same. Severity 1, for verbosity the share of words too
      many.
    - *Ambiguity* by wording: it refuses to answer or hedges where the references are certain (severity 1 and .5); it
      is certain where they disagree and fewer than ``agreeing`` of them say the same, or where they say that nobody can
      tell. A refusal is this alone, not hallucination or incomplete as well.
    - *Hallucination*: yes for no, or another number (severity 1); an answer that is not right and says something of
      its own, if ``unsupported_share`` of its words, or it holds no key word of the best reference: words in no
      reference, question, caption or name of a box (severity: their share); details beyond a reference that is held in
      full, of ``detailed_words`` key words at least; an object among those known that nothing speaks for, as CHAIR
      (Rohrbach et al. 2018) counts them, negated sentences left out.
    - *Incomplete*: nothing is answered, or it is not right and ``missing_share`` of the best reference's key words are
      missing without another word in their place (severity: their share).

    References of several words, such as captions, differ among themselves, and an answer may differ from them as much:
    words are unsupported, or missing, only where their share is larger than that of any reference held against the
    others, or nothing is supported at all.

    An answer that denies what the references say ("no flag", "not red"), or affirms what they deny, is not right and
    hallucinates (severity 1).

    Limits: the order of words, and how often each comes, counts for nothing; a wrong detail that is worded with the
    words of question or captions is not seen; nor are details beyond a short reference, unless objects are known; a
    synonym that ``content_words`` does not know counts as unsupported: beside one reference alone, a sentence that says
    the same in other words may be taken for hallucination.
    """
    text = answer or ""
    core = _answer_proper(text, asks=any("?" in reference for reference in context.references))
    malformed = _format_failure(text, core, context, settings)
    limit = _word_limit(context, settings)
    refuses = bool(text.strip()) and abstains(core)
    disagree = context.disagree(settings)
    right = bool(core) and _is_right(core, context, settings)
    backed = right and _agreeing(core, context) >= settings.agreeing
    unsure = bool(core) and (refuses or hedges(core))
    hallucination = incomplete = ambiguity = _NONE
    if not core:
        incomplete = _NONE if malformed.severity and text.strip() else Failure(1.0, "nothing is answered")
    elif context.is_declined:
        if not unsure:
            ambiguity = Failure(1.0, f"says it outright, where the reference says {context.shown_reference}")
    elif refuses and not right:
        if not disagree:
            ambiguity = Failure(1.0, f"declines to answer, where the reference is certain: {context.shown_reference}")
    else:
        if unsure and not disagree:
            ambiguity = Failure(0.5, f"hedges, where the reference is certain: {context.shown_reference}")
        elif disagree and not unsure and not backed:
            top, count = context.opinions.most_common(1)[0]
            total = len(context.references)
            ambiguity = Failure(
                1 - count / total,
                f"says it outright, where {total} references disagree (at most {count} say {quoted(top)})",
            )
        hallucination, incomplete = _content_failures(core, right, context, settings)
    return Judgement(
        hallucination,
        incomplete,
        malformed,
        ambiguity,
        is_right=right or (context.is_declined and refuses),
        is_unsure=unsure,
        refuses=refuses,
        is_concise=word_count(text) <= limit,
        is_checked=bool(context.objects) or text in context.references or not _unsupported_words(core, context),
        is_contested=disagree or context.is_declined,
        is_backed=backed or (context.is_declined and unsure),
    )


def _answer_proper(text: str, *, asks: bool) -> str:
    """The part of ``text`` that answers: the first of a tuple of Python; without markers and letters that go round in a
    loop, what stands after the first leaked name of one who replies, up to the next turn or the first question that
    follows; with its questions where it ``asks`` by right."""
    wrapped = _FIRST_OF_TUPLE.match(text)
    text = _MARKERS.sub(" ", wrapped["text"] if wrapped else text)
    if len(text) >= _SHORTEST_LOOP:
        text = _LETTERS_IN_A_LOOP.sub(" ", text)
    turns = list(_ROLE.finditer(text))
    if turns:
        ends = [turn.start() for turn in turns[1:]] + [len(text)]
        replies = [
            text[turn.end() : end] for turn, end in zip(turns, ends, strict=True) if turn["role"].lower() in _REPLIES
        ]
        before = text[: turns[0].start()]
        text = before if before.strip() else (replies or [""])[0]
    if asks:
        return text.strip()
    kept: list[str] = []
    for sentence in _SENTENCE.findall(text):
        if sentence.rstrip().endswith("?"):
            if kept:
                break
            continue
        if sentence.strip():
            kept.append(sentence)
    return "".join(kept).strip()


def _format_failure(text: str, core: str, context: AnswerContext, settings: DiagnosisSettings) -> Failure:
    if text in context.references:
        return _NONE
    for name, severity, found in _malformations(text, core, context, settings):
        if not any(_has(name, reference, context, settings) for reference in set(context.references)):
            return Failure(severity, found)
    return _NONE


def _has(name: str, reference: str, context: AnswerContext, settings: DiagnosisSettings) -> bool:
    """Whether a reference has the same trait, so that it is no error."""
    return any(name == other for other, _, _ in _malformations(reference, reference, context, settings))


def _malformations(
    text: str, core: str, context: AnswerContext, settings: DiagnosisSettings
) -> Iterator[tuple[str, float, str]]:
    """What is wrong with the form of ``text``: name, severity and evidence."""
    marker = _MARKERS.search(text)
    if marker is not None:
        yield "marker", 1.0, f"a chat marker leaks: {marker.group()}"
    turn = _ROLE.search(text)
    if turn is not None:
        yield "turn", 1.0, f'the name of a turn leaks: "{turn.group().strip()}"'
    if _WRAPPED.search(text) is not None:
        yield "wrapped", 1.0, f"wrapped in code: {quoted(text)}"
    loop = _loop(text, settings.repeats)
    if loop is not None:
        yield "loop", 1.0, f"goes round in a loop: {quoted(loop)}"
    question = next((part for part in _SENTENCE.findall(text) if part.rstrip().endswith("?")), None)
    if question is not None:
        yield "question", 1.0, f"asks itself: {quoted(question)}"
    words, limit = word_count(text), _word_limit(context, settings)
    if words > limit:
        yield "verbose", 1 - limit / words, f"{words} words, where the longest reference has {context.most_words}"


def _word_limit(context: AnswerContext, settings: DiagnosisSettings) -> float:
    return settings.verbose_factor * context.most_words + settings.verbose_extra


@lru_cache(maxsize=1 << 14)
def _loop(text: str, repeats: int) -> str | None:
    """The words that come ``repeats`` times on end (one or two words: once more), or the letters of one word that do so
    five times (one letter: ten times); None where nothing does."""
    words = text.lower().split()
    for period in range(1, min(_MOST_PERIOD, len(words) // 2) + 1):
        needed = period * ((repeats if period > 2 else repeats + 1) - 1)
        run = 0
        for place in range(period, len(words)):
            run = run + 1 if words[place] == words[place - period] else 0
            if run >= needed:
                return " ".join(words[place - period + 1 : place + 1])
    letters = _LETTERS_IN_A_LOOP.search(text) if len(text) >= _SHORTEST_LOOP else None
    return letters.group()[:20] if letters is not None else None


def _is_right(core: str, context: AnswerContext, settings: DiagnosisSettings) -> bool:
    if normalised_answer(core) in context.opinions:
        return True
    if context.said_yes_or_no:
        return _polarity(core, context) in context.said_yes_or_no
    if context.numbers:
        number = _number(core, context)
        if number is not None:
            return number in context.numbers
    if _denial(core, context):
        return False
    words = content_words(core)
    return any(all(is_alike_any(form, words) for form in key) for key in context.keys)


def _denial(core: str, context: AnswerContext) -> str:
    """How the answer denies what the references say ("no flag", where there is one), or affirms what they deny, in
    words; empty where it does neither."""
    denied = [is_negated(reference) for reference in context.references]
    if all(denied):
        return "" if is_negated(core) else "affirms what the reference denies"
    if any(denied):
        return ""
    said = core.lower()
    places = [said.find(word) for key in context.keys for word in key.values() if word in said]
    clause = re.split(r"[,.;:!?\n]", said[: min(places)])[-1] if places else ""
    return "denies what the reference says" if is_negated(clause) else ""


def _polarity(core: str, context: AnswerContext) -> str | None:
    """What an answer to a yes or no question says: yes or no, or a sentence about what is asked, negated or not."""
    # "there is no information" is no "no"
    said = yes_or_no(core.split()[0] if abstains(core) else core)
    if said is not None or abstains(core):
        return said
    if is_negated(core):
        return "no"
    return "yes" if any(form in context.asked for form in content_words(core)) else None


def _number(core: str, context: AnswerContext) -> float | None:
    """The one number that an answer to "how many" gives; 0 for "no shrubs"."""
    number = parsed_number(core)
    if number is None and is_negated(core) and not any(form[0].isdigit() for form in content_words(core)):
        return 0.0
    return number


def _agreeing(core: str, context: AnswerContext) -> int:
    """How many references give this answer."""
    words, plain = content_words(core), normalised_answer(core)
    return sum(
        count
        for text, count in context.opinions.items()
        if text == plain or all(form in words for form in content_words(text))
    )


def _content_failures(
    core: str, right: bool, context: AnswerContext, settings: DiagnosisSettings
) -> tuple[Failure, Failure]:
    """Hallucination and incomplete answer."""
    invented = _invented_objects(core, context)
    if context.said_yes_or_no and not right:
        said = _polarity(core, context)
        if said is None:
            return invented, Failure(1.0, f"says neither yes nor no; the reference says {context.shown_reference}")
        return Failure(1.0, f'says "{said}", the reference says {context.shown_reference}'), _NONE
    number = _number(core, context) if context.numbers else None
    if number is not None and not right:
        return Failure(1.0, f"says {number:g}, the reference says {context.shown_reference}"), _NONE
    if context.said_yes_or_no or (context.numbers and right):
        return invented, _NONE

    denial = "" if right else _denial(core, context)
    if denial:
        return Failure(1.0, f"{denial}: {context.shown_reference}"), _NONE
    words = content_words(core)
    own = {form: word for form, word in words.items() if form not in context.asked}
    unsupported = _unsupported_words(core, context)
    missing_of = [[word for form, word in key.items() if not is_alike_any(form, words)] for key in context.keys]
    best = min(range(len(missing_of)), key=lambda place: len(missing_of[place]) / len(context.keys[place]))
    key, missing = context.keys[best], missing_of[best]
    most_unsupported, most_missing = context.leeway
    is_further = len(unsupported) > most_unsupported * len(own) or len(unsupported) == len(own)
    if right:
        # a short reference does not tell what else there is
        is_too_much = len(unsupported) > len(missing) and len(key) >= settings.detailed_words
        if not (is_too_much and is_further):
            return invented, _NONE
        return _larger(invented, _unsupported(unsupported, own, context)), _NONE
    chosen = [words[form] for form in _alternatives(context.question) if form in words and form not in key]
    if not own and chosen:
        return Failure(1.0, f"chooses {_listed(chosen)}, the reference says {context.shown_reference}"), _NONE
    hallucination, incomplete = invented, _NONE
    holds_nothing = len(missing) == len(key)
    is_wrong = holds_nothing or len(unsupported) >= settings.unsupported_share * len(own)
    is_too_much = len(unsupported) > len(missing) and len(key) >= settings.detailed_words
    if unsupported and (is_wrong or is_too_much) and is_further:
        hallucination = _larger(invented, _unsupported(unsupported, own, context))
    lacking = len(missing) - len(unsupported)
    is_gap = lacking > 0 and lacking >= settings.missing_share * len(key) and len(missing) > most_missing * len(key)
    if is_gap and not (holds_nothing and unsupported):
        incomplete = Failure(
            len(missing) / len(key), f"lacks {_listed(missing)} of the reference {quoted(context.references[best])}"
        )
    return hallucination, incomplete


def _share_not_in(forms: Collection[str], others: Collection[str]) -> float:
    return sum(not is_alike_any(form, others) for form in forms) / len(forms)


def _unsupported_words(core: str, context: AnswerContext) -> list[str]:
    """The words of the answer that nothing beside the picture speaks for."""
    words = content_words(core)
    return [word for form, word in words.items() if not is_alike_any(form, context.supported)]


def _unsupported(words: list[str], own: Mapping[str, str], context: AnswerContext) -> Failure:
    return Failure(
        len(words) / len(own),
        f"says {_listed(words)}, in no {context.sources}; the reference says {context.shown_reference}",
    )


def _invented_objects(core: str, context: AnswerContext) -> Failure:
    """Objects that the answer names and nothing speaks for."""
    if not context.objects:
        return _NONE
    spoken = " . ".join((*context.references, context.question, context.captions, *context.boxes))
    affirmed = " . ".join(part for part in _SENTENCE.findall(core) if not is_negated(part))
    named = _objects_in(affirmed, context.objects)
    there = _objects_in(spoken, context.objects)
    invented = [name for name in named if name not in there]
    if not invented:
        return _NONE
    return Failure(len(invented) / len(named), f"names {_listed(invented)}, which no {context.sources} speaks of")


@lru_cache(maxsize=1 << 14)
def _objects_in(text: str, objects: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[str, ...]:
    """The known objects that ``text`` names, by any of their names."""
    if not text.strip(" ."):
        return ()
    forms = f" {' '.join(content_words(text))} "
    return tuple(
        name for name, names in objects if any(f" {' '.join(content_words(other))} " in forms for other in names)
    )


def _larger(one: Failure, other: Failure) -> Failure:
    return one if one.severity >= other.severity else other


def _alternatives(question: str) -> tuple[str, ...]:
    """The words on either side of "or" in a question, in the form in which they are compared."""
    before, found, after = question.partition(" or ")
    if not found or not before.strip() or not after.strip():
        return ()
    return list(content_words(before))[-1], next(iter(content_words(after)))


def _listed(words: list[str]) -> str:
    shown = ", ".join(f'"{word}"' for word in words[:_QUOTED_WORDS])
    return f"{shown} and {len(words) - _QUOTED_WORDS} more" if len(words) > _QUOTED_WORDS else shown


def quoted(text: str) -> str:
    """``text`` on one line between quotation marks, cut to about 60 characters."""
    words = " ".join(text.split())
    return f'"{words[:60]}…"' if len(words) > 61 else f'"{words}"'
