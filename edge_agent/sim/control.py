"""The loopback control of a virtual site: GET /faults, POST /faults/<camera> with JSON switches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from edge_agent.core.trouble import Trouble
from edge_agent.sim.faults import Faults

LONGEST = 4096  # bytes of a request


class ControlServer:
    """Sets and shows the faults of a site's cameras; listens on a loopback address only."""

    def __init__(self, address: tuple[str, int], faults: Mapping[str, Faults]) -> None:
        if not address[0].startswith("127."):
            raise ValueError(f"control is for loopback only, not {address[0]}")
        owner = faults

        class Handler(_Handler):
            faults = owner

        self._http = ThreadingHTTPServer(address, Handler)
        self._http.daemon_threads = True
        self._thread = Thread(
            target=self._http.serve_forever, args=(0.1,), name="sim-control", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where to GET and POST."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}/faults"

    def close(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    faults: Mapping[str, Faults]
    timeout = 5

    def do_GET(self) -> None:
        """Every camera's switches."""
        self._send(200, {camera: asdict(one.now) for camera, one in self.faults.items()})

    def do_POST(self) -> None:
        """Set switches of one camera: `{"freeze": true}`."""
        camera = self.path.removeprefix("/faults/")
        text = self.headers.get("Content-Length", "")
        length = int(text) if text.isascii() and text.isdigit() else LONGEST + 1
        if camera not in self.faults or length > LONGEST:
            self._send(404, {"error": f"no camera {camera[:60]!r}", "cameras": list(self.faults)})
            return
        try:
            changes = json.loads(self.rfile.read(length))
            if not isinstance(changes, dict):
                raise ValueError("a JSON object of switches is expected")  # noqa: TRY004, TRY301
            self._send(200, asdict(self.faults[camera].set(**changes)))
        except ValueError as error:
            self._send(400, {"error": str(error)})
        except Trouble as trouble:
            self._send(409, {"error": trouble.en})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """The fault itself is logged, once, where it is set."""

    def _send(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
