"""Every YAML file that the project reads, a small good one of each kind, and how Hypothesis spoils them.

A kind is a project in which everything is read; the document is the one of its files that is changed, as a tree (values
replaced, removed, renamed, doubled) or as text (pieces cut, doubled, overwritten).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import small_project
import yaml
from hypothesis import strategies as st

ENVIRONMENTS = small_project.ENVIRONMENTS.replace("  program: push\n", "") + (
    """\
Double:
  engine: compiled
  problem: lqr
  options: {system: double_integrator}
  horizon: 20
  budget: 20000
  scores: {random: -100, reference: -1, source: by hand}
  targets: [-90, -80, -70, -60, -50, -40, -30, -20, -10, -5]
  solved: -5
"""
)
STUDY = small_project.STUDY
HEAD = "title: A small study\nquestion: Which?\n"
SEEDS = "seeds: 3\nfirst_seed: 10\nblock: 2\nevaluation: {every: 1000, episodes: 5}\n"
GRID = "grids:\n  - {environments: [Pole], policies: [linear], algorithms: [ars]}\n"
CLAIMS = """\
studies: [mine, other]
claims:
  search:
    statement: Search is better.
    source: lecture
    study: mine
    environments: [Pole, Swing]
    contrast: {first: {algorithms: [ars], policies: [linear]}, second: {algorithms: [fast], policies: [wide]}}
    metric: score
    direction: above
    margin: 0.1
    reason: A step of the ladder.
    declared: 2026-11-22
    notes: Nothing was seen.
  share:
    statement: It learns.
    source: lecture
    study: other
    environments: [Pole]
    contrast: {first: {family: gradient-free}}
    metric: success
    direction: within
    margin: 0.5
    reason: Half.
    declared: 2026-11-22
"""
CITATION = """\
cff-version: 1.2.0
title: "A benchmark"
message: "Cite it."
type: software
authors:
  - name: "The authors"
  - {given-names: Ada, family-names: Lovelace}
version: 0.1.0
date-released: 2026-11-22
license: MIT
"""
DRAWS = "environment,policy,algorithm,family,draw,settings,budget,n,diverged,turns,score,std,steps,digests\n"
TUNED = f"""\
study: "earlier"
tried: 2
first_seed: 501
seeds: 3
score: "the area under the curve"
draws: "{sha256(DRAWS.encode()).hexdigest()}"
provenance: [{{"commit": "0123", "dirty": false, "cpu": {{"features": ["avx"], "model": "x"}}}}]

each:
  - environments: ["Pole"]
    policy: "linear"
    algorithm: "ars"
    plugin: "ars"
    draw: 1
    score: 0.8
    steps: 1000
    settings: {{"directions": 4, "top": 0, "step_size": 0.02, "noise": 0.05}}

one:
  - environments: ["Pole"]
    policy: "linear"
    algorithm: "ars"
    plugin: "ars"
    draw: 0
    score: 0.7
    steps: 1000
    settings: {{"directions": 8}}
"""
SURVEY = """\
algorithms:
  few: {algorithm: ars, settings: {directions: 2}}
laboratory:
  - environments: [Double]
    policies: [linear]
    algorithms: [few, reinforce]
    path: {points: [0, 0.5]}
    explorations: [0.3]
    updates: 2
  - environments: [Double]
    policies: [linear]
    algorithms: [few]
    path: {algorithm: ars, budget: 2000, seed: 1, points: [1]}
    horizons: [5, 10]
    options: [{noise: 0.0}, {noise: 0.1}]
    shifts: [0.0, 0.1]
    warmup: 2
    seeds: 2
    updates: 3
"""


@dataclass(frozen=True)
class Kind:
    """A project by its files, and which of them is changed."""

    document: str
    files: dict[str, str]

    @property
    def text(self) -> str:
        """The good document."""
        return self.files[self.document]

    def write(self, folder: Path, text: str | None = None) -> Path:
        """The project in a folder, its document replaced by a text."""
        for name, content in (self.files | ({} if text is None else {self.document: text})).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content.encode("utf-8", "surrogatepass"))
        return folder


def kind(document: str, study: str = STUDY, **others: str) -> Kind:
    """A project around one study, `mine`; further files by the names they have without folder and ending."""
    places = {"earlier": "tuned/earlier.yaml", "draws": "tuned/earlier.csv", "claims": "claims.yaml"}
    files = {places.get(name, f"studies/{name}.yaml"): text for name, text in others.items()}
    basis = {"envs.yaml": ENVIRONMENTS, "studies/mine.yaml": study, "CITATION.cff": CITATION}
    return Kind(document, basis | files)


MINE = "studies/mine.yaml"
PARTS = {"one": HEAD + SEEDS + GRID, "two": HEAD + SEEDS + GRID.replace("Pole", "Swing")}
TUNING = HEAD + SEEDS + "tuning: {settings: 2}\n" + GRID
USES_TUNED = HEAD + SEEDS + "tuned: {study: earlier, readings: [each, one]}\n" + GRID
KINDS = {
    "environments": kind("envs.yaml"),
    "study": kind(MINE),
    "union": kind(MINE, HEAD + "parts: [one, two]\n", **PARTS),
    "study of tuning": kind(MINE, TUNING),
    "study with tuned settings": kind(MINE, USES_TUNED, earlier=TUNED, draws=DRAWS),
    "laboratory": kind(MINE, HEAD + SEEDS + GRID + SURVEY),
    "claims": kind("claims.yaml", claims=CLAIMS),
    "tuned settings": kind("tuned/earlier.yaml", USES_TUNED, earlier=TUNED, draws=DRAWS),
    "citation": kind("CITATION.cff"),
}

HOSTILE = ["../../etc", "/etc/passwd", "CON", "a b", "a;b", "$(id)", "`id`", "", ".", "..", "é", "x" * 300, "a\x07"]
HOSTILE += ["-x", "~"]
KNOWN = ["linear", "mlp", "ars", "Pole", "program", "cartpole", "compiled", "gymnasium", "CartPole-v1", "mine", "one"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**19), 10**19),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(HOSTILE),
    st.sampled_from([*KNOWN, "earlier", "two", "reinforce", "above", "lqr", "score", "each"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MARKS = [
    ":",
    "-",
    "[",
    "]",
    "{",
    "}",
    "&a",
    "*a",
    "!!python/name:os.system",
    "\t",
    "---",
    "#",
    '"',
    "\n",
    " ",
    "%",
    "|",
]


def documents(base: str) -> st.SearchStrategy[str]:
    """A text, changed in either way."""
    return changed_trees(base) | changed_texts(base)


@st.composite
def changed_trees(draw: Any, base: str) -> str:
    """The document with one to three values replaced, removed, renamed or doubled."""
    tree = yaml.safe_load(base)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted((place for place in places(tree) if place), key=str)))
        parent = tree
        for key in path[:-1]:
            parent = parent[key]
        act = draw(st.sampled_from(["replace", "replace", "replace", "remove", "rename", "double"]))
        if act == "remove":
            del parent[path[-1]]
        elif act == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from(HOSTILE) | st.text(max_size=6))] = parent.pop(path[-1])
        elif act == "double" and isinstance(parent, list):
            parent.append(parent[path[-1]])
        else:
            parent[path[-1]] = draw(VALUES)
        if not tree:
            break
    return str(yaml.dump(tree, allow_unicode=True, default_flow_style=draw(st.booleans())))


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into a tree."""
    yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


@st.composite
def changed_texts(draw: Any, base: str) -> str:
    """The text with one to four pieces cut, doubled or overwritten."""
    text = base
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        piece = draw(st.one_of(st.just(""), st.sampled_from(MARKS), st.text(max_size=4), st.just(text[start:end] * 2)))
        text = text[:start] + piece + text[end:]
    return text
