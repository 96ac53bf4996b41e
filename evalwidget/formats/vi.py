"""Datature Vi JSONL, in every spelling of its SDK, documentation and API.

Ground truth: ``{"id", "asset": {"filename", "width", "height"}, "contents": {"type": "PhraseGrounding", "caption",
"groundedPhrases": [{"phrase", "startTokenIndex", "endTokenIndex", "bounds"}]}}`` or ``{"type": "Vqa", "interactions":
[{"order", "question", "answer"}]}``, or ``{"type": "Freeform", "caption"}``. Names may be camelCase or snake_case;
``contents`` may be left out or hold one ``question`` and ``answer``; ``bounds`` may be called ``bound``, ``bbox`` or
``grounding`` and hold one box, a list of boxes, four corners, or ``{"x", "y", "width", "height"}``; the image may be
named by ``asset.filename``, ``filename`` or ``asset_id``. API annotations (``spec.contents`` of kind ``Caption`` and
``PhraseGroundingBoundingBox``) are put together by the annotation they are part of; a box's ``target`` is read as
characters of the caption.

Predictions: the SDK's responses, ``{"result": {"sentence", "groundings": [{"phrase", "grounding"}]}}``, ``{"result":
{"answer"}}``, ``{"result": {"caption"}}`` or ``{"result": "raw text"}``, or the model's own JSON, with the image named
as above. Coordinates are 1024ths of the image.

Source: vi-sdk 0.1.0b7 and Datature's documentation pages.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from evalwidget.boxes import Convention
from evalwidget.conventions import detected_scale
from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import Row, field
from evalwidget.formats.model_text import add_output, add_parsed
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.outputs import vi as grammar
from evalwidget.records import (
    BoxRowsBuilder,
    PhraseRow,
    QuestionRow,
    Records,
    Reference,
)

__all__ = ["FORMATS", "ground_truth_records"]

_BOUNDS = ("bounds", "bound", "bbox", "boxes", "grounding")
_PHRASES = ("groundedPhrases", "grounded_phrases", "groundings")
_MARKS = ("asset", "asset_id", "assetId", "contents", "spec", "result", "raw_output", "rawOutput", *_PHRASES)
_TASKS = ("phrase_grounding", "vqa", "freeform")
_SAYS = (*_PHRASES, "interactions", "question", "answer", "caption", "sentence")


def _is_vi(content: Content) -> bool:
    return any(name in content.first for name in (*_MARKS, *_TASKS))


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    return ground_truth_records(content.rows(), options)


def ground_truth_records(rows: Iterable[Row], options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    """Records of ground truth rows, whichever file each stands in."""
    records = Records()
    builder = BoxRowsBuilder(Convention(), strict=True)
    for where, record in _assembled(rows):
        given = field(record, "contents", dict, where)
        contents = given or record
        is_known = any(name in contents for name in _SAYS)
        if given and not is_known:
            raise FormatError(
                where, f"contents: expected groundedPhrases, interactions or caption, found {sorted(given)}"
            )
        owner = _add_reference(records, record, contents, where, annotated=is_known)
        repeats: dict[str, int] = {}
        for place, entry in enumerate(_first(contents, _PHRASES, list, where) or []):
            at = f"{where}: groundedPhrases[{place}]"
            if not isinstance(entry, dict):
                raise FormatError(at, f"expected an object, got {entry!r:.60}")
            phrase = field(entry, "phrase", str, at)
            if phrase is None:
                raise FormatError(at, f"expected 'phrase', found {sorted(entry)}")
            name = next((n for n in _BOUNDS if n in entry), "bounds")
            # a caption may hold one phrase several times, each with boxes of its own
            repeats[phrase] = repeats.get(phrase, 0) + 1
            item = phrase if repeats[phrase] == 1 else f"{phrase} ({repeats[phrase]})"
            records.add_phrase(PhraseRow(owner, at, item, phrase))
            for number, values in enumerate(_boxes(entry.get(name), f"{at}.{name}")):
                builder.add(owner, phrase, values, f"{at}.{name}[{number}]", item=item)
        records.questions += _questions(owner, contents, where)
    boxes = builder.rows()
    convention = Convention("xyxy", options.scale or detected_scale([boxes]))
    records.boxes.append(replace(boxes, convention=convention))
    return records, GroundTruthFacts("Vi JSONL", convention, is_told=True)


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    builder = BoxRowsBuilder(Convention("xyxy", "fraction"), strict=False)
    options = replace(options, output_format="vi")
    for where, record in content.rows():
        owner = _add_reference(records, record, record, where)
        raw = _first(record, ("raw_output", "rawOutput"), str, where)
        result = record.get("result", record.get("contents"))
        asked = {"item": _text(record.get("item")), "question": _first(record, ("question", "prompt"), str, where)}
        if isinstance(result, str):
            add_output(records, builder, owner, result, where, options, **asked)
        elif result is None and not any(name in record for name in (*_TASKS, *_PHRASES, "answer", "caption")):
            if raw is None:
                raise FormatError(where, f"expected 'result' or 'raw_output', found {sorted(record)}")
            add_output(records, builder, owner, raw, where, options, **asked)
        else:
            value = record if result is None else result
            add_parsed(records, builder, owner, grammar.parse_value(value), raw or repr(value), where, options, **asked)
    records.boxes.append(builder.rows())
    return records


def _add_reference(
    records: Records, record: dict[str, Any], contents: dict[str, Any], where: str, *, annotated: bool = True
) -> int:
    asset = field(record, "asset", dict, where) or {}
    image = _first(asset, ("filename", "file_name"), str, where) or _first(
        record, ("filename", "file_name", "image"), str, where
    )
    named = _first(record, ("specimen", "asset_id", "assetId"), (str, int), where)
    if image is None and named is None:
        named = field(record, "id", (str, int), where)
        if named is None:
            raise FormatError(where, f"expected asset.filename, filename or asset_id, found {sorted(record)}")
    return records.add_reference(
        Reference(
            where,
            specimen=None if image else str(named),
            image=image,
            width=field(asset, "width", (int, float), where),
            height=field(asset, "height", (int, float), where),
            caption="" if _is_freeform(contents) else _first(contents, ("caption", "sentence"), str, where) or "",
            annotated=annotated,
        )
    )


def _questions(owner: int, contents: dict[str, Any], where: str) -> list[QuestionRow]:
    if "interactions" in contents:
        entries = field(contents, "interactions", list, where) or []
        located = [(f"{where}: interactions[{place}]", entry) for place, entry in enumerate(entries)]
        for at, entry in located:
            if not isinstance(entry, dict):
                raise FormatError(at, f"expected an object, got {entry!r:.60}")
        located.sort(key=lambda pair: _order(*pair))
    elif "question" in contents or "answer" in contents:
        located = [(where, contents)]
    elif _is_freeform(contents) and (caption := field(contents, "caption", str, where)) is not None:
        return [QuestionRow(owner, where, None, "", (caption,))]
    else:
        return []
    return [
        QuestionRow(
            owner,
            at,
            _text(entry.get("order")) if len(located) > 1 else None,
            field(entry, "question", str, at) or "",
            _reference_answer(entry, at),
        )
        for at, entry in located
    ]


def _is_freeform(contents: dict[str, Any]) -> bool:
    return contents.get("type") in ("Freeform", "freeform")


def _reference_answer(entry: dict[str, Any], where: str) -> tuple[str, ...]:
    answer = field(entry, "answer", (str, int, float), where)
    return () if answer is None else (str(answer),)


def _order(where: str, entry: dict[str, Any]) -> float:
    """Place of an interaction among the others; they keep the order of the file where it gives none."""
    return float(field(entry, "order", (int, float), where) or 0)


def _boxes(value: Any, where: str) -> list[Any]:
    """Boxes x1 y1 x2 y2 of one box, a list of boxes, four corners, or an object with x, y, width, height."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [_from_object(value, where)]
    if not isinstance(value, list):
        raise FormatError(where, f"expected boxes, got {value!r:.60}")
    if value and not any(isinstance(part, (list, dict)) for part in value):
        return [value]
    if len(value) == 4 and all(isinstance(part, list) and len(part) == 2 for part in value):
        return [_from_corners(value, where)]
    found = []
    for place, part in enumerate(value):
        at = f"{where}[{place}]"
        if isinstance(part, dict):
            found.append(_from_object(part, at))
        elif isinstance(part, list) and len(part) == 4 and all(isinstance(p, list) and len(p) == 2 for p in part):
            found.append(_from_corners(part, at))
        else:
            found.append(part)
    return found


def _from_corners(corners: list[list[Any]], where: str) -> list[float]:
    try:
        xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    except (OverflowError, TypeError, ValueError):
        raise FormatError(where, f"expected four corners [x, y], got {corners!r:.60}") from None
    return [min(xs), min(ys), max(xs), max(ys)]


def _from_object(value: dict[str, Any], where: str) -> list[Any]:
    if all(name in value for name in ("x", "y", "width", "height")):
        x, y, width, height = (field(value, name, (int, float), where) for name in ("x", "y", "width", "height"))
        if None not in (x, y, width, height):
            return [x, y, x + width, y + height]
    raise FormatError(where, f"expected x, y, width and height, found {sorted(value)}")


def _assembled(rows: Iterable[Row]) -> Iterable[Row]:
    """Rows as they are; API annotations put together into one row for each annotation they are part of."""
    parts: dict[tuple[str, str], list[Row]] = {}
    for where, record in rows:
        if "spec" not in record:
            yield where, record
            continue
        spec = field(record, "spec", dict, where) or {}
        asset = str(_first(record, ("assetId", "asset_id"), (str, int), where))
        aggregation = field(spec, "aggregation", dict, where) or {}
        whole = (field(aggregation, "whole", dict, where) or {}).get("id", "")
        parts.setdefault((asset, str(whole)), []).append((where, field(spec, "contents", dict, where) or {}))
    for (asset, _), found in parts.items():
        caption = next((str(c.get("contents", "")) for _, c in found if c.get("kind") == "Caption"), "")
        phrases: dict[tuple[int, int], list[Any]] = {}
        for where, contents in found:
            if contents.get("kind") == "Caption":
                continue
            target = contents.get("target")
            if not (isinstance(target, list) and len(target) == 2 and all(isinstance(t, int) for t in target)):
                raise FormatError(where, f"target: expected [start, end], got {target!r:.60}")
            start, end = target
            if not 0 <= start < end <= len(caption):
                raise FormatError(where, f"target: expected characters of the caption {caption!r:.60}, got {target}")
            phrases.setdefault((start, end), []).append(contents.get("bound"))
        grounded = [{"phrase": caption[start:end], "bounds": bounds} for (start, end), bounds in phrases.items()]
        yield found[0][0], {"asset_id": asset, "contents": {"caption": caption, "grounded_phrases": grounded}}


def _first(record: dict[str, Any], names: tuple[str, ...], kinds: Any, where: str) -> Any:
    """The value under the first of ``names`` that the record has."""
    return next((found for name in names if (found := field(record, name, kinds, where)) is not None), None)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


FORMATS: Final = (Format("vi", "Vi JSONL", _is_vi, _ground_truth, _predictions),)
