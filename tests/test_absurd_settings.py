"""Whatever a person may write for a setting is refused by its name, or works: nothing passes the check and fails later.

A run that diverges works: it is a row with its reason.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import plugins
from harness.assembly import make_engine, space
from harness.cell import World
from harness.errors import InputError
from harness.node import Node
from harness.policy import build
from harness.rollouts.engine import acting_module
from harness.run import Schedule, Stopwatch, begin, run
from harness.schema import field_types
from harness.settings import complete, defaults, make
from harness.streams import stream

NUMBERS = (math.nan, math.inf, -math.inf, -1e300, -1.0, -5e-324, 0.0, 5e-324, 1e-300, 1e-9, 0.3, 1.0, 1e9, 1e300)
COUNTS = (-(10**9), -1, 0, 1, 2, 3, 10**9)  # nothing that is lawful and takes for ever
POLE = World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 20, True, False)
LQR = World("lqr", "compiled", "lqr", None, {}, 10, True, False)


def values(default: Any, annotation: Any) -> st.SearchStrategy[Any]:
    """Everything that the type of a setting lets through, and a little more."""
    words = [word for part in (annotation, *get_args(annotation)) for word in get_args(part) if isinstance(word, str)]
    if isinstance(default, str):
        return st.sampled_from([*words, "", "linear", "tree"])
    if isinstance(default, bool):
        return st.booleans()
    numbers = st.sampled_from(NUMBERS if isinstance(default, float) else COUNTS)
    return st.lists(numbers, max_size=3).map(tuple) if isinstance(default, tuple) else numbers


def chosen(room: str, name: str) -> st.SearchStrategy[dict[str, Any]]:
    """One to three settings of a plug-in; those whose default is None get a number."""
    kind = plugins.load(room, name)
    known = {key: 2 if value is None else value for key, value in defaults(kind).items()}
    drawn = {key: values(value, field_types(kind)[key]) for key, value in known.items()}
    return st.dictionaries(st.sampled_from(list(drawn)), st.none(), min_size=1, max_size=3).flatmap(
        lambda keys: st.fixed_dictionaries({key: drawn[key] for key in keys})
    )


def accepted(room: str, name: str, given_settings: dict[str, Any], needed: dict[str, Any]) -> Any:
    """The plug-in as a study makes it, or None if it is refused with the name of one of its settings."""
    written = Node.of(given_settings, "a test")
    try:
        whole = complete(room, name, written)
        return make(room, name, written, needed, whole)
    except InputError as refusal:
        assert any(key in str(refusal) for key in defaults(plugins.load(room, name))), refusal
        assert "raises" not in str(refusal), refusal
        return None


@pytest.mark.parametrize("name", plugins.names("algorithms"))
@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data())
def test_an_algorithm_refuses_a_setting_by_name_or_runs_with_it(name: str, data: st.DataObject) -> None:
    kind: Any = plugins.load("algorithms", name)
    world = LQR if kind.family == "probe" else POLE
    policy = build("linear", {}, space(world), kind.explores, 0)
    algorithm = accepted("algorithms", name, data.draw(chosen("algorithms", name)), {"policy": policy})
    if algorithm is None:
        return
    engine = make_engine(world, policy)
    with np.errstate(all="ignore"):
        end = run(
            algorithm,
            engine,
            0,
            Schedule(60, 30, 1),
            exact_value=lambda candidate: None,
            start=begin(algorithm, 0),
            stopwatch=Stopwatch(),
            at_border=lambda snapshot: None,
        )
    assert end.status == "finished" or (end.status == "diverged" and end.reason)


@pytest.mark.parametrize("name", plugins.names("policies"))
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_structure_refuses_a_setting_by_name_or_acts_with_finite_numbers(name: str, data: st.DataObject) -> None:
    needed = {"inputs": 4, "outputs": 2, "seed": 0}
    structure = accepted("policies", name, data.draw(chosen("policies", name)), needed)
    if structure is None or structure.dim > 100_000:
        return
    theta = structure.init(stream(0, "init"))  # [dim]
    assert theta.shape == (structure.dim,)
    out, scratch = np.empty(2), np.empty(structure.scratch)
    acts = import_module(acting_module(structure)).evaluate
    acts(structure.weights(theta[None])[0], np.ones(4), out, scratch, structure.sizes)
    assert np.isfinite(out).all()
