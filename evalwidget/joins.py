"""Which specimen each record of a step is about: by what it is called, or by its place among the records."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evalwidget.errors import JoinError, UnknownNameError
from evalwidget.labels import folded
from evalwidget.metrics.text import normalised_answer
from evalwidget.records import BoxRows, Records, Reference, ReferencesById, distinct_references
from evalwidget.specimens import METHODS, SpecimenIndex, Specimens

__all__ = ["Joined", "OrderedRecords", "checked_method", "first_few", "joined_records", "with_phrases"]


@dataclass(frozen=True, slots=True)
class Joined:
    """``owner`` ``(r,)`` is the specimen of each record, -1 for none. ``methods`` counts the records by what they were
    found by, a key of ``specimens.METHODS``. ``questions`` and ``phrases`` are those that a record is about because of
    its place, by the record's. ``lost`` says why a record found no specimen, ``notes`` what a reader should know."""

    owner: NDArray[np.int64]
    methods: dict[str, int]
    questions: dict[int, int] = field(default_factory=dict)
    phrases: dict[int, str] = field(default_factory=dict)
    lost: str = ""
    notes: list[str] = field(default_factory=list)


class OrderedRecords:
    """The records that predictions are taken beside, one by one, where they are joined by order.

    ``owner`` ``(r,)`` is the specimen of each record; ``whose`` names them in messages. Rows of ``questions`` are those
    of ``tables.Questions``.
    """

    def __init__(self, records: Records, owner: NDArray[np.int64], whose: str) -> None:
        self.references = records.references
        self.owner = owner
        self.whose = whose
        self._records = records

    @cached_property
    def question_owner(self) -> list[int]:
        """The record of each question, in the order of the source."""
        return [row.owner for row in self._records.questions]

    @cached_property
    def question_rows(self) -> list[int]:
        """The row in ``tables.Questions`` of each question, in the order of the source."""
        order = np.argsort(self.owner[self.question_owner], kind="stable") if self.question_owner else np.empty(0, int)
        return [int(row) for row in np.argsort(order, kind="stable")]

    @cached_property
    def question_texts(self) -> list[str]:
        return [row.question for row in self._records.questions]

    @cached_property
    def questions(self) -> list[list[int]]:
        """The places of each record's questions."""
        found: list[list[int]] = [[] for _ in self.references]
        for place, owner in enumerate(self.question_owner):
            found[owner].append(place)
        return found

    @cached_property
    def phrases(self) -> list[list[str]]:
        """Each record's phrases."""
        labels, stated = _labels(self._records), _stated_phrases(self._records)
        return [list(dict.fromkeys(ours + theirs)) for ours, theirs in zip(labels, stated, strict=True)]


def checked_method(join: str | None) -> str | None:
    """``join``, which must be one of ``METHODS``. Raises ``UnknownNameError``."""
    if join is not None and join not in list(METHODS):
        raise UnknownNameError(f"join {join!r}: expected one of {', '.join(METHODS)}")
    return join


def joined_records(
    records: Records, index: SpecimenIndex, specimens: Specimens, ordered: OrderedRecords, join: str | None
) -> Joined:
    """The specimen of each record. ``join`` demands a method; without it, what a record is called decides, and
    records that are called nothing are taken in their order. Raises ``JoinError`` where that would be a guess."""
    references = records.references
    by_id = isinstance(references, ReferencesById)
    distinct, which = distinct_references(references)
    nameless = 0 if by_id else sum(reference.is_nameless for reference in distinct)
    if join == "order" or (join is None and nameless):
        one_by_one = _by_order(records, specimens, ordered)
        if join == "order":
            return one_by_one
        _check_named(references, index, specimens, one_by_one.owner)
        note = f"{nameless:,} records name no image: taken one by one with those of {ordered.whose}"
        return replace(one_by_one, notes=[note])
    owner, by = index.find_all(distinct, join)
    times = np.bincount(which, minlength=len(distinct)).tolist()
    counts: Counter[str | None] = Counter()
    for method, count in zip(by, times, strict=True):
        counts[method] += count
    if join not in ("name", "stem") and not by_id:
        index.check_one_path_each(distinct, owner.tolist())
    notes = _two_faced(distinct, times, by, owner, index, specimens) if join is None else []
    notes += _other_folders(distinct, times, by, owner, index, specimens)
    lost = f"no specimen of this {METHODS[join] if join else 'id, path, file name or stem'}"
    if references and counts[None] == len(references):
        hint = ""
        if len(references) == len(ordered.references):
            hint = f"; {ordered.whose} has as many records: join='order' takes them one by one"
            lost += "; join='order' takes the records one by one"
        names = first_few([reference.shown for reference in references[:4]])
        known = first_few(specimens.identifiers)
        notes.append(f"none of {len(references):,} records ({names}) found a specimen ({known}){hint}")
    methods = {method: counts[method] for method in METHODS if counts[method]}
    return Joined(owner[which], methods, lost=lost, notes=notes)


def first_few(names: Sequence[str], count: int = 3) -> str:
    """The first names for a message."""
    return ", ".join(f"{name:.60}" for name in names[:count]) + (", …" if len(names) > count else "")


def with_phrases(parts: Sequence[BoxRows], phrases: Mapping[int, str]) -> list[BoxRows]:
    """``parts`` with the phrase of their record where boxes have no label; ``phrases`` by record."""
    if not phrases:
        return list(parts)
    found = []
    for part in parts:
        names, label = list(part.label_names), part.label.copy()
        places = {name: place for place, name in enumerate(names)}
        for row in np.flatnonzero(label < 0):
            phrase = phrases.get(int(part.owner[row]))
            if phrase is None:
                continue
            if phrase not in places:
                places[phrase] = len(names)
                names.append(phrase)
            label[row] = places[phrase]
        found.append(replace(part, label=label, label_names=names))
    return found


def _by_order(records: Records, specimens: Specimens, ordered: OrderedRecords) -> Joined:
    references = records.references
    count = len(references)
    asked: list[list[int]]
    if count in (0, len(ordered.references)):
        places, asked = list(range(count)), ordered.questions
    elif count == len(ordered.question_owner):
        places, asked = ordered.question_owner, [[place] for place in range(count)]
    else:
        questions = f" with {len(ordered.question_owner):,} questions" if ordered.question_owner else ""
        raise JoinError(
            f"{references[0].where}: {count:,} records to take one by one, {ordered.whose} has "
            f"{len(ordered.references):,}{questions}: expected as many"
        )
    _check_questions(records, ordered, places, asked, specimens)
    _check_phrases(records, ordered, places, specimens)
    phrases = ordered.phrases
    return Joined(
        ordered.owner[np.array(places, np.int64)],
        {"order": count} if count else {},
        {place: ordered.question_rows[asked[place][0]] for place in range(count) if len(asked[place]) == 1},
        {place: phrases[at][0] for place, at in enumerate(places) if len(phrases[at]) == 1},
    )


def _check_questions(
    records: Records, ordered: OrderedRecords, places: list[int], asked: list[list[int]], specimens: Specimens
) -> None:
    """Raise ``JoinError`` where a record answers another question than the one in its place asks. A prompt may have
    more words around the question."""
    for answer in records.answers:
        texts = [ordered.question_texts[place] for place in asked[answer.owner]]
        ours, theirs = folded(answer.question or ""), [folded(text) for text in texts]
        if ours and all(theirs) and theirs and not any(ours in text or text in ours for text in theirs):
            raise _disagreement(answer.where, str(answer.question), texts[0], places[answer.owner], ordered, specimens)


def _check_phrases(records: Records, ordered: OrderedRecords, places: list[int], specimens: Specimens) -> None:
    """Raise ``JoinError`` where a record is about another phrase than the one in its place. A label of boxes may be the
    model's own words, so it counts only where exactly one other record asks for it."""
    known = [{normalised_answer(name) for name in names} for names in ordered.phrases]
    askings = Counter(name for names in known for name in names)
    for owner, (stated, labels) in enumerate(zip(_stated_phrases(records), _labels(records), strict=True)):
        ours, theirs = stated or labels, known[places[owner]]
        if len(ours) != 1 or not theirs:
            continue
        name = normalised_answer(ours[0])
        if name not in theirs and (stated or askings[name] == 1):
            phrase, where = ordered.phrases[places[owner]][0], records.references[owner].where
            raise _disagreement(where, ours[0], phrase, places[owner], ordered, specimens)


def _disagreement(
    where: str, ours: str, theirs: str, place: int, ordered: OrderedRecords, specimens: Specimens
) -> JoinError:
    return JoinError(
        f"{where}: joined by order, but it is about {ours!r:.80}, and record {place + 1} of {ordered.whose} "
        f"({specimens.identifiers[ordered.owner[place]]}) about {theirs!r:.80}"
    )


def _check_named(references: Sequence[Reference], index: SpecimenIndex, specimens: Specimens, owner: NDArray) -> None:
    """Raise ``JoinError`` where a record among nameless ones names another specimen than the one in its place."""
    for reference, place in zip(references, owner.tolist(), strict=True):
        found = None if reference.is_nameless else index.find(reference)
        if found is not None and found[0] != place:
            raise JoinError(
                f"{reference.where}: {reference.shown!r} stands where {specimens.identifiers[place]!r} does in the "
                "ground truth, and other records have no name; name all, or pass join='order'"
            )


def _two_faced(
    references: Sequence[Reference],
    times: Sequence[int],
    methods: Sequence[str | None],
    owner: NDArray[np.int64],
    index: SpecimenIndex,
    specimens: Specimens,
) -> list[str]:
    """A note about ids, each of so many records, that are the file names of other specimens. Raises ``JoinError`` where
    other records of the step are found by file name alone, so that all of them may be file names."""
    if not index.two_faced:
        return []
    doubtful = [
        (reference, row, index.two_faced[reference.shown, row], count)
        for reference, count, method, row in zip(references, times, methods, owner.tolist(), strict=True)
        if method == "id" and (reference.shown, row) in index.two_faced
    ]
    if not doubtful:
        return []
    reference, row, other, _ = doubtful[0]
    names = specimens.identifiers
    by_name = [found for found, method in zip(references, methods, strict=True) if method in ("name", "stem")]
    if by_name:
        raise JoinError(
            f"{reference.where}: {reference.shown!r} is the id of {names[row]!r} and the file name of "
            f"{names[other]!r}, and other records, such as {by_name[0].shown!r}, are found by file name alone; say "
            "which with join='id' or join='stem'"
        )
    ids = sum(count for *_, count in doubtful)
    return [
        f"{ids:,} ids are the file names of other specimens ({reference.shown!r} is the id of "
        f"{names[row]!r} and may mean {names[other]!r}): taken as ids; join='stem' takes them as file names"
    ]


def _other_folders(
    references: Sequence[Reference],
    times: Sequence[int],
    methods: Sequence[str | None],
    owner: NDArray[np.int64],
    index: SpecimenIndex,
    specimens: Specimens,
) -> list[str]:
    """A note about images, each of so many records, that were found by their file name and stand in another folder."""
    if not {"name", "stem"}.intersection(methods):
        return []
    moved = [
        (reference, row, count)
        for reference, count, method, row in zip(references, times, methods, owner.tolist(), strict=True)
        if method in ("name", "stem") and index.disagrees_on_folder(reference, row)
    ]
    if not moved:
        return []
    reference, row, _ = moved[0]
    images = sum(count for *_, count in moved)
    return [
        f"{images:,} images were found by their file name in another folder "
        f"({reference.shown!r} taken for {specimens.images[row]!r})"
    ]


def _labels(records: Records) -> list[list[str]]:
    """The labels of each record's boxes, each once."""
    found: list[dict[str, None]] = [{} for _ in records.references]
    for part in records.boxes:
        for owner, label in np.unique(np.column_stack([part.owner, part.label]), axis=0).tolist():
            if label >= 0:
                found[owner][part.label_names[label]] = None
    return [list(names) for names in found]


def _stated_phrases(records: Records) -> list[list[str]]:
    """The phrases that each record says it is about."""
    found: list[list[str]] = [[] for _ in records.references]
    for row in records.phrases:
        if row.phrase:
            found[row.owner].append(row.phrase)
    return found
