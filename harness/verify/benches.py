"""The laboratory's jobs: held to what vouches for them, and some measured again, which must give the same files again.

The files, not the digests alone: those stand in the manifest, which whoever forges a file would seal anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from harness.files import Unwritable
from harness.laboratory.bench import Bench
from harness.laboratory.job import measure_block
from harness.manifest import OF_BENCH, read_manifest
from harness.streams import stream
from harness.verify.hold import hold_benches
from harness.verify.judgement import DIFFERENT, EXACT
from harness.verify.rerun import require_known

DIGITS = 12  # of a digest that are shown


class Laboratory(NamedTuple):
    """What came of it: what to print, and whether all is as it was."""

    lines: tuple[str, ...]
    holds: bool


def verify_benches(
    manifests: Sequence[Path], count: int | None, seed: int, announce: Callable[[str], None]
) -> Laboratory:
    """Hold all jobs to their manifests and measure some again.

    Args:
        manifests: of all jobs.
        count: how many are measured again, at most; None: all.
        seed: of the draw.
        announce: told the verdict and name of each as it comes.
    """
    if not manifests:
        return Laboratory((), True)
    if faults := tuple(hold_benches(manifests)):
        return Laboratory(tuple(f"  the laboratory, {fault}" for fault in faults), False)
    size = len(manifests) if count is None else min(count, len(manifests))
    chosen = stream(seed, "verify", "laboratory").choice(len(manifests), size=size, replace=False)
    found = [fault for place in sorted(chosen) for fault in _measured_again(manifests[place], announce)]
    end = "not all to the same bits:" if found else "to the same bits"
    told = f"laboratory: {len(manifests)} jobs, each file with its checksum; {size} measured again, {end}"
    return Laboratory((told, *found), not found)


def _measured_again(manifest: Path, announce: Callable[[str], None]) -> Iterator[str]:
    """Every seed and file that has another digest now."""
    stated = read_manifest(manifest, OF_BENCH)
    seeds = [one["seed"] for one in stated["seeds"]]
    bench = Bench.from_json(json.dumps(stated["bench"]))
    called = f"{' · '.join(bench.labels)}, seeds {seeds[0]}-{seeds[-1]}"
    with TemporaryDirectory(prefix="measured-") as scratch:
        place = Path(scratch) / "again" / f"seeds-{seeds[0]:04d}-{seeds[-1]:04d}"
        try:
            require_known(bench.environment)
            now = _digests(read_manifest(measure_block(bench, range(seeds[0], seeds[-1] + 1), place), OF_BENCH))
        except Unwritable:  # the scratch place is full: no finding about the job
            raise
        except Exception as fault:  # whatever a bench of other sources meets here is the finding
            announce(f"{DIFFERENT} {called}")
            yield f"  {called}: cannot be measured with the present sources: {type(fault).__name__}: {fault}"
            return
    odd = {what: digest for what, digest in _digests(stated).items() if now.get(what) != digest}
    announce(f"{DIFFERENT if odd else EXACT} {called}")
    for what, digest in odd.items():
        yield f"  {called}: {what} is {DIFFERENT}: recorded {digest[:DIGITS]}…, now {now.get(what, 'lost')[:DIGITS]}…"


def _digests(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Of every seed and every file."""
    seeds = {f"seed {one['seed']}": one["digest"] for one in manifest["seeds"]}
    return seeds | {f"file {name}": digest for name, digest in manifest["files"].items()}
