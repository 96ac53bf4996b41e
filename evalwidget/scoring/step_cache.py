"""Results by step, made for all steps that are missing at once, and kept for the settings asked for last."""

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final, Generic, TypeVar

__all__ = ["StepCache"]

_Settings = TypeVar("_Settings", bound=Hashable)
_Result = TypeVar("_Result")

#: Settings whose results are kept: who moves a slider leaves one behind at every stop.
_KEPT: Final = 4


class StepCache(Generic[_Settings, _Result]):
    """What ``make`` gives for steps at some settings: a result for each step, in their order. Safe to use from several
    threads."""

    def __init__(self, make: Callable[[list[int], _Settings], Iterable[_Result]]) -> None:
        self._make = make
        self._lock = threading.RLock()
        self._kept: dict[_Settings, dict[int, _Result]] = {}

    def at(self, steps: Sequence[int], settings: _Settings) -> list[_Result]:
        """The result of each of ``steps``."""
        with self._lock:
            known = self._kept[settings] = self._kept.pop(settings, {})
            if len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
            new = [step for step in dict.fromkeys(steps) if step not in known]
            if new:
                known.update(zip(new, self._make(new, settings), strict=True))
            return [known[step] for step in steps]

    def kept(self, settings: _Settings) -> Mapping[int, _Result]:
        """The results that are there already, by step."""
        with self._lock:
            return dict(self._kept.get(settings, {}))
