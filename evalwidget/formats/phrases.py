"""The phrases of a ground truth source, put together image by image."""

from collections.abc import Iterable
from typing import Any

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.records import BoxRowsBuilder, PhraseRow, Records

__all__ = ["PhraseBuilder"]


class PhraseBuilder:
    """Collects phrases with their boxes, several boxes to a phrase or none.

    Annotators describe one object of an image in the same words, and captions of one image share phrases: each record's
    is an item of its own, by ``item`` where the source gives one, and a box that a phrase of an image has already is
    not added again. What one record says of a phrase, a box at a time, is put together.
    """

    def __init__(self, records: Records, convention: Convention) -> None:
        self._records = records
        self._builder = BoxRowsBuilder(convention, strict=True)
        self._items: dict[tuple[str, str], dict[int | str, str]] = {}
        self._boxes: set[tuple[Any, ...]] = set()

    def add(
        self,
        owner: int,
        phrase: str,
        boxes: Iterable[tuple[str, Any]],
        where: str,
        *,
        item: str | None = None,
    ) -> None:
        """Add a phrase of the image that reference ``owner`` names; ``boxes`` come with where each stands. Raises
        ``FormatError`` for an ``item`` that was added before."""
        reference = self._records.references[owner]
        image = reference.specimen or reference.image or reference.source_id or f"{owner}"
        items = self._items.setdefault((image, phrase), {})
        key = owner if item is None else item
        if key not in items:
            items[key] = item or (phrase if not items else f"{phrase} ({len(items) + 1})")
            self._records.add_phrase(PhraseRow(owner, where, items[key], phrase))
        elif item is not None:
            raise FormatError(where, f"the same item twice: {phrase!r:.60} with the identifier {item} stands before it")
        for at, values in boxes:
            values = values.tolist() if hasattr(values, "tolist") else values
            if isinstance(values, (list, tuple)) and all(isinstance(value, (int, float)) for value in values):
                if (image, phrase, *values) in self._boxes:
                    continue
                self._boxes.add((image, phrase, *values))
            self._builder.add(owner, phrase, values, at, item=items[key])

    def done(self) -> None:
        """Hand all boxes to the records."""
        self._records.boxes.append(self._builder.rows())
