"""Secrets that cannot be printed by accident."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and its password; the password shows in no repr, log line or traceback."""

    user: str
    password: str = field(repr=False)
