"""`harness new`: a working plug-in to begin one's own from."""

from __future__ import annotations

import argparse
from pathlib import PurePosixPath
from typing import Any

from harness.errors import InputError
from harness.names import check_module

ROOMS = {"algorithm": "algorithms", "policy": "policies", "program": "policies/programs"}


def add_commands(commands: Any) -> None:
    """Add `new`."""
    parser = commands.add_parser(
        "new",
        help="begin an algorithm, a policy or a program of your own",
        description="Write a small lawful plug-in under a name of your own; change it, and hold it to the laws with "
        "`harness check FILE`. Nothing is registered: a file is found by its name.",
    )
    parser.add_argument("kind", choices=ROOMS, help="program: a policy for one environment")
    parser.add_argument("name", help="of the file and, in CamelCase, of the class: small letters, digits, underscores")
    parser.set_defaults(act=new)


def new(options: argparse.Namespace) -> int:
    """Write the file, and say what to do with it.

    Raises:
        InputError: if the name cannot be that of a module, or is taken.
    """
    from harness import plugins
    from harness.files import write_bytes

    path = named(options.kind, options.name)
    starter = plugins.ROOT / "harness" / "starters" / f"{options.kind}.py"
    text = starter.read_text(encoding="utf-8").replace("Starter", plugins.camel_case(options.name))
    write_bytes(plugins.ROOT / path, text.encode())
    words = (
        f"linear {options.name}"
        if options.kind == "algorithm"
        else f"{label(options.kind, options.name)} cross_entropy"
    )
    print(f"{path} is written, a lawful {options.kind}. Change it, and:\n")
    print(f"  harness check {path}")
    print(f"  harness run CartPole-v1 {words}")
    return 0


def named(kind: str, name: str) -> PurePosixPath:
    """The file that a plug-in of this name has, relative to the project."""
    from harness import plugins

    path = PurePosixPath(ROOMS[kind]) / f"{name}.py"
    check_module(f"harness new {kind}", name)
    if name in plugins.names(str(path.parent).replace("/", ".")):
        raise InputError(str(path), "exists already, and stays as it is")
    return path


def label(kind: str, name: str) -> str:
    """What a study calls it."""
    return f"programs.{name}" if kind == "program" else name
