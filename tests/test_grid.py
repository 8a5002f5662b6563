"""Laws of the grid: what a study asks for, in which order, under which name, and where it lies."""

import hashlib
import json
from dataclasses import replace

import pytest
import small_project as project
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import cost, fingerprint, grid
from harness.cell import Cell, Evaluation, Part, World, canonical
from harness.errors import InputError
from harness.fingerprint import cell_fingerprint
from harness.fit import check_fits
from harness.plugins import ROOT, names
from harness.spec import load_environments
from harness.study import load_study, studies

PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OPTIONS = st.dictionaries(st.text(), PLAIN, max_size=4)


@pytest.fixture(autouse=True)
def _program(tmp_path, monkeypatch):
    folder = tmp_path / "programs"
    folder.mkdir()
    project.add_program(folder, monkeypatch)


def a_cell(options=None, settings=None, label="ars"):
    world = World("Pole", "compiled", "cartpole", None, options or {}, 500, True, False)
    return Cell(
        world, Part("linear", "linear", {"bias": False}), Part(label, "ars", settings or {}), 1000, Evaluation(100, 5)
    )


def changed(tmp_path, old, new, environments=project.ENVIRONMENTS):
    project.write(tmp_path, project.STUDY.replace(old, new), environments)
    return [one.cell for one in project.planned(tmp_path)]


# Cells


@settings(max_examples=200, deadline=None)
@given(OPTIONS, OPTIONS)
def test_a_cell_comes_back_from_its_canonical_json_with_its_digest(options, given_settings):
    cell = a_cell(options, given_settings)
    again = Cell.from_json(cell.to_json())
    assert again == cell and again.digest == cell.digest and again.to_json() == cell.to_json()


@settings(max_examples=200, deadline=None)
@given(OPTIONS, st.randoms(use_true_random=False))
def test_the_digest_does_not_know_the_order_of_keys(options, random):
    shuffled = list(options.items())
    random.shuffle(shuffled)
    assert a_cell(dict(shuffled)).digest == a_cell(options).digest


def test_canonical_json_by_hand():
    text = canonical({"b": (1, 2.0, 1e-7), "a": {"é": None, "x": True}})
    assert text == '{"a":{"x":true,"é":null},"b":[1,2.0,1e-07]}'
    with pytest.raises(ValueError):
        canonical({"a": float("inf")})


def test_the_digest_is_the_sha256_of_the_json_without_labels():
    cell = a_cell(settings={"step_size": 0.1}, label="mine")
    data = json.loads(cell.to_json())
    del data["algorithm"]["label"], data["policy"]["label"]
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    assert cell.digest == hashlib.sha256(text.encode()).hexdigest()


def test_labels_do_not_change_the_digest_and_everything_else_does():
    cell = a_cell(settings={"step_size": 0.1})
    assert a_cell(settings={"step_size": 0.1}, label="other").digest == cell.digest
    others = [
        a_cell(settings={"step_size": 0.2}),
        a_cell({"noise": 1.0}, {"step_size": 0.1}),
        replace(cell, budget=2000),
        replace(cell, evaluation=Evaluation(100, 6)),
        replace(cell, evaluation=Evaluation(50, 5)),
        replace(cell, policy=replace(cell.policy, file="mlp")),
        replace(cell, environment=replace(cell.environment, horizon=499)),
        replace(cell, environment=replace(cell.environment, name="Pole2")),
        replace(cell, environment=replace(cell.environment, clip=False)),
    ]
    assert len({cell.digest, *(other.digest for other in others)}) == 1 + len(others)


# Grids


def test_the_order_is_that_of_the_file(tmp_path):
    project.write(tmp_path)
    assert [one.cell.labels for one in project.planned(tmp_path)] == [
        ("Pole", "linear", "fast"),
        ("Pole", "linear", "ars"),
        ("Pole", "wide", "fast"),
        ("Pole", "wide", "ars"),
        ("Swing", "linear", "fast"),
        ("Swing", "linear", "ars"),
        ("Swing", "wide", "fast"),
        ("Swing", "wide", "ars"),
    ]


def test_the_budget_is_that_of_the_grid_then_the_study_then_the_environment(tmp_path):
    assert {cell.budget for cell in changed(tmp_path, "", "")} == {20000, 30000}
    assert {cell.budget for cell in changed(tmp_path, "block: 2", "block: 2\nbudget: 5000")} == {5000}
    both = project.STUDY.replace("block: 2", "block: 2\nbudget: 5000") + "    budget: 7000\n"
    assert {one.cell.budget for one in project.planned(project.write(tmp_path, both))} == {7000}


def test_seeds_and_evaluation_of_a_grid_come_before_those_of_the_study(tmp_path):
    project.write(tmp_path, project.STUDY + "    seeds: 7\n    evaluation: {every: 500, episodes: 1}\n")
    planned = project.planned(tmp_path)
    assert {one.seeds for one in planned} == {range(7)}
    assert {one.cell.evaluation for one in planned} == {Evaluation(500, 1)}


def test_two_grids_may_overlap_where_they_agree(tmp_path):
    project.write(tmp_path, project.STUDY + "  - {environments: [Swing], policies: [linear], algorithms: [ars, ppo]}\n")
    planned = project.planned(tmp_path)
    assert len(planned) == 9 and planned[-1].cell.labels == ("Swing", "linear", "ppo")


@pytest.mark.parametrize("terms", ["budget: 5000", "seeds: 9", "evaluation: {every: 500, episodes: 5}"])
def test_two_grids_that_disagree_are_refused_with_both_lines(tmp_path, terms):
    again = f"  - {{environments: [Swing], policies: [linear], algorithms: [ars], {terms}}}\n"
    project.write(tmp_path, project.STUDY + again)
    message = r"^studies/mine.yaml:14: grids\[1\]: Swing × linear × ars stands in line 11 too, with other terms$"
    with pytest.raises(InputError, match=message):
        project.planned(tmp_path)


def test_scores_and_targets_are_no_part_of_a_cell_but_the_horizon_is(tmp_path):
    first = [cell.digest for cell in changed(tmp_path, "", "")]
    scored = project.ENVIRONMENTS.replace("random: 9", "random: 10").replace("solved: 90", "solved: 80")
    assert [cell.digest for cell in changed(tmp_path, "", "", scored)] == first
    longer = [cell.digest for cell in changed(tmp_path, "", "", project.ENVIRONMENTS.replace("500\n", "499\n", 1))]
    assert longer[:4] != first[:4] and longer[4:] == first[4:]


def test_writing_a_default_out_changes_nothing(tmp_path):
    default = changed(tmp_path, "", "")[1]
    study = project.STUDY.replace("step_size: 1, top: 4", "step_size: 0.02").replace("[fast, ars]", "[fast]")
    written = project.planned(project.write(tmp_path, study))[0].cell
    assert written.labels != default.labels and written.digest == default.digest


@pytest.mark.parametrize(
    ("old", "new", "place", "word"),
    [
        ("[Pole, Swing]", "[Pole, Swing, Pole]", "11: grids[0].environments[2]: 'Pole'", "line 11"),
        ("[linear, wide]", "[linear, linear]", "12: grids[0].policies[1]: 'linear'", "line 12"),
        ("[fast, ars]", "\n      - ars\n      - fast\n      - ars", "16: grids[0].algorithms[2]: 'ars'", "line 14"),
    ],
)
def test_a_word_that_stands_twice_in_a_list_is_refused_with_both_lines(tmp_path, old, new, place, word):
    with pytest.raises(InputError) as told:
        changed(tmp_path, old, new)
    assert str(told.value) == f"studies/mine.yaml:{place} stands in this list already ({word})"


def test_two_labels_for_one_algorithm_would_count_every_run_twice_and_are_refused(tmp_path):
    message = r"^studies/mine.yaml:11: grids\[0\]: Pole × linear × ars is the same as Pole × linear × fast \(line 11\)"
    with pytest.raises(InputError, match=message):
        changed(tmp_path, "step_size: 1, top: 4", "step_size: 0.02")
    with pytest.raises(InputError, match="Pole × wide × fast is the same as Pole × linear × fast"):
        changed(tmp_path, "mlp, settings: {widths: [32, 32]}", "linear, settings: {bias: false}")


def test_a_whole_number_given_for_a_real_one_is_the_same_cell(tmp_path):
    assert changed(tmp_path, "", "")[0].digest == changed(tmp_path, "step_size: 1,", "step_size: 1.0,")[0].digest


def test_a_program_is_resolved_for_each_environment(tmp_path):
    study = project.STUDY.replace("[Pole, Swing]", "[Pole]").replace("[linear, wide]", "[program, brisk]")
    study = study.replace("policies:\n", "policies:\n  brisk: {structure: program, settings: {start: 2}}\n", 1)
    cells = [one.cell for one in project.planned(project.write(tmp_path, study))]
    parts = [(part.label, part.file, part.settings) for part in (cells[0].policy, cells[2].policy)]
    assert parts == [("program", "programs.push", {"start": 0.5}), ("brisk", "programs.push", {"start": 2.0})]
    with pytest.raises(InputError, match=r"policies.brisk.settings.begin: unknown key; allowed: start"):
        project.planned(project.write(tmp_path, study.replace("start: 2", "begin: 2")))


# Jobs


def test_blocks_by_hand():
    assert grid.blocks(range(25), 10) == ((0, 9), (10, 19), (20, 24))
    assert grid.blocks(range(10), 10) == ((0, 9),)
    assert grid.blocks(range(5, 7), 1) == ((5, 5), (6, 6))


@given(st.integers(1, 200), st.integers(1, 30))
def test_blocks_cover_every_seed_once_and_more_seeds_keep_the_full_ones(seeds, block):
    pairs = grid.blocks(range(seeds), block)
    assert [seed for first, last in pairs for seed in range(first, last + 1)] == list(range(seeds))
    assert all(first % block == 0 for first, _ in pairs)
    full = [pair for pair in pairs if pair[1] - pair[0] + 1 == block]
    assert list(grid.blocks(range(seeds + 7), block)[: len(full)]) == full


def test_a_job_lies_at_its_readable_axes(tmp_path):
    project.write(tmp_path)
    jobs = grid.jobs(load_study(tmp_path, "mine"), load_environments(tmp_path))
    assert len(jobs) == 16
    short = jobs[1].cell.digest[:12]
    assert jobs[1].manifest.as_posix() == f"results/runs/Pole/linear/fast/{short}/seeds-0002-0002/manifest.json"
    assert 16 * cost.START_SECONDS < cost.seconds(jobs, 1) < 120


def test_a_path_finds_its_cell_and_an_outdated_one_does_not(tmp_path):
    cells = changed(tmp_path, "", "")
    for cell in cells:
        assert grid.find_cell(cells, *cell.labels, cell.digest[:12]) is cell
    for address in [(*cells[0].labels, cells[1].digest[:12]), (*cells[0].labels, ""), ("a", "b", "c", "d" * 12)]:
        with pytest.raises(InputError, match="no cell of this study"):
            grid.find_cell(cells, *address)


def test_ten_thousand_cells_of_the_same_parts_are_named_apart_and_their_sources_read_once():
    fingerprint._fingerprint.cache_clear()
    cells = [a_cell({"noise": float(i)}, {"step_size": 0.1, "directions": 8}) for i in range(10_000)]
    folders = {cell.folder for cell in cells}
    prints = {cell_fingerprint(cell) for cell in cells}
    assert (len(folders), len(prints), fingerprint._fingerprint.cache_info().misses) == (10_000, 1, 1)


# The studies of the project


@pytest.mark.parametrize("name", studies(ROOT))
def test_every_study_of_the_project_fits_before_it_runs(name):
    planned = grid.plan(load_study(ROOT, name), load_environments(ROOT))
    assert planned
    check_fits(planned)


def test_the_quickstart_shows_every_algorithm_four_environments_three_structures_and_ten_seeds():
    planned = grid.plan(load_study(ROOT, "quickstart"), load_environments(ROOT))
    cells = [one.cell for one in planned]
    assert {cell.algorithm.file for cell in cells} == set(names("algorithms"))
    assert len({cell.environment.name for cell in cells}) >= 4
    assert "lqr" in {cell.environment.problem for cell in cells}
    assert len({cell.policy.label for cell in cells}) >= 3
    assert min(len(one.seeds) for one in planned) >= 10
    assert max(cell.budget for cell in cells) <= 300_000
