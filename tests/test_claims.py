"""Claims: read strictly, older than their data or said to be younger; effects by hand, verdicts at their level."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import synthetic_tables as synthetic
from scipy import stats
from test_tables import flat, record, write_job

from harness.claims.declaration import Claim, check_labels, load_claims
from harness.claims.effect import Effect, effect_of, sampled_effect, side_values
from harness.claims.measures import MEASURES
from harness.claims.samples import Sample, Unmeasured
from harness.claims.table import Made, age, claim_rows
from harness.claims.verdict import ALPHA, adjust, ends, judge, margins, more_seeds, p_of, surprise
from harness.claims.without import without_one
from harness.declared import declared, declared_before, known_to
from harness.errors import InputError
from harness.files import json_bytes
from harness.plugins import ROOT
from harness.report import blocks
from harness.report import claims as section
from harness.seal import sealed
from harness.streams import address
from harness.tables import write_tables

ENTRY: dict[str, str] = {
    "statement": "Search is better.",
    "source": "lecture",
    "study": "demo",
    "environments": "[pole]",
    "contrast": "{first: {algorithms: [ars]}, second: {algorithms: [ppo]}}",
    "metric": "score",
    "direction": "above",
    "margin": "0.1",
    "reason": "A step of the ladder.",
    "declared": "2026-11-22",
}


def written(root: Path, *changes: dict[str, str | None], indent: str = "  ") -> Path:
    """A claims.yaml with one claim for each set of changes."""
    lines = ["studies: [demo, other]", "claims:"]
    for number, change in enumerate(changes):
        entry = {key: value for key, value in {**ENTRY, **change}.items() if value is not None}
        lines += [f"{indent}claim-{number}:", *(f"{indent * 2}{key}: {value}" for key, value in entry.items())]
    (root / "claims.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def claim(root: Path, **change: str | None) -> Claim:
    """One claim, read from a file."""
    (found,) = load_claims(written(root, change))
    return found


def runs(algorithm: str, values: list[float], environment: str = "pole", **words: Any) -> list[dict[str, str]]:
    """Rows of runs.csv as texts, one for each value of `column`, seeds from `first`."""
    column, first = words.pop("column", "normalised"), words.pop("first", 0)
    start = {"environment": environment, "policy": "linear", "algorithm": algorithm, "family": "gradient-free"}
    start |= {"status": "finished", "budget": "1000", "normalised": "0.5", "area": "0.5", "steps_to_solved": ""}
    start |= {name: str(value) for name, value in words.items()}
    return [{**start, "seed": str(first + place), column: str(value)} for place, value in enumerate(values)]


def effect(one: Claim, *rows: list[dict[str, str]], table: str = "runs") -> Effect:
    return effect_of(one, {table: [row for group in rows for row in group]}, address(1), 2000)


def normal(value: float, error: float, seeds: int = 100) -> Effect:
    """An effect whose resamples are those of a normal."""
    drawn = value + error * stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    return Effect(value, drawn, drawn, (), seeds, 2 * seeds, True)


# Reading


def test_the_claims_of_the_lecture_are_declared_with_a_reason_for_every_margin() -> None:
    found = load_claims(ROOT)
    assert len(found) >= 10
    assert all(one.entry.reason.endswith(".") and len(one.entry.reason) > 10 for one in found)
    assert {one.digest for one in found} == set(declared(ROOT / "claims.yaml").values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metric": "scor"}, "unknown metric 'scor'; allowed: score, area, "),
        ({"metric": "scor"}, "did you mean 'score'?"),
        ({"study": "demos"}, "unknown study 'demos'; allowed: demo, other; did you mean 'demo'?"),
        ({"direction": "over"}, "unknown word 'over'; allowed: above, below, within"),
        ({"marginn": "1"}, "unknown key; allowed: "),
        ({"margin": None}, "missing: margin"),
        ({"reason": '""'}, "expected text that is not empty"),
        ({"declared": "today"}, "expected text such as 2026-11-22"),
        ({"contrast": "{first: {policies: [linear]}}"}, "name a family or algorithms"),
        ({"contrast": "{first: {family: gradientfree}}"}, "did you mean 'gradient-free'?"),
        ({"contrast": "{first: {family: probe}, less_first: {family: probe}}"}, "come together"),
        ({"contrast": "{first: {family: probe, where: {horizn: [1]}}}"}, "did you mean 'horizon'?"),
        ({"contrast": "{first: {family: probe, where: {horizon: [1]}}}"}, "for what the laboratory measures"),
        ({"metric": "steps", "margin": "-0.1"}, "a margin of steps is a ratio, above 0"),
        ({"metric": "steps", "direction": "within", "margin": "0.8"}, "above 1 for a ratio"),
        ({"metric": "steps", "contrast": "{first: {family: probe}}"}, "it needs a second side"),
    ],
)
def test_what_is_wrong_is_refused_by_line_with_the_nearest_word(
    tmp_path: Path, change: dict[str, str | None], words: str
) -> None:
    with pytest.raises(InputError) as fault:
        claim(tmp_path, **change)
    assert str(fault.value).startswith("claims.yaml:")
    assert words in str(fault.value)


def test_labels_that_the_study_lacks_are_refused(tmp_path: Path) -> None:
    labels = [("pole", "linear", "ars-v1"), ("pole", "linear", "ppo")]
    with pytest.raises(InputError, match=r"the study demo has no 'ars' among its algorithms.*did you mean 'ars-v1'"):
        check_labels([claim(tmp_path)], "demo", {"runs": labels})
    check_labels([claim(tmp_path)], "other", {"runs": labels})  # not its study
    with pytest.raises(InputError, match="the study demo has no 'ars' among its algorithms"):
        check_labels([claim(tmp_path, metric="cosine")], "demo", {"runs": [], "laboratory": labels})


def test_a_name_that_stands_elsewhere_than_after_two_spaces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="after exactly two spaces"):
        load_claims(written(tmp_path, {}, indent="    "))


def test_no_file_is_no_claim(tmp_path: Path) -> None:
    assert load_claims(tmp_path) == ()
    assert declared(tmp_path / "claims.yaml") == {}


# Age


def test_a_digest_is_that_of_the_lines_of_its_claim_alone(tmp_path: Path) -> None:
    path = written(tmp_path, {}, {}) / "claims.yaml"
    before = declared(path)
    assert list(before) == ["claim-0", "claim-1"]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  claim-1:", "  # a comment\n\n  claim-1:   "), encoding="utf-8")
    assert declared(path) == before
    path.write_text(text.replace("0.1", "0.05", 1), encoding="utf-8")
    after = declared(path)
    assert (after["claim-0"] != before["claim-0"], after["claim-1"]) == (True, before["claim-1"])


def test_a_claim_is_known_to_the_data_if_every_manifest_holds_it() -> None:
    first, second = {"claims": {"a": "1", "b": "2"}}, {"claims": {"a": "1", "b": "3"}}
    assert known_to([first, second]) == {"a": "1"}
    assert known_to([first, {}]) == {}
    assert known_to([]) is None


def test_runs_that_are_adopted_bring_the_claims_that_they_knew(tmp_path: Path) -> None:
    path = written(tmp_path, {}, {}) / "claims.yaml"
    now = declared(path)
    manifest = tmp_path / "ars" / "cell" / "seeds-0000-0004" / "manifest.json"
    write_job(manifest, {seed: flat(9.0) for seed in range(5)})
    held = {name: value for name, value in json.loads(manifest.read_text()).items() if name != "seal"}
    held |= {"claims": {"claim-0": now["claim-0"], "claim-1": "reworded"}}
    manifest.write_bytes(json_bytes(sealed(held)))
    assert declared_before(now, [tmp_path / "ars" / "cell"], range(10)) == {"claim-0": now["claim-0"]}
    assert declared_before(now, [tmp_path / "ars" / "cell"], range(5, 10)) == now  # fresh seeds
    manifest.write_text("damaged", encoding="utf-8")
    assert declared_before(now, [tmp_path / "ars" / "cell"], range(10)) == now  # its runs are not used either


def judged(root: Path, claims: tuple[Claim, ...], known: dict[str, str] | None) -> pd.DataFrame:
    """claims.csv of six seeds of two algorithms, whose manifests know these claims; None: no job has run."""
    cells = []
    for algorithm, level in (("ars", 90.0), ("ppo", 10.0)):
        cell = record(root / "runs", range(12), algorithm, family="gradient-free")
        if known is not None:
            write_job(cell.manifests[0], {seed: flat(level + seed) for seed in range(12)})
            content = {
                name: value for name, value in json.loads(cell.manifests[0].read_text()).items() if name != "seal"
            }
            cell.manifests[0].write_bytes(json_bytes(sealed({**content, "claims": known})))
        cells.append(cell)
    write_tables(cells, root / "demo", seed=1, resamples=100, claims=claims)
    return pd.read_csv(root / "demo" / "claims.csv", keep_default_na=False)


@pytest.mark.parametrize(
    ("when", "word"), [("before", "before the data"), ("after", "after the data"), ("never", "no data yet")]
)
def test_a_claim_that_is_younger_than_its_data_is_said_to_be(tmp_path: Path, when: str, word: str) -> None:
    one = claim(tmp_path)
    known = {"before": {one.name: one.digest}, "after": {one.name: "another"}, "never": None}[when]
    (row,) = judged(tmp_path, (one,), known).to_dict("records")
    assert row["before"] == word
    if when != "never":
        assert (row["effect"], row["verdict"], row["n_seeds"], row["runs"]) == (0.8, "supported", 12, 24)
    else:
        assert (row["verdict"], row["reason"]) == ("undetermined", "no run of ars in pole")


def made(table: str, claims: dict[str, str], **cell: str) -> Made:
    labels = {"environment": "pole", "policy": "linear", "algorithm": "ars", "family": "gradient-free"}
    return Made(table, labels | cell, claims)


def test_the_age_of_a_claim_is_that_of_the_cells_on_its_sides_whatever_else_was_measured(tmp_path: Path) -> None:
    one = claim(tmp_path)
    knew, others = (
        {one.name: one.digest},
        [
            made("runs", {}, environment="car"),
            made("runs", {}, algorithm="cem"),
            made("laboratory", {}),
        ],
    )
    assert age(one, others) == "no data yet"
    assert age(one, [*others, made("runs", knew)]) == "before the data"
    assert age(one, [*others, made("runs", knew), made("runs", {}, algorithm="ppo")]) == "after the data"


def test_a_claim_on_the_laboratory_is_as_old_as_its_benches_and_one_on_a_line_as_the_runs_behind_it(
    tmp_path: Path,
) -> None:
    noise = claim(tmp_path, metric="cosine", contrast="{first: {algorithms: [ars], where: {horizon: [40]}}}")
    knew = {noise.name: noise.digest}
    assert age(noise, [made("runs", {}), made("laboratory", {}, algorithm="ppo")]) == "no data yet"
    assert age(noise, [made("runs", {}), made("laboratory", knew)]) == "before the data"
    kind = "{first: {family: gradient-free, policies: [subspace]}, second: {family: policy-gradient}}"
    line = claim(tmp_path, metric="parameters_exponent", contrast=kind)
    runs_of_it = made("runs", {line.name: line.digest}, policy="subspace-8")
    assert age(line, [made("laboratory", {}), runs_of_it]) == "before the data"
    assert age(line, [runs_of_it, made("runs", {}, policy="subspace-2")]) == "after the data"


def test_a_half_made_study_has_no_data_yet_of_a_claim_on_what_is_missing(tmp_path: Path) -> None:
    there = record(tmp_path / "runs", range(6), "cem", family="gradient-free")
    write_job(there.manifests[0], {seed: flat(50.0) for seed in range(6)})  # by older code: it knew no claim
    missing = [record(tmp_path / "runs", range(6), name, family="gradient-free") for name in ("ars", "ppo")]
    write_tables([there, *missing], tmp_path / "demo", seed=1, resamples=100, claims=(claim(tmp_path),))
    (row,) = pd.read_csv(tmp_path / "demo" / "claims.csv", keep_default_na=False).to_dict("records")
    assert (row["before"], row["verdict"]) == ("no data yet", "undetermined")


def test_claims_on_other_studies_have_no_row_but_share_the_chance_of_an_error(tmp_path: Path) -> None:
    everything = load_claims(written(tmp_path, {}, {"study": "other"}, {"study": "other"}))
    (row,) = judged(tmp_path, everything, {}).to_dict("records")
    assert row["claim"] == "claim-0"
    assert float(row["p_holm"]) == pytest.approx(3 * float(row["p"]))


# Effects


def test_a_difference_of_interquartile_means_by_hand(tmp_path: Path) -> None:
    found = effect(claim(tmp_path), runs("ars", [1.0, 9.0, 2.0, 3.0]), runs("ppo", [0.0, 1.0, 1.0, 8.0]))
    assert found.value == pytest.approx(2.5 - 1.0)
    assert (found.seeds, found.runs, found.paired, found.sizes) == (4, 8, True, (4,))


def test_a_ratio_of_restricted_means_counts_the_smallest_budget_of_who_has_not_crossed(tmp_path: Path) -> None:
    one = claim(tmp_path, metric="steps")
    first = runs("ars", [250.0, ""], column="steps_to_solved")  # type: ignore[list-item]
    second = runs("ppo", [100.0, 1500.0], column="steps_to_solved", budget=2000)  # 1500 is beyond 1000
    assert effect(one, first, second).value == pytest.approx(np.log((250 + 1000) / (100 + 1000)))


def test_environments_weigh_the_same_however_many_cells_they_have(tmp_path: Path) -> None:
    one = claim(tmp_path, environments="[pole, car]")
    rows = [
        *(runs("ars", [level] * 4, policy=policy) for policy, level in (("linear", 0.2), ("network", 0.4))),
        runs("ppo", [0.0] * 4),
        runs("ars", [0.9] * 4, "car"),
        runs("ppo", [0.0] * 4, "car"),
    ]
    assert effect(one, *rows).value == pytest.approx((0.3 + 0.9) / 2)


def test_the_environment_that_makes_the_effect_is_named_with_the_effect_of_all_others(tmp_path: Path) -> None:
    one = claim(tmp_path, environments="[pole, car, lake]")
    levels = {"pole": 0.3, "car": 0.9, "lake": 0.1}
    rows = [
        row
        for place, level in levels.items()
        for row in (*runs("ars", [level] * 4, place), *runs("ppo", [0.0] * 4, place))
    ]
    whole = effect(one, rows)
    found = without_one(one, {"runs": rows}, whole, address(1), 200)
    assert whole.value == pytest.approx(1.3 / 3)
    assert found is not None
    assert (found[0], found[1].value, found[1].runs) == ("car", pytest.approx(0.2), 16)


@pytest.mark.parametrize("place", ["[pole]", "[pole, car]"])
def test_nothing_is_left_out_of_one_environment_or_of_sides_with_their_own(tmp_path: Path, place: str) -> None:
    contrast = "{first: {algorithms: [ars], environments: [pole]}}" if "car" in place else ENTRY["contrast"]
    one = claim(tmp_path, environments=place, contrast=contrast)
    rows = runs("ars", [0.1] * 4) + runs("ppo", [0.0] * 4)
    assert without_one(one, {"runs": rows}, effect(one, rows), address(1), 200) is None


def test_an_interaction_is_a_difference_of_differences(tmp_path: Path) -> None:
    sides = {"first": ("ars", "small"), "second": ("ars", "large"), "less_first": ("ppo", "small")}
    sides |= {"less_second": ("ppo", "large")}
    words = ", ".join(f"{key}: {{algorithms: [{name}], policies: [{size}]}}" for key, (name, size) in sides.items())
    levels = {("ars", "small"): 0.9, ("ars", "large"): 0.3, ("ppo", "small"): 0.5, ("ppo", "large"): 0.4}
    rows = [runs(name, [level] * 4, policy=size) for (name, size), level in levels.items()]
    one = claim(tmp_path, contrast=f"{{{words}}}")
    assert effect(one, *rows).value == pytest.approx((0.9 - 0.3) - (0.5 - 0.4))
    assert side_values(one, {"runs": [row for cell in rows for row in cell]}) == pytest.approx([0.9, 0.3, 0.5, 0.4])
    (row,) = claim_rows([one], ["demo"], {"runs": [row for cell in rows for row in cell]}, [], address(1))
    assert row["sides"] == "0.9 against 0.3, less 0.5 against 0.4"


def test_the_sides_of_a_ratio_of_steps_are_restricted_means(tmp_path: Path) -> None:
    """100 and 1000 of a run that has not crossed, 12 000 twice."""
    one = claim(tmp_path, metric="steps")
    rows = runs("ars", [100.0, ""], column="steps_to_solved", budget=20_000)  # type: ignore[list-item]
    rows += runs("ppo", [12_000.0, 12_000.0], column="steps_to_solved", budget=20_000)
    (row,) = claim_rows([one], ["demo"], {"runs": rows}, [], address(1))
    assert row["sides"] == "10,050 against 12,000"


def test_what_seeds_share_falls_out_where_they_are_the_same(tmp_path: Path) -> None:
    shared = [0.1, 0.9, 0.4, 0.6, 0.2, 0.8]
    better = [value + 0.05 for value in shared]
    paired = effect(claim(tmp_path), runs("ars", better), runs("ppo", shared))
    alone = effect(claim(tmp_path), runs("ars", better), runs("ppo", shared, first=100))
    assert np.ptp(ends(paired)) == pytest.approx(0.0, abs=1e-12)
    assert np.ptp(ends(alone)) > 0.2
    assert (paired.paired, alone.paired, alone.sizes) == (True, False, (6, 6))


def test_a_share_of_successes_has_the_interval_of_clopper_and_pearson(tmp_path: Path) -> None:
    one = claim(tmp_path, metric="success", contrast="{first: {algorithms: [ars]}}")
    steps: list[Any] = [100.0] * 7 + [""] * 3
    found = effect_of(one, {"runs": runs("ars", steps, column="steps_to_solved")}, address(1), 200_000)
    assert found.value == 0.7
    assert ends(found) == pytest.approx((0.3475, 0.9333), abs=4e-3)
    every = effect_of(one, {"runs": runs("ars", [100.0] * 10, column="steps_to_solved")}, address(1), 200_000)
    assert ends(every) == pytest.approx((0.6915, 1.0), abs=4e-3)  # 0.025^(1/10)


def test_runs_of_which_none_has_crossed_are_not_known_to_be_slow(tmp_path: Path) -> None:
    one = claim(tmp_path, metric="steps")
    nobody: list[Any] = [""] * 5
    rows = (runs("ars", nobody, column="steps_to_solved"), runs("ppo", [500.0] * 5, column="steps_to_solved"))
    low, high = ends(effect(one, *rows))
    assert np.exp(high) == pytest.approx(2.0)
    assert np.exp(low) == pytest.approx(2.0 * 0.025 ** (1 / 5))  # the share that might have crossed at once


def test_dispersion_is_a_ratio_of_standard_deviations(tmp_path: Path) -> None:
    one = claim(tmp_path, metric="score_dispersion")
    found = effect(one, runs("ars", [0.0, 0.6]), runs("ppo", [0.5, 0.7]))
    assert np.exp(found.value) == pytest.approx(3.0)


@pytest.mark.parametrize("still", [[0.3] * 30, [0.3, 0.3009] * 15], ids=["equal", "within a thousandth"])
def test_runs_that_agree_to_a_thousandth_have_no_dispersion_to_compare(tmp_path: Path, still: list[float]) -> None:
    one = claim(tmp_path, metric="area_dispersion", margin="1.25")
    with pytest.raises(Unmeasured, match="runs of one cell all agree in pole: their spread would be that of rounding"):
        effect(one, runs("ars", still, column="area"), runs("ppo", [0.1, 0.2] * 15, column="area"))


def test_where_no_run_of_either_side_solves_it_there_is_no_ratio_of_steps(tmp_path: Path) -> None:
    nobody: list[Any] = [""] * 5
    rows = (runs("ars", nobody, column="steps_to_solved"), runs("ppo", nobody, column="steps_to_solved"))
    with pytest.raises(Unmeasured, match="no run of any side solved pole"):
        effect(claim(tmp_path, metric="steps"), *rows)


def test_laboratory_rows_of_a_seed_are_averaged_over_the_points_of_the_path(tmp_path: Path) -> None:
    one = claim(tmp_path, metric="trace_covariance", direction="below", margin="0.8")
    rows = [
        {"environment": "pole", "policy": "linear", "algorithm": name, "family": "policy-gradient", "seed": str(seed)}
        | {"point": str(point), "trace_covariance": str(value)}
        for name, values in (("ars", (1.0, 4.0)), ("ppo", (8.0, 32.0)))
        for seed in range(3)
        for point, value in enumerate(values)
    ]
    assert np.exp(effect(one, rows, table="laboratory").value) == pytest.approx(2.0 / 16.0)  # geometric means


def test_rows_of_a_side_may_be_chosen_by_how_they_were_measured(tmp_path: Path) -> None:
    contrast = (
        "{first: {algorithms: [ars], where: {horizon: [40]}}, second: {algorithms: [ars], where: {horizon: [10]}}}"
    )
    one = claim(tmp_path, metric="effective_fraction", direction="below", margin="-0.1", contrast=contrast)
    rows = [
        {"environment": "pole", "policy": "linear", "algorithm": "ars", "family": "policy-gradient", "seed": str(seed)}
        | {"horizon": horizon, "effective_fraction": share}
        for seed in range(3)
        for horizon, share in (("10", "0.8"), ("40.0", "0.3"), ("20", "9.0"))
    ]
    assert effect(one, rows, table="laboratory").value == pytest.approx(0.3 - 0.8)
    assert one.entry.contrast.in_words == "ars at horizon 40 against ars at horizon 10"


def test_exponents_are_held_against_each_other_as_independent_normals(tmp_path: Path) -> None:
    contrast = "{first: {family: policy-gradient}, second: {family: gradient-free}}"
    one = claim(tmp_path, metric="horizon_exponent", contrast=contrast, environments="[short, long]")
    half = stats.norm.ppf(0.975)
    rows = [
        {"environment": "long short", "policy_kind": "", "algorithm": "", "family": family, "regressor": "horizon"}
        | {"exponent": str(value), "n": "30"}
        | {"exponent_low": str(value - half * error), "exponent_high": str(value + half * error)}
        for family, value, error in (("policy-gradient", 1.5, 0.3), ("gradient-free", 1.0, 0.4))
    ]
    found = effect(one, rows, table="scaling")
    assert (found.value, found.runs) == (0.5, 60)
    assert ends(found) == pytest.approx((0.5 - half * 0.5, 0.5 + half * 0.5), abs=3e-3)
    assert effect(one, [row | {"policy_kind": "linear"} for row in rows], table="scaling").value == 0.5  # the only kind
    with pytest.raises(Unmeasured, match="no exponent of the steps until solved in the horizon of policy-gradient"):
        effect(one, rows[1:], table="scaling")
    with pytest.raises(Unmeasured, match="no line of policy-gradient in long short: 0 of 30 runs solved it"):
        effect(one, [rows[0] | {"exponent": "", "crossed": "0"}, rows[1]], table="scaling")


def test_a_side_without_runs_is_named_and_missing_runs_are_none(tmp_path: Path) -> None:
    with pytest.raises(Unmeasured, match="no run of ppo in pole"):
        effect(claim(tmp_path), runs("ars", [1.0]), runs("ppo", [1.0], status="missing"))


# Verdicts


def test_p_is_what_the_interval_leaves_out() -> None:
    cells = [Sample("pole", 0, 1.0, tuple(range(8)), address(2)("runs").normal(size=8))]
    found = sampled_effect(address(3)("x"), MEASURES["mean"], cells, 20_000)._replace(seeds=100)
    for level in (0.8, 0.95):
        low, high = ends(found, level)
        assert surprise(found, low - 1e-9, above=True) == pytest.approx(1 - level, rel=0.02)
        assert surprise(found, high + 1e-9, above=False) == pytest.approx(1 - level, rel=0.02)


@pytest.mark.parametrize(
    ("direction", "value", "verdict"),
    [
        ("above", 0.5, "supported"),
        ("above", -0.5, "contradicted"),
        ("above", 0.15, "undetermined"),
        ("below", -0.5, "supported"),
        ("below", 0.5, "contradicted"),
        ("within", 0.0, "supported"),
        ("within", 0.5, "contradicted"),
        ("within", 0.08, "undetermined"),  # inside, but the interval is not
    ],
)
def test_verdicts_by_the_side_of_the_margin(direction: str, value: float, verdict: str) -> None:
    found, right = normal(value, 0.03), margins(direction, 0.1)
    p = p_of(found, right)
    assert judge(found, right, p, p, 1).verdict == verdict


def test_few_seeds_that_agree_are_no_surer_than_the_test_of_signs() -> None:
    cells = [Sample("pole", 0, 1.0, tuple(range(5)), np.full(5, 0.7))]
    found = sampled_effect(address(1)("x"), MEASURES["mean"], cells, 2000)
    assert np.ptp(found.low) == 0.0
    assert p_of(found, margins("above", 0.1)) == 2.0**-4


def test_claims_that_are_not_measured_yet_count_as_one() -> None:
    assert adjust(np.array([0.01, np.nan, 0.02]), 5) == pytest.approx([0.05, np.nan, 0.08], nan_ok=True)


def test_seeds_that_would_tell_follow_from_the_width_that_shrinks_with_the_root_of_n() -> None:
    found = normal(0.6, 0.5, seeds=10)  # 0.5 from the margin; half-width 0.98
    assert more_seeds(found, margins("above", 0.1), 0.95) == np.ceil(10 * (1.959964 * 0.5 / 0.5) ** 2) - 10 == 29
    assert more_seeds(normal(0.1, 0.5), margins("above", 0.1), 0.95) == np.inf
    sure = normal(0.6, 0.0001, seeds=4)
    assert more_seeds(sure, margins("above", 0.1), 0.95) == 2  # 2^(1 - 6) is the first below 0.05


@pytest.mark.parametrize("kind", ["mean", "middle"])
def test_a_true_margin_is_left_out_in_at_most_one_of_twenty_studies(kind: str) -> None:
    """400 studies of 20 paired seeds whose true effect is the margin; the Monte Carlo error of 5 % is 1.1 points."""
    rng, wrong = np.random.default_rng(5), 0
    for _ in range(400):
        noise = rng.normal(size=20)
        values = {1.0: noise + rng.normal(0.3, 0.5, size=20), -1.0: noise}
        cells = [Sample("pole", 0, weight, tuple(range(20)), runs) for weight, runs in values.items()]
        found = sampled_effect(rng, MEASURES[kind], cells, 1000)
        wrong += p_of(found, margins("above", 0.3)) <= ALPHA
    assert wrong / 400 <= 0.05 + 2.5 * 0.011


# The report


def test_the_report_shows_each_claim_with_its_verdict_and_says_which_came_late() -> None:
    table = synthetic.study(seeds=3, environments=("LQR",), algorithms={"ars-v1": "gradient-free"})["claims"]
    _, late, shown, _, listed = section.claims(table.reindex(columns=synthetic.COLUMNS["claims"]), ())
    assert isinstance(shown, blocks.Table) and isinstance(late, blocks.Text) and isinstance(listed, blocks.Bullets)
    assert [row[0].verdict for row in shown.rows] == ["supported", "contradicted", "undetermined", "undetermined"]
    assert [row[1].text for row in shown.rows][:2] == ["0.31 [0.20, 0.40]", "× 0.5 [0.4, 0.6]"]
    assert [row[2].text for row in shown.rows][:2] == [
        "score at least 0.05: ars-v1 against ppo. That is 0.81 against 0.5",
        "steps at least × 1.25: ars-v1 against ppo",
    ]
    assert [row[5].text for row in shown.rows] == ["–", "–", "320", "–"]
    assert [row[6].text for row in shown.rows] == ["E: 0.02 [−0.05, 0.10]", "–", "–", "–"]
    assert shown.rows[3][-1].text == "no run of ppo in E"
    assert late.text.startswith("Of 4 claims, claim-2 was declared after the data")
    assert len(listed.items) == 4


def test_a_study_without_claims_has_no_such_section() -> None:
    assert section.claims(pd.DataFrame(columns=synthetic.COLUMNS["claims"]), ()) == ()


@pytest.mark.parametrize(("scale", "text"), [("difference", "within ± 0.05"), ("ratio", "within × 0.8 to 1.25")])
def test_a_margin_within_is_shown_with_both_ends(scale: str, text: str) -> None:
    margin = 0.05 if scale == "difference" else 1.25
    assert section.asked({"margin": margin, "scale": scale, "direction": "within"}) == text


def test_the_same_tables_give_the_same_verdicts(tmp_path: Path) -> None:
    rows = runs("ars", [0.3, 0.5, 0.4]), runs("ppo", [0.2, 0.3, 0.5])
    first, second = (partial(effect, claim(tmp_path))(*rows) for _ in range(2))
    assert first.low.tobytes() == second.low.tobytes()
