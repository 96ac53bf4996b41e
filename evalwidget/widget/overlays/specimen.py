"""What a function that draws is told of the specimen."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalwidget.data import RunData
from evalwidget.images import image_array

__all__ = ["OverlaySpecimen"]


class OverlaySpecimen(str):
    """A specimen's identifier, as in every table of the run, with what else a drawing needs of it."""

    #: Width and height of the original image in pixels; None where the data do not say and there is no image.
    width: float | None
    height: float | None

    def __new__(cls, data: RunData, row: int) -> "OverlaySpecimen":
        specimen = super().__new__(cls, data.specimens.identifiers[row])
        specimen._data, specimen._row = data, row
        specimen.width, specimen.height = data.size(row) or (None, None)
        return specimen

    _data: RunData
    _row: int

    def __reduce__(self) -> Any:
        """A copy that leaves the process, or a cache keeps, is the identifier alone."""
        return str, (str(self),)

    def image(self) -> NDArray[np.uint8]:
        """The original image as it is shown: (height, width, 3), red, green and blue. Raises ``EvalWidgetError`` where
        it is missing or cannot be read."""
        return image_array(self._data.found_image(self._row), self._data.size(self._row))

    @property
    def canvas_size(self) -> tuple[int, int]:
        """Width and height to draw on: of an image whose size is not known, as far as its ground truth reaches."""
        if self.width is not None and self.height is not None:
            return round(self.width), round(self.height)
        truth = self._data.ground_truth.boxes
        corners: Any = truth.corners[truth.offsets[self._row] : truth.offsets[self._row + 1]]
        width, height = np.ceil(np.nanmax(corners[:, 2:], axis=0, initial=1.0))
        return int(width), int(height)
