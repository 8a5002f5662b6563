"""What is published of a study: `MANIFEST.sha256` lists it, records that another published study keeps among it.

A line `../OTHER/runs/…` is such a record: the runs of a union and of its parts are there once, whichever was published
first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from harness.bundle.pack import MANIFEST
from harness.bundle.unpack import stated_sums
from harness.errors import InputError
from harness.files import checksum, is_there
from harness.plugins import ROOT, shown
from harness.products import Finding, products
from harness.verify.claims import PUBLISHED
from harness.vouched import SUMS

REPORTS = ROOT / "reports" / "published"
ENDS = {".html": b"</html>", ".pdf": b"%%EOF"}  # of a report that is not cut short
RECORD = re.compile(r"(\.\./[^/]+/)?(runs|laboratory)(/[^/]+){4}/seeds-[0-9]+-[0-9]+/[^/]+")


def studies() -> tuple[str, ...]:
    """The published studies."""
    return tuple(sorted(path.parent.name for path in PUBLISHED.glob(f"*/{MANIFEST}")))


def checked(folder: Path) -> tuple[Path, ...]:
    """The manifests of a published study, when each file has its checksum and there is no other file.

    Raises:
        InputError: naming the first file that is altered, missing or too much, or a line that names no record.
    """
    place = shown(folder)
    stated = _sums(folder)
    for name in stated:
        if not _lawful(name):
            raise InputError(place, f"{MANIFEST} names {name[:80]!a}, which is no place of a published record")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    own = {name for name in stated if not name.startswith("../")}
    if odd := sorted(there ^ own):
        raise InputError(place, f"{odd[0]!a} is {'without a checksum' if odd[0] in there else 'missing'}")
    if altered := list(_altered(folder, stated)):
        raise InputError(place, f"{altered[0]!a} was altered ({len(altered)} of {len(stated)} files were)")
    return tuple(_path(folder, name) for name in sorted(stated) if _is_manifest(name))


def _lawful(name: str) -> bool:
    """Whether a name stays below the folder, or is that of a record of another study."""
    inner = name.removeprefix("../")
    plain = ".." not in PurePosixPath(inner).parts and not inner.startswith("/")
    return plain and (inner == name or RECORD.fullmatch(name) is not None)


def _is_manifest(name: str) -> bool:
    return RECORD.fullmatch(name) is not None and name.endswith("/manifest.json")


def _path(folder: Path, name: str) -> Path:
    return PUBLISHED / name[3:] if name.startswith("../") else folder / name


def _altered(folder: Path, stated: dict[str, str]) -> Iterator[str]:
    """The files that do not have their checksum, those that other studies keep and no longer have among them."""
    for name in sorted(stated):
        path = _path(folder, name)
        if not path.is_file() or checksum(path) != stated[name]:
            yield name


def is_published(folder: Path) -> bool:
    """Whether a folder is that of a published study."""
    return folder.resolve().parent == PUBLISHED and (folder / MANIFEST).is_file()


def hold_report(name: str) -> Finding:
    """Hold the published report of a study to what was published; an older one, without checksums, to its end."""
    folder = PUBLISHED / name
    *_, report = products(name, folder / "tables", folder / "figures", REPORTS)
    again = f"harness publish {name}"
    if any(is_there(path) for path in (REPORTS / report.sums, folder / "figures" / SUMS)):
        faults, how = [fault for fault in [report._replace(again=again).fault] if fault], "each file with its checksum"
    else:
        cut = (REPORTS / file for file in report.files if not _ends(REPORTS / file))
        faults = [f"{shown(path)}: is lost or cut short; run `{again}`" for path in cut]
        how = "both files end as they should; published without checksums"
    return Finding(tuple(f"  {fault}" for fault in faults) or (f"report: {how}",), not faults)


def _ends(path: Path) -> bool:
    return path.is_file() and path.read_bytes().rstrip().endswith(ENDS[path.suffix])


def by_digest(manifests: Iterable[Path]) -> dict[str, tuple[Path, ...]]:
    """Manifests by the folder of their cell or bench, whose name is the beginning of a digest."""
    found: dict[str, tuple[Path, ...]] = {}
    for path in manifests:
        name = path.parents[1].name
        found[name] = (*found.get(name, ()), path)
    return found


def broken(name: str) -> list[str]:
    """The published studies that refer to records of a study which are no longer there, or no longer the same."""
    return [
        other
        for other in studies()
        if any(line.startswith(f"../{name}/") for line in _altered(PUBLISHED / other, _sums(PUBLISHED / other)))
    ]


def _sums(folder: Path) -> dict[str, str]:
    return stated_sums(folder / MANIFEST, shown(folder))
