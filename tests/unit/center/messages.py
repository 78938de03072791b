"""Messages as a site sends them, for tests of what is pure."""

from collections.abc import Mapping
from typing import Any

from edge_agent.core.event import Lane
from edge_agent.link.labels import single
from edge_agent.link.publisher import Received
from edge_agent.link.wire import CLOUDEVENT, encode

SITE = "khu-a"


def cloudevent(**more: Any) -> dict[str, Any]:
    said = {
        "specversion": "1.0",
        "id": "x.opened",
        "source": f"qcam/{SITE}",
        "type": "vn.qcam.episode.opened.v1",
        "subject": "cam-1",
        "time": "2021-07-28T05:00:00.000Z",
        "severitytext": "warning",
        "data": {"camera": "cam-1", "note": "Hành lang"},
    }
    return {key: value for key, value in (said | more).items() if value is not ...}


def received(
    payload: bytes | dict[str, Any],
    topic: str = f"qcam/v1/site/{SITE}/event/alarm",
    kind: str = CLOUDEVENT,
    labels: Mapping[str, str] | None = None,
) -> Received:
    said = payload if isinstance(payload, bytes) else encode(payload)
    return Received(topic, said, kind, 1, False, labels or single("e1", Lane.ALARM, 7))
