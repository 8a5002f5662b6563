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
    kind: Literal["middle", "mean", "share", "steps", "spread", "exponent"]
    figure: str  # that shows it


def _laboratory(words: str, column: str, scale: Literal["difference", "ratio"]) -> Metric:
    """A measure of the estimator laboratory, its points on the reference path averaged within a seed."""
    return Metric(words, "laboratory", column, scale, "mean", "laboratory")


def _exponent(regressor: str) -> Metric:
    words = f"exponent of the steps until solved in the {regressor}"
    return Metric(words, "scaling", regressor, "difference", "exponent", "dimension")


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
    "trace_covariance": _laboratory("trace of the covariance of the update", "trace_covariance", "ratio"),
    "signal_to_noise": _laboratory("signal-to-noise ratio of the update", "signal_to_noise", "ratio"),
    "bias": _laboratory("bias of the update", "bias", "ratio"),
    "cosine": _laboratory("cosine of the update to the truth", "cosine", "difference"),
    "effective_fraction": _laboratory("effective sample fraction", "effective_fraction", "difference"),
    "parameters_exponent": _exponent("parameters"),
    "horizon_exponent": _exponent("horizon"),
    "actions_exponent": _exponent("actions"),
}
