"""What the files say about runs: manifests, curves, candidates and the progress of long runs. No MLflow here.

A manifest holds the runs of one cell for a block of seeds (docs/architecture.md, Records). A run stays the same run as
long as its cell (the digest that names its folder) and its seed do: its *identity*. Its digest says what it found.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from harness.arrays import read_npz
from harness.errors import InputError
from harness.files import read_bytes
from harness.manifest import read_manifest
from harness.tracking import words

CURVE_POINTS = 50  # of a curve in the view; the files keep every one
CURVES = {"evaluations.parquet": "eval/return", "training.parquet": "train/return"}
BLOCK = re.compile(r"seeds-([0-9]{1,9})-([0-9]{1,9})")
CANDIDATE = ("theta", "mean", "std")  # arrays
AGES = 1e9  # seconds, some thirty years
T = TypeVar("T")


class RecordError(Exception):
    """A record that cannot be read; the message names the file and the reason."""


class Point(NamedTuple):
    """One point of a curve over charged environment steps."""

    metric: str
    step: int
    value: float


class Span(NamedTuple):
    """When a run began and ended, milliseconds since 1970."""

    start: int
    end: int


class Run(NamedTuple):
    """One seed of a manifest."""

    identity: str  # {cell}/{seed}
    seed: int
    digest: str
    status: str  # "finished" or "diverged"
    reason: str
    turn: int
    steps: int
    episodes: int


@dataclass(frozen=True)
class Job:
    """One manifest: the runs of a cell for a block of seeds, with what they share."""

    manifest: Path
    cell: Mapping[str, Any]
    cell_digest: str
    family: str
    parameters: int  # P
    files: Mapping[str, str]  # name -> checksum
    modified: int  # milliseconds since 1970
    runs: tuple[Run, ...]


class Progress(NamedTuple):
    """A run that is under way."""

    identity: str
    seed: int
    cell: Mapping[str, Any]
    modified: int  # milliseconds since 1970
    points: tuple[Point, ...]


def identity(manifest: Path, seed: int) -> str:
    """What a run stays through all its repetitions: the folder of its cell and its seed."""
    return f"{manifest.parent.parent.name}/{seed}"


def identities(manifest: Path) -> list[str]:
    """The runs of a job whose manifest cannot be read, by the name of its folder; that of the job if it has no such."""
    block = BLOCK.fullmatch(manifest.parent.name)
    seeds = range(int(block[1]), int(block[2]) + 1) if block else ()
    return [identity(manifest, seed) for seed in seeds] or [str(manifest)]


def stamp(path: Path) -> tuple[int, int] | None:
    """Time and size of a file, None where there is none: another stamp, another content."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def read_job(manifest: Path) -> Job:
    """The runs of one manifest.

    Raises:
        RecordError: the manifest is not readable or lacks a field.
    """
    try:
        content = read_manifest(manifest)
        return Job(
            manifest=manifest,
            cell=content["cell"],
            cell_digest=content["cell_digest"],
            family=content["family"],
            parameters=content["parameters"],
            files=content["files"],
            modified=_modified(manifest),
            runs=tuple(_run(manifest, entry) for entry in content["runs"]),
        )
    except InputError as error:
        raise RecordError(str(error)) from error
    except OSError as error:
        raise RecordError(f"{manifest}: {type(error).__name__}: {error}") from error


def _intact(job: Job, name: str) -> bytes:
    """A file of a job, if it is the one that the manifest vouches for.

    Raises:
        RecordError: it is missing, cannot be read or was altered.
    """
    path = job.manifest.parent / name
    try:
        content = read_bytes(path)
    except OSError as error:
        raise RecordError(f"{path}: {type(error).__name__}: {error}") from error
    if hashlib.sha256(content).hexdigest() != job.files.get(name):
        raise RecordError(f"{path}: it was altered")
    return content


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns // 1_000_000


def _run(manifest: Path, entry: Mapping[str, Any]) -> Run:
    same = {name: entry[name] for name in ("seed", "digest", "status", "turn", "steps", "episodes")}
    return Run(identity=identity(manifest, entry["seed"]), reason=entry["reason"][: words.LONGEST], **same)


def read_curves(job: Job) -> dict[int, list[Point]]:
    """Curves of every seed of a job at the steps of one grid, and the score at the budget.

    Turns end where they end, so no two runs are evaluated at quite the same step; MLflow can only average runs that
    share their steps. A curve is a step function: at each step of the grid it shows the last evaluation until then.
    Points that are not finite are left out: the store would turn an infinity into 1.8e308.

    Raises:
        RecordError: a Parquet file is missing or damaged.
    """
    points: dict[int, list[Point]] = {run.seed: [] for run in job.runs}
    grid = steps_shown(job.cell["budget"], job.cell["evaluation"]["every"])
    for file, metric in CURVES.items():
        for seed, curve in _read_returns(job, file).items():
            if seed not in points:
                continue
            points[seed] += [Point(metric, step, value) for step, value in on_grid(curve, grid)]
            if metric == "eval/return":
                points[seed] += _scores(curve, job.cell["budget"])
    return points


def read_spans(job: Job) -> dict[int, Span]:
    """Of every seed its own seconds: the runs of a job follow one another, and the manifest is written after the last.

    Raises:
        RecordError: `timing.parquet` is missing or damaged.
    """
    seconds = dict(_rows(job, "timing.parquet", ("seed", "seconds_total"), len(job.runs)))
    spans: dict[int, Span] = {}
    end = job.modified
    for run in reversed(job.runs):
        lasted = seconds.get(run.seed)
        if lasted is None or not 0.0 <= lasted <= AGES:
            raise RecordError(f"{job.manifest.parent / 'timing.parquet'}: no seconds of seed {run.seed}")
        spans[run.seed] = Span(end - round(1000 * lasted), end)
        end = spans[run.seed].start
    return spans


def _read_returns(job: Job, name: str) -> dict[int, list[tuple[int, float]]]:
    """Finite mean returns by seed, as (steps, return_mean) in the order of the file; none where it has no row."""
    curves: dict[int, list[tuple[int, float]]] = {}
    rows = sum(run.turn + 1 for run in job.runs)  # an evaluation a turn at most, and one before the first
    for seed, steps, value in _rows(job, name, ("seed", "steps", "return_mean"), rows):
        if value is not None and math.isfinite(value):
            curves.setdefault(seed, []).append((steps, value))
    return curves


def _rows(job: Job, name: str, columns: tuple[str, ...], most: int) -> Iterator[tuple[Any, ...]]:
    """Rows of a Parquet file of a job, none where all diverged at turn 0; raises RecordError."""
    from harness.columns import read_table

    try:
        table = read_table(_intact(job, name), str(job.manifest.parent / name), columns, most)
    except InputError as error:
        raise RecordError(str(error)) from error
    yield from zip(*(table.column(column).to_pylist() for column in columns if table.num_rows), strict=True)


def _scores(curve: Sequence[tuple[int, float]], budget: int) -> list[Point]:
    """The score at the budget: that of the last evaluation with steps <= budget."""
    within = [(steps, value) for steps, value in curve if steps <= budget]
    return [Point("score", *within[-1])] if within else []


def steps_shown(budget: int, every: int) -> list[int]:
    """Multiples of `every` up to the budget, evenly thinned to at most `CURVE_POINTS`, both ends among them."""
    return thin(range(0, budget + 1, every))


def on_grid(curve: Sequence[tuple[int, float]], grid: Sequence[int]) -> list[tuple[int, float]]:
    """The step function through (steps, value) at the steps of a grid; nothing before its first point."""
    steps = [step for step, _ in curve]
    places = ((step, bisect_right(steps, step)) for step in grid)
    return [(step, curve[place - 1][1]) for step, place in places if place]


def thin(points: Sequence[T], count: int = CURVE_POINTS) -> list[T]:
    """At most `count` of the points, evenly spaced in their number, the first and the last among them."""
    if len(points) <= count:
        return list(points)
    return [points[round(place * (len(points) - 1) / (count - 1))] for place in range(count)]


def read_candidate(job: Job, seed: int) -> bytes:
    """The arrays of one seed of `candidates.npz` as an npz of their own: theta [P], mean [O], std [O], bits unchanged.

    Raises:
        RecordError: the archive is missing, damaged or lacks the seed.
    """
    name, prefix, target = "candidates.npz", f"seed-{seed}/", io.BytesIO()
    try:
        arrays = read_npz(_intact(job, name))
    except ValueError as error:
        raise RecordError(f"{job.manifest.parent / name}: {error}") from error
    mine = {key: arrays[f"{prefix}{key}"] for key in CANDIDATE if f"{prefix}{key}" in arrays}
    if len(mine) < len(CANDIDATE):
        raise RecordError(f"{job.manifest.parent / name}: no candidate of seed {seed}")
    np.savez(target, allow_pickle=False, **mine)
    return target.getvalue()


def read_progress(manifest: Path) -> Iterator[Progress]:
    """The runs under way in the folder of a manifest that is yet to come.

    A progress file vanishes when its run ends, so one that is gone or cannot be read is no fault: the manifest follows.
    """
    for path in sorted(manifest.parent.glob("seed-*.progress.json")):
        try:
            content = json.loads(read_bytes(path))
            yield Progress(
                identity=identity(manifest, int(content["seed"])),
                seed=int(content["seed"]),
                cell=content["cell"],
                modified=_modified(path),
                points=tuple(_live_points(content["steps"], content["return_mean"])),
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue


def _live_points(steps: Sequence[int], returns: Sequence[float | None]) -> Iterator[Point]:
    for step, value in zip(steps, returns, strict=True):
        if value is not None and math.isfinite(value):
            yield Point("eval/return", int(step), float(value))
