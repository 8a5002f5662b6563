"""A run or a cell by name: `STUDY ENVIRONMENT POLICY ALGORITHM SEED`, the beginning of a digest, or a path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from harness.cell import Cell
from harness.errors import InputError
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


def _by_path(path: Path) -> list[Claim]:
    """The runs in a folder of records, relative to here or to the project; none if there is no such folder."""
    places = [place if place.is_dir() else place.parent for place in (path, ROOT / path) if place.exists()]
    return claims.of_folder(places[0]) if places else []


def _by_digest(word: str) -> list[Claim]:
    if not DIGEST.fullmatch(word):
        raise InputError(f"'{word[:80]}'", "is neither a path of records nor six or more digits of a run's digest")
    recorded = [claim for folder in RECORDS if folder.exists() for claim in claims.below(folder)]
    found = [claim for claim in recorded if claim.digest.startswith(word)]
    digests = {claim.digest for claim in found}
    if len(digests) != 1:
        raise InputError(f"'{word}'", f"{len(digests)} recorded runs have a digest that begins so")
    return found[:1]


def study_of(cell: Cell) -> str | None:
    """The first study that asks for a cell, or None."""
    for name in studies(ROOT):
        if any(planned.cell.digest == cell.digest for planned in open_study(name).planned):
            return name
    return None
