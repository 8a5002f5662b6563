"""What was lost beneath a finished report: Snakemake would miss the one file by which it knows a stage, and no other.

Whether the files are there is all that is asked, of some thousands in a tenth of a second; whether they are what was
written is held where they are read, and by `harness verify`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.files import read_bytes
from harness.products import report_sums
from harness.tracking import ledger
from harness.vouched import SUMS

if TYPE_CHECKING:
    from harness.workflow import Workflow

RUN = ("candidates.npz", "evaluations.parquet", "timing.parquet", "training.parquet")  # beside the manifest of a job
BENCH = ("estimates.parquet", "vectors.npz")
FIGURES = (
    *("headline", "frontier", "exchange", "learning_curves", "scores", "targets", "profiles", "dispersion"),
    *("dimension", "scaling", "sweeps", "phase", "laboratory", "laws", "tuning", "settings", "completeness"),
)


def losses(workflow: Workflow, root: Path) -> dict[str, str]:
    """For each file by which Snakemake knows a stage, if it is there, the first lost one that was made with it.

    Args:
        workflow: the study.
        root: the folder of `results/`.
    """
    name = workflow.study.name
    tables, figures = f"results/tables/{name}/findings.csv", f"results/figures/{name}/headline.svg"
    made: list[tuple[str, Iterable[str]]] = [(path, RUN) for path in workflow.manifests]
    made += [(path, BENCH) for path in workflow.measurements]
    made.append((tables, _tables((root / tables).parent)))
    made.append((figures, [*(f"{figure}.{suffix}" for figure in FIGURES for suffix in ("svg", "pdf")), SUMS]))
    made.append((f"reports/{name}.html", [report_sums(name)]))
    found = {path: lost for path, names in made if (root / path).exists() for lost in _lost(root / path, names)}
    passed = f"results/mirror/{name}.passed"
    if (root / passed).exists() and (store := _store(root / "results", name)):
        found[passed] = store
    return {path: Path(lost).relative_to(root).as_posix() for path, lost in found.items()}


def made_again(lost: Iterable[str], forced: set[str], products: tuple[str, ...]) -> tuple[str, ...]:
    """Have Snakemake make again what was lost.

    Args:
        lost: the keys of `losses`.
        forced: the files that Snakemake makes although they are there; the lost ones are added.
        products: what it is asked for.

    Returns:
        The products.
    """
    forced.update(lost)
    return products


def _lost(known: Path, names: Iterable[str]) -> Iterator[Path]:
    """The first file that is not beside the one that is there, if there is such a file."""
    beside = {path.name for path in known.parent.iterdir()}
    yield from (known.with_name(name) for name in [name for name in names if name not in beside][:1])


def _tables(folder: Path) -> list[str]:
    """All tables of a study, and what vouches for them; what it vouches for is not known where it is lost."""
    try:
        return [SUMS, *json.loads(read_bytes(folder / SUMS))["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return [SUMS]


def _store(results: Path, study: str) -> Path | None:
    """The MLflow store that should show the study, if it is a file and lost, or the ledger that no longer names it."""
    name = ledger.read(results, study).store
    if not name:
        return ledger.path(results, study)
    return None if name.startswith("http") or (results / name).is_file() else results / name
