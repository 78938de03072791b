"""A virtual camera's RTSP server: every client of a stream sees the same live position of the loop.

TCP interleaved only. Pictures are copied from the clip, never encoded. A client that reads too
slowly loses whole groups of pictures, never part of one, and slows nobody else.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress

from edge_agent.core.secret import Credential
from edge_agent.runtime.logs import log
from edge_agent.sim.clip import Encoding
from edge_agent.sim.faults import Faults
from edge_agent.sim.live import Live, Player
from edge_agent.sim.rtsp_messages import (
    Request,
    authorized,
    challenge,
    interleaved_channels,
    parse_request,
    reply,
    sdp,
)

MOST_CLIENTS = 32  # of one camera; the next is told 503
PATIENCE = 65.0  # seconds without a word from a client that is not playing
METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"


class RtspServer:
    """One camera's RTSP service: `/main` and `/sub` with digest authentication."""

    def __init__(
        self,
        camera: str,
        address: tuple[str, int],
        streams: Mapping[str, Encoding],
        credential: Credential,
        faults: Faults,
        started: float,
    ) -> None:
        self._camera, self._address = camera, address
        self._credential, self._faults = credential, faults
        sub = list(streams.values())[-1]
        self._live = {f"/{name}": Live(one, started, sub, faults) for name, one in streams.items()}
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._clients: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        """The port that the server listens at (the one asked for, or the one it was given)."""
        return self._address[1]

    def show(self, streams: Mapping[str, Encoding]) -> None:
        """From any thread: these loops are on air."""
        sub = list(streams.values())[-1]
        for name, one in streams.items():
            self._live[f"/{name}"].show(one, sub)

    async def open(self) -> None:
        """Listen and keep time. Raises OSError when the address is taken."""
        self._server = await asyncio.start_server(self._serve, *self._address, reuse_address=True)
        self._address = self._server.sockets[0].getsockname()[:2]
        self._tasks = [asyncio.create_task(live.broadcast()) for live in self._live.values()]

    async def close(self) -> None:
        """Stop listening and drop every session at once, as a camera that loses power does."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in tuple(self._clients):
            writer.transport.abort()
        for live in self._live.values():
            live.players.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MOST_CLIENTS:
            writer.write(reply(503, "0"))
            writer.close()
            return
        self._clients.add(writer)
        connection = Connection(self, reader, writer)
        try:
            await connection.converse()
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the client went away, fell silent, or does not speak RTSP: its own affair
        except asyncio.LimitOverrunError:
            log.info("sim.rtsp_request_too_long", camera=self._camera)
        finally:
            connection.leave()
            self._clients.discard(writer)
            writer.close()

    def live(self, path: str) -> Live | None:
        """The stream of this URL path (or of its only track)."""
        return self._live.get(path.removesuffix("/trackID=0"))

    def admits(self, request: Request, nonce: str) -> bool:
        """Whether the request carries the right digest and the camera is in the mood for it."""
        wrong = self._faults.now.wrong_password
        return not wrong and authorized(request, self._credential, nonce)

    def describe(self, live: Live) -> str:
        """The SDP of a stream."""
        encoding = live.encoding
        size = encoding.units[-1][0] + encoding.units[-1][1]
        kbit = round(size * 8 / encoding.seconds / 1000)
        return sdp(self._address[0], self._camera, encoding.fps, kbit, encoding.parameter_sets)


class Connection:
    """One TCP connection of one client: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN."""

    def __init__(
        self, server: RtspServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._nonce = secrets.token_hex(16)
        self._session = secrets.token_hex(8)
        self._live: Live | None = None
        self._player: Player | None = None

    async def converse(self) -> None:
        """Answer requests until the client leaves. Raises ValueError on what is not RTSP."""
        while True:
            playing = self._live is not None and self._player in self._live.players
            request = await asyncio.wait_for(self._read(), None if playing else PATIENCE)
            sequence = request.headers.get("cseq", "0")
            self._writer.write(self._answer(request, sequence))
            self._start(request)
            await asyncio.sleep(0)
            if request.method == "TEARDOWN":
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._writer.drain(), 2.0)
                return

    def leave(self) -> None:
        """Stop sending to this client."""
        if self._live and self._player:
            self._live.players.discard(self._player)

    async def _read(self) -> Request:
        while True:
            first = await self._reader.readexactly(1)
            if first != b"$":
                break
            size = int.from_bytes((await self._reader.readexactly(3))[1:])
            await self._reader.readexactly(size)  # the client's RTCP reports
        request = parse_request(first + await self._reader.readuntil(b"\r\n\r\n"))
        length = int(request.headers.get("content-length", "0"))
        if not 0 <= length <= 65_536:
            raise ValueError("body too long")
        await self._reader.readexactly(length)
        return request

    def _answer(self, request: Request, sequence: str) -> bytes:
        if request.method == "OPTIONS":
            return reply(200, sequence, {"Public": METHODS})
        if request.method not in METHODS.split(", "):
            return reply(501, sequence)
        if not self._server.admits(request, self._nonce):
            return reply(401, sequence, {"WWW-Authenticate": challenge(self._nonce)})
        if request.method == "DESCRIBE":
            return self._describe(request, sequence)
        if request.method == "SETUP":
            return self._setup(request, sequence)
        return self._in_session(request, sequence)

    def _in_session(self, request: Request, sequence: str) -> bytes:
        if self._player is None:
            return reply(455, sequence)
        if request.headers.get("session", "").split(";")[0] != self._session:
            return reply(454, sequence)
        extra = self._play(request) if request.method == "PLAY" else {}
        return reply(200, sequence, {"Session": self._session, **extra})

    def _describe(self, request: Request, sequence: str) -> bytes:
        live = self._server.live(request.path)
        if live is None:
            return reply(404, sequence)
        headers = {"Content-Base": request.url.rstrip("/") + "/", "Content-Type": "application/sdp"}
        return reply(200, sequence, headers, self._server.describe(live))

    def _setup(self, request: Request, sequence: str) -> bytes:
        live = self._server.live(request.path)
        if live is None:
            return reply(404, sequence)
        channels = interleaved_channels(request.headers.get("transport", ""))
        if channels is None:
            return reply(461, sequence)
        self.leave()
        self._live, self._player = live, Player(self._writer, channels[0])
        spoken = f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]}"
        return reply(200, sequence, {"Transport": spoken, "Session": f"{self._session};timeout=60"})

    def _play(self, request: Request) -> dict[str, str]:
        assert self._live is not None
        now = asyncio.get_running_loop().time()
        first = self._live.next_key(self._live.position(now) + 1)
        stamp = self._live.timestamp(first) & 0xFFFFFFFF
        track = request.url.rstrip("/") + "/trackID=0"
        return {"Range": "npt=now-", "RTP-Info": f"url={track};rtptime={stamp}"}

    def _start(self, request: Request) -> None:
        """Begin to send only after PLAY's answer has been written."""
        granted = request.headers.get("session", "").split(";")[0] == self._session
        admitted = granted and self._server.admits(request, self._nonce)
        if request.method == "PLAY" and admitted and self._live and self._player:
            self._live.players.add(self._player)
