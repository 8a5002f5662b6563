"""Synthetic tables behind the answer (frontier, exchange rate, profiles, scaling, sensitivity): none of it is real."""

from __future__ import annotations

import numpy as np
import pandas as pd

RIVALS = ("gradient-free", "policy-gradient")


def answer(dimension: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables that fit the cells of a made-up study."""
    cells = dimension[dimension["family"].isin(RIVALS)]
    return {
        "frontier": _frontier(cells),
        "exchange": _exchange(cells),
        "profiles": _profiles(cells),
        "scaling": _scaling(cells),
        "crossover": _crossover(cells),
        "restricted": dimension.assign(
            episode_horizon=10.0 * 2.0 ** dimension["environment"].rank(method="dense"),
            actions=2.0,
            mean_low=1e4 * np.sqrt(dimension["parameters"]),
            mean_high=3e4 * np.sqrt(dimension["parameters"]),
            horizon=1e5,
            crossed=3,
            mean=2e4 * np.sqrt(dimension["parameters"]),
            median=np.inf,
        ),
        "sensitivity": _sensitivity(cells),
    }


def _frontier(cells: pd.DataFrame) -> pd.DataFrame:
    """Gradient-free ahead of small policies, undetermined in the middle, the others ahead of large ones."""
    rows = []
    for (environment, policy), group in cells.groupby(["environment", "policy"]):
        names = {family: group.loc[group["family"] == family, "algorithm"].min() for family in RIVALS}
        chance = {"program": 1.0, "linear": 0.7, "fourier-64": 0.3}.get(str(policy), 0.0)
        rows += [
            {"environment": environment, "policy": policy, "parameters": group["parameters"].min(), "steps": steps}
            | {"free_algorithm": names[RIVALS[0]], "gradient_algorithm": names[RIVALS[1]], "n": group["n"].min()}
            | {"free_score": 0.8, "gradient_score": 0.5, "free_cells": 3, "gradient_cells": 3}
            | {"difference": 0.3, "difference_low": 0.1, "difference_high": 0.5, "probability": chance}
            | {"ahead": RIVALS[0] if chance == 1.0 else RIVALS[1] if chance == 0.0 else "undetermined"}
            for steps in np.geomspace(1000, 100_000, 12).round()
            if set(group["family"]) == set(RIVALS)
        ]
    return pd.DataFrame(rows)


def _exchange(cells: pd.DataFrame) -> pd.DataFrame:
    """Structure saves data; the last target was out of reach of the generic policy."""
    rows = []
    for (environment, family), group in cells.groupby(["environment", "family"]):
        sizes = group.groupby("policy")["parameters"].median().sort_values()
        for policy, size in sizes.iloc[:-1].items():
            rows += [
                {"environment": environment, "family": family, "algorithm": "", "policy": policy, "parameters": size}
                | {"generic": sizes.index[-1], "generic_parameters": sizes.iloc[-1], "n": 5, "generic_n": 5}
                | {"target": place, "normalised_target": place / 4, "solved": place == 4, "policy_steps": 1000.0}
                | {"generic_steps": np.inf if place == 4 else 2500.0, "bound": "≥" if place == 4 else ""}
                | {"rate": 2.5 * place, "rate_low": 1.2, "rate_high": np.inf if place == 4 else 20.0}
                for place in range(1, 5)
            ]
    return pd.DataFrame(rows)


def _profiles(cells: pd.DataFrame) -> pd.DataFrame:
    """One line for each family and one for each algorithm."""
    grids = {"performance": np.linspace(0, 1, 5), "data": np.geomspace(1, 1e4, 5)}
    rows = []
    for level, columns in (("family", ["family"]), ("algorithm", ["family", "algorithm", "policy"])):
        for key, group in cells.groupby(columns):
            names = dict(zip(columns, key, strict=True)) | {"level": level, "everywhere": True, "n": group["n"].sum()}
            for profile, grid in grids.items():
                shares = np.linspace(0.1, 0.9, 5) if profile == "data" else np.linspace(0.9, 0.1, 5)
                rows += [
                    names | {"profile": profile, "x": x, "share": share, "low": share - 0.1, "high": share + 0.1}
                    for x, share in zip(grid, shares, strict=True)
                ]
    return pd.DataFrame(rows)


def _scaling(cells: pd.DataFrame) -> pd.DataFrame:
    """One line for each family of each environment with several structures, and of all and a longer one."""
    groups = {str(name): group for name, group in cells.groupby("environment") if group["policy"].nunique() > 1}
    together = {" ".join([*sorted(groups), "longer"]): cells}
    return pd.DataFrame(
        [
            {"environment": environment, "policy_kind": "", "algorithm": "", "family": family, "n": 20, "crossed": 15}
            | {"regressor": regressor, "exponent": 0.9, "exponent_low": 0.7, "exponent_high": 1.1, "constant": 6.0}
            | {"lowest": group["parameters"].min(), "highest": group["parameters"].max()}
            for environment, group in (groups | together).items()
            for family in sorted(group["family"].unique())
            for regressor in (("parameters", "horizon") if environment in together else ("parameters",))
        ]
    )


def _crossover(cells: pd.DataFrame) -> pd.DataFrame:
    """The families' lines meet at P = 40."""
    return pd.DataFrame(
        [
            {"environment": environment, "policy_kind": "", "first": RIVALS[0], "second": RIVALS[1]}
            | {"crossover": 40.0, "crossover_low": 20.0, "crossover_high": np.inf, "lowest": 4.0, "highest": 4610.0}
            | {"faster_lowest": RIVALS[0], "faster_highest": "undetermined"}
            for environment in cells["environment"].unique()
        ]
    )


def _sensitivity(cells: pd.DataFrame) -> pd.DataFrame:
    """Half of the budget turns the family that is ahead."""
    readings = (
        ("score", "declared", RIVALS[0], ""),
        ("score", "half of the budget", RIVALS[1], "turns"),
        ("score", "median of raw scores", "undetermined", "opens"),
        ("steps", "declared", "undetermined", ""),
        ("steps", "target at 50 % of solved", RIVALS[0], "decides"),
    )
    return pd.DataFrame(
        [
            {"environment": environment, "question": "family", "first": RIVALS[0], "second": RIVALS[1]}
            | {"measure": measure, "reading": reading, "ahead": ahead, "change": change, "probability": 0.97}
            | {"p": 0.004, "p_holm": 0.02}
            | {"difference": 0.1, "difference_low": -0.1, "difference_high": 0.3}
            for environment in (*cells["environment"].unique(), "all")
            for measure, reading, ahead, change in readings
        ]
    )
