"""Raw model text into records, through the grammar of its family."""

from evalwidget.errors import FormatError
from evalwidget.formats.options import PredictionOptions
from evalwidget.outputs import FAMILIES, ParsedOutput, parse_output
from evalwidget.records import AnswerRow, BoxRowsBuilder, Records
from evalwidget.tables import Defect

__all__ = ["add_output", "add_parsed"]


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
    """Read one raw output. ``builder`` takes fractions; boxes without a label of their own get ``label``."""
    if options.output_format is None:
        raise FormatError(
            where, f"raw model text needs a grammar: pass output_format= (one of {', '.join(sorted(FAMILIES))})"
        )
    parsed = parse_output(options.output_format, text)
    add_parsed(records, builder, owner, parsed, text, where, options, label=label, item=item, question=question)


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
        name = label if box.label is None else box.label
        if box.values is None:
            builder.add_invalid(owner, name, box.state, Defect(f"{where}: {box.message}", box.raw), item=item)
        else:
            builder.add(owner, name, box.values, where, item=item)
