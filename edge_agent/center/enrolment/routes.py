"""What sites call over HTTPS: the authority's certificate, enrolment, renewal."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_agent.center.enrolment.desk import Decision, Desk
from edge_agent.center.http import Wing, answer
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.logs import log

_LARGEST = 16 * 1024
_LONGEST = {"site": 63, "code": 64, "request": 4096, "certificate": 4096, "signature": 400}


def enrolment(desk: Desk, broker: str, command_key: Path) -> Wing:
    """The wing `/enrol`: what a box needs before it may speak to the broker. `broker` is the URL
    that sites are told, `command_key` the file with the public key of commands, if there is one.
    """
    door = _Door(desk, broker, command_key)
    return Wing(
        "/enrol",
        [
            Route("/v1/authority", door.authority, methods=["GET"]),
            Route("/v1/certificate", door.certificate, methods=["POST"]),
            Route("/v1/renewal", door.renewal, methods=["POST"]),
        ],
        largest=_LARGEST,
    )


class _Door:
    """The endpoints. What is malformed gets 400, what opens nothing 403, both without a reason."""

    def __init__(self, desk: Desk, broker: str, command_key: Path) -> None:
        self._desk, self._broker, self._command_key = desk, broker, command_key

    async def authority(self, _request: Request) -> Response:
        """GET /enrol/v1/authority: the certificate that boxes compare with their slip."""
        return answer(200, {"authority": self._desk.authority.pem})

    async def certificate(self, request: Request) -> Response:
        """POST /enrol/v1/certificate {site, code, request}"""
        said, source = await _fields(request, "site", "code", "request"), _source(request)
        return await self._decided(
            lambda: self._desk.ask(said["site"], said["code"], said["request"], source)
        )

    async def renewal(self, request: Request) -> Response:
        """POST /enrol/v1/renewal {certificate, request, signature}"""
        said = await _fields(request, "certificate", "request", "signature")
        source = _source(request)

        def decide() -> Decision:
            signature = base64.b64decode(said.get("signature", ""), validate=True)
            return self._desk.renew(said["certificate"], said["request"], signature, source)

        return await self._decided(decide)

    async def _decided(self, decide: Callable[[], Decision]) -> Response:
        try:
            decision = await run_in_threadpool(decide)
        except (ValueError, KeyError):
            return answer(400, {"code": "enrol.malformed"})
        except Trouble as trouble:
            if trouble.code.startswith("authority.request"):
                return answer(400, {"code": "enrol.malformed"})
            log.error("enrolment.failed", code=trouble.code, en=trouble.en)
            return answer(503, {"code": "enrol.unavailable"}, Retry_After="30")
        return self._said(decision)

    def _said(self, decision: Decision) -> Response:
        match decision.verdict:
            case "wrong":
                return answer(403, {"code": "enrol.refused"})
            case "locked":
                return answer(429, {"code": "enrol.locked"}, Retry_After=str(decision.wait))
            case "approved":
                body = {"certificate": decision.certificate, "broker": self._broker}
                return answer(200, {"state": "approved", **body, "command_key": self._key()})
            case "refused":
                return answer(200, {"state": "refused", "reason": decision.reason})
            case "waiting" | "early":
                return answer(200, {"state": decision.verdict})

    def _key(self) -> str:
        try:
            return self._command_key.read_text(encoding="ascii")
        except (OSError, ValueError):
            return ""


async def _fields(request: Request, *names: str) -> Mapping[str, str]:
    """The text fields of a JSON body; empty when it is no object of just these, each short."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        return {}
    if not isinstance(body, dict) or set(body) != set(names):
        return {}
    fine = all(isinstance(v, str) and len(v) <= _LONGEST[name] for name, v in body.items())
    return body if fine else {}


def _source(request: Request) -> str:
    return request.client.host if request.client else ""
