"""Answers what the front end asks of the overlays."""

from collections.abc import Mapping
from typing import Any

from evalwidget.data import RunData
from evalwidget.widget.messages import Reply, in_a_moment, integer, integers, packed, within
from evalwidget.widget.overlays.collection import Overlays
from evalwidget.widget.overlays.recording import Recording
from evalwidget.widget.overlays.specimen import OverlaySpecimen
from evalwidget.widget.protocol import OverlaysReply

__all__ = ["drawings"]


def drawings(identity: str, request: Mapping[str, Any], data: RunData, overlays: Overlays | None) -> Reply:
    """What the overlays draw over one specimen at some steps."""
    row = within(integer(request, "index"), len(data.specimens))
    steps = [data.recorded_step(step) for step in integers(request, "steps")]
    specimen, recording = OverlaySpecimen(data, row), Recording()
    spans = in_a_moment(steps, lambda step: [] if overlays is None else overlays.draw(recording, specimen, step))
    names, buffers = packed(recording.arrays())
    return OverlaysReply(
        id=identity,
        kind="overlays",
        steps=steps[: len(spans)],
        drawings=spans,
        texts=recording.texts,
        paints=recording.paints,
        images=recording.mimes,
        buffers=names,
    ), buffers
