"""structures.csv: who is compared with whom, and verdicts that a choice does not flatter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_tables import flat, record, tables, write_job

from harness import plugins
from harness.results import records
from harness.statistics.comparisons import paired_p
from harness.statistics.contests import contest
from harness.statistics.scores import iqm
from harness.streams import address
from harness.tables.cells import CellRuns, RunRecord, assemble
from harness.tables.contrasts import IQM, RESOLUTION, contrast
from harness.tables.rivals import DIMENSION_ONLY, GENERIC, matches
from harness.workflow import open_study


def cell(root: Path, policy: str, parameters: int, levels: list[float], first: int = 0, **words: str):  # type: ignore[no-untyped-def]
    """A cell with one run for each level, that stands at it from its first evaluation on."""
    made = record(root, range(first, first + len(levels)), policy=policy, **words)
    write_job(made.manifests[0], {first + place: flat(level) for place, level in enumerate(levels)})
    return replace(made, parameters=parameters, structure={"network": "mlp"}.get(policy, made.structure))


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


def test_the_best_of_two_is_judged_on_the_runs_that_did_not_choose_it_and_p_is_doubled(tmp_path: Path) -> None:
    # ars is better than cem with every seed, so every half chooses it; 8 pairs that agree, doubled: 2 * 2^-7.
    runs, low, high = tmp_path / "runs", [10.0 + seed for seed in range(8)], [30.0 + seed for seed in range(8)]
    cells = [
        cell(runs, "program", 3, high, algorithm="ars"),
        cell(runs, "program", 3, low, algorithm="cem"),
        cell(runs, "network", 500, low, algorithm="ars"),
        cell(runs, "network", 500, low, algorithm="cem"),
    ]
    (row,) = tables(cells, tmp_path / "out")["structures"].to_dict("records")
    assert (row["structure_algorithm"], row["probability"], row["p"], row["ahead"]) == ("ars", 1.0, 2**-6, "structure")
    assert row["difference"] == pytest.approx(0.2, abs=0.01)  # 20 of 100 points
    assert (row["horizon"], row["structure_steps"], row["generic_steps"], row["saved"]) == (1000, 1000, 1000, 0)
    assert (row["steps_p"], row["faster"]) == (1.0, "undetermined")  # nobody solved it


def test_a_structure_that_solves_at_once_saves_the_steps_of_the_generic_policy(tmp_path: Path) -> None:
    cells = [
        cell(tmp_path / "runs", "program", 3, [90.0 + seed for seed in range(6)]),
        cell(tmp_path / "runs", "network", 500, LOW),
    ]
    (row,) = tables(cells, tmp_path / "out")["structures"].to_dict("records")
    assert (row["structure_steps"], row["generic_steps"], row["saved"]) == (0, 1000, 1000)
    assert (row["steps_p_holm"], row["faster"]) == (2**-5, "structure")


def made_up(policy: str, algorithm: str, levels: np.ndarray) -> CellRuns:
    """A cell whose runs stand at these levels."""
    steps, nothing = np.array([0, 1000]), np.zeros(2, dtype=np.int64)
    runs = tuple(
        RunRecord(seed, "finished", "", 2, 1000, 2, "", steps, nothing, np.full(2, level), nothing > 0, np.zeros(5))
        for seed, level in enumerate(levels)
    )
    return assemble(record(Path("nowhere"), range(len(levels)), algorithm, policy), runs)


def test_equal_sides_are_told_apart_in_one_study_of_twenty_at_most_however_many_algorithms_are_tried() -> None:
    # Six methods of the structure that vary from seed to seed, against six of a network that hardly do, all at 50.
    # Chosen and judged on the same runs the structure would be told apart far more often.
    rng, studies, decided, naive = np.random.default_rng(0), 150, 0, 0
    for study in range(studies):
        values = [50 + spread * rng.standard_normal((6, 10)) for spread in (10.0, 0.1)]
        sides = [
            [made_up(policy, f"a{place}", levels) for place, levels in enumerate(side)]
            for policy, side in zip(("program", "network"), values, strict=True)
        ]
        decided += contrast(*sides, lambda name, study=study: address(study)(name), 4).p <= 0.05
        naive += paired_p(*(side[iqm(side, axis=1).argmax()] for side in values)) <= 0.05
    assert naive / studies > 0.15
    assert decided / studies <= 0.05


def test_subspaces_duplicates_and_nuisance_change_the_dimension_and_are_no_structures(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    names = ("program", "linear", "redundant", "nuisance", "subspace-2", "subspace-8", "network")
    cells = [cell(runs, name, 2 + place, LOW) for place, name in enumerate(names)]
    cells.append(replace(cell(runs, "deep", 9000, LOW), structure="mlp"))
    cells += [cell(runs, name, 5, LOW, environment="lqr") for name in ("linear", "redundant", "nuisance")]  # no network
    out = tables(cells, tmp_path / "out")
    assert list(out["structures"]["structure_policy"]) == ["linear", "program"]
    assert set(out["structures"]["generic_policy"]) == {"deep"}  # the larger of two networks
    assert set(out["exchange"]["policy"]) <= {"linear", "program"}


def test_what_is_generic_and_what_is_dimension_only_are_files_of_policies() -> None:
    assert {*GENERIC, *DIMENSION_ONLY} <= {*plugins.names("policies")}


def test_the_union_study_compares_every_structure_with_the_largest_network() -> None:
    groups: dict[str, list[CellRuns]] = {}
    for one in records(open_study("structure_vs_data"), {}):
        groups.setdefault(one.environment, []).append(assemble(one, ()))
    found = {(match.policy, match.generic) for match in matches(groups)}
    deep = {(policy, "deep") for policy in ("program", "linear", "low_rank", "tree", "features")}
    assert found == deep | {("program", "network"), ("linear", "network")}  # LunarLander has no deeper one


def test_scores_nearer_than_a_thousandth_are_ties() -> None:
    still = [np.full(8, 0.251455), np.full(8, 0.251450)]  # two policies that stand still
    exact, rough = (
        contest(address(1)("a"), [one], [other], IQM, paired=True)
        for one, other in (still, [values.round(RESOLUTION) for values in still])
    )
    assert exact.p < 0.05 and rough.p == 1.0
