"""What the stages of a study make of its runs, each of the one before: tables, figures, report.

Each has a list that vouches for its files and names the lists of what it was made of, so whoever takes them away or
verifies them sees a file that was lost, cut short or altered, and one that is older than what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness.errors import InputError
from harness.files import is_there
from harness.vouched import SUMS, require_whole


class Product(NamedTuple):
    """The files of one stage."""

    name: str
    folder: Path
    files: tuple[str, ...]  # by which it is known that it was made
    sums: str
    of: tuple[Path, ...]  # the lists of what it is made of
    again: str  # the command that makes it

    @property
    def is_there(self) -> bool:
        """Whether anything of it is there."""
        return any(is_there(self.folder / name) for name in (self.sums, *self.files))

    def whole(self) -> tuple[Path, ...]:
        """Its files, when each is what was written; raises as `require_whole`."""
        return require_whole(self.folder, self.again, self.sums, self.of)

    @property
    def fault(self) -> str:
        """What is wrong with it, or nothing."""
        try:
            self.whole()
        except InputError as fault:
            return str(fault)
        return ""


def report_sums(study: str) -> str:
    """Name of the list that vouches for a report; many reports lie in one folder."""
    return f"{study}.checksums.json"


def report_files(study: str) -> tuple[str, str]:
    """Names of the two files of a report."""
    return f"{study}.html", f"{study}.pdf"


def products(study: str, tables: Path, figures: Path, reports: Path) -> tuple[Product, Product, Product]:
    """The products of a study whose folders are these, in the order of their making."""
    made_of = (tables / SUMS,)
    return (
        Product("tables", tables, ("findings.csv",), SUMS, (), f"harness tables {study}"),
        Product("figures", figures, ("headline.svg",), SUMS, made_of, f"harness figures {study}"),
        Product(
            *("report", reports, report_files(study), report_sums(study)),
            *((*made_of, figures / SUMS), f"harness report {study}"),
        ),
    )


def products_in(root: Path, study: str) -> tuple[Product, Product, Product]:
    """The products of a study in a checkout, or in an unpacked bundle."""
    results = root / "results"
    return products(study, results / "tables" / study, results / "figures" / study, root / "reports")


class Finding(NamedTuple):
    """What came of holding something: what to print, and whether it is as it should be."""

    lines: tuple[str, ...]
    holds: bool


def hold_products(made: Sequence[Product]) -> Finding:
    """Hold what was made of a study to the lists that vouch for it; the last of it may not be made yet."""
    last = max((place for place, product in enumerate(made, start=1) if product.is_there), default=0)
    names, later = (", ".join(product.name for product in part) for part in (made[:last], made[last:]))
    faults = [fault for product in made[:last] if (fault := product.fault)]
    whole = [f"{names}: each file with its checksum"] if names else []
    told = [f"{names}: not all of it is what was made:", *(f"  {fault}" for fault in faults)] if faults else whole
    return Finding((*told, *([f"not made yet: {later}"] if later else [])), not faults)
