"""Every numeric setting of every algorithm refuses a value that makes no sense, and says which setting it was."""

from __future__ import annotations

import math
from typing import Any

import pytest

from harness import plugins
from harness.errors import InputError
from harness.node import Node
from harness.parts import ranges
from harness.settings import defaults, make

ALGORITHMS = plugins.names("algorithms")
SETTINGS = [
    (name, setting, value)
    for name in ALGORITHMS
    for setting, value in defaults(plugins.load("algorithms", name)).items()
    if not isinstance(value, bool | str)
]
ANY_SIGN = {("ars", "shift")}  # a survival bonus taken off every reward may as well be given


def made(name: str, **settings: Any) -> Any:
    """The algorithm as a study makes it while its file is read: without a policy."""
    return plugins.load("algorithms", name)(policy=None, **settings)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_defaults_are_accepted(name: str) -> None:
    made(name)


@pytest.mark.parametrize(("name", "setting", "default"), SETTINGS)
def test_a_negative_number_and_one_that_is_none_are_refused(name: str, setting: str, default: Any) -> None:
    kind = type(default[0]) if isinstance(default, tuple) else type(default)
    nonsense = [kind(-1)] if (name, setting) not in ANY_SIGN else []
    nonsense += [math.nan] if kind is float else []
    assert nonsense
    for value in nonsense:
        with pytest.raises(ValueError, match=rf"^{setting} must be .*, not {value}$"):
            made(name, **{setting: (value,) if isinstance(default, tuple) else value})


ZERO_MEANS = {  # what 0 says where it is allowed; everywhere else it must be refused
    ("ars", "top"): "all",
    ("ars", "shift"): "nothing",
    ("cma_es", "population"): "the formula",
    ("cma_es", "diagonal_above"): "always",
    ("cross_entropy", "extra_noise"): "none",
    ("cross_entropy", "noise_decay"): "constant",
    ("finite_differences", "coordinates"): "all",
    ("natural_gradient", "damping"): "none",
    ("natural_gradient", "discount"): "the next reward only",
    ("natural_gradient", "decay"): "one step",
    ("off_policy", "discount"): "the next reward only",
    ("off_policy", "least_effective"): "no batch is skipped",
    ("openai_es", "weight_decay"): "none",
    ("ppo", "discount"): "the next reward only",
    ("ppo", "decay"): "one step",
    ("random_search", "std"): "starts of the policy",
    ("reinforce", "discount"): "the next reward only",
}


@pytest.mark.parametrize(("name", "setting", "default"), SETTINGS)
def test_zero_is_refused_unless_it_has_a_meaning(name: str, setting: str, default: Any) -> None:
    zero = (0,) if isinstance(default, tuple) else type(default)(0)
    if (name, setting) in ZERO_MEANS:
        assert getattr(made(name, **{setting: zero}), setting) == zero
    else:
        with pytest.raises(ValueError, match=rf"^{setting} must "):
            made(name, **{setting: zero})


@pytest.mark.parametrize("setting", ["discount", "decay", "elite", "least_effective"])
def test_a_share_above_one_is_refused(setting: str) -> None:
    concerned = [name for name, one, _ in SETTINGS if one == setting]
    assert concerned
    for name in concerned:
        with pytest.raises(ValueError, match=rf"^{setting} must be between 0 and 1, not 1.01$"):
            made(name, **{setting: 1.01})


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("ars", {"directions": 4, "top": 5}, "top must be at most 4, which is directions, not 5"),
        ("cma_es", {"sigma": 1e-300}, "sigma must be at least 1e-100, not 1e-300"),
        ("cma_es", {"population": 1}, "population must be at least 2, not 1"),
        ("cross_entropy", {"population": 9, "elite": 0.1}, "elite must keep at least 2 of 9"),
        ("evolution_strategy", {"children": 3, "parents": 4}, "parents must be at most 3, which is children, not 4"),
        ("exact_gradient", {"first_step": 2.0}, "first_step must be at most 1.0, which is longest_step, not 2.0"),
        ("hill_climbing", {"adaptation": 0.5}, "adaptation must be at least 1, not 0.5"),
        ("off_policy", {"episodes": 33}, "episodes must be at most 32, which is capacity, not 33"),
        ("off_policy", {"batch": 33}, "batch must be at most 32, which is capacity, not 33"),
        ("ppo", {"steps": 100}, "minibatch must be at most 100, which is steps, not 256"),
        ("ppo", {"minibatch": 1}, "minibatch must be at least 2, not 1"),
        ("ppo", {"hidden": (32, 0)}, "hidden must be at least 1, not 0"),
        ("reinforce", {"baseline": "average", "episodes": 1}, "episodes must be at least 2, not 1"),
        ("reinforce", {"baseline": "optimal"}, "reward_to_go must be false"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        made(name, **settings)


def test_the_refusal_stands_at_the_setting_in_the_file() -> None:
    given = Node.of({"directions": 16, "step_size": -1.0}, "studies/mine.yaml", "algorithms.mine.settings")
    settings = {**defaults(plugins.load("algorithms", "ars")), "directions": 16, "step_size": -1.0}
    with pytest.raises(InputError, match=r"mine\.settings\.step_size: .*step_size must be positive, not -1"):
        make("algorithms", "ars", given, {"policy": None}, settings)


def test_an_integer_bound_refuses_a_fraction_above_it() -> None:
    class Pair:
        low, high = 1.5, 1

    with pytest.raises(ValueError, match=r"^low must be at most 1, which is high, not 1\.5$"):
        ranges.ordered(Pair(), "low", "high")
