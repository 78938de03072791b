"""Moments as the databases hold them: whole microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def us(moment: datetime) -> int:
    """A moment as a number."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def wall(number: int) -> datetime:
    """The moment that this number was."""
    return _EPOCH + timedelta(microseconds=number)
