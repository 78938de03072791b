"""One stream of a virtual camera on air: which picture is due, and who gets it."""

from __future__ import annotations

import asyncio
import secrets

from edge_agent.sim.clip import Encoding
from edge_agent.sim.faults import Faults
from edge_agent.sim.misbehaviour import spoiled, swallowed
from edge_agent.sim.rtp import CLOCK_RATE, interleaved, packets

FULL = 4_000_000  # bytes waiting for one client (about 15 s of the main stream): it loses pictures


class Live:
    """One stream's live position: which picture of the loop is due, numbered on without end."""

    def __init__(self, encoding: Encoding, started: float, other: Encoding, faults: Faults) -> None:
        self._encoding, self._other, self._faults = encoding, other, faults
        self._started, self._stuck = started, -1
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(16)
        self.players: set[Player] = set()

    @property
    def encoding(self) -> Encoding:
        """The loop that is on air."""
        return self._other if self._faults.now.other_size else self._encoding

    def show(self, encoding: Encoding, other: Encoding) -> None:
        """From any thread: this loop is on air, to everybody from its next key frame on."""
        self._encoding, self._other = encoding, other
        self.from_the_next_key()

    def from_the_next_key(self) -> None:
        """Who watches gets nothing until a picture comes that a decoder can begin with."""
        for player in tuple(self.players):
            player.waiting = True

    def position(self, now: float) -> int:
        """Number of the picture that is on air at this monotonic second, counted over all loops."""
        return int((now - self._started) * self.encoding.fps)

    def due(self, number: int) -> float:
        """The monotonic second at which this picture goes out."""
        return self._started + number / self.encoding.fps

    def timestamp(self, number: int) -> int:
        """RTP time of a picture; goes on across the loop's end."""
        ahead = round(self._faults.now.pts_offset * CLOCK_RATE)
        return number * CLOCK_RATE // self.encoding.fps + ahead

    def next_key(self, number: int) -> int:
        """The first picture from this number on that a decoder can begin with."""
        units = self.encoding.units
        while not units[number % len(units)][2]:
            number += 1
        return number

    def send(self, number: int) -> None:
        """Give one picture to everybody who plays this stream."""
        index = self._index(number)
        key = self.encoding.units[index][2] or self._faults.now.no_key_frames
        nals = spoiled(self._faults.now, self.encoding.nals(index))
        rtp = packets(nals, self._sequence, self.timestamp(number), self._ssrc)
        self._sequence = (self._sequence + len(rtp)) & 0xFFFF
        ready: dict[int, bytes] = {}
        for player in tuple(self.players):
            if player.channel not in ready:
                ready[player.channel] = interleaved(rtp, player.channel)
            player.offer(ready[player.channel], key=key)

    def _index(self, number: int) -> int:
        """Where in the loop this picture is; a stuck camera's is the key frame before."""
        index = number % len(self.encoding.units)
        if not self._faults.now.stuck:
            if self._stuck >= 0:
                self._stuck = -1
                self.from_the_next_key()
            return index
        if self._stuck < 0:
            while not self.encoding.units[index][2]:
                index -= 1
            self._stuck = index
        return self._stuck

    async def broadcast(self) -> None:
        """Send each picture at its time, for ever; a machine that was asleep skips what is past."""
        loop = asyncio.get_running_loop()
        number = self.position(loop.time())
        while True:
            number = max(number + 1, self.position(loop.time()))
            await asyncio.sleep(max(0.0, self.due(number) - loop.time()))
            if self._faults.now.freeze:
                self.from_the_next_key()
            elif self.players and not swallowed(self._faults.now, number, self.encoding):
                self.send(number)


class Player:
    """One client's end of one stream."""

    def __init__(self, writer: asyncio.StreamWriter, channel: int) -> None:
        self._writer = writer
        self.channel = channel
        self.waiting = True  # for a key frame
        self.lost = 0

    def offer(self, data: bytes, *, key: bool) -> None:
        """Take one picture, unless a key frame must come first or the client reads too slowly."""
        transport = self._writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > FULL:
            self.waiting = True
        elif key:
            self.waiting = False
        if self.waiting:
            self.lost += 1
        else:
            self._writer.write(data)
