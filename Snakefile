# The whole pipeline: envs.yaml + studies/*.yaml → runs → tables → figures → reports.
#
#     snakemake --cores 8                               studies/quickstart.yaml
#     snakemake --cores 8 --config study=locomotion     another study
#
# The only thing to give Snakemake is the name of a study; everything else stands in YAML files that are read strictly.

import os
import subprocess
import sys

from harness.errors import InputError
from harness.workflow import JOB, open_study, product_code

STUDY = str(config.get("study", "quickstart"))
PYTHON = sys.executable
try:
    WORKFLOW = open_study(STUDY)
except InputError as error:
    sys.exit(f"error: {error}")
TABLES = f"results/tables/{STUDY}/findings.csv"
FIGURES = f"results/figures/{STUDY}/headline.svg"


wildcard_constraints:
    environment="[A-Za-z0-9][A-Za-z0-9._-]*",
    policy="[A-Za-z0-9][A-Za-z0-9._-]*",
    algorithm="[A-Za-z0-9][A-Za-z0-9._-]*",
    digest="[0-9a-f]{12}",
    first=r"\d{4,}",
    last=r"\d{4,}",


onstart:
    print(WORKFLOW.announcement(workflow.cores), flush=True)
    subprocess.Popen(
        [PYTHON, "-m", "harness", "mirror", STUDY, "--parent", str(os.getpid())], start_new_session=True
    )


onsuccess:
    print(f"\nreports/{STUDY}.html\nreports/{STUDY}.pdf\n\nAll runs in MLflow:  harness ui", flush=True)


rule all:
    input:
        f"reports/{STUDY}.html",
        f"reports/{STUDY}.pdf",


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
        "{PYTHON:q} -m harness job --spec {params.spec:q} "
        "--first {wildcards.first:q} --last {wildcards.last:q} 2> {log:q}"


rule tables:
    """Every number of the report."""
    input:
        WORKFLOW.manifests,
    output:
        TABLES,
    log:
        f"results/logs/{STUDY}/tables.log",
    params:
        code=product_code("tables"),
    shell:
        "{PYTHON:q} -m harness tables {STUDY:q} 2> {log:q}"


rule figures:
    """Every figure, as SVG and PDF."""
    input:
        TABLES,
    output:
        FIGURES,
    log:
        f"results/logs/{STUDY}/figures.log",
    params:
        code=product_code("figures"),
    shell:
        "{PYTHON:q} -m harness figures {STUDY:q} 2> {log:q}"


rule mirrored:
    """All runs in the MLflow store, or a ledger that says which are not and why."""
    input:
        WORKFLOW.manifests,
    output:
        touch(f"results/mirror/{STUDY}.passed"),
    log:
        f"results/logs/{STUDY}/mirror.log",
    shell:
        "{PYTHON:q} -m harness sync {STUDY:q} 2> {log:q}"


rule report:
    """The answer, as one HTML file and as a PDF."""
    input:
        TABLES,
        FIGURES,
        f"results/mirror/{STUDY}.passed",
    output:
        f"reports/{STUDY}.html",
        f"reports/{STUDY}.pdf",
    log:
        f"results/logs/{STUDY}/report.log",
    params:
        code=product_code("report"),
    shell:
        "{PYTHON:q} -m harness report {STUDY:q} 2> {log:q}"
