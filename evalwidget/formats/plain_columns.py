"""Plain JSONL of the usual shapes: boxes decoded into columns without a Python object kept for any, and questions.

The shapes are those of ``docs/run-folder.md``: a line for each image with ``boxes`` or with ``phrases``, a line for
each box, and a line for each question, with an answer. All lines of a file are to be of one shape, and every box good;
any other file is left to ``plain``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, compress
from math import nan
from operator import attrgetter
from typing import Annotated, Any, Final, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import LARGEST, Convention, corners_and_size
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.json_columns import Four, four_numbers, numbers
from evalwidget.formats.json_lines import LineBlock, OtherShapeError, blocks_of_lines
from evalwidget.formats.json_source import Source
from evalwidget.formats.plain_reference import REFERENCE_FIELDS, add_reference
from evalwidget.records import AnswerRow, BoxRows, PhraseRow, QuestionRow, Records, Reference, ReferencesByLine

__all__ = ["regular_ground_truth", "regular_predictions"]


def regular_predictions(content: Content, convention: Convention) -> Records | None:
    """Records of a file of predictions, None where it is of another shape or any box has no use: then it is to be read
    line by line, with words about each."""
    return _regular_records(content, _BoxColumns(convention, of_truth=False))


def regular_ground_truth(content: Content, convention: Convention) -> Records | None:
    """Records of a file of ground truth, None where ``regular_predictions`` would be."""
    return _regular_records(content, _BoxColumns(convention, of_truth=True))


def _regular_records(content: Content, columns: "_BoxColumns") -> Records | None:
    source, first = content.lines, content.first
    if source is None:
        return None
    try:
        if "boxes" in first and "phrase" not in first:
            return _images_with_boxes(source, columns)
        if "phrases" in first:
            return _images_with_phrases(source, columns)
        if "box" in first:
            name, label = ("image" if "image" in first else "specimen"), ("phrase" if "phrase" in first else "label")
            return _boxes_of_images(source, columns, name, label)
        if "question" in first and ("answer" in first or "answers" in first):
            return _questions_of_images(source, columns)
    except (OtherShapeError, FormatError):
        # whatever is wrong is to be said in the order of the lines
        pass
    return None


def _decoder(*fields: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(_struct(*fields))


def _list_of(*fields: Any) -> Any:
    return list[_struct(*fields)]  # type: ignore[misc]


def _struct(*fields: Any) -> Any:
    return msgspec.defstruct("Record", fields, forbid_unknown_fields=True, kw_only=True, gc=False)


_LARGEST_WHOLE: Final = 2**53
_NAME: Final[Any] = str | Annotated[int, msgspec.Meta(ge=-_LARGEST_WHOLE, le=_LARGEST_WHOLE)]
_IMAGE: Final[Any] = [(name, Any, None) for name in REFERENCE_FIELDS]
_BOX: Final[Any] = [("label", _NAME), ("box", Four), ("score", float, nan)]
_PHRASE: Final[Any] = [("phrase", str), ("boxes", list[Four]), ("scores", list[float] | None, None)]
#: What few files have; where one does not, nothing is asked for it.
_RARE_OF_BOX: Final[Any] = [("item", _NAME | None, None), ("area", float, nan), ("crowd", bool, False)]
_RARE_OF_PHRASE: Final[Any] = [("item", _NAME | None, None), ("score", float, nan)]
_WAYS: Final[Any] = [([("image", str)], False), (_IMAGE, False), (_IMAGE, True)]
_BOXES: Final = [
    _decoder(*image, ("boxes", _list_of(*_BOX, *(_RARE_OF_BOX if has_rare else [])))) for image, has_rare in _WAYS
]
_PHRASES: Final = [
    _decoder(*image, ("phrases", _list_of(*_PHRASE, *(_RARE_OF_PHRASE if has_rare else []))))
    for image, has_rare in _WAYS
]
_QUESTION: Final[Any] = [("question", str), ("answer", str | None, None)]
_ITEM: Final[Any] = [("item", _NAME | None, None)]
_REFERENCES: Final[Any] = [("answers", list[str] | None, None)]
_ANSWERS: Final = [_decoder(*image, *_QUESTION, *_ITEM) for image in (_WAYS[0][0], _IMAGE)]
_QUESTIONS: Final = [_decoder(*image, *_QUESTION, *_ITEM, *_REFERENCES) for image in (_WAYS[0][0], _IMAGE)]
_image_of = attrgetter(*REFERENCE_FIELDS)


@cache
def _lines_of_boxes(name: str, label: str) -> "list[msgspec.json.Decoder[Any]]":
    kinds: dict[str, Any] = {"image": str, "specimen": _NAME, "phrase": str, "label": _NAME}
    fields = [(name, kinds[name]), (label, kinds[label]), *_BOX[1:]]
    return [_decoder(*fields), _decoder(*fields, _RARE_OF_BOX[0])]


def _images_with_boxes(source: Source, columns: "_BoxColumns") -> Records:
    records = Records()
    for block in blocks_of_lines(source, _BOXES):
        owner = _add_images(records, source, block)
        held = [record.boxes for record in block.records]
        boxes = list(chain.from_iterable(held))
        columns.add(
            np.repeat(owner, [len(each) for each in held]),
            columns.labels.places([box.label for box in boxes]),
            [box.box for box in boxes],
            score=numbers([box.score for box in boxes]),
            item=_items(boxes),
            area=None if (area := _rare(boxes, "area")) is None else numbers(area),
            crowd=None if (crowd := _rare(boxes, "crowd")) is None else np.array(crowd, np.bool_),
        )
    records.boxes = [columns.rows()]
    return records


def _images_with_phrases(source: Source, columns: "_BoxColumns") -> Records:
    records, phrase_columns = Records(), _PhraseColumns()
    for block in blocks_of_lines(source, _PHRASES):
        owner = _add_images(records, source, block)
        held = [record.phrases for record in block.records]
        each = np.array([len(phrases) for phrases in held], np.int64)
        phrases = list(chain.from_iterable(held))
        fours = [phrase.boxes for phrase in phrases]
        counts = [len(boxes) for boxes in fours]
        words, item = [phrase.phrase for phrase in phrases], _items(phrases)
        owner = np.repeat(owner, each)
        place = np.arange(len(phrases)) - np.repeat(np.cumsum(each) - each, each)
        phrase_columns.add(owner, place, words, item)
        item = columns.phrase_items(words, item)
        times = np.array(counts, np.int64)
        boxed = words if times.all() else list(compress(words, counts))
        columns.add(
            np.repeat(owner, times),
            np.repeat(columns.labels.places(boxed), times[times > 0]),
            list(chain.from_iterable(fours)),
            score=_scores(phrases, counts),
            item=None if item is None else np.repeat(item, times),
        )
    records.boxes = [columns.rows()]
    records.phrases = phrase_columns.rows(records.references)
    return records


def _boxes_of_images(source: Source, columns: "_BoxColumns", name: str, label: str) -> Records:
    images, phrase_columns = _Names(), _PhraseColumns()
    image: list[NDArray[np.int32]] = []
    line: list[NDArray[np.int64]] = []
    count = 0
    for block in blocks_of_lines(source, _lines_of_boxes(name, label)):
        boxes = block.records
        words, item = list(map(attrgetter(label), boxes)), _items(boxes)
        owner = np.arange(count, count + len(boxes))
        if label == "phrase":
            phrase_columns.add(owner, None, words, item)
            item = columns.phrase_items(words, item)
        columns.add(
            owner,
            columns.labels.places(words),
            [box.box for box in boxes],
            score=numbers([box.score for box in boxes]),
            item=item,
        )
        image.append(images.places(list(map(attrgetter(name), boxes))))
        line.append(block.lines)
        count += len(boxes)
    references = _references_by_line(source, name, list(images), np.concatenate(image), np.concatenate(line))
    return Records(references, [columns.rows()], phrase_columns.rows(references))


def _questions_of_images(source: Source, columns: "_BoxColumns") -> Records:
    """A line for each question: with references where they are of ground truth, else with an answer."""
    records = Records(boxes=[columns.rows()])
    for block in blocks_of_lines(source, _QUESTIONS if columns.of_truth else _ANSWERS):
        owner = _add_images(records, source, block).tolist()
        for image, line in zip(owner, block.records, strict=True):
            where, item = records.references[image].where, None if line.item is None else str(line.item)
            if columns.of_truth:
                records.questions.append(QuestionRow(image, where, item, line.question, _references_of(line)))
            else:
                records.answers.append(AnswerRow(image, where, item, line.question, line.answer))
    return records


def _references_of(line: Any) -> tuple[str, ...]:
    if line.answers is not None:
        return tuple(line.answers)
    return () if line.answer is None else (line.answer,)


def _add_images(records: Records, source: Source, block: LineBlock[Any]) -> NDArray[np.int64]:
    """The places of the lines' images, which are put at the end of the references."""
    start = len(records.references)
    for line, record in zip(block.lines.tolist(), block.records, strict=True):
        where = f"{source.shown}:{line}"
        if hasattr(record, "specimen"):
            said = dict(zip(REFERENCE_FIELDS, _image_of(record), strict=True))
            add_reference(records, said, where, annotated=True)
        else:
            records.add_reference(Reference(where, image=record.image))
    return np.arange(start, len(records.references))


def _references_by_line(
    source: Source, field: str, names: list[Any], image: NDArray[np.int32], line: NDArray[np.int64]
) -> ReferencesByLine:
    first = np.empty(len(names), np.int64)
    first[image[::-1]] = line[::-1]
    named = [
        Reference(f"{source.shown}:{number}", **{field: str(name)})  # type: ignore[arg-type]
        for number, name in zip(first.tolist(), names, strict=True)
    ]
    return ReferencesByLine(source.shown, named, image.astype(np.int64), line)


def _scores(phrases: Sequence[Any], counts: list[int]) -> NDArray[np.float64]:
    """The scores of the boxes of phrases: a list of them, or one for all."""
    scores = [phrase.scores for phrase in phrases]
    if None in scores:
        given = _rare(phrases, "score") or [nan] * len(phrases)
        scores = [
            [score] * count if each is None else each for each, score, count in zip(scores, given, counts, strict=True)
        ]
    if [len(each) for each in scores] != counts:
        raise OtherShapeError
    return numbers(list(chain.from_iterable(scores)))


def _rare(structs: Sequence[Any], name: str) -> list[Any] | None:
    """A field of structs of one kind, None where they do not have it."""
    return [getattr(struct, name) for struct in structs] if structs and hasattr(structs[0], name) else None


def _items(structs: Sequence[Any]) -> NDArray[np.object_] | None:
    """The items of structs of one kind, None for one without; None where they have no such field."""
    found = _rare(structs, "item")
    return None if found is None else np.array([None if item is None else str(item) for item in found], np.object_)


class _Names(dict[Any, float]):
    """Names, numbered in order of first mention."""

    def __missing__(self, name: Any) -> float:
        self[name] = place = float(len(self))
        return place

    def places(self, names: Sequence[Any]) -> NDArray[np.int32]:
        return numbers(list(map(self.__getitem__, names))).astype(np.int32)


class _Columns:
    """Columns that grow by blocks of rows; a column that a block leaves out is filled with what is ``missing``."""

    def __init__(self, **missing: Any) -> None:
        self._missing = missing
        self._columns: dict[str, NDArray[Any]] = {}
        self._count = 0

    def add(self, count: int, **blocks: NDArray[Any] | None) -> None:
        end = self._count + count
        for name, block in blocks.items():
            if block is None and name not in self._columns:
                continue
            column = self._columns.get(name)
            if column is None:
                column = self._columns[name] = self._filled(name, self._count, block)
            if len(column) < end:
                # where there is room it grows in place, so that no number is there twice
                column.resize((max(end, len(column) * 5 // 4), *column.shape[1:]), refcheck=False)
            column[self._count : end] = self._missing[name] if block is None else block
        self._count = end

    def taken(self, name: str) -> NDArray[Any]:
        """A whole column, which is then left here no more."""
        column = self._columns.pop(name, None)
        if column is None:
            return self._filled(name, self._count, None)
        column.resize((self._count, *column.shape[1:]), refcheck=False)
        return column

    def _filled(self, name: str, count: int, like: NDArray[Any] | None) -> NDArray[Any]:
        missing = self._missing[name]
        if like is None:
            return np.full(count, missing)
        return np.full((count, *like.shape[1:]), missing, like.dtype)


class _BoxColumns:
    """Collects the boxes of one source, many at a time: those of ground truth have no score, and are called by their
    phrase; only they have areas and crowds. Raises ``OtherShapeError`` for a box that has no use."""

    def __init__(self, convention: Convention, *, of_truth: bool) -> None:
        self.convention = convention
        self.labels = _Names()
        self.of_truth = of_truth
        self._unread = ("score",) if of_truth else ("area", "crowd")
        self._columns = _Columns(
            owner=np.int64(0),
            label=np.int32(0),
            values=np.float64(nan),
            score=np.float64(nan),
            area=np.float64(nan),
            crowd=np.False_,
            item=None,
        )

    def add(
        self, owner: NDArray[np.int64], label: NDArray[np.int32], fours: list[Four], **others: NDArray[Any] | None
    ) -> None:
        values = four_numbers(fours)
        _, size = corners_and_size(values, Convention(self.convention.order), np.empty((0, 2)))
        if len(values) and not (values.min() >= -LARGEST and values.max() <= LARGEST and size.min() >= 0):
            raise OtherShapeError
        read = {name: column for name, column in others.items() if name not in self._unread}
        self._columns.add(len(values), owner=owner, label=label, values=values, **read)

    def phrase_items(self, words: list[str], item: NDArray[np.object_] | None) -> NDArray[np.object_] | None:
        """The items of the boxes of each phrase."""
        if not self.of_truth:
            return item
        names = words if item is None else [name or phrase for name, phrase in zip(item, words, strict=True)]
        return np.array(names, np.object_)

    def rows(self) -> BoxRows:
        """All boxes."""
        names = [str(name) for name in self.labels]
        label_names = list(dict.fromkeys(names))
        label = self._columns.taken("label")
        if len(label_names) < len(names):
            # 7 and "7" are one name
            places = {name: place for place, name in enumerate(label_names)}
            label = np.array([places[name] for name in names], np.int32)[label]
        taken = self._columns.taken
        return BoxRows(
            convention=self.convention,
            owner=taken("owner"),
            label=label,
            label_names=label_names,
            values=taken("values").reshape(-1, 4),
            score=taken("score"),
            area=taken("area"),
            crowd=taken("crowd"),
            state=np.zeros(len(label), np.uint8),
            item=taken("item"),
            defects={},
        )


class _PhraseColumns:
    """Collects the phrases of one source, many at a time."""

    def __init__(self) -> None:
        self._words = _Names()
        self._columns = _Columns(owner=np.int64(0), place=np.int64(-1), phrase=np.int32(0), item=None)

    def add(
        self, owner: NDArray[np.int64], place: NDArray[np.int64] | None, words: list[str], item: NDArray | None
    ) -> None:
        self._columns.add(len(owner), owner=owner, place=place, phrase=self._words.places(words), item=item)

    def rows(self, references: Sequence[Reference]) -> "_PhraseRows":
        taken = self._columns.taken
        return _PhraseRows(
            references,
            taken("owner"),
            taken("place"),
            taken("phrase"),
            taken("item"),
            list(self._words),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _PhraseRows(Sequence[PhraseRow]):
    """The phrases of a file, each made when it is asked for: ``phrase`` ``(n,)`` indexes ``words``, ``place`` ``(n,)``
    is that in the list of its line, -1 where a line is about one phrase, ``item`` ``(n,)`` None where it has none."""

    references: Sequence[Reference]
    owner: NDArray[np.int64]
    place: NDArray[np.int64]
    phrase: NDArray[np.int32]
    item: NDArray[np.object_]
    words: list[str]

    def __len__(self) -> int:
        return len(self.owner)

    @overload
    def __getitem__(self, row: int) -> PhraseRow: ...
    @overload
    def __getitem__(self, row: slice) -> list[PhraseRow]: ...
    def __getitem__(self, row: int | slice) -> PhraseRow | list[PhraseRow]:
        if isinstance(row, slice):
            return [self[each] for each in range(*row.indices(len(self)))]
        owner, words, place = int(self.owner[row]), self.words[self.phrase[row]], self.place[row]
        where = self.references[owner].where
        return PhraseRow(owner, where if place < 0 else f"{where}: phrases[{place}]", self.item[row] or words, words)
