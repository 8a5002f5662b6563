"""Laws of a structure: acting form and autograd form agree, gradients are right, a row does not depend on the batch."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from harness import plugins
from harness.contract.verdict import Verdict, judge, require, told
from harness.interface import Floats
from harness.rollouts.engine import acting_module
from harness.streams import stream

SHAPES = ((4, 2), (3, 1), (2, 3), (8, 4), (6, 3), (8, 2), (2, 1), (3, 3))  # inputs O, outputs K


def check(name: str) -> list[Verdict]:
    """Judge every law on the first shapes that the structure accepts.

    Raises:
        InputError: if there is no such structure, or its file cannot be used at all.
    """
    plugins.load("policies", name)
    try:
        with plugins.contained():
            structures = fitting(name)
    except Exception as fault:  # whatever a plug-in may raise is its verdict
        return [Verdict("fits a shape of our environments", False, told(fault))]
    return judge(LAWS, structures)


def fitting(name: str) -> list[Any]:
    """The structure in up to three shapes that it accepts.

    Raises:
        ValueError: if it accepts none of the shapes of our environments.
    """
    kind, found, refusal = plugins.load("policies", name), [], "no shape"
    for inputs, outputs in SHAPES:
        try:
            found.append(kind(inputs=inputs, outputs=outputs, seed=3))
            found[-1].init(stream(0, "fit"))
        except ValueError as fault:
            refusal = str(fault)
    if not found:
        raise ValueError(f"{name} fits none of the shapes {SHAPES}: {refusal}")
    return found[:3]


def parameters_are_counted(structures: list[Any]) -> None:
    """`init` gives `dim` finite float64 numbers, and the same ones again."""
    for structure in structures:
        theta, again = structure.init(stream(1, "init")), structure.init(stream(1, "init"))
        require(theta.shape == (structure.dim,), f"init gives {theta.shape}, dim is {structure.dim}")
        require(theta.dtype == np.float64 and bool(np.isfinite(theta).all()), "init is not finite float64")
        require(bool((theta == again).all()), "two calls of init with equal generators differ")


def acting_and_autograd_forms_agree(structures: list[Any]) -> None:
    """The two renderings of a structure differ by less than 1e-12."""
    import torch

    for structure in structures:
        for number in range(5):
            theta, x = _drawn(structure, number)
            acted = _act(structure, theta, x)
            learned = structure.forward(torch.tensor(theta), torch.tensor(x)).detach().numpy()  # [N, K]
            error = float(np.abs(acted - learned).max() / max(1.0, np.abs(learned).max()))
            require(error < 1e-12, f"{structure.inputs} -> {structure.outputs}: they differ by {error:.2g}")


def the_closed_form_equals_autograd(structures: list[Any]) -> None:
    """A structure's own `linearised`, where it has one, agrees with autograd to 1e-12: outputs, J v and Jᵀ u."""
    import torch

    derivatives: Any = torch.autograd.functional
    for structure in structures:
        if hasattr(structure, "linearised"):
            theta, x = _drawn(structure, 0)
            vector = stream(0, "vector").standard_normal(structure.dim)
            cotangent = stream(0, "cotangent").standard_normal((len(x), structure.outputs))  # [N, K]
            forward, leaf = partial(structure.forward, x=torch.tensor(x)), torch.tensor(theta)
            outputs, changes = derivatives.jvp(forward, leaf, torch.tensor(vector))
            slopes = derivatives.vjp(forward, leaf, torch.tensor(cotangent))[1]
            closed, push, pull = structure.linearised(theta, x)
            pairs = (closed, outputs), (push(vector), changes), (pull(cotangent), slopes)
            error = max(float(np.abs(ours - learned.numpy()).max()) for ours, learned in pairs)
            require(error < 1e-12, f"{structure.inputs} -> {structure.outputs}: they differ by {error:.2g}")


def gradients_are_slopes(structures: list[Any]) -> None:
    """Autograd agrees with central differences along random directions, except at the corners of a program."""
    import torch

    for structure in structures:
        wrong = 0
        for number in range(10):
            theta, x = _drawn(structure, number)
            direction = stream(number, "direction").standard_normal(structure.dim)
            leaf = torch.tensor(theta, requires_grad=True)
            structure.forward(leaf, torch.tensor(x)).sum().backward()
            slope = 0.0 if leaf.grad is None else float(leaf.grad.numpy() @ direction)
            step = 1e-6
            high, low = (_act(structure, theta + sign * step * direction, x).sum() for sign in (1.0, -1.0))
            wrong += abs((high - low) / (2 * step) - slope) > 1e-4 * max(1.0, abs(slope))
        require(wrong <= 1, f"{structure.inputs} -> {structure.outputs}: {wrong} of 10 slopes are wrong")


def a_row_does_not_depend_on_the_batch(structures: list[Any]) -> None:
    """`weights` of a batch are the weights of its rows, bit for bit."""
    for structure in structures:
        thetas = stream(2, "batch").standard_normal((5, structure.dim))  # [D, dim]
        whole = np.asarray(structure.weights(thetas))
        rows = np.concatenate([structure.weights(thetas[d : d + 1]) for d in range(5)])
        require(whole.tobytes() == rows.tobytes(), "weights of a row change with the rows beside it")


LAWS = (
    parameters_are_counted,
    acting_and_autograd_forms_agree,
    the_closed_form_equals_autograd,
    gradients_are_slopes,
    a_row_does_not_depend_on_the_batch,
)


def _drawn(structure: Any, number: int) -> tuple[Floats, Floats]:
    """Parameters [dim] near the initial ones, and inputs [N, O]."""
    rng = stream(number, "draw")
    return structure.init(rng) + 0.5 * rng.standard_normal(structure.dim), rng.standard_normal((7, structure.inputs))


def _act(structure: Any, theta: Floats, x: Floats) -> Floats:
    """Outputs [N, K] of the acting form."""
    evaluate = import_module(acting_module(structure)).evaluate
    weights = structure.weights(theta[None])[0]  # [W]
    out, scratch = np.empty((len(x), structure.outputs)), np.empty(structure.scratch)
    for row, observation in zip(out, x, strict=True):
        evaluate(weights, observation, row, scratch, structure.sizes)
    return out
