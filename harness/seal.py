"""A seal: a JSON file that vouches for others carries the checksum of its own content; no bit of it can turn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from harness.files import json_bytes

SEAL = "seal"


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with its seal."""
    return {**content, SEAL: _checksum(content)}


def require_seal(content: Mapping[str, Any], written: bytes) -> None:
    """Raise ValueError unless the content is what was sealed, and written as it is: 1E-05 is no 1e-05."""
    unsealed = {name: value for name, value in content.items() if name != SEAL}
    if content.get(SEAL) != _checksum(unsealed) or json_bytes(content) != written:
        raise ValueError("it was altered: its seal does not fit")


def _checksum(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json_bytes(content)).hexdigest()
