"""ms-swift: data sets with ``objects``, and what ``swift infer`` writes.

Ground truth: ``messages``, ``images`` and ``objects`` with ``ref`` (phrases), ``bbox`` (x1 y1 x2 y2), ``bbox_type``
("real", pixels, or "norm1", fractions) and ``image_id`` (of which image each box is). The phrases stand in the messages
where ``<ref-object>`` does, the boxes where ``<bbox>`` does, each in its own order. A box belongs to the phrase before
it, or to the first one where none is; where there is no phrase, to the words of the user. Where the messages have no
placeholders, all boxes are of the one phrase, or one is of each.

Predictions, ``infer_result/*.jsonl``: ``response`` (raw text), ``messages``, ``images`` (``path``), ``objects``, and
``labels``, the answer of the data set, which makes the same file ground truth too. The file is appended to at each run
with one ``--result_path``: an answer that stands twice is an error.

Source: modelscope/ms-swift (docs/source_en/Customization/Custom-dataset.md, swift/infer_engine).
"""

import re
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.answer_confidence import answer_confidence
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import field, objects_in
from evalwidget.formats.model_text import add_output
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.formats.phrases import PhraseBuilder
from evalwidget.records import AnswerRow, BoxRowsBuilder, PhraseRow, Records, Reference

__all__ = ["FORMATS"]

_CONVENTIONS: Final = {"real": Convention("xyxy", "pixels"), "norm1": Convention("xyxy", "fraction")}
_MARK: Final = re.compile(r"<ref-object>|<bbox>")
_MARKS: Final = re.compile(r"<(?:ref-object|bbox|image|video|audio)>")


def _is_data_set(content: Content) -> bool:
    return content.is_json_rows and {"messages", "objects"} <= content.first.keys()


def _is_infer_result(content: Content) -> bool:
    return content.is_json_rows and {"response", "messages"} <= content.first.keys()


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    phrases = {kind: PhraseBuilder(records, convention) for kind, convention in _CONVENTIONS.items()}
    kinds: list[str] = []
    for where, record in content.rows():
        objects = field(record, "objects", dict, where)
        if objects is None:
            _add_reference(records, record, 0, where, annotated=False)
            continue
        kind = field(objects, "bbox_type", str, f"{where}: objects") or "real"
        if kind not in phrases:
            raise FormatError(where, f"objects.bbox_type: expected one of {', '.join(phrases)}, got {kind!r:.60}")
        kinds.append(kind)
        owners: dict[int, int] = {}
        for phrase, image, boxes in _grounded(record, objects, where):
            if image not in owners:
                owners[image] = _add_reference(records, record, image, where, annotated=True)
            phrases[kind].add(owners[image], phrase, boxes, where)
        if not owners:
            _add_reference(records, record, 0, where, annotated=True)
    for builder in phrases.values():
        builder.done()
    return records, GroundTruthFacts("ms-swift objects", _CONVENTIONS[kinds[0] if kinds else "real"])


def _grounded(
    record: dict[str, Any], objects: dict[str, Any], where: str
) -> list[tuple[str, int, list[tuple[str, Any]]]]:
    """Phrases, the number of the image that each is in, and the boxes with where each stands."""
    refs = _phrases(objects, where)
    boxes = field(objects, "bbox", list, f"{where}: objects") or []
    images = _images_of(objects, len(boxes), where)
    marks = [mark for text in _texts(record, where) for mark in _MARK.findall(text)]
    owner = _owners(marks, len(refs), len(boxes), where)
    refs = refs or ([_prompt(record, where)] if boxes else [])
    located: dict[tuple[int, int], list[tuple[str, Any]]] = {
        (place, 0): [] for place in set(range(len(refs))) - set(owner)
    }
    for place, values in enumerate(boxes):
        at = f"{where}: objects.bbox[{place}]"
        if isinstance(values, list) and len(values) == 2:
            raise FormatError(at, "expected a box of 4 numbers, got a point; points are not scored")
        located.setdefault((owner[place], images[place]), []).append((at, values))
    return [(refs[phrase], image, found) for (phrase, image), found in sorted(located.items())]


def _owners(marks: list[str], refs: int, boxes: int, where: str) -> list[int]:
    """The number of the phrase that each box belongs to. Where the messages have no placeholders (any more), all boxes
    are of the one phrase, or one is of each."""
    for name, mark, count in (("ref", "<ref-object>", refs), ("bbox", "<bbox>", boxes)):
        if marks.count(mark) not in (0, count):
            raise FormatError(where, f"objects.{name}: {count}, and {marks.count(mark)} {mark} in the messages")
    if marks.count("<ref-object>") == refs and marks.count("<bbox>") == boxes:
        return [max(marks[:place].count("<ref-object>") - 1, 0) for place, mark in enumerate(marks) if mark == "<bbox>"]
    if refs not in (0, 1, boxes):
        raise FormatError(
            where, f"objects: {refs} phrases and {boxes} boxes, whose placeholders are not in the messages"
        )
    return [min(place, max(refs - 1, 0)) for place in range(boxes)]


def _phrases(objects: dict[str, Any], where: str) -> list[str]:
    refs = field(objects, "ref", list, f"{where}: objects") or []
    if not all(isinstance(ref, str) and ref for ref in refs):
        raise FormatError(where, f"objects.ref: expected a list of texts, got {refs!r:.60}")
    return refs


def _images_of(objects: dict[str, Any], count: int, where: str) -> list[int]:
    images = field(objects, "image_id", list, f"{where}: objects") or [0] * count
    if len(images) != count or not all(type(image) is int and image >= 0 for image in images):
        raise FormatError(where, f"objects.image_id: expected a number for each of {count} boxes, got {images!r:.60}")
    return images


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    builder = BoxRowsBuilder(Convention("xyxy", "fraction"), strict=False)
    seen: dict[tuple[Any, ...], str] = {}
    for where, record in content.rows():
        text = field(record, "response", str, where)
        if text is None:
            raise FormatError(where, f"expected 'response', found {sorted(record)}")
        refs = _phrases(field(record, "objects", dict, where) or {}, where)
        prompt = _prompt(record, where)
        owner = _add_reference(records, record, 0, where, annotated=True)
        image = records.references[owner].image
        other = seen.setdefault((image, prompt, *refs), where)
        if image is not None and other != where:
            raise FormatError(
                where,
                f"the same item twice: {image} with this prompt stands at {other} already; a second run was appended "
                "to the file: keep one",
            )
        if options.answers and options.output_format is None:
            score = answer_confidence(record, where)
            records.answers.append(AnswerRow(owner, where, None, prompt, text, score=score))
            continue
        label = refs[0] if len(refs) == 1 else None
        records.phrases += [PhraseRow(owner, where, label, label)] if label else []
        add_output(records, builder, owner, text, where, options, label=label, question=prompt)
    records.boxes.append(builder.rows())
    return records


def _add_reference(records: Records, record: dict[str, Any], number: int, where: str, *, annotated: bool) -> int:
    """The image of this number; a record without images is known by its place."""
    images = record.get("images")
    images = images if isinstance(images, list) else [] if images is None else [images]
    if images and number >= len(images):
        raise FormatError(where, f"objects.image_id: {number}: the record has {len(images)} images")
    path = None
    if images:
        image = images[number]
        path = image.get("path") if isinstance(image, dict) else image
        if path is not None and not isinstance(path, str):
            raise FormatError(where, f"images[{number}]: expected a path, got {path!r:.60}")
    records.add_reference(Reference(where, image=path or None, annotated=annotated))
    return len(records.references) - 1


def _texts(record: dict[str, Any], where: str) -> list[str]:
    """The messages of user and assistant as the data set has them: in a result, ``labels`` instead of the answer."""
    turns = [(role, text) for role, text in _turns(record, where) if role != "system"]
    if "response" in record and turns and turns[-1][0] == "assistant":
        turns[-1] = ("assistant", field(record, "labels", str, where) or "")
    return [text for _, text in turns]


def _prompt(record: dict[str, Any], where: str) -> str:
    """What the user said, without placeholders."""
    said = [_MARKS.sub("", text).strip() for role, text in _turns(record, where) if role == "user"]
    return "\n".join(text for text in said if text)


def _turns(record: dict[str, Any], where: str) -> list[tuple[str, str]]:
    found = []
    for at, message in objects_in(record, "messages", where):
        text = field(message, "content", (str, list), at)
        if isinstance(text, list):
            text = "".join(field(part, "text", str, at) or "" for _, part in objects_in(message, "content", at))
        found.append((field(message, "role", str, at) or "", text or ""))
    return found


FORMATS: Final = (
    Format("ms-swift", "ms-swift objects", _is_data_set, _ground_truth),
    Format("ms-swift-infer", "ms-swift infer result", _is_infer_result, predictions=_predictions),
)
