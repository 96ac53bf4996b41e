"""Numbers written many at once read as Python writes each."""

import numpy as np
import pytest

from evalwidget.number_texts import number_texts


@pytest.mark.parametrize("decimals", [1, 2])
def test_every_digit_is_pythons(decimals: int) -> None:
    random = np.random.default_rng(0)
    values = np.concatenate(
        [
            np.arange(10_000) / 10_000,
            np.arange(2_000) / 8,
            random.uniform(0, 30, 1_000),
            random.uniform(0, 1, 1_000).astype(np.float32),
            -random.uniform(0, 3, 100),
            [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e300, 5e-324, 9.995, 99.95, 100.05],
        ]
    )
    assert number_texts(values, decimals).tolist() == [f"{value:.{decimals}f}" for value in values.tolist()]


def test_words_stand_around() -> None:
    assert number_texts(np.array([0.5, 1e9]), 1, "({}) ").tolist() == ["(0.5) ", "(1000000000.0) "]
    assert number_texts(np.empty(0), 2).tolist() == []
