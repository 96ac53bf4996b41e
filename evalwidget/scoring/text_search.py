"""Which specimens hold a text: in their identifier, caption, phrases, questions, references, or an answer at a step."""

import threading
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData

__all__ = ["TextSearch"]


class TextSearch:
    """Finds text whatever its case. Steps are read when they are taken; safe to use from several threads."""

    def __init__(self, data: RunData) -> None:
        self._data = data
        self._lock = threading.RLock()
        self._places: dict[str, int] = {}
        #: places of texts, and the specimens that hold them
        self._held: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        self._taken: set[int] = set()

    def take(self, step: int) -> None:
        """Have the answers of a step searched from now on."""
        with self._lock:
            if not self._held:
                self._hold_what_is_given()
            questions = self._data.ground_truth.questions
            # without questions there are no answers to read the step for
            if step in self._taken or not len(questions):
                return
            answers = self._data.predictions(step).answers.text
            there = [place for place, text in enumerate(answers) if text is not None]
            self._hold((answers[place] or "" for place in there), questions.specimen[there])
            self._taken.add(step)

    def rows(self, text: str) -> NDArray[np.int64]:
        """The specimens that hold ``text`` in what is given of them or in their answers at the steps taken so far,
        ascending."""
        wanted = text.casefold()
        with self._lock:
            if not self._held:
                self._hold_what_is_given()
            found = np.fromiter((wanted in known for known in self._places), np.bool_, len(self._places))
            rows = [owner[found[places]] for places, owner in self._held]
        return np.unique(np.concatenate(rows))

    def _hold_what_is_given(self) -> None:
        data = self._data
        specimens, truth = data.specimens, data.ground_truth
        every = np.arange(len(specimens))
        self._hold(specimens.identifiers, every)
        self._hold(specimens.captions, every)
        boxes, questions = truth.boxes, truth.questions
        for label, specimen in ((boxes.label, boxes.specimen), (truth.absent[:, 1], truth.absent[:, 0])):
            named, which = np.unique(label, return_inverse=True)
            places = self._places_of(data.labels.names[place] for place in named.tolist())
            self._held.append((places[which.reshape(-1)], specimen))
        self._hold(questions.question, questions.specimen)
        counts = [len(references) for references in questions.references]
        self._hold(
            (one for references in questions.references for one in references), questions.specimen.repeat(counts)
        )

    def _hold(self, texts: Iterable[str], owner: NDArray[np.int64] | Sequence[int]) -> None:
        self._held.append((self._places_of(texts), np.asarray(owner, np.int64)))

    def _places_of(self, texts: Iterable[str]) -> NDArray[np.int64]:
        return np.array([self._places.setdefault(text.casefold(), len(self._places)) for text in texts], np.int64)
