"""ipycanvas's own canvas, which records what is drawn on it instead of sending it to a browser. The only importer of
ipycanvas: importing it opens a comm of ipycanvas's own, so it is imported with the first overlay."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from ipycanvas import Canvas, MultiCanvas, Path2D
from ipycanvas.canvas import _CANVAS_MANAGER, COMMANDS, LinearGradient, Pattern, RadialGradient
from ipywidgets import Image, Widget

from evalwidget.errors import EvalWidgetError
from evalwidget.readable_text import readable
from evalwidget.widget.overlays.recording import Recording
from evalwidget.widget.protocol import DRAWING_COMMANDS, DrawingPaint

__all__ = ["RecordingCanvas", "holding_restored"]

_NAMES: Final = {code: name for name, code in COMMANDS.items()}
_PNG: Final = b"\x89PNG"
#: Commands whose last argument may be None: ipycanvas leaves it out.
_LAST_IS_OPTIONAL: Final = ("fillText", "strokeText", "fill")


class _Sends:
    """Stands where a canvas has what sends its commands to the browser."""

    def __init__(self, recording: Recording) -> None:
        self._recording: Recording | None = recording

    @property
    def recording(self) -> Recording:
        """Where the commands go. Raises ``EvalWidgetError`` once the drawing is over."""
        if self._recording is None:
            raise EvalWidgetError("this canvas was for another step: draw on the one that the function is given")
        return self._recording

    def end(self) -> None:
        """Take no more commands."""
        self._recording = None

    def send_draw_command(self, canvas: Any, code: int, args: Sequence[Any] = (), buffers: Sequence[Any] = ()) -> None:
        arguments = list(args)
        if arguments and arguments[-1] is None and _NAMES[code] in _LAST_IS_OPTIONAL:
            arguments.pop()
        self.send_command(canvas, [code, arguments], buffers)

    def send_command(self, canvas: Any, command: Sequence[Any], buffers: Sequence[Any] = ()) -> None:
        name = _NAMES[command[0]]
        if name not in DRAWING_COMMANDS:
            raise EvalWidgetError(f"{name}: this command of ipycanvas cannot be replayed over the panels")
        if name == "putImageData":
            mime = "image/png" if buffers[0].startswith(_PNG) else "image/jpeg"
            self.recording.image_command(name, mime, buffers[0], command[1])
        else:
            self.recording.command(name, command[1], buffers)

    def flush(self) -> None:
        """Nothing is held back."""


class _WithoutComm:
    """A widget that the browser need not know of."""

    def open(self) -> None:
        """Opens no comm."""


class _LinearGradient(_WithoutComm, LinearGradient):
    pass


class _RadialGradient(_WithoutComm, RadialGradient):
    pass


class _Pattern(_WithoutComm, Pattern):
    pass


def _refused(name: str, why: str) -> Callable[..., None]:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise EvalWidgetError(f"canvas.{name} cannot be replayed over the panels: {why}")

    refuse.__name__ = name
    return refuse


_NO_EVENTS: Final = "an overlay hears no events"
_NO_PIXELS: Final = "it is recorded before anything is drawn, so there are no pixels to read"
_ALL_AT_ONCE: Final = "each step is drawn at once"
_REFUSED: Final = {
    **{
        f"on_{event}": _NO_EVENTS
        for event in (
            *("client_ready", "mouse_move", "mouse_down", "mouse_up", "mouse_out", "mouse_wheel"),
            *("touch_start", "touch_end", "touch_move", "touch_cancel", "key_down"),
        )
    },
    "get_image_data": _NO_PIXELS,
    "to_file": _NO_PIXELS,
    "sleep": _ALL_AT_ONCE,
}
_FIXED: Final = {
    "width": "it is that of the image",
    "height": "it is that of the image",
    "sync_image_data": _NO_PIXELS,
}


class RecordingCanvas(_WithoutComm, Canvas):
    """An ipycanvas ``Canvas`` of ``width`` x ``height`` pixels whose commands go into ``recording``.

    What cannot be replayed raises ``EvalWidgetError``.
    """

    _canvas_manager: Any = None

    def __init__(self, recording: Recording, width: int, height: int) -> None:
        self._canvas_manager = _Sends(recording)
        super().__init__(width=width, height=height)
        self._is_made = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_is_made" in self.__dict__:
            raise EvalWidgetError(f"canvas.{name} cannot be set: {_FIXED[name]}")
        if name in self.ATTRS and isinstance(value, Widget):
            super(Canvas, self).__setattr__(name, value)
            recording = self._canvas_manager.recording
            recording.paint(self.ATTRS[name], _paint(value, recording))
        else:
            super().__setattr__(name, value)

    def end(self) -> None:
        """Record no more: what is drawn from now on raises ``EvalWidgetError``."""
        self._canvas_manager.end()

    def create_linear_gradient(self, *args: Any, **kwargs: Any) -> LinearGradient:
        return _LinearGradient(*args, **kwargs)

    def create_radial_gradient(self, *args: Any, **kwargs: Any) -> RadialGradient:
        return _RadialGradient(*args, **kwargs)

    def create_pattern(self, *args: Any, **kwargs: Any) -> Pattern:
        return _Pattern(*args, **kwargs)

    def stroke(self, path2d: Path2D | None = None) -> None:
        if isinstance(path2d, Path2D):
            self._canvas_manager.recording.command("strokePath", [path2d.value])
        else:
            super().stroke(path2d)

    def fill(self, rule_or_path: Any = "nonzero") -> None:
        if isinstance(rule_or_path, Path2D):
            self._canvas_manager.recording.command("fillPath", [rule_or_path.value])
        else:
            super().fill(rule_or_path)

    def draw_image(
        self, image: Any, x: float = 0, y: float = 0, width: float | None = None, height: float | None = None
    ) -> None:
        if width is None and height is not None:
            raise EvalWidgetError("draw_image: expected a width with the height, got None")
        mime, content = _pixels(image, "draw_image")
        extent = [] if width is None else [width, width if height is None else height]
        self._canvas_manager.recording.image_command("drawImage", mime, content, [x, y, *extent])


@contextmanager
def holding_restored() -> Iterator[None]:
    """Lets go of what an exception inside ``hold_canvas`` leaves held: else all canvases of a notebook stay still."""
    was_held = _CANVAS_MANAGER._caching
    try:
        yield
    except BaseException:
        if not was_held:
            _CANVAS_MANAGER.flush()
            _CANVAS_MANAGER._caching = False
        raise


for _name, _why in _REFUSED.items():
    setattr(RecordingCanvas, _name, _refused(_name, _why))


def _paint(paint: Any, recording: Recording) -> DrawingPaint:
    if isinstance(paint, Pattern):
        image = recording.place_of_image(*_pixels(paint.image, "create_pattern"))
        return DrawingPaint(kind="pattern", numbers=[], stops=[], image=image, repetition=paint.repetition)
    is_radial = isinstance(paint, RadialGradient)
    first, last = (paint.x0, paint.y0), (paint.x1, paint.y1)
    return DrawingPaint(
        kind="radial" if is_radial else "linear",
        numbers=[*first, paint.r0, *last, paint.r1] if is_radial else [*first, *last],
        stops=[(float(offset), readable(colour)) for offset, colour in paint.color_stops],
        image=None,
        repetition="",
    )


def _pixels(image: Any, name: str) -> tuple[str, bytes]:
    """The type and the content of an image as a file."""
    if isinstance(image, Image):
        if image.format == "url":
            raise EvalWidgetError(f"{name}: expected an Image that holds its pixels, got a URL: use Image.from_file")
        if not image.value:
            raise EvalWidgetError(f"{name}: expected an Image that holds its pixels, got an empty one")
        return f"image/{image.format}", bytes(image.value)
    if isinstance(image, (Canvas, MultiCanvas)):
        if image.image_data is None:
            raise EvalWidgetError(
                f"{name}: a Canvas has its pixels in the browser: use an Image or put_image_data, or show the Canvas "
                "with sync_image_data=True first"
            )
        return "image/png", bytes(image.image_data)
    raise TypeError(f"{name}: expected an Image, a Canvas or a MultiCanvas widget, got {type(image).__name__}")
