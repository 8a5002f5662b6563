"""The count of jobs and the time that is left, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import progress

HEADER = {"jobs": 12, "work": 100.0, "seconds": 50.0, "after": 30.0, "start": 0.0}


@pytest.mark.parametrize("content", ["", "[1]\n", "no JSON\n", "{}\n"])
def test_a_damaged_count_of_jobs_fails_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "progress.txt"))
    (tmp_path / "progress.txt").write_text(content)
    assert progress.count(1.0).startswith("[not counted")
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "gone" / "progress.txt"))
    assert progress.count(1.0) == "[not counted, FileNotFoundError] "


@pytest.mark.parametrize(
    ("done", "elapsed", "left"),
    [
        (0.0, 0.0, 50.0 + 30.0),  # what was foreseen
        (50.0, 25.0, 25.0 + 30.0),  # as fast as foreseen
        (50.0, 55.0, 50.0 + 30.0),  # (55 + 5) / (50 + 10) = 1 second for each unit
        (100.0, 80.0, 30.0),
        (120.0, 80.0, 30.0),  # more than foreseen: never negative
    ],
)
def test_what_is_left_follows_the_pace_and_at_first_the_forecast(done: float, elapsed: float, left: float) -> None:
    assert progress.seconds_left(HEADER, done, elapsed) == pytest.approx(left, rel=1e-15)


def test_jobs_are_counted_and_a_new_beginning_forgets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(progress.VARIABLE, "")
    assert progress.count(1.0) == ""
    for _ in range(2):
        progress.begin(tmp_path / "logs" / "progress.txt", jobs=12, work=2.0, seconds=2.0, after=90.0)
        assert progress.count(1.0).startswith("[ 1/12, about 1 min 3")
        assert progress.count(1.0) == "[ 2/12, about 1 min 30 s left] "


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "1 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (100.0, "1 min 40 s"), (7260.0, "2 h 1 min")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert progress.in_words(seconds) == words
