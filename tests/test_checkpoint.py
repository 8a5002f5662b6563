"""A checkpoint comes back bit for bit, or is refused: never anything else."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from toy import Inner, State

from harness.checkpoint import Damaged, load, save
from harness.files import write_bytes, write_json
from harness.run import Snapshot
from harness.state import flatten, restore

OWNER = "cell code 3"
ROWS = [{"turn": 1, "steps": 7, "value": 0.1 + 0.2}, {"turn": 2, "steps": 9, "value": -math.inf}]


def snapshot(theta: Any = (0.1, -0.0)) -> Snapshot:
    state = State(np.array(theta), Inner(4, 1 / 3), True)
    return Snapshot(state, 2, 9, 6, 40, "running", "", ROWS, [{"turn": 2, "loss": math.nan}], {"ask": 0.25})


def same(one: Snapshot, other: Snapshot) -> bool:
    left, right = flatten(one.state), flatten(other.state)
    plain = [json.dumps(vars(replace(one_of, state=None)), sort_keys=True) for one_of in (one, other)]
    return plain[0] == plain[1] and all(
        left[name].tobytes() == right[name].tobytes() and left[name].dtype == right[name].dtype for name in left
    )


def test_a_snapshot_comes_back_with_its_types_and_bits(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "run.npz"
    save(path, snapshot(), OWNER)
    back = load(path, snapshot((7.0, 8.0)).state, OWNER)
    assert same(back, snapshot())
    assert (type(back.state), type(back.state.inner)) == (State, Inner)
    assert (type(back.state.inner.count), type(back.state.inner.weight), back.state.lucky) == (int, float, True)
    assert np.signbit(back.state.theta[1])
    assert list(tmp_path.glob("folder/*")) == [path]  # nothing is left beside it


class Everything(NamedTuple):
    array: Any
    number: Any
    inner: Inner


NUMBERS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.floats().map(np.float64),
    st.integers(0, 9).map(np.int64),
)
KINDS = st.sampled_from([np.float64, np.int64, np.bool_, np.uint64, np.float32])


@settings(deadline=None, max_examples=60)
@given(arrays.arrays(KINDS, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)), NUMBERS)
def test_every_array_and_number_comes_back_bit_for_bit(tmp_path_factory: Any, array: Any, number: Any) -> None:
    path = tmp_path_factory.mktemp("round") / "run.npz"
    state = Everything(array, number, Inner(1, 2.0))
    save(path, Snapshot(state), OWNER)
    back = load(path, Everything(np.zeros_like(array), number, Inner(0, 0.0)), OWNER).state
    assert back.array.tobytes() == array.tobytes()
    assert (back.array.dtype, back.array.shape) == (array.dtype, array.shape)
    assert type(back.number) is type(number)
    assert np.asarray(back.number).tobytes() == np.asarray(number).tobytes()


def test_saving_the_same_snapshot_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        save(tmp_path / name, snapshot(), OWNER)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def outcome_of(path: Path) -> str:
    """What loading gives: the snapshot itself, a refusal, or something that must never be."""
    try:
        back = load(path, snapshot().state, OWNER)
    except Damaged:
        return "refused"
    return "identical" if same(back, snapshot()) else "something else"


def test_a_file_truncated_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    save(path, snapshot(), OWNER)
    whole = path.read_bytes()
    outcomes = []
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        outcomes.append(outcome_of(path))
    assert set(outcomes) == {"refused"}
    assert len(outcomes) > 1000


def test_a_flipped_bit_anywhere_is_refused_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    save(path, snapshot(), OWNER)
    whole = path.read_bytes()
    found = {"refused": 0, "identical": 0}
    for position in range(len(whole)):
        altered = bytearray(whole)
        altered[position] ^= 1 << position % 8
        path.write_bytes(bytes(altered))
        outcome = outcome_of(path)
        assert outcome in found, f"byte {position}: {outcome}"
        found[outcome] += 1
    assert found["refused"] > 0.7 * len(whole)  # the rest are dates and the like in the headers of the zip format


def test_content_exchanged_under_a_valid_zip_is_refused(tmp_path: Path) -> None:
    """Checksums of the zip format hold here; only the digest sees it."""
    path = tmp_path / "run.npz"
    save(path, snapshot(), OWNER)
    with np.load(path) as file:
        content = dict(file)
    content["state.theta"] = content["state.theta"] + 1.0
    np.savez(path, allow_pickle=False, **content)
    with pytest.raises(Damaged, match="was altered"):
        load(path, snapshot().state, OWNER)


@pytest.mark.parametrize("owner", ["cell code 4", "cell other 3", "", OWNER + " "])
def test_a_checkpoint_of_another_run_or_other_code_is_refused(tmp_path: Path, owner: str) -> None:
    save(tmp_path / "run.npz", snapshot(), OWNER)
    with pytest.raises(Damaged, match="belongs to another run, or to other code or another platform"):
        load(tmp_path / "run.npz", snapshot().state, owner)


def test_a_state_of_another_structure_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "run.npz", snapshot(), OWNER)
    with pytest.raises(Damaged, match=r"state\.array"):
        load(tmp_path / "run.npz", Everything(np.zeros(2), 0, Inner(0, 0.0)), OWNER)


def test_a_leaf_that_became_another_type_is_refused_and_not_rounded() -> None:
    leaves = flatten(Inner(0, 0.5)) | {"state.count": np.asarray(0.5)}
    with pytest.raises(TypeError, match=r"state\.count is float64, and was int64 in the beginning"):
        restore(Inner(0, 0.0), leaves)


@pytest.mark.parametrize("leaf", ["text", None, [1.0], {"a": 1}, np.array(["a"]), np.array([None]), 2**70, (1.0, 2.0)])
def test_a_state_holds_arrays_and_numbers_only(leaf: Any) -> None:
    with pytest.raises(TypeError, match=r"state\.count is .*; a state holds arrays, numbers and NamedTuples"):
        flatten(Inner(leaf, 0.0))


def test_a_pickle_is_never_read(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    np.savez(path, header=np.array([{"owner": OWNER}], dtype=object), allow_pickle=True)
    with pytest.raises(Damaged, match="cannot be read"):
        load(path, snapshot().state, OWNER)


def test_a_missing_file_is_not_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.npz", snapshot().state, OWNER)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with pytest.raises(TypeError):
        write_bytes(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_written_with_sorted_keys_and_in_unicode(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "θ"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n "a": "θ",\n "b": 1\n}\n'
