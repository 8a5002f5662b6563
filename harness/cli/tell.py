"""Lines for the terminal: what a record of a stranger says is shown, never obeyed.

A label, a reason or the name of a file may hold line ends, codes that move the cursor or hide what was printed, marks
that turn the order of letters round, or halves of letters that cannot be printed at all.
"""

from __future__ import annotations

import re
import sys

HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def tell(*lines: str, errors: bool = False) -> None:
    """Print each as one line, on standard output or standard error; what cannot be seen is written out."""
    for line in lines:
        print(plain(line), file=sys.stderr if errors else sys.stdout, flush=True)


def plain(line: str) -> str:
    r"""A line with `\u001b` for an escape, and so on; in a spec, which is JSON, that means the same."""
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
