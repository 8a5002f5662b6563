"""`harness verify`, `explain` and `export`: run it again, say where it comes from, take it away whole."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.errors import InputError

if TYPE_CHECKING:
    from harness.verify.claims import Claim
    from harness.verify.judgement import Judgement

    Records: TypeAlias = tuple[list[Claim], list[Path], bool]


def add_commands(commands: Any) -> None:
    """Add the commands."""
    verify = commands.add_parser(
        "verify",
        help="run recorded runs again in a scratch folder: EXACT, WITHIN or DIFFERENT",
        description="Hold all records to their checksums and digests, and tables that are kept with them to those made "
        "again; then run recorded runs again. Exit status: 0 if all of it holds and all runs are EXACT.",
    )
    verify.add_argument("subject", metavar="STUDY", help="a study, a folder of records, or a bundle (.zip)")
    verify.add_argument("--sample", type=int, default=10, metavar="N", help="how many runs (default: 10)")
    verify.add_argument("--all", action="store_true", help="every run")
    verify.add_argument("--seed", type=int, default=0, help="that draws the sample (default: 0)")
    verify.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at a time (default: 1)")
    verify.set_defaults(act=verify_runs)
    explain = commands.add_parser(
        "explain",
        help="where a number or a run comes from, and the commands that make it again",
        description="STUDY TABLE KEY ... COLUMN | STUDY ENVIRONMENT POLICY ALGORITHM SEED | DIGEST | PATH",
    )
    explain.add_argument("words", nargs="+", metavar="WORD")
    explain.set_defaults(act=explain_words)
    export = commands.add_parser("export", help="a finished study as one file: data, report, sources, lock, RO-Crate")
    export.add_argument("study")
    export.add_argument("--out", type=Path, metavar="FILE", help="default: STUDY.zip")
    export.set_defaults(act=export_study)


def verify_runs(options: argparse.Namespace) -> int:
    """Print a verdict for each run; 1 unless all are exact."""
    from harness.provenance import provenance
    from harness.verify import report
    from harness.verify.benches import verify_benches
    from harness.verify.claims import draw
    from harness.verify.hold import hold
    from harness.verify.judgement import EXACT
    from harness.verify.verify import verify

    if options.sample < 1 or options.jobs < 1 or options.seed < 0:
        raise InputError("verify", "--sample and --jobs must be at least 1, --seed at least 0")
    with _records(options.subject) as (recorded, benches, tables_hold):
        held = hold(recorded)
        print("\n".join(held.lines), flush=True)
        chosen = recorded if options.all else draw(recorded, options.sample, options.seed)
        how = "all" if options.all else f"drawn with seed {options.seed}"
        print(f"{options.subject}: {len(chosen)} of {len(recorded)} recorded runs, {how}\n", flush=True)
        done: list[Judgement] = []

        def announce(judgement: Judgement) -> None:
            done.append(judgement)
            print(f"{len(done)}/{len(chosen)} {judgement.verdict} {judgement.claim.name}", file=sys.stderr, flush=True)

        judgements = verify(chosen, recorded, options.jobs, announce)
        count = None if options.all else options.sample
        laboratory = verify_benches(benches, count, options.seed, lambda said: print(said, file=sys.stderr, flush=True))
    for line in (*report.lines(judgements, provenance()), *laboratory.lines):
        print(line)
    whole = tables_hold and laboratory.holds and not held.faults
    return 0 if whole and all(judgement.verdict == EXACT for judgement in judgements) else 1


@contextmanager
def _records(subject: str) -> Iterator[Records]:
    """The runs of a study, of a folder, or of a bundle, which is checked first and lies unpacked meanwhile.

    With them the manifests of the laboratory's jobs, and whether the tables that are published of all can be made of
    them; True where none are.
    """
    from harness.files import is_there
    from harness.plugins import ROOT
    from harness.published.read import is_published, studies
    from harness.verify import claims
    from harness.verify.claims import PUBLISHED
    from harness.workflow import open_study

    path = Path(subject)
    if path.is_dir() and is_published(path):
        yield _open_published(path.resolve())
    elif path.is_dir():
        _check_folder(path)
        yield claims.of_folder(path), claims.bench_manifests(path.rglob("manifest.json")), True
    elif is_there(path) or path.suffix == ".zip":
        with TemporaryDirectory(prefix="bundle-") as scratch:
            tables_hold = _open_bundle(path, Path(scratch))
            results = Path(scratch) / "results"
            benches = claims.bench_manifests(results.rglob("manifest.json"))
            yield claims.of_folder(results / "runs"), benches, tables_hold
    else:
        workflow = open_study(subject)
        here = any(is_there(ROOT / manifest) for manifest in workflow.manifests)
        if subject in studies() and not here:
            yield _open_published(PUBLISHED / subject)
        else:
            benches = [ROOT / place for place in workflow.measurements if is_there(ROOT / place)]
            yield claims.of_study(workflow), benches, True


def _open_published(folder: Path) -> Records:
    """The runs of a published study, its files held to their checksums and its tables to those made of them again."""
    from harness.plugins import shown
    from harness.published.rebuild import rebuild_tables, records_of
    from harness.verify import claims
    from harness.workflow import open_study

    manifests = records_of(folder.name)
    print(f"{shown(folder)}: every file has its checksum", flush=True)
    with TemporaryDirectory(prefix="rebuilt-") as scratch:
        tables = rebuild_tables(open_study(folder.name), manifests, Path(scratch))
    print(tables.line, flush=True)
    paths = [path for jobs in manifests.values() for path in jobs]
    runs = claims.read_claims(claims.run_manifests(paths))
    return runs, claims.bench_manifests(paths), not tables.others


def _check_folder(path: Path) -> None:
    """Hold a folder that has a list of checksums, as a copy of a published study does, to that list."""
    from harness.bundle.pack import MANIFEST
    from harness.bundle.unpack import check_sums

    if (path / MANIFEST).is_file():
        check_sums(path, str(path))
        print(f"{path}: every file has its checksum")


def _open_bundle(path: Path, scratch: Path) -> bool:
    """Unpack, say whether its sources are the present ones, and whether what was made of its records holds."""
    from harness.bundle.compare import different_sources
    from harness.bundle.hold import hold_made
    from harness.bundle.unpack import unpack

    unpack(path, scratch)
    print(f"{path.name}: every file has its checksum")
    odd = different_sources(scratch)
    shown = f"{', '.join(odd[:5])}{' …' if len(odd) > 5 else ''}"
    print(
        f"its sources differ from the present ones in {len(odd)} files: {shown}"
        if odd
        else "its sources are the present ones",
        flush=True,
    )
    with TemporaryDirectory(prefix="made-again-") as again:
        made = hold_made(scratch, path.name, not odd, Path(again))
    print("\n".join(made.lines), flush=True)
    return made.holds


def explain_words(options: argparse.Namespace) -> int:
    """Print the account."""
    from harness.explain.explain import explain

    for line in explain(options.words):
        print(line)
    return 0


def export_study(options: argparse.Namespace) -> int:
    """Write the bundle and print its checksum."""
    from harness.bundle.pack import pack
    from harness.files import checksum
    from harness.workflow import open_study

    out = options.out or Path(f"{options.study}.zip")
    if not out.parent.is_dir():
        raise InputError(str(out), "its folder is not there")
    sums = pack(open_study(options.study), out)
    print(f"{out}: {len(sums) + 1} files, {out.stat().st_size / 1e6:.1f} MB\nsha256 {checksum(out)}")
    return 0
