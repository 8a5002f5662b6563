"""`harness check`: is a plug-in, an environment entry or a study lawful?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InputError

if TYPE_CHECKING:
    from harness.contract.verdict import Verdict


def add_commands(commands: Any) -> None:
    """Add `check`."""
    parser = commands.add_parser(
        "check",
        help="hold an algorithm, a policy, an environment or a study to the laws",
        description="Hold a plug-in to the laws that every one in this project obeys.",
    )
    parser.add_argument(
        "subject",
        help="algorithms/NAME.py, policies/NAME.py, environments/NAME.py, an environment of envs.yaml, or a study",
    )
    parser.set_defaults(act=check)


def check(options: argparse.Namespace) -> int:
    """Print a verdict for each law; 1 if any is broken."""
    broken = 0
    for title, verdicts in judged(options.subject):
        print(f"\n{title}")
        for verdict in verdicts:
            seen = f": {verdict.seen}" if verdict.seen else ""
            print(f"  {'holds ' if verdict.holds else 'BROKEN'}  {verdict.law}{seen}")
        broken += sum(not verdict.holds for verdict in verdicts)
    print(f"\n{'all laws hold' if not broken else f'{broken} laws are broken'}")
    return 1 if broken else 0


def judged(subject: str) -> list[tuple[str, list[Verdict]]]:
    """Title and verdicts of everything that the subject asks for.

    Raises:
        InputError: if there is no such thing.
    """
    from harness import plugins
    from harness.spec import load_environments
    from harness.study import studies

    path = Path(subject)
    room, name = path.parent.name, path.stem
    if room == "programs":
        room, name = "policies", f"programs.{path.stem}"
    if room == "algorithms":
        return check_algorithm(name)
    if room == "policies":
        from harness.contract.policies import check as check_policy

        return [(f"policy {name}", check_policy(name))]
    if room == "environments":
        entries = [key for key, entry in load_environments(plugins.ROOT).items() if entry.problem == name]
        if not entries:
            raise InputError(subject, "no entry of envs.yaml uses it yet: add one with `problem: " + name + "`")
        return [verdict for entry in entries for verdict in check_environment(entry)]
    if subject in load_environments(plugins.ROOT):
        return check_environment(subject)
    names = [*load_environments(plugins.ROOT), *studies(plugins.ROOT)]
    if name in studies(plugins.ROOT):
        from harness.contract.verdict import Verdict
        from harness.workflow import open_study

        unused = open_study(name).study.unused
        whole = Verdict("every word is known and everything fits together", True)
        used = Verdict("every entry of algorithms and policies stands in a grid", not unused, ", ".join(unused))
        return [(f"study {name}", [whole, used])]
    raise InputError(subject, "is no plug-in, environment or study", subject, names)


def check_algorithm(name: str) -> list[tuple[str, list[Verdict]]]:
    """Verdicts on every problem that the algorithm can be judged on."""
    from harness import plugins
    from harness.contract.algorithms import check as check_laws
    from harness.contract.probes import kinds, probe

    return [
        (f"algorithm {name}, {kind} actions", check_laws(probe(name, kind, plugins.ROOT / ".kernels")))
        for kind in kinds(name)
    ]


def check_environment(name: str) -> list[tuple[str, list[Verdict]]]:
    """Verdicts on an entry of envs.yaml."""
    from harness.contract.environments import check as check_entry

    return [(f"environment {name}", check_entry(name))]
