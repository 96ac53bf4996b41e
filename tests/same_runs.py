"""Whether two runs are the same: every table, every note, every image."""

import io
from pathlib import Path

import numpy as np
from pandas.testing import assert_frame_equal
from PIL import Image

import evalwidget as ew
from evalwidget.images import encoded_image

TABLES = ("summary", "scores", "matches", "join_report")
TABLES_OF_BOXES = ("conventions", "coco_summary", "classes", "phrases", "error_types")


def saved(run: ew.Run, folder: Path, *, copy_images: bool = False) -> ew.Run:
    """The run opened again from where it was saved."""
    return ew.open_run(run.save(folder, copy_images=copy_images))


def assert_same(again: ew.Run, run: ew.Run) -> None:
    assert (again.name, again.task, again.steps, again.specimens) == (run.name, run.task, run.steps, run.specimens)
    has_boxes = run.task in ("object detection", "phrase grounding")
    for table in (*TABLES, *(TABLES_OF_BOXES if has_boxes else ())):
        assert_frame_equal(getattr(again, table)(), getattr(run, table)())
    assert again.notes == run.notes
    for step in run.steps:
        assert again._data.predictions(step).outputs == run._data.predictions(step).outputs
        assert again._data.predictions(step).joined == run._data.predictions(step).joined
    assert repr(again) == repr(run)


def assert_same_images(again: ew.Run, run: ew.Run) -> None:
    """Both show the same pixels of every specimen, and know the same sizes."""
    assert again.specimens == run.specimens
    for row, name in enumerate(run.specimens):
        (state, pixels), (other, others) = (_shown(one, row) for one in (run, again))
        assert other == state, name
        assert np.array_equal(pixels, others), name
        assert again._data.size(row) == run._data.size(row), name


def _shown(run: ew.Run, row: int) -> tuple[str, np.ndarray]:
    image = encoded_image(run._data.found_image(row), run._data.size(row))
    pixels = np.asarray(Image.open(io.BytesIO(image.data)).convert("RGBA")) if image.state == "ok" else np.empty(0)
    return image.state, pixels
