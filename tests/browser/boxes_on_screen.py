"""Asserts that boxes are drawn where a table says they are, in the label's colour and the outcome's line."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

Colour = tuple[int, int, int]
Edge = tuple[float, float, float, float]

CORNERS = ("x1", "y1", "x2", "y2")

#: How much of an edge shows the label's colour: a solid line nearly all, dashes two thirds, dots less than half.
INKED = {"matched": (0.9, 1.0), "missed": (0.4, 0.85), "extra": (0.2, 0.75), "unscored": (0.9, 1.0)}


def assert_drawn(lab_page, side: str, rows: pd.DataFrame, colours: dict[str, str], size: tuple[float, float]) -> int:
    """Every box of ``rows`` (of ``Run.matches``) that has an edge of its own stands on the side's canvas.

    ``size`` is the image's. An edge is a box's own where no other box of the side comes near it. Returns how many boxes
    were looked at.
    """
    name = "ground_truth" if side == "truth" else "prediction"
    rows = rows[rows[f"{name}_x1"].notna()]
    corners = rows[[f"{name}_{corner}" for corner in CORNERS]].to_numpy(float)
    near = 5 / float(lab_page.canvas(side).get_attribute("data-scale"))
    looked_at = 0
    for place, (_, row) in enumerate(rows.iterrows()):
        others = np.delete(corners, place, axis=0)
        edges = [edge for edge in _edges(corners[place]) if _is_free(edge, others, near, *size)]
        if not edges:
            continue
        looked_at += 1
        outcome = row.status if isinstance(row.status, str) else "unscored"
        share = np.mean([_inked_share(lab_page, side, edge, _rgb(colours[row.phrase])) for edge in edges])
        # on a short edge the rhythm of dashes does not come round
        length = min(x2 - x1 + y2 - y1 for x1, y1, x2, y2 in edges) * 5 / near
        least, most = INKED[outcome] if length > 40 else (0.15, 1.0)
        where = f"{side} {outcome} {row.phrase!r} at {corners[place].tolist()}"
        assert least <= share <= most, f"{where}: {share:.2f} of its free edges is inked"
    return looked_at


def _edges(corners: Sequence[float]) -> list[Edge]:
    """Left, right and bottom edge, away from the corners; a label's chip stands on the top one."""
    x1, y1, x2, y2 = corners
    top, bottom = y1 + 0.3 * (y2 - y1), y1 + 0.92 * (y2 - y1)
    left, right = x1 + 0.08 * (x2 - x1), x1 + 0.92 * (x2 - x1)
    return [(x1, top, x1, bottom), (x2, top, x2, bottom), (left, y2, right, y2)]


def _is_free(edge: Edge, others: np.ndarray, near: float, width: float, height: float) -> bool:
    """No edge of another box, no chip above one, and no border of the image comes near."""
    x1, y1, x2, y2 = edge
    if min(x1, y1) < near or x2 > width - near or y2 > height - near:
        return False
    chip = 5 * near
    for ox1, oy1, ox2, oy2 in others:
        apart = x2 < ox1 - near or x1 > ox2 + 2 * chip or y2 < oy1 - chip or y1 > oy2 + near
        within = x1 > ox1 + near and x2 < ox2 - near and y1 > oy1 + chip and y2 < oy2 - near
        if not (apart or within):
            return False
    return True


def _inked_share(lab_page, side: str, edge: Edge, colour: Colour, count: int = 80) -> float:
    """The share of points along the edge that show the colour."""
    x1, y1, x2, y2 = edge
    points = [(x1 + part * (x2 - x1), y1 + part * (y2 - y1)) for part in np.linspace(0, 1, count)]
    found = lab_page.pixels(side, points)
    return sum(_distance(pixel, colour) < 48 for pixel in found) / count


def _rgb(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _distance(a: Sequence[int], b: Sequence[int]) -> int:
    return max(abs(x - y) for x, y in zip(a, b, strict=True))
