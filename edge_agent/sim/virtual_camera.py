"""One virtual camera: RTSP, ONVIF and WS-Discovery at one address, up or down as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from threading import Thread
from typing import Any

from edge_agent.core.secret import Credential
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.sim.clip import Clip
from edge_agent.sim.faults import Faults, Switches
from edge_agent.sim.identity import Nameplate
from edge_agent.sim.lens import ACTS, altered
from edge_agent.sim.onvif_server import OnvifServer
from edge_agent.sim.rtsp import RtspServer
from edge_agent.sim.wsdiscovery import PORT, DiscoveryResponder

_WITHIN = 10.0  # seconds for a step of the network loop


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a camera listens; 0 takes a free port (discovery keeps what it is given)."""

    http: int = 8000
    rtsp: int = 8554
    discovery: int = PORT
    control: int = 8001


class NetworkLoop:
    """The asyncio loop of all RTSP servers, in one thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="rtsp", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this in the loop and wait for its end; raises what it raises."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_WITHIN)

    def close(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WITHIN)


class VirtualCamera:
    """A camera that can be found, asked, and watched; its faults are in `faults`."""

    def __init__(
        self,
        plate: Nameplate,
        address: str,
        ports: Ports,
        clip: Clip,
        credential: Credential,
        clock: Clock,
    ) -> None:
        self.plate, self.address, self.clip = plate, address, clip
        self.faults = Faults(plate.id)
        self.faults.listen(self._changed)
        self._ports, self._credential, self._clock = ports, credential, clock
        self._onvif = OnvifServer(plate, (address, ports.http), credential, self.faults, clock)
        self._discovery = DiscoveryResponder(plate, address, ports.discovery)
        self._rtsp: RtspServer | None = None
        self._acts: tuple[str, ...] = ()
        self._loop: NetworkLoop | None = None
        self._up = False

    @property
    def id(self) -> str:
        """The camera's name in `site.yaml`."""
        return self.plate.id

    @property
    def refused(self) -> int:
        """ONVIF requests that were not authorized."""
        return self._onvif.refused

    @property
    def device_url(self) -> str:
        """Its ONVIF device service."""
        return self._onvif.device_url

    def rtsp_url(self, stream: str = "main") -> str:
        """The RTSP URL of `main` or `sub`, without credentials."""
        assert self._rtsp is not None
        return f"rtsp://{self.address}:{self._rtsp.port}/{stream}"

    def open(self, loop: NetworkLoop, started: float) -> None:
        """Come up; `started` is the monotonic second of the loop's first picture.

        Raises Trouble when a port is taken.
        """
        self._loop = loop
        streams = {"main": self.clip.main, "sub": self.clip.sub}
        self._rtsp = RtspServer(
            self.plate.id,
            (self.address, self._ports.rtsp),
            streams,
            self._credential,
            self.faults,
            started,
        )
        self._rise()

    def close(self) -> None:
        """Go down in order: Bye, then silence."""
        self._fall(bye=True)

    def _changed(self, switches: Switches) -> None:
        if self._rtsp is None:
            return
        acts = tuple(name for name in ACTS if getattr(switches, name))
        if acts != self._acts:
            self._acts = acts
            shown = altered(self.clip, acts) if acts else self.clip
            self._rtsp.show({"main": shown.main, "sub": shown.sub})
        if switches.refuse:
            self._fall(bye=False)
        else:
            self._rise()

    def _rise(self) -> None:
        if self._up or self._rtsp is None or self._loop is None:
            return
        try:
            self._loop.do(self._rtsp.open())
            self._onvif.open(self._rtsp.port)
            self._discovery.open(self._onvif.device_url)
        except OSError as error:
            self._fall_apart()
            raise _taken(self, error) from error
        self._up = True

    def _fall(self, *, bye: bool) -> None:
        if self._up:
            self._discovery.close(bye=bye)
            self._fall_apart()
        self._up = False

    def _fall_apart(self) -> None:
        self._onvif.close()
        if self._rtsp and self._loop:
            self._loop.do(self._rtsp.close())


def _taken(camera: VirtualCamera, error: OSError) -> Trouble:
    cause = error.strerror or str(error)
    return Trouble(
        "sim.address_taken",
        f"Camera ảo {camera.id} không mở được cổng tại {camera.address}: {cause}. Có thể một site "
        "mô phỏng khác đang chạy: hãy dừng nó trước.",
        f"Virtual camera {camera.id} cannot listen at {camera.address}: {cause}. Another virtual "
        "site may be running: stop it first.",
    )
