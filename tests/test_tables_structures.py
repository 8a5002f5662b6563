"""structures.csv: who is compared with whom, and verdicts that need a test, all by hand."""

from dataclasses import replace
from pathlib import Path

import pytest
from test_tables import flat, record, tables, write_job


def cell(root: Path, policy: str, parameters: int, levels: list[float], first: int = 0, **words: str):  # type: ignore[no-untyped-def]
    """A cell with one run for each level, that stands at it from its first evaluation on."""
    made = record(root, range(first, first + len(levels)), policy=policy, **words)
    write_job(made.manifests[0], {first + place: flat(level) for place, level in enumerate(levels)})
    return replace(made, parameters=parameters)


LOW, HIGH = [10.0, 11, 12, 13, 14, 15], [20.0, 21, 22, 23, 24, 25]


def test_six_pairs_that_all_agree_have_p_one_in_thirty_two(tmp_path: Path) -> None:
    cells = [cell(tmp_path / "runs", "program", 3, HIGH), cell(tmp_path / "runs", "network", 500, LOW)]
    (row,) = tables(cells, tmp_path / "out")["structures"].to_dict("records")
    assert (row["structure_policy"], row["generic_policy"]) == ("program", "network")
    assert (row["structure_parameters"], row["generic_parameters"], row["structure_n"]) == (3, 500, 6)
    assert (row["paired"], row["probability"], row["p"], row["p_holm"]) == (True, 1.0, 2**-5, 2**-5)
    assert (row["ahead"], row["best"]) == ("structure", True)


def test_the_generic_policy_may_win(tmp_path: Path) -> None:
    cells = [cell(tmp_path / "runs", "program", 3, LOW), cell(tmp_path / "runs", "network", 500, HIGH)]
    (row,) = tables(cells, tmp_path / "out")["structures"].to_dict("records")
    assert (row["probability"], row["ahead"]) == (0.0, "generic")


def test_five_seeds_decide_nothing_however_far_apart_their_intervals_are(tmp_path: Path) -> None:
    cells = [cell(tmp_path / "runs", "program", 3, HIGH[:5]), cell(tmp_path / "runs", "network", 500, LOW[:5])]
    out = tables(cells, tmp_path / "out")
    low, high = out["dimension"]["normalised_low"], out["dimension"]["normalised_high"]
    assert low.max() > high.min()  # they do not overlap
    (row,) = out["structures"].to_dict("records")
    assert (row["p"], row["ahead"]) == (2**-4, "undetermined")


def test_a_second_contest_doubles_the_smallest_p_and_takes_the_verdict_away(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    cells = [
        cell(runs, "program", 3, HIGH),
        cell(runs, "linear", 5, [10.0, 12, 11, 14, 13, 15]),
        cell(runs, "network", 500, LOW),
    ]
    rows = tables(cells, tmp_path / "out")["structures"].set_index("structure_policy")
    assert list(rows.index) == ["linear", "program"]
    assert (rows.loc["program", "p"], rows.loc["program", "p_holm"]) == (2**-5, 2**-4)
    assert rows.loc["linear", "p"] == rows.loc["linear", "p_holm"] == 1.0  # two pairs each way: differences sum to 0
    assert list(rows["ahead"]) == ["undetermined"] * 2
    assert list(rows["best"]) == [False, True]


def test_contests_of_all_environments_and_families_are_one_family_of_tests(tmp_path: Path) -> None:
    cells = [
        cell(tmp_path / "runs", policy, size, levels, algorithm=algorithm, environment=environment, family=family)
        for environment in ("car", "pole")
        for algorithm, family in (("ars", "gradient-free"), ("ppo", "policy-gradient"))
        for policy, size, levels in (("program", 3, HIGH), ("network", 500, LOW))
    ]
    rows = tables(cells, tmp_path / "out")["structures"]
    assert list(zip(rows["environment"], rows["family"], strict=True)) == [
        (environment, family) for environment in ("car", "pole") for family in ("gradient-free", "policy-gradient")
    ]
    assert list(rows["p_holm"]) == [4 * 2**-5] * 4


def test_only_algorithms_that_ran_on_both_stand_for_a_side(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    cells = [
        cell(runs, "program", 3, LOW, algorithm="ars"),
        cell(runs, "program", 3, HIGH, algorithm="cem"),  # better, but not on the network
        cell(runs, "network", 500, LOW, algorithm="ars"),
        cell(runs, "network", 500, HIGH, algorithm="es"),
        cell(runs, "linear", 5, HIGH, algorithm="cem"),  # shares nothing with the network
    ]
    (row,) = tables(cells, tmp_path / "out")["structures"].to_dict("records")
    assert (row["structure_algorithm"], row["generic_algorithm"], row["p"]) == ("ars", "ars", 1.0)


def test_other_seeds_are_not_paired_and_probes_do_not_compete(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    cells = [
        cell(runs, "program", 3, HIGH, first=100),
        cell(runs, "network", 500, LOW),
        cell(runs, "program", 3, HIGH, algorithm="exact", family="probe"),
        cell(runs, "network", 500, LOW, algorithm="exact", family="probe"),
    ]
    (row,) = tables(cells, tmp_path / "out")["structures"].to_dict("records")
    assert not row["paired"]
    assert row["p"] == pytest.approx(2 / 924)  # Mann and Whitney: C(12, 6) = 924 orders, two of them so extreme


def test_one_policy_alone_has_no_contest(tmp_path: Path) -> None:
    assert tables([cell(tmp_path / "runs", "linear", 5, LOW)], tmp_path / "out")["structures"].empty
