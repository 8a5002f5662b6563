"""How much of a claim hangs on one of its environments: the effect without the one that moves it furthest.

An average over environments may be made by one of them alone: the ratio of two spreads that are both next to nothing
can be any number. The verdict stays that of what was declared; this stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from harness.claims.declaration import Claim
from harness.claims.effect import Effect, sampled_effect
from harness.claims.measures import MEASURES
from harness.claims.samples import Sample, Tables, samples


def without_one(
    claim: Claim, tables: Tables, whole: Effect, address: Callable[..., np.random.Generator], resamples: int
) -> tuple[str, Effect] | None:
    """The environment without which the effect moves furthest, and the effect without it.

    None where sides have environments of their own, where there is one environment only, and for exponents.
    """
    places = claim.entry.environments
    own = any(side.environments for _, side in claim.entry.contrast.sides)
    if claim.metric.kind == "exponent" or len(places) < 2 or own:
        return None
    cells, measure = samples(claim, tables), MEASURES[claim.metric.kind]
    effects = {
        place: sampled_effect(
            address("claims", claim.name, place), measure, _rest(cells, place, len(places)), resamples
        )
        for place in places
    }
    furthest = max(places, key=lambda place: abs(effects[place].value - whole.value))
    return furthest, effects[furthest]


def _rest(cells: Sequence[Sample], place: str, places: int) -> list[Sample]:
    """The cells of all other environments, which share the weight of the one that is left out."""
    return [cell._replace(weight=cell.weight * places / (places - 1)) for cell in cells if cell.environment != place]
