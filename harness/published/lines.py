"""A comparison as text: one block for each own cell, one line for each opponent, and what the numbers do not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from harness.statistics.equivalence import ALPHA

HEAD = ("against", "runs", "IQM", "difference", "", "P(better)", "", "p", "Holm")
Row = Mapping[str, Any]


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The whole text; rows as `comparison` gives them."""
    for _, group in groupby(rows, key=lambda row: (row["environment"], row["policy"], row["own"])):
        yield from _block(list(group))
    yield ""
    yield from _notes(rows)


def verdict(rows: Sequence[Row]) -> str:
    """`better than 2, worse than 1, undecided against 3`, after Holm."""
    decided = [row for row in rows if row["p_holm"] <= ALPHA]
    better = sum(row["probability"] > 0.5 for row in decided)
    return f"better than {better}, worse than {len(decided) - better}, undecided against {len(rows) - len(decided)}"


def named(rows: Sequence[Row]) -> list[str]:
    """The opponents; where two have one label, with the digest that stands in their path."""
    labels = [str(row["other"]) for row in rows]
    twice = {label for label in labels if labels.count(label) > 1}
    return [f"{label}@{row['cell']}" if label in twice else label for label, row in zip(labels, rows, strict=True)]


def _block(rows: Sequence[Row]) -> Iterator[str]:
    first = rows[0]
    yield ""
    yield f"{first['own']} in {first['environment']} with {first['policy']}: {first['own_n']} runs, {verdict(rows)}"
    table = [HEAD, *(_cells(name, row) for name, row in zip(named(rows), rows, strict=True))]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD))]
    for name, *cells in table:
        numbers = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield f"  {name:<{widths[0]}}  {numbers}".rstrip()


def _cells(name: str, row: Row) -> tuple[str, ...]:
    marks = "" if row["same_evaluation"] and row["present_sources"] else " *"
    return (
        f"{name}{marks}",
        f"{row['n']}{'' if row['paired'] else ' u'}",
        f"{row['iqm']:.5g}",
        f"{row['difference']:+.4g}",
        f"[{row['difference_low']:+.4g}, {row['difference_high']:+.4g}]",
        f"{row['probability']:.2f}",
        f"[{row['low']:.2f}, {row['high']:.2f}]",
        f"{row['p']:.3g}",
        f"{row['p_holm']:.3g}",
    )


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    """What a reader must know of the numbers."""
    budgets = sorted({row["budget"] for row in rows})
    yield f"Scores after {', '.join(f'{budget:,}' for budget in budgets)} steps, the smaller budget of the two."
    yield (
        "Difference of the interquartile means and probability that an own run beats a recorded one, both with 95 % "
        f"intervals over runs; p after Holm over the opponents of a block, decided at {ALPHA:g}."
    )
    if not all(row["paired"] for row in rows):
        yield "u: not all seeds are the same as those of the own runs, so unpaired."
    if any(not row["same_evaluation"] for row in rows):
        yield "*: evaluated at other steps or over other numbers of episodes, so that scores are more or less noisy."
    if any(not row["present_sources"] for row in rows):
        yield "*: made by other sources than the present ones; `harness verify` tells whether they still hold."
