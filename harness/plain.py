"""Text of a stranger, to be shown and never obeyed: in a terminal, in a log, in a report.

A label, a reason, the name of a file or the answer of a server may hold line ends, codes that move the cursor or hide
what was printed, marks that turn the order of letters round, or halves of letters that cannot be printed at all.
"""

import re

HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def plain(line: str) -> str:
    r"""A line with `\u001b` for an escape, and so on; in a spec, which is JSON, that means the same."""
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
