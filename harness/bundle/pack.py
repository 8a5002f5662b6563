"""Writing a bundle: the same files give the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from harness.bundle import contents
from harness.bundle.citation import load_citation
from harness.bundle.crate import CRATE, Entity, describe
from harness.bundle.rules import MAX_BYTES, MAX_FILES, clash, is_plain
from harness.errors import InputError
from harness.files import read_bytes, replacing
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
        InputError: if the study is not finished, a file has a name or a size that no bundle can hold, or changes while
            it is packed.
        Unwritable: if the disk is full; nothing is left behind, what stands stays.
    """
    data = contents.data(workflow)
    apart = {CRATE, MANIFEST, os.path.relpath(out.resolve(), ROOT)}  # of a bundle unpacked here; the one of before
    names = sorted({*data, *contents.sources(workflow.study.name)} - apart)
    _require_lawful([*names, CRATE, MANIFEST])
    sizes, sums = {}, {}
    for name in names:
        content = _read(name)
        sizes[name], sums[name] = len(content), hashlib.sha256(content).hexdigest()
    _require_small(sizes)
    crate = _text(describe(workflow, sizes, data, load_citation(ROOT)))
    sums[CRATE] = hashlib.sha256(crate).hexdigest()
    made = {CRATE: crate, MANIFEST: manifest(sums).encode()}
    with replacing(out) as aside, ZipFile(aside, "w", ZIP_STORED) as archive:
        for name in sorted([*names, *made]):
            _store(archive, name, made[name] if name in made else _unchanged(name, sums))
    return sums


def _require_lawful(names: Sequence[str]) -> None:
    """Refuse a name that whoever unpacks would refuse."""
    odd = next(((name, "its name is not plain on every system") for name in names if not is_plain(name)), clash(names))
    if odd:
        name, reason = odd
        raise InputError(ascii(name), f"cannot be in a bundle: {reason}; rename it, or have git ignore it")


def _require_small(sizes: Mapping[str, int]) -> None:
    if len(sizes) + 2 > MAX_FILES or sum(sizes.values()) > MAX_BYTES:
        size = f"{len(sizes)} files, {sum(sizes.values()) / 1e6:.0f} MB"
        raise InputError("export", f"{size} are more than a bundle may hold, {MAX_FILES} and {MAX_BYTES / 1e6:.0f} MB")


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
    content = _read(name)
    if hashlib.sha256(content).hexdigest() != sums[name]:
        raise InputError(name, "changed while it was packed: is the study still running?")
    return content


def _read(name: str) -> bytes:
    try:
        return read_bytes(ROOT / name)
    except OSError as fault:  # gone since it was listed, or not to be read
        raise InputError(name, f"cannot be packed: {fault.strerror}") from fault
