"""The report: sentences against hand-written tables, inert names, equal bytes, films. All tables here are synthetic."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pandas as pd
import pytest
import synthetic_tables as synthetic
from PIL import Image
from test_figures import TINY

from harness import figures, report
from harness.cell import Part
from harness.claims.metrics import METRICS
from harness.figures.load import TEXT, TRUTH, Anchors, Tables, load
from harness.files import write_bytes
from harness.interface import Request, Scaler
from harness.policy import build
from harness.report import (
    animation,
    answer,
    blocks,
    claims,
    content,
    findings,
    grids,
    html,
    pdf,
    phrases,
    seeds,
    setting,
    structures,
)
from harness.report.animation import Film
from harness.rollouts import gymnasium_engine
from harness.rollouts.engine import Terms
from harness.rollouts.random import episode_seed
from harness.spec import Environment, Scores

HOSTILE = (
    "<script>alert(1)</script>",
    "#set page(fill: red)",
    "$x$ *y* _z_ @q",
    '=HYPERLINK("http://a.b")',
    "{{ 7*7 }}",
)


def facts(**changes: Any) -> report.Facts:
    environments = {
        name: Environment(
            "compiled",
            500,
            int(budget),
            Scores(low, high, "made up"),
            tuple(sorted({*np.linspace(low, high, 11).tolist(), solved})),
            solved,
            problem="none",
        )
        for name, (low, high, solved, budget) in synthetic.ENVIRONMENTS.items()
    }
    words: dict[str, Any] = {
        "study": "demo",
        "title": "A made-up study",
        "question": "Structure or data?",
        "notes": "Nothing was tuned.",
        "environments": environments,
        "provenance": [{"python": "3.11", "packages": {"numpy": "2.4.6"}}, {"python": "3.12"}],
        "command": "snakemake --cores 8 --config study=demo",
    }
    return report.Facts(**{**words, **changes})


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("study")
    tables = synthetic.write(folder / "tables", synthetic.study(**TINY))
    figures.draw_all(tables, folder / "figures")
    return tables, folder / "figures"


def load_empty() -> Tables:
    kinds = {**dict.fromkeys(TEXT, object), **dict.fromkeys(TRUTH, bool)}
    empty = (
        {name: pd.Series(dtype=kinds.get(name, float)) for name in synthetic.COLUMNS[table]} for table in Tables._fields
    )
    return Tables(*map(pd.DataFrame, empty))


class Reader(HTMLParser):
    """Tags and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(page: Path) -> Reader:
    reader = Reader()
    reader.feed(page.read_text(encoding="utf-8"))
    return reader


def test_page_asks_the_network_for_nothing(folders: tuple[Path, Path], tmp_path: Path) -> None:
    page, _ = report.build(facts(), *folders, tmp_path)
    reader = parsed(page)
    assert not {"script", "iframe", "object", "embed"} & {tag for tag, _ in reader.tags}
    links = [value for _, attributes in reader.tags for key, value in attributes.items() if key in ("src", "href")]
    assert all(str(link).startswith(("data:", "#", "../results/tables/demo/")) for link in links)
    assert "url(" not in page.read_text() and "@import" not in page.read_text()


def test_every_figure_and_every_contents_entry_is_there(folders: tuple[Path, Path], tmp_path: Path) -> None:
    page, _ = report.build(facts(), *folders, tmp_path)
    reader = parsed(page)
    images = [attributes["src"] for tag, attributes in reader.tags if tag == "img"]
    apart = {"tuning", "settings", "laboratory", "laws"}  # nothing is tuned here, and there is no laboratory
    assert len(images) == len(figures.FIGURES.keys() - apart) == 13
    sections = {f"#{attributes['id']}" for tag, attributes in reader.tags if tag == "section"}
    there = {f"#{attributes['id']}" for _, attributes in reader.tags if "id" in attributes}
    entries = {str(attributes["href"]) for tag, attributes in reader.tags if tag == "a"}
    inside = {entry for entry in entries if entry.startswith("#")}
    assert sections <= inside <= there
    assert {f"#figure-{name}" for name in ("scores", "targets")} <= inside  # what claims rest on


def test_tables_that_the_answer_quotes_are_inside_the_page(folders: tuple[Path, Path], tmp_path: Path) -> None:
    page, _ = report.build(facts(), *folders, tmp_path)
    links = [attributes for tag, attributes in parsed(page).tags if tag == "a" and "download" in attributes]
    names = [str(attributes["download"]) for attributes in links]
    assert {"structures.csv", "exchange.csv", "frontier.csv", "findings.csv"} <= set(names)
    for name, attributes in zip(names, links, strict=True):
        assert base64.b64decode(str(attributes["href"]).partition(",")[2]) == (folders[0] / name).read_bytes()


def test_every_number_of_the_answer_names_its_tables(folders: tuple[Path, Path]) -> None:
    *said, _ = answer.answer(load(folders[0]))
    assert all(one.sources for point in said for one in point.said if re.search(r"\d", one.text))


def test_a_claim_is_no_link_to_a_figure_that_the_report_lacks(folders: tuple[Path, Path]) -> None:
    assert {metric.figure for metric in METRICS.values()} <= figures.FIGURES.keys()
    table = load(folders[0]).claims
    linked = [[cell.link for cell in row][-1] for row in claims.claims(table, ("scores",))[-3].rows]
    assert linked == ["#figure-scores", "", "#figure-scores", ""]


def test_every_table_is_a_link_from_where_the_report_lies(folders: tuple[Path, Path], tmp_path: Path) -> None:
    page, _ = report.build(facts(), *folders, tmp_path)
    links = {str(attributes["href"]) for tag, attributes in parsed(page).tags if tag == "a"}
    names = {path.name for path in folders[0].glob("*.csv")} - {"timing.csv"}
    assert {link for link in links if link.startswith("..")} == {f"../results/tables/demo/{name}" for name in names}


def test_a_published_report_leads_to_the_published_tables(folders: tuple[Path, Path], tmp_path: Path) -> None:
    page, _ = report.build(facts(published=True), *folders, tmp_path)
    links = {str(attributes["href"]) for tag, attributes in parsed(page).tags if tag == "a"}
    assert "../../results/published/demo/tables/runs.csv" in links
    assert not any(link.startswith("../results") for link in links)


def test_same_tables_give_the_same_html_and_pdf(folders: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = report.build(facts(), *folders, tmp_path / "a"), report.build(facts(), *folders, tmp_path / "b")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    written = {path.name for path in (tmp_path / "a").iterdir()}
    assert written == {"demo.html", "demo.pdf", "demo.checksums.json"}


def test_timing_is_not_part_of_the_report(folders: tuple[Path, Path]) -> None:
    assert "timing.csv" not in content.digests_of(folders[0])
    assert "runs.csv" in content.digests_of(folders[0])


def hostile_report(figure_folder: Path) -> blocks.Report:
    bullets = blocks.Bullets(tuple(("undetermined", name) for name in HOSTILE))
    table = blocks.plain_table(HOSTILE[1], HOSTILE[:2], "lr", [(name, name) for name in HOSTILE])
    body = (blocks.Text(HOSTILE[2]), bullets, table, blocks.Code(HOSTILE[1]), blocks.Picture("headline", *HOSTILE[:2]))
    return blocks.Report(
        HOSTILE[0],
        HOSTILE[1],
        (blocks.Point(HOSTILE[3], (blocks.Said(HOSTILE[2]),)),),
        (blocks.Section("a", HOSTILE[4], body),),
    )


def test_hostile_names_are_text_in_html(folders: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(html.render(hostile_report(folders[1]), *folders, {}))
    reader = parsed(page)
    assert "script" not in {tag for tag, _ in reader.tags}
    text = "".join(reader.text)
    assert all(name in text for name in HOSTILE) and "49" not in text


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reads the PDF with pdftotext")
def test_hostile_names_are_text_in_pdf(folders: tuple[Path, Path], tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(pdf.render(hostile_report(folders[1]), folders[1]))
    text = subprocess.run(["pdftotext", paper, "-"], capture_output=True, text=True, check=True).stdout
    letters = re.sub(r"\s", "", text)
    for name in HOSTILE:
        assert re.sub(r"\s", "", name) in letters.replace("”", '"').replace("“", '"'), name


@pytest.mark.parametrize("case", ["empty", "one seed", "nobody learns"])
def test_thin_studies_have_a_report(case: str, tmp_path: Path) -> None:
    thin = {
        "empty": {},
        "one seed": synthetic.study(**{**TINY, "seeds": 1}),
        "nobody learns": synthetic.study(**TINY, skill=0.0),
    }[case]
    tables = synthetic.write(tmp_path / "tables", thin)
    figures.draw_all(tables, tmp_path / "figures")
    page, paper = report.build(facts(), tables, tmp_path / "figures", tmp_path)
    text = "".join(parsed(page).text)
    assert paper.read_bytes().startswith(b"%PDF")
    assert not re.search(r"\bnan\b|\binf\b", text)
    if case == "empty":
        assert "There is no result yet." in text


def test_without_runs_every_section_says_in_words_why_it_is_empty(tmp_path: Path) -> None:
    told = content.compose(facts(), load(synthetic.write(tmp_path, {})), {})
    assert blocks.pictures(told) == ()
    for section in told.sections:
        assert any(isinstance(block, blocks.Text) for block in section.blocks), section.title


def test_report_json_has_no_numbers_that_json_lacks(folders: tuple[Path, Path]) -> None:
    told = content.compose(facts(), load(folders[0]), content.digests_of(folders[0]))
    assert json.loads(blocks.as_json(told)) == json.loads(json.dumps(blocks.as_data(told)))


FINDING: Mapping[str, Any] = {
    "environment": "E",
    "free_policy": "linear",
    "free_algorithm": "ars",
    "free_parameters": 8.0,
    "free_n": 10.0,
    "free_iqm": 498.04,
    "free_low": 490.0,
    "free_high": 500.0,
    "free_ert": 12_345.0,
    "free_ert_low": 9_000.0,
    "free_ert_high": 20_000.0,
    "gradient_policy": "mlp",
    "gradient_algorithm": "ppo",
    "gradient_parameters": 4610.0,
    "gradient_n": 10.0,
    "gradient_iqm": 300.0,
    "gradient_low": 250.0,
    "gradient_high": 350.5,
    "gradient_ert": np.inf,
    "gradient_ert_low": np.nan,
    "gradient_ert_high": np.nan,
    "horizon": 100_000.0,
    "difference": 0.5,
    "difference_low": 0.3,
    "difference_high": 0.6,
    "probability": 0.9,
    "p": 0.001,
    "p_holm": 0.002,
    "ahead": "gradient-free",
    "free_steps": 12_300.0,
    "gradient_steps": 50_000.0,
    "saved": 37_700.0,
    "saved_low": -1_000.0,
    "saved_high": 60_000.0,
    "steps_probability": 0.9,
    "steps_p": 0.002,
    "steps_p_holm": 0.004,
    "faster": "gradient-free",
}


def family_row(**changes: Any) -> list[tuple[str, str]]:
    (table,) = findings.family_table(pd.DataFrame([FINDING | changes]))
    return [(cell.verdict, cell.text) for cell in table.rows[0]]


def test_a_row_of_families_holds_both_cells_with_intervals_and_both_verdicts() -> None:
    assert family_row() == [
        ("", "E"),
        ("", "ars, linear (P\u00a0=\u00a08): 498.0 [490.0, 500.0]; 10 runs"),
        ("", "ppo, mlp (P\u00a0=\u00a04610): 300.0 [250.0, 350.5]; 10 runs"),
        ("gradient-free", "0.50 [0.30, 0.60], p\u00a0=\u00a00.002"),
        ("gradient-free", "12.3k against 50k: 37.7k [−1k, 60k], p\u00a0=\u00a00.004"),
    ]


def test_a_row_of_families_is_undetermined_where_the_table_says_so() -> None:
    assert [verdict for verdict, _ in family_row(ahead="undetermined")][3:] == ["undetermined", "gradient-free"]


def test_a_family_without_a_rival_has_no_verdict() -> None:
    assert family_row(gradient_n=np.nan, p=np.nan, ahead="undetermined")[2:] == [("", "no run"), ("", "–"), ("", "–")]


def test_pairs_told_apart_by_their_restricted_means_are_counted() -> None:
    faster = ["first", "first", "second", "undetermined", "undetermined"]
    ratios = pd.DataFrame({"contrast": ["family"] * 4 + ["structure"], "faster": faster})
    assert findings.ratio_sentences(ratios) == (
        "4 pairs of two methods on one structure: the gradient-free method needs fewer steps in 2, the policy gradient "
        "in 1; 1 undetermined.",
        "1 pair of one method on two structures: the smaller needs fewer steps in none, the larger in none; "
        "1 undetermined.",
    )


DIMENSION = pd.DataFrame(
    {
        "environment": "E",
        "family": "gradient-free",
        "policy": ["program", "mlp", "program", "mlp"],
        "algorithm": ["ars", "ars", "cem", "es"],
        "parameters": [3.0, 4610.0, 3.0, 4610.0],
        "n": 10.0,
        "success_rate": [0.9, 0.1, 1.0, 1.0],
        "normalised_iqm": [0.9, 0.5, 0.95, 0.97],
        "normalised_low": [0.8, 0.3, 0.94, 0.96],
        "normalised_high": [1.0, 0.7, 0.96, 0.98],
        "ert": [900.0, np.inf, 500.0, 600.0],
    }
)


def contest_tables(**changes: Any) -> Tables:
    """The contest of program and mlp, each by ars, with its tests."""
    test = {"environment": "E", "family": "gradient-free", "structure_policy": "program", "structure_algorithm": "ars"}
    test |= {"generic_policy": "mlp", "generic_algorithm": "ars", "paired": True, "best": True}
    test |= {"structure_n": 10.0, "generic_n": 10.0}
    test |= {"difference": 0.4, "difference_low": 0.3, "difference_high": 0.5, "p": 0.002, "p_holm": 0.004}
    test |= {"structure_steps": 900.0, "generic_steps": 5000.0, "saved": 4100.0, "saved_low": 3000.0}
    test |= {"saved_high": 5000.0, "steps_p_holm": 0.01, "ahead": "structure", "faster": "structure"}
    return load_empty()._replace(dimension=DIMENSION, structures=pd.DataFrame([test | changes]))


def structure_row(**changes: Any) -> list[tuple[str, str]]:
    (table,) = findings.structure_table(contest_tables(**changes))
    return [(cell.verdict, cell.text) for cell in table.rows[0]]


def test_a_structure_is_ahead_where_the_adjusted_test_says_so() -> None:
    assert structure_row() == [
        ("", "E"),
        ("", "gradient-free"),
        ("", "program (P\u00a0=\u00a03) 0.90 [0.80, 1.00] by ars"),
        ("", "mlp (P\u00a0=\u00a04610) 0.50 [0.30, 0.70] by ars"),
        ("", "9/10 and 1/10"),
        ("structure", "0.40 [0.30, 0.50], p\u00a0=\u00a00.004"),
        ("structure", "900 against 5k: 4.1k [3k, 5k], p\u00a0=\u00a00.01"),
    ]
    assert [verdict for verdict, _ in structure_row(ahead="generic")][-2:] == ["generic", "structure"]
    assert findings.structure_table(contest_tables(best=False)) == ()


@pytest.mark.parametrize("caption", [findings.FAMILIES, findings.CONTESTS])
def test_captions_say_that_p_is_of_the_chance_and_not_of_the_difference_beside_it(caption: str) -> None:
    sentence = (
        "p tests the chance that a run of one side is better than a run of the other, ties counted half: not the "
        "difference or the steps beside it, whose interval is of another effect."
    )
    assert caption.count(sentence) == 1


def test_intervals_that_do_not_overlap_are_no_verdict() -> None:
    verdict, text = structure_row(p_holm=0.06, ahead="undetermined")[-2]
    assert (verdict, text) == ("undetermined", "0.40 [0.30, 0.50], p\u00a0=\u00a00.06")


def test_a_test_that_cannot_reach_a_twentieth_gives_no_verdict_but_too_few_seeds() -> None:
    """By hand: 2/2^5 = 0.0625 of 5 pairs, 2/2^6 = 0.031 of 6; 2/20 of 3 against 3 runs, 2/70 of 4 against 4."""
    open_verdict = {"ahead": "undetermined", "p_holm": 0.5, "faster": "undetermined", "steps_p_holm": 0.5}
    for runs, paired, word in ((5, True, seeds.TOO_FEW), (6, True, "undetermined"), (4, False, "undetermined")):
        numbers = {"structure_n": float(runs), "generic_n": float(runs), "paired": paired}
        assert [verdict for verdict, _ in structure_row(**open_verdict, **numbers)[-2:]] == [word] * 2
    assert structure_row(p=np.nan)[-2:] == [(seeds.TOO_FEW, "")] * 2
    assert seeds.smallest_p(3, 3, paired=False) == 0.1
    few = {"free_n": 3.0, "gradient_n": 3.0, "ahead": "undetermined", "faster": "undetermined"}
    assert [verdict for verdict, _ in family_row(**few)[3:]] == [seeds.TOO_FEW] * 2
    assert family_row(**few, p=np.nan)[3:] == [(seeds.TOO_FEW, "")] * 2


GENERIC_HIGHER = "The generic policy scored higher than the best structure"


def points(tables: Tables) -> dict[str, str]:
    return {point.lead: " ".join(said.text for said in point.said) for point in answer.answer(tables)}


def test_answer_says_with_numbers_where_structure_and_families_won() -> None:
    said = points(contest_tables()._replace(findings=pd.DataFrame([FINDING])))
    assert said["The best structure scored higher"] == (
        "in E for gradient-free search: program (P\u00a0=\u00a03) against mlp (P\u00a0=\u00a04610), by 0.40 "
        "[0.30, 0.50], p\u00a0=\u00a00.004."
    )
    assert said[GENERIC_HIGHER] == "in no environment, as far as these runs decide."
    assert said["Fewer steps until solved:"] == (
        "gradient-free search in 1 of 1 environment (E, 12.3k against 50k, p\u00a0=\u00a00.004)."
    )
    assert said["Higher score at the budget:"] == (
        "gradient-free search in 1 of 1 environment (E, by 0.50 [0.30, 0.60], p\u00a0=\u00a00.002)."
    )
    assert "Undetermined:" not in said
    lost = points(contest_tables(ahead="generic", difference=-0.4, difference_low=-0.5, difference_high=-0.3))
    assert lost[GENERIC_HIGHER] == (
        "in E for gradient-free search: mlp (P\u00a0=\u00a04610) against program (P\u00a0=\u00a03), by 0.40 "
        "[0.30, 0.50], p\u00a0=\u00a00.004."
    )


def test_answer_turns_numbers_round_for_policy_gradients() -> None:
    row = {**FINDING, "ahead": "policy-gradient", "difference": -0.2, "difference_low": -0.3, "difference_high": 0.1}
    assert answer._score(row) == "E, by 0.20 [−0.10, 0.30], p\u00a0=\u00a00.002"
    assert answer._score({**row, "difference": -0.002}) == "E, by less than 0.01, p\u00a0=\u00a00.002"
    row |= {"faster": "policy-gradient", "free_steps": 100_000.0}
    assert answer._steps(row) == "E, 50k against none within 100k, p\u00a0=\u00a00.004"


def test_answer_lists_what_is_undetermined() -> None:
    row = {**FINDING, "ahead": "undetermined", "faster": "undetermined"}
    contests = structures.contests(contest_tables(ahead="undetermined"))
    (point,) = answer._open([row, {**row, "environment": "F"}], contests)
    assert [(said.text, said.sources) for said in point.said] == [
        ("which family scores higher in E and F;", ("findings",)),
        ("which family needs fewer steps in E and F;", ("findings",)),
        ("whether the best structure scores higher in E (gradient-free search).", ("structures",)),
    ]


def test_families_in_different_environments_are_not_compared() -> None:
    rows = pd.DataFrame(
        {
            "level": "family",
            "family": ["gradient-free", "policy-gradient"],
            "environments": ["A B", "A"],
            "n": [20.0, 10.0],
            "normalised_iqm": [0.9, 0.1],
            "normalised_low": [0.8, 0.0],
            "normalised_high": [1.0, 0.2],
        }
    )
    verdict, sentence = findings.family_findings(rows)[0]
    assert verdict == "undetermined" and "not comparable" in sentence


def test_families_over_all_their_runs_are_described_and_not_judged() -> None:
    rows = pd.DataFrame({"level": "family", "family": ["gradient-free", "policy-gradient"], "environments": "A"})
    rows = rows.assign(n=10.0, normalised_iqm=[0.9, 0.1], normalised_low=[0.8, 0.0], normalised_high=[1.0, 0.2])
    verdict, sentence = findings.family_findings(rows)[0]
    assert verdict == ""
    assert "0.90 [0.80, 1.00] (10 runs) and policy gradients of 0.10 [0.00, 0.20] (10 runs)." in sentence


def test_bold_scores_are_those_whose_interval_reaches_the_best() -> None:
    scores = pd.DataFrame(
        {
            "environment": "E",
            "policy": "linear",
            "parameters": 8.0,
            "family": "gradient-free",
            "algorithm": ["a", "b", "c"],
            "iqm": [10.0, 8.0, 5.0],
            "iqm_low": [9.0, 6.0, 4.0],
            "iqm_high": [11.0, 9.5, 8.9],
        }
    )
    (table,) = grids.score_tables(scores, {"E": Anchors(0.0, 10.0, 9.0)})
    assert [row[1].strong for row in table.rows] == [True, True, False]
    assert table.rows[1][1].text == "8.00 [6.00, 9.50]"
    (table,) = grids.score_tables(scores.assign(family=["probe", "gradient-free", "gradient-free"]), {})
    strong = {row[0].text: row[1].strong for row in table.rows}
    assert strong == {"a": False, "b": True, "c": True}  # a probe does not compete


def test_differing_provenance_shows_all_values(folders: tuple[Path, Path]) -> None:
    _, _, table, _ = content._provenance(facts(), {})
    assert isinstance(table, blocks.Table)
    assert {tuple(cell.text for cell in row) for row in table.rows} == {
        ("packages.numpy", "2.4.6"),
        ("python", "3.11; 3.12"),
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (498.04, "498"),
        (-1234.56, "−1235"),
        (np.inf, "∞"),
        (np.nan, "–"),
        (3.2e-9, "3.2e−9"),
        (-2.5e12, "−2.5e12"),
        (520.0, "520"),
    ],
)
def test_numbers_by_hand(value: float, text: str) -> None:
    assert phrases.number(value) == text


@pytest.mark.parametrize(
    ("random", "reference", "places"), [(22.4, 500.0, 1), (-1239.0, -150.0, 0), (-11.8, -1.6, 2), (5.0, 5.0, 1)]
)
def test_decimals_show_a_thousandth_of_the_span(random: float, reference: float, places: int) -> None:
    assert grids.decimals(Anchors(random, reference, reference)) == places


def test_zero_has_no_minus() -> None:
    assert phrases.shown(-0.0083, -0.04, 0.01, 1) == "0.0 [0.0, 0.0]"


def test_settings_of_plug_ins_are_written_out() -> None:
    part = Part("cem", "cross_entropy", {"elite": 0.25, "noisy": False, "rank": None, "widths": (32, 16)})
    assert setting._settings(part) == "elite 0.25, noisy no, widths [32, 16]"


def test_a_label_with_several_settings_says_where_it_has_which() -> None:
    def cell(environment: str, policy: str, step: float) -> Any:
        parts = (Part(policy, policy, {}), Part("ars", "ars", {"step_size": step}))
        return SimpleNamespace(environment=SimpleNamespace(name=environment), policy=parts[0], algorithm=parts[1])

    alike = [cell("E", "linear", 0.1), cell("F", "linear", 0.1)]
    (table,) = setting._plug_ins(alike)
    assert len(table.columns) == 3
    (table,) = setting._plug_ins([*alike, cell("E", "mlp", 0.2)])
    rows = [[word.text for word in row] for row in table.rows]
    assert rows[:2] == [
        ["ars", "ars", "step_size 0.1", "E: linear; F: linear"],
        ["ars", "ars", "step_size 0.2", "E: mlp"],
    ]
    assert {row[-1] for row in rows[2:]} == {""}


@pytest.mark.parametrize(("p", "text"), [(0.5, "p = 0.5"), (0.0067, "p = 0.0067"), (9.9e-5, "p < 0.0001")])
def test_small_p_are_bounds(p: float, text: str) -> None:
    assert phrases.chance(p).replace("\u00a0", " ") == text


def test_intervals_by_hand() -> None:
    assert phrases.interval(-205.31, -239.0, -171.52) == "−205.3 [−239.0, −171.5]"
    assert phrases.interval(475.0, np.nan, np.nan) == "475"
    assert phrases.steps_interval(12_345.0, 9_000.0, np.inf) == "12.3k [9k, ∞]"
    assert phrases.steps_interval(np.inf, np.nan, np.nan) == "never"


def frames(film: Film) -> int:
    return getattr(Image.open(io.BytesIO(film.data)), "n_frames", 1)


def upright(observation: np.ndarray) -> np.ndarray:
    """Push to where the pole falls."""
    return np.array([float(observation[2] + observation[3] > 0.0)])


def test_film_of_cartpole_moves_and_is_small() -> None:
    film = animation.film(upright, "CartPole-v1", {}, 500, 1)
    assert film.score == film.steps == 500.0
    assert 0 < len(film.data) <= animation.BYTES
    assert animation.FRAMES // 2 <= frames(film) <= animation.FRAMES
    again = animation.film(upright, "CartPole-v1", {}, 500, 1)
    assert again.data == film.data


class Told(gymnasium.Env):  # type: ignore[type-arg]
    """Keeps what it was told, and shows grey."""

    heard: ClassVar[list[Any]] = []
    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"]}

    def __init__(self, render_mode: str | None = None, discrete: bool = True) -> None:
        self.render_mode = render_mode
        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,))
        box = gymnasium.spaces.Box(-2.0, 2.0, (1,), np.float64)
        self.action_space = gymnasium.spaces.Discrete(3, start=5) if discrete else box

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> Any:
        self.heard.append(action)
        return np.zeros(1, np.float32), 1.0, False, False, {}

    def render(self) -> Any:
        return np.full((4, 4, 3), 128, np.uint8)


@pytest.mark.parametrize(
    ("discrete", "action", "expected"), [(True, 2.0, 7), (False, 1 / 3, 1 / 3)], ids=["start 5", "float64"]
)
def test_film_sends_the_action_that_the_engine_sends(discrete: bool, action: float, expected: float) -> None:
    gymnasium.register("Told-v0", Told)
    Told.heard.clear()
    try:
        film = animation.film(lambda x: np.array([action]), "Told-v0", {"discrete": discrete}, 2, 0)
    finally:
        del gymnasium.registry["Told-v0"]
    assert (film.score, film.steps) == (2.0, 2)
    assert Told.heard == [expected, expected]  # float32 would be 0.33333334


def test_film_is_the_episode_that_the_engine_rolls_out(kernels: Path) -> None:
    space = gymnasium_engine.space_of("InvertedPendulum-v5", {})
    policy = build("linear", {}, space, explores=False, seed=0)
    engine = gymnasium_engine.gymnasium_engine("InvertedPendulum-v5", {}, False, policy, Terms(40, True), kernels)
    theta, scaler = np.array([0.3, 2.0, 0.1, 0.4]), Scaler(np.zeros(4), np.ones(4))
    outcome = engine(Request(theta[None], np.array([9]), scaler))

    def act(observation: np.ndarray) -> np.ndarray:
        return np.clip([sum(theta * observation)], -3.0, 3.0)

    seen = animation.film(act, "InvertedPendulum-v5", {}, 40, int(episode_seed(9, 0)))
    if seen.data:  # a machine without an off-screen driver draws nothing, and says so
        assert (seen.score, seen.steps) == (outcome.returns[0, 0], outcome.lengths[0, 0])


def test_film_of_a_mujoco_environment_leaves_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    animation.film(lambda x: np.zeros(8), "Ant-v5", {}, 2, 0)
    assert list(tmp_path.iterdir()) == []


def test_environment_that_cannot_be_made_gives_a_sentence() -> None:
    film = animation.film(upright, "NoSuchEnvironment-v7", {}, 10, 0)
    assert film.data == b"" and film.reason.startswith("could not be drawn on this machine (")


def test_error_of_the_policy_is_not_hidden() -> None:
    def act(observation: np.ndarray) -> np.ndarray:
        raise RuntimeError("my fault")

    with pytest.raises(RuntimeError, match="my fault"):
        animation.film(act, "CartPole-v1", {}, 10, 0)


def test_chart_of_a_state_has_a_frame_per_row_at_most() -> None:
    states = np.cumsum(np.ones((40, 3)), axis=0)
    assert frames(Film(animation.chart(states, "state"), 0.0, 40)) == 39
    assert animation.chart(np.full((5, 2), np.nan), "state") == b""


def test_noisy_film_is_thinned_to_its_limit() -> None:
    rng = np.random.default_rng(0)
    noise = [Image.fromarray(rng.integers(0, 255, (240, 320, 3), dtype=np.uint8)) for _ in range(20)]
    assert len(animation.encode(noise, 1)) <= animation.BYTES


def test_clips_that_were_not_drawn_say_why() -> None:
    clip = report.Clip("Hopper-v5", "linear", "ars", 1, Film(b"", float("nan"), 0, "no driver"))
    assert content._films([clip])[-1] == blocks.Bullets((("", "Hopper-v5: no driver."),))


def test_interrupted_writing_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "demo.html"
    page.write_text("old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_bytes(page, b"new")
    assert page.read_text() == "old"


def test_runs_that_mlflow_lacks_are_a_row_for_each_reason_however_many() -> None:
    lacking = [*((f"run {number}", "no answer") for number in range(10_000)), ("other", "locked")]
    rows = content.by_reason(lacking)
    assert rows == [("no answer", "10000", "run 0, run 1, run 2"), ("locked", "1", "other")]


def test_cells_whose_first_turn_uses_up_the_budget_are_named() -> None:
    names = ("environment", "policy", "algorithm", "status", "turns")
    rows = [
        ("E", "linear", name, "finished", turns) for name, turns in (("cem", 1), ("cem", 1), ("ars", 1), ("ars", 2))
    ]
    assert content.idle(pd.DataFrame(rows, columns=names)) == ["E · linear · cem"]
