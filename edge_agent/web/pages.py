"""The routes: what may be asked, and which words a wrong question gets."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.web import answers
from edge_agent.web.footage import Footage
from edge_agent.web.guard import Guard

_LONGEST_LIST = timedelta(days=7)
_LONGEST_FILM = timedelta(hours=24)
_PART = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_PLUS_LOST = re.compile(r"(T[\d:.]+) (\d{2}:?\d{2})", re.ASCII)


def pages(footage: Footage, token: str, clock: Clock, who: str) -> Starlette:
    """The ASGI application; `token` opens it, `who` is its name in the audit."""
    asked = _Asked(footage, who)
    return Starlette(
        routes=[
            Route("/api/cameras", asked.cameras),
            Route("/api/recordings", asked.recordings),
            Route("/media/{camera}/{start}/{end}.mp4", asked.film),
            Route("/segments/{path:path}", asked.segment),
        ],
        middleware=[Middleware(Guard, token=token, clock=clock)],
        exception_handlers={Trouble: _trouble, HTTPException: _refused, 500: _failed},
    )


class _Asked:
    """The endpoints. Each blocks and runs in a thread of its own."""

    def __init__(self, footage: Footage, who: str) -> None:
        self._footage, self._who = footage, who

    def cameras(self, _request: Request) -> Response:
        """GET /api/cameras"""
        return answers.json({"cameras": self._footage.cameras()})

    def recordings(self, request: Request) -> Response:
        """GET /api/recordings?camera=&from=&to=: files and gaps, as the ledger has them."""
        camera = _needed(request, "camera")
        start, end = self._span(_needed(request, "from"), _needed(request, "to"), _LONGEST_LIST)
        return answers.json(self._footage.timeline(camera, start, end))

    def film(self, request: Request) -> Response:
        """GET /media/{camera}/{from}/{to}.mp4[?part=]: one joined film, by Range."""
        asked = request.path_params
        start, end = self._span(asked["start"], asked["end"], _LONGEST_FILM)
        part = request.query_params.get("part", "1")
        if not _PART.fullmatch(part):
            raise Trouble(
                "web.wrong_part",
                "part phải là một số từ 1 đến 999.",
                "part must be a number from 1 to 999.",
            )
        served = self._footage.film(self._who, asked["camera"], start, end, int(part))
        return answers.file_answer(request, served)

    def segment(self, request: Request) -> Response:
        """GET /segments/{path}: an original file, byte for byte, by Range."""
        served = self._footage.original(self._who, request.path_params["path"])
        return answers.file_answer(request, served)

    def _span(self, start: str, end: str, longest: timedelta) -> tuple[datetime, datetime]:
        first, last = self._moment(start), self._moment(end)
        if last <= first:
            raise Trouble(
                "time.order",
                "Thời điểm cuối phải sau thời điểm đầu.",
                "The end must come after the beginning.",
            )
        if last - first > longest:
            hours = longest // timedelta(hours=1)
            raise Trouble(
                "play.too_long",
                f"Khoảng thời gian dài hơn {hours} giờ; chọn khoảng ngắn hơn.",
                f"The span is longer than {hours} hours; ask for less.",
            )
        return first, last

    def _moment(self, text: str) -> datetime:
        # in a query an unescaped "+07:00" arrives with a space
        return self._footage.moment(_PLUS_LOST.sub(r"\1+\2", text))


def _needed(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise Trouble("web.missing", f"Thiếu tham số '{name}'.", f"'{name}' is missing.")
    return value


async def _trouble(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Trouble)
    return answers.told(error)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        trouble = Trouble("web.wrong_method", "Chỉ được đọc: GET, HEAD.", "Read only: GET, HEAD.")
        return answers.told(trouble, {"Allow": "GET, HEAD"})
    return answers.told(Trouble("web.no_page", "Không có trang này.", "There is no such page."))


async def _failed(_request: Request, _error: Exception) -> Response:
    trouble = Trouble(
        "web.failed",
        "Lỗi bên trong; xem nhật ký của agent.",
        "Something failed inside; see the agent's log.",
    )
    return answers.told(trouble)
