"""Answers: JSON, troubles in both languages, and files by Range."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from edge_agent.core.trouble import Trouble
from edge_agent.web.footage import Served
from edge_agent.web.ranges import NotSatisfiable, wanted_bytes

_CHUNK = 256 * 1024
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the token may stand in the address
    "Cache-Control": "private, no-cache",
}
_ASKS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "10"}}
_STATUS = {
    "web.no_token": 401,
    "web.wrong_host": 403,
    "web.no_page": 404,
    "play.no_camera": 404,
    "play.no_file": 404,
    "play.nothing": 404,
    "web.wrong_method": 405,
    "play.too_long": 413,
    "web.wrong_range": 416,
    "web.failed": 500,
    "web.busy": 503,
    "play.busy": 503,
    "play.no_room": 503,
    "play.not_made": 503,
}


def told(trouble: Trouble, headers: dict[str, str] | None = None) -> JSONResponse:
    """A trouble as JSON; its status by its code: stores that do not answer 503, the rest 400."""
    store = 503 if trouble.code.startswith("store.") else 400
    status = _STATUS.get(trouble.code, store)
    body = {"code": trouble.code, "vi": trouble.vi, "en": trouble.en}
    return JSONResponse(body, status, {**_SAFE, **_ASKS.get(status, {}), **(headers or {})})


def json(body: object) -> JSONResponse:
    """A plain answer."""
    return JSONResponse(body, headers=_SAFE)


def file_answer(request: Request, served: Served) -> Response:
    """200, 206, 304 or 416; the file is closed when the answer is over, however it ends."""
    tag = f'"{served.tag}"'
    headers = {**_SAFE, **served.headers, "ETag": tag, "Accept-Ranges": "bytes"}
    if request.headers.get("if-none-match") in (tag, "*"):
        served.file.close()
        return Response(status_code=304, headers=headers)
    # If-Range with another tag: the range was meant for other footage, so all of it goes out
    ours = request.headers.get("if-range") in (None, tag)
    try:
        span = wanted_bytes(request.headers.get("range") if ours else None, served.size)
    except NotSatisfiable:
        served.file.close()
        return told(_wrong_range(served.size), {"Content-Range": f"bytes */{served.size}"})
    first, last = span or (0, served.size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if span:
        headers["Content-Range"] = f"bytes {first}-{last}/{served.size}"
    status = 206 if span else 200
    if request.method == "HEAD":
        served.file.close()
        return Response(status_code=status, headers=headers, media_type="video/mp4")
    return _FilePart(served, first, last, status, headers)


class _FilePart(StreamingResponse):
    """Bytes first..last of a file, a chunk at a time: memory does not grow with the file."""

    def __init__(
        self, served: Served, first: int, last: int, status: int, headers: dict[str, str]
    ) -> None:
        self._served = served
        super().__init__(self._chunks(first, last), status, headers, media_type="video/mp4")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._served.file.close()

    async def _chunks(self, first: int, last: int) -> AsyncIterator[bytes]:
        await run_in_threadpool(self._served.file.seek, first)
        left = last - first + 1
        while left > 0:
            data = await run_in_threadpool(self._served.file.read, min(_CHUNK, left))
            if not data:
                return
            left -= len(data)
            yield data


def _wrong_range(size: int) -> Trouble:
    return Trouble(
        "web.wrong_range",
        f"Khoảng byte không có trong tệp {size} byte này; mỗi lần chỉ hỏi một khoảng.",
        f"This range is not in the file of {size} bytes; ask for one range at a time.",
    )
