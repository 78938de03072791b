"""What the site says of itself: birth and heartbeat, from what the parts know at this moment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import edge_agent
from edge_agent.app.cameras import CameraSearch
from edge_agent.app.layout import Layout
from edge_agent.app.renewal import certificate_ends
from edge_agent.app.rule_hours import coverage_figures
from edge_agent.app.vision import VisionChild
from edge_agent.config.schema import Config
from edge_agent.core.ledger import RetentionStatus
from edge_agent.core.media import Camera
from edge_agent.core.perception import RuleCoverage, VisionStatus
from edge_agent.core.time import Instant, iso
from edge_agent.core.trouble import Trouble
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.health import health
from edge_agent.store.coverage import RuleHours, hour_of
from edge_agent.store.ledger import DiskState, Ledger
from edge_agent.store.recordings import Recordings, Totals


@dataclass(frozen=True, slots=True)
class SelfReport:
    """Gathers the payloads; asks every part, changes none."""

    config: Config
    layout: Layout
    clock: Clock
    recordings: Recordings
    search: CameraSearch
    vision: VisionChild
    hours: RuleHours

    def birth(self) -> dict[str, Any]:
        """Said once per connection: what this site is."""
        return {
            "version": edge_agent.__version__,
            "name": self.config.site.name,
            "config_sha256": self.config.fingerprint(),
            "certificate_until": certificate_ends(self.config),
            "cameras": [
                {
                    "id": c.id,
                    "name": c.name,
                    "place": c.place,
                    "model": f"{c.make} {c.model}".strip(),
                }
                for c in self.search.cameras
            ],
            "rules": self.config.rules.model_dump(mode="json"),
        }

    def heartbeat(self) -> dict[str, Any]:
        """Said every 30 s: how the site is now. Latest wins; never through the outbox."""
        now = self.clock.now()
        folders = (self.layout.recordings, self.layout.state)
        ledger, totals = Ledger(self.recordings.rows), self.recordings.totals()
        covered = self.hours.since(hour_of(now.wall - timedelta(hours=23)))
        return {
            "health": asdict(health(folders)),
            "cameras": {
                camera.id: {
                    **self._camera(camera, totals.get(camera.id), now),
                    "rules_24h": coverage_figures(covered.get(camera.id, RuleCoverage())),
                }
                for camera in self.search.cameras
            },
            "retention": {name: _promise(one) for name, one in ledger.retention().items()},
            "recordings_disk": _disk(ledger.disk()),
            "troubles": [
                _trouble(trouble) for trouble in (*self.search.troubles, *self.vision.troubles)
            ],
        }

    def _camera(self, camera: Camera, totals: Totals | None, now: Instant) -> dict[str, Any]:
        seen = {status.camera: status for status in self.vision.statuses}.get(camera.id)
        day = now.wall - timedelta(hours=24)
        return {
            "recorded_s_24h": round(self.recordings.coverage(camera.id, day, now.wall), 1),
            "days_held": round(self.recordings.days_held(camera.id, now.wall), 2),
            **_totals(totals),
            **_seen(seen),
        }


def _promise(status: RetentionStatus) -> dict[str, Any]:
    risk = status.risk_days
    return {
        "state": status.state.value,
        "since": iso(status.since),
        "checked": iso(status.checked),
        "days_held": round(status.days_held, 2),
        "risk_days": None if risk is None else round(risk, 1),
        "bytes_per_day": status.bytes_per_day,
        "held_bytes": status.held_bytes,
        "capacity_bytes": status.capacity,
    }


def _disk(disk: DiskState | None) -> dict[str, Any]:
    if disk is None:
        return {"state": "unknown", "id": "", "since": None, "smart": None}
    return {"state": disk.state, "id": disk.id, "since": iso(disk.since), "smart": disk.smart}


def _totals(totals: Totals | None) -> dict[str, Any]:
    if totals is None:
        return {"segments": 0, "seconds": 0.0, "bytes": 0}
    return {
        "segments": totals.segments,
        "seconds": round(totals.seconds, 1),
        "bytes": totals.bytes,
    }


def _seen(seen: VisionStatus | None) -> dict[str, Any]:
    if seen is None:
        return {"fps": 0.0, "reason": "vision_down"}
    return {
        "fps": round(seen.fps, 2),
        "analysed": seen.analysed,
        "dropped": seen.dropped,
        "lag_ms": round(seen.lag * 1000),
        "persons": seen.persons,
        "reason": seen.reason,
        "blind": seen.blind,
    }


def _trouble(trouble: Trouble) -> dict[str, str]:
    return {"code": trouble.code, "vi": trouble.vi, "en": trouble.en}
