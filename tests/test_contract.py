"""Every algorithm on disk obeys the laws, on discrete and on continuous actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import plugins
from harness.contract.algorithms import LAWS
from harness.contract.probes import kinds, probe

CASES = [(name, kind) for name in plugins.names("algorithms") for kind in kinds(name)]


@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law_holds(name: str, kind: str, law, tmp_path_factory: pytest.TempPathFactory) -> None:
    law(probe(name, kind, Path(plugins.ROOT, ".kernels")))
