"""Verifying: a true record is EXACT, a false one is found, and what is said of it is true."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_ui import gone

from harness.bundle.pack import MANIFEST
from harness.cell import Cell, Evaluation, Part, World
from harness.cli import main, trust
from harness.errors import InputError
from harness.files import checksum, json_bytes
from harness.job import run_block
from harness.plugins import ROOT
from harness.provenance import provenance
from harness.record import Finished, read_run, write
from harness.seal import SEAL, sealed
from harness.verify import claims, report
from harness.verify.claims import Claim, draw, of_folder
from harness.verify.compare import Recorded, first_difference
from harness.verify.judgement import DIFFERENT, EXACT, WITHIN, Judgement, compatible
from harness.verify.platforms import differing
from harness.verify.verify import verify

POLE = World("CartPole-v1", "compiled", "cartpole", "CartPole-v1", {}, 500, True, False)
CELL = Cell(
    POLE, Part("linear", "linear", {"bias": False}), Part("ars", "ars", {"directions": 2}), 900, Evaluation(300, 2)
)
GRADIENT = replace(CELL, algorithm=Part("reinforce", "reinforce", {"episodes": 5}))


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Two cells, five runs in three jobs."""
    folder = tmp_path / "records"
    for cell, first, last in ((CELL, 0, 1), (CELL, 2, 2), (GRADIENT, 0, 1)):
        place = folder / cell.folder / f"seeds-{first:04d}-{last:04d}"
        run_block(cell, range(first, last + 1), place, lambda run: None)
    return folder


def verified(folder: Path, jobs: int = 1) -> list[Judgement]:
    recorded = of_folder(folder)
    return verify(recorded, recorded, jobs, lambda judgement: None)


def verdicts(folder: Path) -> dict[str, str]:
    return {judgement.claim.name: judgement.verdict for judgement in verified(folder)}


def forge(claim: Claim, change: Callable[[Finished], Finished], code: str | None = None) -> None:
    """Records that vouch for a run that never was: checksums and digests fit."""
    manifest = json.loads((claim.folder / "manifest.json").read_text(encoding="utf-8"))
    runs = [read_run(claim.folder, line) for line in manifest["runs"]]
    header = {name: manifest[name] for name in ("cell", "cell_digest", "code", "family", "parameters")}
    forged = [change(run) if run.seed == claim.seed else run for run in runs]
    write(claim.folder, forged, header | ({"code": code} if code else {}), manifest["provenance"])


def edit(manifest: Path, change: Callable[[Any], Any]) -> None:
    """Change a manifest, and seal it again."""
    content = json.loads(manifest.read_text(encoding="utf-8"))
    del content[SEAL]
    change(content)
    manifest.write_bytes(json_bytes(sealed(content)))


def with_rows(run: Finished, number: int, column: str, value: float) -> Finished:
    rows = [dict(row) for row in run.snapshot.evaluations]
    rows[number][column] = value
    return replace(run, snapshot=replace(run.snapshot, evaluations=rows))


def out_of_reach(run: Finished) -> Finished:
    """Returns that no episode of 500 steps has."""
    rows = [row | {"return_mean": 600.0 + run.seed} for row in run.snapshot.evaluations]
    return replace(run, snapshot=replace(run.snapshot, evaluations=rows))


def parts(run: Finished) -> Recorded:
    """What is compared of a run."""
    return run.snapshot, run.candidate


def sums(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): checksum(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_all_of_five_true_runs_are_exact_and_no_byte_of_the_records_changes(records: Path) -> None:
    before = sums(records)
    assert list(verdicts(records).values()) == [EXACT] * 5
    assert sums(records) == before


def test_two_at_a_time_give_the_verdicts_of_one_at_a_time(records: Path) -> None:
    assert [judgement.verdict for judgement in verified(records, jobs=2)] == [EXACT] * 5


def test_one_last_bit_of_an_evaluation_is_found_and_named(records: Path) -> None:
    claim = of_folder(records)[0]
    true = read_run(claim.folder, claim.run).snapshot.evaluations[1]
    false = float(np.nextafter(true["return_mean"], np.inf))
    forge(claim, lambda run: with_rows(run, 1, "return_mean", false))
    (judgement,) = (one for one in verified(records) if one.verdict != EXACT)
    assert judgement.claim.name == claim.name
    difference = judgement.difference
    assert difference is not None
    assert (difference.file, difference.column) == ("evaluations.parquet", "return_mean")
    assert difference.place == f"row 1 (turn {true['turn']}, {true['steps']} steps)"
    assert (difference.recorded, difference.found) == (repr(false), repr(true["return_mean"]))
    assert judgement.verdict == WITHIN  # the last evaluation stands
    assert f"probability {2}/{4}" in judgement.reason  # three seeds of the cell


def test_one_last_bit_of_a_parameter_is_found_and_named(records: Path) -> None:
    claim = of_folder(records)[0]

    def nudged(run: Finished) -> Finished:
        theta = run.candidate.theta.copy()
        theta[2] = np.nextafter(theta[2], np.inf)
        return replace(run, candidate=run.candidate._replace(theta=theta))

    forge(claim, nudged)
    (difference,) = (one.difference for one in verified(records) if one.verdict != EXACT)
    assert difference is not None
    assert (difference.file, difference.place, difference.column) == ("candidates.npz", "element 2", "theta")


def test_a_rerun_below_all_recorded_scores_is_different(records: Path) -> None:
    for claim in of_folder(records):
        if claim.cell == CELL:
            forge(claim, out_of_reach)
    named = verdicts(records)
    assert [verdict for name, verdict in named.items() if "ars" in name] == [DIFFERENT] * 3
    assert [verdict for name, verdict in named.items() if "reinforce" in name] == [EXACT] * 2


def test_a_flipped_bit_of_a_file_is_damage_and_not_a_difference_of_runs(records: Path) -> None:
    path = of_folder(records)[0].folder / "evaluations.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    damaged = [one for one in verified(records) if one.verdict != EXACT]
    assert [one.verdict for one in damaged] == [DIFFERENT] * 3  # both runs of the job, and the third for its interval
    assert all("evaluations.parquet was altered" in one.reason for one in damaged)


def test_a_digest_that_the_files_do_not_have_is_a_lie(records: Path) -> None:
    manifest = of_folder(records)[0].folder / "manifest.json"
    edit(manifest, lambda content: content["runs"][0].update(digest="0" * 64))
    assert "do not have the digest" in next(one.reason for one in verified(records) if one.verdict != EXACT)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"algorithm": Part("ars", "nonesuch", {})}, "there is no 'nonesuch' here"),
        ({"algorithm": Part("ars", "ars", {"directions": -3})}, "cannot be run with the present sources"),
        (
            {"environment": replace(POLE, engine="gymnasium", problem=None, gymnasium="this:Zen-v0")},
            "this:Zen-v0 names a module",
        ),
    ],
)
def test_a_spec_that_cannot_be_run_is_different_and_says_why(records: Path, change: Any, words: str) -> None:
    foreign = replace(CELL, **change)
    for claim in of_folder(records):
        new = {"cell": json.loads(foreign.to_json()), "cell_digest": foreign.digest}
        edit(claim.folder / "manifest.json", lambda content, new=new: content.update(new))
    found = verified(records)
    assert {one.verdict for one in found} == {DIFFERENT}
    assert all(words in one.reason for one in found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.pop("runs"), "missing: runs"),
        (lambda content: content["cell"].pop("budget"), "cell: missing: budget"),
        (lambda content: content.update(cell_digest="0" * 64), "cell_digest: contradicts itself"),
        (lambda content: content["files"].update({"../../secret": "0" * 64}), "files.*secret.*is no name of a file"),
        (lambda content: content["runs"][0].update(seed=-1), r"runs\[0\]\.seed: expected an integer from 0 to"),
        (lambda content: content["runs"][0].update(seed="0"), r"runs\[0\]\.seed: expected an integer.*found '0'"),
        (lambda content: content["runs"][0].update(seed=True), r"runs\[0\]\.seed: expected an integer.*found True"),
        (lambda content: content["runs"].append(3), r"runs\[\d\]: expected a mapping"),
        (lambda content: content["runs"].append(content["runs"][0]), "runs: its seeds are not ascending"),
        (lambda content: content.update(runs=[]), "runs: is empty"),
        (lambda content: content.update(files=None), "files: expected a mapping, found nothing"),
        (lambda content: content.update(colour="red"), "colour: unknown key"),
        (lambda content: content["provenance"].update(commit="; rm -rf /"), "provenance.commit: expected text that is"),
    ],
)
def test_a_manifest_of_wrong_fields_is_refused_by_file_and_key(
    records: Path, change: Callable[[Any], Any], words: str
) -> None:
    manifest = of_folder(records)[0].folder / "manifest.json"
    edit(manifest, change)
    with pytest.raises(InputError, match=rf"manifest\.json: {words}.*delete its folder"):
        of_folder(records)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_the_interval_of_n_scores_holds_a_fresh_one_in_n_minus_1_of_n_plus_1_orders(n: int) -> None:
    orders = list(permutations(range(n + 1)))
    inside = sum(compatible(float(fresh), [float(score) for score in others])[0] for fresh, *others in orders)
    assert inside * (n + 1) == (n - 1) * len(orders)


def test_one_seed_is_compatible_with_nothing_and_equal_seeds_only_with_themselves() -> None:
    assert not compatible(500.0, [500.0])[0]
    assert compatible(500.0, [500.0] * 10)[0]
    assert not compatible(499.0, [500.0] * 10)[0]
    assert compatible(-np.inf, [500.0, -np.inf])[0]  # it diverged, and so did one before


def test_a_run_equals_itself_and_its_shorter_self_parts_where_it_ends(records: Path) -> None:
    claim = of_folder(records)[0]
    run = read_run(claim.folder, claim.run)
    assert first_difference(parts(run), parts(run)) is None
    cut = replace(run, snapshot=replace(run.snapshot, evaluations=run.snapshot.evaluations[:-1]))
    difference = first_difference(parts(run), parts(cut))
    assert difference is not None
    length = len(run.snapshot.evaluations)
    assert difference[:3] == ("evaluations.parquet", f"row {length - 1}", "rows")
    assert difference[3:] == (str(length), str(length - 1))


def test_the_difference_that_comes_first_in_time_is_named_first(records: Path) -> None:
    claim = of_folder(records)[0]
    run = read_run(claim.folder, claim.run)
    late = with_rows(run, -1, "return_mean", 1.0)
    training = [dict(row) for row in run.snapshot.training]
    training[0]["return_max"] = -5.0
    both = replace(late, snapshot=replace(late.snapshot, training=training))
    difference = first_difference(parts(run), parts(both))
    assert difference is not None
    assert (difference.file, difference.column, difference.found) == ("training.parquet", "return_max", "-5.0")


def test_of_two_platforms_only_what_differs_is_shown_and_what_binds_is_marked() -> None:
    now = provenance()
    assert differing(now, now) == ()
    other = now | {"commit": "0" * 40, "cpu": {"model": "Acme 9", "features": ["avx"]}}
    facts = {fact.name: fact for fact in differing(other, now)}
    assert facts.keys() == {"commit", "cpu.model", "cpu.maker", "cpu.features"}
    assert {name for name, fact in facts.items() if fact.binding} == {"cpu.maker", "cpu.features"}
    assert facts["cpu.features"].recorded == "avx"


def test_another_blas_ends_the_promise_and_one_that_was_not_recorded_is_no_difference() -> None:
    now = provenance()
    assert now["blas"].split()[1:], now["blas"]  # a name and a version
    (fact,) = differing(now | {"blas": "mkl 2025.1"}, now)
    assert (fact.name, fact.recorded, fact.now, fact.binding) == ("blas", "mkl 2025.1", now["blas"], True)
    assert differing(provenance(), now) == ()


def test_the_report_shows_both_platforms_and_the_odds_of_chance(records: Path) -> None:
    claim = of_folder(records)[0]
    forge(claim, lambda run: with_rows(run, 1, "return_std", 7.25), code="0" * 64)
    edit(claim.folder / "manifest.json", lambda content: content["provenance"].update(libc="glibc 1.0"))
    text = "\n".join(report.lines(verified(records), provenance()))
    assert "4 EXACT, 1 WITHIN, 0 DIFFERENT" in text
    assert "recorded 7.25, found" in text
    assert f"the sources have changed: code {'0' * 12} recorded" in text
    assert "* libc" in text and "glibc 1.0" in text
    assert "numba" not in text  # equal here and there
    assert "0 lie outside" in text and "0.5 would" in text  # 2 / (3 + 1)


def test_a_sample_is_drawn_without_repetition_in_order_and_again_from_its_seed(records: Path) -> None:
    recorded = of_folder(records)

    def names(chosen: Sequence[Claim]) -> list[str]:
        return [claim.name for claim in chosen]

    assert names(draw(recorded, 3, 0)) == names(draw(recorded, 3, 0))
    samples = {tuple(names(draw(recorded, 3, seed))) for seed in range(20)}
    assert len(samples) > 5
    assert all(len(set(sample)) == 3 for sample in samples)
    assert all([name for name in names(recorded) if name in sample] == list(sample) for sample in samples)
    assert names(draw(recorded, 99, 0)) == names(recorded)


def test_the_exit_status_is_0_for_exact_1_for_different_and_2_for_nothing(
    records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(records), "--sample", "2", "--seed", "4"]) == 0
    shown = capsys.readouterr()
    assert "2 of 5 recorded runs, drawn with seed 4" in shown.out
    assert "2 EXACT, 0 WITHIN, 0 DIFFERENT" in shown.out
    assert "2/2 EXACT" in shown.err
    forge(of_folder(records)[0], lambda run: with_rows(run, 1, "return_mean", 7.25))
    assert main(["verify", str(records), "--all"]) == 1
    assert main(["verify", str(tmp_path / "records" / "nothing")]) == 2
    (tmp_path / "empty").mkdir()
    assert main(["verify", str(tmp_path / "empty")]) == 2
    assert "holds no manifest.json" in capsys.readouterr().err
    assert main(["verify", str(records), "--sample", "0"]) == 2


def test_a_worker_that_was_killed_is_one_line_with_the_way_on(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def kill() -> None:
        while not list(tmp_path.glob("verify-*/*")):  # until one has begun a run
            time.sleep(0.01)
        active_children()[0].kill()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    assert main(["verify", str(records), "--all", "--jobs", "2"]) == 2
    killer.join()
    said = capsys.readouterr().err
    assert said == "error: verify --jobs 2: a worker was killed, perhaps for want of memory; go on with --jobs 1\n"


def children(process: int) -> list[int]:
    """The workers of a process that have been started."""
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_verify_its_workers_and_its_scratch_folder_with_status_128_and_its_number(
    records: Path, tmp_path: Path, number: int
) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    words = [sys.executable, "-m", "harness", "verify", str(records), "--all", "--jobs", "2"]
    settings = {**os.environ, "TMPDIR": str(scratch)}
    command = subprocess.Popen(
        words,
        cwd=ROOT,
        env=settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # under nohup it would be ignored
    )
    while not list(scratch.glob("verify-*/*")):  # until one has begun a run
        assert command.poll() is None
        time.sleep(0.01)
    assert len(started := children(command.pid)) == 3  # one keeps account of what they share
    command.send_signal(number)
    said = command.communicate(timeout=60.0)[1]
    assert (command.returncode, said) == (128 + number, b"interrupted\n")
    assert all([gone(child) for child in started])
    assert list(scratch.iterdir()) == []


def test_a_closed_pipe_is_status_141_and_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(trust, "tell", closed)
    monkeypatch.setattr("harness.explain.explain.explain", lambda words: ["line"])
    assert main(["explain", "anything"]) == 141


def test_a_folder_of_published_studies_is_refused_with_the_command_for_each(
    tmp_path: Path, records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second one"):
        shutil.copytree(records, tmp_path / "published" / name)
        (tmp_path / "published" / name / MANIFEST).write_text("")
    assert main(["verify", str(tmp_path), "--sample", "1"]) == 2
    said = capsys.readouterr().err
    assert f"`harness verify {tmp_path}/published/first`" in said
    assert f"`harness verify '{tmp_path}/published/second one'`" in said


def test_of_the_manifest_of_a_job_the_folder_to_give_is_named(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = of_folder(records)[0].folder / "manifest.json"
    assert main(["verify", str(manifest)]) == 2
    assert f"give its folder, {manifest.parent}\n" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["verify", ""], ["explain", ""], ["explain", "quickstart", ""]])
def test_the_empty_word_of_a_variable_that_is_not_set_names_nothing(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "the empty word names nothing" in capsys.readouterr().err


def test_a_study_without_runs_here_is_verified_from_the_published_ones(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    planned = [SimpleNamespace(cell=CELL)]
    workflow: Any = SimpleNamespace(manifests=(), planned=planned, study=SimpleNamespace(name="mine"))
    monkeypatch.setattr(claims, "PUBLISHED", records)
    assert [claim.seed for claim in claims.of_study(workflow)] == [0, 1, 2]
    monkeypatch.setattr(claims, "PUBLISHED", records / "nothing")
    with pytest.raises(InputError, match="has no finished run"):
        claims.of_study(workflow)
