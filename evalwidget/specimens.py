"""The specimens of a run: one image each, with its identifier, and how a source's names find it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from evalwidget.boxes import LARGEST
from evalwidget.errors import FormatError, JoinError
from evalwidget.images import IMAGE_SUFFIXES
from evalwidget.records import Reference

__all__ = ["SpecimenIndex", "Specimens", "merged_specimens", "shortest_names"]


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
        ids = [names[0] for names in self.source_ids if len(names) == 1 and names[0].removeprefix("-").isdecimal()]
        if len(ids) < len(self):
            return None
        order = sorted(range(len(ids)), key=lambda row: int(ids[row]))
        if order == list(range(len(ids))):
            return None
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return place


def merged_specimens(references: Sequence[Reference]) -> tuple[Specimens, NDArray[np.int64]]:
    """Specimens in order of first mention, and the specimen of each reference: records of one image become one.

    Raises ``FormatError`` where two records of one image disagree on its size.
    """
    places: dict[tuple[str, str], int] = {}
    owner = np.empty(len(references), np.int64)
    merged: list[list[Reference]] = []
    for row, reference in enumerate(references):
        key = _key(reference)
        owner[row] = places.setdefault(key, len(places))
        if owner[row] == len(merged):
            merged.append([])
        merged[owner[row]].append(reference)
    images = [next((r.image for r in group if r.image), None) for group in merged]
    given = [next((r.specimen for r in group if r.specimen), None) for group in merged]
    named = shortest_names([image for image, name in zip(images, given, strict=True) if name is None and image])
    names = iter(named)
    identifiers = [
        name if name is not None else (next(names) if image else str(group[0].source_id))
        for image, name, group in zip(images, given, merged, strict=True)
    ]
    _check_unique(identifiers, merged)
    return Specimens(
        identifiers,
        images,
        np.array([_size(group) for group in merged], np.float64).reshape(-1, 2),
        [next((r.caption for r in group if r.caption), "") for group in merged],
        [tuple(r.source_id for r in group if r.source_id is not None) for group in merged],
    ), owner


def shortest_names(paths: Sequence[str]) -> list[str]:
    """The file name of each path, with as much of its path as tells two of the same name apart."""
    parts = [PurePosixPath(path.replace("\\", "/")).parts for path in paths]
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
    """Finds the specimen that a source means: by identifier, by id in the ground truth's source, by path, by file
    name, by file name without its extension (on either side), in this order."""

    def __init__(self, specimens: Specimens) -> None:
        self._specimens = specimens
        self._identifiers = {name: row for row, name in enumerate(specimens.identifiers)}
        self._source_ids = {name: row for row, names in enumerate(specimens.source_ids) for name in names}
        normal = [None if path is None else _normal(path) for path in specimens.images]
        self._paths = _rows_by(enumerate(normal))
        self._names = _rows_by((row, path and PurePosixPath(path).name) for row, path in enumerate(normal))
        self._stems = _rows_by((row, path and PurePosixPath(path).stem) for row, path in enumerate(normal))
        self._numbers: dict[str, list[int]] | None = None

    def find(self, reference: Reference) -> int | None:
        """Row of the specimen, None for one the run does not have. Raises ``JoinError`` where several answer."""
        if reference.specimen is not None:
            row = self._identifiers.get(reference.specimen)
            return self._find_path(reference.specimen, reference.where) if row is None else row
        if reference.image is not None:
            return self._find_path(reference.image, reference.where)
        if reference.source_id is not None:
            row = self._source_ids.get(reference.source_id)
            row = self._find_path(reference.source_id, reference.where) if row is None else row
            return self._find_number(reference.source_id) if row is None else row
        return None

    def _find_number(self, text: str) -> int | None:
        """The one image whose file name is this number with zeros before it: Ultralytics turns such names to ids."""
        if self._numbers is None:
            numbered = ((row, stem) for stem, rows in self._stems.items() for row in rows if stem.isdecimal())
            self._numbers = _rows_by((row, stem.lstrip("0") or "0") for row, stem in numbered)
        rows = self._numbers.get(text, [])
        return rows[0] if len(rows) == 1 else None

    def _find_path(self, text: str, where: str) -> int | None:
        path = _normal(text)
        pure = PurePosixPath(path)
        for rows_by, key in ((self._paths, path), (self._names, pure.name)):
            rows = rows_by.get(key, [])
            if len(rows) > 1:
                rows = self._longest_match(rows, path)
            if len(rows) == 1:
                return rows[0]
            if rows:
                shown = ", ".join(self._specimens.identifiers[row] for row in rows[:5])
                raise JoinError(
                    f"{where}: {text!r} may be any of {len(rows)} specimens ({shown}); name it with more of its path"
                )
        row = self._identifiers.get(text)
        if row is not None:
            return row
        # either side may leave the extension out, as files of labels and OpenImages do
        rows = self._stems.get(pure.name, []) or self._bare_names(pure)
        return rows[0] if len(rows) == 1 else None

    def _bare_names(self, path: PurePosixPath) -> list[int]:
        return self._names.get(path.stem, []) if path.suffix.lower() in IMAGE_SUFFIXES else []

    def check_one_path_each(self, references: Sequence[Reference], rows: Sequence[int | None]) -> None:
        """Raise ``JoinError`` where two images of different paths found one specimen by their file name."""
        found: dict[int, str] = {}
        for reference, row in zip(references, rows, strict=True):
            name = reference.specimen or reference.image
            if row is None or name is None:
                continue
            path = _normal(name)
            other = found.setdefault(row, path)
            alike = f"/{path}".endswith(f"/{other}") or f"/{other}".endswith(f"/{path}")
            if not alike and "/" in path and "/" in other:
                raise JoinError(
                    f"{reference.where}: {path!r} and {other!r} are both taken for "
                    f"{self._specimens.identifiers[row]!r}; name images in the ground truth with more of their path"
                )

    def _longest_match(self, rows: list[int], path: str) -> list[int]:
        """Those of ``rows`` whose path shares the longest end with ``path``."""
        wanted = PurePosixPath(path).parts[::-1]

        def shared(row: int) -> int:
            found = PurePosixPath(_normal(self._specimens.images[row] or "")).parts[::-1]
            pairs = zip(wanted, found, strict=False)
            return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(wanted), len(found)))

        lengths = [shared(row) for row in rows]
        return [row for row, length in zip(rows, lengths, strict=True) if length == max(lengths)]


def _key(reference: Reference) -> tuple[str, str]:
    if reference.specimen:
        return "specimen", reference.specimen
    if reference.image:
        return "image", _normal(reference.image)
    if reference.source_id:
        return "source", reference.source_id
    raise FormatError(reference.where, "expected the name of an image, found an empty one")


def _normal(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).as_posix()


def _rows_by(keyed: Iterable[tuple[int, str | None]]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, key in keyed:
        if key:
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
