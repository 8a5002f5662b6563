"""The account of jobs: their files and whether they are intact, their sources and whether they still stand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.cell import SHORT
from harness.explain.again import Recorded, commands
from harness.files import checksum
from harness.laboratory.bench import Bench
from harness.manifest import OF_BENCH, read_manifest
from harness.plugins import shown
from harness.verify.claims import Claim, changed_sources


def of_runs(claims: Sequence[Claim], study: str | None) -> Iterator[str]:
    """Runs, files, sources and commands.

    Args:
        claims: the runs.
        study: one that asks for them, or None where no study does.
    """
    yield ""
    yield f"runs ({len(claims)}):"
    for claim in claims:
        run = claim.run
        reason = f", {run['reason']}" if run["reason"] else ""
        yield f"  {claim.name}: {run['status']}{reason}, {run['steps']} steps, digest {claim.digest[:SHORT]}"
    jobs = {claim.folder: claim for claim in claims}
    recorded = {folder: _job_of_runs(claim) for folder, claim in jobs.items()}
    for folder, claim in jobs.items():
        left = [f"  {'':64}  {name}  not published: too large; the commands below make it again" for name in claim.left]
        yield from _job(recorded[folder], left, _changed(claim, recorded[folder]))
    yield from _again(list(recorded.values()), study)


def of_benches(manifests: Sequence[Path], study: str | None) -> Iterator[str]:
    """Measurements of the laboratory, files, sources and commands; the manifests are those of its jobs."""
    yield ""
    yield f"measurements ({len(manifests)} jobs of the laboratory):"
    jobs = []
    for path in manifests:
        found = read_manifest(path, OF_BENCH)
        bench = Bench.from_json(json.dumps(found["bench"]))
        for one in found["seeds"]:
            yield f"  {' · '.join(bench.labels)} · seed {one['seed']}: digest {one['digest'][:SHORT]}"
        seeds = tuple(one["seed"] for one in found["seeds"])
        jobs.append(Recorded(bench, path.parent, seeds, found["code"], found["files"], found["provenance"]))
    for job in jobs:
        yield from _job(job, (), ())
    yield from _again(jobs, study)


def _job_of_runs(claim: Claim) -> Recorded:
    """The job of a run."""
    seeds = tuple(run["seed"] for run in read_manifest(claim.folder / "manifest.json")["runs"])
    return Recorded(claim.cell, claim.folder, seeds, claim.code, claim.files, claim.provenance)


def _again(jobs: Sequence[Recorded], study: str | None) -> Iterator[str]:
    yield ""
    yield "the same again:"
    yield from (f"  {command}" for command in commands(jobs, study))


def _job(job: Recorded, left: Sequence[str], changed: Sequence[str]) -> Iterator[str]:
    """The files of a job, and what made them.

    Args:
        job: of runs or of the laboratory.
        left: a line for each file that stayed behind.
        changed: a line for each source that is another one now.
    """
    yield ""
    yield f"{shown(job.folder)}/"
    yield f"  {checksum(job.folder / 'manifest.json')}  manifest.json"
    for name, stated in sorted(job.files.items()):
        yield f"  {stated}  {name}{_state(job.folder / name, stated)}"
    yield from left
    now, facts = job.present, job.provenance
    still = "the present sources" if now == job.code else f"the present sources have {now[:SHORT]}"
    yield f"  {'bench' if isinstance(job.spec, Bench) else 'cell':<7} {job.spec.digest}"
    yield f"  code    {job.code}: {still}"
    yield from changed
    yield f"  commit  {facts.get('commit') or 'unknown'}{', with uncommitted changes' if facts.get('dirty') else ''}"
    yield f"  lock    {facts.get('lock') or 'unknown'}"


def _state(path: Path, stated: str) -> str:
    if not path.exists():
        return "  LOST"
    return "" if checksum(path) == stated else "  ALTERED"


def _changed(claim: Claim, job: Recorded) -> list[str]:
    """Which of the sources of a run are others now, a line each."""
    if job.present == job.code:
        return []
    if changed := changed_sources(claim):
        return [f"  changed {name}" for name in changed]
    return [f"  changed which file was not recorded: git diff {job.provenance.get('commit') or 'COMMIT'} tells"]
