"""The names of the classes that predictions number.

Ground truth and predictions of one run may count classes from different numbers: COCO files mostly from 1, with gaps,
most detectors from 0, without. Numbers are taken as the ground truth's own ids unless the caller or the format says
where they begin, or a file leaves no doubt; then they are places in the order of the ground truth's ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evalwidget.formats.options import PredictionOptions

__all__ = ["ClassLabels", "class_labels", "named_or_numbered", "numbers_as_names", "own_class_labels"]


@dataclass(frozen=True, slots=True)
class ClassLabels:
    """``names`` by class as the source writes it; ``first`` is the number from which it was taken to count classes,
    None where that was not to be told."""

    names: dict[str, str]
    notes: list[str] = field(default_factory=list)
    first: int | None = None


def numbers_as_names(labels: Iterable[str]) -> dict[str, str]:
    """What ground truth whose format has no ids calls by a number: predictions that number classes mean the same."""
    return {label: label for label in labels if _is_number(label)}


def named_or_numbered(
    counts: Mapping[str, int], options: PredictionOptions, shown: str, *, first: int | None = None
) -> ClassLabels:
    """As ``class_labels``, of classes that may be written as names: these are their own labels, unless the ground truth
    has such an id."""
    categories = options.categories
    if not all(map(_is_number, counts)) or (counts and set(counts) <= set(categories.values())):
        return ClassLabels({written: categories.get(written, written) for written in counts})
    return class_labels(counts, options, shown, first=first)


def class_labels(
    counts: Mapping[str, int], options: PredictionOptions, shown: str, *, first: int | None = None
) -> ClassLabels:
    """The label of each class id in ``counts``, which has the number of its predictions.

    ``first`` is the number from which the format counts classes, None for one that has no rule.
    """
    categories = options.categories
    if options.first_class is None and categories and all(key == name for key, name in categories.items()):
        return ClassLabels({written: written for written in counts})
    numbers = [int(written) for written in counts if _is_number(written)]
    ids = _in_order(categories)
    own = _first_of(ids)
    stated = options.first_class
    notes: list[str] = []
    begins = first if stated is None else stated
    if begins is None and own is not None:
        begins = _certain_first(numbers, own, len(ids))
    names = dict(categories)
    if begins is not None and begins != own and ids:
        names = {str(begins + place): categories[identity] for place, identity in enumerate(ids)}
        if stated is None and numbers:
            notes.append(_shift_note(shown, begins, own))
    labels = own_class_labels(counts, names, shown)
    return ClassLabels(labels.names, notes + labels.notes, begins if numbers else None)


def own_class_labels(counts: Mapping[str, int], names: Mapping[str, str], shown: str) -> ClassLabels:
    """The label of each class in ``counts``, where ``names`` has the names of the ids that the source uses."""
    unknown = {written: count for written, count in counts.items() if written not in names}
    labels = {written: names.get(written, f"category {written}") for written in counts}
    return ClassLabels(labels, [_unnamed_note(unknown, shown, bool(names))] if unknown else [])


def _is_number(written: str) -> bool:
    return written.removeprefix("-").isascii() and written.removeprefix("-").isdecimal() and len(written) < 19


def _in_order(categories: Mapping[str, str]) -> list[str]:
    """Ids in the order of their numbers, or as they stand where some are no numbers."""
    return sorted(categories, key=int) if all(map(_is_number, categories)) else list(categories)


def _first_of(ids: list[str]) -> int | None:
    """The number that ids without gaps begin with, where that is 0 or 1; None for any others."""
    for first in (0, 1):
        if ids == [str(first + place) for place in range(len(ids))] and ids:
            return first
    return None


def _certain_first(numbers: Sequence[int], own: int, count: int) -> int:
    """The number from which classes are counted: ``own``, the ground truth's, unless one of the numbers is beyond its
    ids and all of them are ids when counted from the other."""
    other = 1 - own
    beyond = any(not own <= number < own + count for number in numbers)
    fits = all(other <= number < other + count for number in numbers)
    return other if beyond and fits else own


def _shift_note(shown: str, first: int, own: int | None) -> str:
    theirs = "which have gaps" if own is None else f"which count from {own}"
    return (
        f"{shown}: classes are counted from {first} and were named in the order of the ground truth's ids, {theirs}; "
        "prediction_first_class= or class_names= says otherwise"
    )


def _unnamed_note(unknown: Mapping[str, int], shown: str, is_named: bool) -> str:
    listed = ", ".join(sorted(unknown, key=lambda text: (len(text), text))[:5])
    count = sum(unknown.values())
    if not is_named:
        return f"{shown}: the names of {count} predictions' classes are not known ({listed}); class_names= gives them"
    return (
        f"{shown}: {count} predictions have category ids that the ground truth does not name "
        f"({listed}); if the file counts classes from another number, say so with prediction_first_class="
    )
