"""Lines for the terminal: what a record of a stranger says is shown, never obeyed."""

from __future__ import annotations

import sys

from harness.plain import plain


def tell(*lines: str, errors: bool = False) -> None:
    """Print each as one line, on standard output or standard error; what cannot be seen is written out."""
    for line in lines:
        print(plain(line), file=sys.stderr if errors else sys.stdout, flush=True)
