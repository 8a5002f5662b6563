"""The paragraph of the first page: each branch by hand, each number from its table."""

import numpy as np
import pandas as pd

from harness.report import conclusion

RIVALS = ("gradient-free", "policy-gradient")


def contests(*rows):
    """Rows of structures.csv: structure, family, who is ahead, who is faster."""
    names = ("structure_policy", "family", "ahead", "faster")
    return pd.DataFrame(rows, columns=names)


MIXED = contests(
    ("program", RIVALS[0], "structure", "structure"),
    ("program", RIVALS[0], "undetermined", "structure"),
    ("programs.mine", RIVALS[0], "structure", "undetermined"),
    ("linear", RIVALS[0], "generic", "generic"),
    ("program", RIVALS[1], "generic", "undetermined"),
    ("tree", RIVALS[1], "undetermined", "generic"),
    ("linear", RIVALS[1], "undetermined", "structure"),
)


def test_programs_and_other_structures_are_counted_by_family():
    assert conclusion.scores(MIXED) == (
        "At an equal budget, against the largest network, with gradient-free search programs score higher in 2 of 3 "
        "environments and lower in none, other structures score higher in none of 1 pair and lower in 1; with policy "
        "gradients programs score higher in none of 1 environment and lower in 1, other structures score higher in "
        "none of 2 pairs and lower in none; the rest is undetermined."
    )
    assert conclusion.data(MIXED[MIXED["family"] == RIVALS[1]]) == (
        "Until solved, with policy gradients programs need fewer steps in none of 1 environment and more in none, "
        "other structures need fewer steps in 1 of 2 pairs and more in 1."
    )


def test_in_short_a_structure_saves_data_costs_it_or_both():
    assert conclusion.short(MIXED) == (
        "Where these runs decide, with gradient-free search programs save data, other structures cost data; with "
        "policy gradients programs are not shown to save data or to cost it, other structures save data in some "
        "places and cost it in others."
    )


def test_in_short_kinds_with_the_same_effect_are_named_together():
    both = contests(("program", RIVALS[0], "generic", "generic"), ("tree", RIVALS[0], "undetermined", "generic"))
    assert conclusion.short(both) == (
        "Where these runs decide, with gradient-free search programs and other structures cost data."
    )


def test_in_short_runs_that_decide_nothing_show_nothing():
    undecided = MIXED.assign(faster="undetermined")
    assert conclusion.short(undecided) == "These runs do not show that a structure saves data, nor that it costs any."


def test_without_contests_nothing_is_counted():
    assert conclusion.scores(MIXED[:0]) == conclusion.data(MIXED[:0]) == conclusion.short(MIXED[:0]) == ""


def test_runs_that_begin_with_a_solution_are_counted():
    steps = [0.0, 0.0, 700.0, np.nan, 0.0, 0.0]
    runs = pd.DataFrame({"policy": ["program"] * 5 + ["linear"], "status": "finished", "steps_to_solved": steps})
    runs.loc[4, "status"] = "missing"
    runs = runs.assign(environment="E", seed=[1, 1, 2, 3, 4, 5])
    assert conclusion.starts(runs) == (
        "A program drawn at random solves its environment before any data in 1 of 3 starts."
    )
    assert conclusion.starts(runs[5:]) == ""


def places(*rows):
    """Places of a map: environment, parameters, steps, who is ahead."""
    names = ("environment", "parameters", "steps", "ahead")
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows]).assign(
        policy=[f"p{row[1]}" for row in rows], probability=0.5
    )


def test_what_stays_open_is_counted():
    findings = pd.DataFrame({"free_n": [5.0, 5, 5], "gradient_n": [5.0, 5, np.nan]})
    findings = findings.assign(ahead="undetermined", faster=["undetermined", RIVALS[0], "undetermined"])
    frontier = places(("E", 4, 10, "undetermined"), ("E", 4, 100, RIVALS[0]), ("E", 8, 100, "undetermined"))
    tables = type("Some", (), {"findings": findings, "frontier": frontier})
    assert conclusion.undecided(tables) == (
        "Not told apart, which does not mean equal: which family scores higher in 2 of 2 environments, which one needs "
        "fewer steps in 1 and which is ahead on 67\u00a0% of the map of policies and data."
    )
