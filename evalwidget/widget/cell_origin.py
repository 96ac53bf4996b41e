"""Which cell of a notebook a widget is made in, as the front end tells the kernel."""

import itertools
import sys
import threading
from typing import Any, Final, TypedDict

__all__ = ["Origin", "current_origin"]


class Origin(TypedDict):
    """The trait ``_origin``. ``cell``: the notebook's id of the cell, None outside of one. ``execution``: counts the
    executions in which widgets were made, upward. ``place``: which of the execution's widgets it is, from 0."""

    cell: str | None
    execution: int
    place: int


class _Executions:
    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._message: object = None
        self._execution = 0
        self._places = itertools.count()

    def next_place(self, message: object) -> tuple[int, int]:
        """The execution that ``message`` asked for, and the next place in it. None: an execution of its own."""
        with self._lock:
            if message is None or message != self._message:
                self._message = message
                self._execution += 1
                self._places = itertools.count()
            return self._execution, next(self._places)


_EXECUTIONS: Final = _Executions()


def _message_in_work() -> dict[str, Any]:
    """The message that the kernel works on; empty where there is no kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    # a plain IPython answers for no kernel
    parent = shell.get_parent() if shell is not None and hasattr(shell, "get_parent") else None
    return parent if isinstance(parent, dict) else {}


def current_origin() -> Origin:
    """Where a widget is made that is made now."""
    message = _message_in_work()
    header = message.get("header") or {}
    # what a click or a timer makes belongs to no cell
    cell = message.get("metadata", {}).get("cellId") if header.get("msg_type") == "execute_request" else None
    execution, place = _EXECUTIONS.next_place(header.get("msg_id"))
    return {"cell": cell if isinstance(cell, str) else None, "execution": execution, "place": place}
