"""The account of one job: its files and whether they are intact, its sources and whether they still stand."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.cell import SHORT
from harness.files import checksum
from harness.fingerprint import cell_fingerprint
from harness.plugins import shown
from harness.verify.claims import Claim, changed_sources
from harness.workflow import open_study


def of_runs(claims: Sequence[Claim], study: str | None) -> Iterator[str]:
    """Runs, files, sources and commands.

    Args:
        claims: the runs.
        study: one that asks for them, or None where no study does.
    """
    yield f"\nruns ({len(claims)}):"
    for claim in claims:
        run = claim.run
        reason = f", {run['reason']}" if run["reason"] else ""
        yield f"  {claim.name}: {run['status']}{reason}, {run['steps']} steps, digest {claim.digest[:SHORT]}"
    jobs = {claim.folder: claim for claim in claims}
    for claim in jobs.values():
        yield from _job(claim)
    yield "\nthe same again:"
    yield from (f"  {command}" for command in commands(list(jobs.values()), study))


def _job(claim: Claim) -> Iterator[str]:
    """The files of a job, and what made them."""
    yield f"\n{shown(claim.folder)}/"
    yield f"  {checksum(claim.folder / 'manifest.json')}  manifest.json"
    for name, stated in sorted(claim.files.items()):
        yield f"  {stated}  {name}{_state(claim.folder / name, stated)}"
    yield from (f"  {'':64}  {name}  not published: too large; the commands below make it again" for name in claim.left)
    now, facts = cell_fingerprint(claim.cell), claim.provenance
    still = "the present sources" if now == claim.code else f"the present sources have {now[:SHORT]}"
    yield f"  cell    {claim.cell.digest}"
    yield f"  code    {claim.code}: {still}"
    if now != claim.code:
        changed = changed_sources(claim)
        yield from (f"  changed {name}" for name in changed)
        if not changed:
            yield f"  changed which file was not recorded: git diff {facts.get('commit') or 'COMMIT'} tells"
    yield f"  commit  {facts.get('commit') or 'unknown'}{', with uncommitted changes' if facts.get('dirty') else ''}"
    yield f"  lock    {facts.get('lock') or 'unknown'}"


def _state(path: Path, stated: str) -> str:
    if not path.exists():
        return "  LOST"
    return "" if checksum(path) == stated else "  ALTERED"


def commands(jobs: Sequence[Claim], study: str | None) -> Iterator[str]:
    """What a person types to make jobs again, tables after them; one that no study asks for is told its spec."""
    for commit in dict.fromkeys(claim.provenance.get("commit", "") for claim in jobs if _edited(claim)):
        yield f"git checkout {commit or 'COMMIT'}  # the sources have changed: explain again there"
    if study is not None:
        manifests = " ".join(shlex.quote(path) for path in _live(jobs, study))
        yield f"snakemake --cores 2 --force {manifests} --config study={study}"
        yield f"harness tables {study}"
        return
    for claim in jobs:
        seeds = _seeds(claim)
        yield f"harness job --spec {shlex.quote(claim.cell.to_json())} --first {seeds[0]} --last {seeds[-1]}"


def _edited(claim: Claim) -> bool:
    return cell_fingerprint(claim.cell) != claim.code


def _live(jobs: Sequence[Claim], study: str) -> list[str]:
    """Where Snakemake makes the manifests, wherever these lie: a published job holds the runs of several."""
    wanted = {(claim.cell.digest, seed) for claim in jobs for seed in _seeds(claim)}
    return [
        job.manifest.as_posix()
        for job in open_study(study).jobs
        if any((job.cell.digest, seed) in wanted for seed in range(job.first, job.last + 1))
    ]


def _seeds(claim: Claim) -> range:
    """The seeds of its job."""
    first, last = claim.folder.name.removeprefix("seeds-").split("-")
    return range(int(first), int(last) + 1)
