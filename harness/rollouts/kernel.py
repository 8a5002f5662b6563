"""Kernels: small generated modules that bind environment, structure and head to the rollout loop.

Numba's disk cache never hits for closures and does not see an edit in a called function of another file. A generated
module is no closure, and it lives in a folder named by a digest of every source that is compiled into it (and of the
versions of Python, Numba and llvmlite), so a stale kernel cannot be found. The folder can be deleted at any time.

What Numba and Python cache beside a module is pickle and machine code, read without a question. So a file of checksums
stands beside it: only caches that are to the bit what this program left there are read, and only in a folder that
nobody else can write to.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import shutil
import stat
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

from harness.files import checksum, write_bytes, write_json
from harness.fingerprint import digest, sources
from harness.policy import Policy
from harness.rollouts.engine import acting_module, head_name

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

WALKING = '''"""{title}: made by harness/rollouts/kernel.py, safe to delete."""

from numba import njit

from harness.rollouts.heads import {head} as head
from harness.rollouts.walkers import SIGNATURE, walk
from {structure} import evaluate

DIMENSIONS = {dimensions}  # state, O, A, K, scratch
SIZES = {sizes}


@njit(SIGNATURE, cache=True, nogil=True, error_model="numpy")
def kernel(
    model, data, numbers, positions, velocities, controls, places, touches, weights, tail, mean, inverse_std, low, high,
    noise, limit, explore, explore_step, moments, observation, summary, observations, actions, log_probs, rewards,
):
    return walk(
        evaluate, head, DIMENSIONS, SIZES, model, data, numbers, positions, velocities, controls, places, touches,
        weights, tail, mean, inverse_std, low, high, noise, limit, explore, explore_step, moments, observation, summary,
        observations, actions, log_probs, rewards,
    )
'''
WALKERS = "harness.rollouts.walkers"


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
        environment: module of the compiled environment, `WALKERS` for MuJoCo's; None for the kernel that only acts.
        structure: module of the acting form.
        head: name of a function of `harness/rollouts/heads.py`.
        dimensions: lengths of state, observation, action, outputs and scratch.
        sizes: what the acting form reads as constants.
    """
    title = " ∘ ".join(word for word in (environment, structure, head) if word)
    template = ACTING if environment is None else WALKING if environment == WALKERS else ROLLOUTS
    text = template.format(
        title=title, environment=environment, structure=structure, head=head, dimensions=dimensions, sizes=sizes
    )
    modules = [word for word in (environment, structure, "harness.rollouts.heads", "harness.rollouts.loop") if word]
    versions = f"{sys.version} numba {numba.__version__} llvmlite {llvmlite.__version__}"
    key = hashlib.sha256("\n".join([digest(sources(modules)), versions, text]).encode()).hexdigest()[:16]
    name = "_".join(part.replace(".", "_") for part in (environment or "act", structure, head))
    path = folder / key / f"{name}.py"
    with _locked(folder, key):
        if not path.exists() or path.read_bytes() != text.encode():
            write_bytes(path, text.encode())
        return _imported(path, f"kernel_{key}_{name}").kernel


def acting_kernel(policy: Policy, folder: Path) -> Callable[..., float]:
    """The compiled policy alone; compiled now unless `folder` has it."""
    width = 1 if policy.space.discrete else policy.space.actions
    return build(
        folder,
        environment=None,
        structure=acting_module(policy.structure),
        head=head_name(policy),
        dimensions=(0, policy.space.observations, width, policy.structure.outputs, policy.structure.scratch),
        sizes=policy.structure.sizes,
    )


def _imported(path: Path, name: str) -> ModuleType:
    """Import a kernel module from caches that are vouched for, or compile it anew and vouch for what that leaves."""
    caches, sums = path.parent / "__pycache__", path.with_suffix(".sums.json")
    known = _stated(sums)
    if _found(caches) != known:
        if known:
            fault = "its cache was altered"
            warnings.warn(f"the compiled kernel {path} could not be read ({fault}); it is made again", stacklevel=2)
        shutil.rmtree(caches, ignore_errors=True)
    module = _execute(path, name)
    if (made := _found(caches)) != known:
        write_json(sums, made)
    return module


def _found(caches: Path) -> dict[str, str]:
    """Name and checksum of every cached file."""
    return {file.name: checksum(file) for file in sorted(caches.glob("*.*"))}


def _stated(sums: Path) -> dict[str, Any]:
    """The checksums of the last one who compiled; nothing where they are lost or damaged."""
    try:
        stated = json.loads(sums.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return stated if isinstance(stated, dict) else {}


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
    """One process compiles a kernel; the others wait and load it. The lock of a dead process is no lock.

    Raises:
        PermissionError: if everybody may write to the folder, and so could plant code in it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & stat.S_IWOTH:
        raise PermissionError(f"everybody may write to {folder}, which holds compiled code: `chmod o-w` it")
    with (folder / f"{key}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
