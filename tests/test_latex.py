"""LaTeX tables: names escaped, numbers rounded as printed, intervals in brackets, nothing where nothing is defined."""

import pytest

from harness.tables import COLUMNS
from harness.tables.latex import PAPER, booktabs, escaped

COLUMNS_OF = {"name": ("name",), "score": ("value", "low", "high")}


def lines(text):
    return booktabs(f"name,value,low,high\n{text}\n".encode(), COLUMNS_OF).decode().splitlines()


def test_a_table_by_hand():
    assert lines("a_b,-1.23456,-2.0,0.5") == [
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"name & score \\",
        r"\midrule",
        r"a\_b & $-$1.235 [$-$2, 0.5] \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("123456.7,,", "123457"),
        ("0.000012345,,", r"$1.234\cdot 10^{-5}$"),
        ("inf,1.0,inf", r"$\infty$ [1, $\infty$]"),
        (",,", ""),
    ],
)
def test_numbers_are_printed_as_in_a_paper(number, printed):
    assert lines(f"a,{number}")[4] == f"a & {printed} \\\\"


def test_names_cannot_run_a_command():
    assert escaped(r"\input{x}~^50%&$#") == (r"\textbackslash{}input\{x\}\textasciitilde{}\textasciicircum{}50\%\&\$\#")


def test_every_column_of_a_paper_table_is_one_of_its_csv():
    for name, columns in PAPER.items():
        assert {column for group in columns.values() for column in group} <= {*COLUMNS[name]}
