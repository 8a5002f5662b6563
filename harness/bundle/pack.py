"""Writing a bundle: the same files give the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from harness.bundle import contents
from harness.bundle.citation import load_citation
from harness.bundle.crate import CRATE, Entity, describe
from harness.errors import InputError
from harness.files import checksum, replacing
from harness.plugins import ROOT
from harness.workflow import Workflow

MANIFEST = "MANIFEST.sha256"
NO_TIME = (1980, 1, 1, 0, 0, 0)  # the first that zip knows
MODE = 0o100644  # a regular file


def pack(workflow: Workflow, out: Path) -> dict[str, str]:
    """Write the bundle of a finished study; the old file stands until the new one is whole.

    Returns:
        The sha256 of every file in it but the manifest.

    Raises:
        InputError: if the study is not finished, or a file changes while it is packed.
        Unwritable: if the disk is full; nothing is left behind, what stands stays.
    """
    data = contents.data(workflow)
    names = sorted({*data, *contents.sources()})
    sizes = {name: (ROOT / name).stat().st_size for name in names}
    crate = _text(describe(workflow, sizes, data, load_citation(ROOT)))
    sums = {name: checksum(ROOT / name) for name in names} | {CRATE: hashlib.sha256(crate).hexdigest()}
    made = {CRATE: crate, MANIFEST: manifest(sums).encode()}
    with replacing(out) as aside, ZipFile(aside, "w", ZIP_STORED) as archive:
        for name in sorted([*names, *made]):
            _store(archive, name, made[name] if name in made else _unchanged(name, sums))
    return sums


def _text(crate: Entity) -> bytes:
    return (json.dumps(crate, indent=1, ensure_ascii=False) + "\n").encode()


def manifest(sums: Mapping[str, str]) -> str:
    """Lines that `sha256sum -c` reads."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def _store(archive: ZipFile, name: str, content: bytes) -> None:
    member = ZipInfo(name, NO_TIME)
    member.create_system, member.external_attr = 3, MODE << 16  # Unix, wherever it is written
    archive.writestr(member, content)


def _unchanged(name: str, sums: Mapping[str, str]) -> bytes:
    content = (ROOT / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != sums[name]:
        raise InputError(name, "changed while it was packed: is the study still running?")
    return content
