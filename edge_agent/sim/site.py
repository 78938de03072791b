"""A virtual site: prepared once (clips, truth, configuration), then served until stopped."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from threading import Event
from types import TracebackType

from edge_agent.core.event import Rule
from edge_agent.core.secret import Credential
from edge_agent.core.time import Instant, iso
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.runtime.logs import log
from edge_agent.sim.camera_model import Spot
from edge_agent.sim.clip import Clip, ClipForm, Progress
from edge_agent.sim.control import ControlServer
from edge_agent.sim.identity import StreamProfile, nameplate
from edge_agent.sim.plan import ClipPlan, clip_plan, make_all, write_site_truth
from edge_agent.sim.site_files import (
    DISTANCING_SECONDS,
    CameraLines,
    camera_credential,
    site_yaml,
    write_file,
)
from edge_agent.sim.stories import STORIES, scenario_for
from edge_agent.sim.truth import BARE_FOR, Expected
from edge_agent.sim.virtual_camera import NetworkLoop, Ports, VirtualCamera

FIRST_ADDRESS = "127.0.0.11"
NAMES = (("Hành lang tầng 1", "corridor"), ("Sân chung", "yard"), ("Quầy tiếp nhận", "reception"))
_NOTICE = 5.0  # seconds more than a rule needs, before a run is said to hold an episode


class VirtualSite:
    """All cameras of a virtual site, in threads of this process; a context manager.

    `truth` is what the scenes hold in one loop of `loop` seconds, None for a user's own clips;
    `started` is the moment of the loops' first picture, None before the site is served.
    """

    def __init__(
        self,
        folder: Path,
        cameras: tuple[VirtualCamera, ...],
        credential: Credential,
        truth: tuple[Expected, ...] | None,
        ports: Ports,
        clock: Clock,
        loop: float = 60.0,
    ) -> None:
        self.folder, self.cameras, self.credential = folder, cameras, credential
        self.truth, self.ports, self.loop = truth, ports, loop
        self.started: Instant | None = None
        self._clock = clock
        self._control: ControlServer | None = None
        self._stack = ExitStack()

    @property
    def control_url(self) -> str:
        """Where faults are set over HTTP; empty while not served."""
        return self._control.url if self._control else ""

    def camera(self, name: str) -> VirtualCamera:
        """The camera of this id. Raises KeyError."""
        return {camera.id: camera for camera in self.cameras}[name]

    def __enter__(self) -> VirtualSite:
        """Bring every camera up; raises Trouble when an address is taken (none stays up then)."""
        self.started = self._clock.now()
        with ExitStack() as stack:
            loop = NetworkLoop()
            stack.callback(loop.close)
            for camera in self.cameras:
                camera.open(loop, self.started.mono)
                stack.callback(camera.close)
            self._control = _control(self.ports.control, self.cameras)
            stack.callback(self._control.close)
            start = {"wall": iso(self.started.wall), "mono": self.started.mono}
            write_file(self.folder / "position.json", json.dumps(start) + "\n")
            self._stack = stack.pop_all()
        log.info(
            "sim.serving",
            cameras=[camera.id for camera in self.cameras],
            devices=[camera.device_url for camera in self.cameras],
            control=self.control_url,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take every camera down, with a Bye."""
        self._stack.close()
        self._control = None

    def serve(self, stop: Event) -> None:
        """Serve until `stop` is set."""
        with self:
            stop.wait()

    def position(self) -> float:
        """Seconds since the first picture of the first loop; 0 before the site was served."""
        return self._clock.now().since(self.started) if self.started else 0.0

    def expected(self, seconds: float) -> dict[str, int] | None:
        """How many episodes of each rule a watcher of the last `seconds` could have seen begin.

        None for a user's own clips, which have no ground truth.
        """
        if self.truth is None:
            return None
        end = self.position()
        begin, counts = max(0.0, end - seconds), Counter[str]()
        for one in self.truth:
            need = (BARE_FOR if one.rule is Rule.MASK else DISTANCING_SECONDS) + _NOTICE
            for turn in range(int(end // self.loop) + 1):
                t0, t1 = one.t0_s + turn * self.loop, one.t1_s + turn * self.loop
                counts[one.rule.value] += min(t1, end) - max(t0, begin) >= need
        return {rule: count for rule, count in counts.items() if count}


def _control(port: int, cameras: Sequence[VirtualCamera]) -> ControlServer:
    first = cameras[0].address
    address = first if first.startswith("127.") else "127.0.0.1"
    faults = {camera.id: camera.faults for camera in cameras}
    try:
        return ControlServer((address, port), faults)
    except OSError:  # the cameras matter, their practice switches less: any free port will do
        return ControlServer((address, 0), faults)


def prepare(
    folder: Path,
    cameras: int,
    seed: int,
    videos: Sequence[Path] = (),
    progress: Progress = lambda _done, _total: None,
    mqtt_url: str = "mqtt://127.0.0.1:1883",
    *,
    form: ClipForm | None = None,
    cache: Path | None = None,
    first_address: str = FIRST_ADDRESS,
    ports: Ports | None = None,
    mqtt: Credential | None = None,
    clock: Clock | None = None,
    stop: Event | None = None,
) -> VirtualSite:
    """Write the site's files into `folder` and encode what is not in the cache yet.

    Camera i gets the i-th address from `first_address` on. `progress` is called with (pictures
    done, pictures in all) from several threads, one at a time. Raises Trouble: photographs missing,
    a file that is no video, a folder that cannot be written, `sim.cancelled` when `stop` was set.
    """
    form, ports, clock = form or ClipForm(), ports or Ports(), clock or SystemClock()
    folder.mkdir(parents=True, exist_ok=True)
    cache = cache or Path.home() / ".cache" / "edge-agent" / "sim"
    plans = [clip_plan(number, seed, videos, form) for number in range(1, cameras + 1)]
    clips = make_all(plans, cache, progress, stop or Event())
    credential = camera_credential(folder, mqtt)
    truth = write_site_truth(folder, plans, seed, bool(videos))
    ports = replace(ports, discovery=ports.discovery or _free_udp_port(first_address))
    built: list[VirtualCamera] = []
    lines: list[CameraLines] = []
    for plan, clip in zip(plans, clips, strict=True):
        built.append(_camera(plan, clip, seed, first_address, ports, credential, clock, videos))
        lines.append(_lines(built[-1], plan, seed, videos))
    write_file(folder / "site.yaml", site_yaml(lines, mqtt_url))
    loop = form.seconds
    return VirtualSite(folder, tuple(built), credential, truth, ports, clock, loop)


def _name(number: int, videos: Sequence[Path]) -> tuple[str, str]:
    if videos:
        return f"Đoạn phim {videos[(number - 1) % len(videos)].stem}", "other"
    name, place = NAMES[(number - 1) % len(STORIES)]
    return (name if number <= len(STORIES) else f"{name} ({number})"), place


def _camera(
    plan: ClipPlan,
    clip: Clip,
    seed: int,
    first_address: str,
    ports: Ports,
    credential: Credential,
    clock: Clock,
    videos: Sequence[Path],
) -> VirtualCamera:
    form = plan.form
    gop = max(1, round(form.gop * form.fps))
    profiles = {
        "main": StreamProfile("profile-main", form.main, form.fps, form.main_kbit, gop),
        "sub": StreamProfile("profile-sub", form.sub, form.fps, form.sub_kbit, gop),
    }
    name, _place = _name(plan.number, videos)
    plate = nameplate(plan.number, name, seed, first_address, profiles)
    address = str(IPv4Address(first_address) + plan.number - 1)
    return VirtualCamera(plate, address, ports, clip, credential, clock)


def _lines(camera: VirtualCamera, plan: ClipPlan, seed: int, videos: Sequence[Path]) -> CameraLines:
    name, place = _name(plan.number, videos)
    spots: tuple[Spot, ...] = ()
    if not videos:
        scenario = scenario_for(plan.number, seed)
        half = min(scenario.room.half_width * 0.7, 4.0)
        view = scenario.view.resized(plan.form.sub)
        spots = view.calibration(half, near=6.0, far=18.0)
    return CameraLines(camera.id, name, place, camera.plate.mac, plan.form.sub, spots)


def _free_udp_port(address: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 0))
        return int(sock.getsockname()[1])


def run_sim(
    folder: Path,
    cameras: int,
    seed: int,
    videos: Sequence[Path],
    stop: Event,
    mqtt_url: str = "mqtt://127.0.0.1:1883",
    first_address: str = FIRST_ADDRESS,
) -> None:
    """Prepare and serve a virtual site until `stop` is set. Raises Trouble, see `prepare`."""
    told = [-1]

    def tell(done: int, total: int) -> None:
        tenth = done * 10 // max(total, 1)
        if tenth != told[0]:
            told[0] = tenth
            log.info("sim.preparing", percent=tenth * 10)

    site = prepare(
        folder, cameras, seed, videos, tell, mqtt_url, first_address=first_address, stop=stop
    )
    site.serve(stop)
