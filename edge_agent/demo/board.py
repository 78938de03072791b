"""What an outsider learns of a site from its MQTT messages alone; pure but for its own fields."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from edge_agent.core.time import Instant


@dataclass(slots=True)
class CameraRow:
    """One camera as its messages tell it."""

    name: str = ""
    state: str = "…"
    reason: str = ""
    fps: float = 0.0
    analysed: int = 0
    persons: int = 0
    segments: int = 0
    seconds: float = 0.0
    last_event: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it arrived at the broker's subscriber, and when."""

    id: str
    phase: str
    rule: str
    camera: str
    at: Instant


@dataclass(slots=True)
class Board:
    """The picture of one site; `take` is called for every message, in order of arrival."""

    site_state: str = "…"
    births: int = 0
    heartbeats: int = 0
    images: int = 0
    unreadable: int = 0
    backlog: int = 0
    cameras: dict[str, CameraRow] = field(default_factory=dict)
    arrivals: dict[str, Arrival] = field(default_factory=dict)
    duplicates: int = 0
    troubles: list[str] = field(default_factory=list)

    def take(self, topic: str, payload: bytes, at: Instant) -> None:
        """Learn from one message; what cannot be read is counted, never raised."""
        parts = topic.split("/")
        if len(parts) < 5 or parts[2] != "site":
            return
        if parts[4] == "image":
            self.images += 1
            return
        try:
            self._learn(parts[4:], json.loads(payload), at)
        except (ValueError, KeyError, TypeError, AttributeError):
            self.unreadable += 1

    def opened(self) -> list[Arrival]:
        """Episodes that opened, in order of arrival."""
        return [arrival for arrival in self.arrivals.values() if arrival.phase == "opened"]

    def _learn(self, kind: list[str], said: dict[str, Any], at: Instant) -> None:
        match kind:
            case ["state"]:
                self.site_state = str(said["state"])
            case ["birth"]:
                self.births += 1
                for camera in said["site"]["cameras"]:
                    self._row(camera["id"]).name = camera["name"]
            case ["heartbeat"]:
                self._beat(said)
            case ["camera", camera, "state"]:
                row = self._row(camera)
                row.state, row.reason = str(said["state"]), str(said["reason"])
            case ["event", _]:
                self._event(said, at)

    def _beat(self, said: dict[str, Any]) -> None:
        self.heartbeats += 1
        self.backlog = int(said["backlog"]["count"])
        site = said["site"]
        self.troubles = [f"{trouble['vi']} / {trouble['en']}" for trouble in site["troubles"]]
        for camera, now in site["cameras"].items():
            row = self._row(camera)
            row.fps, row.persons = float(now["fps"]), int(now.get("persons", 0))
            row.analysed = max(row.analysed, int(now.get("analysed", 0)))
            row.segments, row.seconds = int(now["segments"]), float(now["seconds"])

    def _event(self, said: dict[str, Any], at: Instant) -> None:
        if said["id"] in self.arrivals:
            self.duplicates += 1
            return
        rule = str(said["data"].get("rule", said.get("type", "")))
        phase = str(said["id"]).rsplit(".", 1)[-1]
        arrival = Arrival(str(said["id"]), phase, rule, str(said["subject"]), at)
        self.arrivals[arrival.id] = arrival
        self._row(arrival.camera).last_event = f"{rule} {phase}"

    def _row(self, camera: str) -> CameraRow:
        return self.cameras.setdefault(camera, CameraRow())
