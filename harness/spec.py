"""The entries of `envs.yaml`: what an environment is, how long it lasts, and what a score there means."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from harness import plugins, strict_yaml
from harness.names import check_distinct, check_name, find
from harness.node import Node
from harness.schema import Rule, ascending, between, mapping, read

FILE = "envs.yaml"
MAX_STEPS = 10**12
Steps = Annotated[int, between(1, MAX_STEPS)]
REGISTERED = Rule(
    "that is a registered id",
    lambda name: ":" not in name,  # which would import a module
    lambda name: (
        f"{ascii(name)[1:-1][:60]} names a module: only ids that Gymnasium itself registers can be used; "
        "an environment of your own is a file of environments/"
    ),
)


@dataclass(frozen=True)
class Scores:
    """Frozen returns of the random policy and of a reference: the score is (return - random) / (reference - random)."""

    random: float
    reference: float
    source: str

    def __post_init__(self) -> None:
        if not self.random < self.reference:
            raise ValueError("the reference score must be better than the random one")


@dataclass(frozen=True)
class Environment:
    """One entry of `envs.yaml`."""

    engine: Literal["compiled", "gymnasium"]
    horizon: Annotated[int, between(1, 1_000_000)]  # steps after which an episode is stopped
    budget: Steps  # environment steps of training, unless a study says otherwise
    scores: Scores
    targets: Annotated[tuple[float, ...], ascending(10)]  # returns to reach, the frozen ladder
    solved: float  # return from which it counts as solved, one of the targets
    problem: str | None = None  # file of environments/ (compiled)
    gymnasium: Annotated[str, REGISTERED] | None = None  # an id that Gymnasium itself registers
    options: dict[str, Any] = field(default_factory=dict)  # fields of the problem, or arguments of gymnasium.make
    clip: bool = True  # actions to the bounds of the space
    fresh: bool = False  # a new instance for every episode: its reset does not forget
    program: str | None = None  # file of policies/programs/

    def __post_init__(self) -> None:
        if self.engine == "compiled" and self.problem is None:
            raise ValueError("the compiled engine needs `problem`, a file of environments/")
        if self.engine == "gymnasium" and self.gymnasium is None:
            raise ValueError("the gymnasium engine needs `gymnasium`, a registered id")
        if self.solved not in self.targets:
            raise ValueError(f"solved, {self.solved}, is none of the targets")


def load_environments(root: Path) -> dict[str, Environment]:
    """Every environment by name, in the order of the file; nothing is imported.

    Raises:
        InputError: for whatever is wrong with `envs.yaml`.
    """
    entries = mapping(strict_yaml.load(root / FILE, FILE))
    check_distinct(entries.items())
    return {name: _environment(name, node) for name, node in entries.items()}


def _environment(name: str, node: Node) -> Environment:
    check_name(node, name)
    environment = read(node, Environment)
    if environment.problem is not None:
        find(mapping(node)["problem"], environment.problem, plugins.names("environments"), "problem")
    if environment.program is not None:
        find(mapping(node)["program"], environment.program, plugins.names("policies.programs"), "program")
    return environment
