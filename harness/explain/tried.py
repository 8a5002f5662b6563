"""A row of tuning.csv: a setting that a study of tuning tried. Its runs are not published, their digests are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.cell import SHORT
from harness.files import checksum, is_there
from harness.plugins import ROOT
from harness.search import draw_label
from harness.workflow import Workflow, open_study


def of_draw(workflow: Workflow, row: Mapping[str, str]) -> Iterator[str]:
    """The runs of the setting, where all of them are listed, and what makes them again.

    Args:
        workflow: of the study whose table has the row.
        row: of that table.
    """
    digests = row["digests"].split()
    yield ""
    yield f"runs ({len(digests)}):"
    yield from (f"  digest {digest[:SHORT]}" for digest in digests)
    labels = row["environment"], row["policy"], draw_label(row["algorithm"], int(row["draw"]))
    for tuned in workflow.study.tuned:
        name = tuned.file.study
        jobs = [job.manifest.as_posix() for job in open_study(name).jobs if job.cell.labels == labels]
        if not jobs:
            continue
        yield ""
        yield f"tried by studies/{name}.yaml; every setting that was, with the digests of its runs: tuned/{name}.csv"
        yield f"sha256 {checksum(ROOT / 'tuned' / f'{name}.csv')}"
        kept = sum(is_there(ROOT / job) for job in jobs)
        yield f"{kept} of its {len(jobs)} jobs are here; such runs are not published: the command below makes them"
        yield ""
        yield "the same again:"
        yield f"  snakemake --cores 2 --force {' '.join(jobs)} --config study={name}"
