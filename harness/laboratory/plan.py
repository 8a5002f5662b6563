"""From a study to the benches and jobs of its laboratory, checked before anything is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from harness.assembly import make_problem
from harness.cell import Cell, Evaluation, Part
from harness.fit import check_fits
from harness.grid import Planned, blocks, policy_in, world_of
from harness.laboratory.bench import Bench, BenchJob, Route
from harness.laboratory.path import has_line
from harness.names import find
from harness.node import Node
from harness.schema import read
from harness.spec import Environment
from harness.study import Choice, Study, Survey


@dataclass(frozen=True, eq=False)
class PlannedBench:
    """A bench, the seeds that a study wants of it, and the grid that asks for it."""

    bench: Bench
    seeds: range
    place: Node
    policy: Node  # where its settings were given
    algorithm: Node  # likewise


def plan(study: Study, environments: Mapping[str, Environment]) -> tuple[PlannedBench, ...]:
    """The union of the laboratory's grids, without repetitions.

    Raises:
        InputError: for an unknown environment or program, or two grids that want other seeds of one bench.
    """
    union: dict[str, PlannedBench] = {}
    for survey in study.surveys:
        for planned in _product(survey, environments):
            first = union.setdefault(planned.bench.digest, planned)
            if (first.bench, first.seeds) != (planned.bench, planned.seeds):
                labels = " × ".join(planned.bench.labels)
                raise survey.place.error(f"{labels} stands in line {first.place.line} too, with other labels or seeds")
    return tuple(union.values())


def jobs(planned: Iterable[PlannedBench], block: int) -> tuple[BenchJob, ...]:
    """Every job, in the order of the study."""
    return tuple(BenchJob(one.bench, first, last) for one in planned for first, last in blocks(one.seeds, block))


def check_benches(planned: Iterable[PlannedBench]) -> None:
    """Refuse what does not fit together; raises InputError."""
    for one in planned:
        bench = one.bench
        for part, given in ((bench.algorithm, one.algorithm), (bench.route.algorithm, one.place)):
            if part is not None:
                cell = Cell(bench.environment, bench.policy, part, 1, Evaluation(1, 1))
                check_fits([Planned(cell, one.seeds, one.place, one.policy, given)])
        compiled = bench.environment.engine == "compiled"
        known = compiled and has_line(make_problem(bench.environment), bench.policy.file)
        if bench.route.algorithm is None and not known:
            raise one.place.error(f"no straight line is known for {bench.policy.label} on {bench.environment.name}")


def _product(survey: Survey, environments: Mapping[str, Environment]) -> Iterator[PlannedBench]:
    terms = survey.terms
    path = Route(
        None if survey.route is None else _part(survey.route), terms.path.seed, terms.path.budget, terms.path.points
    )
    route = replace(path, budget=0) if path.algorithm is None else path
    seeds = range(survey.first_seed, survey.first_seed + survey.seeds)
    for node in survey.environments:
        name = find(node, read(node, str), environments, "environment")
        entry = environments[name]
        policies = [(policy_in(choice, name, entry, survey.place), choice.given) for choice in survey.policies]
        for horizon, given in product(terms.horizons or (entry.horizon,), terms.options or ({},)):
            world = world_of(name, replace(entry, horizon=horizon, options={**entry.options, **given}))
            for (policy, given_policy), algorithm, exploration, shift in product(
                policies, survey.algorithms, terms.explorations, terms.shifts
            ):
                bench = Bench(world, policy, _part(algorithm), route, terms.updates, terms.warmup, exploration, shift)
                yield PlannedBench(bench, seeds, survey.place, given_policy, algorithm.given)


def _part(choice: Choice) -> Part:
    return Part(choice.label, choice.file, choice.settings)
