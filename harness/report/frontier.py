"""The report on the frontier, the exchange rate, scaling, and what would change the conclusion, in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from harness.figures.exchange import best_of
from harness.figures.order import RIVALS
from harness.figures.scaling import determined
from harness.report.blocks import Block, Bullets, Cell, Point, Said, Table, Text
from harness.report.phrases import NOTHING, counted, listed, number, ratio, steps, tally
from harness.report.seeds import TOO_FEW
from harness.report.structures import UNDETERMINED, decided
from harness.tables.sensitivity import EVERYWHERE

SELECTION = (
    "Each family is the best of its methods at that place. The best is chosen on one random half of the runs and "
    "judged on the other, both ways round, anew in every resample: chosen and judged on the same runs, a family with "
    "many methods would look better than an equal one with few. That removes the flattery of many attempts, not what "
    "more methods can do. Every place of the map is its own question; nothing is corrected for their number, and of "
    "equal families up to one place in ten is called. Ahead is ahead at any height: both may have learnt little."
)
SENSITIVITY = (
    "The question asked again, one thing changed at a time. Structure is one side here, the best of all structures "
    "with any algorithm, chosen as families are: another test than those of the first page, whose verdicts the first "
    "column need not repeat. Steps are compared by the share of the budget that a target leaves unused: the threshold, "
    "and targets at 75 % and 50 % of its height. Verdicts are those of tests, corrected for the number of environments "
    "within each reading; over all environments together (all), of whether the interval of the mean difference leaves "
    "0 out. A reading that turns or opens the verdict is one that the conclusion rests on."
)
HEADINGS = {  # of readings, short enough for a page
    "half of the budget": "½ budget",
    "a quarter of the budget": "¼ budget",
    "median of raw scores": "raw median",
    "scaled to the best and worst seen": "best seen",
    "target at 75 % of solved": "75 %",
    "target at 50 % of solved": "50 %",
}
BOUNDS = {"≥": "at least ", "≤": "at most "}
EXTREMES = 3  # rates of either end that the first page tells


def frontier_blocks(frontier: pd.DataFrame) -> tuple[Block, ...]:
    """Who holds how much of all maps, and of each, in a table."""
    known = frontier[np.isfinite(frontier["probability"])]
    if known.empty:
        return ()
    rows = tuple(_held(str(environment), places) for environment, places in known.groupby("environment"))
    columns = ("environment", "places", *RIVALS, UNDETERMINED, "with the whole budget")
    caption = "At how many places of the map each family is ahead, and with which policies at the end."
    table = Table(caption, columns, (False, *(True,) * 4, False), rows)
    return Text(_holds(known)), table, Text(SELECTION)


def _holds(known: pd.DataFrame) -> str:
    """How much of all maps each family holds."""
    counts, places = known["ahead"].value_counts(), len(known)
    free, gradient, rest = (_share(int(counts.get(word, 0)), places) for word in (*RIVALS, UNDETERMINED))
    maps = counted(known["environment"].nunique(), "environment")
    more = (known["free_cells"] > known["gradient_cells"], known["free_cells"] < known["gradient_cells"])
    richer, poorer = (tally(int(rows.sum())) for rows in more)
    return (
        f"Of {places} places on the maps of {maps}, a policy and an amount of data each, gradient-free search is "
        f"ahead at {free} and policy gradients at {gradient}; {rest} are undetermined. Verdicts are not corrected for "
        f"the number of places; gradient-free search has more methods at {richer} of them, fewer at {poorer}."
    )


def _held(environment: str, places: pd.DataFrame) -> tuple[Cell, ...]:
    """One environment: counts, and the verdicts at the full budget in the order of P."""
    counts = places["ahead"].value_counts()
    final = places[places["steps"] == places["steps"].max()].sort_values(["parameters", "policy"])
    groups = {word: final.loc[final["ahead"] == word, "policy"].tolist() for word in (*RIVALS, UNDETERMINED)}
    ends = "; ".join(f"{word}: {listed(names)}" for word, names in groups.items() if names)
    held = (str(int(counts.get(word, 0))) for word in groups)
    return tuple(Cell(text) for text in (environment, str(len(places)), *held, ends))


def frontier_answer(frontier: pd.DataFrame) -> list[Point]:
    """How much of all maps each family holds, for the first page."""
    known = frontier[np.isfinite(frontier["probability"])]
    if known.empty:
        return []
    return [Point("On the frontier.", (Said(_holds(known), ("frontier",)),))]


def exchange_answer(exchange: pd.DataFrame, structures: pd.DataFrame) -> list[Point]:
    """The rates at the threshold where a test tells the steps apart, for the first page."""
    rates = decided(best_of(exchange), structures)
    rates = rates[~rates["faster"].isin(["", UNDETERMINED])]
    if rates.empty:
        return []
    rows = rates.sort_values("rate", ascending=False).to_dict("records")
    shown = rows if len(rows) <= 2 * EXTREMES else [*rows[:EXTREMES], *rows[-EXTREMES:]]
    rest = f"; {len(rows) - len(shown)} more lie between" if len(shown) < len(rows) else ""
    said = Said(f"{'; '.join(map(_rate, shown))}{rest}.", ("exchange", "structures"))
    return [Point("What structure is worth in data, until solved:", (said,))]


def _rate(row: dict[str, Any]) -> str:
    """One rate, shortly."""
    return (
        f"{row['environment']}, {row['family']}: {row['generic']} needs {rate_text(row)} the steps of {row['policy']}"
    )


def rate_text(row: dict[str, Any]) -> str:
    """A rate with its interval: at least 4.2 [2, ∞] times."""
    return f"{BOUNDS.get(row['bound'], '')}{ratio(row['rate'], row['rate_low'], row['rate_high'])} times"


def _share(count: int, places: int) -> str:
    return f"{count} ({100 * count / places:.0f}\u00a0%)" if count else "none"


def exchange_blocks(exchange: pd.DataFrame, structures: pd.DataFrame) -> tuple[Block, ...]:
    """The rates at the environment's threshold, or at the highest target that says something, in a table."""
    rows = []
    for _, rates in decided(best_of(exchange), structures).groupby(["environment", "parameters", "policy", "family"]):
        ladder = rates.sort_values("target")
        solved = ladder[ladder["solved"]]
        rows.append(exchange_row((solved if len(solved) else ladder).iloc[-1].to_dict()))
    if not rows:
        return ()
    columns = ("environment", "family", "structure", "generic policy", "until", "its steps", "generic", "rate", "")
    caption = (
        "Exchange rates: how many times the steps of the structure the generic policy needs, each by the fastest of "
        "its methods; fewer than five runs have no interval. Rates describe; who needs fewer steps until solved is "
        "decided by the corrected test of structures.csv, which chooses and judges on different runs; a rate until a "
        "lower target has no verdict."
    )
    return (Table(caption, columns, (False,) * 5 + (True,) * 3 + (False,), tuple(rows)),)


def exchange_row(row: dict[str, Any]) -> tuple[Cell, ...]:
    """One rate, with the verdict of the test; without an interval there were too few runs."""
    ahead = TOO_FEW if np.isnan(row["rate_low"]) else row["faster"]
    until = "solved" if row["solved"] else f"a score of {number(row['target'])}"
    sides = (f"{row['policy']} ({row['parameters']:.0f})", f"{row['generic']} ({row['generic_parameters']:.0f})")
    rate = f"{row['bound']}\u00a0{ratio(row['rate'], row['rate_low'], row['rate_high'])}".strip()
    words = (row["environment"], row["family"], *sides, until, steps(row["policy_steps"]), steps(row["generic_steps"]))
    return (*(Cell(word) for word in words), Cell(rate), Cell("", verdict=ahead))


def scaling_blocks(scaling: pd.DataFrame, crossover: pd.DataFrame) -> tuple[Block, ...]:
    """A table of the exponents of families, and a sentence for each crossover."""
    fits = determined(scaling[scaling["algorithm"] == ""])
    if fits.empty:
        return ()
    rows = tuple(tuple(Cell(text) for text in _exponent(row)) for row in fits.to_dict("records"))
    columns = ("environment", "policies", "family", "grows with", "exponent", "runs that solved it")
    caption = (
        "Exponents of the steps until solved, families pooled over the methods that ran on every policy, perhaps one "
        "alone; methods of one family may differ, and each has its own line in scaling.csv."
    )
    table = Table(caption, columns, (False,) * 4 + (True,) * 2, rows)
    pairs = crossover[(crossover["first"] == RIVALS[0]) & (crossover["second"] == RIVALS[1])]
    items = [sentence for row in pairs.to_dict("records") if (sentence := _crossing(row))]
    return (table, Bullets(tuple(items))) if items else (table,)


def _exponent(row: dict[str, Any]) -> tuple[str, ...]:
    value = ratio(row["exponent"], row["exponent_low"], row["exponent_high"])
    grows = {"parameters": "P", "horizon": "horizon", "actions": "action dimension"}[row["regressor"]]
    share = f"{row['crossed']:.0f}/{row['n']:.0f}"
    return together(row["environment"]), row["policy_kind"] or "any", row["family"], grows, value, share


def together(environments: str) -> str:
    """The environment of a line, or the first, the last and the number of those of one problem."""
    names = environments.split()
    return environments if len(names) < 3 else f"{names[0]} … {names[-1]} ({len(names)})"


def _crossing(row: dict[str, Any]) -> tuple[str, str] | None:
    """Where the lines of the families meet; nothing where a line is not determined."""
    kind = f"{row['policy_kind']} policies" if row["policy_kind"] else "all policies"
    where = f"{row['environment']}, {kind}"
    ends = (row["faster_lowest"], row["faster_highest"])
    if np.isnan(row["crossover"]) and ends == (UNDETERMINED,) * 2:
        return None
    ends_at = f"[{number(row['crossover_low'], 2)}, {number(row['crossover_high'], 2)}]"
    place = f"P\u00a0=\u00a0{number(row['crossover'], 2)} {ends_at}"
    meet = f"the lines meet at {place}" if row["crossover"] > 0 else "no crossing"
    span = f"between P\u00a0=\u00a0{row['lowest']:.0f} and {row['highest']:.0f}"
    return "", f"{where}: {meet} {span}; fewer steps at the smallest P: {ends[0]}, at the largest: {ends[1]}."


def sensitivity_blocks(sensitivity: pd.DataFrame) -> tuple[Block, ...]:
    """A table for each question: who is ahead, in bold where that is not the declared verdict."""
    if sensitivity.empty:
        return (Text("There is nothing to compare yet."),)
    asked = sensitivity.groupby("question")
    return (Text(SENSITIVITY), Text(changes(sensitivity)), *(_readings(str(name), group) for name, group in asked))


def _readings(question: str, rows: pd.DataFrame) -> Table:
    """Environments by readings: who is ahead in one question."""
    readings = list(dict.fromkeys(zip(rows["measure"], rows["reading"], strict=True)))
    lines = []
    last = rows["environment"] == EVERYWHERE
    for environment, group in (*rows[~last].groupby("environment"), *rows[last].groupby("environment")):
        known = {(row["measure"], row["reading"]): row for row in group.to_dict("records")}
        lines.append((Cell(str(environment)), *(_verdict(known.get(reading)) for reading in readings)))
    columns = ("environment", *(HEADINGS.get(reading, measure) for measure, reading in readings))
    caption = f"Who is ahead, {question}; bold: not the verdict of the declared reading."
    return Table(caption, columns, (False,) * len(columns), tuple(lines))


def _verdict(row: dict[str, Any] | None) -> Cell:
    if row is None or np.isnan(row["difference"]):
        return Cell(NOTHING)
    words = {UNDETERMINED: "open", RIVALS[0]: "free", RIVALS[1]: "gradient"}
    return Cell(words.get(row["ahead"], row["ahead"]), row["change"] not in ("", "same"))


def changes(sensitivity: pd.DataFrame) -> str:
    """How often another reading changes the verdict."""
    asked = sensitivity[(sensitivity["change"] != "") & np.isfinite(sensitivity["difference"])]
    counts = asked["change"].value_counts()
    same, opens, decides, turns = (int(counts.get(word, 0)) for word in ("same", "opens", "decides", "turns"))
    names = asked.loc[asked["change"] == "turns", ["environment", "reading"]].drop_duplicates()
    where = [f"{environment} ({reading})" for environment, reading in names.itertuples(index=False)]
    turned = f"it turns in {turns}: {listed(where)}" if turns else "it turns in none"
    return (
        f"Of {counted(len(asked), 'changed reading')} the verdict stays in {same}, a decided one opens in {opens}, an "
        f"open one is decided in {decides}, and {turned}. Free and gradient are the two families."
    )
