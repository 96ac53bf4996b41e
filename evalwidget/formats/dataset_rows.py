"""Rows of a dataset of questions: which image each is about, what is asked there, and what is answered."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.image_cells import ImageCell, image_cell
from evalwidget.formats.json_source import field
from evalwidget.formats.reference_answers import listed_text, reference_answers
from evalwidget.records import Records, Reference

__all__ = [
    "IMAGES",
    "ITEMS",
    "QUESTIONS",
    "RowImages",
    "first_of",
    "identity",
    "item_of",
    "question_of",
    "references_of",
]

#: Fields that hold a row's image or its path, in the order in which they are asked for.
IMAGES: Final = (
    "image",
    "images",
    "image_path",
    "img_path",
    "file_name",
    "filename",
    "imgname",
    "imagename",
    "image_filename",
    "image_local_name",
)
#: Fields that name an image by an id.
_SOURCE_IDS: Final = ("image_id", "imageId", "img_id")
#: Fields that name a question.
ITEMS: Final = ("item", "question_id", "questionId", "id", "index")
QUESTIONS: Final = ("question", "query", "text")
_REFERENCES: Final = ("answers", "direct_answers", "answer", "label", "captions", "caption")


class RowImages:
    """Adds the references of rows to ``records``, and the images that the rows hold themselves."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._contents: dict[str, int] = {}

    def add(
        self, row: Mapping[str, Any], where: str, number: int, *, name: str | None = None, annotated: bool = True
    ) -> int:
        """The place of a new reference to the image of a row; ``number`` is the row's, from 0, and ``name`` the name
        of an image that the row does not name itself."""
        found = next((cell for key in IMAGES if (cell := image_cell(row.get(key), where, key)) is not None), None)
        image = found.path if isinstance(found, ImageCell) else found
        source_id = identity(row, _SOURCE_IDS, where)
        specimen = None
        if isinstance(found, ImageCell) and image and self._contents.setdefault(image, found.content) != found.content:
            # a path that several images share names none of them
            specimen, image = f"{image} (row {number})", None
        if not image and source_id is None and specimen is None:
            specimen = name if name is not None else f"row {number}"
        reference = Reference(
            where,
            specimen=specimen,
            image=image or None,
            source_id=source_id,
            width=_length(row, "width", where),
            height=_length(row, "height", where),
            annotated=annotated,
            row=number,
        )
        self._records.add_reference(reference)
        if isinstance(found, ImageCell):
            self._records.images.setdefault(reference.shown, found.load)
        return len(self._records.references) - 1


def first_of(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The value under the first of ``names`` that the row has."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def identity(row: Mapping[str, Any], names: Iterable[str], where: str) -> str | None:
    """The id under the first of ``names`` that the row has, as text: 7, 7.0 and "7" are one. Raises ``FormatError``."""
    for name in names:
        value = row.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise FormatError(where, f"{name}: expected an id, got {value!r:.60}")
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() else str(value)
        return str(value)
    return None


def item_of(row: Mapping[str, Any], where: str) -> str | None:
    """The id of the row's question."""
    return identity(row, ITEMS, where)


def question_of(row: dict[str, Any], where: str) -> str:
    """What a row asks, with the options A, B, C … where it has columns of these names."""
    name = next((name for name in QUESTIONS if row.get(name) is not None), QUESTIONS[0])
    question = str(field(row, name, str, where) or "")
    options = []
    for letter in map(chr, range(ord("A"), ord("Z") + 1)):
        text = row.get(letter)
        if text is None or text == "":
            break
        options.append(f"{letter}. {text}")
    return "\n".join([question, *options])


def references_of(row: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """The reference answers of a row, with duplicates; a number, where there are ``choices``, is the place of one."""
    choices = listed_text(row.get("choices"), where, "choices")
    for name in _REFERENCES:
        value = row.get(name)
        if value is None:
            continue
        if name in ("answer", "label") and isinstance(value, int) and isinstance(choices, list):
            return _choice(choices, value, where, name)
        plural = name in ("answers", "direct_answers", "captions")
        return reference_answers(listed_text(value, where, name) if plural else value, where, name)
    place = row.get("correct_choice_idx")
    if place is not None and isinstance(choices, list):
        return _choice(choices, place, where, "correct_choice_idx")
    return reference_answers(row.get("multiple_choice_answer"), where, "multiple_choice_answer")


def _choice(choices: list[Any], place: Any, where: str, name: str) -> tuple[str, ...]:
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(choices):
        raise FormatError(where, f"{name}: expected the place of one of {len(choices)} choices, got {place!r:.60}")
    return (str(choices[place]),)


def _length(row: Mapping[str, Any], name: str, where: str) -> float | None:
    """A width or height; a cell of CSV is text."""
    value = row.get(name)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise FormatError(where, f"{name}: expected a number, got {value!r:.60}") from None
    return None if value is None else float(field({name: value}, name, (int, float), where))
