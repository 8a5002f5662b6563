"""On-policy algorithms: one turn against the paper's loss in torch, the lecture's pseudocode and numbers by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from stub_policies import (
    LinearGaussian,
    TabularSoftmax,
    candidate,
    episodes,
    outcome,
    pick,
    policy,
    probability,
    random_trajectory,
    told,
    trajectory,
    true_gradient,
    turn,
)

from algorithms.exact import Exact
from algorithms.exact_gradient import ExactGradient
from algorithms.natural_gradient import NaturalGradient
from algorithms.ppo import Ppo, surrogate_weights
from algorithms.reinforce import Reinforce
from environments.lqr import Lqr
from harness.interface import Floats, Outcome, Trajectory
from harness.parts import adam, baselines, critic, returns
from harness.parts.inverses import conjugate_gradients, inverse_hessian_product

STUBS = [TabularSoftmax(3, 2), LinearGaussian(2, 2)]


def torch_log_probs(stub: Any, theta: torch.Tensor, taken: Trajectory, rows: Any = slice(None)) -> torch.Tensor:
    """The stub's log probabilities by torch.distributions."""
    observations = torch.as_tensor(taken.observations[rows])
    if isinstance(stub, TabularSoftmax):
        logits = observations @ theta.reshape(stub.states, stub.actions)
        return torch.distributions.Categorical(logits=logits).log_prob(torch.as_tensor(pick(taken.actions[rows])))
    split = stub.inputs * stub.outputs
    mean = observations @ theta[:split].reshape(stub.outputs, stub.inputs).T
    normal = torch.distributions.Normal(mean, theta[split:].exp())
    return normal.log_prob(torch.as_tensor(taken.actions[rows])).sum(dim=1)


def batch(stub: Any, seed: int = 3) -> tuple[Floats, Trajectory]:
    rng = np.random.default_rng(seed)
    theta = 0.5 * stub.init(rng)
    return theta, random_trajectory(stub, theta, [4, 1, 6], rng)


# REINFORCE


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: type(stub).__name__)
def test_reinforce_is_autograd_on_the_sum_of_log_probabilities_times_returns(stub: Any) -> None:
    theta, taken = batch(stub)
    algorithm = Reinforce(
        policy(stub), 3, step_size=0.1, discount=0.9, baseline="none", reward_to_go=False, optimiser="plain"
    )
    state = algorithm.init(np.random.default_rng(0))._replace(theta=theta)
    leaf = torch.tensor(theta, requires_grad=True)
    log_probs, objective, start = torch_log_probs(stub, leaf, taken), torch.zeros(()), 0
    for length in taken.lengths:  # the lecture: for each trajectory, R(τ) times the sum of log π
        rows = slice(start, start + length)
        value = sum(0.9**i * r for i, r in enumerate(taken.rewards[rows]))
        objective = objective + value * log_probs[rows].sum() / len(taken.lengths)
        start += length
    objective.backward()
    assert leaf.grad is not None
    np.testing.assert_allclose(told(algorithm, state, taken).theta, theta + 0.1 * leaf.grad.numpy(), rtol=1e-12)


def test_reinforce_of_two_steps_by_hand() -> None:
    """Mean 0, std 1, actions 2 and -1, rewards 3 and 5: the score of the mean is a, that of log std is a² - 1."""
    stub = LinearGaussian(1, 1)
    taken = random_trajectory(stub, np.zeros(2), [2], np.random.default_rng(0))._replace(
        observations=np.ones((2, 1)), actions=np.array([[2.0], [-1.0]]), rewards=np.array([3.0, 5.0])
    )
    for reward_to_go, expected in ((False, [8 * (2 - 1), 8 * (3 + 0)]), (True, [8 * 2 - 5 * 1, 8 * 3 + 5 * 0])):
        algorithm = Reinforce(policy(stub), 1, 1.0, 1.0, "none", reward_to_go, "plain")
        state = algorithm.init(np.random.default_rng(0))._replace(theta=np.zeros(2))
        assert told(algorithm, state, taken).theta.tolist() == expected


def test_value_baseline_judges_the_next_batch_only() -> None:
    stub = TabularSoftmax(3, 2)
    theta, taken = batch(stub)
    with_value = Reinforce(policy(stub), 3, baseline="value")
    without = Reinforce(policy(stub), 3, baseline="none")
    state = with_value.init(np.random.default_rng(0))._replace(theta=theta)
    first = told(with_value, state, taken)
    np.testing.assert_array_equal(first.theta, told(without, state, taken).theta)
    features = baselines.value_features(taken.observations, returns.times(taken.lengths))
    to_go = returns.rewards_to_go(taken.rewards, taken.lengths, 0.99)
    np.testing.assert_array_equal(first.value, baselines.fit_values(features, to_go))
    assert not np.array_equal(told(with_value, first, taken).theta, told(without, first, taken).theta)


def test_value_baseline_of_the_whole_return_is_that_of_the_first_step() -> None:
    """Σ_τ V(s_0, 0) Σ_t ∇log π is what it takes off."""
    stub = LinearGaussian(2, 2)
    theta, taken = batch(stub)
    settings: dict[str, Any] = {"step_size": 1.0, "reward_to_go": False, "optimiser": "plain"}
    weights = np.random.default_rng(4).normal(size=baselines.feature_count(2))
    steps = []
    for baseline in ("none", "value"):
        algorithm = Reinforce(policy(stub), 3, baseline=baseline, **settings)
        state = algorithm.init(np.random.default_rng(0))._replace(theta=theta, value=weights)
        steps.append(told(algorithm, state, taken).theta - theta)
    first = [0, 4, 5]  # of episodes of 4, 1 and 6 steps
    values = baselines.value_features(taken.observations[first], np.zeros(3, np.int64)) @ weights
    scores = stub.episode_scores(candidate(stub, theta), taken.observations, taken.actions, taken.lengths)
    np.testing.assert_allclose(steps[0] - steps[1], values @ scores / 3, rtol=1e-10)


# PPO


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: type(stub).__name__)
def test_surrogate_weights_give_the_gradient_of_the_clipped_loss(stub: Any) -> None:
    """Against autograd on the loss as Stable-Baselines3 writes it, with a third of the ratios outside the clip."""
    theta, taken = batch(stub)
    old = taken.log_probs + np.random.default_rng(1).normal(scale=0.3, size=taken.log_probs.size)
    judged = np.random.default_rng(2).normal(size=old.size)
    leaf = torch.tensor(theta, requires_grad=True)
    ratio, advantages = torch.exp(torch_log_probs(stub, leaf, taken) - torch.as_tensor(old)), torch.as_tensor(judged)
    loss = -torch.min(advantages * ratio, advantages * torch.clamp(ratio, 1 - 0.2, 1 + 0.2)).mean()
    loss.backward()
    weights, share = surrogate_weights(np.exp(taken.log_probs - old), judged, 0.2)
    gradient = stub.score(candidate(stub, theta), taken.observations, taken.actions, weights) / weights.size
    assert leaf.grad is not None
    assert 0.0 < share < 1.0
    np.testing.assert_allclose(gradient, -leaf.grad.numpy(), rtol=1e-11, atol=1e-14)


def test_surrogate_weights_by_hand() -> None:
    ratios, judged = np.array([1.5, 1.5, 0.5, 0.5, 1.1]), np.array([2.0, -2.0, 2.0, -2.0, 3.0])
    weights, share = surrogate_weights(ratios, judged, 0.2)
    np.testing.assert_allclose(weights, [0.0, -3.0, 1.0, 0.0, 3.3])
    assert share == 0.4


def test_first_minibatch_of_ppo_is_the_plain_policy_gradient() -> None:
    stub = TabularSoftmax(3, 2)
    theta, taken = batch(stub)
    algorithm = Ppo(policy(stub), steps=11, epochs=1, minibatch=11, gradient_limit=np.inf, hidden=(4,))
    state = algorithm.init(np.random.default_rng(0))._replace(theta=theta)
    values = critic.values(state.critic, (4,), taken.observations)
    final = critic.values(state.critic, (4,), taken.final_observations)
    judged = returns.advantages(taken, values, final, 0.99, 0.95)
    weights = returns.normalised(judged) / judged.size
    plain = stub.score(candidate(stub, theta), taken.observations, taken.actions, weights)
    first_moment = told(algorithm, state, taken).adam.mean  # of Adam: (1 - β1) times the gradient
    np.testing.assert_allclose(first_moment / 0.1, plain, rtol=1e-10, atol=1e-14)


def torch_ppo(stub: Any, algorithm: Ppo, theta: Floats, network: Floats, taken: Trajectory, target: Any) -> Any:
    """All epochs of one turn with torch.autograd, torch.optim.Adam and clip_grad_norm_."""
    judged, goals = target
    actor, value = (torch.tensor(start, requires_grad=True) for start in (theta, network))
    optimisers = [torch.optim.Adam([leaf], lr=algorithm.step_size) for leaf in (actor, value)]
    rng = turn().rng("shuffle")
    for _ in range(algorithm.epochs):
        order = rng.permutation(goals.size)
        for start in range(0, order.size, algorithm.minibatch):
            rows = order[start : start + algorithm.minibatch]
            a = torch.as_tensor((judged[rows] - judged[rows].mean()) / (judged[rows].std() + 1e-8))
            ratio = torch.exp(torch_log_probs(stub, actor, taken, rows) - torch.as_tensor(taken.log_probs[rows]))
            policy_loss = -torch.min(a * ratio, a * torch.clamp(ratio, 1 - algorithm.clip, 1 + algorithm.clip)).mean()
            x = torch.as_tensor(taken.observations[rows])
            inputs, width = x.shape[1], algorithm.hidden[0]
            middle = inputs * width
            hidden = torch.tanh(x @ value[:middle].reshape(inputs, width) + value[middle : middle + width])
            predicted = hidden @ value[middle + width : -1] + value[-1]
            value_loss = 0.5 * torch.nn.functional.mse_loss(predicted, torch.as_tensor(goals[rows]))
            for leaf, loss, optimiser in zip((actor, value), (policy_loss, value_loss), optimisers, strict=True):
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_([leaf], algorithm.gradient_limit)
                optimiser.step()
    return actor.detach().numpy(), value.detach().numpy()


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: type(stub).__name__)
def test_a_whole_turn_of_ppo_equals_torch_with_its_own_adam(stub: Any) -> None:
    theta, taken = batch(stub)
    algorithm = Ppo(
        policy(stub), epochs=3, minibatch=4, step_size=0.05, critic_step_size=0.05, gradient_limit=0.3, hidden=(5,)
    )
    state = algorithm.init(np.random.default_rng(0))._replace(theta=theta)
    values = critic.values(state.critic, (5,), taken.observations)
    final = critic.values(state.critic, (5,), taken.final_observations)
    judged = returns.advantages(taken, values, final, 0.99, 0.95)
    after = told(algorithm, state, taken)
    actor, value = torch_ppo(stub, algorithm, theta, state.critic, taken, (judged, judged + values))
    np.testing.assert_allclose(after.theta, actor, rtol=1e-9)
    np.testing.assert_allclose(after.critic, value, rtol=1e-9)


# Natural gradient


def test_natural_step_of_a_gaussian_by_hand() -> None:
    """F = diag(1/σ², 2), so F⁻¹ g = (σ² g_μ, g_σ / 2), and the length makes ½ sᵀ F s = δ."""
    stub, std = LinearGaussian(1, 1), 0.5
    theta = np.array([0.3, np.log(std)])
    taken = random_trajectory(stub, theta, [5, 3], np.random.default_rng(6))
    taken = taken._replace(observations=np.ones((8, 1)), final_observations=np.ones((2, 1)))
    algorithm = NaturalGradient(policy(stub), divergence=0.02, damping=0.0, discount=0.9, decay=1.0)
    state = algorithm.init(np.random.default_rng(0))._replace(theta=theta)
    to_go = returns.rewards_to_go(taken.rewards, taken.lengths, 0.9)  # V = 0 in the first turn
    weights = (to_go - to_go.mean()) / to_go.std() / 8
    z = (taken.actions[:, 0] - 0.3) / std
    slope_mean, slope_std = float(weights @ z) / std, float(weights @ (z**2 - 1))
    natural = np.array([std**2 * slope_mean, slope_std / 2])
    length = np.sqrt(2 * 0.02 / (natural @ [slope_mean, slope_std]))
    step = told(algorithm, state, taken).theta - theta
    np.testing.assert_allclose(step, length * natural, rtol=1e-6)
    assert 0.5 * (step[0] ** 2 / std**2 + 2 * step[1] ** 2) == pytest.approx(0.02, rel=1e-6)


def generalised(taken: Trajectory, values: Floats, finals: Floats, discount: float, decay: float) -> Floats:
    """Advantages by their definition: Σ_k (γλ)^k δ_{t+k} within each episode, one loop a sum."""
    found, start = [], 0
    for length, final, over in zip(taken.lengths, finals, taken.terminated, strict=True):
        v = [*values[start : start + length], 0.0 if over else final]
        errors = [taken.rewards[start + t] + discount * v[t + 1] - v[t] for t in range(length)]
        found += [sum((discount * decay) ** (i - t) * errors[i] for i in range(t, length)) for t in range(length)]
        start += length
    return np.array(found)


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: type(stub).__name__)
def test_natural_step_is_a_dense_solve_with_the_damped_fisher_matrix(stub: Any) -> None:
    """And the next value function is fitted to the rewards to go (λ = 1), V standing for what the horizon cut off."""
    theta, taken = batch(stub)
    algorithm = NaturalGradient(policy(stub), damping=0.3, divergence=0.02, iterations=40, discount=0.9, decay=0.6)
    weights = np.random.default_rng(4).normal(size=baselines.feature_count(stub.space.observations))
    features = baselines.value_features(taken.observations, returns.times(taken.lengths))
    finals = baselines.value_features(taken.final_observations, np.array([4, 1, 6])) @ weights
    raw, whole = (generalised(taken, features @ weights, finals, 0.9, decay) for decay in (0.6, 1.0))
    here = candidate(stub, theta)
    judged = (raw - raw.mean()) / (raw.std() + 1e-8) / raw.size
    gradient = stub.score(here, taken.observations, taken.actions, judged)
    fisher = np.stack([stub.fisher(here, taken.observations)(axis) for axis in np.eye(stub.dim)])
    direction = np.linalg.solve(fisher + 0.3 * np.eye(stub.dim), gradient)
    after = told(algorithm, algorithm.init(np.random.default_rng(0))._replace(theta=theta, value=weights), taken)
    expected = theta + np.sqrt(2 * 0.02 / (gradient @ direction)) * direction
    np.testing.assert_allclose(after.theta, expected, rtol=1e-7)
    np.testing.assert_allclose(after.value, baselines.fit_values(features, whole + features @ weights), rtol=1e-7)


def test_natural_step_does_not_depend_on_the_scale_of_the_parameters() -> None:
    """Observations ten times as large with a gain a tenth as large: the same policy, and it makes the same step."""
    stub = LinearGaussian(1, 1)
    taken = random_trajectory(stub, np.zeros(2), [6, 4], np.random.default_rng(6))
    steps = []
    for scale in (1.0, 10.0):
        theta = np.array([0.4 / scale, -0.2])
        algorithm = NaturalGradient(policy(stub), damping=0.0)
        state = algorithm.init(np.random.default_rng(0))._replace(theta=theta)
        scaled = taken._replace(observations=scale * taken.observations)
        steps.append((told(algorithm, state, scaled).theta - theta) * [scale, 1.0])
    np.testing.assert_allclose(steps[0], steps[1], rtol=1e-6)


def test_conjugate_gradients_solve_a_system_of_five_in_five_iterations() -> None:
    rng = np.random.default_rng(9)
    root, target = rng.normal(size=(5, 5)), rng.normal(size=5)
    matrix = root @ root.T + np.eye(5)
    found = conjugate_gradients(lambda vector: matrix @ vector, target, 5)
    np.testing.assert_allclose(found, np.linalg.solve(matrix, target), rtol=1e-8)
    assert conjugate_gradients(lambda vector: matrix @ vector, np.zeros(5), 5).tolist() == [0.0] * 5


def test_equal_advantages_move_nothing() -> None:
    stub = TabularSoftmax(3, 2)
    theta, taken = batch(stub)
    algorithm = NaturalGradient(policy(stub), discount=0.0, decay=0.0)
    state = algorithm.init(np.random.default_rng(0))._replace(theta=theta)
    assert told(algorithm, state, taken._replace(rewards=np.ones(11))).theta.tolist() == theta.tolist()


# Exact gradient


def climb(value_gradient: Any, theta: Floats, turns: int, **settings: Any) -> Any:
    """The state after so many turns on a function whose gradient is given."""
    algorithm = ExactGradient(policy(TabularSoftmax(theta.size, 1)), **settings)
    state = algorithm.init(np.random.default_rng(0))._replace(theta=theta, trial=theta)
    for number in range(turns):
        (request,) = algorithm.ask(state, turn(number))
        answer = Outcome(request, np.zeros((1, 1)), np.ones((1, 1), np.int64), np.zeros((0, 3, 1)))
        state, _ = algorithm.tell(state, (answer._replace(gradient=value_gradient(request.thetas[0])),), turn(number))
    return state


def test_a_step_too_far_is_cut_to_the_zero_of_the_slope_by_hand() -> None:
    """J = -5 θ² from -0.1: g = 1, a first step of 0.5 lands at 0.4 where g = -4; zero is a fifth of the way."""
    start = np.array([-0.1])
    state = climb(lambda theta: -10.0 * theta, start, 1, first_step=0.5)
    assert (state.theta[0], state.trial[0]) == (-0.1, 0.4)
    state = climb(lambda theta: -10.0 * theta, start, 2, first_step=0.5)
    assert (state.theta[0], state.trial[0]) == (-0.1, pytest.approx(0.0, abs=1e-16))


def test_a_step_that_overshoots_by_less_than_half_is_accepted() -> None:
    """The same from -0.1 with a first step of 0.12: g = 1 before and -0.2 after."""
    state = climb(lambda theta: -10.0 * theta, np.array([-0.1]), 2, first_step=0.12)
    assert state.theta[0] == pytest.approx(0.02)


def test_a_step_to_where_nothing_is_finite_is_cut_to_a_tenth() -> None:
    state = climb(lambda theta: np.where(theta < 0.0, 1.0, np.inf), np.array([-0.1]), 2, first_step=0.5)
    assert (state.theta[0], state.trial[0]) == (-0.1, pytest.approx(-0.05))


def test_inverse_hessian_product_of_one_pair_by_hand() -> None:
    """The pair says curvature 2 along the first axis; the first scale s·y / y·y = ½ assumes it along the other."""
    steps, changes = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 0.0]])
    assert inverse_hessian_product(np.array([4.0, 6.0]), steps, changes).tolist() == [2.0, 3.0]


def test_inverse_hessian_product_is_newton_after_as_many_pairs_as_dimensions() -> None:
    rng = np.random.default_rng(3)
    root = rng.normal(size=(4, 4))
    hessian = root @ root.T + np.eye(4)
    steps = np.linalg.eigh(hessian)[1].T  # conjugate, as exact line searches would make them
    found = inverse_hessian_product(np.ones(4), steps, steps @ hessian)
    np.testing.assert_allclose(found, np.linalg.solve(hessian, np.ones(4)), rtol=1e-10)


@pytest.mark.parametrize(
    ("problem", "horizon"),
    [(Lqr(), 10), (Lqr("datacenter", 3, 3, noise=1.0, spread=1.0), 50), (Lqr("random", 5, 3, spread=1.0), 20)],
    ids=["double integrator", "datacenter", "random"],
)
def test_exact_gradient_closes_the_gap_of_lqr_below_one_in_a_million(problem: Lqr, horizon: int) -> None:
    shape = problem.matrices.control.T.shape

    def slope(theta: Floats) -> Floats:
        return problem.gradient(theta.reshape(shape), horizon).ravel()

    best = problem.value(problem.stationary_gain(horizon), horizon)
    state = climb(slope, np.zeros(shape[0] * shape[1]), 200)
    assert best - problem.value(state.theta.reshape(shape), horizon) < 1e-6 * abs(best)


def test_exact_gradient_needs_a_gradient() -> None:
    with pytest.raises(ValueError, match="gradient"):
        climb(lambda theta: None, np.zeros(2), 1)


# ExAct


def exact_estimate(algorithm: Exact, theta: Floats, horizon: int, takens: list[Trajectory]) -> Floats:
    """The gradient of one turn, read off Adam's first moment."""
    state = algorithm.init(np.random.default_rng(0))._replace(theta=theta, horizon=horizon)
    requests = algorithm.ask(state, turn())
    answers = tuple(outcome(request, taken) for request, taken in zip(requests, takens, strict=True))
    return algorithm.tell(state, answers, turn())[0].adam.mean / 0.1


def test_exact_pair_of_one_step_by_hand() -> None:
    """Mean 0, σ = 2, noise ±1 at the only step, returns 5 and 1: H (5 - 1)/2 · ε/σ with ε = ½, and log σ stays."""
    stub = LinearGaussian(1, 1)
    theta = np.array([0.0, np.log(2.0)])
    template = random_trajectory(stub, theta, [1], np.random.default_rng(0))._replace(observations=np.ones((1, 1)))
    pair = [
        template._replace(actions=np.array([[action]]), rewards=np.array([reward]))
        for action, reward in ((1.0, 5.0), (-1.0, 1.0))
    ]
    found = exact_estimate(Exact(policy(stub), directions=1), theta, 1, pair)
    np.testing.assert_allclose(found, [(5 - 1) / 2 * 0.5 / 2.0, 0.0], rtol=1e-12)


def test_exact_multiplies_what_follows_the_disturbed_step_by_the_horizon() -> None:
    stub = LinearGaussian(2, 1)
    theta = np.array([0.3, -0.1, 0.2])
    taken = random_trajectory(stub, theta, [9], np.random.default_rng(1))  # longer than H says: t is never the last
    t = int(turn().rng("steps").integers(6, size=1)[0])
    score = stub.step_scores(candidate(stub, theta), taken.observations, taken.actions)[t]
    found = exact_estimate(Exact(policy(stub), directions=1, antithetic=False), theta, 6, [taken])
    np.testing.assert_allclose(found, 6 * taken.rewards[t:].sum() * score * [1, 1, 0], rtol=1e-12)


def test_exact_asks_for_mirrored_pairs_at_the_same_step_from_the_same_seed() -> None:
    algorithm = Exact(policy(TabularSoftmax()), directions=20)
    state = algorithm.init(np.random.default_rng(0))._replace(horizon=6)
    requests = algorithm.ask(state, turn())
    assert [request.explore for request in requests] == [1, -1] * 20
    for plus, minus in zip(requests[::2], requests[1::2], strict=True):
        assert (plus.seeds[0], plus.explore_step) == (minus.seeds[0], minus.explore_step)
    assert {request.explore_step for request in requests} == set(range(6))
    everywhere = Exact(policy(TabularSoftmax()), every_step=True)
    assert {request.explore_step for request in everywhere.ask(state, turn())} == {-1}


def test_exact_counts_an_episode_that_ended_before_its_step_as_zero() -> None:
    stub, theta = LinearGaussian(2, 1), np.array([0.1, 0.2, 0.0])
    algorithm = Exact(policy(stub), directions=1, antithetic=False)
    taken = random_trajectory(stub, theta, [2], np.random.default_rng(0))
    state = algorithm.init(np.random.default_rng(0))._replace(theta=theta, horizon=100)
    (request,) = algorithm.ask(state, turn())
    assert request.explore_step >= 2
    after, _ = algorithm.tell(state, (outcome(request, taken),), turn())
    assert (after.theta.tolist(), after.horizon) == (theta.tolist(), 2)


def test_exact_on_every_step_has_the_true_gradient_in_expectation() -> None:
    stub, theta = TabularSoftmax(), np.array([0.3, -0.2, 0.5, 0.1])
    algorithm = Exact(policy(stub), directions=1, antithetic=False, every_step=True)
    total = sum(
        probability(episode, theta) * exact_estimate(algorithm, theta, 1, [trajectory(stub, theta, [episode])])
        for episode in episodes()
    )
    np.testing.assert_allclose(total, true_gradient(theta, 1.0), atol=1e-12)


def test_plain_and_adam_take_their_own_steps() -> None:
    stub = TabularSoftmax(3, 2)
    theta, taken = batch(stub)
    plain, moved = (
        told(a, a.init(np.random.default_rng(0))._replace(theta=theta), taken)
        for a in (Reinforce(policy(stub), 3, 0.1, optimiser="plain"), Reinforce(policy(stub), 3, 0.1, optimiser="adam"))
    )
    gradient = (plain.theta - theta) / 0.1
    np.testing.assert_allclose(moved.theta, adam.ascend(adam.init(6), theta, gradient, 0.1)[1], rtol=1e-9)
