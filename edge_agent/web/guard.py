"""Before any page: is the caller on this box, does it hold the token; after it: one log line."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.web.answers import told
from edge_agent.web.token import right_token

# A video element cannot send headers: there, and only there, the token may stand in the address.
_IN_ADDRESS = ("/media/", "/segments/")
_AT_ONCE = 32  # requests under way; more are told to come back


class Guard:
    """ASGI middleware; nothing behind it is reached without the token."""

    def __init__(self, app: ASGIApp, token: str, clock: Clock) -> None:
        self._app, self._token, self._clock = app, token, clock
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse or pass on one request."""
        if scope["type"] != "http":
            return  # no web sockets here; a server closes what is not accepted
        began = self._clock.now()
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._under_way += 1
        try:
            refused = self._refused(Request(scope))
            if refused is None:
                await self._app(scope, receive, note)
            else:
                await told(refused)(scope, receive, note)
        finally:
            self._under_way -= 1
            log.info(
                "web.answered",
                method=scope["method"],
                path=scope["path"][:200],  # never the query: a token may stand in it
                status=status,
                ms=round(self._clock.now().since(began) * 1000),
            )

    def _refused(self, request: Request) -> Trouble | None:
        # another site's name that was made to point here (DNS rebinding) is not ours to answer
        if not _ours(request.headers.get("host", "")):
            return Trouble(
                "web.wrong_host",
                "Trang này chỉ trả lời dưới tên của chính máy này (127.0.0.1).",
                "These pages answer only to this machine's own name (127.0.0.1).",
            )
        given = _given(request.headers, request.query_params, request.url.path)
        if given and right_token(given, self._token):
            return _busy() if self._under_way > _AT_ONCE else None
        return Trouble(
            "web.no_token",
            "Cần mã truy cập: 'Authorization: Bearer …'; mã nằm trong tệp web.token của thư mục "
            "state.",
            "A token is needed: 'Authorization: Bearer …'; it is in the file web.token of the "
            "state folder.",
        )


def _busy() -> Trouble:
    return Trouble(
        "web.busy",
        f"Đang phục vụ {_AT_ONCE} yêu cầu; thử lại sau.",
        f"{_AT_ONCE} requests are being served; try again later.",
    )


def _given(headers: Headers, query: QueryParams, path: str) -> str:
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    return query.get("token", "") if path.startswith(_IN_ADDRESS) else ""


def _ours(host: str) -> bool:
    """Whether a `Host` header names the box itself; the port does not matter (tunnels)."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"
