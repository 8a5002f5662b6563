"""CMA-ES with its state in plain arrays against the library's object used throughout."""

from __future__ import annotations

from typing import Any

import cma
import numpy as np
import pytest
from gradient_free import outcome, policy, turn

from algorithms.cma_es import CmaEs, State
from harness.interface import Floats


def ellipse(thetas: Floats) -> Floats:
    """Returns [D] of candidates [D, P], axes from 1 to 100, rotated so that no coordinate is an axis."""
    dim = thetas.shape[1]
    rotation = np.linalg.qr(np.random.default_rng(5).standard_normal((dim, dim)))[0]
    return -((((thetas - 1) @ rotation) ** 2) * 1e4 ** np.linspace(0, 1, dim)).sum(axis=1)


def plain(dim: int, sample: Any, **options: Any) -> Any:
    fixed = {"randn": sample, "seed": np.nan, "verbose": -9, "AdaptSigma": cma.sigma_adaptation.CMAAdaptSigmaCSA}
    return cma.CMAEvolutionStrategy(np.zeros(dim), 0.5, {**fixed, **options})


@pytest.mark.parametrize(("dim", "diagonal"), [(2, False), (8, False), (20, False), (8, True)])
def test_rebuilt_in_every_turn_equals_one_object_used_throughout(dim: int, diagonal: bool) -> None:
    """150 generations on a rotated ellipse of condition 10^4; the library decides itself when to decompose."""
    generators = iter([turn(number).rng("sample") for number in range(150)])
    library = plain(dim, lambda rows, columns: next(generators).standard_normal((rows, columns)), CMA_diagonal=diagonal)
    algorithm = CmaEs(policy(dim), sigma=0.5, diagonal_above=0 if diagonal else 128)
    state = algorithm.init(np.random.default_rng(0))
    for number in range(150):
        (request,) = algorithm.ask(state, turn(number))
        sample = np.array(library.ask())
        np.testing.assert_allclose(request.thetas, sample, rtol=0, atol=1e-10)
        library.tell(list(sample), -ellipse(sample))
        state, _ = algorithm.tell(state, (outcome(request, ellipse(request.thetas)),), turn(number))
        np.testing.assert_allclose(state.mean, library.mean, rtol=0, atol=1e-10)
        np.testing.assert_allclose(state.sigma, library.sigma, rtol=1e-8)
        spread = library.sigma_vec.scaling if diagonal else library.sm.C
        np.testing.assert_allclose(state.shape, spread * np.ones_like(state.shape), rtol=1e-6, atol=1e-8)


def test_tell_draws_again_the_sample_of_ask() -> None:
    algorithm = CmaEs(policy(6))
    state = algorithm.init(np.random.default_rng(0))
    for number in range(5):
        (request,) = algorithm.ask(state, turn(number))
        _, again = algorithm._rebuilt(state, turn(number))
        assert request.thetas.tobytes() == again.tobytes()
        state, _ = algorithm.tell(state, (outcome(request, ellipse(request.thetas)),), turn(number))
    assert state.generation == 5


@pytest.mark.parametrize("diagonal_above", [0, 128])
def test_two_runs_that_take_turns_do_not_touch_each_other(diagonal_above: int) -> None:
    """They copy the same object of the library."""
    algorithm = CmaEs(policy(5), diagonal_above=diagonal_above)

    def told(state: State, number: int, run: int) -> State:
        (request,) = algorithm.ask(state, turn(number, run))
        return algorithm.tell(state, (outcome(request, ellipse(request.thetas)),), turn(number, run))[0]

    alone = [algorithm.init(np.random.default_rng(run)) for run in range(2)]
    together = list(alone)
    for run in range(2):
        for number in range(6):
            alone[run] = told(alone[run], number, run)
    for number in range(6):
        together = [told(state, number, run) for run, state in enumerate(together)]
    bits = [[np.asarray(part).tobytes() for state in states for part in state] for states in (alone, together)]
    assert bits[0] == bits[1]


def test_numpys_global_generator_is_left_alone() -> None:
    before = np.random.get_state()[1].tobytes()  # type: ignore[index, union-attr] # noqa: NPY002
    algorithm = CmaEs(policy(3))
    state = algorithm.init(np.random.default_rng(0))
    (request,) = algorithm.ask(state, turn())
    algorithm.tell(state, (outcome(request, ellipse(request.thetas)),), turn())
    assert np.random.get_state()[1].tobytes() == before  # type: ignore[index, union-attr] # noqa: NPY002


@pytest.mark.parametrize(("dim", "population"), [(2, 6), (8, 10), (100, 17)])
def test_population_is_four_plus_three_ln_p(dim: int, population: int) -> None:
    algorithm = CmaEs(policy(dim))
    assert len(algorithm.ask(algorithm.init(np.random.default_rng(0)), turn())[0].thetas) == population


def test_many_parameters_need_no_matrix() -> None:
    algorithm = CmaEs(policy(5000))
    state = algorithm.init(np.random.default_rng(0))
    (request,) = algorithm.ask(state, turn())
    state, _ = algorithm.tell(state, (outcome(request, request.thetas.sum(axis=1)),), turn())
    assert state.shape.shape == (5000,)
    assert state.mean.sum() > 0
