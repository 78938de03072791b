"""Hostile and broken senders: refused or quarantined with a reason; other sites notice nothing."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from edge_agent.center.store.engine import open_engine, writing
from edge_agent.center.store.sites import revoke
from edge_agent.core.event import Lane
from edge_agent.link.batch import CONTENT_TYPE as BATCH
from edge_agent.link.batch import Packable, encode_batch
from edge_agent.link.labels import several, single
from edge_agent.link.wire import CLOUDEVENT, JPEG, encode
from tests.integration.broker import Broker, until
from tests.integration.center.ingest.running import CenterProcess, Site, now

Centers = Callable[..., CenterProcess]
Sites = Callable[..., Site]


def reasons(center: CenterProcess) -> list[str]:
    return [row[0] for row in center.rows("SELECT reason FROM quarantine ORDER BY position")]


def notices(center: CenterProcess) -> list[str]:
    return [row[0] for row in center.rows("SELECT kind FROM notices ORDER BY position")]


def a_while_ago(center: CenterProcess) -> None:
    """What was received, was received an hour earlier."""
    engine = open_engine("", center.folder / "state")
    with writing(engine) as connection:
        connection.execute(text("UPDATE received SET changed = changed - 3600000000"))
    engine.dispose()


def test_every_kind_of_bad_message_has_a_reason_and_the_good_ones_come_through(
    broker: Broker, database: str, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url, database).ready()
    bad, good = make_site(broker.url, "khu-xau"), make_site(broker.url, "khu-tot")
    label = [single("e1", Lane.ALARM, number) for number in range(20)]
    bad.say("event/alarm", b"{not json", CLOUDEVENT, label[1])
    bad.event(2, type="vn.qcam.episode.opened.v7")
    bad.event(3, source="qcam/khu-tot", name="khu-tot-e1-alarm-1")  # another site's event, first
    bad.say("event/alarm", b"x" * 10_000_000, CLOUDEVENT, label[4])
    bad.say("event/alarm", b"[" * 50_000, CLOUDEVENT, label[5])
    bad.say("image/x", b"<script>", JPEG, single("e1", Lane.IMAGE, 1))
    bad.say("event/alarm", b"\x78\x9c" + random.Random(1).randbytes(100), BATCH, label[6])
    bad.say("event/alarm", b"{}", "text/html", label[7])
    bad.event(8, data={"deep": _nested(40)})
    bad.event(9, data={"nul": "\x00"})
    bad.say("event/alarm", b"{}", CLOUDEVENT, {})  # no labels at all
    bad.say("event/nonsense", b"{}", CLOUDEVENT, label[10])
    bad.event(11)
    good.event(1)
    until(lambda: bad.last(Lane.ALARM) is not None and 11 in _had(bad), what="bad site's good one")
    until(lambda: good.last(Lane.ALARM) == (1, 1, ()), what="the other site")
    until(lambda: len(reasons(center)) >= 12, what="all of them kept")
    assert sorted(center.ids()) == ["khu-tot-e1-alarm-1", "khu-xau-e1-alarm-11"]
    assert set(reasons(center)) >= {
        "malformed", "version", "source", "oversize", "picture", "content_type", "deep", "mismatch",
    }  # fmt: skip
    shown = center.command("quarantine", "--site", "khu-xau")
    assert "10000000 byte" in shown
    assert "Upgrade the center" in shown


def _nested(levels: int) -> object:
    return [] if not levels else [_nested(levels - 1)]


def _had(site: Site) -> set[int]:
    through, seen, gaps = site.last(Lane.ALARM) or (0, 0, ())
    return set(range(1, seen + 1)) - {n for a, b in gaps for n in range(a, b + 1)} | {through}


def test_a_faulty_member_of_a_batch_does_not_take_the_others_with_it(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url).ready()
    site = make_site(broker.url)
    kinds = ["vn.qcam.a.v1", "vn.qcam.a.v9", "vn.qcam.a.v1"]
    items = [
        Packable(number, False, encode(site.cloudevent(f"e{number}", type=kind)))
        for number, kind in enumerate(kinds, 1)
    ]
    payload = encode_batch("e1", Lane.BULK, items)
    site.say("event/bulk", payload, BATCH, several("e1", Lane.BULK, 1, 3, 3))
    until(lambda: site.last(Lane.BULK) == (3, 3, ()), what="all explained")
    assert center.ids() == ["e1", "e3"]
    assert reasons(center) == ["version"]


def test_a_revoked_site_is_refused_and_reported_and_not_acknowledged(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url).ready()
    engine = open_engine("", center.folder / "state")
    revoke(engine, "khu-a", now())
    engine.dispose()
    site, other = make_site(broker.url), make_site(broker.url, "khu-b")
    site.event(1)
    other.event(1)
    until(lambda: other.last(Lane.ALARM) == (1, 1, ()), what="the other site")
    until(lambda: reasons(center) == ["revoked"], what="refused")
    assert site.last(Lane.ALARM) is None
    assert center.ids() == ["khu-b-e1-alarm-1"]
    assert "bị thu hồi" in center.command("sites")


def test_a_sequence_that_goes_backwards_loses_nothing_and_is_told(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url).ready()
    site = make_site(broker.url)
    for number in range(1, 6):
        site.event(number)
    until(lambda: site.last(Lane.ALARM) == (5, 5, ()), what="five")
    a_while_ago(center)
    site.birth(conn=2, alarm=3)  # restored from an older copy
    site.event(4, name="another-fact-under-an-old-number")
    until(lambda: reasons(center) == ["sequence_reused"], what="kept")
    kept = center.rows("SELECT payload FROM quarantine")[0][0]
    assert b"another-fact-under-an-old-number" in kept
    until(lambda: notices(center) == ["sequence_backwards"], what="told")


def test_a_birth_that_its_events_overtook_is_not_backwards(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    """Told once, late, and again to every center that begins to listen: the broker keeps it."""
    center = make_center(broker.url).ready()
    site = make_site(broker.url)
    site.event(1)
    site.event(2)
    until(lambda: site.last(Lane.ALARM) == (2, 2, ()), what="both")
    had = len(site.acks)
    site.birth(alarm=1)
    until(lambda: len(site.acks) > had, what="greeted")
    assert notices(center) == []
    until(lambda: bool(center.rows("SELECT site FROM sites WHERE birth != ''")), what="kept")
    a_while_ago(center)
    assert center.stop() == 0
    had = len(site.acks)
    center.start().ready()
    until(lambda: len(site.acks) > had, what="greeted again")
    assert notices(center) == []


def test_a_re_imaged_device_begins_anew_and_is_told(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url).ready()
    old, new = make_site(broker.url), make_site(broker.url, epoch="e2")
    old.event(1)
    until(lambda: old.last(Lane.ALARM) == (1, 1, ()), what="old")
    new.birth(alarm=0)
    new.event(1)
    until(lambda: new.last(Lane.ALARM) == (1, 1, ()), what="new")
    assert len(center.ids()) == 2
    assert notices(center) == ["new_epoch"]


def test_the_quarantine_of_one_site_is_full_and_the_others_go_on(
    broker: Broker, make_center: Centers, make_site: Sites
) -> None:
    center = make_center(broker.url, ingest={"quarantine_rows": 3}).ready()
    bad, good = make_site(broker.url, "khu-xau"), make_site(broker.url, "khu-tot")
    for number in range(1, 11):
        bad.event(number, type=f"vn.qcam.x.v{number + 5}")
    good.event(1)
    until(lambda: good.last(Lane.ALARM) == (1, 1, ()), what="the other site")
    until(lambda: bad.last(Lane.ALARM) == (3, 3, ()), what="kept ones are acknowledged")
    counted = [("quarantine_full", 7)]
    until(lambda: center.rows("SELECT kind, times FROM notices") == counted, what="seven counted")
    assert len(reasons(center)) == 3
    assert bad.last(Lane.ALARM) == (3, 3, ())  # what was not kept is not acknowledged


@pytest.mark.parametrize("hours", [5, -5])
def test_a_center_with_a_wrong_clock_says_so_and_orders_by_arrival(
    broker: Broker, make_center: Centers, make_site: Sites, hours: int
) -> None:
    center = make_center(broker.url).ready()
    sites = [make_site(broker.url, f"khu-{number}") for number in range(4)]
    for site in sites:
        site.state("online")
        # the sites agree with each other, and not with the center
        site.heartbeat(now() + timedelta(hours=hours if site is not sites[3] else 0))
    until(lambda: bool(center.said("center.clock_wrong")), what="told")
    late, early = now() + timedelta(hours=1), now() - timedelta(hours=1)
    first = sites[0].event(1, time=late.isoformat())
    until(lambda: sites[0].last(Lane.ALARM) == (1, 1, ()), what="first")
    second = sites[1].event(1, time=early.isoformat())
    until(lambda: sites[1].last(Lane.ALARM) == (1, 1, ()), what="second")
    assert center.ids() == [first, second]
    assert [row[0] for row in center.rows("SELECT late FROM events ORDER BY position")] == [0, 1]
    shown = center.command("sites")
    assert "TRUNG TÂM lệch" in shown
