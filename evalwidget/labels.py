"""The phrases or classes of a run."""

from functools import lru_cache

__all__ = ["Labels", "folded"]


@lru_cache(maxsize=1 << 16)
def folded(text: str) -> str:
    """``text`` without differences of case and white space."""
    return " ".join(text.split()).casefold()


class Labels:
    """The phrases or classes of a run, numbered in order of first mention, ground truth first."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._places: dict[str, int] = {}
        self._alike: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self.names)

    def place(self, name: str) -> int:
        """The number of exactly this name, a new one if need be."""
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = len(self.names)
            self.names.append(name)
            self._alike.setdefault(folded(name), []).append(place)
        return place

    def place_of_prediction(self, name: str) -> int:
        """The number of this name, or of the only one that differs in case and white space alone, else a new one."""
        if name not in self._places:
            alike = self._alike.get(folded(name), [])
            if len(alike) == 1:
                return alike[0]
        return self.place(name)
