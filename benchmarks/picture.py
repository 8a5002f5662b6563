"""benchmarks/results/speed.svg: our speed in units of each peer's, from the CSV files, on a logarithmic axis."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

SUBJECTS = ("rollouts", "training_gradient_free", "training_gradient", "engines")
COLOURS = {"Gymnasium": "#4477aa", "EnvPool": "#66ccee", "gymnax": "#228833", "bare physics": "#bbbbbb"}
OTHER = "#ee6677"  # Stable-Baselines3 and sb3-contrib


def rows(folder: Path) -> list[dict[str, str]]:
    """Rows about steps per second."""
    found = []
    for subject in SUBJECTS:
        path = folder / f"{subject}.csv"
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                found += [row for row in csv.DictReader(file) if row["unit"] == "steps/s"]
    return found


def draw(folder: Path) -> None:
    """One line a case, a dot for each peer; at 1 both are equally fast."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    lines = rows(folder)
    cases = list(dict.fromkeys(line["case"] for line in lines))
    if not cases:
        return
    with mpl.rc_context({"svg.hashsalt": "speed", "font.size": 9, "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure, axes = plt.subplots(figsize=(7.2, 0.9 + 0.24 * len(cases)), layout="constrained")
        labelled: set[str] = set()
        for line in lines:
            mark(axes, cases.index(line["case"]), line, labelled)
        axes.axvline(1.0, color="#444444", linewidth=0.8)
        axes.set_yticks(range(len(cases)), cases)
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.set_xlabel("times as fast as the peer, one core each, medians of rounds in turns")
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.4, 1.12), ncols=3)
        figure.savefig(folder / "speed.svg", metadata={"Date": None})
        plt.close(figure)


def mark(axes: Any, place: int, line: dict[str, str], labelled: set[str]) -> None:
    """A dot at the median and a line over the rounds."""
    peer = line["peer"].partition(",")[0]
    colour = COLOURS.get(peer, COLOURS["Gymnasium"] if peer.startswith("Gymnasium") else OTHER)
    label = peer if peer in COLOURS else "Gymnasium" if peer.startswith("Gymnasium") else "Stable-Baselines3"
    axes.plot(
        [float(line["ratio_low"]), float(line["ratio_high"])], [place, place], color=colour, linewidth=2, alpha=0.5
    )
    axes.plot(float(line["ratio"]), place, "o", color=colour, markersize=5, label=None if label in labelled else label)
    labelled.add(label)
