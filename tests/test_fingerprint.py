"""Laws of fingerprints: what can change the numbers of a run is in its closure, what only looks at them is not."""

from dataclasses import replace

import pytest

from harness import fingerprint, plugins
from harness.cell import Cell, Evaluation, Part, World

FILES = {
    "harness/__init__.py": "",
    "harness/run.py": "import json\nfrom harness import words\n",
    "harness/assembly.py": "def late():\n    from harness.rollouts.engine import Engine\n    import harness.tracking\n",
    "harness/words.py": "import numpy as np\nfrom harness.figures import style\n",
    "harness/figures/__init__.py": "",
    "harness/figures/style.py": "",
    "harness/tracking.py": "from harness import only_tracking\n",
    "harness/only_tracking.py": "",
    "harness/rollouts/__init__.py": "from . import loop\n",
    "harness/rollouts/engine.py": "from .heads import head\nfrom ..deep import a\n",
    "harness/rollouts/loop.py": "import harness.rollouts.engine\n",
    "harness/rollouts/heads.py": "",
    "harness/deep/__init__.py": "from harness.deep.a import *\n",
    "harness/deep/a.py": "",
    "algorithms/__init__.py": "",
    "algorithms/one.py": "from harness.parts import adam\n",
    "algorithms/two.py": "from harness.parts.ranks import centred\n",
    "harness/parts/__init__.py": "",
    "harness/parts/adam.py": "",
    "harness/parts/ranks.py": "",
    "policies/__init__.py": "",
    "policies/flat.py": "",
    "policies/wrap.py": "",
    "policies/programs/__init__.py": "",
    "policies/programs/push.py": "",
    "environments/__init__.py": "",
    "environments/pole.py": "",
}
COMMON = {
    *(
        "harness/__init__.py",
        "harness/run.py",
        "harness/assembly.py",
        "harness/words.py",
        "harness/rollouts/__init__.py",
    ),
    *(
        "harness/rollouts/engine.py",
        "harness/rollouts/loop.py",
        "harness/rollouts/heads.py",
        "harness/deep/__init__.py",
    ),
    "harness/deep/a.py",
}
CELL = Cell(
    World("Pole", "compiled", "pole", None, {}, 500, True, False),
    Part("flat", "flat", {}),
    Part("one", "one", {}),
    1000,
    Evaluation(100, 5),
)
ROOMS = {"policies": ("flat", "wrap"), "policies.programs": ("push",)}


@pytest.fixture
def root(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(plugins, "ROOT", tmp_path)
    monkeypatch.setattr(plugins, "names", ROOMS.__getitem__)
    forget()
    yield tmp_path
    forget()


def forget():
    """A new process, as far as fingerprints are concerned."""
    for function in vars(fingerprint).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


def names(root, modules):
    return {file.relative_to(root).as_posix() for file in fingerprint.sources(modules)}


def test_the_closure_of_a_cell_by_hand(root):
    found = names(root, fingerprint.modules(CELL))
    own = {"algorithms/__init__.py", "algorithms/one.py", "harness/parts/__init__.py", "harness/parts/adam.py"}
    own |= {"policies/__init__.py", "policies/flat.py", "environments/__init__.py", "environments/pole.py"}
    assert found == COMMON | own


def test_an_import_circle_ends(root):
    assert "harness/rollouts/loop.py" in names(root, ["harness.rollouts.engine"])


def test_a_structure_in_a_structure_counts(root):
    wrapped = replace(CELL, policy=Part("wrap", "wrap", {"of": "flat", "dimension": 3}))
    assert {"policies/wrap.py", "policies/flat.py"} <= names(root, fingerprint.modules(wrapped))
    program = replace(CELL, policy=Part("wrap", "wrap", {"of": "programs.push"}))
    assert "policies/programs/push.py" in names(root, fingerprint.modules(program))
    assert "policies/flat.py" not in names(root, fingerprint.modules(program))


@pytest.mark.parametrize("name", FILES)
def test_an_edit_changes_the_fingerprint_of_those_cells_alone_that_use_the_file(root, name):
    other = replace(CELL, algorithm=Part("two", "two", {}))
    before = [fingerprint.cell_fingerprint(cell) for cell in (CELL, other)]
    (root / name).write_text(FILES[name] + "# edited\n")
    forget()
    after = [fingerprint.cell_fingerprint(cell) for cell in (CELL, other)]
    uses = [name in names(root, fingerprint.modules(cell)) for cell in (CELL, other)]
    assert [old != new for old, new in zip(before, after, strict=True)] == uses


def test_onlookers_change_no_fingerprint(root):
    apart = {"harness/figures/__init__.py", "harness/figures/style.py", "harness/tracking.py"}
    assert not apart & names(root, fingerprint.modules(CELL))
    assert "harness/only_tracking.py" not in names(root, fingerprint.modules(CELL))


def test_the_digest_knows_names_and_contents_and_where_one_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "ROOT", tmp_path)
    a, b = tmp_path / "a", tmp_path / "b"
    digests = []
    for first, second in [("x", "y"), ("xy", ""), ("", "xy"), ("y", "x")]:
        a.write_text(first)
        b.write_text(second)
        digests.append(fingerprint.digest([a, b]))
        assert fingerprint.digest([b, a]) == digests[-1]
    assert len(set(digests)) == 4


def test_the_closure_of_the_project_itself_holds_no_onlooker_and_no_input_reader():
    forget()
    cell = replace(
        CELL, environment=replace(CELL.environment, problem="cartpole"), algorithm=Part("ars", "ars", {}),
        policy=Part("linear", "linear", {}),
    )  # fmt: skip
    found = names(plugins.ROOT, fingerprint.modules(cell))
    assert {"harness/run.py", "algorithms/ars.py", "policies/linear.py", "environments/cartpole.py"} <= found
    assert {"harness/rollouts/loop.py", "harness/rollouts/compiled.py", "harness/interface.py"} <= found
    assert not {"policies/mlp.py", "algorithms/ppo.py", "environments/pendulum.py"} & found
    apart = ("harness/figures", "harness/report", "harness/tables", "harness/tracking", "harness/cli", "harness/spec")
    apart += ("harness/grid", "harness/study", "harness/strict_yaml", "harness/schema", "harness/cost")
    assert not [name for name in found if name.startswith(apart)]
