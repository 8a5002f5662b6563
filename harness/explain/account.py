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
        manifests = " ".join(shlex.quote(_live(claim)) for claim in jobs)
        yield f"snakemake --cores 2 --force {manifests} --config study={study}"
        yield f"harness tables {study}"
        return
    for claim in jobs:
        first, last = claim.folder.name.removeprefix("seeds-").split("-")
        yield f"harness job --spec {shlex.quote(claim.cell.to_json())} --first {int(first)} --last {int(last)}"


def _edited(claim: Claim) -> bool:
    return cell_fingerprint(claim.cell) != claim.code


def _live(claim: Claim) -> str:
    """Where Snakemake makes the manifest, wherever this one lies."""
    return (claim.cell.folder / claim.folder.name / "manifest.json").as_posix()
