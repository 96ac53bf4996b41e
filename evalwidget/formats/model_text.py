"""Raw model text into records, through the grammar of its family."""

import re
from typing import Final

from evalwidget.boxes import Convention
from evalwidget.errors import FormatError
from evalwidget.formats.options import PredictionOptions
from evalwidget.outputs import FAMILIES, ParsedOutput, families_told, family_named, parse_output, plain_answer
from evalwidget.records import AnswerRow, BoxRowsBuilder, ModelText, Records
from evalwidget.tables import Defect

__all__ = ["add_output", "add_parsed", "read_remaining"]

_FRACTIONS: Final = Convention("xyxy", "fraction")
_POINTS: Final = "points are kept as boxes without area, which overlap no box"
#: What several families print alike: the mark, and how to choose.
_DOUBTS: Final = (
    (
        re.compile(r"bbox_2d"),
        "bbox_2d may be of qwen2.5-vl (pixels of the resized image) or qwen3-vl (thousandths)",
    ),
    (
        re.compile(r"\(\s*\d+\s*,\s*\d+\s*\)\s*,?\s*\("),
        "(x1,y1),(x2,y2) may be of qwen-vl (999ths) or qwen2-vl (thousandths)",
    ),
    (
        re.compile(r"\[\s*[\d.]+(?:\s*,\s*[\d.]+){3}"),
        "[x1, y1, x2, y2] may be of cogvlm, ferret, internvl or qwen3-vl (thousandths), deepseek-vl2 (999ths), "
        "qwen2.5-vl (pixels of the resized image), shikra (fractions) or json (the run's own convention)",
    ),
)


def add_output(
    records: Records,
    builder: BoxRowsBuilder,
    owner: int,
    text: str,
    where: str,
    options: PredictionOptions,
    *,
    label: str | None = None,
    item: str | None = None,
    question: str | None = None,
) -> None:
    """Read one raw output. ``builder`` takes fractions; boxes without a label of their own get ``label``.

    Where no family is stated, the text waits for ``read_remaining``: all texts of a step together tell it.
    """
    found = ModelText(owner, where, text, label, item, question)
    if options.output_format is None:
        records.unread.append(found)
    else:
        _read(records, builder, found, options.output_format, options)


def read_remaining(records: Records, options: PredictionOptions) -> None:
    """Read the texts that wait for their family, and put the boxes of all texts among the others.

    Raises ``FormatError`` where neither the caller nor the texts say which family printed them.
    """
    if records.unread:
        family = _told(records, options)
        builder = records.builders.setdefault(_FRACTIONS, BoxRowsBuilder(_FRACTIONS, strict=False))
        for found in records.unread:
            _read(records, builder, found, family, options)
        records.unread.clear()
    records.boxes += [builder.rows() for builder in records.builders.values()]
    records.builders.clear()


def add_parsed(
    records: Records,
    builder: BoxRowsBuilder,
    owner: int,
    parsed: ParsedOutput,
    raw: str,
    where: str,
    options: PredictionOptions,
    *,
    label: str | None = None,
    item: str | None = None,
    question: str | None = None,
) -> None:
    """Add what was read from ``raw``; text that could not be read is one invalid prediction."""
    records.outputs[owner] = f"{records.outputs[owner]}\n\n{raw}" if owner in records.outputs else raw
    failed = parsed.state not in ("ok", "repaired")
    if parsed.answer is not None or (failed and options.answers):
        defect = Defect(f"{where}: {parsed.message}", raw) if failed else None
        records.answers.append(AnswerRow(owner, where, item, question, parsed.answer, parsed.state, defect))
    elif failed:
        builder.add_invalid(owner, label, parsed.state, Defect(f"{where}: {parsed.message}", raw), item=item)
    for box in parsed.boxes:
        name = next((name for name in (box.label, label, box.before) if name is not None), None)
        if box.is_point and _POINTS not in records.notes:
            records.notes.append(_POINTS)
        if box.values is None:
            builder.add_invalid(owner, name, box.state, Defect(f"{where}: {box.message}", box.raw), item=item)
            continue
        convention = Convention("xyxy", box.scale)
        if convention == builder.convention:
            target = builder
        else:
            target = records.builders.setdefault(convention, BoxRowsBuilder(convention, strict=False))
        target.add(owner, name, box.values, where, score=box.score, item=item, state=box.state)


def _read(
    records: Records, builder: BoxRowsBuilder, found: ModelText, family: str | None, options: PredictionOptions
) -> None:
    asked = {"label": found.label, "item": found.item, "question": found.question}
    if family is None or (options.answers and not family_named(family).has_answers):
        parsed = plain_answer(found.text)
    else:
        parsed = parse_output(family, found.text, options.convention)
    add_parsed(records, builder, found.owner, parsed, found.text, found.where, options, **asked)


def _told(records: Records, options: PredictionOptions) -> str | None:
    """The one family whose marks the texts bear, said in the notes; None where the texts are answers."""
    told = set().union(*(families_told(found.text) for found in records.unread))
    if options.answers:
        told = {name for name in told if FAMILIES[name].has_answers}
    if len(told) == 1:
        (family,) = told
        records.notes.append(
            f"model text read as {family} prints it, which its own marks tell; output_format= states it"
        )
        return family
    if options.answers:
        return None
    choices = f"pass output_format= (one of {', '.join(sorted(FAMILIES))})"
    doubts = [f"the texts bear marks of {' and of '.join(sorted(told))}"] if told else []
    texts = [found.text for found in records.unread]
    doubts += [doubt for mark, doubt in _DOUBTS if not told and any(mark.search(text) for text in texts)][:1]
    raise FormatError(records.unread[0].where, "; ".join(["raw model text needs a grammar", *doubts, choices]))
