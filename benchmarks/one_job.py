"""One job in a process of its own, as `python -m harness job` runs it, into a folder that is thrown away.

    python -m benchmarks.one_job ALGORITHM POLICY BUDGET [--stop]

With --stop it ends at its first environment step. Its imports are those of a job and nothing else.
"""

from __future__ import annotations

import dataclasses
import sys
from os import _exit  # as it is before a plug-in at work is kept from it
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.compiler import load_compiler
from harness.edits import remembered
from harness.memory import keep_memory
from harness.threads import pin_threads

pin_threads()
keep_memory()
remembered()
load_compiler()

from harness import plugins  # noqa: E402
from harness.cell import Cell, Evaluation, Part, World  # noqa: E402
from harness.job import run_block  # noqa: E402

POLE = World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 500, True, False)


def part(room: str, name: str) -> Part:
    """A plug-in with its defaults."""
    fields: Any = dataclasses.fields(plugins.load(room, name))
    defaults = {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}
    return Part(name, name, defaults)


def stop_at_first_step() -> None:
    """The first request that reaches the engine ends the process."""
    from harness.rollouts.compiled import CompiledEngine

    def end(*_: object) -> None:
        _exit(0)

    CompiledEngine.__call__ = end  # type: ignore[method-assign, assignment]


def main() -> None:
    algorithm, policy, budget, *rest = sys.argv[1:]
    if rest:
        stop_at_first_step()
    steps = int(budget)
    cell = Cell(
        POLE, part("policies", policy), part("algorithms", algorithm), steps, Evaluation(max(1, steps // 10), 20)
    )
    with TemporaryDirectory() as place:
        run_block(cell, range(1), Path(place) / "cell" / "seeds-0000-0000", lambda run: None)


if __name__ == "__main__":
    main()
