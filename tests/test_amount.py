"""A study that nobody could plan is refused by arithmetic, before a cell of it is made; all others are free."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_project
from faults.documents import ENVIRONMENTS, GRID, HEAD

from benchmarks import growth
from harness import study as studies_room
from harness.amount import MOST_JOBS
from harness.errors import InputError
from harness.study import load_study
from harness.workflow import open_study

MANY = HEAD + "seeds: 10000\nblock: 1\nevaluation: {every: 1000, episodes: 5}\n"
ALL_TEN = GRID.replace("[ars]", "[a, b, c, d, e, f, g, h, i, j]")
LABELS = "algorithms:\n" + "".join(
    f"  {label}: {{algorithm: ars, settings: {{noise: 0.{place}1}}}}\n" for place, label in enumerate("abcdefghij")
)
BENCHES = """\
laboratory:
  - environments: [Pole, Swing]
    policies: [linear]
    algorithms: [ars]
    path: {points: [1], algorithm: ars}
    updates: 2
    seeds: 1
    horizons: [%s]
    shifts: [%s]
"""


def numbers(count: int) -> str:
    return ", ".join(map(str, range(1, count + 1)))


def refused(folder: Path, text: str, **others: str) -> str:
    """What is said of a study; nothing of it was looked up, drawn or planned by then."""
    small_project.write(folder, text, ENVIRONMENTS)
    for name, other in others.items():
        (folder / "studies" / f"{name}.yaml").write_text(other)
    with pytest.raises(InputError) as caught:
        load_study(folder, "mine")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "place", "jobs"),
    [
        (MANY + LABELS + ALL_TEN.replace("[Pole]", "[Pole, Swing, Double]"), "18: grids[0]", 300_000),
        (MANY + "tuning: {settings: 1000}\n" + GRID, "8: grids[0]", 10_000_000),
        (MANY + GRID + BENCHES % (numbers(1000), numbers(1000)), "9: laboratory[0]", 2_010_000),
    ],
)
def test_a_study_of_more_than_200_000_jobs_is_refused_at_its_grid_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, place: str, jobs: int
) -> None:
    monkeypatch.setattr(studies_room, "_declared", None)
    ways = "name fewer cells or seeds, or take larger blocks"
    asked = f"the study asks for {jobs} jobs, more than 200000: {ways}"
    assert refused(tmp_path, text) == f"studies/mine.yaml:{place}: {asked}"


def test_the_parts_of_a_union_are_counted_together(tmp_path: Path) -> None:
    part = MANY + GRID.replace("[Pole]", "[Pole, Swing]")
    parts = {f"part{number}": part for number in range(11)}
    told = refused(tmp_path, f"{HEAD}parts: [{', '.join(parts)}]\n", **parts)
    assert told.startswith("studies/mine.yaml:3: parts[10]: the study asks for 220000 jobs")


def test_100_000_runs_in_blocks_of_one_and_the_largest_study_of_the_benchmarks_are_free(tmp_path: Path) -> None:
    small_project.write(tmp_path, MANY + LABELS + ALL_TEN, ENVIRONMENTS)
    assert load_study(tmp_path, "mine").asked == 100_000 <= MOST_JOBS
    small_project.write(tmp_path, growth.study(100_000, block=1), ENVIRONMENTS)
    assert load_study(tmp_path, "mine").asked == 97_200


@pytest.mark.parametrize("name", ["smoke", "tuning_horizon", "variance", "dimension"])
def test_the_count_is_that_of_the_jobs_that_are_planned(name: str) -> None:
    opened = open_study(name)
    assert opened.study.asked == len(opened.manifests) + len(opened.measurements)


@pytest.mark.parametrize("name", ["readings", "structure_vs_data"])
def test_what_two_grids_share_or_two_readings_are_alike_in_is_counted_twice_at_most(name: str) -> None:
    opened = open_study(name)
    assert len(opened.manifests) < opened.study.asked <= 2 * len(opened.manifests)


@pytest.mark.parametrize(("first", "seeds", "block", "blocks"), [(0, 30, 10, 3), (5, 20, 10, 3), (9, 2, 10, 2)])
def test_blocks_are_counted_as_they_are_cut(tmp_path: Path, first: int, seeds: int, block: int, blocks: int) -> None:
    text = f"{HEAD}seeds: {seeds}\nfirst_seed: {first}\nblock: {block}\nevaluation: {{every: 1000, episodes: 5}}\n"
    small_project.write(tmp_path, text + GRID, ENVIRONMENTS)
    assert load_study(tmp_path, "mine").asked == blocks
