"""`harness verify`, `explain` and `export`: run it again, say where it comes from, take it away whole."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.ending import interruptible
from harness.cli.tell import tell
from harness.errors import InputError

if TYPE_CHECKING:
    from harness.verify.judgement import Judgement


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
    from harness.verify.subject import opened
    from harness.verify.verify import verify

    if options.sample < 1 or options.jobs < 1 or options.seed < 0:
        raise InputError("verify", "--sample and --jobs must be at least 1, --seed at least 0")
    with interruptible(), opened(options.subject, tell) as (recorded, benches, is_whole):
        held = hold(recorded)
        tell(*held.lines)
        chosen = recorded if options.all else draw(recorded, options.sample, options.seed)
        how = "all" if options.all else f"drawn with seed {options.seed}"
        tell(f"{options.subject}: {len(chosen)} of {len(recorded)} recorded runs, {how}", "")
        done: list[Judgement] = []

        def announce(judgement: Judgement) -> None:
            done.append(judgement)
            tell(f"{len(done)}/{len(chosen)} {judgement.verdict} {judgement.claim.name}", errors=True)

        judgements = verify(chosen, recorded, options.jobs, announce)
        count = None if options.all else options.sample
        laboratory = verify_benches(benches, count, options.seed, lambda said: tell(said, errors=True))
    tell(*report.lines(judgements, provenance()), *laboratory.lines)
    whole = is_whole and laboratory.holds and not held.faults
    return 0 if whole and all(judgement.verdict == EXACT for judgement in judgements) else 1


def explain_words(options: argparse.Namespace) -> int:
    """Print the account."""
    from harness.explain.explain import explain

    tell(*explain(options.words))
    return 0


def export_study(options: argparse.Namespace) -> int:
    """Write the bundle and print its checksum."""
    from harness.bundle.pack import pack
    from harness.files import checksum
    from harness.workflow import open_study

    out = options.out or Path(f"{options.study}.zip")
    if out.suffix != ".zip":
        raise InputError(f"--out {out}", "a bundle is called FILE.zip, so that it takes the place of nothing else")
    if not out.parent.is_dir():
        raise InputError(str(out), "its folder is not there")
    sums = pack(open_study(options.study), out)
    tell(f"{out}: {len(sums) + 1} files, {out.stat().st_size / 1e6:.1f} MB", f"sha256 {checksum(out)}")
    return 0
