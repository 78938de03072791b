"""A site has the last word on every command."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from edge_agent.core.command import Action, Command, Refusal, Role
from edge_agent.link.command_arguments import read_arguments
from edge_agent.link.command_judge import Policy, Standing, judge

NOW = datetime(2026, 7, 28, 14, 32, tzinfo=UTC)
TOKEN = "x" * 43
POLICY = Policy(
    allow={
        Action.PING: frozenset(Role),
        Action.CLIP: frozenset({Role.DUTY}),
        Action.VERDICT: frozenset({Role.DUTY}),
    },
    per_hour={Action.CLIP: 2},
    clip_seconds=60,
)
STANDING = Standing("site-1", {"cam-1"}, NOW, clock_trusted=True)
PING = Command(
    id="r1",
    site="site-1",
    camera="",
    action=Action.PING,
    arguments={},
    user="trực ban",
    role=Role.DUTY,
    issued=NOW,
    expires=NOW + timedelta(seconds=60),
    nonce="n1",
)


def clip(seconds: float, **more: Any) -> Command:
    end = NOW - timedelta(minutes=5)
    span = {"from": (end - timedelta(seconds=seconds)).isoformat(), "to": end.isoformat()}
    arguments = {**span, "upload": TOKEN, **more}
    return replace(PING, camera="cam-1", action=Action.CLIP, arguments=arguments)


def test_what_is_allowed_is_read() -> None:
    verdict = judge(clip(30), STANDING, POLICY)
    assert verdict.refusal is None
    assert verdict.arguments["to"] == NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (replace(PING, site="site-2"), Refusal.SITE),
        (replace(PING, issued=NOW - timedelta(90), expires=NOW - timedelta(89)), Refusal.ARGUMENTS),
        (
            replace(PING, issued=NOW - timedelta(seconds=90), expires=NOW - timedelta(seconds=30)),
            Refusal.EXPIRED,
        ),
        (
            replace(PING, issued=NOW + timedelta(seconds=20), expires=NOW + timedelta(seconds=80)),
            Refusal.NOT_YET,
        ),
        (replace(PING, expires=NOW + timedelta(seconds=61)), Refusal.ARGUMENTS),
        (replace(PING, expires=NOW), Refusal.ARGUMENTS),
        (replace(PING, action=Action.HOLD), Refusal.ROLE),
        (replace(clip(30), role=Role.HEALTH), Refusal.ROLE),
        (replace(clip(30), camera="cam-9"), Refusal.CAMERA),
        (replace(clip(30), camera=""), Refusal.CAMERA),
        (clip(61), Refusal.QUOTA),
        (clip(-5), Refusal.ARGUMENTS),
        (clip(30, upload="short"), Refusal.ARGUMENTS),
        (clip(30, path="/etc/passwd"), Refusal.ARGUMENTS),
        (replace(PING, arguments={"x": 1}), Refusal.ARGUMENTS),
        (replace(PING, challenge="never given"), Refusal.REPLAY),
    ],
)
def test_what_is_not_allowed_says_why(command: Command, refusal: Refusal) -> None:
    assert judge(command, STANDING, POLICY).refusal is refusal


def test_a_quota_counts_what_was_done_in_the_last_hour() -> None:
    once = replace(STANDING, used={Action.CLIP: 1})
    twice = replace(STANDING, used={Action.CLIP: 2})
    assert judge(clip(30), once, POLICY).refusal is None
    assert judge(clip(30), twice, POLICY).refusal is Refusal.QUOTA


def test_without_a_clock_only_a_challenge_opens() -> None:
    lost = replace(STANDING, clock_trusted=False, challenges={"c1"})
    assert judge(PING, lost, POLICY).refusal is Refusal.CLOCK
    late = replace(PING, challenge="c1", issued=NOW + timedelta(days=900))
    assert judge(late, lost, POLICY).refusal is None


@pytest.mark.parametrize("verdict", ["confirmed", "false", "unclear"])
def test_a_verdict_is_one_of_three_words(verdict: str) -> None:
    read = read_arguments(Action.VERDICT, {"event": "e.opened", "verdict": verdict})
    assert read["verdict"] == verdict
    assert read["note"] is None
    with pytest.raises(ValueError, match="verdict"):
        read_arguments(Action.VERDICT, {"event": "e.opened", "verdict": "maybe"})


def test_every_action_has_its_arguments() -> None:
    for action in Action:
        with pytest.raises(ValueError, match="unknown"):
            read_arguments(action, {"shell": "rm"})
