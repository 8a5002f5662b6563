"""Which sources decide the numbers of a run, and their digest: editing one of them reruns the runs that used it.

The sources are the static import closure within the project: read from the syntax tree, nothing is imported, imports
inside functions included. What only looks at results is left out, so that a new figure never reruns a run.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from harness import plugins
from harness.cell import SHORT, Cell
from harness.edits import ROOMS, read_source

ONLOOKERS = ("harness.cli", "harness.figures", "harness.report", "harness.tables", "harness.tracking")
# A run needs them, no number comes from them.
CARRIERS = ("harness.edits", "harness.errors", "harness.files", "harness.fingerprint", "harness.plugins")
RUNNERS = ("harness.assembly", "harness.run")
KERNELS = ("harness.rollouts.heads", "harness.rollouts.loop")  # bound by generated modules: no import shows it


def cell_fingerprint(cell: Cell) -> str:
    """Digest of every source that decides the numbers of a cell; computed once for each kind of cell."""
    return _fingerprint(tuple(sorted(set(modules(cell)))))


def cell_sources(cell: Cell) -> dict[str, str]:
    """Each file behind `cell_fingerprint` with the beginning of its sha256, to say later which one has changed."""
    files = sources(sorted(set(modules(cell))))
    return {plugins.shown(file): hashlib.sha256(read_source(file)).hexdigest()[:SHORT] for file in files}


def modules(cell: Cell) -> Iterator[str]:
    """The modules that a cell starts from; structures named in the settings of another structure are among them."""
    yield from (*RUNNERS, *KERNELS)
    yield f"algorithms.{cell.algorithm.file}"
    yield f"policies.{cell.policy.file}"
    if cell.environment.engine == "compiled":
        yield f"environments.{cell.environment.problem}"
    words = {value for value in cell.policy.settings.values() if isinstance(value, str)}
    yield from (f"policies.{word}" for word in words & _structures())


def import_bound() -> None:
    """Import what kernels bind, so that an edit between the digest of a kernel and its compiling cannot get into it."""
    for module in KERNELS:
        import_module(module)


def sources(module_names: Iterable[str], apart: tuple[str, ...] = (*ONLOOKERS, *CARRIERS)) -> tuple[Path, ...]:
    """The files of the modules, of the packages they lie in and of all that they import, sorted.

    Args:
        module_names: where to start.
        apart: modules and packages that do not count, wherever they are imported.
    """
    return tuple(sorted({file for name in module_names for file in _closure(name, apart)}))


def digest(paths: Iterable[Path]) -> str:
    """Sha256 over the names (relative to the project) and contents of sources.

    Raises:
        InputError: if one was saved since this process began.
    """
    total = hashlib.sha256()
    for path in sorted(paths):
        content = read_source(path)
        total.update(f"{plugins.shown(path)}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


@cache
def _fingerprint(names: tuple[str, ...]) -> str:
    return digest(sources(names))


@cache
def _structures() -> frozenset[str]:
    programs = (f"programs.{name}" for name in plugins.names("policies.programs"))
    return frozenset([*plugins.names("policies"), *programs])


@cache
def _closure(name: str, apart: tuple[str, ...]) -> frozenset[Path]:
    """Files reachable from one module, itself included."""
    files: dict[str, Path] = {}
    waiting = [name]
    while waiting:
        module = waiting.pop()
        if module in files or (file := _file(module, apart)) is None:
            continue
        files[module] = file
        waiting += _imports(module, file)
    return frozenset(files.values())


@cache
def _imports(module: str, file: Path) -> tuple[str, ...]:
    """Modules of the project that a file may import; `from a import b` may mean the module `a.b`."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found = [module.rpartition(".")[0]]
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(found)


@cache
def _file(module: str, apart: tuple[str, ...]) -> Path | None:
    """The source of a module of the project; None for anything else and for what stands apart."""
    if module.split(".")[0] not in ROOMS or any(f"{module}.".startswith(f"{name}.") for name in apart):
        return None
    path = plugins.ROOT.joinpath(*module.split("."))
    candidates = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)
