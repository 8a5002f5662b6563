"""What `harness verify` is asked about: a study, a published one, a folder of records, a bundle."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeAlias

from harness.bundle.compare import different_sources
from harness.bundle.hold import hold_made
from harness.bundle.pack import MANIFEST
from harness.bundle.unpack import check_sums, unpack
from harness.errors import InputError
from harness.files import is_there
from harness.plugins import ROOT, shown
from harness.products import hold_products, products_in
from harness.published import read
from harness.published.rebuild import rebuild_tables, records_of
from harness.study import studies
from harness.verify import claims
from harness.verify.claims import PUBLISHED, Claim
from harness.verify.presence import hold_presence
from harness.workflow import open_study

Tell: TypeAlias = Callable[[str], None]


class Subject(NamedTuple):
    """Its records, and what was found without looking into them."""

    runs: list[Claim]
    benches: list[Path]  # manifests of the laboratory's jobs
    holds: bool  # all is there, and what was made of the records is what they make


@contextmanager
def opened(word: str, tell: Tell) -> Iterator[Subject]:
    """What a word names; a bundle lies unpacked meanwhile.

    Args:
        word: the name of a study, which no folder of that name hides, or a path.
        tell: told each finding as it comes.

    Raises:
        InputError: there is no such thing, or it is not whole.
    """
    if not word:
        raise InputError("verify", "the empty word names nothing (a shell variable that is not set?)")
    path = Path(word) if is_there(Path(word)) else ROOT / word  # as `publish` prints it, wherever it is typed
    if word in studies(ROOT):
        yield _study(word, tell)
    elif path.is_dir() and read.is_published(path):
        yield _published(path.resolve(), tell)
    elif path.is_dir():
        yield _folder(path, tell)
    elif path.name == "manifest.json" and is_there(path):
        raise InputError(word, f"is one file of a job: give its folder, {shlex.quote(shown(path.parent))}")
    elif is_there(path) or path.suffix == ".zip":
        with TemporaryDirectory(prefix="bundle-") as scratch:
            yield _bundle(path, Path(scratch), tell)
    else:
        yield _study(word, tell)


def _study(name: str, tell: Tell) -> Subject:
    """The runs of a study: those that were made here, or else those that are published."""
    workflow = open_study(name)
    here = any(is_there(ROOT / manifest) for manifest in workflow.manifests)
    if name in read.studies() and not here:
        return _published(PUBLISHED / name, tell)
    benches = [ROOT / place for place in workflow.measurements if is_there(ROOT / place)]
    runs = [] if benches and not workflow.manifests else claims.of_study(workflow)
    made = products_in(ROOT, name)
    held = hold_products(() if workflow.study.tuning else made)
    present = hold_presence(workflow, runs, benches, None if made[0].fault else made[0].folder)
    for line in (*held.lines, *present.lines):
        tell(line)
    return Subject(runs, benches, held.holds and present.holds)


def _published(folder: Path, tell: Tell) -> Subject:
    """The runs of a published study, its files held to their checksums and its tables to those made of them again."""
    name = folder.name
    manifests = records_of(name)
    tell(f"{shown(folder)}: every file has its checksum")
    report = read.hold_report(name)
    for line in report.lines:
        tell(line)
    workflow = open_study(name)
    with TemporaryDirectory(prefix="rebuilt-") as scratch:
        tables = rebuild_tables(workflow, manifests, Path(scratch))
    tell(tables.line)
    paths = [path for jobs in manifests.values() for path in jobs]
    runs, benches = claims.read_claims(claims.run_manifests(paths)), claims.bench_manifests(paths)
    present = hold_presence(workflow, runs, benches, folder / "tables")
    for line in present.lines:
        tell(line)
    return Subject(runs, benches, report.holds and present.holds and not tables.others)


def _folder(path: Path, tell: Tell) -> Subject:
    """Any records; a list of checksums among them, as in a copy of a published study, is believed to name them all.

    A folder of such folders is refused: their runs alone would be held, neither their tables nor what was taken away.
    """
    if (path / MANIFEST).is_file():
        check_sums(path, str(path))
        tell(f"{path}: every file has its checksum")
    elif whole := sorted(file.parent for file in path.rglob(MANIFEST)):
        commands = ", ".join(f"`harness verify {shlex.quote(shown(folder))}`" for folder in whole)
        raise InputError(str(path), f"holds studies that have checksums and tables of their own: {commands}")
    return Subject(*claims.with_benches(path), True)


def _bundle(path: Path, scratch: Path, tell: Tell) -> Subject:
    """Unpack, say whether its sources are the present ones, and whether what was made of its records holds."""
    unpack(path, scratch)
    tell(f"{path.name}: every file has its checksum")
    odd = different_sources(scratch)
    named = f"{', '.join(odd[:5])}{' …' if len(odd) > 5 else ''}"
    tell(
        f"its sources differ from the present ones in {len(odd)} files: {named}"
        if odd
        else "its sources are the present ones"
    )
    runs, benches = claims.with_benches(scratch / "results")
    with TemporaryDirectory(prefix="made-again-") as again:
        made = hold_made(scratch, path.name, not odd, Path(again))
    present = hold_presence(made.workflow, runs, benches, made.tables)
    for line in (*made.lines, *present.lines):
        tell(line)
    return Subject(runs, benches, made.holds and present.holds)
