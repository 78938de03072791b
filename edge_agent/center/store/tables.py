"""The tables as the queries name them; `store/migrations/center` makes them, a test compares."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

metadata = MetaData()
_WORDS: TypeEngine[str] = Text()
_NUMBER: TypeEngine[int] = BigInteger()


def _table(name: str, words: str, numbers: str, blobs: str = "") -> Table:
    columns: list[Column[str] | Column[int] | Column[bytes]] = []
    columns += [Column(one, _WORDS) for one in words.split()]
    columns += [Column(one, _NUMBER) for one in numbers.split()]
    columns += [Column(one, LargeBinary()) for one in blobs.split()]
    return Table(name, metadata, *columns)


events = _table(
    "events",
    "site epoch lane source id type subject severity data",
    "position sequence time received late",
)
images = _table("images", "site event epoch", "sequence received", "jpeg")
tombstones = _table("tombstones", "site epoch lane reason", "first last count time received")
received = _table("received", "site epoch lane spans", "through highest missing changed")
epochs = _table("epochs", "site epoch", "heard")
sites = _table(
    "sites",
    "site epoch word birth heartbeat standing",
    "heard conn word_at birth_at heartbeat_at skew since paged revoked",
)
cameras = _table("cameras", "site camera state reason", "since heard")
quarantine = _table(
    "quarantine",
    "site digest topic content_type labels reason vi en",
    "position size times first_at last_at",
    "payload",
)
notices = _table("notices", "site kind subject vi en", "position times first_at last_at")
pulse = _table("pulse", "center", "conn beat clock_off")
