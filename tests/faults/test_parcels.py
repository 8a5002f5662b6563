"""A study that is exported, published, verified: what was lost beneath it, and what no bundle can hold, is named."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from zipfile import ZipFile

import pytest
from finished_study import ARS, finished

from faults.conftest import ended, forked
from faults.places import move
from harness.bundle import contents
from harness.bundle.pack import MANIFEST, manifest
from harness.bundle.unpack import unpack
from harness.cli import main
from harness.errors import InputError
from harness.files import checksum
from harness.products import products_in, report_sums
from harness.published.read import checked, hold_report
from harness.vouched import SUMS, write_all

FIGURE, PAGE, PAPER = "results/figures/tiny/headline.svg", "reports/tiny.html", "reports/tiny.pdf"
PUBLISHED_PAGE = "reports/published/tiny.html"
SUBJECT = ["--sample", "1"]
AGAIN = "`snakemake --cores 2 --config study=tiny`"
PIECES = ("results", "reports")


@pytest.fixture(scope="module")
def finished_one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A finished study, published as it seems, and the only project there is."""
    folder = finished(tmp_path_factory.mktemp("lost"))
    for place in ("results/published/tiny/MANIFEST.sha256", "reports/published/tiny.html"):
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_text("as it was", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        move(patch, folder)
        patch.setattr("harness.results.RESAMPLES", 200)
        yield folder


@pytest.fixture
def project(finished_one: Path, tmp_path: Path) -> Iterator[Path]:
    """The same, made good again after each test."""
    for name in PIECES:
        shutil.copytree(finished_one / name, tmp_path / name)
    yield finished_one
    for name in PIECES:
        shutil.rmtree(finished_one / name, ignore_errors=True)
        shutil.move(tmp_path / name, finished_one / name)
    for path in finished_one.glob("*.zip"):
        path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3])


def into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def made_anew(folder: Path) -> None:
    """Other files, and a list that vouches for them."""
    names = json.loads((folder / "checksums.json").read_text(encoding="utf-8"))["files"]
    write_all(folder, {name: (folder / name).read_bytes() + b"\n" for name in names})


def figures_made_anew(folder: Path) -> None:
    tables = folder / "results/tables/tiny/checksums.json"
    write_all((folder / FIGURE).parent, {"headline.svg": b"<svg/>"}, of=[tables])


LOSSES: dict[str, tuple[Callable[[Path], object], str]] = {
    "paper lost": (lambda at: (at / PAPER).unlink(), f"{PAPER}: is damaged or lost; run `harness report tiny`"),
    "paper cut": (lambda at: cut(at / PAPER), f"{PAPER}: is damaged or lost; run `harness report tiny`"),
    "page a folder": (lambda at: into_a_folder(at / PAGE), f"{PAGE}: is damaged or lost; run `harness report tiny`"),
    "figure cut": (lambda at: cut(at / FIGURE), f"{FIGURE}: is damaged or lost; run `harness figures tiny`"),
    "figure lost": (lambda at: (at / FIGURE).unlink(), f"{FIGURE}: is damaged or lost; run `harness figures tiny`"),
    "figures lost": (
        lambda at: shutil.rmtree((at / FIGURE).parent),
        "results/figures/tiny/checksums.json: is not th",
    ),
    "list cut": (
        lambda at: cut(at / "reports/tiny.checksums.json"),
        "reports/tiny.checksums.json: cannot vouch",
    ),
    "other tables": (
        lambda at: made_anew(at / "results/tables/tiny"),
        "results/figures/tiny/checksums.json: was not made of what is in results/tables/tiny now; run `harness fig",
    ),
    "other figures": (
        figures_made_anew,
        "reports/tiny.checksums.json: was not made of what is in results/figures/tiny now; run `harness report tiny`",
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_was_lost_cut_or_is_older_than_what_it_shows_is_named_and_neither_exported_nor_published(
    project: Path, capsys: pytest.CaptureFixture[str], loss: str
) -> None:
    spoil, words = LOSSES[loss]
    spoil(project)
    published = {path: path.read_bytes() for path in project.glob("re*/published/**/*") if path.is_file()}
    for command in ("export", "publish"):
        assert main([command, "tiny"]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"error: {words}") and told.count("\n") == 1, told
    assert {path: path.read_bytes() for path in project.glob("re*/published/**/*") if path.is_file()} == published
    assert not list(project.glob("*.zip")) and not list(project.rglob("*.aside"))
    assert main(["verify", "tiny", *SUBJECT]) == 1
    told = capsys.readouterr().out
    assert "tables, figures, report: not all of it is what was made:\n" in told
    assert f"  {words}" in told


def test_a_whole_study_has_all_its_jobs_and_each_file_that_was_made_of_them(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "tiny", *SUBJECT]) == 0
    told = capsys.readouterr().out
    assert told.startswith("tables, figures, report: each file with its checksum\njobs: all 4 of the study\n")


def lose_a_job(folder: Path) -> str:
    """Take one of two jobs of a cell away, all of it; returns where it was."""
    job = min(folder.glob(f"{ARS}/*/seeds-*"))
    shutil.rmtree(job)
    return job.relative_to(folder).as_posix()


def test_a_job_that_was_lost_whole_is_missed_by_its_name(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lose_a_job(project)
    assert main(["verify", "tiny", *SUBJECT]) == 1
    told = capsys.readouterr().out
    assert "jobs: 3 of 4; missing: CartPole-v1 · linear · ars, seeds 0-1\n" in told
    lost = "CartPole-v1 · linear · ars · seed 0, CartPole-v1 · linear · ars · seed 1"
    assert f"  the tables show 2 that are lost: {lost}; {AGAIN} makes them again\n" in told


def test_a_study_that_was_not_run_to_its_end_is_called_unfinished(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_a_job(project)
    for place in ("results/tables", "results/figures", "reports"):
        shutil.rmtree(project / place)
    assert main(["verify", "tiny", *SUBJECT]) == 1
    told = capsys.readouterr().out
    assert told.startswith("not made yet: tables, figures, report\njobs: 3 of 4; missing: CartPole-v1 · linear · ars")
    assert f"  the study is not finished; {AGAIN} goes on\n" in told


def stored(folder: Path, bundle: Path) -> None:
    """An unpacked bundle as a bundle, with a new list of checksums."""
    (folder / MANIFEST).unlink()
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    (folder / MANIFEST).write_text(manifest({name: checksum(folder / name) for name in names}), encoding="utf-8")
    with ZipFile(bundle, "w") as archive:
        for name in (*names, MANIFEST):
            archive.write(folder / name, name)


@pytest.mark.parametrize("other_sources", [False, True], ids=["present sources", "other sources"])
def test_a_job_or_a_page_taken_out_of_a_bundle_is_missed_though_its_checksums_were_made_anew(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], other_sources: bool
) -> None:
    assert main(["export", "tiny"]) == 0
    capsys.readouterr()
    folder = tmp_path / "in"
    unpack(project / "tiny.zip", folder)
    lose_a_job(folder)
    (folder / PAGE).unlink()
    if other_sources:
        (folder / "harness" / "parts" / "ranks.py").write_text("other", encoding="utf-8")
    (project / "tiny.zip").unlink()
    stored(folder, project / "tiny.zip")
    assert main(["verify", "tiny.zip", *SUBJECT]) == 1
    told = capsys.readouterr().out
    assert f"  {PAGE}: is damaged or lost; run `harness export tiny`\n" in told
    lost = "CartPole-v1 · linear · ars · seed 0, CartPole-v1 · linear · ars · seed 1"
    assert f"the tables show 2 that are lost: {lost}" in told
    assert ("jobs: 3 of 4; missing: CartPole-v1 · linear · ars, seeds 0-1\n" in told) != other_sources


ODD = {  # names that somewhere are no name, or that of another file, and what is said of them
    "question mark": (b"docs/a?.md", "'docs/a?.md': cannot be in a bundle: its name is not plain on every system"),
    "star": (b"a*.md", "'a*.md': cannot be in a bundle: its name is not plain on every system"),
    "colon": (b"studies/a:b.yaml", "'studies/a:b.yaml': cannot be in a bundle: its name is not plain"),
    "line break": (b"a\nb.md", r"'a\nb.md': cannot be in a bundle: its name is not plain on every system"),
    "dot at the end": (b"docs/a.", "'docs/a.': cannot be in a bundle: its name is not plain on every system"),
    "device": (b"docs/NUL.txt", "'docs/NUL.txt': cannot be in a bundle: its name is not plain on every system"),
    "no UTF-8": (b"\xff\xfe.md", r"'\udcff\udcfe.md': cannot be in a bundle: its name is not plain on every system"),
    "other letters": (
        b"readme.md",
        "'readme.md': cannot be in a bundle: it is there twice: 'README.md' is the same",
    ),
    "file and folder": (b"Docs", "'Docs': cannot be in a bundle: it is a file and a folder"),
    "no source": (b".gitignore", "'algorithms/ars.py': cannot be in a bundle: git ignores it, or it is a link"),
}


@pytest.mark.parametrize("odd", ODD)
def test_a_file_that_no_bundle_can_hold_is_named_before_one_is_written(
    project: Path, capsys: pytest.CaptureFixture[str], odd: str
) -> None:
    name, words = ODD[odd]
    path = project / os.fsdecode(name)
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(b"/algorithms/ars.py\n")
    try:
        assert main(["export", "tiny"]) == 2
    finally:
        path.unlink() if before is None else path.write_bytes(before)
    told = capsys.readouterr().err
    assert told.startswith(f"error: {words}") and told.count("\n") == 1, told
    assert not list(project.glob("*.zip")) and not list(project.glob(".*.aside"))


@pytest.mark.parametrize("out", ["README.md", "docs", "results/tables/tiny/runs.csv"])
def test_a_bundle_takes_the_place_of_nothing_but_a_bundle(
    project: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    before = (project / out).stat()
    assert main(["export", "tiny", "--out", out]) == 2
    assert capsys.readouterr().err.startswith(f"error: --out {out}: a bundle is called FILE.zip")
    assert (project / out).stat().st_mtime_ns == before.st_mtime_ns


def test_a_bundle_within_the_project_is_not_in_the_next_one_at_its_place(project: Path) -> None:
    for _ in range(2):
        assert main(["export", "tiny", "--out", "docs/tiny.zip"]) == 0
        size = (project / "docs/tiny.zip").stat().st_size
    with ZipFile(project / "docs/tiny.zip") as archive:
        assert "docs/tiny.zip" not in archive.namelist()
    (project / "docs/tiny.zip").unlink()
    assert main(["export", "tiny"]) == 0
    assert (project / "tiny.zip").stat().st_size == size


def test_a_source_that_goes_while_it_is_packed_is_named_and_the_old_bundle_stands(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "tiny.zip").write_bytes(b"the old one")
    found = contents.sources("tiny")
    monkeypatch.setattr(contents, "sources", lambda study: (*found, "docs/gone.md"))
    assert main(["export", "tiny"]) == 2
    assert capsys.readouterr().err == "error: docs/gone.md: cannot be packed: No such file or directory\n"
    assert (project / "tiny.zip").read_bytes() == b"the old one"


@pytest.mark.parametrize("into", [".", "results", "results/published/tiny"])
def test_nothing_is_made_again_in_the_place_of_what_is_no_copy(
    project: Path, capsys: pytest.CaptureFixture[str], into: str
) -> None:
    before = sorted(project.glob("re*/**/*"))
    assert main(["rebuild", "tiny", "--into", into]) == 2
    assert capsys.readouterr().err.startswith(f"error: --into {into}: holds what is no copy; name results/rebuilt or")
    assert sorted(project.glob("re*/**/*")) == before


def test_a_folder_does_not_hide_the_study_of_its_name(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "results" / "tables")  # where `tiny` is a folder without a record
    assert main(["verify", "tiny", *SUBJECT]) == 0


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if "harness fig" in LOSSES[loss][1]])
def test_a_report_is_not_made_of_figures_that_are_not_what_was_drawn_of_the_tables(
    project: Path, capsys: pytest.CaptureFixture[str], loss: str
) -> None:
    spoil, words = LOSSES[loss]
    spoil(project)
    assert main(["report", "tiny"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: {words}") and told.count("\n") == 1, told


def publishable(project: Path, mark: str) -> None:
    """A figure and a report that bear a mark."""
    _, figures, report = products_in(project, "tiny")
    write_all(figures.folder, {"headline.svg": mark.encode()}, of=figures.of)
    write_all(report.folder, dict.fromkeys(report.files, mark.encode()), report.sums, report.of)


def marked_report(
    _workflow: object, _manifests: object, tables: Path, figures: Path, reports: Path, published: bool
) -> None:
    """In place of a report of what is published: the mark of its figure."""
    mark = (figures / "headline.svg").read_bytes()
    contents = {"tiny.html": mark + b"</html>", "tiny.pdf": mark + b"%%EOF"}
    write_all(reports, contents, report_sums("tiny"), of=[tables / SUMS, figures / SUMS])


@pytest.fixture
def published(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a study that is published, its report in an instant."""
    for name in PIECES:
        shutil.rmtree(project / name / "published")
    monkeypatch.setattr("harness.published.write.report_of", marked_report)
    publishable(project, "first")
    assert main(["publish", "tiny"]) == 0
    assert mark_of(project) == "first"
    return project


def mark_of(project: Path) -> str | None:
    """The one mark of all that is published, or None where it is refused by name."""
    folder = project / "results/published/tiny"
    try:
        checked(folder)
    except InputError:
        return None
    if not hold_report("tiny").holds:
        return None
    (mark,) = {(folder / "figures/headline.svg").read_text(), (project / PUBLISHED_PAGE).read_text()[: -len("</html>")]}
    return mark


def killed_at(number: int, command: list[str]) -> None:
    """Run a command that is killed before its N-th rename."""
    steps = count(1)
    for name in ("rename", "replace"):
        step = getattr(os, name)

        def counted(*paths: Path, step: Callable[..., None] = step) -> None:
            if next(steps) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            step(*paths)

        setattr(os, name, counted)
    assert main(command) == 0


def test_a_publish_killed_at_any_rename_leaves_what_is_whole_or_refused_and_the_next_one_makes_it_whole(
    published: Path, tmp_path: Path
) -> None:
    for number in count(1):
        publishable(published, f"mark {number}")
        status = ended(forked(lambda number=number: killed_at(number, ["publish", "tiny"]), tmp_path / "log"))
        assert status in (0, -signal.SIGKILL), (tmp_path / "log").read_text(encoding="utf-8")
        assert mark_of(published) in ("first", f"mark {number - 1}", f"mark {number}", None)
        assert main(["publish", "tiny"]) == 0
        assert mark_of(published) == f"mark {number}"
        if status == 0:
            break
    assert number == 10  # a trial file, three of the report, the same where they are kept, two folders; then none
    assert not list((published / "results").glob(".published-*")) and not list(published.rglob("*.aside"))


def test_two_that_publish_at_once_do_so_one_after_the_other(published: Path, tmp_path: Path) -> None:
    publishable(published, "both")
    children = [forked(lambda: killed_at(0, ["publish", "tiny"]), tmp_path / f"log-{one}") for one in range(2)]
    assert [ended(child) for child in children] == [0, 0], (tmp_path / "log-1").read_text(encoding="utf-8")
    assert mark_of(published) == "both"


def test_a_published_report_that_is_lost_or_cut_is_named(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for spoil in (cut, Path.unlink, into_a_folder):
        content = (published / PUBLISHED_PAGE).read_bytes()
        spoil(published / PUBLISHED_PAGE)
        capsys.readouterr()
        assert main(["verify", "results/published/tiny", *SUBJECT]) == 1
        assert f"  {PUBLISHED_PAGE}: is damaged or lost; run `harness publish tiny`\n" in capsys.readouterr().out
        shutil.rmtree(published / PUBLISHED_PAGE, ignore_errors=True)
        (published / PUBLISHED_PAGE).write_bytes(content)


def test_a_report_that_was_published_without_checksums_is_held_to_its_end(published: Path) -> None:
    for place in (f"reports/published/{report_sums('tiny')}", "results/published/tiny/figures/checksums.json"):
        (published / place).unlink()
    assert hold_report("tiny") == (("report: both files end as they should; published without checksums",), True)
    cut(published / PUBLISHED_PAGE)
    fault = f"  {PUBLISHED_PAGE}: is lost or cut short; run `harness publish tiny`"
    assert hold_report("tiny") == ((fault,), False)


def test_a_published_job_is_missed_though_the_list_of_checksums_was_made_without_it(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = published / "results/published/tiny"
    job = min(folder.glob("runs/*/*/ars/*/seeds-*"))
    shutil.rmtree(job)
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if job.relative_to(folder).as_posix() not in line]
    (folder / MANIFEST).write_text("".join(kept), encoding="utf-8")
    capsys.readouterr()
    assert main(["verify", "results/published/tiny", *SUBJECT]) == 1
    told = capsys.readouterr().out
    jobs = "CartPole-v1 · linear · ars, seeds 0-1, CartPole-v1 · linear · ars, seeds 2-2"
    assert f"jobs: 2 of 4; missing: {jobs}\n  the tables show 3 that are lost: " in told
