"""Tables with rows of a run, a cell, or a cell and target: runs, scores, targets, run lengths, dimension, timing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.statistics.scores import cvar, normalised
from harness.statistics.targets import run_lengths
from harness.tables.cells import MISSING, CellRuns
from harness.tables.estimates import CellEstimates, columns
from harness.tables.read import SECONDS
from harness.tables.write import Row

IDENTITY = ("environment", "policy", "algorithm", "family", "parameters")
COUNTS = ("n", "finished", "diverged", "missing")
NORMALISED = ("normalised_iqm", "normalised_low", "normalised_high")
SUCCESS = ("success_rate", "success_low", "success_high")
ERT = ("ert", "ert_low", "ert_high")
OUTCOME = ("steps", "episodes", "turns", "score", "normalised", "exact", "area", "steps_to_solved", "digest")
IQM, AREA = ("iqm", "iqm_low", "iqm_high"), ("area", "area_low", "area_high")
SPREAD = ("mean", "median", "std", "minimum", "maximum", "cvar")
GAP = ("gap_median", "gap_maximum", "gap_normalised")

RUNS = (*IDENTITY, "seed", "status", "reason", "budget", *OUTCOME)
SCORES = (*IDENTITY, "budget", *COUNTS, *IQM, *SPREAD, *NORMALISED, *AREA, *GAP)
TARGETS = (*IDENTITY, "target", "normalised_target", "solved", "budget", "successes", "n", *SUCCESS, *ERT)
RUN_LENGTHS = (*IDENTITY, "steps", "share", "censored", "n")
DIMENSION = (*IDENTITY, "n", *NORMALISED, *SUCCESS, *ERT)
TIMING = (*IDENTITY, "n", *SECONDS, "steps_per_second")


def run_rows(cell: CellRuns) -> Iterator[Row]:
    """One row per expected run, missing ones included."""
    places = {run.seed: place for place, run in enumerate(cell.runs)}
    for seed in sorted(cell.record.seeds):
        start = {**cell.record.identity, "seed": seed, "budget": cell.record.budget}
        if seed not in places:
            yield {**start, "status": MISSING, "reason": "", **dict.fromkeys(OUTCOME)}
            continue
        place = places[seed]
        run, solved = cell.runs[place], cell.solved[place]
        yield {
            **start,
            **{name: getattr(run, name) for name in ("status", "reason", "steps", "episodes", "turns", "digest")},
            "score": cell.scores[place],
            "normalised": cell.normalised[place],
            "exact": cell.exact[place],
            "area": cell.areas[place],
            "steps_to_solved": int(solved) if np.isfinite(solved) else None,
        }


def score_row(cell: CellRuns, estimates: CellEstimates | None) -> Row:
    """Scores at the budget; `estimates` is None for a cell without runs."""
    n = len(cell.runs)
    counts = (n, n - cell.diverged, cell.diverged, cell.missing)
    return {
        **cell.record.identity,
        "budget": cell.record.budget,
        **dict(zip(COUNTS, counts, strict=True)),
        **columns(estimates and estimates.score, *IQM),
        **(spread(cell) if n else dict.fromkeys(SPREAD)),
        **columns(estimates and estimates.normalised, *NORMALISED),
        **columns(estimates and estimates.area, *AREA),
        **gap(cell),
    }


def spread(cell: CellRuns) -> Row:
    """Location and dispersion of the scores of at least one run."""
    scores = cell.scores  # [n]
    std = scores.std(ddof=1) if len(scores) > 1 else np.nan
    numbers = (scores.mean(), np.median(scores), std, scores.min(), scores.max(), cvar(scores))
    return dict(zip(SPREAD, numbers, strict=True))


def gap(cell: CellRuns) -> Row:
    """Optimality gap, where the optimum and exact values are known; infinite for a run that diverged."""
    optimum = cell.record.optimum
    if optimum is None or np.isnan(cell.exact).all():
        return dict.fromkeys(GAP)
    gaps = optimum - np.nan_to_num(cell.exact, nan=-np.inf, neginf=-np.inf)  # [n]
    middle = float(np.median(gaps))
    numbers = (middle, gaps.max(), middle / (optimum - cell.record.random))
    return dict(zip(GAP, numbers, strict=True))


def target_rows(cell: CellRuns, estimates: CellEstimates | None) -> Iterator[Row]:
    """One row per target of the ladder."""
    record, n = cell.record, len(cell.runs)
    heights = normalised(record.ladder, record.random, record.reference)  # [T]
    for place, target in enumerate(record.ladder):
        yield {
            **record.identity,
            "target": target,
            "normalised_target": heights[place],
            "solved": bool(target == record.solved),
            "budget": record.budget,
            "successes": int(np.isfinite(cell.crossings[:, place]).sum()),
            "n": n,
            **columns(estimates and estimates.success[place], *SUCCESS),
            **columns(estimates and estimates.ert[place], *ERT),
        }


def run_length_rows(cell: CellRuns) -> Iterator[Row]:
    """The staircase of steps to `solved`; nothing for a cell without runs."""
    if not cell.runs:
        return
    steps, shares = run_lengths(cell.solved, cell.record.budget)
    for place, (step, share) in enumerate(zip(steps, shares, strict=True)):
        last = place == len(steps) - 1
        yield {**cell.record.identity, "steps": int(step), "share": share, "censored": last, "n": len(cell.runs)}


def dimension_row(cell: CellRuns, estimates: CellEstimates | None) -> Row:
    """What the number of parameters is held against."""
    rate, time = estimates.solved(cell) if estimates else (None, None)
    return {
        **cell.record.identity,
        "n": len(cell.runs),
        **columns(estimates and estimates.normalised, *NORMALISED),
        **columns(rate, *SUCCESS),
        **columns(time, *ERT),
    }


def timing_row(cell: CellRuns) -> Row:
    """Mean seconds of a run; the only row that knows a clock."""
    start = {**cell.record.identity, "n": len(cell.runs)}
    if not cell.runs:
        return {**start, **dict.fromkeys(SECONDS), "steps_per_second": None}
    seconds = np.stack([run.seconds for run in cell.runs])  # [n, 5]
    total = seconds[:, -1].sum()
    rate = sum(run.steps for run in cell.runs) / total if total > 0 else None
    return {**start, **dict(zip(SECONDS, seconds.mean(axis=0), strict=True)), "steps_per_second": rate}
