# The whole pipeline: envs.yaml + studies/*.yaml → runs → tables → figures → reports.
#
#     snakemake --cores 8                               studies/quickstart.yaml
#     snakemake --cores 8 --config study=locomotion     another study
#     snakemake --cores 8 tune --config study=tuning    tuned settings, for the studies that use them
#
# The name of a study is the only thing to give to Snakemake; everything else stands in YAML files that are read
# strictly and validated before anything runs.

import faulthandler
import shlex
import sys
from pathlib import Path

from harness.errors import InputError
from harness.farewell import advice, farewell
from harness.lock import hold, in_one_line, tell_of_lock
from harness.losses import losses, made_again
from harness.obstacles import require_way
from harness.plugins import ROOT
from harness.workflow import BENCH, JOB, open_study, product_code, study_in

shell.prefix(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; ")
faulthandler.enable()  # a plug-in that aborts when it is imported says in which line
try:
    WORKFLOW = open_study(study_in(config))
    require_way(WORKFLOW, ROOT)
except InputError as error:
    sys.exit(f"error: {error}")
STUDY = WORKFLOW.study.name
WORKFLOW.date_back()
LOST = losses(WORKFLOW, ROOT)
if not {"--unlock", "--nolock"} & set(sys.argv):
    tell_of_lock(ROOT, STUDY)


wildcard_constraints:
    environment="[A-Za-z0-9][A-Za-z0-9._-]*",
    policy="[A-Za-z0-9][A-Za-z0-9._-]*",
    algorithm="[A-Za-z0-9][A-Za-z0-9._-]*",
    digest="[0-9a-f]+",
    first="[0-9]+",
    last="[0-9]+",
    study="[A-Za-z0-9][A-Za-z0-9._-]*",


onstart:
    with in_one_line():
        hold(ROOT)
        needed = list(workflow.dag.needrun_jobs())
        todo, to_measure = (
            [job.wildcards for job in needed if job.name == rule]
            for rule in ("run", "measure")
        )
        print(WORKFLOW.start(todo, workflow.cores, to_measure), flush=True)
    if LOST:
        print(
            f"Made again, because it was lost: {', '.join(LOST.values())}",
            flush=True,
        )


onsuccess:
    print(farewell(WORKFLOW), flush=True)


onerror:
    print(advice(WORKFLOW), flush=True)


rule all:
    input:
        lambda wildcards: made_again(LOST, workflow.dag.forcefiles, WORKFLOW.products),


rule run:
    """One cell for a block of seeds."""
    output:
        JOB,
    log:
        "results/logs/{environment}/{policy}/{algorithm}/{digest}-{first}-{last}.log",
    params:
        spec=lambda wildcards: WORKFLOW.spec(wildcards),
        code=lambda wildcards: WORKFLOW.code(wildcards),
    shell:
        "python -m harness job --spec {params.spec:q} --first {wildcards.first:q} --last {wildcards.last:q} 2> {log:q}"


rule tune:
    """The best settings of a study of tuning, and every setting that was tried."""
    input:
        WORKFLOW.manifests,
    output:
        f"tuned/{STUDY}.yaml",
        f"tuned/{STUDY}.csv",
    log:
        f"results/logs/{STUDY}/tune.log",
    params:
        study=STUDY,
        code=product_code("tune"),
        terms=WORKFLOW.table_terms(),
    shell:
        "python -m harness tune {params.study:q} 2> {log:q}"


rule measure:
    """One bench of the laboratory for a block of seeds."""
    output:
        BENCH,
    log:
        "results/logs/laboratory/{environment}/{policy}/{algorithm}/{digest}-{first}-{last}.log",
    params:
        spec=lambda wildcards: WORKFLOW.bench_spec(wildcards),
        code=lambda wildcards: WORKFLOW.bench_code(wildcards),
    shell:
        "python -m harness measure --spec {params.spec:q} --first {wildcards.first:q} --last {wildcards.last:q} 2> {log:q}"


rule tables:
    """Every number of the report."""
    input:
        WORKFLOW.manifests,
        WORKFLOW.measurements,
    output:
        "results/tables/{study}/findings.csv",
    log:
        "results/logs/{study}/tables.log",
    threads: 8
    params:
        code=product_code("tables"),
        terms=WORKFLOW.table_terms(),
    shell:
        "python -m harness tables {wildcards.study:q} --jobs {threads} 2> {log:q}"


rule figures:
    """Every figure, as SVG and PDF."""
    input:
        "results/tables/{study}/findings.csv",
    output:
        "results/figures/{study}/headline.svg",
    log:
        "results/logs/{study}/figures.log",
    threads: 8
    params:
        code=product_code("figures"),
    shell:
        "python -m harness figures {wildcards.study:q} --jobs {threads} 2> {log:q}"


rule mirrored:
    """All runs in the MLflow store, or a ledger that says which are not, and why."""
    input:
        WORKFLOW.manifests,
    output:
        touch("results/mirror/{study}.passed"),
    log:
        "results/logs/{study}/mirror.log",
    shell:
        "python -m harness sync {wildcards.study:q} --settle 2> {log:q}"


rule report:
    """The answer, as one HTML file and as a PDF."""
    input:
        "results/tables/{study}/findings.csv",
        "results/figures/{study}/headline.svg",
        "results/mirror/{study}.passed",
    output:
        "reports/{study}.html",
        "reports/{study}.pdf",
    log:
        "results/logs/{study}/report.log",
    threads: 8
    params:
        code=product_code("report"),
        terms=WORKFLOW.report_terms(),
    shell:
        "python -m harness report {wildcards.study:q} --jobs {threads} 2> {log:q}"


rule verify:
    """A sample of the runs, run again in a scratch folder; asked for by name, no part of `all`."""
    input:
        WORKFLOW.manifests,
    output:
        touch(f"results/verified/{STUDY}.passed"),
    log:
        f"results/logs/{STUDY}/verify.log",
    threads: 8
    params:
        study=STUDY,
    shell:
        "python -m harness verify {params.study:q} --jobs {threads} > {log:q} 2>&1"
