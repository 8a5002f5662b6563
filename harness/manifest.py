"""The manifest of a job, read here alone: whoever wrote and sealed it, what comes out has the types that are expected.

A manifest vouches for the files beside it and is read by whatever looks at records; one may come in a bundle from a
stranger. So its seal is no proof of anything but that no digit of it has turned since.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from harness.cell import Cell
from harness.errors import InputError
from harness.files import Irregular, read_bytes
from harness.laboratory.bench import Bench
from harness.names import MODULE, check_name
from harness.node import Node
from harness.schema import Rule, between, convert, mapping, read
from harness.seal import require_seal

SCHEMA = 1
AGAIN = "delete its folder to run the job again"
MAX_BYTES = 64 * 2**20
MAX_DEPTH = 16
LARGEST = 2**53  # of a count: beyond it a float64, which tables hold it in, misses integers
BITS = 2**63
SURROGATE = re.compile("[\ud800-\udfff]")
FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
PLUGIN = re.compile(rf"(programs\.)?{MODULE.pattern}")
Sha256 = Annotated[str, Rule("that is a sha256", re.compile(r"[0-9a-f]{64}").fullmatch)]
Commit = Annotated[str, Rule("that is a commit of git, or empty", re.compile(r"([0-9a-f]{7,64})?").fullmatch)]
File = Annotated[str, Rule("that is the name of a file", FILE.fullmatch)]
Count = Annotated[int, between(0, LARGEST)]
Family = Literal["gradient-free", "policy-gradient", "probe"]


@dataclass(frozen=True)
class Run:
    """What a manifest says of one of its runs."""

    seed: Count
    digest: Sha256
    status: Literal["finished", "diverged"]
    reason: str
    turn: Count
    steps: Count
    episodes: Count
    evaluation_steps: Count


@dataclass(frozen=True)
class Measured:
    """What a manifest says of one seed of the laboratory."""

    seed: Count
    digest: Sha256


@dataclass(frozen=True)
class RunsManifest:
    """The manifest of a job of runs; `left` stands in published ones alone."""

    schema: int
    seal: str
    cell: Cell
    cell_digest: Sha256
    code: Sha256
    family: Family
    parameters: Count
    runs: tuple[Run, ...]
    files: Mapping[str, Sha256]
    provenance: Mapping[str, Any]
    claims: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    left: tuple[File, ...] = ()


@dataclass(frozen=True)
class BenchManifest:
    """The manifest of a job of the laboratory."""

    schema: int
    seal: str
    bench: Bench
    bench_digest: Sha256
    code: Sha256
    family: Family
    parameters: Count
    kind: Literal["estimate", "step"]
    smoothing: float | str | None
    seeds: tuple[Measured, ...]
    files: Mapping[str, Sha256]
    provenance: Mapping[str, Any]
    claims: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """The facts of a provenance that are more than text to show; the others may be any."""

    commit: Commit = ""
    dirty: bool = False
    lock: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of manifest."""

    fields: type
    spec: str  # the key of what was run
    digest: Callable[[str], str]  # of the JSON of that
    each: str  # the key of what is said of every seed
    files: tuple[str, ...]  # that it must list


EVALUATIONS, TIMING = "evaluations.parquet", "timing.parquet"
ESTIMATES, VECTORS = "estimates.parquet", "vectors.npz"
OF_RUNS = Kind(RunsManifest, "cell", lambda text: Cell.from_json(text).digest, "runs", (EVALUATIONS, TIMING))
OF_BENCH = Kind(BenchManifest, "bench", lambda text: Bench.from_json(text).digest, "seeds", (ESTIMATES, VECTORS))
EMPTY = Node(None, "")


def read_manifest(path: Path, kind: Kind | None = OF_RUNS) -> dict[str, Any]:
    """A manifest as plain data, each field of the type that `kind` has for it; None: of the kind that it says.

    Raises:
        FileNotFoundError: there is none.
        InputError: it cannot be used: file, key and reason.
    """
    try:
        written = read_bytes(path)
        content = _plain(written)
        node = Node.of(content, str(path))
        _check_leaves(node, MAX_DEPTH)
        require_seal(content, written)
        _check(content, node, kind or (OF_BENCH if OF_BENCH.spec in content else OF_RUNS))
    except Irregular as fault:
        raise InputError(str(path), f"{fault.strerror}; {AGAIN}") from fault
    except (InputError, ValueError) as fault:
        raise InputError(str(path), f"{str(fault).removeprefix(f'{path}: ')}; {AGAIN}") from fault
    except RecursionError as fault:
        raise InputError(str(path), f"is nested deeper than {MAX_DEPTH} levels; {AGAIN}") from fault
    return content


def _plain(written: bytes) -> dict[str, Any]:
    """What a file says, if it is a manifest at all."""
    if len(written) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES >> 20} MiB")
    try:
        content = json.loads(written)
    except ValueError as fault:
        raise ValueError(f"is not JSON ({fault})") from fault
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f"is not a manifest of schema {SCHEMA}")
    return content


def _check_leaves(node: Node, depth: int) -> None:
    """Refuse what no record holds, wherever it stands: half a character, a number that is none, or beyond 64 bits."""
    if depth < 0:
        raise RecursionError
    value = node.value
    if isinstance(value, dict):
        for key, below in value.items():
            _check_text(below, key)
            _check_leaves(below, depth - 1)
    elif isinstance(value, list):
        for below in value:
            _check_leaves(below, depth - 1)
    elif isinstance(value, str):
        _check_text(node, value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise node.error(f"{value} is no number of JSON")
    elif isinstance(value, int) and not -BITS <= value < BITS:
        raise node.error("is an integer of more than 64 bits")


def _check_text(node: Node, text: str) -> None:
    if not text.isascii() and SURROGATE.search(text):
        raise node.error(f"{ascii(text)[:60]} is no text: it holds half a character")


def _check(content: dict[str, Any], node: Node, kind: Kind) -> None:
    """Hold a manifest to its kind, and to itself."""
    read(node, kind.fields)
    entries = mapping(node)
    for name, stated in mapping(entries["files"]).items():
        if not FILE.fullmatch(name):
            raise stated.error("is no name of a file")
    if lost := [name for name in kind.files if name not in content["files"]]:
        raise entries["files"].error(f"does not list {' and '.join(lost)}")
    told = {name: fact for name, fact in mapping(entries["provenance"]).items() if name in Told.__annotations__}
    read(Node(told, node.file, 0, "provenance"), Told)
    _check_spec(mapping(entries[kind.spec]))
    if kind.digest(json.dumps(content[kind.spec])) != content[f"{kind.spec}_digest"]:
        raise entries[f"{kind.spec}_digest"].error(f"contradicts itself: it is not that of the {kind.spec}")
    _check_seeds(entries[kind.each], kind)


def _check_spec(spec: Mapping[str, Node]) -> None:
    """Labels are folders, and plug-ins are modules: neither may lead anywhere else. No time runs backwards."""
    world, route = mapping(spec["environment"]), mapping(spec.get("route", EMPTY))
    found = (spec["policy"], spec["algorithm"], route.get("algorithm", EMPTY))
    parts = [mapping(part) for part in found if part.value is not None]
    for label in (world["name"], *(part["label"] for part in parts)):
        check_name(label, str(label.value))
    for module in (world["problem"], *(part["file"] for part in parts)):
        if module.value is not None and not PLUGIN.fullmatch(str(module.value)):
            raise module.error(f"{ascii(module.value)[:60]} is no name of a plug-in")
    for count in (world["horizon"], spec.get("budget", world["horizon"])):
        convert(count, Annotated[int, between(1, LARGEST)])
    for settings in (world["options"], *(part["settings"] for part in parts)):
        for name, setting in mapping(settings).items():
            if not SETTING.fullmatch(name):
                raise setting.error("is no name of a setting")


def _check_seeds(runs: Node, kind: Kind) -> None:
    """Ascending, none twice; those of the laboratory are a block."""
    seeds = [run["seed"] for run in runs.plain()]
    block = range(seeds[0], seeds[-1] + 1) if seeds else ()
    if not seeds or seeds != sorted(set(seeds)) or (kind is OF_BENCH and len(block) != len(seeds)):
        raise runs.error("its seeds are not ascending, each of them once" if seeds else "is empty")
