"""Tampering: what is claimed, when, as what, and what is never claimed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.config.behaviours import TamperRule
from edge_agent.core.event import EpisodeChange, Phase, Rule
from edge_agent.core.view import FrameSignals
from edge_agent.rules import episodes
from edge_agent.rules.episode import Episodes
from edge_agent.rules.tamper import TamperWatch, claims, look, lost_claim
from edge_agent.rules.watch import CAMERA_PATIENCE
from tests.unit.rules.looks import (
    START,
    alike,
    black,
    covered,
    curtained,
    drawn_back,
    film,
    infrared,
    seen,
    soft,
)

Picture = Callable[[float], FrameSignals]
LEARNT = 40  # seconds


def usual(t: float) -> FrameSignals:
    return seen(1, t)


def elsewhere(t: float) -> FrameSignals:
    return seen(2, t)


def aside(t: float) -> FrameSignals:
    return seen(1, t, right=8)


def stuck(t: float) -> FrameSignals:
    return replace(seen(1, 50.0), at=START.plus(t), change=0.0, stir=0.0)


class Site:
    """A camera's watch and its episodes, fed one look a second."""

    def __init__(self, rule: TamperRule | None = None) -> None:
        self.watch = TamperWatch(rule or TamperRule())
        self.book = Episodes("s", "c", {Rule.TAMPER: CAMERA_PATIENCE})
        self.t = 0.0

    def shows(self, picture: Picture, seconds: int) -> list[EpisodeChange]:
        said: list[EpisodeChange] = []
        for _ in range(seconds):
            self.t += 1.0
            self.watch = look(self.watch, picture(self.t))
            self.book, more = episodes.observe(
                self.book, START.plus(self.t), claims(self.watch), {}
            )
            said += more
        return said


@pytest.fixture
def site() -> Site:
    known = Site()
    assert known.shows(usual, LEARNT) == []
    return known


def words(said: Iterable[EpisodeChange]) -> list[tuple[str, Phase]]:
    return [(change.data["kind"], change.phase) for change in said]


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (covered, "covered"),
        (lambda t: covered(t, 0.7), "covered"),
        (black, "dark"),
        (soft, "defocused"),
        (elsewhere, "moved"),
        (aside, "moved"),
        (alike, "moved"),
        (stuck, "frozen"),
    ],
)
def test_each_kind_opens_one_episode_within_ten_seconds_and_closes_when_the_view_is_back(
    site: Site, picture: Picture, kind: str
) -> None:
    assert words(site.shows(picture, 10)) == [(kind, Phase.OPENED)]
    assert site.shows(picture, 60) == []
    assert words(site.shows(usual, 12)) == [(kind, Phase.CLOSED)]


def test_a_curtain_takes_as_much_of_the_view_as_a_turn_and_its_folds_are_no_sharpness_of_the_lens(
    site: Site,
) -> None:
    assert site.shows(drawn_back, LEARNT) == []
    assert site.shows(curtained, 120) == []
    known = Site()
    assert known.shows(curtained, LEARNT) == []
    assert known.shows(drawn_back, 120) == []
    sharp = known.watch.figures["sharp"]
    assert sharp < 0.5
    assert words(known.shows(soft, 10)) == [("defocused", Phase.OPENED)]


def test_what_is_a_film_and_a_cover_by_turns_is_one_of_them(site: Site) -> None:
    said = site.shows(lambda t: film(t) if int(t) % 2 else covered(t), 60)
    assert len(words(said)) == 1


def test_half_a_cover_is_none(site: Site) -> None:
    assert site.shows(lambda t: covered(t, 0.4), 120) == []


def test_what_passes_in_four_seconds_is_none(site: Site) -> None:
    for _ in range(5):
        assert site.shows(covered, 4) + site.shows(usual, 6) == []


def test_a_camera_that_switches_to_infrared_and_back_has_not_moved(site: Site) -> None:
    for _ in range(3):
        assert site.shows(infrared, 90) + site.shows(usual, 90) == []


def test_by_night_a_cover_and_a_turn_are_noticed_too(site: Site) -> None:
    assert site.shows(infrared, LEARNT) == []
    assert words(site.shows(lambda t: replace(covered(t), colour=0.0), 10))[0][0] == "covered"
    assert words(site.shows(infrared, 12))[-1] == ("covered", Phase.CLOSED)
    turned = site.shows(lambda t: replace(seen(2, t), colour=0.0), 70)
    assert words(turned) == [("moved", Phase.OPENED)]


def test_a_shift_says_how_far(site: Site) -> None:
    (opened,) = site.shows(aside, 10)
    assert opened.data["shift"] == [0.1, 0.0]


def test_nothing_is_learnt_while_anything_is_suspected(site: Site) -> None:
    site.shows(covered, 1)
    known = site.watch.known.day
    site.shows(covered, 300)
    assert site.watch.known.day is known


def test_a_new_view_that_stands_still_for_long_is_accepted_and_this_is_said() -> None:
    site = Site(TamperRule(accept="60s"))
    site.shows(usual, LEARNT)
    opened, closed = site.shows(elsewhere, 90)
    assert (opened.phase, closed.phase) == (Phase.OPENED, Phase.CLOSED)
    assert closed.data["accepted"] is True
    assert site.shows(elsewhere, 200) == []
    assert words(site.shows(usual, 40)) == [("moved", Phase.OPENED)]


def test_a_cover_is_never_accepted() -> None:
    site = Site(TamperRule(accept="60s"))
    site.shows(usual, LEARNT)
    assert len(site.shows(covered, 400)) == 1


def test_a_camera_that_never_saw_anything_is_covered() -> None:
    assert words(Site().shows(covered, 12)) == [("covered", Phase.OPENED)]


def test_a_wardrobe_in_a_third_of_the_view_is_believed_after_a_while(site: Site) -> None:
    def wardrobe(t: float) -> FrameSignals:
        return replace(infrared(t), colour=30.0)

    assert site.shows(wardrobe, 3600) == []
    view = site.watch.known.day
    assert view is not None
    assert view.steady.reshape(5, 10)[:, 0].mean() > 0.35


def test_a_dim_room_in_which_the_view_is_still_seen_is_not_tampered_with(site: Site) -> None:
    def dim(t: float) -> FrameSignals:
        return replace(usual(t), light=(12.0,) * 50, dim=4.0, bright=30.0)

    assert site.shows(dim, 60) == []


def test_a_lost_stream_is_an_episode_with_its_cause() -> None:
    claim = lost_claim(TamperRule(), "camera.unreachable")
    book = Episodes("s", "c", {Rule.TAMPER: CAMERA_PATIENCE})
    book, said = episodes.observe(book, START, (claim,), {})
    assert words(said) == [("lost", Phase.OPENED)]
    assert said[0].data["cause"] == "camera.unreachable"
    book, said = episodes.observe(book, START.plus(3), (claim,), {})
    assert said == ()
    book, said = episodes.expire(book, START.plus(10), {})
    assert words(said) == [("lost", Phase.CLOSED)]


PICTURES: dict[str, Picture] = {
    "usual": usual,
    "covered": covered,
    "soft": soft,
    "elsewhere": elsewhere,
    "infrared": infrared,
    "stuck": stuck,
    "black": black,
}
STORY = st.lists(
    st.tuples(st.sampled_from(sorted(PICTURES)), st.integers(1, 30)), min_size=1, max_size=8
)


@settings(max_examples=30)
@given(STORY)
def test_whatever_happens_every_opened_has_one_closed_and_the_same_input_says_the_same(
    story: list[tuple[str, int]],
) -> None:
    def played() -> list[EpisodeChange]:
        site = Site()
        said = site.shows(usual, LEARNT)
        for name, seconds in story:
            said += site.shows(PICTURES[name], seconds)
        site.book, last = episodes.interrupt(site.book, "stopped")
        return [*said, *last]

    said = played()
    assert said == played()
    opened = [change.episode for change in said if change.phase is Phase.OPENED]
    closed = [change.episode for change in said if change.phase is Phase.CLOSED]
    assert sorted(opened) == sorted(closed) == sorted(set(opened))


@settings(max_examples=30)
@given(STORY)
def test_nothing_is_claimed_before_its_time(story: list[tuple[str, int]]) -> None:
    site = Site()
    site.shows(usual, LEARNT)
    for name, seconds in story:
        for _ in range(seconds):
            site.shows(PICTURES[name], 1)
            suspicion = site.watch.suspicion
            if suspicion is not None and suspicion.claimed not in (None, "frozen"):
                assert START.plus(site.t).since(suspicion.since) >= 5.0
