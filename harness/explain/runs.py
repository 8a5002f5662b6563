"""A run or a cell by name: `STUDY ENVIRONMENT POLICY ALGORITHM SEED`, the beginning of a digest, or a path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from harness.errors import InputError
from harness.manifest import read_manifest
from harness.plugins import ROOT
from harness.study import studies
from harness.verify import claims
from harness.verify.claims import Claim
from harness.workflow import open_study

DIGEST = re.compile(r"[0-9a-f]{6,64}")
RECORDS = (ROOT / "results" / "runs", claims.PUBLISHED)


def find_runs(words: Sequence[str]) -> list[Claim]:
    """The recorded runs that words name.

    Raises:
        InputError: if there is none, or if a digest is too short to tell.
    """
    if len(words) == 1:
        return _by_path(Path(words[0])) or _by_digest(words[0])
    study, *labels, seed = words
    here = claims.of_study(open_study(study))
    found = [claim for claim in here if [*claim.cell.labels, str(claim.seed)] == [*labels, seed]]
    if not found:
        raise InputError(f"study {study}", f"no run '{' '.join((*labels, seed))}' is recorded")
    return found


def find_benches(word: str) -> list[Path]:
    """The manifests of the laboratory's jobs in a folder that holds no runs, relative to here or to the project."""
    folder = _folder(Path(word))
    found = list(folder.rglob("manifest.json")) if folder else []
    return [] if claims.run_manifests(found) else claims.bench_manifests(found)


def _by_path(path: Path) -> list[Claim]:
    """The runs in a folder of records, relative to here or to the project; none if there is no such folder."""
    folder = _folder(path)
    return claims.of_folder(folder) if folder else []


def _folder(path: Path) -> Path | None:
    """A folder, or that of a file, if it is there."""
    places = [place if place.is_dir() else place.parent for place in (path, ROOT / path) if place.exists()]
    return places[0] if places else None


def _by_digest(word: str) -> list[Claim]:
    if not DIGEST.fullmatch(word):
        raise InputError(f"'{word[:80]}'", "is neither a path of records nor six or more digits of a run's digest")
    recorded = [claim for folder in RECORDS if folder.exists() for claim in claims.below(folder)]
    found = [claim for claim in recorded if claim.digest.startswith(word)]
    digests = {claim.digest for claim in found}
    if len(digests) != 1:
        raise InputError(f"'{word}'", f"{len(digests)} recorded runs have a digest that begins so")
    return found[:1]


def study_behind(manifest: Path) -> str | None:
    """The study that published a job, or the first that asks for its cell or bench, or None."""
    if manifest.resolve().is_relative_to(claims.PUBLISHED):
        return manifest.resolve().relative_to(claims.PUBLISHED).parts[0]
    content = read_manifest(manifest, kind=None)
    stated = content.get("cell_digest") or content["bench_digest"]
    for name in studies(ROOT):
        try:
            workflow = open_study(name)
        except InputError:  # one that cannot be used hides no other
            continue
        asked = {one.cell.digest for one in workflow.planned} | {one.bench.digest for one in workflow.benches}
        if stated in asked:
            return name
    return None
