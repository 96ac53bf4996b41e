"""Bootstrap intervals against scipy-free loops over the same definition."""

import numpy as np
import pytest

from evalwidget.metrics import bootstrap
from evalwidget.metrics.bootstrap import percentile_interval, resampled_ratios


def test_ratios_are_those_of_the_draws_one_by_one() -> None:
    rng = np.random.default_rng(3)
    part, whole = rng.integers(0, 3, (30, 2)).astype(float), rng.integers(1, 4, (30, 2)).astype(float)
    found = resampled_ratios(part, whole, 50, seed=7)
    draws = np.random.default_rng(7).integers(0, 30, (50, 30))
    expected = [part[draw].sum(axis=0) / whole[draw].sum(axis=0) for draw in draws]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_many_columns_alike_in_several_parts_are_those_of_the_draws_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "_CHUNK", 100)
    rng = np.random.default_rng(5)
    part, whole = rng.random((31, 3))[:, [0, 1, 0, 2, 1]], rng.random((31, 2))[:, [0, 0, 1, 0, 1]]
    found = resampled_ratios(part, whole, 50, seed=7)
    draws = np.random.default_rng(7).integers(0, 31, (50, 31))
    expected = [part[draw].sum(axis=0) / whole[draw].sum(axis=0) for draw in draws]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_same_seed_same_draws_and_columns_are_paired() -> None:
    part = np.arange(20.0)[:, None] + [0, 1]
    found = resampled_ratios(part, np.ones((20, 2)), 200, seed=1)
    np.testing.assert_allclose(found[:, 1] - found[:, 0], 1)
    assert np.array_equal(found, resampled_ratios(part, np.ones((20, 2)), 200, seed=1))
    assert not np.array_equal(found, resampled_ratios(part, np.ones((20, 2)), 200, seed=2))


def test_interval_of_a_mean_is_about_two_standard_errors_wide() -> None:
    values = np.random.default_rng(0).normal(5, 2, (400, 1))
    low, high = percentile_interval(resampled_ratios(values, np.ones_like(values), 4000, 0)[:, 0], 0.95)
    error = values.std() / 20
    assert abs(low - (values.mean() - 1.96 * error)) < 0.1 * error
    assert abs(high - (values.mean() + 1.96 * error)) < 0.1 * error


def test_nothing_to_draw_from_is_not_defined() -> None:
    assert np.isnan(resampled_ratios(np.zeros((0, 1)), np.zeros((0, 1)), 10, 0)).all()
    assert np.isnan(resampled_ratios(np.zeros((4, 1)), np.zeros((4, 1)), 10, 0)).all()
    assert np.isnan(percentile_interval(np.array([np.nan]), 0.95)).all()


def test_who_has_nothing_to_count_changes_no_draw() -> None:
    rng = np.random.default_rng(3)
    part, whole = rng.integers(0, 3, (30, 2)).astype(float), rng.integers(1, 4, (30, 2)).astype(float)
    expected = resampled_ratios(part, whole, 50, seed=7)
    more = [np.insert(column, [0, 4, 30], 0, axis=0) for column in (part, whole)]
    np.testing.assert_array_equal(resampled_ratios(*more, 50, seed=7), expected)
