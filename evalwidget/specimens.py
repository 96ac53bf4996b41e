"""The specimens of a run: one image each, with its identifier, and how a source's names find it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import LARGEST
from evalwidget.errors import FormatError, JoinError
from evalwidget.records import Reference, ReferencesById

__all__ = ["METHODS", "SpecimenIndex", "Specimens", "joining_name", "merged_specimens", "shortest_names"]

#: How a record finds its specimen, and the words for it. "order" takes records one by one, whatever they are called.
METHODS: Final = {"id": "id", "path": "path", "name": "file name", "stem": "stem", "order": "order"}
#: Of a name that is taken for a number; float64 has a range of 309, and Python reads no more than 640 for sure.
_MOST_DIGITS: Final = 309
_FOR_IDS: Final = ("id", "path", "name", "stem")
_FOR_IMAGES: Final = ("path", "name", "id", "stem")


@dataclass(frozen=True, slots=True)
class Specimens:
    """Identifiers, image paths as the data give them (None: none given), sizes ``(s, 2)`` in pixels (NaN: not given)
    and captions, a row for each specimen."""

    identifiers: list[str]
    images: list[str | None]
    sizes: NDArray[np.float64]
    captions: list[str]
    source_ids: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.identifiers)

    def coco_order(self) -> NDArray[np.int64] | None:
        """Place ``(s,)`` of each specimen by its image id, where all have one that is a number: COCO's order of images,
        which decides ties of score. None where the specimens are in that order already, or have other ids."""
        ids = [names[0] for names in self.source_ids if len(names) == 1 and _is_number(names[0].removeprefix("-"))]
        if len(ids) < len(self):
            return None
        order = sorted(range(len(ids)), key=lambda row: int(ids[row]))
        if order == list(range(len(ids))):
            return None
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return place


def merged_specimens(references: Sequence[Reference]) -> tuple[Specimens, NDArray[np.int64]]:
    """Specimens in order of first mention, and the specimen of each reference: records of one image become one, which
    has all their captions, a line each.

    Raises ``FormatError`` where two records of one image disagree on its size.
    """
    places: dict[tuple[str, str], int] = {}
    owner = np.empty(len(references), np.int64)
    merged: list[list[Reference]] = []
    for row, reference in enumerate(references):
        key = _key(reference, row)
        owner[row] = places.setdefault(key, len(places))
        if owner[row] == len(merged):
            merged.append([])
        merged[owner[row]].append(reference)
    images = [next((r.image for r in group if r.image), None) for group in merged]
    given = [next((r.specimen for r in group if r.specimen), None) for group in merged]
    named = shortest_names([image for image, name in zip(images, given, strict=True) if name is None and image])
    names = iter(named)
    identifiers = [
        name if name is not None else (next(names) if image else key)
        for image, name, (_, key) in zip(images, given, places, strict=True)
    ]
    _check_unique(identifiers, merged)
    return Specimens(
        identifiers,
        images,
        np.array([_size(group) for group in merged], np.float64).reshape(-1, 2),
        ["\n".join(dict.fromkeys(r.caption for r in group if r.caption)) for group in merged],
        [tuple(dict.fromkeys(r.source_id for r in group if r.source_id is not None)) for group in merged],
    ), owner


def shortest_names(paths: Sequence[str]) -> list[str]:
    """The file name of each path, with as much of its path as tells two of the same name apart."""
    parts = [_parts(path) for path in paths]
    names = [part[-1] if part else path for part, path in zip(parts, paths, strict=True)]
    depth = 1
    while True:
        rows_of: dict[str, list[int]] = {}
        for row, name in enumerate(names):
            rows_of.setdefault(name, []).append(row)
        depth += 1
        longer = [row for rows in rows_of.values() if len(rows) > 1 for row in rows if len(parts[row]) >= depth]
        if not longer:
            return names
        for row in longer:
            names[row] = "/".join(parts[row][-depth:])


class SpecimenIndex:
    """Finds the specimen that a name means, by one of ``METHODS``.

    What a record calls ``specimen``, or an id within its source, is looked up as an id, then as a path, a file name and
    a stem; what it calls ``image`` as a path and a file name first, then as an id and a stem.
    """

    def __init__(self, specimens: Specimens) -> None:
        self._specimens = specimens
        self._identifiers = _rows_by(specimens.identifiers)
        self._source_ids = _rows_of((name, row) for row, names in enumerate(specimens.source_ids) for name in names)

    @cached_property
    def _paths(self) -> dict[str, list[int]]:
        return _rows_by(None if path is None else _normal(path) for path in self._specimens.images)

    @cached_property
    def _names(self) -> dict[str, list[int]]:
        return _rows_by(path and _name(_normal(path)) for path in self._specimens.images)

    @cached_property
    def _stems(self) -> dict[str, list[int]]:
        return _rows_by(path and PurePosixPath(_normal(path)).stem for path in self._specimens.images)

    @cached_property
    def _numbers(self) -> dict[str, list[int]]:
        return _rows_of((str(int(stem)), row) for stem, rows in self._stems.items() if _is_number(stem) for row in rows)

    def find_all(
        self, references: Sequence[Reference], method: str | None = None
    ) -> tuple[NDArray[np.int64], list[str | None]]:
        """The specimen ``(n,)`` of each reference, -1 for one the run does not have, and what found it, as ``find``."""
        if method is None and isinstance(references, ReferencesById):
            found = [
                (rows[0], "id") if rows is not None and len(rows) == 1 else self.find(references[place])
                for place, rows in enumerate(map(self._source_ids.get, references.ids))
            ]
        else:
            found = [self.find(reference, method) for reference in references]
        owner = np.array([-1 if one is None else one[0] for one in found], np.int64)
        return owner, [None if one is None else one[1] for one in found]

    def find(self, reference: Reference, method: str | None = None) -> tuple[int, str] | None:
        """Row of the specimen and the method that found it, None for one the run does not have.

        ``method`` demands one; else all are tried. Raises ``JoinError`` where several specimens answer.
        """
        if method is not None:
            return self._find_by(reference, method)
        named = [(reference.specimen, _FOR_IDS), (reference.image, _FOR_IMAGES)]
        # an id counts only where nothing else is given: files that name their images count ids of their own
        if not reference.specimen and not reference.image:
            named = [(reference.source_id, _FOR_IDS)]
        for text, methods in named:
            for tried in methods if text else ():
                row = self._look_up(str(text), tried, reference)
                if row is not None:
                    return row, "name" if tried == "path" and "/" not in _normal(str(text)) else tried
        return None

    @cached_property
    def two_faced(self) -> dict[tuple[str, int], int]:
        """Another specimen whose file name or stem is an id of a row, by id and row."""
        found = {}
        for ids in (self._identifiers, self._source_ids):
            for text, (row, *_) in ids.items():
                rows = self._names.get(text) or self._stems.get(text) or self._numbers.get(text) or [row]
                if row not in rows:
                    found[text, row] = rows[0]
        return found

    def disagrees_on_folder(self, reference: Reference, row: int) -> bool:
        """Whether both the reference and the specimen stand in a folder, and not in the same one."""
        path, other = _normal(reference.image or reference.specimen or ""), _normal(self._specimens.images[row] or "")
        return "/" in path and "/" in other and _shared_parts(path, other) < 2

    def check_one_path_each(self, references: Sequence[Reference], rows: Sequence[int]) -> None:
        """Raise ``JoinError`` where two images of different paths found one specimen by their file name."""
        found: dict[int, str] = {}
        for reference, row in zip(references, rows, strict=True):
            name = reference.specimen or reference.image
            if row < 0 or name is None:
                continue
            path = _normal(name)
            other = found.setdefault(row, path)
            alike = f"/{path}".endswith(f"/{other}") or f"/{other}".endswith(f"/{path}")
            if not alike and "/" in path and "/" in other:
                raise JoinError(
                    f"{reference.where}: {path!r} and {other!r} are both taken for "
                    f"{self._specimens.identifiers[row]!r}; name images in the ground truth with more of their path, "
                    "or pass join='name' if they are one image"
                )

    def _find_by(self, reference: Reference, method: str) -> tuple[int, str] | None:
        named = [reference.image, reference.specimen, reference.source_id]
        for text in named[::-1] if method == "id" else named:
            row = self._look_up(text, method, reference, is_demanded=True) if text else None
            if row is not None:
                return row, method
        return None

    def _look_up(self, text: str, method: str, reference: Reference, *, is_demanded: bool = False) -> int | None:
        is_source_id = text == reference.source_id
        if method == "id":
            first, second = self._identifiers, self._source_ids
            if is_source_id:
                first, second = second, first
            return self._only(first.get(text) or second.get(text) or [], text, reference)
        path = _normal(text)
        name = _name(path)
        if method == "path":
            rows = self._paths.get(path) or [row for row in self._names.get(name, []) if self._is_end_of(row, path)]
        elif method == "name":
            rows = self._names.get(name, [])
        else:
            stem = PurePosixPath(path).stem
            rows = self._stems.get(name) or self._names.get(stem) or []
            if not rows and is_demanded:
                rows = self._stems.get(stem, [])
            if not rows and is_source_id and _is_number(text) and text == str(int(text)):
                rows = self._numbers.get(str(int(text)), [])
        return self._only(self._longest_match(rows, path) if len(rows) > 1 else rows, text, reference)

    def _only(self, rows: list[int], text: str, reference: Reference) -> int | None:
        if len(rows) > 1:
            shown = ", ".join(self._specimens.identifiers[row] for row in rows[:5])
            raise JoinError(
                f"{reference.where}: {text!r} may be any of {len(rows)} specimens ({shown}); name it with more of its "
                "path, or say with join= what the records are to be joined by: id, path, name, stem or order"
            )
        return rows[0] if rows else None

    def _is_end_of(self, row: int, path: str) -> bool:
        """Whether one of the two paths ends in the other, its folder included."""
        other = _normal(self._specimens.images[row] or "")
        shorter = min(len(PurePosixPath(path).parts), len(PurePosixPath(other).parts))
        return shorter > 1 and _shared_parts(path, other) == shorter

    def _longest_match(self, rows: list[int], path: str) -> list[int]:
        """Those of ``rows`` whose path shares the longest end with ``path``."""
        lengths = [_shared_parts(path, _normal(self._specimens.images[row] or "")) for row in rows]
        return [row for row, length in zip(rows, lengths, strict=True) if length == max(lengths)]


def joining_name(reference: Reference, method: str | None) -> str | None:
    """What tells records of one image from others where ``method`` demands the file name or its stem; None where they
    are told by all that they are called."""
    name = reference.image or reference.specimen or reference.source_id
    if method not in ("name", "stem") or not name:
        return None
    path = PurePosixPath(_normal(name))
    return path.name if method == "name" else path.stem


def _shared_parts(path: str, other: str) -> int:
    """How many parts the ends of two normal paths share."""
    wanted, found = PurePosixPath(path).parts[::-1], PurePosixPath(other).parts[::-1]
    pairs = zip(wanted, found, strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(wanted), len(found)))


def _key(reference: Reference, row: int) -> tuple[str, str]:
    if reference.is_nameless:
        return "record", f"record {row + 1}"
    if reference.specimen:
        return "specimen", reference.specimen
    if reference.image:
        return "image", _normal(reference.image)
    if reference.source_id:
        return "source", reference.source_id
    raise FormatError(reference.where, "expected the name of an image, found an empty one")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


@lru_cache(maxsize=1 << 16)
def _normal(path: str) -> str:
    return path if _is_normal(path) else PurePosixPath(path.replace("\\", "/")).as_posix()


def _is_normal(path: str) -> bool:
    """Whether ``path`` is plainly as ``pathlib`` would write it, which takes its time."""
    odd = "\\" in path or "//" in path or "/." in path
    return not (odd or path == "" or path.startswith(".") or path.endswith("/"))


@lru_cache(maxsize=1 << 16)
def _name(path: str) -> str:
    """The file name of a normal path."""
    return path.rpartition("/")[2] if _is_normal(path) else PurePosixPath(path).name


def _parts(path: str) -> tuple[str, ...]:
    return (path,) if _is_bare(path) else PurePosixPath(path.replace("\\", "/")).parts


def _is_bare(path: str) -> bool:
    """Whether ``path`` is a file name alone: most are, and ``pathlib`` takes its time."""
    return "/" not in path and "\\" not in path and path not in ("", ".")


def _rows_by(keys: Iterable[str | None]) -> dict[str, list[int]]:
    """The places of each key."""
    return _rows_of((key, row) for row, key in enumerate(keys) if key)


def _rows_of(keyed: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    """The rows of each key."""
    rows: dict[str, list[int]] = {}
    for key, row in keyed:
        rows.setdefault(key, []).append(row)
    return rows


def _size(group: list[Reference]) -> tuple[float, float]:
    known = [(r.width, r.height, r.where) for r in group if r.width is not None and r.height is not None]
    if not known:
        return np.nan, np.nan
    width, height, _ = known[0]
    for other_width, other_height, where in known:
        if not (_is_length(other_width) and _is_length(other_height)):
            raise FormatError(
                where, f"expected width and height above 0, got {other_width!r:.60} and {other_height!r:.60}"
            )
        if (other_width, other_height) != (width, height):
            raise FormatError(
                where,
                f"expected {width} x {height} as in an earlier record of the image, got {other_width} x {other_height}",
            )
    return float(width), float(height)


def _is_length(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= LARGEST


def _check_unique(identifiers: list[str], merged: list[list[Reference]]) -> None:
    seen: dict[str, int] = {}
    for row, name in enumerate(identifiers):
        if name in seen:
            raise FormatError(
                merged[row][0].where,
                f"two images would be called {name!r} (the other: {merged[seen[name]][0].where}); "
                "give each a 'specimen' of its own",
            )
        seen[name] = row
