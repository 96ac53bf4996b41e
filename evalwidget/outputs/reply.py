"""The reply within all that a model printed: without its thinking, and without the tokens that end a turn."""

import re
from typing import Final

__all__ = ["NEVER_ENDS", "reply_of"]

#: Why there is no reply.
NEVER_ENDS: Final = "the text ends before the thinking does"

_ENDS: Final = re.compile(
    r"(?:\s|<\|(?:im_end|endoftext|end_of_text|eot_id|end|eos)\|>|<｜end▁of▁sentence｜>"
    r"|<end_of_turn>|<end_of_utterance>|<eos>|</s>|<pad>)+\Z"
)
_STARTS: Final = re.compile(r"\A(?:\s|</?s>|<bos>|<\|begin_of_text\|>|<pad>)+")
_ANSWER: Final = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.DOTALL)


def reply_of(text: str) -> str | None:
    """What stands inside ``<answer>``, else outside ``<think>``; None where the thinking never ends.

    The order is that of Datature's vi-sdk 0.1.0b7, but that an ``<answer>`` in a thought counts only where no other
    follows. A template may have opened ``<think>`` in the prompt: then the text only closes it.
    """
    *closed, rest = text.split("</think>")
    before = ""
    for part in closed:
        said, opened, _ = part.partition("<think>")
        before = before + said if opened else ""
    said, opened, _ = rest.partition("<think>")
    outside = before + said
    answer = _ANSWER.search(outside) or _ANSWER.search(text)
    if answer:
        return _bare(answer.group(1))
    return _bare(outside) if outside.strip() or not opened else None


def _bare(text: str) -> str:
    found = _ENDS.search(text[-2000:])
    if found:
        text = text[: max(len(text) - 2000, 0) + found.start()]
    return _STARTS.sub("", text)
