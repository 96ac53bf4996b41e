"""``PanelPair``: the two panels as plain ipycanvas canvases in an ipywidgets box, for dashboards of one's own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import ipycanvas
import ipywidgets
import numpy as np
import traitlets

from evalwidget.errors import EvalWidgetError, UnknownNameError
from evalwidget.run import Run
from evalwidget.widget.box_drawing import Chip, Scene, SideBoxes, Stroke, chips, draw_chips, draw_strokes, strokes
from evalwidget.widget.note_drawing import Note, draw_image, draw_notes, notes
from evalwidget.widget.panel_texts import heading, step_label, texts, title
from evalwidget.widget.place import known_specimen, recorded_step
from evalwidget.widget.shown_specimen import AtStep, ShownSpecimen

__all__ = ["PanelPair"]

#: Layers of a panel, from below.
_IMAGE, _BOXES, _DRAWING = range(3)
#: A panel is at most this many times as high as it is wide.
_HIGHEST: Final = 2
_NARROWEST: Final = 40
#: Round a panel, as round ipywidgets' own, and between the two.
_MARGIN: Final = 2
_GAP: Final = 8
#: The traits that what is seen depends on.
_DRAWN: Final = ("specimen", "step", "width", "show_boxes", "show_labels", "show_scores")


class _Plan(NamedTuple):
    """What a panel's layer of boxes is to show."""

    strokes: list[Stroke]
    chips: list[Chip]
    notes: list[Note]


class PanelPair(ipywidgets.VBox):
    """Ground truth beside prediction of one specimen at one step, as two ipycanvas canvases in a box of ipywidgets.

    ``step`` and ``specimen`` may be read, set, observed and linked, as in ``ipywidgets.link((slider, "value"), (pair,
    "step"))``; so may ``width``, how many CSS pixels wide each panel is at most, and ``show_boxes``, ``show_labels``
    and ``show_scores``. Colours, lines and labels are the widget's. A change of the step sends the boxes alone, in one
    message.

    ``truth`` and ``prediction`` are plain canvases that lie over the boxes, empty, to draw on in CSS pixels; ``scale``
    of them are a pixel of the original image, whose ``size`` is (width, height). ``drawing`` opens one in pixels of the
    original image. A change of the specimen or the width empties them, one of the step does not.

    What is missing or cannot be read stands on the panel in words; questions and answers stand below the panels.

    ``run`` is a ``Run``, ``specimen`` one of its identifiers (the first if None), ``step`` a recorded step (the last if
    None); other keywords are ``ipywidgets.VBox``'s. Raises ``EvalWidgetError`` and ``UnknownNameError``; a trait that
    is set to what the run does not have raises ``traitlets.TraitError``.
    """

    step = traitlets.Int(None, allow_none=True).tag(sync=True, echo_update=False)
    specimen = traitlets.Unicode(None, allow_none=True).tag(sync=True, echo_update=False)
    width = traitlets.Int(420).tag(sync=True, echo_update=False)
    show_boxes = traitlets.Bool(True).tag(sync=True, echo_update=False)
    show_labels = traitlets.Bool(True).tag(sync=True, echo_update=False)
    show_scores = traitlets.Bool(True).tag(sync=True, echo_update=False)

    def __init__(
        self,
        run: Run,
        specimen: str | None = None,
        step: int | None = None,
        *,
        width: int = 420,
        show_boxes: bool = True,
        show_labels: bool = True,
        show_scores: bool = True,
        **box: Any,
    ) -> None:
        # before anything can be refused, since whatever is deleted is closed
        self._parts: list[ipywidgets.Widget] = []
        if not isinstance(run, Run):
            raise EvalWidgetError(
                f"PanelPair: run: expected a Run, as ew.open_run or ew.demo_run give, got {type(run).__name__}"
            )
        self._evaluation: Final = run._evaluation
        self._data: Final = run._evaluation.data
        if specimen is not None:
            self._data.row(specimen)
        if step is not None:
            step = self._data.recorded_step(step)
        self._lock: Final = threading.RLock()
        self._shown: ShownSpecimen | None = None
        self._absence = ""
        self._at: AtStep | None = None
        self._drawn: tuple[Any, ...] | None = None
        self._area: tuple[Any, ...] | None = None
        self._make_parts()
        super().__init__(
            [self._title, self._row, self._texts],
            step=step if step is not None else (self._data.steps[-1] if self._data.steps else None),
            specimen=specimen if specimen is not None else next(iter(self._data.specimens.identifiers), None),
            width=width,
            show_boxes=show_boxes,
            show_labels=show_labels,
            show_scores=show_scores,
            **box,
        )
        self._follow()
        self.observe(self._follow, _DRAWN)
        # a page that is loaded again has empty canvases
        self.prediction.on_client_ready(self.redraw)

    @property
    def scale(self) -> float:
        """How many CSS pixels of a panel a pixel of the original image is wide and high."""
        width, height = self.size
        return min(self.width / width, _HIGHEST * self.width / height)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the specimen's image in pixels; where they are not known, what holds the boxes shown."""
        return (1, 1) if self._shown is None else self._shown.size

    @property
    def colours(self) -> dict[str, str]:
        """The colour ``#rrggbb`` of each label of the specimen in sight."""
        return {} if self._at is None else {label["text"]: label["colour"] for label in self._at.labels}

    @contextmanager
    def drawing(self, panel: str = "prediction") -> Iterator[ipycanvas.Canvas]:
        """The canvas of a ``panel`` ("truth" or "prediction"), emptied, in pixels of the original image.

        What is drawn inside the ``with`` block is sent at its end as one message; after it the canvas is in CSS pixels
        again. Raises ``UnknownNameError``, and ``EvalWidgetError`` once the pair is closed.
        """
        if self._is_closed:
            raise EvalWidgetError("drawing: the pair is closed: make another PanelPair")
        if panel not in ("truth", "prediction"):
            raise UnknownNameError(f"drawing: panel: expected 'truth' or 'prediction', got {panel!r}")
        canvas = self.truth if panel == "truth" else self.prediction
        error: BaseException | None = None
        with ipycanvas.hold_canvas():
            canvas.clear()
            canvas.save()
            canvas.scale(self.scale)
            try:
                yield canvas
            except BaseException as raised:  # hold_canvas holds for ever where one goes through it
                error = raised
            canvas.restore()
        if error is not None:
            raise error

    def redraw(self) -> None:
        """Draw image, boxes and words again, and leave ``truth`` and ``prediction`` as they are."""
        with self._lock:
            if not self._is_closed:
                self._draw(is_new=False, with_image=True)

    def close(self) -> None:
        """Close the box and all that is in it; what it is linked with moves on without it."""
        for part in self._parts:
            part.close()
        super().close()

    @traitlets.validate("step")
    def _recorded(self, proposal: Any) -> int | None:
        return recorded_step(proposal["value"], self._data.steps)

    @traitlets.validate("specimen")
    def _known(self, proposal: Any) -> str | None:
        return known_specimen(proposal["value"], self._data.rows)

    @traitlets.validate("width")
    def _wide_enough(self, proposal: Any) -> int:
        width: int = proposal["value"]
        if width < _NARROWEST:
            raise traitlets.TraitError(f"width: expected {_NARROWEST} CSS pixels or more, got {width}")
        return width

    def _make_parts(self) -> None:
        self._image = self._part(ipywidgets.Image())
        self._title, self._texts = self._part(ipywidgets.HTML()), self._part(ipywidgets.HTML())
        self._truth_heading = self._part(ipywidgets.HTML(heading("Ground Truth")))
        self._heading = self._part(ipywidgets.HTML())
        self._panels = [self._part(ipycanvas.MultiCanvas(_DRAWING + 1)) for _ in range(2)]
        for panel, side in zip(self._panels, ("truth", "prediction"), strict=True):
            panel.add_class(f"evalwidget-{side}")
            panel.layout.margin = f"0 {_MARGIN}px"
            for layer in range(_DRAWING + 1):
                self._part(panel[layer])
        self.truth, self.prediction = (panel[_DRAWING] for panel in self._panels)
        # a canvas that is stretched is not crisp
        layout = {"margin": f"0 {_GAP}px {_GAP}px 0", "align_items": "flex-start"}
        columns = [
            self._part(ipywidgets.VBox([above, panel], layout=layout))
            for above, panel in zip((self._truth_heading, self._heading), self._panels, strict=True)
        ]
        self._row = self._part(ipywidgets.HBox(columns, layout={"flex_flow": "row wrap"}))

    def _part(self, widget: Any) -> Any:
        self._parts.append(widget)
        return widget

    @property
    def _is_closed(self) -> bool:
        return self.comm is None

    def _follow(self, _change: Any = None) -> None:
        with self._lock:
            wanted = tuple(getattr(self, name) for name in _DRAWN)
            if self._is_closed or wanted == self._drawn:  # the latter where several traits were set together
                return
            before = None if self._drawn is None else self._drawn[0]
            if self._shown is None or self.specimen != before:
                self._open()
            self._at = None if self._shown is None else self._shown.at(self.step)
            area = (self.specimen, self.width, self.size)
            is_new = area != self._area
            self._draw(is_new=is_new, with_image=is_new)
            self._drawn, self._area = wanted, area

    def _open(self) -> None:
        """Ask for the specimen; where there is none, or not even its image can be asked for, ``_absence`` says so."""
        self._shown, self._absence = None, "no specimen is chosen"
        if self.specimen is not None:
            try:
                self._shown = ShownSpecimen(self._evaluation, self.specimen, self.step)
            except EvalWidgetError as error:
                self._absence = str(error)

    def _draw(self, *, is_new: bool, with_image: bool) -> None:
        """Send what is to be seen; ``is_new``: of another specimen, or on panels of another size."""
        shown, at, panel, scale = self._shown, self._at, self._panel_size(), self.scale
        # worked out before anything is held: see box_drawing
        if shown is None or at is None:
            plans = [_Plan([], [], notes([self._absence], panel)) for _ in self._panels]
        else:
            plans = [
                self._plan(boxes, notes([shown.image_words, words], panel))
                for boxes, words in ((at.truth, at.truth_words), (at.prediction, at.words))
            ]
        image = self._image if shown is not None and shown.image else None
        if is_new:
            self._resize(panel)
            if shown is not None and shown.image:
                with self._image.hold_sync():
                    self._image.format, self._image.value = shown.image_format, shown.image
        with ipycanvas.hold_canvas():
            for canvas, plan in zip(self._panels, plans, strict=True):
                if with_image:
                    canvas[_IMAGE].clear()
                    draw_image(canvas[_IMAGE], image, panel, scale)
                if is_new:
                    canvas[_DRAWING].clear()
                canvas[_BOXES].clear()
                draw_strokes(canvas[_BOXES], plan.strokes)
                draw_chips(canvas[_BOXES], plan.chips)
                draw_notes(canvas[_BOXES], plan.notes)
        self._say(shown, at)

    def _plan(self, boxes: SideBoxes, said: list[Note]) -> _Plan:
        if self._at is None or not self.show_boxes:
            return _Plan([], [], said)
        scene = Scene(boxes, self._at.labels, self.scale, self._panel_size(), self.show_labels, self.show_scores)
        return _Plan(strokes(scene), chips(scene), said)

    def _panel_size(self) -> tuple[int, int]:
        width, height = (max(1, int(np.floor(side * self.scale + 0.5))) for side in self.size)
        return width, height

    def _resize(self, panel: tuple[int, int]) -> None:
        for canvas in self._panels:
            if (canvas.width, canvas.height) != panel:
                canvas.width, canvas.height = panel
        for column in self._row.children:
            column.layout.min_width = f"{self.width + 2 * _MARGIN}px"
        self._texts.layout.width = f"{2 * (self.width + 2 * _MARGIN + _GAP)}px"

    def _say(self, shown: ShownSpecimen | None, at: AtStep | None) -> None:
        step = self.step
        self._title.value = title(self.specimen or "")
        self._heading.value = heading("Prediction", step_label(step, None if step is None else self._data.epoch(step)))
        self._texts.value = "" if shown is None or at is None else texts(at, shown.annotated, shown.caption)
