"""What was declared before the data: each claim of claims.yaml as a digest of its lines.

A job writes these digests into its manifest, which is sealed. A claim is older than its data where every manifest holds
the digest that it has today: no clock is asked, no date that an author may write, and no history of git, which a
shallow clone lacks. A claim that is reworded is another claim. Jobs read no YAML: a claim is the lines from its name,
after two spaces, to the next one; comments and blank lines do not count.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from harness.errors import InputError, decoded
from harness.files import Irregular, is_there, read_bytes
from harness.manifest import read_manifest
from harness.node import Node
from harness.schema import read
from harness.seal import require_seal, sealed

FILE = "claims.yaml"
MANIFEST = "manifest.json"
MEMORY = "declared.json"  # beside a manifest, which Snakemake deletes before a job runs again
SHORT = 16  # characters of a digest
HEAD = "claims:"  # after it come the claims
NAME = re.compile(r"  ([^\s:#][^:]*):")


@dataclass(frozen=True)
class Ran:
    """One seed of a block."""

    seed: int


@dataclass(frozen=True)
class Memory:
    """What stays of a block when its manifest is gone."""

    seal: str
    seeds: tuple[Ran, ...]
    claims: Mapping[str, str]


def declared(path: Path) -> dict[str, str]:
    """The digest of each claim of a file, by name; none where there is no file.

    Raises:
        InputError, Irregular: it is not UTF-8, or no file.
    """
    lines = decoded(read_bytes(path), path.name).splitlines() if is_there(path) else []
    entries: dict[str, list[str]] = {}
    inside, entry = False, list[str]()
    for line in lines:
        text = line.rstrip()
        if not text or text.lstrip().startswith("#"):
            continue
        if not text.startswith(" "):
            inside = text == HEAD
        elif inside:
            if found := NAME.match(text):
                entry = entries.setdefault(found[1], [])
            entry.append(text)
    return {name: hashlib.sha256("\n".join(entry).encode()).hexdigest()[:SHORT] for name, entry in entries.items()}


def known_to(manifests: Iterable[Mapping[str, Any]]) -> dict[str, str] | None:
    """The claims that every manifest holds with the same digest; None if there is no manifest."""
    held = [set(manifest.get("claims", {}).items()) for manifest in manifests]
    return dict(set.intersection(*held)) if held else None


def declared_before(claims: Mapping[str, str], folders: Iterable[Path], seeds: Iterable[int]) -> dict[str, str]:
    """Those claims that were known to whatever ran in the blocks of these folders with one of these seeds.

    A job may adopt, continue or repeat what was there already; what was declared after that is not older than its data.

    Args:
        claims: what `declared` found before the job began.
        folders: of cells.
        seeds: of the job.
    """
    wanted = set(seeds)
    paths = chain.from_iterable(folder.glob(f"seeds-*/{name}") for folder in folders for name in (MANIFEST, MEMORY))
    earlier = [found for path in paths if wanted & _seeds(found := _read(path))]
    return known_to([{"claims": claims}, *earlier]) or {}


def memory(claims: Mapping[str, str], seeds: Iterable[int]) -> dict[str, Any]:
    """What stays of a block when its manifest is gone: its seeds, and the claims that it knew."""
    return sealed({"seeds": [{"seed": seed} for seed in seeds], "claims": dict(claims)})


def _read(path: Path) -> dict[str, Any]:
    """A manifest or what stayed of one; nothing if it cannot be used, for its runs are then not used either."""
    try:
        if path.name == MANIFEST:
            return read_manifest(path, kind=None)
        written = read_bytes(path)
        content: dict[str, Any] = json.loads(written)
        require_seal(content, written)
        read(Node.of(content, path.name), Memory)
    except (InputError, Irregular, ValueError, AttributeError, RecursionError):
        return {}
    return content


def _seeds(manifest: Mapping[str, Any]) -> set[int]:
    return {run["seed"] for key in ("runs", "seeds") for run in manifest.get(key, ())}  # of a job, of the laboratory
