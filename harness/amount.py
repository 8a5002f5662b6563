"""How many jobs a study asks for, by arithmetic: one that nobody could plan is refused before a cell of it is made."""

from __future__ import annotations

from collections.abc import Iterator

from harness.node import Node
from harness.schema import read
from harness.study_file import GridEntry, StudyFile, SurveyEntry

MOST_JOBS = 200_000  # Snakemake plans some 400 in a second


def count_jobs(file: StudyFile, readings: int = 1) -> int:
    """The jobs that a study asks for at most: what two grids share is counted twice.

    Args:
        file: the study as it is written.
        readings: of its tuned settings, each of which may be a cell.

    Raises:
        InputError: naming the grid with which they are too many.
    """
    jobs = 0
    for place, cells, seeds in _products(file, readings):
        jobs += cells * (-(-(file.first_seed + seeds) // file.block) - file.first_seed // file.block)
        check_jobs(place, jobs)
    return jobs


def check_jobs(place: Node, jobs: int) -> None:
    """Refuse so many jobs, with an `InputError` at the place that made them too many."""
    if jobs > MOST_JOBS:
        ways = "name fewer cells or seeds, or take larger blocks"
        raise place.error(f"the study asks for {jobs} jobs, more than {MOST_JOBS}: {ways}")


def _products(file: StudyFile, readings: int) -> Iterator[tuple[Node, int, int]]:
    """Place, cells and seeds of each grid, those of the laboratory last."""
    tried = file.tuning.settings if file.tuning else 1
    for place in file.grids:
        grid = read(place, GridEntry)
        yield place, _labels(grid) * tried * readings, grid.seeds or file.seeds
    for place in file.laboratory:
        survey = read(place, SurveyEntry)
        swept = max(1, len(survey.horizons)) * max(1, len(survey.options)) * len(survey.explorations)
        yield place, _labels(survey) * swept * len(survey.shifts), survey.seeds or file.seeds


def _labels(grid: GridEntry | SurveyEntry) -> int:
    return len(grid.environments) * len(grid.policies) * len(grid.algorithms)
