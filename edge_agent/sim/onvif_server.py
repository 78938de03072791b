"""A virtual camera's ONVIF service: SOAP 1.2 over HTTP, WS-UsernameToken checked.

Whatever bytes arrive, the answer is XML: an answer or a fault, never a dropped connection.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from edge_agent.core.secret import Credential
from edge_agent.runtime.clock import Clock
from edge_agent.sim.faults import Faults
from edge_agent.sim.identity import Nameplate
from edge_agent.sim.onvif_answers import ANONYMOUS, OnvifAnswers
from edge_agent.sim.soap_envelope import WSSE, SoapFault, answer, fault, parse_soap
from edge_agent.sim.usernametoken import TokenGuard

LONGEST = 262_144  # bytes of a request; a longer one is answered with a fault
SOAP_TYPE = "application/soap+xml; charset=utf-8"


class OnvifServer:
    """Device and media service of one camera."""

    def __init__(
        self,
        plate: Nameplate,
        address: tuple[str, int],
        credential: Credential,
        faults: Faults,
        clock: Clock,
    ) -> None:
        self._plate, self._address, self._faults, self._clock = plate, address, faults, clock
        self._guard = TokenGuard(credential, self.camera_time)
        self._answers: OnvifAnswers | None = None
        self._http: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None

    @property
    def port(self) -> int:
        """The port that the server listens at."""
        return self._address[1]

    @property
    def refused(self) -> int:
        """How many requests were not authorized so far."""
        return self._guard.refused

    @property
    def device_url(self) -> str:
        """The device service's address (XAddr); known once the server is open."""
        assert self._answers is not None
        return self._answers.device_url

    def camera_time(self) -> datetime:
        """The camera's own clock, right or wrong."""
        return self._clock.now().wall + timedelta(seconds=self._faults.now.clock_offset)

    def open(self, rtsp_port: int) -> None:
        """Listen and answer in threads. Raises OSError when the address is taken."""
        server = self

        class Handler(_Handler):
            onvif = server

        self._http = _Http(self._address, Handler)
        host, port = self._http.server_address[:2]
        self._address = (str(host), int(port))
        self._answers = OnvifAnswers(
            self._plate, self._address[0], self._address[1], rtsp_port, self.camera_time
        )
        self._thread = Thread(
            target=self._http.serve_forever,
            args=(0.1,),
            name=f"onvif-{self._plate.id}",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        if self._http is None or self._thread is None:
            return
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self._http = None

    def respond(self, data: bytes) -> tuple[int, bytes]:
        """HTTP status and envelope for these request bytes."""
        try:
            request = parse_soap(data)
            header = request.header
            signed = header is not None and header.find(f"{{{WSSE}}}Security") is not None
            if signed or request.operation not in ANONYMOUS:
                self._guard.check(request.header, nobody=self._faults.now.wrong_password)
            assert self._answers is not None
            return 200, answer(self._answers(request))
        except SoapFault as error:
            return 400, fault(error)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away in the middle is its own affair."""


class _Handler(BaseHTTPRequestHandler):
    onvif: OnvifServer
    protocol_version = "HTTP/1.1"
    server_version = "edge-agent-sim"
    sys_version = ""
    timeout = 10

    def do_POST(self) -> None:
        """Any path: the body says which service is meant."""
        text = self.headers.get("Content-Length", "")
        length = int(text) if text.isascii() and text.isdigit() else -1
        if not 0 <= length <= LONGEST:
            self.close_connection = True
            error = SoapFault("ter:InvalidArgs", f"Content-Length must be 0 to {LONGEST}")
            self._send(400, fault(error))
            return
        self._send(*self.onvif.respond(self.rfile.read(length)))

    def do_GET(self) -> None:
        """ONVIF has no GET."""
        error = SoapFault("ter:InvalidArgs", "POST a SOAP 1.2 envelope")
        self._send(405, fault(error))

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The HTTP Date header tells the camera's own time."""
        moment = self.onvif.camera_time().timestamp() if timestamp is None else timestamp
        return super().date_time_string(int(moment))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Requests are not logged: they carry tokens."""

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", SOAP_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
