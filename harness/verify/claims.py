"""What records claim: for each run its cell, its seed and the digest that a rerun must have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.cell import Cell
from harness.errors import InputError
from harness.files import is_there
from harness.fingerprint import cell_sources
from harness.manifest import read_manifest
from harness.plugins import ROOT
from harness.streams import stream
from harness.workflow import Workflow

PUBLISHED = ROOT / "results" / "published"


@dataclass(frozen=True)
class Claim:
    """One recorded run."""

    cell: Cell
    folder: Path  # of its job
    run: dict[str, Any]  # its entry in the manifest
    code: str  # digest of the sources that made it
    files: dict[str, str]  # checksums of the job's files
    provenance: dict[str, Any]
    left: frozenset[str] = frozenset()  # files that stayed behind when the job was published
    sources: Mapping[str, str] = field(default_factory=dict)  # digests of the files of `code`, if they were recorded

    @property
    def seed(self) -> int:
        """Of the run."""
        return int(self.run["seed"])

    @property
    def digest(self) -> str:
        """Of everything deterministic in the run."""
        return str(self.run["digest"])

    @property
    def name(self) -> str:
        """As a person would call it."""
        return f"{' · '.join(self.cell.labels)} · seed {self.seed}"


def of_study(workflow: Workflow) -> list[Claim]:
    """The runs of a study: those under `results/runs`, or the published ones if there are none.

    Raises:
        InputError: if there is neither, or a manifest cannot be used.
    """
    here = [ROOT / path for path in workflow.manifests if is_there(ROOT / path)]
    if here:
        return read_claims(here)
    wanted = {planned.cell.digest for planned in workflow.planned}
    published = [claim for claim in below(PUBLISHED) if claim.cell.digest in wanted]
    if not published:
        name = workflow.study.name
        raise InputError(f"studies/{name}.yaml", f"has no finished run: `snakemake --cores 2 --config study={name}`")
    return published


def of_folder(folder: Path) -> list[Claim]:
    """Every run below a folder.

    Raises:
        InputError: if there is none, or a manifest cannot be used.
    """
    claims = below(folder)
    if not claims:
        raise InputError(str(folder), "holds no manifest.json of a job")
    return claims


def with_benches(folder: Path) -> tuple[list[Claim], list[Path]]:
    """Every run below a folder, and the manifests of the laboratory's jobs; raises as `of_folder` where neither is."""
    benches = bench_manifests(folder.rglob("manifest.json"))
    return below(folder) if benches else of_folder(folder), benches


def below(folder: Path) -> list[Claim]:
    """Every run below a folder, perhaps none; raises as `read_claims`."""
    return read_claims(run_manifests(folder.rglob("manifest.json")))


def run_manifests(paths: Iterable[Path]) -> list[Path]:
    """The manifests of jobs of runs among these, sorted; the jobs of the laboratory have manifests too."""
    jobs = {path for path in paths if path.parent.name.startswith("seeds-")}
    return sorted(jobs - {*bench_manifests(jobs)})


def bench_manifests(paths: Iterable[Path]) -> list[Path]:
    """The manifests of jobs of the laboratory among these, sorted."""
    return sorted(path for path in paths if path.resolve().parts[-7:-6] == ("laboratory",))


def read_claims(manifests: Iterable[Path]) -> list[Claim]:
    """The runs of jobs, in the order of the manifests and of their seeds; none of their files is read.

    Raises:
        InputError: for a manifest that cannot be used.
    """
    return [claim for manifest in manifests for claim in _read(manifest)]


def _read(path: Path) -> list[Claim]:
    manifest = read_manifest(path)
    cell = Cell.from_json(json.dumps(manifest["cell"]))
    common = {name: manifest[name] for name in ("code", "files", "provenance")}
    common |= {"left": frozenset(manifest.get("left", ())), "sources": manifest.get("sources", {})}
    return [Claim(cell, path.parent, run, **common) for run in manifest["runs"]]


def changed_sources(claim: Claim) -> tuple[str, ...]:
    """The files that decide the numbers of a run and are not what they were; none where that was not recorded."""
    now = cell_sources(claim.cell) if claim.sources else {}
    names = sorted(now.keys() | claim.sources.keys())
    return tuple(_told(name, claim.sources, now) for name in names if claim.sources.get(name) != now.get(name))


def _told(name: str, before: Mapping[str, str], now: Mapping[str, str]) -> str:
    return name if name in before and name in now else f"{name} ({'new' if name in now else 'gone'})"


def draw(claims: Sequence[Claim], count: int, seed: int) -> list[Claim]:
    """A sample of runs without repetition, in their own order; all of them if there are no more than `count`."""
    chosen = stream(seed, "verify").choice(len(claims), size=min(count, len(claims)), replace=False)
    return [claims[place] for place in sorted(chosen)]
