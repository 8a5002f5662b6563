"""A seal holds every bit of the file it stands in, also those that change no value."""

from __future__ import annotations

import json

import pytest

from harness.files import json_bytes
from harness.seal import require_seal, sealed

WRITTEN = json_bytes(sealed({"seconds": 1e-05, "of": ["ä", 0.1], "none": None, "dirty": False}))


def test_what_was_sealed_is_what_was_sealed() -> None:
    require_seal(json.loads(WRITTEN), WRITTEN)


def test_no_bit_of_a_sealed_file_can_turn() -> None:
    """That of the letter in 1e-05 makes it 1E-05: the same number, and another file."""
    same = 0
    for place in range(8 * len(WRITTEN)):
        turned = bytearray(WRITTEN)
        turned[place // 8] ^= 1 << place % 8
        try:
            content = json.loads(bytes(turned))
        except ValueError:
            continue
        same += content == json.loads(WRITTEN)
        with pytest.raises(ValueError, match="its seal does not fit"):
            require_seal(content, bytes(turned))
    assert same == 1


@pytest.mark.parametrize("changed", [WRITTEN[:-1], WRITTEN + b" ", WRITTEN.replace(b"\n ", b"\n  ")])
def test_white_space_is_held_too(changed: bytes) -> None:
    with pytest.raises(ValueError, match="its seal does not fit"):
        require_seal(json.loads(changed), changed)
