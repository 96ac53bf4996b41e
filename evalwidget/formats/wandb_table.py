"""Weights & Biases tables: ``media/table/*.table.json`` with ``{"columns": […], "data": [[…], …]}``.

Text columns are read as rows of questions are. A cell that is an image file is the row's image, by its ``path``; its
``boxes`` are read where they stand in the table (``box_data``, or a list, as artifacts have it). A run's own table
refers to other files instead: then the run's folder ``files`` is to be given, which holds table and boxes. Of several
groups of boxes, ground truth is the one called after it, predictions are the one called after them.

A box has ``position`` (``minX, maxX, minY, maxY``, or ``middle, width, height``), in parts of the image unless
``domain`` is "pixel", and ``class_id`` (named by ``class_labels``), ``box_caption`` and ``scores``.

Source: the package wandb 0.31.0.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.dataset_rows import RowImages, item_of, question_of, references_of
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Row, Source, checked_object, field, read_json
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.question_rows import answer_of, has_answer
from evalwidget.records import AnswerRow, BoxRowsBuilder, QuestionRow, Records

__all__ = ["FORMATS"]

_SUFFIX: Final = ".table.json"
_TRUTHS: Final = ("truth", "gt", "target", "label")
_PREDICTIONS: Final = ("pred",)
_SCORES: Final = ("score", "confidence", "conf", "probability")


def _is_table(content: Content) -> bool:
    if content.is_folder:
        return bool(_tables(content.source))
    rows = content.fields.get("data")
    return isinstance(content.fields.get("columns"), list) and isinstance(rows, list) and _are_lists(rows[:1])


def _are_lists(rows: list[Any]) -> bool:
    return all(isinstance(row, list) for row in rows)


def _tables(folder: Source) -> list[Source]:
    """The tables in a run's folder of files."""
    media = _child(folder, "media")
    found = media and _child(media, "table")
    return [file for file in found.children() if file.shown.endswith(_SUFFIX)] if found and found.is_folder else []


def _child(folder: Source, name: str) -> Source | None:
    if not folder.is_folder:
        return None
    return next((child for child in folder.children() if child.shown.rpartition("/")[2] == name), None)


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records, boxes = Records(), _Boxes(content, strict=True, group=_TRUTHS)
    images = RowImages(records)
    for number, (where, row) in enumerate(_rows(content)):
        image = _image(row)
        question, references = question_of(row, where), references_of(row, where)
        held = boxes.of(image, where)
        name = item_of(row, where)
        owner = images.add(
            {**row, **_size(image), "image": (image or {}).get("path", row.get("image"))},
            where,
            number,
            name=name,
            annotated=bool(question or references) or held is not None,
        )
        if question or references:
            records.questions.append(QuestionRow(owner, where, name, question, references))
        for add in held or []:
            add(owner)
    records.boxes += boxes.rows()
    convention = records.boxes[-1].convention if records.boxes else Convention()
    return records, GroundTruthFacts("a W&B table", convention, task="object detection" if records.boxes else None)


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records, boxes = Records(), _Boxes(content, strict=False, group=_PREDICTIONS)
    images = RowImages(records)
    for number, (where, row) in enumerate(_rows(content)):
        image = _image(row)
        held = boxes.of(image, where)
        path = (image or {}).get("path", row.get("image"))
        owner = images.add({**row, "image": path}, where, number, name=item_of(row, where))
        if held is None or has_answer(row):
            answer = answer_of(row, where)
            item, question = item_of(row, where), question_of(row, where) or None
            records.answers.append(AnswerRow(owner, where, item, question, answer))
        for add in held or []:
            add(owner)
    records.boxes += boxes.rows()
    return records


def _rows(content: Content) -> Iterator[Row]:
    """The rows of a table by column name, without what is null."""
    if content.is_folder:
        tables = _tables(content.source)
        if len(tables) > 1:
            raise FormatError(content.shown, f"{len(tables)} tables; give one of {', '.join(t.shown for t in tables)}")
        content = content.of(tables[0])
    names = [str(name) for name in field(content.fields, "columns", list, content.shown) or []]
    for place, cells in enumerate(field(content.fields, "data", list, content.shown) or []):
        where = f"{content.shown}: data[{place}]"
        if not isinstance(cells, list) or len(cells) != len(names):
            raise FormatError(where, f"expected a list of {len(names)} cells, as in columns, got {cells!r:.60}")
        row = {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
        yield where, content.renamed(row)


def _image(row: dict[str, Any]) -> dict[str, Any] | None:
    """The row's cell that is an image file."""
    return next((c for c in row.values() if isinstance(c, dict) and c.get("_type") == "image-file"), None)


def _size(image: dict[str, Any] | None) -> dict[str, Any]:
    return {name: image[name] for name in ("width", "height") if name in image} if image else {}


class _Boxes:
    """Collects the boxes of a table's images, those in pixels apart from those in parts of the image."""

    def __init__(self, content: Content, *, strict: bool, group: tuple[str, ...]) -> None:
        self._folder = content.source if content.is_folder else None
        self._group = group
        self._builders = {
            scale: BoxRowsBuilder(Convention("xyxy", scale), strict=strict) for scale in ("fraction", "pixels")
        }

    def rows(self) -> list[Any]:
        return [builder.rows() for builder in self._builders.values() if len(builder)]

    def of(self, image: dict[str, Any] | None, where: str) -> list[Callable[[int], None]] | None:
        """What adds each box of an image to an owner; None where the image has no boxes to be asked for."""
        groups = field(image or {}, "boxes", dict, where) or {}
        named = [name for name in groups if any(mark in name.lower() for mark in self._group)]
        others = [name for name in groups if not any(m in name.lower() for m in (*_TRUTHS, *_PREDICTIONS))]
        names = named or (others if len(groups) == 1 else [])
        if not names:
            return None
        found: list[Callable[[int], None]] = []
        for name in names:
            at = f"{where}: boxes.{name}"
            held, labels = self._held(groups[name], at)
            for place, box in enumerate(held):
                found.append(self._adder(checked_object(f"{at}[{place}]", box), labels, f"{at}[{place}]"))
        return found

    def _held(self, group: Any, where: str) -> tuple[list[Any], dict[str, Any]]:
        """The boxes of a group and their classes' names, from the table or from the file that it names."""
        if isinstance(group, list):
            return group, {}
        group = checked_object(where, group)
        path = field(group, "path", str, where)
        if "box_data" not in group and path is not None:
            group = checked_object(path, read_json(self._file(path, where)))
        return field(group, "box_data", list, where) or [], field(group, "class_labels", dict, where) or {}

    def _file(self, path: str, where: str) -> Source:
        if self._folder is None:
            raise FormatError(where, f"the boxes are in {path}: give the run's folder 'files' instead of the table")
        found: Source | None = self._folder
        for name in path.replace("\\", "/").split("/"):
            found = found and _child(found, name)
        if found is None or found.is_folder:
            raise FormatError(where, f"path: no file {path!r} in {self._folder.shown}")
        return found

    def _adder(self, box: dict[str, Any], labels: dict[str, Any], where: str) -> Callable[[int], None]:
        builder = self._builders["pixels" if box.get("domain") == "pixel" else "fraction"]
        values = _corners(field(box, "position", dict, where) or {}, where)
        label, score = _label(box, labels, where), _score(box, where)
        return lambda owner: builder.add(owner, label, values, where, score=score)


def _corners(position: dict[str, Any], where: str) -> Any:
    """x1 y1 x2 y2 as the builder checks them."""
    if "middle" in position:
        middle = field(position, "middle", list, where) or []
        width, height = (field(position, name, (int, float), where) for name in ("width", "height"))
        numbers = [*middle, width, height]
        if len(numbers) != 4 or not all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
            return numbers
        x, y = middle
        return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    return [position.get(name) for name in ("minX", "minY", "maxX", "maxY")]


def _label(box: dict[str, Any], labels: dict[str, Any], where: str) -> str | None:
    class_id = field(box, "class_id", (int, str), where)
    name = labels.get(str(class_id))
    if isinstance(name, str):
        return name
    caption = field(box, "box_caption", str, where)
    return caption or (None if class_id is None else f"class {class_id}")


def _score(box: dict[str, Any], where: str) -> float | None:
    """The box's one score, or that which is called a score or a confidence."""
    scores = field(box, "scores", dict, where) or {}
    name = next((name for name in _SCORES if name in scores), next(iter(scores), None) if len(scores) == 1 else None)
    score = None if name is None else field(scores, name, (int, float), f"{where}.scores")
    return None if score is None else float(score)


FORMATS: Final = (Format("wandb-table", "a W&B table", _is_table, _ground_truth, _predictions),)
