"""The laboratory: exact laws of estimators, truths against independent derivations, records."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import benches
import numpy as np
import pandas as pd
import pytest
import small_project
from benches import bench, linear_return, measured, part, relative_noise, vectors, world

from algorithms.ars import Ars
from harness.assembly import make_problem
from harness.errors import InputError
from harness.files import checksum, json_bytes
from harness.interface import Outcome, Turn
from harness.laboratory import job, laws, measure, plan
from harness.laboratory.bench import Bench, Route
from harness.laboratory.moments import cosine, pooled_cosine, shrinkage, signal, squared_bias, summary
from harness.laboratory.path import points
from harness.laboratory.truth import explored_gradient, truth
from harness.seal import require_seal, sealed
from harness.spec import load_environments
from harness.streams import address
from harness.study import load_study
from harness.verify.benches import verify_benches

WHOLE = {"reward_to_go": False, "discount": 1.0}


def holds(one: Bench, theta: np.ndarray, gradient: np.ndarray, law: float) -> None:
    """The measured noise is that of the law within four standard errors."""
    value, error = relative_noise(one, theta, gradient)
    assert abs(value - law) < 4.0 * error, (value, law, error)


@pytest.mark.parametrize(("d", "pairs"), [(1, 1), (3, 1), (3, 4), (10, 2)])
def test_noise_of_antithetic_pairs_is_d_plus_1_over_n(d, pairs):
    one = bench(linear_return(d, 5), "ars", directions=pairs, updates=400)
    holds(one, np.zeros(d), np.full(d, 5 / math.sqrt(d)), (d + 1) / pairs)


def test_noise_of_reinforce_without_baseline_is_h_d_s_squared_plus_d_plus_1():
    d, horizon, theta = 3, 4, np.full(3, 0.7)
    level = float(theta.sum() / math.sqrt(d))
    one = bench(linear_return(d, horizon), "reinforce", baseline="none", episodes=2, updates=500, **WHOLE)
    holds(one, theta, np.full(d, horizon / math.sqrt(d)), (horizon * d * level**2 + d + 1) / 2)


def test_noise_of_reinforce_at_an_expected_return_of_zero_is_d_plus_1():
    one = bench(linear_return(3, 4), "reinforce", baseline="none", episodes=1, updates=500, **WHOLE)
    holds(one, np.zeros(3), np.full(3, 4 / math.sqrt(3)), 4.0)


def test_noise_under_the_mean_return_of_the_others_is_d_plus_1_over_n_minus_1_wherever_theta_is():
    one = bench(linear_return(3, 4), "reinforce", baseline="average", episodes=5, updates=400, **WHOLE)
    holds(one, np.full(3, 2.0), np.full(3, 4 / math.sqrt(3)), 4.0 / 4.0)


def test_noise_of_causal_credit_is_d_plus_1_over_h():
    one = bench(linear_return(3, 6), "reinforce", baseline="none", episodes=1, discount=0.0, updates=500)
    holds(one, np.zeros(3), np.full(3, 6 / math.sqrt(3)), 4.0 / 6.0)


def test_noise_of_the_reward_to_go_keeps_what_later_rewards_add():
    one = bench(linear_return(3, 6), "reinforce", baseline="none", episodes=1, discount=1.0, updates=500)
    holds(one, np.zeros(3), np.full(3, 6 / math.sqrt(3)), 4.0 / 6.0 + 3 * 5 / 12)


def test_laws_in_numbers():
    assert laws.antithetic_pairs(3, 4) == 1.0
    assert laws.whole_return(2, 5, 1, 0.5) == 5 * 2 * 0.25 + 3
    assert laws.mean_of_others(3, 5) == 1.0
    assert laws.reward_to_go(3, 6, 1) == pytest.approx(4 / 6 + 15 / 12)
    assert laws.own_reward(3, 6, 2, 0.0) == pytest.approx(4 / 12)
    assert laws.effective_share(10, 0.1) == pytest.approx(math.exp(-0.1))


@pytest.mark.parametrize("baseline", ["average", "optimal"])
def test_a_baseline_leaves_the_expected_gradient_and_cuts_its_noise(baseline):
    theta = np.full(2, 1.5)
    terms = {"episodes": 6, "updates": 500, **WHOLE}
    with_it, exact = measured(bench(linear_return(2, 5), "reinforce", baseline=baseline, **terms), theta)
    without, _ = measured(bench(linear_return(2, 5), "reinforce", baseline="none", **terms), theta)
    for one in (with_it, without):
        assert np.linalg.norm(one.mean - exact) < 4.0 * math.sqrt(one.noise / one.updates)
    assert with_it.noise < without.noise / 5


def test_weights_of_old_data_keep_exp_minus_h_delta_squared_of_the_sample():
    horizon, shift, old = 10, 0.2, 400
    terms = {"episodes": old, "capacity": 2 * old, "batch": 2 * old, "batches": 1, "least_effective": 0.0}
    one = bench(
        linear_return(2, horizon), "off_policy", denominator="own", baseline="none", weights="plain",
        shift=shift, updates=40, discount=1.0, **terms,
    )  # fmt: skip
    where = measure.stand(one, measure.head(one), np.zeros(2))
    share = benches.updates(where, 0, 0, one.updates).effective.mean()
    second_moment = (1.0 + math.exp(horizon * shift**2)) / 2.0  # half of the sample is new: its weights are 1
    assert share == pytest.approx(1.0 / second_moment, rel=0.03)


def test_weights_of_the_same_policy_are_all_one():
    one = bench(linear_return(2, 5), "off_policy", denominator="own", batches=1, updates=2)
    where = measure.stand(one, measure.head(one), np.zeros(2))
    assert benches.updates(where, 0, 0, 2).effective == pytest.approx(np.ones(2))


@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_ars_with_one_direction_steps_exactly_two_alpha_epsilon_whatever_the_scale(scale):
    made = Ars(policy=measure.head(bench(linear_return(4, 3), "ars")), directions=1, step_size=0.02)
    turn = Turn(0, 0, address(5))
    state = made.init(np.random.default_rng(0))
    (request,) = made.ask(state, turn)
    returns = scale * request.thetas.sum(axis=1, keepdims=True)  # [2, 1]
    outcome = Outcome(request, returns, np.ones((2, 1), np.int64), np.zeros((0, 3, 1)))
    after, _ = made.tell(state, (outcome,), turn)
    direction = turn.rng("directions").standard_normal(4)
    step = 2.0 * 0.02 * direction * np.sign(direction.sum())
    np.testing.assert_allclose(after.theta - state.theta, step, rtol=1e-12)


LQR = world("lqr", 4, system="random", states=2, actions=2, noise=0.3, spread=0.5, radius=0.8)
GAIN = np.array([[-0.3, 0.1], [0.2, -0.4]])


def test_gradient_under_exploration_of_none_is_that_of_the_problem():
    problem = make_problem(LQR)
    np.testing.assert_allclose(explored_gradient(problem, GAIN, np.zeros(2), 4), problem.gradient(GAIN, 4), rtol=1e-12)


def test_reinforce_climbs_the_return_of_the_policy_that_explores_on_the_lqr():
    one = bench(LQR, "reinforce", baseline="average", episodes=20, updates=400, exploration=0.5, **WHOLE)
    found, exact = measured(one, GAIN.ravel())
    error = math.sqrt(found.noise / found.updates)
    assert np.linalg.norm(found.mean - exact) < 3.0 * error
    mode = make_problem(LQR).gradient(GAIN, 4).ravel()
    assert np.linalg.norm(exact - mode) > 0.1 * np.linalg.norm(mode)  # another objective than that of the mode


def test_antithetic_pairs_climb_the_smoothed_return_on_the_lqr():
    one = bench(LQR, "ars", noise=0.5, directions=40, updates=200)
    found, exact = measured(one, GAIN.ravel())
    error = math.sqrt(found.noise / found.updates)
    assert np.linalg.norm(found.mean - exact) < 4.0 * error
    plain = make_problem(LQR).gradient(GAIN, 4).ravel()
    assert np.linalg.norm(exact - plain) > 0.3 * np.linalg.norm(plain)


def test_nodes_and_draws_of_a_smoothed_return_agree():
    two = world("lqr", 3, system="double_integrator", noise=0.1, spread=0.3)
    policy = measure.head(bench(two, "ars"))
    theta = np.array([-0.2, -0.5])
    exact = truth(make_problem(two), policy, theta, 3, 0.2)
    rng = np.random.default_rng(1)
    draws = theta + 0.2 * rng.standard_normal((20_000, 2))
    slopes = np.array([make_problem(two).gradient(draw.reshape(1, 2), 3).ravel() for draw in draws])
    assert np.linalg.norm(slopes.mean(axis=0) - exact.gradient) < 4.0 * math.sqrt(slopes.var(axis=0).sum() / 20_000)
    assert exact.error == 0.0


CHAIN = world("chain", 6, states=3)


def test_reinforce_climbs_the_exact_gradient_of_the_chain():
    theta = np.array([0.3, -0.2, 0.5, 0.1, 0.4, -0.6])
    one = bench(CHAIN, "reinforce", baseline="average", episodes=20, updates=300, **WHOLE)
    found, exact = measured(one, theta)
    assert np.linalg.norm(found.mean - exact) < 3.0 * math.sqrt(found.noise / found.updates)


def test_explored_gradient_of_the_chain_is_the_slope_of_its_value():
    theta = np.array([0.3, -0.2, 0.5, 0.1, 0.4, -0.6])
    policy, problem = measure.head(bench(CHAIN, "reinforce")), make_problem(CHAIN)

    def value(where):
        shares = np.exp(where.reshape(2, 3))
        return problem.value((shares / shares.sum(axis=0)).T, 6)

    slopes = [(value(theta + 1e-5 * e) - value(theta - 1e-5 * e)) / 2e-5 for e in np.eye(6)]
    np.testing.assert_allclose(truth(problem, policy, theta, 6, 0.0).gradient, slopes, rtol=1e-7)


def test_antithetic_pairs_climb_the_sum_over_all_tables_of_the_chain():
    theta = np.array([0.3, -0.2, 0.5, 0.1, 0.4, -0.6])
    found, exact = measured(bench(CHAIN, "ars", noise=1.0, directions=60, updates=200), theta)
    assert np.linalg.norm(found.mean - exact) < 4.0 * math.sqrt(found.noise / found.updates)
    assert abs(exact).min() > 0.05


def test_no_truth_is_claimed_where_none_is_known():
    policy = measure.head(bench(CHAIN, "ars"))
    for smoothing in (None, 0.0):  # the return of the mode is flat, almost everywhere
        assert np.isnan(truth(make_problem(CHAIN), policy, np.zeros(6), 6, smoothing).gradient).all()
    assert np.isnan(truth(None, policy, np.zeros(6), 6, 0.5).gradient).all()


def test_bias_of_central_differences_is_that_of_a_polynomial():
    flat = world("lqr", 1, system="double_integrator", noise=0.0, spread=0.0)  # H = 1: a quadratic, so no bias
    found, exact = measured(bench(flat, "finite_differences", delta=0.5, updates=2), np.array([0.4, -0.2]))
    np.testing.assert_allclose(found.mean, exact, rtol=1e-10)
    assert found.noise < 1e-20
    steep = world("lqr", 3, system="double_integrator", noise=0.0, spread=0.0)  # degree 4: an error in δ² alone
    biases = []
    for delta in (0.5, 0.25):
        one, slope = measured(bench(steep, "finite_differences", delta=delta, updates=2), np.array([-0.4, -0.6]))
        biases.append(squared_bias(one.mean, one.noise, 2, slope))
    assert biases[0] > 1e-6
    assert biases[0] / biases[1] == pytest.approx(16.0, rel=1e-6)


def test_moments_of_two_updates_by_hand():
    one = summary(np.array([[3.0, 4.0], [1.0, 0.0]]))
    assert (one.updates, one.failed, one.noise) == (2, 0, 10.0)  # 2 + 8
    np.testing.assert_array_equal(one.mean, [2.0, 2.0])
    np.testing.assert_array_equal(one.direction, [0.8, 0.4])
    assert signal(one.mean, one.noise, 2) == 8.0 - 5.0
    assert cosine(one.direction, np.array([2.0, 0.0])) == 0.8
    assert squared_bias(one.mean, one.noise, 2, np.array([2.0, 0.0])) == (4.0 - 5.0) / 4.0
    assert pooled_cosine(one.mean, np.array([5.0, 0.0]), 3.0 + 10.0 / 4) == pytest.approx(2.0 / math.sqrt(5.5))
    assert shrinkage(np.array([2.0, 0.0]), 10.0, 5) == pytest.approx(math.sqrt(0.5))


def test_updates_that_are_not_finite_are_counted_and_zeros_have_no_direction():
    one = summary(np.array([[np.nan, 1.0], [0.0, 0.0], [0.0, 2.0]]))
    assert (one.updates, one.failed) == (2, 1)
    np.testing.assert_array_equal(one.direction, [0.0, 0.5])


def test_signal_is_unbiased_where_there_is_none():
    rng = np.random.default_rng(3)
    signals = []
    for _ in range(400):
        one = summary(rng.standard_normal((8, 3)))
        signals.append(signal(one.mean, one.noise, 8))
    assert abs(np.mean(signals)) < 4.0 * np.std(signals) / 20.0


def test_warm_up_teaches_the_value_baseline_and_puts_the_parameters_back():
    theta = np.full(2, 1.0)
    cold = vectors(bench(linear_return(2, 5), "reinforce", warmup=0, discount=1.0), theta)
    warm = vectors(bench(linear_return(2, 5), "reinforce", warmup=1, discount=1.0), theta)
    assert warm.var(axis=0).sum() < cold.var(axis=0).sum() / 3
    gradient = np.full(2, 5 / math.sqrt(2))
    for found in (cold, warm):
        error = math.sqrt(found.var(axis=0).sum() / len(found))
        assert np.linalg.norm(found.mean(axis=0) - gradient) < 4.0 * error


@pytest.mark.parametrize("algorithm", ["cross_entropy", "cma_es", "ppo", "natural_gradient", "hill_climbing"])
def test_a_method_without_an_estimate_is_measured_by_its_step(algorithm):
    one = bench(linear_return(2, 5), algorithm, updates=12)
    where = measure.stand(one, measure.head(one), np.zeros(2))
    assert where.kind == "step"
    found = benches.updates(where, 0, 0, one.updates)
    assert np.isfinite(found.vectors).all()
    assert found.vectors[:, :2].mean(axis=0).sum() > 0  # uphill
    assert (found.steps > 0).all()


def test_updates_are_addressed_by_seed_point_and_number():
    one = bench(linear_return(2, 5), "ars", updates=3)
    where = measure.stand(one, measure.head(one), np.zeros(2))
    first = benches.updates(where, 1, 0, 3).vectors
    np.testing.assert_array_equal(first, benches.updates(where, 1, 0, 3).vectors)
    np.testing.assert_array_equal(first[:2], benches.updates(where, 1, 0, 2).vectors)
    for other in (benches.updates(where, 2, 0, 3), benches.updates(where, 1, 1, 3)):
        assert not np.isin(first, other.vectors).any()


def test_points_of_a_run_are_its_turns_and_of_a_line_its_shares():
    one = bench(linear_return(4, 5), "ars", route=Route(part("algorithms", "exact_gradient"), 0, 100, (0.0, 0.5, 1.0)))
    found = points(one, measure.head(one))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [0.0, 0.9, 1.9], rtol=1e-12)  # 0.1 a turn but the first
    line = bench(LQR, "ars", route=Route(None, 0, 0, (0.0, 0.25, 1.0)))
    start, quarter, goal = points(line, measure.head(line))
    np.testing.assert_allclose(quarter, 0.75 * start + 0.25 * goal, rtol=1e-12)
    assert np.linalg.norm(make_problem(LQR).gradient(goal.reshape(2, 2), 4)) < 1e-8


def test_all_algorithms_stand_at_the_same_points():
    route = Route(part("algorithms", "reinforce"), 3, 2000, (0.0, 1.0))
    found = [points(one, measure.head(one)) for one in (bench(LQR, name, route=route) for name in ("ars", "reinforce"))]
    np.testing.assert_array_equal(*found)


def test_a_bench_survives_its_json_and_labels_are_no_part_of_its_digest():
    one = bench(linear_return(4, 5), "ars")
    assert Bench.from_json(one.to_json()) == one
    named = dataclasses.replace(one, algorithm=dataclasses.replace(one.algorithm, label="other"))
    assert named.digest == one.digest
    assert dataclasses.replace(one, shift=0.1).digest != one.digest


def test_records_are_sealed_and_equal_for_equal_seeds(tmp_path):
    one = bench(linear_return(2, 3), "ars", updates=4)
    first = job.measure_block(one, range(2, 4), tmp_path / "a")
    second = job.measure_block(one, range(3, 5), tmp_path / "b")
    manifests = [json.loads(path.read_text()) for path in (first, second)]
    for path, manifest in zip((first, second), manifests, strict=True):
        require_seal(manifest, path.read_bytes())
        assert all(checksum(path.parent / name) == stated for name, stated in manifest["files"].items())
    assert manifests[0]["seeds"][1] == manifests[1]["seeds"][0]
    assert manifests[0]["seeds"][0]["digest"] != manifests[0]["seeds"][1]["digest"]


def test_a_measurement_that_was_forged_and_sealed_anew_is_found_by_measuring_again(tmp_path):
    one, told = bench(linear_return(2, 3), "ars", updates=4), []
    path = job.measure_block(one, range(2, 4), tmp_path / "seeds-0002-0003")
    held = verify_benches([path], 1, 0, told.append)
    assert held.holds and "1 measured again, to the same bits" in held.lines[0]
    whole = json.loads(path.read_text())
    table = path.parent / "estimates.parquet"
    honest = table.read_bytes()
    frame = pd.read_parquet(table)
    frame.assign(noise=frame["noise"] / 2).to_parquet(table)
    forged = {**whole, "files": {**whole["files"], table.name: checksum(table)}}
    del forged["seal"]
    path.write_bytes(json_bytes(sealed(forged)))  # every digest of a seed is still the honest one
    found = verify_benches([path], None, 0, told.append)
    assert not found.holds
    assert "file estimates.parquet is DIFFERENT" in found.lines[1]
    table.write_bytes(honest)
    path.write_text(json.dumps(whole))
    content = json.loads(path.read_text())
    content["seeds"][1]["digest"] = "0" * 64
    del content["seal"]
    path.write_bytes(json_bytes(sealed(content)))
    forged = verify_benches([path], None, 0, told.append)
    assert not forged.holds
    assert "seed 3 is DIFFERENT: recorded 000000000000…" in forged.lines[1]
    assert [words.split()[0] for words in told] == ["EXACT", "DIFFERENT", "DIFFERENT"]


def test_a_measurement_that_is_damaged_or_lost_is_named_and_nothing_is_measured(tmp_path):
    path = job.measure_block(bench(linear_return(2, 3), "ars", updates=4), range(2, 4), tmp_path / "seeds-0002-0003")
    whole = (path.parent / "estimates.parquet").read_bytes()
    for spoil in (lambda file: file.write_bytes(whole[:-1]), Path.unlink):
        spoil(path.parent / "estimates.parquet")
        held = verify_benches([path], None, 0, lambda words: None)
        assert not held.holds
        assert "estimates.parquet" in held.lines[0]
    assert verify_benches([], None, 0, lambda words: None) == ((), True)


def test_a_block_that_is_measured_again_knows_the_claims_that_its_first_measurement_knew(tmp_path, monkeypatch):
    one, place = bench(linear_return(2, 3), "ars", updates=4), tmp_path / "digest" / "seeds-0002-0003"
    claims = {"old": "1", "reworded": "1"}
    monkeypatch.setattr(job, "declared", lambda path: claims)
    job.measure_block(one, range(2, 4), place)
    claims = {"old": "1", "reworded": "2", "new": "1"}
    (place / "manifest.json").unlink()  # as Snakemake does before it runs a job again
    again = json.loads(job.measure_block(one, range(2, 4), place).read_text())
    assert again["claims"] == {"old": "1"}
    fresh = job.measure_block(one, range(4, 6), tmp_path / "digest" / "seeds-0004-0005")
    assert json.loads(fresh.read_text())["claims"] == claims


POLES = small_project.ENVIRONMENTS.replace("  program: push\n", "")
LABORATORY = """\
laboratory:
  - environments: [Pole]
    policies: [linear]
    algorithms: [fast, ars]
    path: {algorithm: ars, budget: 1000, points: [0, 1]}
    horizons: [20, 50]
    updates: 4
"""


def test_a_section_of_a_study_becomes_benches_and_jobs(tmp_path):
    environments = load_environments(small_project.write(tmp_path, small_project.STUDY + LABORATORY, POLES))
    found = plan.plan(load_study(tmp_path, "mine"), environments)
    plan.check_benches(found)
    assert [(one.bench.algorithm.label, one.bench.environment.horizon) for one in found] == [
        ("fast", 20), ("ars", 20), ("fast", 50), ("ars", 50),
    ]  # fmt: skip
    assert [(job.first, job.last) for job in plan.jobs(found[:1], 2)] == [(0, 1), (2, 2)]
    assert len({one.bench.digest for one in found}) == 4


def test_a_line_that_is_not_known_is_refused_where_it_stands(tmp_path):
    line = LABORATORY.replace("algorithm: ars, budget: 1000, ", "")
    environments = load_environments(small_project.write(tmp_path, small_project.STUDY + line, POLES))
    with pytest.raises(InputError, match="no straight line is known for linear on Pole"):
        plan.check_benches(plan.plan(load_study(tmp_path, "mine"), environments))
