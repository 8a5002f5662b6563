"""Kernels: small generated modules that bind environment, structure and head to the rollout loop.

Numba's disk cache never hits for closures and does not see an edit in a called function of another file. A generated
module is no closure, and it lives in a folder named by a digest of every source that is compiled into it (and of the
versions of Python, Numba and llvmlite), so a stale kernel cannot be found. The folder can be deleted at any time.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import sys
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import llvmlite
import numba

from harness.fingerprint import digest, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLLOUTS = '''"""{title}: made by harness/rollouts/kernel.py, safe to delete."""

from numba import njit

from {environment} import observe, reset, step
from harness.rollouts.heads import {head} as head
from harness.rollouts.loop import SIGNATURE, roll
from {structure} import evaluate

DIMENSIONS = {dimensions}  # state, O, A, K, scratch
SIZES = {sizes}


@njit(SIGNATURE, cache=True, nogil=True, error_model="numpy")
def kernel(
    weights, tails, mean, inverse_std, low, high, parameters, seeds, episodes, step_limit, horizon, explore,
    explore_step, returns, lengths, moments, observations, actions, log_probs, rewards, finals, terminated,
):
    return roll(
        reset, observe, step, evaluate, head, DIMENSIONS, SIZES, weights, tails, mean, inverse_std, low, high,
        parameters, seeds, episodes, step_limit, horizon, explore, explore_step, returns, lengths, moments,
        observations, actions, log_probs, rewards, finals, terminated,
    )
'''

ACTING = '''"""{title}: made by harness/rollouts/kernel.py, safe to delete."""

import numpy as np
from numba import njit

from harness.rollouts.heads import {head} as head
from harness.rollouts.loop import act
from {structure} import evaluate

DIMENSIONS = {dimensions}  # state, O, A, K, scratch
SIZES = {sizes}


@njit(
    "f8(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8, u8[::1], f8[::1])",
    cache=True, nogil=True, error_model="numpy",
)
def kernel(weights, tail, x, mean, inverse_std, explore, noise, action):
    scratch, outputs = np.empty(DIMENSIONS[4]), np.empty(DIMENSIONS[3])
    return act(evaluate, head, scratch, outputs, SIZES, weights, tail, x, mean, inverse_std, explore, noise, action)
'''


@cache
def build(
    folder: Path,
    *,
    environment: str | None,
    structure: str,
    head: str,
    dimensions: tuple[int, ...],
    sizes: tuple[int, ...],
) -> Callable[..., Any]:
    """The compiled kernel, from the cache in `folder` or made now; a process looks for each kernel once.

    Args:
        folder: where kernels are kept, e.g. `.kernels` of the project.
        environment: module of the compiled environment; None for the kernel that only acts.
        structure: module of the acting form.
        head: name of a function of `harness/rollouts/heads.py`.
        dimensions: lengths of state, observation, action, outputs and scratch.
        sizes: what the acting form reads as constants.
    """
    title = " ∘ ".join(word for word in (environment, structure, head) if word)
    template = ROLLOUTS if environment else ACTING
    text = template.format(
        title=title, environment=environment, structure=structure, head=head, dimensions=dimensions, sizes=sizes
    )
    modules = [word for word in (environment, structure, "harness.rollouts.heads", "harness.rollouts.loop") if word]
    versions = f"{sys.version} numba {numba.__version__} llvmlite {llvmlite.__version__}"
    key = hashlib.sha256("\n".join([digest(sources(modules)), versions, text]).encode()).hexdigest()[:16]
    name = "_".join(part.replace(".", "_") for part in (environment or "act", structure, head))
    path = folder / key / f"{name}.py"
    with _locked(folder, key):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_suffix(".aside")
            aside.write_text(text, encoding="utf-8")
            aside.replace(path)
        return _imported(path, f"kernel_{key}_{name}").kernel


def _imported(path: Path, name: str) -> ModuleType:
    """Import a kernel module; a damaged compilation cache is thrown away and made again, once."""
    try:
        return _execute(path, name)
    except Exception as fault:
        caches = sorted(path.parent.glob("__pycache__/*.nb?"))
        if not caches:
            raise
        warnings.warn(f"the compiled kernel {path} could not be read ({fault!r}); it is made again", stacklevel=2)
    for damaged in caches:
        damaged.unlink()
    return _execute(path, name)


def _execute(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import the kernel {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba's cache refers to the kernel by the name of its module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _locked(folder: Path, key: str) -> Iterator[None]:
    """One process compiles a kernel; the others wait and load it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{key}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
