"""Sentences on the laboratory, from hand-made tables: none rests on a truth that is not known."""

import numpy as np
import pandas as pd

from harness.report.laboratory import laboratory_answer

COMMON = {"exploration": 1.0, "shift": 0.0, "horizon": 10, "options": "{}"}
COMMON |= {"relative_noise_law": np.nan, "effective_fraction_law": np.nan, "policy": "linear"}


def rows(algorithm: str, environment: str = "E", **columns: list[float]) -> pd.DataFrame:
    """Two seeds at each of two points; cosines and errors seed by seed."""
    place = {"environment": environment, "algorithm": algorithm, "seed": [0, 0, 1, 1], "point": [0, 1, 0, 1]}
    names = {"cosines": "cosine_per_1000", "errors": "truth_error"}
    return pd.DataFrame(COMMON | place | {names[name]: values for name, values in columns.items()})


GOOD = rows("ppo", cosines=[0.9, 0.7, 0.9, 0.7], errors=[0.1] * 4)


def sentence(*tables: pd.DataFrame) -> str:
    (point,) = laboratory_answer(pd.concat(tables))
    return point.said[0].text


def test_truths_with_an_error_of_0_3_count_and_nothing_is_left_out():
    other = rows("ars", cosines=[0.2, 0.4, 0.2, 0.4], errors=[0.3] * 4)
    assert sentence(GOOD, other) == (
        "mean cosine of 1 000 steps of updates to each method's own target: E, from 0.80 for ppo to 0.30 for ars."
    )


def test_a_point_whose_truth_is_vague_for_one_seed_is_left_out_for_all_seeds():
    other = rows("ars", cosines=[0.2, -0.9, 0.4, -0.9], errors=[0.1, 0.31, 0.1, 0.29])
    text = sentence(GOOD, other)
    assert "to 0.30 for ars. Left out: 1 of 4 points of a method on a structure" in text
    assert "standard error above 0.3 of its length; means are over the points that remain." in text


def test_a_method_without_any_known_truth_is_named_as_left_out_and_has_no_cosine():
    text = sentence(GOOD, rows("ars-wide", cosines=[-0.01] * 4, errors=[1.0, np.nan, 1.0, np.nan]))
    assert "own target: E, 0.80 for ppo." in text
    assert "Left out: 2 of 4 points" in text
    assert "so that none is left of E · linear · ars-wide;" in text
    assert "−0.01" not in text


def test_without_a_single_known_truth_the_sentence_names_no_cosine():
    text = sentence(rows("ars", cosines=[0.5] * 4, errors=[0.5] * 4))
    assert text.startswith("mean cosine of 1 000 steps of updates to each method's own target: none is known. Left")


def test_an_environment_without_known_truths_is_not_named_with_cosines():
    text = sentence(GOOD, rows("ars", "F", cosines=[0.5] * 4, errors=[0.5] * 4))
    assert "own target: E, 0.80 for ppo. Left" in text
    assert "none is left of F · linear · ars;" in text
