"""The desk over the real database: judged, carried out once, written down, answered."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from queue import Empty, Queue
from threading import Event
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.app.command_actions import QuickActions
from edge_agent.app.command_desk import Arguments, Carry, CommandDesk, Outcome, Rights
from edge_agent.center.commands import CommandKey, Wish, answering, new_command
from edge_agent.core.command import Action, Answer, Command, Refusal, Reply, Role
from edge_agent.core.event import Event as Event_
from edge_agent.core.trouble import Trouble
from edge_agent.link.command_judge import Policy
from edge_agent.link.command_keys import CommandKeys, key_name
from edge_agent.runtime.supervisor import start_thread
from edge_agent.store.commands import CommandEntry, CommandLog
from edge_agent.store.holds import Holds
from edge_agent.store.journal import Journal
from edge_agent.store.recordings import Recordings
from edge_agent.store.verdicts import Verdicts
from tests.fakes.clock import FakeClock

KEY = Ed25519PrivateKey.generate()
TOKEN = "t" * 43
EVERYTHING = {action: frozenset(Role) for action in Action}


class Site:
    """A site with a desk, its databases and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.trusted, self.stop = True, Event()
        self.book = CommandLog(folder / "events.db")
        self.recordings = Recordings(folder / "recordings.db")
        self.holds, self.proposals = Holds(self.recordings.rows), folder / "proposals"
        self.replies: Queue[Reply] = Queue()
        self.told: list[CommandEntry] = []
        self.going, self.gone_on = Event(), Event()
        quick = QuickActions(
            self.holds,
            folder / "site.yaml",
            self.proposals,
            lambda start, end: round((end - start).total_seconds()),
            Verdicts(folder / "events.db"),
            self.clock,
        )
        slow: dict[Action, Carry] = {Action.CLIP: self._clip, Action.SNAPSHOT: self._broken}
        rights = Rights(
            site="site-1",
            keys=CommandKeys({key_name(KEY.public_key()): KEY.public_key()}),
            policy=Policy(EVERYTHING, {Action.CLIP: 6}, 60),
            cameras=lambda: {"cam-1"},
            clock_trusted=lambda: self.trusted,
        )
        self.desk = CommandDesk(
            rights,
            self.book,
            {**quick.table, **slow},
            self.replies.put,
            self.told.append,
            self.clock,
        )
        self.threads = [
            start_thread("desk", self.desk.run_once, self.stop),
            start_thread("slow", self.desk.run_slow_once, self.stop),
        ]

    def _clip(self, _command: Command, _arguments: Arguments, _stop: Event) -> Outcome:
        self.going.set()
        assert self.gone_on.wait(10)
        return Outcome({"sha256": "00"}, size=1000)

    def _broken(self, _command: Command, _arguments: Arguments, _stop: Event) -> Outcome:
        raise Trouble("commands.no_picture", "Không có hình.", "No picture.")

    def wish(self, action: Action, camera: str = "", **arguments: Any) -> Command:
        wish = Wish("site-1", camera, action, arguments, "trực ban", Role.DUTY)
        return new_command(wish, self.clock.now().wall)

    def ask(self, command: Command) -> Reply:
        self.desk.take(command.id, CommandKey(KEY).seal(command))
        return self.replies.get(timeout=10)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.gone_on.set()
    made.stop.set()
    for thread in made.threads:
        thread.join(10)
    made.book.close()
    made.recordings.close()


def span(site: Site) -> dict[str, str]:
    now = site.clock.now().wall
    return {"from": (now - timedelta(seconds=30)).isoformat(), "to": now.isoformat()}


def test_a_ping_is_answered_and_written_down(site: Site) -> None:
    command = site.wish(Action.PING)
    reply = site.ask(command)
    assert (reply.request, reply.state) == (command.id, Answer.DONE)
    assert reply.result["version"]
    assert [(e.who, e.action, e.outcome) for e in site.told] == [
        ("trực ban", "ping", Answer.ACCEPTED),
        ("trực ban", "ping", Answer.DONE),
    ]
    now = site.clock.now().wall
    kept = site.book.entries(now - timedelta(hours=1), now + timedelta(hours=1))
    assert list(kept) == site.told


def test_a_command_works_once(site: Site) -> None:
    command = site.wish(Action.PING)
    assert site.ask(command).state is Answer.DONE
    again = site.ask(command)
    assert (again.state, again.reason) == (Answer.REFUSED, Refusal.REPLAY)


def test_a_command_works_once_after_a_restart_too(site: Site, tmp_path: Path) -> None:
    command = site.wish(Action.PING)
    assert site.ask(command).state is Answer.DONE
    book = CommandLog(tmp_path / "events.db")
    assert not book.take(command.nonce, site.clock.now().wall)
    book.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"site": "site-2"}, Refusal.SITE),
        ({"camera": "cam-9", "action": Action.CLIP}, Refusal.CAMERA),
        ({"issued": "late"}, Refusal.EXPIRED),
    ],
)
def test_what_is_refused_is_written_down(
    site: Site, change: dict[str, Any], reason: Refusal
) -> None:
    if change.get("issued"):
        long_ago = site.clock.now().wall - timedelta(minutes=5)
        change = {"issued": long_ago, "expires": long_ago + timedelta(seconds=60)}
    reply = site.ask(replace(site.wish(Action.PING), **change))
    assert (reply.state, reply.reason) == (Answer.REFUSED, reason)
    assert site.told[-1].reason == reason


def test_a_stranger_is_refused_and_changes_nothing(site: Site) -> None:
    command = site.wish(Action.PING)
    stranger = CommandKey(Ed25519PrivateKey.generate())
    site.desk.take(command.id, stranger.seal(command))
    assert site.replies.get(timeout=10).reason == Refusal.UNKNOWN_KEY
    site.desk.take(command.id, b"\xff\x00")
    assert site.replies.get(timeout=10).reason == Refusal.SIGNATURE
    site.desk.take("another", CommandKey(KEY).seal(command))  # under another request's topic
    assert site.replies.get(timeout=10).reason == Refusal.SIGNATURE
    assert site.told == []
    assert site.ask(command).state is Answer.DONE


def test_without_a_clock_a_challenge_opens_once(site: Site) -> None:
    site.trusted = False
    command = site.wish(Action.PING)
    refused = site.ask(command)
    assert refused.reason == Refusal.CLOCK
    again = answering(command, refused.result["challenge"], site.clock.now().wall)
    assert site.ask(again).state is Answer.DONE
    third = answering(command, refused.result["challenge"], site.clock.now().wall)
    assert site.ask(third).reason == Refusal.REPLAY


def test_a_challenge_lives_for_a_minute(site: Site) -> None:
    site.trusted = False
    command = site.wish(Action.PING)
    challenge = site.ask(command).result["challenge"]
    site.clock.pass_time(61)
    again = answering(command, challenge, site.clock.now().wall)
    assert site.ask(again).reason == Refusal.REPLAY


def test_a_ping_is_answered_while_a_clip_is_on_its_way(site: Site) -> None:
    clip = site.wish(Action.CLIP, "cam-1", upload=TOKEN, **span(site))
    assert site.ask(clip).state is Answer.ACCEPTED
    assert site.going.wait(10)
    assert site.ask(site.wish(Action.PING)).state is Answer.DONE
    site.gone_on.set()
    done = site.replies.get(timeout=10)
    assert (done.request, done.state) == (clip.id, Answer.DONE)
    assert site.book.uploaded(site.clock.now().wall - timedelta(hours=1)) == 1000


def test_an_hour_has_six_clips(site: Site) -> None:
    site.gone_on.set()
    for _ in range(6):
        assert site.ask(site.wish(Action.CLIP, "cam-1", upload=TOKEN, **span(site)))
        assert site.replies.get(timeout=10).state is Answer.DONE
    more = site.wish(Action.CLIP, "cam-1", upload=TOKEN, **span(site))
    assert site.ask(more).reason == Refusal.QUOTA
    site.clock.pass_time(3601)
    more = site.wish(Action.CLIP, "cam-1", upload=TOKEN, **span(site))
    assert site.ask(more).state is Answer.ACCEPTED


def test_a_full_queue_refuses(site: Site) -> None:
    asked = [site.wish(Action.CLIP, "cam-1", upload=TOKEN, **span(site)) for _ in range(6)]
    assert site.ask(asked[0]).state is Answer.ACCEPTED
    assert site.going.wait(10)
    assert [site.ask(one).state for one in asked[1:5]] == [Answer.ACCEPTED] * 4
    assert site.ask(asked[5]).reason == Refusal.QUOTA


def test_what_fails_says_why_in_both_languages(site: Site) -> None:
    snapshot = site.wish(Action.SNAPSHOT, "cam-1", upload=TOKEN)
    assert site.ask(snapshot).state is Answer.ACCEPTED
    failed = site.replies.get(timeout=10)
    assert (failed.state, failed.reason) == (Answer.FAILED, "commands.no_picture")
    assert set(failed.result) == {"vi", "en"}


def test_a_hold_is_put_in_the_name_of_who_asked(site: Site) -> None:
    arguments = {**span(site), "reason": "Xác minh vụ việc", "until": None}
    reply = site.ask(site.wish(Action.HOLD, "cam-1", **arguments))
    (hold,) = site.holds.all()
    assert reply.result["hold"] == hold.id
    assert (hold.camera, hold.reason, hold.who) == (
        "cam-1",
        "Xác minh vụ việc",
        "trực ban (duty)",
    )
    assert hold.until is not None


def test_a_proposed_configuration_is_checked_and_not_put_to_work(site: Site) -> None:
    good = site.ask(site.wish(Action.CONFIG_PROPOSE, yaml="site: {id: site-1}\n", reason="x"))
    assert good.result["valid"], good
    bad = site.ask(site.wish(Action.CONFIG_PROPOSE, yaml="site: {ide: x}\n", reason="x"))
    assert not bad.result["valid"]
    assert any("ide" in line for line in bad.result["errors"])
    assert len(list(site.proposals.glob("*.yaml"))) == 2


def test_resync_says_how_many_facts_are_told_again(site: Site) -> None:
    assert site.ask(site.wish(Action.RESYNC, **span(site))).result == {"events": 30}


def test_a_verdict_needs_an_episode_that_was_here(site: Site, tmp_path: Path) -> None:
    verdict = {"event": "e1.opened", "verdict": "false", "note": "người trong ảnh có khẩu trang"}
    unknown = site.ask(site.wish(Action.VERDICT, **verdict))
    assert (unknown.state, unknown.reason) == (Answer.FAILED, "verdict.unknown_episode")
    journal = Journal(tmp_path / "events.db")
    now = site.clock.now().wall
    data = {"episode": "e1", "rule": "mask"}
    opened = Event_("e1.opened", "qcam/site-1", "t", "cam-1", now, "warning", data)
    journal.record(opened, ())
    assert site.ask(site.wish(Action.VERDICT, **verdict)).state is Answer.DONE
    (judgement,) = Verdicts(tmp_path / "events.db").of("e1")
    assert (judgement.verdict, judgement.who) == ("false", "trực ban (duty)")
    journal.close()


def test_what_this_site_has_no_part_for_is_its_policy(site: Site) -> None:
    assert site.ask(site.wish(Action.LIVE_STOP)).reason == Refusal.POLICY


def test_a_crowd_of_payloads_blocks_nobody(site: Site) -> None:
    for number in range(500):
        site.desk.take(f"r{number}", b"{}")
    seen = 0
    try:
        while True:
            site.replies.get(timeout=1.0)
            seen += 1
    except Empty:
        pass
    assert 32 <= seen <= 500
    assert site.ask(site.wish(Action.PING)).state is Answer.DONE
