"""Several workers: the results of one, in the order of the items; faults are told, a killed worker costs time only."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import workers
from harness.errors import InputError
from harness.workers import each

forks = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")


@pytest.mark.parametrize("jobs", [1, 2, 3, 50])
def test_results_are_those_of_one_worker_in_the_order_of_the_items(jobs):
    offset = 7  # closed over: the work is inherited, never sent
    assert each(lambda number: number**2 + offset, range(20), jobs) == [number**2 + 7 for number in range(20)]


def test_no_items_have_no_results():
    assert each(str, [], 4) == []


@forks
def test_two_workers_do_the_work_and_none_is_left():
    seen = set(each(lambda _: (time.sleep(0.02), os.getpid())[1], range(20), 2))
    assert len(seen) == 2 and os.getpid() not in seen
    for process in seen:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_fault_is_raised_as_if_there_were_no_workers(jobs):
    def work(number):
        if number == 5:
            raise InputError("manifest.json", "is damaged")
        return number

    with pytest.raises(InputError, match=r"^manifest\.json: is damaged$"):
        each(work, range(20), jobs)


@forks
def test_the_item_of_a_killed_worker_is_done_by_who_asked():
    here = os.getpid()

    def work(number):
        if number % 3 == 0 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert each(work, range(20), 2) == list(range(20))


@forks
def test_an_interrupt_ends_all_workers_without_a_word():
    program = "from harness.workers import each; import time; each(lambda _: time.sleep(60), range(4), 2)"
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # tests may run in the background
    process = subprocess.Popen(
        [sys.executable, "-c", f"{heard}\ntry:\n {program}\nexcept KeyboardInterrupt: print('interrupted')"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while len(children(process.pid)) < 2:
        time.sleep(0.05)
    time.sleep(0.5)  # until they have begun
    started = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30) == ("interrupted\n", "")
    assert not any(Path(f"/proc/{child}").exists() for child in started)


@forks
def test_workers_end_when_their_parent_was_killed():
    program = "from harness.workers import each; import time; each(lambda _: time.sleep(0.2), range(10**4), 3)"
    process = subprocess.Popen([sys.executable, "-c", program])
    while len(children(process.pid)) < 3:
        time.sleep(0.05)
    started = children(process.pid)
    process.kill()
    process.wait()
    for _ in range(200):
        if not any(map(running, started)):
            return
        time.sleep(0.1)
    raise AssertionError("a worker is left")


def running(process):
    """Whether it is there and not a zombie that nobody has fetched."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").split()[2] != "Z"
    except FileNotFoundError:
        return False


def children(process):
    """Its own processes."""
    return Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()


def test_elsewhere_the_work_is_done_here(monkeypatch):
    monkeypatch.setattr(workers.sys, "platform", "darwin")
    assert set(each(lambda _: os.getpid(), range(4), 2)) == {os.getpid()}
