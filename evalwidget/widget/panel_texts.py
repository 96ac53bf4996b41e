"""What stands in words around the panels of ``PanelPair``, as HTML. Whatever a run says is escaped: it is text."""

from html import escape
from typing import Final

from evalwidget.widget.protocol import Answer, Invalid
from evalwidget.widget.shown_specimen import AskedQuestion, AtStep, absence_words

__all__ = ["heading", "step_label", "texts", "title"]

_QUIET: Final = 'style="opacity: 0.75"'
_TEXT: Final = 'style="white-space: pre-wrap; overflow-wrap: anywhere"'
_TABLE: Final = 'style="width: 100%; table-layout: fixed; border-collapse: collapse"'
_CELL: Final = 'style="width: 50%; vertical-align: top; padding: 4px 8px 4px 0; line-height: 1.45"'


def title(identifier: str) -> str:
    """The specimen's identifier."""
    return f'<span style="font-size: 15px; font-weight: 600; overflow-wrap: anywhere">{escape(identifier)}</span>'


def heading(words: str, beside: str = "") -> str:
    """What a panel shows, and a fact beside it."""
    fact = f" <span {_QUIET}>{escape(beside)}</span>" if beside else ""
    return f'<span style="font-size: 12px"><b>{escape(words)}</b>{fact}</span>'


def step_label(step: int | None, epoch: float | None) -> str:
    """``step 250 · epoch 2.5``: one decimal, or two where the second says something."""
    if step is None:
        return "no step"
    if epoch is None:
        return f"step {step}"
    hundredths = int(epoch * 100 + 0.5)
    return f"step {step} · epoch {hundredths / 100:.{1 if hundredths % 10 == 0 else 2}f}"


def texts(shown: AtStep, annotated: bool, caption: str) -> str:
    """Questions with references on the left and answers on the right, invalid predictions, and the caption; "" where
    there is none of them."""
    absence = shown.words if shown.status is None else absence_words(shown.status)
    rows = [(_asked(one, annotated), _answered(one, absence)) for one in shown.questions]
    if shown.invalid:
        rows.append(("", _invalid(shown.invalid)))
    table = "".join(f"<tr><td {_CELL}>{left}</td><td {_CELL}>{right}</td></tr>" for left, right in rows)
    parts = [f"<table {_TABLE}>{table}</table>"] if table else []
    if caption:
        parts.append(f"<div {_TEXT}>{escape(caption)}</div>")
    return "".join(parts)


def _asked(one: AskedQuestion, annotated: bool) -> str:
    question = f"<div {_TEXT}><b>{escape(one.question)}</b></div>" if one.question else ""
    if not one.references:
        return question + _state("no reference answer" if annotated else "no ground truth")
    return question + "".join(_text(reference, "empty reference") for reference in one.references)


def _answered(one: AskedQuestion, absence: str) -> str:
    question = f"<div {_TEXT}><b>{escape(one.question)}</b></div>" if one.question else ""
    return question + _answer(one.answer, absence)


def _answer(answer: Answer | None, absence: str) -> str:
    if answer is None:
        return _state(absence)
    if answer["text"] is None:
        return _state("unparsable output") + _raw(answer["raw"])
    return _text(answer["text"], "empty answer")


def _invalid(invalid: list[Invalid]) -> str:
    return "".join(_state(one["message"] or one["state"].replace("_", " ")) + _raw(one["raw"]) for one in invalid)


def _text(text: str, where_empty: str) -> str:
    return f"<div {_TEXT}>{escape(text)}</div>" if text.strip() else _state(where_empty)


def _state(words: str) -> str:
    return f"<div {_QUIET}><i>{escape(words)}</i></div>"


def _raw(raw: str | None) -> str:
    return f"<pre {_TEXT}>{escape(raw)}</pre>" if raw else ""
