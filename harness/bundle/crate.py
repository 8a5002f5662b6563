"""The description of a bundle for machines: RO-Crate 1.1, https://w3id.org/ro/crate/1.1, as one JSON-LD document.

Every file of data is an entity; the sources are, but for the workflow and what it read, one folder each. The date is
that of the release in CITATION.cff, not of a clock: the same files have the same description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any, TypeAlias
from urllib.parse import quote

from harness.bundle.citation import Author, Citation
from harness.workflow import Workflow

Entity: TypeAlias = dict[str, Any]

CRATE = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
SNAKEMAKE = "https://snakemake.github.io"
FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".npz": "application/zip",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}
NAMES = {
    "Snakefile": "Workflow: from the study to the report",
    "constraints.txt": "Lock file: versions of all packages",
    "envs.yaml": "Environments, their budgets and reference scores",
    "MANIFEST.sha256": "Checksums of all other files, for `sha256sum -c`",
}


def describe(workflow: Workflow, sizes: Mapping[str, int], data: Sequence[str], citation: Citation) -> Entity:
    """The content of `ro-crate-metadata.json`.

    Args:
        workflow: the study.
        sizes: bytes of every other file of the bundle.
        data: those that were made, the others being sources.
        citation: what CITATION.cff says.
    """
    study = f"studies/{workflow.study.name}.yaml"
    named = [study, *NAMES]
    folders = sorted({name.partition("/")[0] for name in sizes if "/" in name} - {"results", "reports"})
    parts = [*(_file(name, sizes.get(name)) for name in (*named, *data)), *(_folder(name) for name in folders)]
    graph = [_descriptor(), _root(workflow, parts, citation), *parts, _made(workflow, study, data), *_context(citation)]
    return {"@context": f"{SPECIFICATION}/context", "@graph": graph}


def identifier(name: str) -> str:
    """A path as a URI relative to the crate."""
    return quote(name)


def _descriptor() -> Entity:
    return {"@id": CRATE, "@type": "CreativeWork", "about": _to("./"), "conformsTo": _to(SPECIFICATION)}


def _root(workflow: Workflow, parts: Sequence[Entity], citation: Citation) -> Entity:
    study = workflow.study
    authors = [_to(_person(author)) for author in citation.authors]
    check = "Check it with `harness verify BUNDLE`, or `sha256sum -c MANIFEST.sha256` for the files alone."
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{study.title}: study {study.name} of {citation.title}",
        "description": f"{study.question} Records, tables, figures, report and sources of a benchmark study. {check}",
        "datePublished": citation.released,
        "version": citation.version,
        "license": _to(_license(citation)),
        "author": authors[0] if len(authors) == 1 else authors,
        "publisher": authors[0],
        "hasPart": [_to(part["@id"]) for part in parts],
        "mentions": _to("#made"),
    }


def _file(name: str, size: int | None) -> Entity:
    """A file; the size of the checksums is not known before this description is."""
    path = PurePosixPath(name)
    entity: Entity = {"@id": identifier(name), "@type": "File", "name": NAMES.get(name, path.name)}
    entity["encodingFormat"] = FORMATS.get(path.suffix, "text/plain")
    if size is not None:
        entity["contentSize"] = str(size)
    if name == "Snakefile":
        kinds = ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
        return entity | {"@type": kinds, "programmingLanguage": _to(SNAKEMAKE)}
    return entity


def _folder(name: str) -> Entity:
    return {"@id": f"{identifier(name)}/", "@type": "Dataset", "name": f"Sources: {name}"}


def _made(workflow: Workflow, study: str, data: Sequence[str]) -> Entity:
    """The act that made the data from the study."""
    return {
        "@id": "#made",
        "@type": "CreateAction",
        "name": f"snakemake --cores 8 --config study={workflow.study.name}",
        "instrument": _to("Snakefile"),
        "object": [_to(study), _to("envs.yaml"), _to("constraints.txt")],
        "result": [_to(identifier(name)) for name in data],
    }


def _context(citation: Citation) -> list[Entity]:
    """What is not in the bundle but is spoken of: licence, authors, languages."""
    words = f"{citation.licence} licence; its text is the file LICENSE."
    return [
        {"@id": _license(citation), "@type": "CreativeWork", "name": citation.licence, "description": words},
        *({"@id": _person(author), "@type": author.kind, "name": author.name} for author in citation.authors),
        {"@id": SNAKEMAKE, "@type": "ComputerLanguage", "name": "Snakemake", "url": SNAKEMAKE}
        | {"version": version("snakemake")},
    ]


def _license(citation: Citation) -> str:
    return f"https://spdx.org/licenses/{citation.licence}"


def _person(author: Author) -> str:
    return f"#{quote(author.name)}"


def _to(identifier: str) -> dict[str, str]:
    return {"@id": identifier}
