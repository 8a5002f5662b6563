"""Plug-ins are found on disk by file name: `algorithms/cma_es.py` holds the algorithm `cma_es`, the dataclass `CmaEs`.

A *room* is a package of plug-ins: `algorithms`, `policies`, `policies.programs` or `environments`. A program is a
policy whose name carries its room, `programs.pendulum`.
"""

from __future__ import annotations

import os
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from harness.errors import InputError
from harness.names import check_module

ROOT = Path(__file__).resolve().parents[1]  # the project: where `harness/` lies

COMPILED = re.compile(r'File "((?:algorithms|policies|environments)/[^"]+)", line (\d+)')  # in what Numba says
FAMILIES = ("gradient-free", "policy-gradient", "probe")  # of algorithms


class Exited(RuntimeError):
    """A plug-in raised what ends a program, as `sys.exit` does; the cause is what it raised."""


@contextmanager
def contained() -> Iterator[None]:
    """Within, whatever a plug-in raises is an exception like any other: only Ctrl-C may end the program.

    Raises:
        Exited: in place of `SystemExit` and its like, which would end it without a word.
    """
    try:
        with _no_exit():
            yield
    except (Exception, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as end:
        raise Exited(f"{type(end).__name__}: {end}") from end


@contextmanager
def _no_exit() -> Iterator[None]:
    """Within, `os._exit` raises as `sys.exit` does, for nobody would see why this process ended; its children may."""
    leave, here = os._exit, os.getpid()

    def refuse(status: int) -> NoReturn:
        if os.getpid() != here:
            leave(status)
        raise SystemExit(f"os._exit({status})")

    os._exit = refuse
    try:
        yield
    finally:
        os._exit = leave


def names(room: str) -> tuple[str, ...]:
    """The plug-ins of a room in alphabetical order; none of them is imported."""
    found = pkgutil.iter_modules(import_module(room).__path__)
    return tuple(sorted(module.name for module in found if not module.ispkg and not module.name.startswith("_")))


def load_module(room: str, name: str) -> ModuleType:
    """The module of a plug-in.

    Raises:
        InputError: if there is no such file, its name is not that of a module, or it raises when it is imported.
    """
    inner, _, stem = f"{room}.{name}".rpartition(".")
    if inner in (room, "policies.programs") and (known := sys.modules.get(f"{inner}.{stem}")):
        return known
    allowed = names(inner) if inner in (room, "policies.programs") else ()
    if stem not in allowed:
        raise InputError(f"{room}/", f"there is no '{name}' here", stem, allowed)
    check_module(shown(source(inner, stem)), stem)
    try:
        with contained():
            return import_module(f"{inner}.{stem}")
    except Exception as fault:
        raise raised(source(inner, stem), fault, "when it is imported") from fault


def load(room: str, name: str) -> type:
    """The one public frozen dataclass of a plug-in, named by its file in CamelCase.

    Raises:
        InputError: as `load_module`, or if the file holds no such class, or an algorithm does not say what it is.
    """
    module = load_module(room, name)
    title = camel_case(name.rpartition(".")[2])
    kind = getattr(module, title, None)
    if not (isinstance(kind, type) and is_dataclass(kind) and kind.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise InputError(shown(Path(str(module.__file__))), f"holds no frozen dataclass named {title}")
    if room == "algorithms" and (vars(kind).get("family") not in FAMILIES or "explores" not in vars(kind)):
        raise InputError(shown(Path(str(module.__file__))), f"{title} lacks `explores` or a `family`", "", FAMILIES)
    return kind


def camel_case(name: str) -> str:
    """`cma_es` -> `CmaEs`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def source(room: str, name: str) -> Path:
    """The file of a plug-in that exists."""
    inner, _, stem = f"{room}.{name}".rpartition(".")
    files = [Path(folder) / f"{stem}.py" for folder in import_module(inner).__path__]
    return next((file for file in files if file.exists()), files[0])


def raised(file: Path, fault: BaseException, occasion: str) -> InputError:
    """What to raise when a plug-in raised: its file, its line, its own words."""
    fault = own(fault)
    lines = [frame.lineno for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == str(file)]
    if isinstance(fault, SyntaxError) and fault.filename == str(file):
        lines.append(fault.lineno)
    line = f":{lines[-1]}" if lines else ""
    return InputError(f"{shown(file)}{line}", f"raises {type(fault).__name__} {occasion}: {fault}")


def own(fault: BaseException) -> BaseException:
    """What a plug-in raised itself."""
    return fault.__cause__ if isinstance(fault, Exited) and fault.__cause__ else fault


def blamed(fault: BaseException, file: str = "") -> InputError | None:
    """What to tell whoever wrote the plug-in that raised, or that broke the interface in `file`; None: neither."""
    line = line_of(fault)
    fault = own(fault)
    words = " ".join(str(fault).partition("\n\nFile ")[0].split())  # Numba goes on for a page
    return InputError(line or file, f"{type(fault).__name__}: {words}") if line or file else None


def line_of(fault: BaseException) -> str:
    """The last line of a plug-in that a fault or its cause passed through, `algorithms/mine.py:30`; else nothing.

    In code that is being compiled nothing was passed through, but Numba names the line.
    """
    frames = traceback.extract_tb(fault.__traceback__)
    places = [f"{shown(Path(frame.filename))}:{frame.lineno}" for frame in frames]
    own = [place for place in places if place.startswith(("algorithms/", "policies/", "environments/"))]
    below = line_of(fault.__cause__) if fault.__cause__ else ""
    named = [":".join(found) for found in COMPILED.findall(str(fault))]
    return below or (own[-1] if own else named[0] if named else "")


def shown(file: Path) -> str:
    """A path as a person knows it: relative to the project if it lies there."""
    return file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else str(file)
