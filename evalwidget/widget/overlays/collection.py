"""The overlays of a widget: functions that draw, in the order they are drawn in."""

import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.readable_text import readable
from evalwidget.widget.overlays.recording import Recording
from evalwidget.widget.overlays.specimen import OverlaySpecimen
from evalwidget.widget.protocol import OVERLAY_PANELS, DrawingSpan, OverlayInfo, OverlaysInfo

__all__ = ["Draw", "Overlay", "Overlays"]

#: Draws on a canvas of ipycanvas what belongs to a specimen at a step.
Draw = Callable[[Any, OverlaySpecimen, int], object]
#: An error's text may hold whole arrays, and goes with every step.
_LONGEST_WORDS: Final = 1000


class Overlay:
    """A drawing over the panels; made by ``Overlays.append``."""

    def __init__(self, overlays: "Overlays", function: Draw, name: str, panel: str) -> None:
        self._overlays = overlays
        self.function: Final = function
        self.name: Final = name
        self.panel: Final = panel

    @property
    def visible(self) -> bool:
        """Whether it is shown; may be set, and is where the user of the view chooses it in the ••• menu."""
        return self.name not in self._overlays.hidden

    @visible.setter
    def visible(self, value: bool) -> None:
        self._overlays.set_visible(self, bool(value))

    def __repr__(self) -> str:
        return f"<Overlay {self.name!r} over {self.panel!r}{'' if self.visible else ', hidden'}>"


class Overlays:
    """What is drawn over the panels, the first at the bottom: a collection of ``Overlay``, found by place or name.

    Safe to use from several threads: the functions run one at a time, in the thread that answers the front end.
    """

    def __init__(self, publish: Callable[["Overlays"], None]) -> None:
        self._publish = publish
        self._entries: tuple[Overlay, ...] = ()
        self._version = 0
        self._drawing = threading.Lock()
        self._canvas: Any = None
        #: Names of the overlays that are not shown.
        self.hidden: frozenset[str] = frozenset()

    def append(self, function: Draw, name: str | None = None, panel: str = "prediction") -> Overlay:
        """Draw ``function(canvas, specimen, step)`` on top of the others, at every step of each specimen opened.

        ``canvas`` has the drawing methods and styles of an ipycanvas ``Canvas``, in pixels of the original image;
        ``specimen`` is the specimen's identifier, a text that also has ``width``, ``height`` and ``image()``; ``step``
        is the training step. ``panel``: "prediction", "truth" or "both"; a picture that questions are about, which both
        sides share, has them all. ``name`` is what the ••• menu and messages say, the function's own if None. Raises
        ``EvalWidgetError`` about what is no function that draws when it is called or a name that is taken,
        ``UnknownNameError`` about a panel.
        """
        if not callable(function):
            raise EvalWidgetError(f"overlays: expected a function(canvas, specimen, step), got {function!r}")
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise EvalWidgetError(f"overlays: expected a function that draws when called, not later: {function!r}")
        if panel not in OVERLAY_PANELS:
            raise UnknownNameError(f"overlays: panel {panel!r}: expected one of {', '.join(OVERLAY_PANELS)}")
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise EvalWidgetError(f"overlays: name: expected text, got {name!r}")
        name = None if name is None else readable(name)
        if name is not None and name in self.names:
            raise EvalWidgetError(f"overlays: an overlay is called {name!r} already: remove it, or give another name")
        # importing ipycanvas opens its own comm: now, in the cell's thread, and not while a request is answered
        from evalwidget.widget.overlays import canvas

        self._canvas = canvas
        overlay = Overlay(self, function, self._unused(function) if name is None else name, panel)
        self._change((*self._entries, overlay), is_drawn_anew=True)
        return overlay

    def remove(self, overlay: "Overlay | Draw | str") -> None:
        """Take away an overlay, given itself, its name, or its function. Raises ``UnknownNameError``."""
        found = self._found(overlay)
        self._change(tuple(entry for entry in self._entries if entry is not found))

    def move(self, overlay: "Overlay | Draw | str", place: int) -> None:
        """Put an overlay at another place of the order, 0 at the bottom, -1 on top. Raises ``UnknownNameError``."""
        found = self._found(overlay)
        others = [entry for entry in self._entries if entry is not found]
        others.insert(place if place >= 0 else len(self._entries) + place, found)
        self._change(tuple(others))

    def clear(self) -> None:
        """Take all away."""
        self._change(())

    def refresh(self) -> None:
        """Have all drawn again, since what they draw has changed."""
        self._change(self._entries, is_drawn_anew=True)

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in self._entries]

    @property
    def info(self) -> OverlaysInfo:
        """What the front end knows of them."""
        entries = [OverlayInfo(name=entry.name, panel=entry.panel) for entry in self._entries]  # type: ignore[typeddict-item]
        return OverlaysInfo(version=self._version, overlays=entries)

    def set_visible(self, overlay: "Overlay | Draw | str", visible: bool) -> None:
        """Show an overlay or hide it. Raises ``UnknownNameError`` about one that is removed."""
        name = self._found(overlay).name
        self.hidden = self.hidden - {name} if visible else self.hidden | {name}
        self._publish(self)

    def draw(self, recording: Recording, specimen: OverlaySpecimen, step: int) -> list[DrawingSpan]:
        """Record all at a step, and where each is in ``recording``; what goes wrong in one is told in its place."""
        with self._drawing:
            return [self._drawn(entry, recording, specimen, step) for entry in self._entries]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Overlay]:
        return iter(self._entries)

    def __contains__(self, overlay: object) -> bool:
        return any(_is(entry, overlay) for entry in self._entries)

    def __getitem__(self, key: int | str) -> Overlay:
        return self._found(key) if isinstance(key, str) else self._entries[key]

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self._entries))}]"

    def _drawn(self, overlay: Overlay, recording: Recording, specimen: OverlaySpecimen, step: int) -> DrawingSpan:
        first = recording.length
        message = ""
        try:
            with self._canvas.holding_restored():
                canvas = self._canvas.RecordingCanvas(recording, *specimen.canvas_size)
                try:
                    overlay.function(canvas, specimen, step)
                finally:
                    canvas.end()
        except BaseException as error:  # whatever a user's function raises, exit() too, is told to the one who looks
            recording.forget_from(first)
            where = _line_of(error)
            message = readable(f"overlay {overlay.name!r}: {specimen}, step {step}: {where}{_words(error)}")
        return DrawingSpan(overlay=overlay.name, first=first, last=recording.length, message=message)

    def _change(self, entries: tuple[Overlay, ...], is_drawn_anew: bool = False) -> None:
        self._entries = entries
        self.hidden = self.hidden & set(self.names)
        self._version += is_drawn_anew
        self._publish(self)

    def _found(self, wanted: "Overlay | Draw | str") -> Overlay:
        for entry in self._entries:
            if _is(entry, wanted):
                return entry
        raise UnknownNameError(f"overlay {wanted!r}: expected one of {', '.join(self.names) or 'none: there are none'}")

    def _unused(self, function: Draw) -> str:
        own = getattr(function, "__name__", type(function).__name__)
        names = (own, *(f"{own} {number}" for number in range(2, len(self._entries) + 2)))
        return next(name for name in names if name not in self.names)


def _is(overlay: Overlay, wanted: object) -> bool:
    """Whether an overlay is meant by itself, by its name, or by its function."""
    return wanted is overlay or wanted in (overlay.name, overlay.function)


def _line_of(error: BaseException) -> str:
    """The last line that the error went through of the file whose function was called."""
    trace = None if error.__traceback__ is None else error.__traceback__.tb_next
    file, line = None if trace is None else trace.tb_frame.f_code.co_filename, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}: " if line else ""


def _words(error: BaseException) -> str:
    name = type(error).__name__
    try:
        said = str(error)
    except Exception:  # the error may be of the user's making, as is its text
        return name
    said = f"{said[: _LONGEST_WORDS - 1]}…" if len(said) > _LONGEST_WORDS else said
    if isinstance(error, EvalWidgetError):
        return said
    return f"{name}: {said}" if said else name
