"""How values spread, and how much of that groups explain."""

import numpy as np
from numpy.typing import NDArray

from evalwidget.metrics.counting import ratio

__all__ = ["explained_share"]


def explained_share(values: NDArray[np.float64], group: NDArray[np.integer]) -> float:
    """The share, 0 to 1, of the variance of ``values`` ``(n,)`` that their ``group`` ``(n,)`` explains.

    Epsilon squared (Kelley 1935): eta squared, the sum of squares between groups over the whole, less what as many
    groups would explain by chance: ``1 - (1 - eta squared) (n - 1) / (n - groups)``; 0 where that is below 0. So many
    groups have no advantage over few. NaN where the values do not vary, or are no more than the groups.
    """
    if not len(values):
        return np.nan
    place = group - group.min()
    count = np.bincount(place)
    groups = np.count_nonzero(count)
    total = float(((values - values.mean()) ** 2).sum())
    if total <= 0 or len(values) <= groups:
        return np.nan
    mean = ratio(np.bincount(place, values), count)
    within = float(((values - mean[place]) ** 2).sum())
    return max(1 - within / total * (len(values) - 1) / (len(values) - groups), 0.0)
