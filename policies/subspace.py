"""A random subspace of any other structure, θ = θ0 + P z: only d numbers move, however large the structure is.

C. Li, H. Farkhoor, R. Liu & J. Yosinski 2018, "Measuring the Intrinsic Dimension of Objective Landscapes"
(arXiv:1804.08838), equation 2, with a dense projection: θ0 is an ordinary initialisation, frozen; the entries
of P are N(0, 1), its columns then scaled to unit length; z begins at zero. A dimension d above that of the structure is
refused: more numbers than there are parameters are no subspace.

The acting form is that of the inner structure, which `acting` names; there P z has been added up beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from harness.interface import Floats, Structure
from harness.streams import stream

if TYPE_CHECKING:
    from torch import Tensor

LARGEST = 100_000_000  # numbers of P: 0.8 GB in float64, about those of the largest networks of the paper
Map: TypeAlias = Callable[[Floats], Floats]
Linearised: TypeAlias = Callable[[Floats, Floats], tuple[Floats, Map, Map]]

OWN = ("inputs", "outputs", "seed", "of", "dimension")


@dataclass(frozen=True)
class Subspace:
    """The structure `of` (a file of `policies/`) in a subspace; the settings below `dimension` are that structure's.

    Those left at None take the inner structure's defaults. They are the settings of the structures that are shipped:
    one of your own, if it has other settings, is taken with their defaults.
    """

    inputs: int  # O
    outputs: int  # K
    seed: int
    of: str = "mlp"
    dimension: int = 10  # d
    bias: bool | None = None
    widths: tuple[int, ...] | None = None
    rank: int | None = None
    features: int | None = None
    bandwidth: float | None = None
    frequency: float | None = None
    copies: int | None = None
    depth: int | None = None
    start: str | None = None

    def __post_init__(self) -> None:
        whole = self.inner.dim  # a structure that cannot be made is refused now
        if not 1 <= self.dimension <= whole:
            raise ValueError(f"dimension must be from 1 to {whole}, the parameters of {self.of}, not {self.dimension}")
        if self.dimension * whole > LARGEST:
            raise ValueError(f"dimension must be at most {LARGEST // whole} of {whole} parameters: P is held in memory")

    @property
    def dim(self) -> int:
        """Dimension d of the subspace."""
        return self.dimension

    @property
    def sizes(self) -> tuple[int, ...]:
        """Those of the inner structure."""
        return self.inner.sizes

    @property
    def scratch(self) -> int:
        """That of the inner structure."""
        return self.inner.scratch

    @property
    def acting(self) -> str:
        """Module of the inner structure's acting form."""
        return str(getattr(self.inner, "acting", type(self.inner).__module__))

    @cached_property
    def inner(self) -> Structure:
        """The structure whose parameters are θ0 + P z."""
        kind = _load(self.of)
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in OWN}
        settings = {name: value for name, value in given.items() if value is not None}
        foreign = settings.keys() - {field.name for field in fields(kind)}
        if foreign:
            raise ValueError(f"{sorted(foreign)[0]}: {self.of} has no such setting")
        inner: Structure = kind(inputs=self.inputs, outputs=self.outputs, seed=self.seed, **settings)
        return inner

    @cached_property
    def origin(self) -> Floats:
        """θ0 [inner dim]."""
        return self.inner.init(stream(self.seed, "subspace", "origin"))

    @cached_property
    def projection(self) -> Floats:
        """P [inner dim, d], columns of unit length."""
        columns = stream(self.seed, "subspace", "projection").normal(size=(self.inner.dim, self.dimension))
        return np.asarray(columns / np.linalg.norm(columns, axis=0))

    def init(self, rng: np.random.Generator) -> Floats:
        """Zeros [d]: learning begins at θ0."""
        return np.zeros(self.dimension)

    def weights(self, theta: Floats) -> Floats:
        """The inner structure's weights [D, W] at θ0 + P z, row by row and without BLAS: equal bits in any batch."""
        full = [self.origin + np.einsum("pd,d->p", self.projection, z) for z in theta]
        return self.inner.weights(np.stack(full))  # [D, inner dim] in

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Inputs [N, O] -> outputs [N, K]."""
        import torch

        origin, projection = torch.from_numpy(self.origin), torch.from_numpy(self.projection)
        outputs: Tensor = self.inner.forward(origin + projection @ theta, x)
        return outputs

    @property
    def linearised(self) -> Linearised:
        """Outputs, z -> J P z and u -> Pᵀ Jᵀ u: there only if the inner structure has a closed form."""
        inner = self.inner.linearised  # type: ignore[attr-defined]

        def linearised(theta: Floats, x: Floats) -> tuple[Floats, Map, Map]:
            outputs, push, pull = inner(self.origin + self.projection @ theta, x)
            return outputs, lambda vector: push(self.projection @ vector), lambda u: self.projection.T @ pull(u)

        return linearised


def _load(name: str) -> Any:
    """The dataclass of a structure by its file name; a program's is `programs.NAME`."""
    room, _, stem = name.rpartition(".")
    if name == "subspace" or room not in ("", "programs") or find_spec(f"policies.{name}") is None:
        raise ValueError(f"of: there is no structure '{name}' to take a subspace of")
    title = "".join(part.capitalize() for part in stem.split("_"))
    return getattr(import_module(f"policies.{name}"), title)
