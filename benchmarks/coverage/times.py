"""Intervals of steps to a target: success rates, expected running times, survival, exchange rates, scaling."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy import stats

from benchmarks.coverage.case import RESAMPLES, Case, Floats, Trial, everywhere, holds
from harness.interface import Booleans
from harness.statistics.bootstrap import bootstrap
from harness.statistics.exchange import Curves, exchange_rate, fastest, times
from harness.statistics.profiles import data_profile
from harness.statistics.scaling import Line, crossover, design, exponents, interaction, line
from harness.statistics.survival import median, pairs, ratio, resampled, restricted, solved
from harness.statistics.targets import ert, success_rate

CENSORED = (0.0, 0.3, 0.6, 0.8)  # share of runs that do not cross
DIMENSIONS = np.log([2.0, 4, 8, 16, 32, 64])  # log d
PACES = (60.0, 20.0)  # steps in which a generic and a structured policy learn
STEPS = np.arange(0.0, 101.0)  # [G] of a learning curve


def cases() -> Iterator[Case]:
    """All cases of steps to a target."""
    for rate in (0.05, 0.3, 0.7):
        yield Case("success rate, Clopper-Pearson", "10", f"rate {rate}", success_trial(rate, 10), at_least=True)
    for runs in (5, 10, 20, 50):
        for rate in (0.7, 0.3):
            enough = runs * rate >= 14
            yield Case("ERT, bootstrap", str(runs), f"{rate:.0%} solve", ert_trial(rate, runs), claimed=enough)
    for runs in (5, 10, 30):
        for share in (0.25, 0.5, 0.75):
            enough = runs * min(share, 1 - share) >= 7 and share >= 0.5
            for budgets in ("one budget", "ragged budgets"):
                trial = curve_trial(runs, share, budgets == "ragged budgets")
                yield Case("Kaplan-Meier, log-log", str(runs), f"at {share:.0%}, {budgets}", trial, claimed=enough)
        for budgets in ("one budget", "ragged budgets"):
            trial = median_trial(runs, budgets == "ragged budgets")
            yield Case("median steps", str(runs), budgets, trial, claimed=runs >= 30)
    for runs in (5, 10, 30):
        for share in CENSORED:
            setting, enough = f"{share:.0%} censored", runs * (1 - share) >= 7 and (share > 0 or runs >= 30)
            yield Case("restricted mean", str(runs), setting, mean_trial(runs, share, False), claimed=enough)
        trial = mean_trial(runs, 0.3, True)
        yield Case("restricted mean", str(runs), "30 % censored, ragged budgets", trial, claimed=runs >= 10)
        for share in (0.0, 0.3, 0.8):
            enough, size = runs * (1 - share) >= 5, f"{runs} + {runs}"
            trial = ratio_trial(runs, share)
            yield Case("ratio of restricted means", size, f"{share:.0%} censored", trial, claimed=enough)
    for runs in (5, 10, 30):
        yield Case("data profile, simultaneous", f"3 × {runs}", "5 targets a run", data_trial(runs), at_least=True)
    for runs in (5, 10, 20):
        for share, reached in ((0.5, "both reach it"), (0.8, "generic reaches it in half of the studies")):
            trial = exchange_trial(runs, share)
            yield Case("exchange rate", f"{runs} + {runs}", reached, trial, claimed=runs >= 10, at_least=True)
    for runs in (5, 10, 20):
        trial = exchange_trial(runs, 0.5, methods=3)
        yield Case("exchange rate, fastest of 3", f"{runs} + {runs}", "three alike on either side", trial, False)
    for runs in (5, 10):
        for share in (0.0, 0.3, 0.6):
            setting, sizes, enough = f"{share:.0%} censored", f"6 × {runs}", runs >= 10
            yield Case("exponent of d", sizes, setting, exponent_trial(runs, share), claimed=enough)
            yield Case("family × log d", f"2 × {sizes}", setting, interaction_trial(runs, share), claimed=enough)
            yield Case("crossover d*", f"2 × {sizes}", setting, crossover_trial(runs, share), claimed=enough)
    yield Case(
        "exponent of d", "6 × 5", "30 %, 20 % missing, ragged budgets", exponent_trial(5, 0.3, missing=0.2), False
    )
    yield Case(
        "exponent of d", "6 × 5", "30 %, Gumbel in the place of normal", exponent_trial(5, 0.3, gumbel=True), False
    )


def success_trial(rate: float, runs: int) -> Trial:
    def trial(rng: np.random.Generator) -> bool:
        return holds(success_rate(int(rng.binomial(runs, rate)), runs), rate)

    return trial


def ert_trial(rate: float, runs: int) -> Trial:
    truth = (rate * 500 + (1 - rate) * 1000) / rate

    def trial(rng: np.random.Generator) -> bool:
        crossings = np.where(rng.random(runs) < rate, rng.uniform(0, 1000, runs), np.inf)
        return holds(bootstrap(rng, crossings, (runs,), partial(ert, budget=1000, axis=1), RESAMPLES), truth)

    return trial


def exponential_runs(rng: np.random.Generator, runs: int, budget: float, ragged: bool, mean: float = 1.0) -> Floats:
    """Runs [N, 2] with exponential crossings; ragged budgets are half of the whole one for about every third run."""
    budgets = np.where(ragged & (rng.random(runs) < 1 / 3), budget / 2, budget)
    crossings = rng.exponential(mean, runs)
    return pairs(np.where(crossings <= budgets, crossings, np.inf), budgets)


def budget_for(share: float) -> float:
    """Budget at which that share of exponential crossings is censored; none is at 50 means."""
    return -float(np.log(share)) if share else 50.0


def curve_trial(runs: int, share: float, ragged: bool) -> Trial:
    step, budget = -np.log1p(-share), 2.5

    def trial(rng: np.random.Generator) -> bool:
        curve = solved(exponential_runs(rng, runs, budget, ragged))
        place = np.searchsorted(curve.steps, step, side="right") - 1
        return bool(curve.low[place] <= share <= curve.high[place])

    return trial


def median_trial(runs: int, ragged: bool) -> Trial:
    def trial(rng: np.random.Generator) -> bool:
        return holds(median(exponential_runs(rng, runs, 1.5, ragged)), float(np.log(2)))

    return trial


def mean_trial(runs: int, share: float, ragged: bool) -> Trial:
    budget = budget_for(share)
    horizon = min(budget, 3.0)

    def trial(rng: np.random.Generator) -> bool:
        sample = exponential_runs(rng, runs, budget, ragged)
        sample[0, 1] = max(sample[0, 1], horizon)  # one run at least was given the whole budget
        return holds(restricted(resampled(rng, sample, horizon, RESAMPLES)), -float(np.expm1(-horizon)))

    return trial


def ratio_trial(runs: int, share: float) -> Trial:
    budget = budget_for(share)
    horizon = min(budget, 3.0)
    means = -np.expm1(-horizon), -2 * np.expm1(-horizon / 2)  # of exponential crossings with mean 1 and 2
    truth = float(means[0] / means[1])

    def trial(rng: np.random.Generator) -> bool:
        first, second = (exponential_runs(rng, runs, budget, False, mean) for mean in (1.0, 2.0))
        return holds(ratio(*(resampled(rng, one, horizon, RESAMPLES) for one in (first, second))), truth)

    return trial


def data_trial(runs: int) -> Trial:
    """Three environments, d = 1, 3, 9; harder targets take longer, and a run that is slow is slow for all."""
    parameters, grid = np.repeat([1.0, 3.0, 9.0], runs), np.geomspace(0.2, 60, 40)
    hardness = np.arange(1.0, 6.0)

    def costs(rng: np.random.Generator, dimensions: Floats) -> Floats:
        slowness = rng.lognormal(0.0, 0.7, len(dimensions))
        episodes = np.outer(slowness * (dimensions + 1), hardness) * rng.lognormal(0.0, 0.3, (len(dimensions), 5))
        return np.where(episodes <= 40 * (dimensions[:, np.newaxis] + 1), episodes, np.inf)

    many = np.repeat([1.0, 3.0, 9.0], 20_000)
    shares = costs(np.random.default_rng(1), many) / (many[:, np.newaxis] + 1)
    truth = np.array([(shares <= point).mean() for point in grid])

    def trial(rng: np.random.Generator) -> bool:
        band = data_profile(rng, costs(rng, parameters), parameters, (runs,) * 3, grid, RESAMPLES)
        return everywhere(band, truth)

    return trial


def learning(rng: np.random.Generator, runs: int, pace: float) -> Curves:
    """Curves that saturate at 1, each run at its own pace, with noise of evaluation."""
    paces = pace * rng.lognormal(0.0, 0.4, (runs, 1))
    return Curves(STEPS, 1 - np.exp(-STEPS / paces) + 0.02 * rng.normal(size=(runs, len(STEPS))))


def exchange_trial(runs: int, target: float, methods: int = 1) -> Trial:
    """The truth is the rate of 60 000 runs of either method; of several alike the fastest counts."""
    targets = np.array([target])
    many = np.random.default_rng(2)
    curves = [stats.trim_mean(learning(many, 60_000, pace).values, 0.25) for pace in PACES]
    steps = [float(STEPS[np.argmax(curve >= target)]) for curve in curves]

    def trial(rng: np.random.Generator) -> bool:
        generic, structured = (
            fastest([times(rng, learning(rng, runs, pace), targets, RESAMPLES) for _ in range(methods)])
            for pace in PACES
        )
        estimate = exchange_rate(generic, structured).estimate
        return bool(estimate.low[0] <= steps[0] / steps[1] <= estimate.high[0])

    return trial


def scaled(
    rng: np.random.Generator, slope: float, runs: int, share: float, missing: float = 0.0, gumbel: bool = False
) -> tuple[Floats, Floats, Booleans, list[int]]:
    """Design, log times, whether they crossed, sizes: log T = 1 + slope log d + noise, that share beyond the budget."""
    sizes = [max(2, int(rng.binomial(runs, 1 - missing))) for _ in DIMENSIONS]
    x = np.repeat(DIMENSIONS, sizes)
    noise = rng.gumbel(size=len(x)) if gumbel else rng.normal(size=len(x))
    y = 1 + slope * x + 0.6 * noise
    many = 1 + slope * DIMENSIONS[:, np.newaxis] + 0.6 * stats.norm.ppf((np.arange(999) + 0.5) / 999)
    budget = np.full(len(x), np.quantile(many, 1 - share) if share else np.inf)
    if missing:  # and then ragged: every other run has half of the budget
        budget[::2] -= np.log(2)
    return design(x), np.minimum(y, budget), y <= budget, sizes


def fitted(rng: np.random.Generator, data: tuple[Floats, Floats, Booleans, list[int]]) -> Line:
    return line(rng, *data, RESAMPLES)


def exponent_trial(runs: int, share: float, missing: float = 0.0, gumbel: bool = False) -> Trial:
    def trial(rng: np.random.Generator) -> bool:
        found = exponents(fitted(rng, scaled(rng, 1.0, runs, share, missing, gumbel)))
        return bool(found.low[1] <= 1.0 <= found.high[1])

    return trial


def two_lines(rng: np.random.Generator, runs: int, share: float) -> tuple[Line, Line]:
    """T = e d against T = e^2.4 d^0.3: they cross at log d = 2."""
    steep = fitted(rng, scaled(rng, 1.0, runs, share))
    rows, y, crossed, sizes = scaled(rng, 0.3, runs, share / 2)
    return steep, line(rng, rows, y + 1.4, crossed, sizes, RESAMPLES)


def interaction_trial(runs: int, share: float) -> Trial:
    def trial(rng: np.random.Generator) -> bool:
        found = interaction(*two_lines(rng, runs, share))
        return bool(found.low[1] <= 0.7 <= found.high[1])

    return trial


def crossover_trial(runs: int, share: float) -> Trial:
    log_d = np.linspace(DIMENSIONS[0], DIMENSIONS[-1], 301)

    def trial(rng: np.random.Generator) -> bool:
        found = crossover(*two_lines(rng, runs, share), design(log_d), np.exp(log_d))
        return bool(found.low <= np.exp(2.0) <= found.high)

    return trial
