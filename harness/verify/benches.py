"""The laboratory's jobs: held to what vouches for them, and some measured again, which must give every digest again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from harness.laboratory.bench import Bench
from harness.laboratory.job import measure_block
from harness.streams import stream
from harness.tables.laboratory import ESTIMATES, VECTORS
from harness.tables.read import read_manifest
from harness.verify.hold import hold_benches
from harness.verify.judgement import DIFFERENT, EXACT

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
    told = f"laboratory: {len(manifests)} jobs, each file with its checksum; {size} measured again"
    return Laboratory(
        (f"{told}, {'all to the same digests' if not found else 'with other digests:'}", *found), not found
    )


def _measured_again(manifest: Path, announce: Callable[[str], None]) -> Iterator[str]:
    """Every seed that has another digest now."""
    stated = read_manifest(manifest, (ESTIMATES, VECTORS))
    seeds = [one["seed"] for one in stated["seeds"]]
    bench = Bench.from_json(json.dumps(stated["bench"]))
    name = f"{' · '.join(bench.labels)}, seeds {seeds[0]}-{seeds[-1]}"
    with TemporaryDirectory(prefix="measured-") as scratch:
        again = measure_block(bench, range(seeds[0], seeds[-1] + 1), Path(scratch) / "again" / manifest.parent.name)
        now = {one["seed"]: one["digest"] for one in read_manifest(again, (ESTIMATES, VECTORS))["seeds"]}
    odd = [one for one in stated["seeds"] if now[one["seed"]] != one["digest"]]
    announce(f"{DIFFERENT if odd else EXACT} {name}")
    for one in odd:
        then = f"recorded {one['digest'][:DIGITS]}…, now {now[one['seed']][:DIGITS]}…"
        yield f"  {name}: seed {one['seed']} is {DIFFERENT}: {then}"
