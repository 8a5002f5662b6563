"""The paragraph of the first page: each branch by hand, each number from its table."""

import numpy as np
import pandas as pd
import pytest

from harness.report import conclusion
from harness.report.structures import Contest

RIVALS = ("gradient-free", "policy-gradient")
RATE = {
    **{"environment": "E", "family": "gradient-free", "algorithm": "", "parameters": 4.0, "generic": "wide"},
    **{"generic_parameters": 64.0, "target": 80.0, "solved": True, "rate_low": 0.5, "rate_high": 9.0, "bound": ""},
    **{"n": 10.0, "generic_n": 10.0},
}


def contests(*outcomes):
    """Contests in environments E0, E1, … with these sides ahead."""
    return [Contest(f"E{place}", RIVALS[0], {}, {}, {"ahead": ahead}) for place, ahead in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ([], ""),
        (
            ["undetermined", "undetermined"],
            "When structure is worth it stays open here: of 2 comparisons at an equal budget, one for each environment "
            "and family, these runs decide none.",
        ),
        (
            ["structure", "undetermined"],
            "Where these runs decide, structure was worth it: of 2 comparisons at an equal budget, one for each "
            "environment and family, the best structure won 1 (E0) and the generic policy none; 1 is undetermined.",
        ),
        (
            ["generic"],
            "Where these runs decide, a generic policy was the better choice: of 1 comparison at an equal budget, one "
            "for each environment and family, it won 1 (E0) and the best structure none.",
        ),
        (
            ["structure", "generic", "structure", "undetermined", "undetermined"],
            "Whether structure is worth it depended on the problem: of 5 comparisons at an equal budget, one for each "
            "environment and family, the best structure won 2 (E0 and E2) and the generic policy 1 (E1); 2 are "
            "undetermined.",
        ),
    ],
    ids=["nothing compared", "nothing decided", "only structure", "only generic", "mixed"],
)
def test_when_structure_is_worth_it(outcomes, sentence):
    assert conclusion.structure(contests(*outcomes)) == sentence


def test_an_environment_that_was_won_twice_is_named_once():
    twice = [*contests("structure"), Contest("E0", RIVALS[1], {}, {}, {"ahead": "structure"})]
    assert "won 2 (E0)" in conclusion.structure(twice)


def test_exchange_rate_in_the_median_and_its_range_by_hand():
    rates = [(0.5, 0.2, 0.9, "≤"), (3.0, 0.8, 9.0, ""), (8.0, 2.0, np.inf, "≥")]
    rows = [
        RATE | {"policy": f"p{place}", "rate": rate, "rate_low": low, "rate_high": high, "bound": bound}
        for place, (rate, low, high, bound) in enumerate(rates)
    ]
    rows.append(RATE | {"policy": "p0", "rate": 70.0, "target": 50.0, "solved": False})  # another target
    tests = {"environment": "E", "family": RIVALS[0], "structure_policy": ["p0", "p1", "p2"]}
    tests = pd.DataFrame(tests | {"faster": ["generic", "undetermined", "structure"]})
    assert conclusion.exchange(pd.DataFrame(rows), tests) == (
        "To solve an environment the generic policy needed 3 times the data of a structure in the median of 3 pairs, "
        "from at most 0.5 to at least 8 times (a bound counts as a rate); by the corrected tests structure saves data "
        "in 1 of them and costs data in 1."
    )
    assert conclusion.exchange(pd.DataFrame(rows[3:]), tests) == ""


def places(*rows):
    """Places of a map: environment, parameters, steps, who is ahead."""
    names = ("environment", "parameters", "steps", "ahead")
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows]).assign(
        policy=[f"p{row[1]}" for row in rows], probability=0.5
    )


def test_smallest_and_largest_policies_are_judged_with_the_whole_budget():
    frontier = places(
        *[("E", 4, 10, "undetermined"), ("E", 4, 100, RIVALS[0]), ("E", 9, 100, RIVALS[0]), ("E", 64, 100, RIVALS[1])],
        *[("F", 2, 50, RIVALS[0]), ("F", 32, 50, "undetermined")],
        ("G", 3, 50, RIVALS[1]),  # one policy is neither small nor large
    )
    assert conclusion.spaces(frontier) == (
        "With the smallest policy of each of 2 environments, gradient-free search was ahead in 2 and policy gradients "
        "in none; with the largest, in none and 1."
    )
    assert conclusion.spaces(frontier[frontier["environment"] == "G"]) == ""


def test_what_stays_open_is_counted():
    findings = pd.DataFrame({"free_n": [5.0, 5, 5], "gradient_n": [5.0, 5, np.nan]})
    findings = findings.assign(ahead="undetermined", faster=["undetermined", RIVALS[0], "undetermined"])
    frontier = places(("E", 4, 10, "undetermined"), ("E", 4, 100, RIVALS[0]), ("E", 8, 100, "undetermined"))
    tables = type("Some", (), {"findings": findings, "frontier": frontier})
    assert conclusion.undecided(tables) == (
        "Undetermined, which does not mean equal, stay which family scores higher in 2 of 2 environments, which one "
        "needs fewer steps in 1 and 67\u00a0% of the map of policies and data."
    )
