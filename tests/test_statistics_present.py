"""Tables with holes against the same table without them."""

from functools import partial

import numpy as np
import pytest

from harness.statistics.present import iqm_present, mean_present, quantile_present
from harness.statistics.scores import iqm

TABLE = np.random.default_rng(0).normal(size=(3, 11, 5))


@pytest.mark.parametrize(
    ("present", "whole"),
    [
        (mean_present, partial(np.mean, axis=1)),
        (iqm_present, partial(iqm, axis=1)),
        (partial(quantile_present, share=0.25), partial(np.quantile, q=0.25, axis=1)),
    ],
)
def test_holes_are_as_if_the_runs_had_not_been_there(present, whole):
    np.testing.assert_allclose(present(TABLE), whole(TABLE), atol=1e-12)
    holed = TABLE.copy()
    holed[:, [2, 7, 8], 1] = np.nan
    kept = np.delete(TABLE[..., 1:2], [2, 7, 8], axis=1)
    np.testing.assert_allclose(present(holed)[:, 1:2], whole(kept), atol=1e-12)
    np.testing.assert_allclose(present(holed)[:, 2:], whole(TABLE)[:, 2:], atol=1e-12)


def test_a_column_without_runs_is_not_a_number():
    table = np.full((1, 4, 1), np.nan)
    assert np.isnan([mean_present(table), iqm_present(table), quantile_present(table, 0.5)]).all()
