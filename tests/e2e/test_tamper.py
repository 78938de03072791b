"""A camera that is tampered with: in the journal, blind at the center, closed when it sees."""

from __future__ import annotations

from contextlib import closing

from edge_agent.core.event import Event
from edge_agent.store.journal import Journal
from tests.e2e.house import Broker, Ear, House, until

CAMERA = "cam-1"


def test_a_cloth_a_stuck_picture_and_silence_are_episodes_of_their_own(
    site: House, center: Broker
) -> None:
    camera = site.site.camera(CAMERA)
    site.agent()
    journal_of = closing(Journal(site.folder / "state" / "events.db"))
    with closing(Ear(center.url)) as ear, journal_of as journal:

        def told(kind: str, phase: str) -> list[Event]:
            tampered = [e for e in journal.recent(200) if e.data.get("rule") == "tamper"]
            said = [(e.data["figures"]["kind"], e.data["phase"]) for e in tampered]
            return [e for e, one in zip(tampered, said, strict=True) if one == (kind, phase)]

        def analysed() -> int:
            beats = ear.said("/heartbeat")
            return int(beats[-1]["site"]["cameras"][CAMERA].get("analysed", 0)) if beats else 0

        def blind(kind: str) -> bool:
            states = ear.said(f"camera/{CAMERA}/state")
            return any(one["state"] == "blind" and one["reason"] == kind for one in states)

        until(lambda: analysed() > 150, 120, "the view is known")
        for switch, kind in (("cover", "covered"), ("stuck", "frozen"), ("freeze", "lost")):
            assert not told(kind, "opened")
            camera.faults.set(**{switch: True})
            until(lambda kind=kind: len(told(kind, "opened")) == 1, 30, f"{kind} opens")
            if switch != "freeze":
                until(lambda kind=kind: blind(kind), 10, f"blind: {kind}")
            camera.faults.set(**{switch: False})
            until(lambda kind=kind: len(told(kind, "closed")) == 1, 40, f"{kind} closes")
