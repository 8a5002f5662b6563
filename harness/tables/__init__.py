"""Tables of a study: finished jobs in, CSV files out. Columns and rules: `docs/tables.md`.

Everything random has an address under the table seed, so a row does not change when a study grows by other cells.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from harness.claims.declaration import Claim
from harness.claims.samples import Rows
from harness.claims.table import CLAIMS, Made, claim_rows
from harness.files import is_there
from harness.manifest import OF_BENCH, read_manifest
from harness.streams import address
from harness.tables.cells import CellRecord, CellRuns
from harness.tables.comparisons import COMPARISONS, comparison_rows
from harness.tables.curves import CURVES, curve_rows, longest_budgets
from harness.tables.estimates import estimate_cell
from harness.tables.exchange import EXCHANGE, exchange_rows
from harness.tables.findings import FINDINGS, finding_rows
from harness.tables.frontier import FRONTIER, frontier_rows
from harness.tables.laboratory import LABORATORY, BenchRecord, laboratory_rows
from harness.tables.latex import PAPER, booktabs
from harness.tables.per_cell import (
    DIMENSION,
    RUN_LENGTHS,
    RUNS,
    SCORES,
    TARGETS,
    TIMING,
    dimension_row,
    run_length_rows,
    run_rows,
    score_row,
    target_rows,
    timing_row,
)
from harness.tables.profiles import PROFILES, profile_rows
from harness.tables.read import read_cell
from harness.tables.scaling import CROSSOVER, SCALING, scaling_tables
from harness.tables.sensitivity import SENSITIVITY, sensitivity_rows
from harness.tables.structures import STRUCTURES, structure_rows
from harness.tables.summary import SUMMARY, summary_rows
from harness.tables.survival import (
    RATIOS,
    RESTRICTED,
    SURVIVAL,
    common_budgets,
    ratio_rows,
    restricted_row,
    survival_rows,
)
from harness.tables.tuning import READINGS, TUNING, Tried, reading_rows, tuning_rows
from harness.tables.write import Row, csv_bytes
from harness.vouched import write_all
from harness.workers import each

__all__ = ["COLUMNS", "BenchRecord", "CellRecord", "Tried", "write_tables"]

COLUMNS = {
    "runs": RUNS,
    "curves": CURVES,
    "scores": SCORES,
    "targets": TARGETS,
    "runlengths": RUN_LENGTHS,
    "summary": SUMMARY,
    "comparisons": COMPARISONS,
    "dimension": DIMENSION,
    "findings": FINDINGS,
    "structures": STRUCTURES,
    "survival": SURVIVAL,
    "restricted": RESTRICTED,
    "ratios": RATIOS,
    "profiles": PROFILES,
    "scaling": SCALING,
    "crossover": CROSSOVER,
    "exchange": EXCHANGE,
    "frontier": FRONTIER,
    "sensitivity": SENSITIVITY,
    "claims": CLAIMS,
    "tuning": TUNING,
    "readings": READINGS,
    "laboratory": LABORATORY,
    "timing": TIMING,
}
LABELS = ("environment", "policy", "algorithm", "family")
READ_BACK = ("runs", "scaling", "laboratory")  # what claims are judged by, as it stands in the files


def write_tables(
    records: Iterable[CellRecord],
    folder: Path,
    seed: int,
    resamples: int,
    claims: Sequence[Claim] = (),
    tried: Sequence[Tried] = (),
    benches: Iterable[BenchRecord] = (),
    parts: Sequence[str] = (),
    jobs: int = 1,
) -> None:
    """Write every table of a study.

    Args:
        records: its cells, in any order; no two with the same environment, policy and algorithm.
        folder: `results/tables/{study}`.
        seed: of the bootstrap.
        resamples: of the bootstrap.
        claims: all that are declared, on this or on other studies; the folder has the name of the study.
        tried: the tuned settings that the study uses, if it does, by the study that tuned them.
        benches: of its laboratory, in any order; no two with the same digest.
        parts: the studies that it is made of, whose claims it can judge too.
        jobs: workers at most, which change no byte.

    Raises:
        InputError: a finished job is damaged; nothing is written.
    """
    expected = sorted(records, key=lambda record: record.key)
    measured = sorted(benches, key=lambda record: record.key)
    cells = each(read_cell, expected, jobs)
    rng = address(seed)
    there = [cell for cell in cells if cell.runs]
    estimates = each(lambda cell: estimate_cell(cell, rng, resamples), there, jobs)
    known = {cell.record.key: estimate for cell, estimate in zip(there, estimates, strict=True)}
    longest, common = longest_budgets(cells), common_budgets(cells)
    pairs = [(cell, known.get(cell.record.key)) for cell in cells]
    tables: dict[str, Iterable[Row]] = {  # about the longest first
        **scaling_tables(cells, rng, resamples, jobs),
        "comparisons": comparison_rows(cells, rng, resamples),
        "curves": chain.from_iterable(curve_rows(cell, longest, rng, resamples) for cell in cells),
        "profiles": profile_rows(cells, rng, resamples),
        "summary": summary_rows(cells, rng, resamples),
        "ratios": ratio_rows(cells, common, rng, resamples),
        "restricted": (restricted_row(cell, common, rng, resamples) for cell in cells),
        "runs": chain.from_iterable(map(run_rows, cells)),
        "scores": (score_row(*pair) for pair in pairs),
        "targets": chain.from_iterable(target_rows(*pair) for pair in pairs),
        "runlengths": chain.from_iterable(map(run_length_rows, cells)),
        "dimension": (dimension_row(*pair) for pair in pairs),
        "findings": finding_rows(cells, known, rng, resamples),
        "structures": structure_rows(cells, known, rng, resamples),
        "survival": chain.from_iterable(map(survival_rows, cells)),
        "exchange": exchange_rows(cells, rng, resamples),
        "frontier": frontier_rows(cells, rng, resamples),
        "sensitivity": sensitivity_rows(cells, rng, resamples),
        "tuning": tuning_rows(cells, tried),
        "readings": reading_rows(cells, known, tried, rng, resamples),
        "laboratory": chain.from_iterable(map(laboratory_rows, measured)),
        "timing": map(timing_row, cells),
    }
    written = each(lambda name: csv_bytes(COLUMNS[name], tables[name]), list(tables), jobs)
    contents = dict(zip(tables, written, strict=True))
    judged = claim_rows(claims, (folder.name, *parts), read_back(contents), _made(cells, measured), rng)
    contents["claims"] = csv_bytes(CLAIMS, judged)
    paper = {f"{name}.tex": booktabs(contents[name], columns) for name, columns in PAPER.items()}
    write_all(folder, {**{f"{name}.csv": content for name, content in contents.items()}, **paper})


def read_back(contents: Mapping[str, bytes]) -> dict[str, Rows]:
    """The rows of the tables that claims are judged by."""
    return {name: list(csv.DictReader(io.StringIO(contents[name].decode()))) for name in READ_BACK}


def _made(cells: Iterable[CellRuns], benches: Iterable[BenchRecord]) -> list[Made]:
    """What every job that is there has measured, and the claims that it knew."""
    jobs = [("runs", cell.record.key, cell.record.family, claims) for cell in cells for claims in cell.claims]
    for bench in benches:
        manifests = (read_manifest(path, OF_BENCH) for path in bench.manifests if is_there(path))
        jobs += [("laboratory", bench.bench.labels, one["family"], one.get("claims", {})) for one in manifests]
    return [
        Made(table, dict(zip(LABELS, (*labels, family), strict=True)), claims) for table, labels, family, claims in jobs
    ]
