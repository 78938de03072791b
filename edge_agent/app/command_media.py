"""What commands show from afar: a picture, a clip, a short live look; each is an audited look."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from io import BytesIO
from queue import Empty, Full, Queue
from threading import Event
from typing import BinaryIO, Protocol
from zoneinfo import ZoneInfo

import requests

from edge_agent.app.command_desk import Arguments, Carry, Outcome
from edge_agent.app.footage import SiteFootage
from edge_agent.config.schema import Config
from edge_agent.core.command import Action, Command
from edge_agent.core.perception import LivePiece, Snapshot
from edge_agent.core.time import iso
from edge_agent.core.trouble import Trouble
from edge_agent.link.upload import Destination, Uploaded, Uploader, append, standing
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.commands import CommandLog

_SNAPSHOT_SECONDS = 15.0
_PIECES = 64  # live pieces that may wait; more are dropped, and the look ends
_PIECE_SECONDS = 15.0  # without a piece the look is over


class Eyes(Protocol):
    """The vision process, as far as commands ask something of it."""

    def snapshot(self, request: str, camera: str) -> None:
        """Ask for a picture."""
        ...

    def live(self, request: str, camera: str, seconds: float) -> None:
        """Ask for a look; no seconds end it."""
        ...


class MediaActions:
    """Carries out what sends pictures, one at a time, within the day's budget."""

    def __init__(
        self,
        config: Config,
        eyes: Eyes,
        footage: Callable[[], SiteFootage],
        book: CommandLog,
        uploader: Uploader,
        clock: Clock,
    ) -> None:
        self._config, self._eyes, self._footage = config, eyes, footage
        self._book, self._uploader, self._clock = book, uploader, clock
        self._shown: Queue[Snapshot | LivePiece] = Queue(_PIECES)
        self._zone = ZoneInfo(config.site.timezone)

    @property
    def table(self) -> dict[Action, Carry]:
        """Which action is carried out by what."""
        return {
            Action.SNAPSHOT: self._snapshot,
            Action.CLIP: self._clip,
            Action.LIVE_START: self._live,
            Action.LIVE_STOP: self._live_stop,
        }

    def shown(self, what: Snapshot | LivePiece) -> None:
        """From vision's pipe: what was asked for. Never blocks; what nobody fetches is dropped."""
        try:
            self._shown.put_nowait(what)
        except Full:
            log.warning("command.picture_dropped", request=what.request)

    def _snapshot(self, command: Command, arguments: Arguments, stop: Event) -> Outcome:
        to = self._destination(command, arguments)
        self._eyes.snapshot(command.id, command.camera)
        taken = self._wait_for(command.id, _SNAPSHOT_SECONDS, stop)
        if not isinstance(taken, Snapshot) or taken.at is None:
            raise _no_picture(command.camera)
        moment = taken.at.wall
        self._footage().looked(_who(command), "snapshot", command.camera, moment, moment)
        about = {"type": "image/jpeg", "time": iso(moment)}
        return self._send(BytesIO(taken.picture), len(taken.picture), to, about, stop)

    def _clip(self, command: Command, arguments: Arguments, stop: Event) -> Outcome:
        to = self._destination(command, arguments)
        start, end = arguments["from"], arguments["to"]
        film = self._footage().film(_who(command), command.camera, start, end, 1)
        with film.file:
            about = {"type": "video/mp4", **film.headers}
            return self._send(film.file, film.size, to, about, stop)

    def _live(self, command: Command, arguments: Arguments, stop: Event) -> Outcome:
        """Pieces go as they come: whoever looks sees what happens, not what happened."""
        to, now = self._destination(command, arguments), self._clock.now()
        seconds = float(arguments["seconds"])
        self._afford(1)
        until = now.plus(seconds).wall
        self._footage().looked(_who(command), "live", command.camera, now.wall, until)
        self._eyes.live(command.id, command.camera, seconds)
        try:
            size = self._stream(command.id, to, stop)
        except requests.RequestException as error:
            raise _line_broke(command.id) from error
        finally:
            self._eyes.live(command.id, command.camera, 0.0)
        return Outcome({"bytes": size, "type": "video/mp4"}, size)

    def _stream(self, request: str, to: Destination, stop: Event) -> int:
        """The pieces of one look, each appended as it comes; how many bytes it had."""
        digest = hashlib.sha256()
        with to.session() as session:
            offset = standing(session, to)
            while piece := self._wait_for(request, _PIECE_SECONDS, stop):
                if isinstance(piece, LivePiece):
                    digest.update(piece.data)
                    size = offset + len(piece.data)
                    whole = Uploaded(size, digest.hexdigest()) if piece.last else None
                    offset = append(session, to, offset, piece.data, whole)
                    if piece.last:
                        return offset
        raise _no_picture(request)

    def _live_stop(self, command: Command, _arguments: Arguments, _stop: Event) -> Outcome:
        self._eyes.live(command.id, command.camera, 0.0)
        return Outcome({})

    def _send(
        self, file: BinaryIO, size: int, to: Destination, about: Mapping[str, str], stop: Event
    ) -> Outcome:
        self._afford(size)
        sent = self._uploader.send(file, to, stop)
        return Outcome({**about, "bytes": sent.size, "sha256": sent.sha256}, sent.size)

    def _wait_for(self, request: str, seconds: float, stop: Event) -> Snapshot | LivePiece | None:
        """What vision shows for this request; None when nothing comes in time."""
        began = self._clock.now()
        while not stop.is_set() and self._clock.now().since(began) < seconds:
            try:
                shown = self._shown.get(timeout=0.2)
            except Empty:
                continue
            if shown.request == request:
                return shown
        return None

    def _afford(self, size: int) -> None:
        """Raises Trouble `upload.budget` when today's bytes do not suffice."""
        now = self._clock.now().wall.astimezone(self._zone)
        day = datetime.combine(now.date(), time(), self._zone)
        used, limit = self._book.uploaded(day), self._config.commands.upload_per_day
        if used + size > limit:
            raise _over_budget(used, size, limit, day + timedelta(days=1))

    def _destination(self, command: Command, arguments: Arguments) -> Destination:
        url = self._config.commands.upload
        if url is None:
            raise _nowhere()
        return Destination(url, command.id, self._config.mqtt, arguments["upload"])


def _who(command: Command) -> str:
    return f"{command.user} ({command.role})"


def _no_picture(camera: str) -> Trouble:
    return Trouble(
        "commands.no_picture",
        f"{camera}: hiện không có hình mới. Kiểm tra camera và phần phân tích hình của cơ sở.",
        f"{camera}: there is no fresh picture now. Check the camera and the site's vision.",
    )


def _line_broke(request: str) -> Trouble:
    return Trouble(
        "commands.line_broke",
        f"Đường truyền đứt khi đang xem trực tiếp (yêu cầu {request}). Hãy yêu cầu lại.",
        f"The line broke during the live look (request {request}). Ask again.",
    )


def _nowhere() -> Trouble:
    return Trouble(
        "commands.no_upload",
        "Cơ sở chưa khai báo nơi nhận hình: ghi commands.upload trong site.yaml.",
        "The site does not know where pictures go: set commands.upload in site.yaml.",
    )


def _over_budget(used: int, size: int, limit: int, until: datetime) -> Trouble:
    return Trouble(
        "commands.over_budget",
        f"Hôm nay đã gửi {used / 1e6:.1f} MB; thêm {size / 1e6:.1f} MB thì vượt mức "
        f"{limit / 1e6:.0f} MB mỗi ngày (upload_per_day). Yêu cầu lại sau {until:%d/%m %H:%M}.",
        f"{used / 1e6:.1f} MB were sent today; {size / 1e6:.1f} MB more are over the budget of "
        f"{limit / 1e6:.0f} MB a day (upload_per_day). Ask again after {until:%Y-%m-%d %H:%M}.",
    )
