"""Conversations, as vision-language models are fine-tuned on: every turn of the user is a question of the image.

``{id, image, conversations: [{from, value}]}`` (LLaVA, ShareGPT), ``{messages: [{role, content}], images}`` (OpenAI and
those who follow it; ``content`` is text, or a list of parts of type ``text`` and ``image_url``), ``{instruction,
input, output, images}`` (Alpaca). The marker ``<image>`` may stand anywhere and is left out of the question; a system
prompt is not read. Together with LLaMA-Factory's ``dataset_info.json`` the fields and tags are those that it names for
the file.

A question's item is its number, from 0, among its image's. Predictions are the same records with the model's words in
the assistant's turns.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from evalwidget.errors import FormatError
from evalwidget.formats.content import Content
from evalwidget.formats.dataset_rows import IMAGES, RowImages, identity
from evalwidget.formats.format import Format
from evalwidget.formats.json_source import checked_object, field
from evalwidget.formats.messages import message_images, message_text
from evalwidget.formats.options import GroundTruthFacts, GroundTruthOptions, PredictionOptions
from evalwidget.records import AnswerRow, QuestionRow, Records

__all__ = ["FORMATS"]

_USERS: Final = ("user", "human")
_ASSISTANTS: Final = ("assistant", "gpt", "model", "bot")
#: Rows with one of these are what tools make of conversations, not conversations to learn from.
_OTHER: Final = frozenset(("objects", "response", "model_output", "sample_score", "resps", "filtered_resps"))
_MARKER: Final = re.compile(r"[ \t]*\n?<image>\n?[ \t]*")
_INFO: Final = "dataset_info.json"


@dataclass(frozen=True, slots=True)
class _Names:
    """Under which names the turns lie, and who speaks in them."""

    turns: str
    role: str
    content: str
    users: tuple[str, ...] = _USERS
    assistants: tuple[str, ...] = _ASSISTANTS
    images: str | None = None
    alpaca: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Turn:
    """A question and what answers it, None where nothing does."""

    where: str
    question: str
    answer: str | None


_ALPACA: Final = _Names("", "", "", alpaca=("instruction", "input", "output"))


def _is_conversations(content: Content) -> bool:
    if len(content.parts) > 1:
        return any(_is_info(part) for part in content.parts)
    first = content.first
    return not first.keys() & _OTHER and _names_of(first) is not None


def _ground_truth(content: Content, options: GroundTruthOptions) -> tuple[Records, GroundTruthFacts]:
    records = Records()
    for owner, item, turn in _turns_of_images(content, records):
        references = () if turn.answer is None else (turn.answer,)
        records.questions.append(QuestionRow(owner, turn.where, item, turn.question, references))
    return records, GroundTruthFacts("conversations", task="visual question answering")


def _predictions(content: Content, options: PredictionOptions) -> Records:
    records = Records()
    for owner, item, turn in _turns_of_images(content, records):
        records.answers.append(AnswerRow(owner, turn.where, item, turn.question or None, turn.answer))
    records.images.clear()
    return records


def _turns_of_images(content: Content, records: Records) -> Iterator[tuple[int, str, _Turn]]:
    """The turns of all records, each with its reference and its number among the turns of its image."""
    data, names = _data(content)
    images = RowImages(records)
    counts: dict[str, int] = {}
    seen: dict[tuple[str, tuple[tuple[str, str | None], ...]], str] = {}
    several = 0
    for number, (where, row) in enumerate(data.rows()):
        known = names or _names_of(row)
        if known is None:
            raise FormatError(where, f"expected 'conversations' or 'messages', found {sorted(row)}")
        turns = list(_turns(row, known, where))
        row = _with_images(row, known, where)
        listed = row.get("images")
        several += isinstance(listed, list) and len(set(map(str, listed))) > 1
        name = identity(row, ("id",), where)
        owner = images.add(row, where, number, name=name, annotated=bool(turns))
        image = records.references[owner].shown
        whole = (image, tuple((turn.question, turn.answer) for turn in turns))
        if turns and whole in seen:
            raise FormatError(where, f"the same item twice: {image} has this conversation at {seen[whole]} already")
        seen[whole] = where
        for turn in turns:
            counts[image] = counts.get(image, -1) + 1
            yield owner, str(counts[image]), turn
    if several:
        records.notes.append(f"{data.shown}: {several:,} records have several images; the first of each is shown")


def _turns(row: dict[str, Any], names: _Names, where: str) -> Iterator[_Turn]:
    """Questions and answers in turn; what the user says in several messages before an answer is one question."""
    if names.alpaca is not None:
        prompt, query, response = (str(field(row, name, str, where) or "") for name in names.alpaca)
        yield _Turn(where, _without_marker("\n".join(filter(None, (prompt, query)))), response or None)
        return
    asked: list[str] | None = None
    for place, message in enumerate(field(row, names.turns, list, where) or []):
        at = f"{where}: {names.turns}[{place}]"
        checked_object(at, message)
        role = field(message, names.role, str, at)
        if role is None:
            raise FormatError(at, f"expected {names.role!r}, found {sorted(message)}")
        text = message_text(message.get(names.content), f"{at}.{names.content}")
        if role in names.users:
            asked = [*(asked or []), _without_marker(text)]
        elif role in names.assistants and asked is not None:
            yield _Turn(at, "\n".join(asked), text)
            asked = None
    if asked is not None:
        yield _Turn(where, "\n".join(asked), None)


def _without_marker(text: str) -> str:
    return _MARKER.sub("\n", text).strip()


def _with_images(row: dict[str, Any], names: _Names, where: str) -> dict[str, Any]:
    """``row`` with its images under ``images``, where they are called otherwise or stand in the messages."""
    if names.images is not None:
        return {**row, "images": row.get(names.images)}
    if any(row.get(name) for name in IMAGES):
        return row
    turns = [message for message in row.get(names.turns) or [] if isinstance(message, dict)]
    return {**row, "images": message_images(message.get(names.content) for message in turns)}


def _names_of(row: dict[str, Any]) -> _Names | None:
    for turns in ("conversations", "messages"):
        found = row.get(turns)
        if not isinstance(found, list) or not all(isinstance(turn, dict) for turn in found[:1]):
            continue
        is_llava = "from" in found[0] if found else turns == "conversations"
        return _Names(turns, *(("from", "value") if is_llava else ("role", "content")))
    return _ALPACA if "instruction" in row and "output" in row else None


def _is_info(part: Content) -> bool:
    return PurePosixPath(part.source.shown).name == _INFO


def _data(content: Content) -> tuple[Content, _Names | None]:
    """The file of records, and the names that LLaMA-Factory's list of datasets gives its fields."""
    if len(content.parts) == 1:
        return content, None
    info = next(part for part in content.parts if _is_info(part))
    files = [part for part in content.parts if part is not info]
    if len(files) > 1:
        raise FormatError(content.shown, f"expected {_INFO} and one file of records, got {len(files)} files")
    name = PurePosixPath(files[0].source.shown).name
    for key, entry in info.fields.items():
        stated = entry.get("file_name") if isinstance(entry, dict) else None
        if isinstance(stated, str) and PurePosixPath(stated).name == name:
            return files[0], _stated(entry, f"{info.shown}: {key}")
    raise FormatError(info.shown, f"expected a dataset with the file_name {name!r}")


def _stated(entry: dict[str, Any], where: str) -> _Names:
    columns, tags = (
        {name: field(stated, name, str, f"{where}.{part}") for name in stated}
        for part in ("columns", "tags")
        for stated in [field(entry, part, dict, where) or {}]
    )
    images = columns.get("images") or "images"
    if (entry.get("formatting") or "alpaca") == "alpaca":
        names = (("prompt", "instruction"), ("query", "input"), ("response", "output"))
        prompt, query, response = (columns.get(name) or default for name, default in names)
        return _Names("", "", "", images=images, alpaca=(prompt, query, response))
    openai = entry["formatting"] == "openai"
    return _Names(
        columns.get("messages") or ("messages" if openai else "conversations"),
        tags.get("role_tag") or ("role" if openai else "from"),
        tags.get("content_tag") or ("content" if openai else "value"),
        (tags.get("user_tag") or ("user" if openai else "human"),),
        (tags.get("assistant_tag") or ("assistant" if openai else "gpt"),),
        images,
    )


FORMATS: Final = (Format("conversations", "conversations", _is_conversations, _ground_truth, _predictions),)
