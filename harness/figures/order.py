"""In which order things stand in a figure, and which cell of a family is named: its best."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.figures.style import sorted_families

RIVALS = ("gradient-free", "policy-gradient")
KINDS = ("program", "linear", "low", "tree", "fourier", "subspace", "mlp", "network")  # beginnings of labels
BY_SCORE = {"normalised_iqm": False, "ert": True, "parameters": True, "algorithm": True}  # column: ascending
BY_STEPS = {"ert": True, "normalised_iqm": False, "parameters": True, "algorithm": True}


def policy_order(cells: pd.DataFrame) -> list[str]:
    """Policies from the most to the least structure: by the beginning of their label, then P (median), then name."""
    sizes = cells.groupby("policy")["parameters"].median().fillna(np.inf)
    return [str(name) for name in sorted(sizes.index, key=lambda name: (_kind(str(name)), sizes[name], name))]


def _kind(policy: str) -> int:
    """The place of a label among KINDS; those of an unknown kind stand last."""
    return next((place for place, kind in enumerate(KINDS) if policy.startswith(kind)), len(KINDS))


def algorithm_order(cells: pd.DataFrame) -> list[str]:
    """Algorithms by family, then by name."""
    pairs = cells[["family", "algorithm"]].drop_duplicates()
    return [
        str(name)
        for family in sorted_families(pairs["family"])
        for name in sorted(pairs.loc[pairs["family"] == family, "algorithm"])
    ]


def best_cells(cells: pd.DataFrame, rule: dict[str, bool]) -> pd.DataFrame:
    """The best cell of each of the two families for every environment and structure, by BY_SCORE or BY_STEPS."""
    known = cells[cells["family"].isin(list(RIVALS)) & np.isfinite(cells["normalised_iqm"])]
    order = known.sort_values(list(rule), ascending=list(rule.values()), kind="stable")
    return order.drop_duplicates(["environment", "policy", "family"]).sort_values("family", kind="stable")


def count(parameters: pd.Series) -> str:
    """P = 8, or P = 8-10 where the head adds parameters for some methods."""
    finite = parameters.dropna()
    if finite.empty:
        return "P unknown"
    low, high = int(finite.min()), int(finite.max())
    return f"P\u00a0=\u00a0{low}" if low == high else f"P\u00a0=\u00a0{low}–{high}"
