r"""Tables for a paper: the numbers of a CSV as a `booktabs` tabular, rounded as they would be printed.

The file holds the tabular alone: caption and label are the paper's. It needs `\usepackage{booktabs}`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence

SPECIAL = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"≥": r"$\geq$", "≤": r"$\leq$", "−": "$-$", "<": r"\textless{}", ">": r"\textgreater{}"},
}
DIGITS = 4  # significant ones
WORDS = ("environment", "policy", "algorithm", "family")
SCORES = {  # heading: columns, the second and third the ends of an interval
    "runs": ("n",),
    "score": ("iqm", "iqm_low", "iqm_high"),
    "normalised": ("normalised_iqm", "normalised_low", "normalised_high"),
    "area": ("area", "area_low", "area_high"),
    "worst quarter": ("cvar",),
}
PAPER: Mapping[str, Mapping[str, Sequence[str]]] = {
    "scores": {**{name: (name,) for name in WORDS}, "P": ("parameters",), **SCORES},
    "structures": {
        **{"environment": ("environment",), "family": ("family",)},
        **{"structure": ("structure_policy",), "generic": ("generic_policy",)},
        **{"structure $-$ generic": ("difference", "difference_low", "difference_high")},
        **{"$p$ (Holm)": ("p_holm",), "ahead": ("ahead",)},
    },
    "claims": {
        **{name: (name,) for name in ("claim", "contrast", "metric", "margin")},
        **{"effect": ("effect", "low", "high"), "$p$ (Holm)": ("p_holm",), "verdict": ("verdict",)},
    },
}


def booktabs(content: bytes, columns: Mapping[str, Sequence[str]]) -> bytes:
    """The columns of a CSV under these headings; headings are LaTeX, the words of the table are not."""
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    numeric = {heading: all(_is_number(row[names[0]]) for row in rows) for heading, names in columns.items()}
    sides = "".join("r" if numeric[heading] else "l" for heading in columns)
    lines = [
        f"\\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        f"{' & '.join(columns)} \\\\",
        r"\midrule",
        *(f"{' & '.join(_entry([row[name] for name in names]) for names in columns.values())} \\\\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return ("\n".join(lines) + "\n").encode()


def escaped(text: str) -> str:
    """A name as LaTeX prints it."""
    return "".join(SPECIAL.get(character, character) for character in text)


def _entry(words: Sequence[str]) -> str:
    """A name, a number, or a number with its interval."""
    value, *ends = (_number(word) if _is_number(word) else escaped(word) for word in words)
    return f"{value} [{', '.join(ends)}]" if ends and all(words) else value


def _is_number(text: str) -> bool:
    """Whether a cell is a number or, as undefined numbers are, empty."""
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True


def _number(text: str) -> str:
    """Four significant digits, a true minus, infinity as a sign; nothing where nothing is defined."""
    if not text:
        return ""
    value = float(text)
    if not math.isfinite(value):
        return {math.inf: r"$\infty$", -math.inf: r"$-\infty$"}.get(value, "")
    short = f"{value:.0f}" if abs(value) >= 10 ** (DIGITS - 1) else f"{value:.{DIGITS}g}"
    mantissa, _, exponent = short.partition("e")
    return f"${mantissa}\\cdot 10^{{{int(exponent)}}}$" if exponent else mantissa.replace("-", "$-$")
