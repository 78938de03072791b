"""The uploads over HTTP: HEAD and PATCH of `/uploads/<request>`, for the center's https server."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_agent.center.http import Wing
from edge_agent.center.uploads import Conflict, NotAdmitted, Progress, Spoiled, Uploads
from edge_agent.link.upload import PART
from edge_agent.runtime.clock import Clock

_SECONDS = 90.0  # a poor line carries a part of 256 kB at 24 kbit/s
_TYPE = "application/partial-upload"


def uploads_wing(uploads: Uploads, clock: Clock) -> Wing:
    """The wing of one folder of uploads: parts of 256 kB, each with a minute and a half to come."""
    pages = _Pages(uploads, clock)
    routes = [
        Route("/{request}", pages.head, methods=["HEAD"]),
        Route("/{request}", pages.patch, methods=["PATCH"]),
    ]
    return Wing("/uploads", routes, PART, _SECONDS)


class _Pages:
    def __init__(self, uploads: Uploads, clock: Clock) -> None:
        self._uploads, self._clock = uploads, clock

    async def head(self, request: Request) -> Response:
        """How far the upload is."""
        name, token, now = request.path_params["request"], _token(request), self._clock.now().wall
        try:
            return _said(204, await run_in_threadpool(self._uploads.standing, name, token, now))
        except NotAdmitted:
            return Response(status_code=404)

    async def patch(self, request: Request) -> Response:
        """One part, at most 256 kB of it in memory."""
        if request.headers.get("content-type") != _TYPE:
            return Response(status_code=415)
        offset = _number(request.headers.get("upload-offset"))
        if offset is None:
            return Response(status_code=400)
        data = await _body(request)
        if data is None:
            return Response(status_code=413)
        last = request.headers.get("upload-complete") == "?1"
        digest = request.headers.get("repr-digest", "") if last else ""
        if last and not digest:
            return Response(status_code=400)
        return await self._append(request, offset, data, digest)

    async def _append(self, request: Request, offset: int, data: bytes, digest: str) -> Response:
        name, token = request.path_params["request"], _token(request)
        now = self._clock.now().wall
        try:
            done = await run_in_threadpool(
                self._uploads.append, name, token, offset, data, digest, now
            )
        except NotAdmitted:
            return Response(status_code=404)
        except Conflict as conflict:
            return _said(409, Progress(conflict.offset))
        except Spoiled:
            return Response(status_code=422)
        except OSError:  # a full disk: the site keeps the file and tries again
            return Response(status_code=507)
        return _said(200 if done.file else 204, done)


def _said(status: int, progress: Progress) -> Response:
    headers = {
        "Upload-Offset": str(progress.offset),
        "Upload-Complete": "?1" if progress.file else "?0",
        "Cache-Control": "no-store",
    }
    return Response(status_code=status, headers=headers)


def _token(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind == "Bearer" else ""


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


async def _body(request: Request) -> bytes | None:
    """The body; None when it is larger than a part."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > PART:
            return None
    return bytes(data)
