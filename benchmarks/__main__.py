"""The benchmark suite: project and peers in one go, on one core each, taking turns.

    pip install -e ".[benchmarks]" -c constraints.txt
    python -m benchmarks                       everything; some need .peers, see --make-peers
    python -m benchmarks --only rollouts       one subject
    python -m benchmarks --quick               fewer rounds and smaller cases
    python -m benchmarks --list                what there is
    python -m benchmarks --make-peers          the environment of EnvPool and gymnax, .peers/

Writes benchmarks/results/{subject}.csv, machine.csv (where and when each was measured) and speed.svg.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks import peers

peers.prepare_environment()  # before NumPy is imported: its BLAS would start as many threads as there are cores

from benchmarks import machine  # noqa: E402
from benchmarks.measure import RESULTS, Row, Settings, pin, table, write  # noqa: E402

SUBJECTS = {
    "rollouts": "classic control and LQR, against Gymnasium, EnvPool and gymnax",
    "engines": "MuJoCo and Box2D, against Gymnasium, EnvPool and bare physics",
    "training_gradient_free": "ARS, CEM and CMA-ES, against sb3-contrib's ARS",
    "training_gradient": "REINFORCE, PPO and its A2C form, against Stable-Baselines3's PPO and A2C",
    "job_start": "from the command to the first environment step",
    "memory": "largest memory of one job",
    "other_core": "two jobs side by side, against one",
    "study_overhead": "a whole study, against the seconds inside its runs; and its MLflow mirror",
    "growth": "planning 1 000 to 100 000 runs; nothing to do on 10 000",
    "report_growth": "tables, figures and report of 1 000 to 100 000 runs",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", choices=SUBJECTS, action="append", help="a subject; may be repeated")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller cases")
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("--make-peers", action="store_true", help="make the peers' environment")
    parser.add_argument("--peers", type=Path, help="the peers' environment, .peers/ if not given")
    parser.add_argument("--core", type=int, default=0, help="the core to stay on")
    parser.add_argument("--results", type=Path, help="where the CSV files go; those of --quick do not go to the others")
    options = parser.parse_args()
    place = options.peers or peers.FOLDER
    results = options.results or (RESULTS / "quick" if options.quick else RESULTS)
    if options.list:
        print("\n".join(f"{name:24}{text}" for name, text in SUBJECTS.items()))
    elif options.make_peers:
        if place.exists() and not (place / "pyvenv.cfg").exists():
            parser.error(f"{place}: is there and is no virtual environment; it would be emptied")
        print(peers.make(place))
    else:
        python = peers.interpreter(place)
        if options.peers and not python.exists():
            parser.error(f"{place}: no peers' environment there; --make-peers makes it")
        if options.core not in os.sched_getaffinity(0):
            parser.error(f"--core {options.core}: there are {sorted(os.sched_getaffinity(0))}")
        results.mkdir(parents=True, exist_ok=True)
        settings = Settings(options.quick, python if python.exists() else None, options.core)
        names = options.only or list(SUBJECTS)
        if len(names) == 1:
            if settings.peers is None:
                print(f"no peers' environment in {place}: EnvPool and gymnax are left out (see --make-peers)\n")
            measure(names[0], settings, results)
        else:
            words = ["--core", str(options.core), "--results", str(results), *(["--quick"] if options.quick else [])]
            words += ["--peers", str(options.peers)] if options.peers else []
            failed = [name for name in names if not alone(name, words)]
            if failed:
                sys.exit(f"\nfailed, the others were measured: {', '.join(failed)}")
        from benchmarks.picture import draw

        draw(results)


def alone(name: str, words: list[str]) -> bool:
    """One of several subjects in a process of its own: what one has imported is no burden of the next."""
    return not subprocess.run([sys.executable, "-m", "benchmarks", "--only", name, *words], check=False).returncode


def measure(name: str, settings: Settings, folder: Path) -> None:
    """One subject: its table on the screen and in its file."""
    pin(settings.core)
    start, before = time.perf_counter(), machine.load()
    subject = import_module(f"benchmarks.{name}")
    print(f"\n{subject.TITLE}\n", flush=True)
    rows: list[Row] = list(subject.run(settings))
    print(table(rows))
    seconds = time.perf_counter() - start
    print(f"\n{name}: {seconds:.0f} s, load before {before:.2f}", flush=True)
    write(name, rows, folder)
    machine.write(name, seconds, before, settings.quick, folder)


if __name__ == "__main__":
    main()
