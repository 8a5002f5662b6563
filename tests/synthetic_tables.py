"""Synthetic tables in the form of docs/tables.md, for tests of figures and report: none of these numbers is real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from synthetic_answer import answer

from harness.tables import COLUMNS as COLUMNS_OF_ALL

ANSWER = (
    "restricted",
    "profiles",
    "scaling",
    "crossover",
    "exchange",
    "frontier",
    "sensitivity",
    "laboratory",
)  # may be empty

IDENTITY = ["environment", "policy", "algorithm", "family", "parameters"]
FREE = ("ars-v1", "ars-v2-t", "cem", "cem-noise", "cma-es", "es", "hill-climbing", "openai-es", "random-search")
GRADIENT = ("npg", "off-policy-pg", "ppo", "reinforce", "reinforce-average", "reinforce-optimal", "reinforce-value")
PROBES = ("exact-gradient", "finite-differences")
ALGORITHMS = {
    **dict.fromkeys(FREE, "gradient-free"),
    **dict.fromkeys(GRADIENT, "policy-gradient"),
    **dict.fromkeys(PROBES, "probe"),
}
# random score, reference, solved, budget
ENVIRONMENTS = {
    "CartPole-v1": (22.1, 500.0, 475.0, 100_000.0),
    "LQR": (-310.0, -41.0, -45.0, 60_000.0),
    "MountainCarContinuous-v0": (-33.4, 98.0, 90.0, 200_000.0),
    "Pendulum-v1": (-1249.0, -150.0, -200.0, 300_000.0),
}
POLICIES = {"program": 4.0, "linear": 8.0, "fourier-64": 128.0, "mlp-64-64": 4610.0}
COLUMNS = {
    "runs": [
        *IDENTITY,
        "seed",
        "status",
        "reason",
        "budget",
        "steps",
        "episodes",
        "turns",
        "score",
        "normalised",
        "exact",
        "area",
        "steps_to_solved",
        "digest",
    ],
    "curves": [*IDENTITY, "steps", "iqm", "low", "high", "band_low", "band_high", "n"],
    "scores": [
        *IDENTITY,
        "budget",
        "n",
        "finished",
        "diverged",
        "missing",
        "iqm",
        "iqm_low",
        "iqm_high",
        "mean",
        "median",
        "std",
        "minimum",
        "maximum",
        "cvar",
        "normalised_iqm",
        "normalised_low",
        "normalised_high",
        "area",
        "area_low",
        "area_high",
        "gap_median",
        "gap_maximum",
        "gap_normalised",
    ],
    "targets": [
        *IDENTITY,
        "target",
        "normalised_target",
        "solved",
        "budget",
        "successes",
        "n",
        "success_rate",
        "success_low",
        "success_high",
        "ert",
        "ert_low",
        "ert_high",
    ],
    "survival": [*IDENTITY, "steps", "share", "low", "high", "n"],
    "summary": [
        "level",
        "family",
        "algorithm",
        "policy",
        "environments",
        "n_environments",
        "everywhere",
        "cells",
        "n",
        "diverged",
        "missing",
        "normalised_iqm",
        "normalised_low",
        "normalised_high",
    ],
    "comparisons": [
        "environment",
        "policy",
        "first",
        "second",
        "first_family",
        "second_family",
        "first_n",
        "second_n",
        "paired",
        "probability",
        "low",
        "high",
        "p",
        "p_holm",
    ],
    "dimension": [
        *IDENTITY,
        "n",
        "normalised_iqm",
        "normalised_low",
        "normalised_high",
        "success_rate",
        "success_low",
        "success_high",
        "ert",
        "ert_low",
        "ert_high",
    ],
    "findings": list(COLUMNS_OF_ALL["findings"]),
    "ratios": list(COLUMNS_OF_ALL["ratios"]),
    "structures": [
        "environment",
        "family",
        *(f"{side}_{word}" for side in ("structure", "generic") for word in ("policy", "algorithm", "parameters", "n")),
        *(
            "paired",
            "horizon",
            "difference",
            "difference_low",
            "difference_high",
            "probability",
            "p",
            "p_holm",
            "ahead",
        ),
        *("structure_steps", "generic_steps", "saved", "saved_low", "saved_high"),
        *("steps_probability", "steps_p", "steps_p_holm", "faster", "best"),
    ],
    **{name: list(COLUMNS_OF_ALL[name]) for name in (*ANSWER, "tuning", "readings")},
    "claims": [
        *("claim", "statement", "source", "environments", "contrast", "metric", "scale", "direction", "margin"),
        *("effect", "low", "high", "p", "p_holm", "verdict", "reason", "n_seeds", "runs", "paired", "more_seeds"),
        "sides",
        *("without", "effect_without", "low_without", "high_without"),
        *("table", "figure", "declared", "before", "margin_reason", "notes"),
    ],
    "timing": [
        *IDENTITY,
        "n",
        "seconds_ask",
        "seconds_rollout",
        "seconds_tell",
        "seconds_evaluate",
        "seconds_total",
        "steps_per_second",
    ],
}


def write(folder: Path, tables: dict[str, pd.DataFrame]) -> Path:
    """All files of a study; a table that is not given has its header only."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        table = tables.get(name, pd.DataFrame(columns=columns))
        table.reindex(columns=columns).to_csv(folder / f"{name}.csv", index=False)
    return folder


def study(
    seeds: int = 10,
    algorithms: dict[str, str] = ALGORITHMS,
    environments: tuple[str, ...] = tuple(ENVIRONMENTS),
    policies: tuple[str, ...] = tuple(POLICIES),
    diverging: float = 0.04,
    skill: float = 1.0,
) -> dict[str, pd.DataFrame]:
    """A whole made-up study; `skill` scales all learning speeds (0: nobody learns anything)."""
    rng = np.random.default_rng(7)
    cells = [
        _cell(rng, environment, policy, algorithm, family, seeds, diverging, skill)
        for environment in environments
        for policy in policies
        for algorithm, family in algorithms.items()
    ]
    tables = {name: pd.concat([cell[name] for cell in cells], ignore_index=True) for name in cells[0]}
    tables["findings"] = _findings(tables["dimension"], tables["scores"])
    tables["structures"] = _structures(tables["dimension"])
    tables["claims"] = _claims(environments)
    tables |= answer(tables["dimension"])
    tables["comparisons"] = _comparisons(tables["scores"])
    tables["summary"] = pd.DataFrame(
        [
            {
                "level": "family",
                "family": family,
                "environments": " ".join(environments),
                "n_environments": len(environments),
                "everywhere": True,
                "cells": len(group),
                "n": group["n"].sum(),
                "diverged": group["diverged"].sum(),
                "missing": group["missing"].sum(),
                "normalised_iqm": group["normalised_iqm"].mean(),
                "normalised_low": group["normalised_iqm"].mean() - 0.05,
                "normalised_high": group["normalised_iqm"].mean() + 0.05,
            }
            for family, group in tables["scores"].groupby("family")
        ]
    )
    return tables


def _cell(
    rng: np.random.Generator,
    environment: str,
    policy: str,
    algorithm: str,
    family: str,
    seeds: int,
    diverging: float,
    skill: float,
) -> dict[str, pd.DataFrame]:
    """The rows of one cell."""
    random, reference, solved, budget = ENVIRONMENTS[environment]
    parameters = POLICIES[policy] + (1.0 if family == "policy-gradient" else 0.0)
    identity = {
        "environment": environment,
        "policy": policy,
        "algorithm": algorithm,
        "family": family,
        "parameters": parameters,
    }
    small = np.log10(5000.0 / parameters) / 3.2
    talent = (small if family == "gradient-free" else 1.0 - 0.5 * small) * rng.uniform(0.5, 1.3)
    if algorithm == "off-policy-pg":
        talent = -0.7 * rng.uniform(0.0, 1.5)
    ceilings = np.clip(1.03 - np.abs(rng.normal(0.0, 0.15, seeds)), None, 1.0) * np.clip(talent * 1.4, -1.0, 1.0)
    pace = rng.uniform(0.1, 0.6, seeds)
    grid = np.linspace(0.0, 1.0, 101)
    values = skill * ceilings[:, None] * (1.0 - np.exp(-grid[None, :] / pace[:, None] * 3.0))  # [seeds, 101]
    lost = rng.uniform(size=seeds) < diverging
    values[lost] = 0.0
    status = np.where(lost, "diverged", "finished")
    if (environment, algorithm, policy) == ("LQR", "npg", "linear"):
        status[: max(1, seeds // 3)] = "missing"
    there = status != "missing"
    scores = random + values * (reference - random)
    level = (solved - random) / (reference - random)
    crossed = (values >= level).any(axis=1) & there
    times = np.where(crossed, grid[np.argmax(values >= level, axis=1)] * budget, np.nan)
    return _rows(identity, budget, values, scores, status, times, (random, reference, solved))


def _rows(identity, budget, values, scores, status, times, frozen):  # type: ignore[no-untyped-def]
    random, reference, solved = frozen
    there = status != "missing"
    n, kept, raw = int(there.sum()), values[there], scores[there]
    half = 2.0 / np.sqrt(max(n, 1)) if n > 1 else np.nan
    final, spread = kept[:, -1].mean(), kept[:, -1].std()
    successes = int(np.isfinite(times[there]).sum())
    ert = (np.nansum(times[there]) + budget * (n - successes)) / successes if successes else np.inf
    rate = {
        "success_rate": successes / n,
        "success_low": max(0.0, successes / n - 0.2),
        "success_high": min(1.0, successes / n + 0.2),
    }
    erts = {"ert": ert, "ert_low": ert * 0.8, "ert_high": ert * 1.3 if successes > 2 else np.inf}
    normal = {
        "normalised_iqm": final,
        "normalised_low": final - half * spread,
        "normalised_high": final + half * spread,
    }
    runs = pd.DataFrame(
        {
            **identity,
            "seed": np.arange(len(status)),
            "status": status,
            "reason": np.where(status == "diverged", "a parameter is not finite", ""),
            "budget": budget,
            "score": np.where(there, scores[:, -1], np.nan),
            "normalised": np.where(there, values[:, -1], np.nan),
            "steps_to_solved": times,
            "digest": "0" * 16,
        }
    )
    centre, deviation = raw.mean(axis=0), raw.std(axis=0)
    curves = pd.DataFrame(
        {
            **identity,
            "steps": np.linspace(0.0, budget, 101),
            "iqm": centre,
            "low": centre - half * deviation,
            "high": centre + half * deviation,
            "band_low": centre - 1.5 * half * deviation,
            "band_high": centre + 1.5 * half * deviation,
            "n": n,
        }
    )
    score = {
        **identity,
        "budget": budget,
        "n": n,
        "finished": int((status == "finished").sum()),
        "diverged": int((status == "diverged").sum()),
        "missing": int((status == "missing").sum()),
        "iqm": centre[-1],
        "iqm_low": centre[-1] - half * deviation[-1],
        "iqm_high": centre[-1] + half * deviation[-1],
        "mean": centre[-1],
        "median": np.median(raw[:, -1]),
        "std": deviation[-1] if n > 1 else np.nan,
        "minimum": raw[:, -1].min(),
        "maximum": raw[:, -1].max(),
        "cvar": np.sort(raw[:, -1])[: max(1, n // 4)].mean(),
        "area": kept.mean(),
        "area_low": kept.mean() - 0.05,
        "area_high": kept.mean() + 0.05,
        **normal,
    }
    if identity["environment"] == "LQR":
        score |= {
            "gap_median": reference - centre[-1],
            "gap_maximum": reference - raw[:, -1].min(),
            "gap_normalised": 1.0 - final,
        }
    ladder = sorted({*np.linspace(0.1, 1.0, 10).tolist(), (solved - random) / (reference - random)})
    targets = [
        {
            **identity,
            "target": random + rung * (reference - random),
            "normalised_target": rung,
            "solved": rung == (solved - random) / (reference - random),
            "budget": budget,
            "successes": successes,
            "n": n,
            **rate,
            **erts,
        }
        for rung in ladder
    ]
    ends = np.sort(times[there & np.isfinite(times)])
    lengths = {
        **identity,
        "steps": [0.0, *ends, budget],
        "share": [0.0, *(np.arange(1, successes + 1) / n), successes / n],
        "n": n,
    }
    lengths |= {"low": 0.8 * np.array(lengths["share"]), "high": 0.2 + 0.8 * np.array(lengths["share"])}
    dimension = pd.DataFrame([{**identity, "n": n, **normal, **rate, **erts}])
    return {
        "runs": runs,
        "curves": curves,
        "scores": pd.DataFrame([score]),
        "targets": pd.DataFrame(targets),
        "survival": pd.DataFrame(lengths),
        "dimension": dimension,
    }


def _findings(dimension: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """One made-up verdict per environment."""
    rows = []
    for environment, group in dimension.groupby("environment"):
        row: dict[str, object] = {"environment": environment}
        for side, family in (("free", "gradient-free"), ("gradient", "policy-gradient")):
            here = group[group["family"] == family]
            if here.empty:
                continue
            best = here.sort_values("normalised_iqm", ascending=False).iloc[0]
            raw = scores[
                (scores[["environment", "policy", "algorithm"]] == best[["environment", "policy", "algorithm"]]).all(
                    axis=1
                )
            ].iloc[0]
            row |= {
                f"{side}_policy": best["policy"],
                f"{side}_algorithm": best["algorithm"],
                f"{side}_parameters": best["parameters"],
                f"{side}_n": best["n"],
                f"{side}_iqm": raw["iqm"],
                f"{side}_low": raw["iqm_low"],
                f"{side}_high": raw["iqm_high"],
                f"{side}_ert": best["ert"],
                f"{side}_ert_low": best["ert_low"],
                f"{side}_ert_high": best["ert_high"],
            }
        clear = str(environment).startswith(("C", "L"))
        verdict = "gradient-free" if clear else "undetermined"
        row |= {"horizon": 1e5, "difference": 0.3, "difference_low": 0.1, "difference_high": 0.5}
        row |= {"probability": 0.84 if clear else 0.55, "p": 0.004, "p_holm": 0.02 if clear else 0.3, "ahead": verdict}
        row |= {"free_steps": 1e4, "gradient_steps": 5e4, "saved": 4e4, "saved_low": 1e4, "saved_high": 6e4}
        row |= {"steps_probability": 0.9, "steps_p": 0.004, "steps_p_holm": 0.02 if clear else 0.3, "faster": verdict}
        if not {"free_n", "gradient_n"} <= row.keys():
            row |= {"p": np.nan, "steps_p": np.nan, "ahead": "undetermined", "faster": "undetermined"}
        rows.append(row)
    return pd.DataFrame(rows)


def _structures(dimension: pd.DataFrame) -> pd.DataFrame:
    """Made-up contests: the best structure of every environment and family against the generic policy."""
    rows = []
    for (environment, family), group in dimension[dimension["family"] != "probe"].groupby(["environment", "family"]):
        order = group.sort_values("normalised_iqm", ascending=False).drop_duplicates("policy").set_index("policy")
        generic = str(order["parameters"].idxmax())
        row: dict[str, object] = {"environment": environment, "family": family}
        for policy in order.index.drop(generic)[:1]:
            for side, name in (("structure", policy), ("generic", generic)):
                words = {"policy": name, **order.loc[name, ["algorithm", "parameters", "n"]]}
                row |= {f"{side}_{word}": value for word, value in words.items()}
            clear = str(environment).startswith(("C", "L"))
            verdict = "structure" if clear else "undetermined"
            row |= {"paired": True, "horizon": 1e5, "best": True, "probability": 0.9, "p": 0.002, "ahead": verdict}
            row |= {"difference": 0.3, "difference_low": 0.1, "difference_high": 0.5, "p_holm": 0.01 if clear else 0.2}
            row |= {"structure_steps": 1e4, "generic_steps": 5e4, "saved": 4e4, "saved_low": 1e4, "saved_high": 6e4}
            row |= {"steps_probability": 0.9, "steps_p": 0.002, "steps_p_holm": row["p_holm"], "faster": verdict}
            rows.append(row)
    return pd.DataFrame(rows)


def _claims(environments: tuple[str, ...]) -> pd.DataFrame:
    """Made-up claims, one of each verdict, and one that the study does not measure."""
    row = {"source": "lecture", "environments": " ".join(environments), "contrast": "ars-v1 against ppo"}
    row |= {"direction": "above", "n_seeds": 10.0, "runs": 20.0, "paired": True, "table": "runs.csv", "reason": ""}
    row |= {
        "declared": "2026-11-22",
        "before": "before the data",
        "margin_reason": "It matters.",
        "notes": "",
        "without": "",
        "sides": "",
    }
    score = {**row, "metric": "score", "scale": "difference", "margin": 0.05, "figure": "scores"}
    steps = {**row, "metric": "steps", "scale": "ratio", "margin": 1.25, "figure": "targets"}
    found = [
        {"effect": 0.31, "low": 0.2, "high": 0.4, "p": 0.001, "p_holm": 0.004, "verdict": "supported"},
        {"effect": 0.5, "low": 0.4, "high": 0.6, "p": 0.001, "p_holm": 0.004, "verdict": "contradicted"},
        {"effect": 0.06, "low": -0.1, "high": 0.2, "p": 0.4, "p_holm": 0.8, "verdict": "undetermined"},
        {"verdict": "undetermined", "reason": "no run of ppo in E"},
    ]
    rows = [base | one for base, one in zip((score, steps, score, score), found, strict=True)]
    rows[0] |= {"sides": "0.81 against 0.5"}
    rows[0] |= {"without": "E", "effect_without": 0.02, "low_without": -0.05, "high_without": 0.1}
    rows[2] |= {"more_seeds": 321.0, "before": "after the data"}
    return pd.DataFrame(
        [{**one, "claim": f"claim-{place}", "statement": f"Statement {place}."} for place, one in enumerate(rows)]
    )


def _comparisons(scores: pd.DataFrame) -> pd.DataFrame:
    """Made-up pairs of neighbours."""
    rows = []
    for (environment, policy), group in scores.groupby(["environment", "policy"]):
        names = sorted(group["algorithm"])
        families = dict(zip(group["algorithm"], group["family"], strict=True))
        rows += [
            {
                "environment": environment,
                "policy": policy,
                "first": first,
                "second": second,
                "first_family": families[first],
                "second_family": families[second],
                "first_n": 10,
                "second_n": 10,
                "paired": True,
                "probability": 0.7,
                "low": 0.4 + 0.2 * (i % 2),
                "high": 0.9,
                "p": 0.01,
                "p_holm": 0.04,
            }
            for i, first in enumerate(names)
            for second in names[i + 1 :]
        ]
    return pd.DataFrame(rows)
