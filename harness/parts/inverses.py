"""Two ways to multiply by the inverse of a matrix that is never formed.

Sources: M. R. Hestenes and E. Stiefel, "Methods of conjugate gradients for solving linear systems" (1952); J. Nocedal,
"Updating quasi-Newton matrices with limited storage" (1980), as Algorithm 7.4 (two loops) and eq. 7.20 (first scale)
of J. Nocedal and S. Wright, "Numerical Optimization" (2006).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.interface import Floats


def conjugate_gradients(product: Callable[[Floats], Floats], target: Floats, iterations: int) -> Floats:
    """The x [P] with product(x) = target [P], for a symmetric positive definite product; exact after P iterations."""
    solution, residual, direction = np.zeros_like(target), target, target  # [P], [P], [P]
    square = float(residual @ residual)
    floor = 1e-20 * square  # the residual is ten digits smaller than the target
    for _ in range(iterations):
        if square <= floor:
            break
        image = product(direction)  # [P]
        step = square / float(direction @ image)
        solution, residual = solution + step * direction, residual - step * image
        square, previous = float(residual @ residual), square
        direction = residual + square / previous * direction
    return solution


def inverse_hessian_product(gradient: Floats, steps: Floats, changes: Floats) -> Floats:
    """H g [P] from pairs of a step s and a change y of the gradient [M, P], newest last; only s·y > 0 counts."""
    pairs = [(s, y, 1.0 / (s @ y)) for s, y in zip(steps, changes, strict=True) if s @ y > 0.0]  # ρ = 1 / s·y
    product, shares = gradient, []
    for s, y, rho in reversed(pairs):
        shares.append(rho * (s @ product))
        product = product - shares[-1] * y
    s, y, _ = pairs[-1]
    product = product * (s @ y) / (y @ y)
    for (s, y, rho), share in zip(pairs, reversed(shares), strict=True):
        product = product + s * (share - rho * (y @ product))
    return np.asarray(product)
