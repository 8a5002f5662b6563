"""Reading a bundle that anyone may have made: every name, size and checksum is held to rules before it is believed.

A member must be a regular file under a relative name that no system reads as anything else, stored without compression
and without overlap, so that what is unpacked is never larger than the bundle. The checksums must name exactly the files
that are there.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from harness.bundle.pack import MANIFEST
from harness.bundle.rules import MAX_BYTES, MAX_FILES, clash, is_plain
from harness.errors import InputError
from harness.files import checksum, is_there, named, read_bytes, require_regular

METHODS = {ZIP_DEFLATED: "deflate", 9: "deflate64", ZIP_BZIP2: "bzip2", ZIP_LZMA: "LZMA", 93: "Zstandard", 95: "xz"}
LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def unpack(bundle: Path, folder: Path) -> None:
    """Unpack a bundle into an empty folder, whole and verified.

    Raises:
        InputError: if it is no bundle, breaks a rule, or a file is not the one of its checksum. Nothing is then to be
            used of what stands in the folder; nothing was written outside it.
        Unwritable: there is no room for it.
    """
    place = bundle.name
    try:
        require_regular(bundle)
        with ZipFile(bundle) as archive:
            members = archive.infolist()
            _check_members(members, bundle)
            for member in members:
                _write(folder / member.filename, archive.read(member))
    except FileNotFoundError as fault:
        raise InputError(place, "there is no such file") from fault
    except (BadZipFile, EOFError, NotImplementedError, OverflowError, RuntimeError, ValueError) as fault:
        raise InputError(place, f"is not a bundle: {fault}") from fault
    check_sums(folder, place)


def _check_members(members: list[ZipInfo], bundle: Path) -> None:
    """Refuse what is not a plain file at a plain place.

    Raises:
        InputError: naming the first member that breaks a rule.
    """
    place = bundle.name
    if len(members) > MAX_FILES:
        raise InputError(place, f"is too large: {len(members)} files")
    for member in members:
        if problem := _problem(member):
            raise _refused(place, member.filename, problem)
    if odd := clash([member.filename for member in members]):
        raise _refused(place, *odd)
    size = sum(member.file_size for member in members)
    if size > min(MAX_BYTES, bundle.stat().st_size):
        raise InputError(place, f"is too large: {len(members)} files, {size} bytes unpacked")


def _refused(place: str, name: str, problem: str) -> InputError:
    return InputError(place, f"the member {ascii(name)[:80]} is refused: {problem}")


def _problem(member: ZipInfo) -> str:
    """What is wrong with a member, or nothing."""
    if not is_plain(member.orig_filename):  # as it stands in the file: zipfile cuts names at NUL
        return "its name is not a plain relative path"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "it is not a regular file"
    if member.flag_bits & 1:
        return "it is encrypted"
    if member.compress_type != ZIP_STORED:
        method = METHODS.get(member.compress_type, f"method {member.compress_type}")
        return f"it is compressed ({method}); a bundle is stored as it is, `zip -0`"
    if member.file_size != member.compress_size:
        return f"it is {member.compress_size} bytes long and says {member.file_size}"
    return ""


def _write(path: Path, content: bytes) -> None:
    with named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)


def check_sums(folder: Path, place: str) -> None:
    """Hold every file to its checksum.

    Raises:
        InputError: if one is altered, missing, or there without one.
    """
    stated = stated_sums(folder / MANIFEST, place)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    if odd := sorted(there ^ stated.keys()):
        raise InputError(place, f"{odd[0]!a} is {'without a checksum' if odd[0] in there else 'missing'}")
    altered = [name for name in sorted(stated) if checksum(folder / name) != stated[name]]
    if altered:
        raise InputError(place, f"{altered[0]!a} was altered ({len(altered)} of {len(stated)} files were)")


def stated_sums(path: Path, place: str) -> dict[str, str]:
    """The checksums by name.

    Raises:
        InputError: if they are not there or not lines of `sha256sum`.
    """
    if not is_there(path):
        raise InputError(place, f"holds no {MANIFEST}")
    lines = [LINE.fullmatch(line) for line in read_bytes(path).decode(errors="replace").splitlines()]
    if not all(lines):
        raise InputError(place, f"{MANIFEST} is not a list of checksums")
    return {line[2]: line[1] for line in lines if line}
