"""A seal: a JSON file that vouches for others carries the checksum of its own content; no digit of it can turn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from harness.files import json_bytes

SEAL = "seal"


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with its seal."""
    return {**content, SEAL: _checksum(content)}


def require_seal(content: Mapping[str, Any]) -> None:
    """Raise ValueError unless the content is what was sealed."""
    if content.get(SEAL) != _checksum({name: value for name, value in content.items() if name != SEAL}):
        raise ValueError("it was altered: its seal does not fit")


def _checksum(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json_bytes(content)).hexdigest()
