"""From where on a prediction fails: the thresholds of diagnosis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from evalwidget.arguments import check_number
from evalwidget.errors import EvalWidgetError, UnknownNameError

__all__ = ["DiagnosisSettings", "diagnosis_settings"]


@dataclass(frozen=True, slots=True)
class DiagnosisSettings:
    """Thresholds of the failure modes and of the good criteria. Shares, IoUs and confidences are 0 to 1.

    They are conventions, not measured optima. .1 is TIDE's background threshold; .9 and 1.5 are the guide's for a loose
    box; three agreeing annotators are VQA accuracy's full credit; the rest was chosen by reading answers.

    Boxes:

    - ``near_iou``: from here on a prediction is about a ground truth box, below it is about background;
    - ``loose_cover``, ``loose_ratio``: a loose box covers at least this share of its object, and has at least so many
      times its area;
    - ``tight_iou``: a matched box is tight from here on;
    - ``even_range``: a specimen's matches are even where best and worst IoU differ by no more.

    Answers:

    - ``missing_share``: an answer is incomplete from this share of the reference's key words missing on;
    - ``unsupported_share``: an answer that is not right hallucinates from this share of its own words unsupported on;
    - ``detailed_words``: a reference of so many key words names what there is, so that more is one detail too many;
    - ``verbose_factor``, ``verbose_extra``: an answer is verbose above so many times the words of the longest
      reference plus so many: a sentence, so that "yes" may be explained;
    - ``repeats``: so many repetitions on end of the same three words or more make a loop (one more for one or two);
    - ``sure``, ``unsure``: a confidence from, and up to;
    - ``fewest_opinions``, ``majority``, ``agreeing``: references disagree where there are at least so many and fewer
      than this share of them say the same; an answer that at least so many of them give is right all the same;
    - ``objects``: the objects that are known, each as its name and all its names; see ``diagnosis_settings``.
    """

    near_iou: float = 0.1
    loose_cover: float = 0.9
    loose_ratio: float = 1.5
    tight_iou: float = 0.75
    even_range: float = 0.2
    missing_share: float = 0.25
    unsupported_share: float = 0.5
    detailed_words: int = 3
    verbose_factor: float = 3.0
    verbose_extra: int = 20
    repeats: int = 3
    sure: float = 0.8
    unsure: float = 0.3
    fewest_opinions: int = 5
    majority: float = 0.5
    agreeing: int = 3
    objects: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        for threshold in fields(self):
            name = threshold.name
            if name in _LEAST:
                check_number(name, getattr(self, name), _LEAST[name])
            elif name != "objects":
                check_number(name, getattr(self, name), 0, 1, above=name == "near_iou")


#: The least of what is no share.
_LEAST: Final = {
    "loose_ratio": 1,
    "detailed_words": 1,
    "verbose_factor": 1,
    "verbose_extra": 0,
    "repeats": 2,
    "fewest_opinions": 2,
    "agreeing": 1,
}


def diagnosis_settings(
    chosen: Mapping[str, Any], objects: Sequence[str] | Mapping[str, Sequence[str]] | None = None
) -> DiagnosisSettings:
    """The usual thresholds, but for those chosen by name, and the objects that are known: names, or names with their
    synonyms. Raises ``UnknownNameError`` and ``EvalWidgetError``."""
    names = [threshold.name for threshold in fields(DiagnosisSettings) if threshold.name != "objects"]
    for name in chosen:
        if name not in names:
            raise UnknownNameError(f"threshold {name!r}: expected one of {', '.join(names)}")
    return DiagnosisSettings(**chosen, objects=_vocabulary(objects))


def _vocabulary(
    objects: Sequence[str] | Mapping[str, Sequence[str]] | None,
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if objects is None:
        return ()
    if isinstance(objects, str) or not isinstance(objects, (Sequence, Mapping)):
        raise EvalWidgetError(f"objects: expected a list of names, or names with their synonyms, got {objects!r:.60}")
    named: Mapping[str, Sequence[str]] = objects if isinstance(objects, Mapping) else dict.fromkeys(objects, ())
    for name, others in named.items():
        are_names = isinstance(others, Sequence) and not isinstance(others, str)
        if not are_names or not all(isinstance(text, str) and text.strip() for text in (name, *others)):
            raise EvalWidgetError(f"objects: {name!r}: expected a name and a list of names, got {others!r:.60}")
    return tuple((name, tuple(dict.fromkeys((name, *others)))) for name, others in named.items())
