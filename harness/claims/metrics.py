"""What can be claimed of runs: each metric by the table and column it is read from, and the scale of its comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """How a cell is measured; what each kind computes stands in `measures.py`."""

    words: str
    table: str  # of results/tables/{study}, without .csv
    column: str
    scale: Literal["difference", "ratio"]  # by which two sides are compared
    kind: Literal["middle", "mean", "logs", "share", "steps", "spread", "exponent"]
    figure: str  # that shows it


def _laboratory(words: str, column: str) -> Metric:
    """A measure of the estimator laboratory, its points averaged within a seed."""
    return Metric(words, "laboratory", column, "difference", "mean", "laboratory")


def _positive(words: str, column: str) -> Metric:
    """A positive one, which may differ by decades from point to point: its logarithms are averaged."""
    return Metric(words, "laboratory", column, "ratio", "logs", "laboratory")


def _exponent(regressor: str, figure: str) -> Metric:
    words = f"exponent of the steps until solved in the {regressor}"
    return Metric(words, "scaling", regressor, "difference", "exponent", figure)


METRICS: Mapping[str, Metric] = {
    "score": Metric("normalised score at the budget", "runs", "normalised", "difference", "middle", "scores"),
    "area": Metric("area under the learning curve", "runs", "area", "difference", "middle", "learning_curves"),
    "steps": Metric("steps until solved", "runs", "steps_to_solved", "ratio", "steps", "targets"),
    "success": Metric("share of runs that solve it", "runs", "steps_to_solved", "difference", "share", "targets"),
    "score_dispersion": Metric(
        "standard deviation of the score across seeds", "runs", "normalised", "ratio", "spread", "dispersion"
    ),
    "area_dispersion": Metric(
        "standard deviation of the area across seeds", "runs", "area", "ratio", "spread", "dispersion"
    ),
    "trace_covariance": _positive("trace of the covariance of an update", "trace_covariance"),
    "relative_noise": _positive("trace of the covariance of an update over the squared truth", "relative_noise"),
    "signal_to_noise": _laboratory("signal-to-noise ratio of 1 000 steps of updates", "signal_to_noise_per_1000"),
    "cosine": _laboratory("cosine of 1 000 steps of updates to the truth", "cosine_per_1000"),
    "squared_bias": _laboratory("squared bias of an update over the squared truth", "squared_bias"),
    "effective_fraction": _laboratory("share of weighted data that counts", "effective_fraction"),
    "parameters_exponent": _exponent("parameters", "scaling"),
    "horizon_exponent": _exponent("horizon", "sweeps"),
    "actions_exponent": _exponent("actions", "sweeps"),
}
