"""The arrow of docs/architecture.md: nobody imports to the right of itself, and there are no circles."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from harness.plugins import ROOT, names

ROOMS = ("harness", "algorithms", "policies", "environments")
ALLOWED = {  # room: what its files may import of the project, themselves apart
    "algorithms": ("harness.interface", "harness.streams", "harness.parts"),
    "policies": (
        "harness.interface",
        "harness.streams",
        "harness.parts.perceptron",
        "harness.rollouts.tanh",
        "policies",
    ),
    "environments": (
        "harness.interface",
        "harness.streams",
        "harness.rollouts.random",
        "harness.rollouts.box2d",
        "harness.rollouts.box2d_layouts",
        "harness.rollouts.box2d_stage",
    ),
    "harness.parts": ("harness.interface", "harness.streams", "harness.parts"),
}
MACHINE = (  # looks at results
    "harness.claims",
    "harness.figures",
    "harness.report",
    "harness.tables",
    "harness.tracking",
    "harness.cli",
)
RUNNING = ("harness.job", "harness.run", "harness.assembly", "harness.record", "harness.checkpoint", "harness.rollouts")


def modules() -> dict[str, Path]:
    """Every module of the project and its file."""
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    found = {}
    for path in files:
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported_nodes(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import of a tree, inside functions too; what only a type checker reads is left out."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from imported_nodes(child)


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of the project that a module imports; `from a import b` is `a.b` where that is a module."""
    found: set[str] = set()
    for node in imported_nodes(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert node.level == 0, f"{module}: relative imports are not read here"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & MODULES.keys()) or {str(node.module)}
    return frozenset(found & MODULES.keys())


def below(module: str, rooms: tuple[str, ...]) -> bool:
    return any(f"{module}.".startswith(f"{room}.") for room in rooms)


def circle(start: str) -> list[str] | None:
    """A way back to where it starts, if there is one."""
    waiting = [[start]]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        for module in imports(path[-1]):
            if module == start:
                return [*path, start]
            if module not in seen:
                seen.add(module)
                waiting.append([*path, module])
    return None


def test_the_project_was_found() -> None:
    assert {"harness.run", "algorithms.ars", "policies.programs.cartpole_balance", "environments.lqr"} <= MODULES.keys()
    assert "harness.rollouts.loop" not in imports("harness.job")
    assert {"harness.assembly", "harness.run"} <= imports("harness.job")
    assert "harness.figures" in imports("harness.cli.stages")  # inside a function


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_itself_by_a_detour(module: str) -> None:
    found = circle(module)
    assert found is None, " → ".join(found or [])


@pytest.mark.parametrize("module", [module for module in MODULES if below(module, tuple(ALLOWED))])
def test_a_room_imports_only_what_the_architecture_allows(module: str) -> None:
    allowed = next(rooms for room, rooms in ALLOWED.items() if below(module, (room,)))
    assert {other for other in imports(module) if not below(other, allowed)} == set()


@pytest.mark.parametrize("module", [module for module in MODULES if below(module, RUNNING)])
def test_what_runs_never_imports_what_looks_at_results(module: str) -> None:
    assert {other for other in imports(module) if below(other, MACHINE)} == set()


@pytest.mark.parametrize("module", ["interface", "threads", "errors", "files", "rollouts.random", "rollouts.tanh"])
def test_the_left_end_of_the_arrow_imports_nothing_of_the_project(module: str) -> None:
    assert imports(f"harness.{module}") == set()


JOB = """
import json, sys
from pathlib import Path
from harness.cell import Cell
from harness.job import run_block

run_block(Cell.from_json(sys.argv[1]), range(1), Path(sys.argv[2]), lambda run: None)
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(algorithm: str, folder: Path) -> set[str]:
    """Top-level modules that a process has loaded after one tiny run on CartPole."""
    from harness.cell import Cell, Evaluation, Part, World

    world = World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 500, True, False)
    cell = Cell(world, Part("linear", "linear", {}), Part(algorithm, algorithm, {}), 400, Evaluation(200, 2))
    words = [sys.executable, "-c", JOB, cell.to_json(), str(folder / "seeds-0000-0000")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_a_gradient_free_job_never_pays_for_what_it_does_not_use(tmp_path: Path) -> None:
    loaded = loaded_by("ars", tmp_path)
    assert {"harness", "numba", "pyarrow", "environments"} <= loaded
    heavy = {"torch", "mlflow", "seaborn", "pandas", "matplotlib", "gymnasium", "mujoco", "cma", "pydantic"}
    assert loaded & heavy == set()


def test_a_policy_gradient_of_a_structure_in_closed_form_never_loads_torch(tmp_path: Path) -> None:
    assert "torch" not in loaded_by("natural_gradient", tmp_path)


def test_importing_the_words_of_the_house_loads_numpy_alone() -> None:
    script = "import sys, json, harness.interface, harness.streams; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    own = {name for name in loaded if name.startswith("harness")}
    assert own == {"harness", "harness.interface", "harness.streams"}
    assert not loaded & {"numba", "torch", "gymnasium", "pyarrow"}


@pytest.mark.parametrize("name", names("algorithms"))
def test_an_algorithm_never_names_a_clock_a_file_a_seed_or_an_environment(name: str) -> None:
    tree = ast.parse((ROOT / "algorithms" / f"{name}.py").read_text(encoding="utf-8"))
    modules = {alias.name for node in imported_nodes(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in imported_nodes(tree) if isinstance(node, ast.ImportFrom)}
    forbidden = {"time", "datetime", "os", "io", "pathlib", "random", "secrets", "gymnasium", "environments"}
    assert not {module.split(".")[0] for module in modules} & forbidden
    made = {
        ast.unparse(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("np.random.", "open"))
    }
    assert made == set(), "generators come from `turn.rng` and `init`"
