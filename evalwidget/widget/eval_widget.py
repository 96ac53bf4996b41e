"""``EvalWidget``: the traits, and the channel on which the front end's requests are answered."""

import os
import threading
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import anywidget
import traitlets

from evalwidget.description import run_notes
from evalwidget.diagnosis.diagnosis import Diagnosis
from evalwidget.errors import UnknownNameError
from evalwidget.scoring.evaluation import Evaluation
from evalwidget.scoring.named_scores import main_score
from evalwidget.widget.cell_origin import current_origin
from evalwidget.widget.filters import checked_filter
from evalwidget.widget.overlays.collection import Overlays
from evalwidget.widget.place import known_specimen, recorded_step
from evalwidget.widget.protocol import SORTS
from evalwidget.widget.server import answer, run_info

__all__ = ["DataChannel", "EvalWidget"]


def _bundled(name: str) -> Any:
    """Text of a file of the bundle; its path where ``ANYWIDGET_HMR`` asks for hot reload (a path keeps every closed
    widget alive)."""
    found = files("evalwidget") / "static" / name
    return found if os.environ.get("ANYWIDGET_HMR") == "1" else found.read_text("utf-8")


class DataChannel(anywidget.AnyWidget):
    """Answers requests, and sends nothing else.

    ipykernel 7 handles messages of a comm in the thread that last sent on it, so a cell that sets ``EvalWidget.step``
    would hold up image requests on the same comm until it ends. Requests therefore have this comm of their own.
    """

    _esm = "export default {};"
    #: How many answered requests are remembered, to pass over the ones that were sent again.
    _REMEMBERED: Final = 4096

    def __init__(
        self,
        evaluation: Evaluation,
        diagnosis: Diagnosis,
        other: Evaluation | None = None,
        overlays: Overlays | None = None,
    ) -> None:
        super().__init__()
        self._evaluation, self._diagnosis, self._overlays = evaluation, diagnosis, overlays
        self._other = other
        self._lock = threading.Lock()
        self._taken: dict[str, None] = {}
        # opening the comm counts as sending from the cell's thread; a private name of ipykernel, so it may be absent
        self.comm.__dict__.pop("_reply_subshell_id", None)
        self.on_msg(self._reply)

    def _reply(self, _widget: Any, request: Any, _buffers: Any) -> None:
        if self._is_first(request):
            reply, buffers = answer(request, self._evaluation, self._other, self._diagnosis, self._overlays)
            self.send(reply, buffers)

    def _is_first(self, request: Any) -> bool:
        """False for a request that was sent again because the first sending is held up behind a running cell."""
        identity = request.get("id") if isinstance(request, dict) else None
        if not isinstance(identity, str):
            return True
        with self._lock:
            if identity in self._taken:
                return False
            self._taken[identity] = None
            while len(self._taken) > self._REMEMBERED:
                del self._taken[next(iter(self._taken))]
            return True


class EvalWidget(anywidget.AnyWidget):
    """Ground truth beside prediction of one run's specimens, across its steps.

    ``step`` and ``specimen`` may be read, set and observed; the view follows, and sets them when its user moves. So may
    ``score``, the score in the list and the chart; ``sort_by``: "order" (the run's), "identifier", "score", "change"
    (from ``compare_step`` or the step before), "learned_at" or "forgetting"; ``sort_reversed``: the list is in
    ascending order, or with the worst first, and turned round where this is true; and ``filter``, what the list is
    narrowed to: a dict with any of the keys "text", "label", "learning" and "mode", as in ``Run.compare``. A view that
    is arranged otherwise than the run, and is given no ``specimen``, opens the first of its list.

    ``compare_step`` is the step that stands beside the one in sight, of the other run where the widget was given one;
    None: ground truth and prediction alone.

    ``overlays`` is what is drawn over the panels with ipycanvas: ``widget.overlays.append(draw)``, see ``Overlays``.
    """

    _esm = _bundled("widget.js")
    _css = _bundled("widget.css")

    step = traitlets.Int(None, allow_none=True).tag(sync=True, echo_update=False)
    specimen = traitlets.Unicode(None, allow_none=True).tag(sync=True, echo_update=False)
    score = traitlets.Unicode().tag(sync=True, echo_update=False)
    sort_by = traitlets.Enum(SORTS, "order").tag(sync=True, echo_update=False)
    sort_reversed = traitlets.Bool(False).tag(sync=True, echo_update=False)
    filter = traitlets.Dict().tag(sync=True, echo_update=False)
    compare_step = traitlets.Int(None, allow_none=True).tag(sync=True, echo_update=False)
    _run = traitlets.Dict().tag(sync=True)
    _overlays = traitlets.Dict().tag(sync=True)
    _hidden_overlays = traitlets.List(traitlets.Unicode()).tag(sync=True, echo_update=False)
    _height = traitlets.Int(560).tag(sync=True)
    _data = anywidget.WidgetTrait().tag(sync=True)
    _origin = traitlets.Dict().tag(sync=True)
    #: True until a page has shown what was asked for.
    _sidebar_asked = traitlets.Bool(False).tag(sync=True, echo_update=False)

    def __init__(
        self,
        evaluation: Evaluation,
        *,
        step: int | None = None,
        specimen: str | None = None,
        height: int = 560,
        score: str | None = None,
        sort_by: str = "order",
        sort_reversed: bool = False,
        filter: Mapping[str, str] | None = None,  # noqa: A002 - the name of the trait
        diagnosis: Diagnosis | None = None,
        compare_step: int | None = None,
        other: Evaluation | None = None,
    ) -> None:
        data = evaluation.data
        self._steps: Final = frozenset(data.steps)
        self._compared: Final = data if other is None else other.data
        self._rows: Final = data.rows
        self.overlays: Final = Overlays(self._publish)
        # before anything can be refused, since whatever is deleted is closed
        self._channel: Final = DataChannel(evaluation, diagnosis or Diagnosis(evaluation), other, self.overlays)
        run = run_info(evaluation, run_notes(data), score, None if other is None else other.data)
        is_arranged = sort_by != "order" or sort_reversed or bool(filter)
        self._data_of_run: Final = data
        self._scores: Final = [offered["name"] for offered in run["scores"]]
        super().__init__(
            step=step if step is not None else (data.steps[-1] if data.steps else None),
            specimen=specimen if specimen is not None or is_arranged else next(iter(data.specimens.identifiers), None),
            score=main_score(data) if score is None else score,
            sort_by=sort_by,
            sort_reversed=sort_reversed,
            filter=dict(filter or {}),
            compare_step=compare_step,
            _run=dict(run),
            _overlays=dict(self.overlays.info),
            _height=height,
            _data=self._channel,
            _origin=dict(current_origin()),
        )

    def refresh_overlays(self) -> None:
        """Have the overlays drawn again, since what they draw has changed."""
        self.overlays.refresh()

    def _publish(self, overlays: Overlays) -> None:
        with self.hold_sync():
            self._overlays, self._hidden_overlays = dict(overlays.info), sorted(overlays.hidden)

    @traitlets.observe("_hidden_overlays")
    def _shown_or_hidden(self, change: Any) -> None:
        self.overlays.hidden = frozenset(change["new"])

    @traitlets.validate("step")
    def _recorded(self, proposal: Any) -> int | None:
        return recorded_step(proposal["value"], self._steps)

    @traitlets.validate("compare_step")
    def _recorded_to_compare(self, proposal: Any) -> int | None:
        step: int | None = proposal["value"]
        if step is not None and step not in self._compared.steps:
            run = f"the run {self._compared.name!r}"
            raise traitlets.TraitError(f"compare_step {step!r} is not recorded; {run} has {self._compared.steps}")
        return step

    @traitlets.validate("specimen")
    def _known(self, proposal: Any) -> str | None:
        return known_specimen(proposal["value"], self._rows)

    @traitlets.validate("score")
    def _offered(self, proposal: Any) -> str:
        score: str = proposal["value"]
        if score not in self._scores:
            raise traitlets.TraitError(f"score {score!r} is not offered; the list has {', '.join(self._scores)}")
        return score

    @traitlets.validate("filter")
    def _narrowing(self, proposal: Any) -> dict[str, str]:
        try:
            return checked_filter(self._data_of_run, proposal["value"])
        except UnknownNameError as error:
            raise traitlets.TraitError(str(error)) from error

    def show_in_sidebar(self) -> None:
        """Show this evaluation in the sidebar of JupyterLab or Notebook 7, and open the sidebar where it is closed.

        Step, specimen, score, sorting and filter stay the same in every place that shows the evaluation. A page that
        has no such sidebar shows nothing.
        """
        self._sidebar_asked = True

    def close(self) -> None:
        """Close the widget and its channel."""
        self._channel.close()
        super().close()
