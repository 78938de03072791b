"""The center as processes: a real broker, both databases, acknowledgements after the commit."""

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack

from edge_agent.core.event import Lane
from tests.integration.broker import Broker, until
from tests.integration.center.ingest.running import CenterProcess, Site
from tests.integration.postgres import Postgres

Centers = Callable[..., CenterProcess]
Sites = Callable[..., Site]


def test_what_a_site_sends_is_stored_once_and_acknowledged(
    broker: Broker, database: str, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url, database).ready()
    site = make_site(broker.url)
    made = [site.event(number) for number in (1, 2, 3)]
    made += site.batch([1, 2, 5, 6])
    site.event(2)  # comes twice, as after a lost acknowledgement
    until(lambda: site.last(Lane.ALARM) == (3, 3, ()), what="alarm ack")
    until(lambda: site.last(Lane.BULK) == (2, 6, ((3, 4),)), what="bulk ack with its gap")
    assert sorted(center.ids()) == sorted(made)
    site.batch([3, 4])
    until(lambda: site.last(Lane.BULK) == (6, 6, ()), what="gap closed")


def test_several_processes_share_the_work_and_one_may_die(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url, workers=2).ready()
    site = make_site(broker.url)
    victim = center.ingest_pids()[0]
    made = [site.event(number) for number in range(1, 21)]
    os.kill(victim, signal.SIGKILL)
    made += [site.event(number) for number in range(21, 41)]

    def resent() -> bool:
        """As a site's outbox does: what is not acknowledged goes again."""
        through, seen, gaps = site.last(Lane.ALARM) or (0, 0, ())
        missing = {n for a, b in gaps for n in range(a, b + 1)} | set(range(seen + 1, 41))
        for number in sorted(missing):
            site.event(number)
        return through == 40

    until(resent, what="everything acknowledged")
    assert sorted(center.ids()) == sorted(made)
    until(lambda: len(center.said("ingest.listening")) == 3, what="it comes back")
    assert len(center.ingest_pids()) == 2


def test_a_birth_is_greeted_with_what_the_center_has(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url).ready()
    site = make_site(broker.url)
    site.state("online")
    site.birth(alarm=9, state=0, bulk=0, image=0)
    until(lambda: site.last(Lane.IMAGE) == (0, 0, ()), what="greeting")
    site.event(2)
    until(lambda: site.last(Lane.ALARM) == (0, 2, ((1, 1),)), what="gap at the beginning")
    # asked again without anything new, until it comes
    until(lambda: len([a for a in site.acks if Lane.ALARM in a.lanes]) >= 3, 15, "asked again")
    assert center.said("gaps.asked")


def test_the_center_says_that_it_is_there_and_when_it_goes(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    heard: list[str] = []
    site = make_site(broker.url)
    site._client.on_message = lambda _c, _u, m: heard.append(m.payload.decode())
    site._client.subscribe("qcam/v1/center/state", 1)
    center = make_center(broker.url).ready()
    until(lambda: any('"online"' in one for one in heard), what="online")
    assert center.stop() == 0
    until(lambda: '"stopped"' in heard[-1], what="goodbye")
    center.start().ready()
    until(lambda: '"online"' in heard[-1], what="online again")
    center.kill()
    until(lambda: '"offline"' in heard[-1], what="will")
    assert '"conn":1' in heard[0]  # a will is that of its own connection
    assert '"conn":2' in heard[-1]


def test_an_orphaned_ingest_process_ends(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url).ready()
    (pid,) = center.ingest_pids()
    assert center.child is not None
    center.child.kill()
    center.child.wait(5)
    until(lambda: not os.path.exists(f"/proc/{pid}"), 15, "the orphan ends")  # noqa: PTH110
    center.start().ready()
    site = make_site(broker.url)
    site.event(1)
    until(lambda: site.last(Lane.ALARM) == (1, 1, ()), what="ack")


def test_while_the_database_is_away_nothing_is_acknowledged_and_it_mends_itself(
    broker: Broker, make_center: Centers, make_site: Sites, cleanup: ExitStack
) -> None:
    server = Postgres().start()
    cleanup.callback(server.end)
    center = make_center(broker.url, server.create("center")).ready()
    site = make_site(broker.url)
    site.event(1)
    until(lambda: site.last(Lane.ALARM) == (1, 1, ()), what="before")
    server.kill()
    site.event(2)
    until(lambda: bool(center.said("ingest.waiting")), what="told")
    until(lambda: center.said("center.state")[-1]["state"] == "offline", what="sites are told")
    assert site.last(Lane.ALARM) == (1, 1, ())
    server.start()
    until(lambda: site.last(Lane.ALARM) == (2, 2, ()), 20, "the message that waited")
    until(lambda: center.said("center.state")[-1]["state"] == "online", what="online again")
    assert center.ids() == ["khu-a-e1-alarm-1", "khu-a-e1-alarm-2"]
