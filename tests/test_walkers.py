"""MuJoCo's walkers by compiled code against Gymnasium's own loop: the same bits, whatever is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rollout_makers import KERNELS, gym, request, some_theta

from harness.interface import Outcome
from harness.rollouts.gymnasium_engine import GymnasiumEngine
from harness.rollouts.walker_engine import WalkerEngine, numbers_of, walker_engine

NAMES = ("Swimmer-v5", "Hopper-v5", "HalfCheetah-v5", "Walker2d-v5", "Ant-v5")


def both(name: str, structure: str = "linear", **terms: Any) -> tuple[GymnasiumEngine, WalkerEngine]:
    """Gymnasium's loop and the compiled one."""
    slow = gym(name, structure, **terms)
    fast = walker_engine(slow, KERNELS)
    assert isinstance(fast, WalkerEngine)
    return slow, fast


def require_equal(slow: Outcome, fast: Outcome) -> None:
    """The same bits in everything that came back."""
    assert np.array_equal(slow.lengths, fast.lengths)
    assert np.array_equal(slow.returns, fast.returns)
    assert np.array_equal(slow.moments, fast.moments)
    assert (slow.trajectory is None) == (fast.trajectory is None)
    if slow.trajectory is not None and fast.trajectory is not None:
        for name, one, other in zip(slow.trajectory._fields, slow.trajectory, fast.trajectory, strict=True):
            assert np.array_equal(one, other), name


@pytest.mark.parametrize("name", NAMES)
def test_population_has_the_bits_of_gymnasiums_loop(name: str) -> None:
    slow, fast = both(name, horizon=120, clip=False)
    thetas = np.stack([some_theta(slow.policy, number, scale) for number, scale in enumerate((0.01, 0.1, 1.0))])
    asked = request(slow, thetas, episodes=2, moments=True)
    require_equal(slow(asked), fast(asked))


@pytest.mark.parametrize("name", NAMES)
def test_trajectory_of_exploration_has_the_bits_of_gymnasiums_loop(name: str) -> None:
    slow, fast = both(name, "mlp", explores=True, horizon=50, widths=(8,))
    asked = request(slow, some_theta(slow.policy), steps=170, explore=1, record=True)
    require_equal(slow(asked), fast(asked))
    mirrored = replace(asked, explore=-1, explore_step=3)
    require_equal(slow(mirrored), fast(mirrored))


@pytest.mark.parametrize("name", ("Hopper-v5", "Walker2d-v5", "Ant-v5"))
def test_some_episodes_of_these_policies_end_by_a_fall_and_some_do_not(name: str) -> None:
    slow, _ = both(name, horizon=120, clip=False)
    thetas = np.stack([some_theta(slow.policy, number, scale) for number, scale in enumerate((0.01, 0.1, 1.0))])
    lengths = slow(request(slow, thetas, episodes=2)).lengths
    assert lengths.min() < 120


def test_options_of_an_instance_count() -> None:
    slow = gym("Ant-v5")
    slow.instances.options.update(
        forward_reward_weight=2.0, healthy_z_range=(0.3, 0.9), contact_cost_weight=0.1, contact_force_range=(-0.5, 2.0),
        exclude_current_positions_from_observation=True, terminate_when_unhealthy=False, frame_skip=3, main_body=2,
    )  # fmt: skip
    fast = walker_engine(slow, KERNELS)
    assert isinstance(fast, WalkerEngine)
    asked = request(slow, some_theta(slow.policy, 3, 0.5), steps=60, record=True)
    require_equal(slow(asked), fast(asked))
    assert numbers_of(slow.instances.get().unwrapped).frames == 3


@pytest.mark.parametrize("name", ("Reacher-v5", "InvertedPendulum-v5", "Humanoid-v5"))
def test_anything_else_is_stepped_by_gymnasium(name: str) -> None:
    slow = gym(name)
    assert walker_engine(slow, KERNELS) is slow
