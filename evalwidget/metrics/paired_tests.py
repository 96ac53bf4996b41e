"""Whether one side is right more often than the other, on the same specimens."""

import math

import numpy as np

__all__ = ["mcnemar_exact"]


def mcnemar_exact(only_before: int, only_after: int) -> float:
    """Two-sided p-value of McNemar's exact test, from how many are right on one side alone, before and after.

    Under the null hypothesis a specimen that is right on one side alone is so on either with probability .5: the
    binomial test of ``only_before`` of ``only_before + only_after``. 1 where there is no such specimen. Source:
    McNemar 1947; the exact form is in Fagerland, Lydersen and Laake 2013; equal to scipy's ``binomtest``.
    """
    total, fewer = only_before + only_after, min(only_before, only_after)
    if 2 * fewer == total:
        return 1.0
    # log of C(total, i) / 2 ** total for i = 0 … fewer, of which each follows from the one before
    steps = np.arange(1, fewer + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log((total - steps + 1) / steps))]) - total * math.log(2)
    largest = float(logs[-1])
    return min(1.0, 2 * math.exp(largest) * float(np.exp(logs - largest).sum()))
