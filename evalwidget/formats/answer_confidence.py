"""How sure a model was of an answer: a confidence, or what its tokens' log-probabilities tell."""

import math
from typing import Any

from evalwidget.errors import FormatError
from evalwidget.formats.json_source import fits_float

__all__ = ["answer_confidence", "checked_confidence"]


def answer_confidence(record: dict[str, Any], where: str) -> float | None:
    """The confidence, 0 to 1, that a record gives its answer; None where it gives none.

    ``score`` or ``confidence`` is it. ``logprobs`` or ``token_logprobs`` are natural logarithms of the probabilities of
    the answer's tokens: a list of numbers, or of objects with ``logprob``; or an object that has such a list as
    ``content`` (chat completions of OpenAI, ms-swift) or ``token_logprobs`` (completions of OpenAI, vLLM). The
    confidence is then the geometric mean of the probabilities, ``exp(mean)``; a token without one (None) is left out.

    Raises ``FormatError``.
    """
    for name in ("score", "confidence"):
        if record.get(name) is not None:
            return checked_confidence(record[name], f"{where}: {name}")
    for name in ("token_logprobs", "logprobs"):
        value = record.get(name)
        if isinstance(value, dict):
            value = value.get("content") or value.get("token_logprobs")
        if value is not None:
            return _of_tokens(value, f"{where}: {name}")
    return None


def checked_confidence(value: Any, where: str) -> float:
    """``value`` as a confidence. Raises ``FormatError``."""
    if not _is_number(value) or not 0 <= value <= 1:
        raise FormatError(where, f"expected a confidence, 0 to 1, got {value!r:.60}")
    return float(value)


def _of_tokens(tokens: Any, where: str) -> float | None:
    if not isinstance(tokens, list):
        raise FormatError(where, f"expected a list of log-probabilities, got {tokens!r:.60}")
    values = [token.get("logprob") if isinstance(token, dict) else token for token in tokens]
    known = [value for value in values if value is not None]
    for place, value in enumerate(values):
        # rounding may leave a certain token a little above 0
        if value is not None and not (_is_number(value) and value <= 1e-3):
            raise FormatError(
                f"{where}[{place}]", f"expected a logarithm of a probability, 0 or less, got {value!r:.60}"
            )
    return min(math.exp(math.fsum(known) / len(known)), 1.0) if known else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and fits_float(value)
