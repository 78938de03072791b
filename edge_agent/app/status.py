"""The state of a site as its folders tell it: for people in a shell, whether or not it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from edge_agent.app.layout import Layout
from edge_agent.app.rule_hours import coverage_figures
from edge_agent.config.behaviours import Behaviour, behaviours
from edge_agent.config.schema import Config
from edge_agent.config.timetables import timetables
from edge_agent.core.media import CameraStatus
from edge_agent.core.perception import RuleCoverage
from edge_agent.core.time import iso
from edge_agent.core.timetable import holds
from edge_agent.core.trouble import Trouble
from edge_agent.core.verdict import Tally
from edge_agent.runtime.lock import held
from edge_agent.store.coverage import RuleHours, hour_of
from edge_agent.store.journal import Journal
from edge_agent.store.outbox import LaneBacklog, lanes_total
from edge_agent.store.recordings import Recordings
from edge_agent.store.verdicts import Verdicts

Said = dict[str, Any]
_DAY = timedelta(hours=24)


def site_status(config: Config, now: datetime) -> Said:
    """Cameras, recording, coverage of the rules, rules with their verdicts, backlog; JSON values.

    Raises Trouble `status.never_ran` where no agent ever ran, `store.*` where a database is not
    readable.
    """
    layout = Layout.of(config)
    if not layout.events.is_file():
        raise _never_ran(layout)
    with (
        _recordings(layout) as recordings,
        closing(Journal(layout.events)) as journal,
        closing(RuleHours(layout.events)) as hours,
        closing(Verdicts(layout.events)) as said,
    ):
        return {
            "site": config.site.id,
            "name": config.site.name,
            "time": iso(now),
            "agent": held(layout.agent_lock),
            "recorder": held(layout.recorder_lock),
            "cameras": _cameras(config, recordings, hours, now),
            "rules": _rules(config, said, now),
            "open_episodes": len(journal.open_episodes()),
            "backlog": _backlog(lanes_total(journal.outbox.backlog().values())),
        }


@contextmanager
def _recordings(layout: Layout) -> Iterator[Recordings | None]:
    """The recordings' index; None where nothing was ever recorded."""
    if not layout.recordings_index.is_file():
        yield None
        return
    with closing(Recordings(layout.recordings_index)) as recordings:
        yield recordings


def _cameras(
    config: Config, recordings: Recordings | None, hours: RuleHours, now: datetime
) -> list[Said]:
    names = {entry.id: entry.name for entry in config.cameras if entry.enabled}
    statuses = {one.camera: one for one in recordings.statuses()} if recordings else {}
    alive = held(Layout.of(config).recorder_lock)
    covered = hours.since(hour_of(now - _DAY + timedelta(hours=1)))
    return [
        {
            "id": camera,
            "name": names.get(camera, ""),
            **_state(statuses.get(camera), alive),
            "recorded_s_24h": round(recordings.coverage(camera, now - _DAY, now), 1)
            if recordings
            else 0.0,
            "days_held": round(recordings.days_held(camera, now), 2) if recordings else 0.0,
            "rules_24h": coverage_figures(covered.get(camera, RuleCoverage())),
        }
        for camera in sorted({*names, *statuses, *covered})
    ]


def _state(status: CameraStatus | None, alive: bool) -> Said:
    """The recorder's word for a camera; a recorder that does not run says nothing any more."""
    if status is not None and not alive:
        return {"state": "unknown", "reason": "recorder_stopped", "since": None}
    if status is None:
        return {"state": "unknown", "reason": "", "since": None}
    return {"state": status.state.value, "reason": status.reason, "since": iso(status.since)}


def _rules(config: Config, said: Verdicts, now: datetime) -> list[Said]:
    """Each rule of the configuration with its episodes of 24 hours, and what people said of its
    kind, camera by camera.
    """
    opened, tallies = said.opened(now - _DAY), said.tallies()
    return [
        {
            "rule": str(loc[1]),
            "id": getattr(rule, "id", ""),
            "enabled": rule.enabled,
            "in_force": _in_force(config, rule, now),
            "opened_24h": {
                camera: count for (camera, kind), count in opened.items() if kind == loc[1]
            },
            "verdicts": {
                camera: _tally(tally) for (camera, kind), tally in tallies.items() if kind == loc[1]
            },
        }
        for loc, rule in behaviours(config.rules)
    ]


def _in_force(config: Config, rule: Behaviour, now: datetime) -> bool:
    tables, zone = timetables(config.rules), ZoneInfo(config.site.timezone)
    if not rule.enabled or not holds(tables[rule.when], now, zone):
        return False
    return rule.unless is None or not holds(tables[rule.unless], now, zone)


def _backlog(backlog: LaneBacklog) -> Said:
    oldest = None if backlog.oldest is None else iso(backlog.oldest)
    return {"count": backlog.count, "bytes": backlog.bytes, "oldest": oldest}


def _tally(tally: Tally) -> Said:
    precision = tally.precision
    return {
        "confirmed": tally.confirmed,
        "false": tally.false,
        "unclear": tally.unclear,
        "precision": None if precision is None else round(precision, 3),
    }


def _never_ran(layout: Layout) -> Trouble:
    return Trouble(
        "status.never_ran",
        f"Không có {layout.events}: chương trình chưa chạy lần nào với cấu hình này. "
        "Chạy: edge-agent run",
        f"{layout.events} is not there: the agent never ran with this configuration. "
        "Run: edge-agent run",
    )
