"""The benchmark suite: project and peers in one go, on one core each, taking turns.

    python -m benchmarks                       everything; some need .peers, see --make-peers
    python -m benchmarks --only rollouts       one subject
    python -m benchmarks --quick               fewer rounds and smaller cases
    python -m benchmarks --list                what there is
    python -m benchmarks --make-peers          the environment of EnvPool and gymnax, .peers/

Writes benchmarks/results/{subject}.csv, machine.csv (where and when each was measured) and speed.svg.
"""

from __future__ import annotations

import argparse
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
    "training_gradient": "REINFORCE, PPO and one-step PPO, against Stable-Baselines3's PPO and A2C",
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
    parser.add_argument("--peers", type=Path, default=peers.FOLDER, help="the peers' environment")
    parser.add_argument("--core", type=int, default=0, help="the core to stay on")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the CSV files go")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{name:24}{text}" for name, text in SUBJECTS.items()))
    elif options.make_peers:
        print(peers.make(options.peers))
    else:
        python = peers.interpreter(options.peers)
        settings = Settings(options.quick, python if python.exists() else None, options.core)
        if settings.peers is None:
            print(f"no peers' environment in {options.peers}: EnvPool and gymnax are left out (see --make-peers)\n")
        names = options.only or list(SUBJECTS)
        if len(names) == 1:
            measure(names[0], settings, options.results)
        else:
            for name in names:
                alone(name)
        from benchmarks.picture import draw

        draw(options.results)


def alone(name: str) -> None:
    """One of several subjects in a process of its own: what one has imported is no burden of the next."""
    words = [word for word in sys.argv[1:] if word != "--only" and word not in SUBJECTS]
    subprocess.run([sys.executable, "-m", "benchmarks", "--only", name, *words], check=True)


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
