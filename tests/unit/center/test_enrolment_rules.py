"""The decisions of enrolment on values alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.center.enrolment import rules
from edge_agent.link.enrol.slip import ALPHABET, CODE_LENGTH
from edge_agent.store.enrolments import Ticket, Tries
from edge_agent.store.register import Certificate

NOW = datetime(2021, 7, 28, 5, tzinfo=UTC)
CODE = "7K3M9QXA7K3M9QXA"
TICKET = Ticket(
    *(1, "khu-a", "code", rules.hashed("khu-a", CODE), NOW, "Lan", NOW + rules.CODE_LIFE)
)
CERTIFICATE = Certificate(
    *("a1", "khu-a", "site", "key", NOW, NOW + timedelta(days=365), NOW, "pem")
)
SECOND = timedelta(seconds=1)


def test_a_code_has_at_least_sixty_bits_and_no_two_are_the_same() -> None:
    assert len(ALPHABET) ** CODE_LENGTH >= 2**60
    made = {rules.new_code() for _ in range(1000)}
    assert len(made) == 1000
    assert set("".join(made)) == set(ALPHABET)


def opened(ticket: Ticket, code: str = CODE, key: str = "k", after: timedelta = SECOND) -> bool:
    hashed = rules.hashed(ticket.site, code)
    return rules.admitted([ticket], hashed, key, NOW + after) is not None


def test_a_code_opens_its_site_for_a_day_and_then_only_for_the_key_that_used_it() -> None:
    assert opened(TICKET)
    assert opened(TICKET, "7k3m-9qxa-7k3m-9qxa"), "however it is typed"
    assert not opened(TICKET, "7K3M9QXA7K3M9QXB")
    assert not opened(replace(TICKET, site="khu-b")), "the code of another site"
    assert not opened(TICKET, after=rules.CODE_LIFE)
    bound = rules.used(TICKET, "k", "csr", "10.0.0.1", NOW)
    assert (bound.state, bound.key) == ("waiting", "k")
    assert opened(bound, after=rules.ANSWER_LIFE - SECOND)
    assert not opened(bound, key="another")
    assert not opened(bound, after=rules.ANSWER_LIFE)
    assert not opened(replace(TICKET, kind="grace"))


def test_the_fifth_wrong_code_locks_for_five_minutes() -> None:
    tries: Tries | None = None
    for number in range(1, 6):
        assert rules.locked_for(tries, NOW) == 0, number
        tries = rules.after_wrong(tries, "site:khu-a", NOW)
    assert rules.locked_for(tries, NOW) > 299
    assert rules.locked_for(tries, NOW + rules.LOCK - SECOND) > 0
    assert rules.locked_for(tries, NOW + rules.LOCK) == 0
    assert rules.locked_for(tries, NOW - timedelta(days=1)) == 0, "a clock that was set back"
    for _ in range(4):
        tries = rules.after_wrong(tries, "site:khu-a", NOW + rules.LOCK)
    assert rules.locked_for(tries, NOW + rules.LOCK) == 0
    tries = rules.after_wrong(tries, "site:khu-a", NOW + rules.LOCK)
    assert rules.locked_for(tries, NOW + rules.LOCK) > 0


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("testclient" * 20, ("testclient" * 20)[:64]),
    ],
)
def test_one_source_is_one_subscriber(address: str, source: str) -> None:
    assert rules.source_of(address) == source


@pytest.mark.parametrize(
    ("days", "may"),
    [(0, "early"), (243, "early"), (244, "sign"), (364, "sign"), (365, "officer"),
     (394, "officer"), (395, "never")],
)  # fmt: skip
def test_a_certificate_renews_itself_in_its_last_third_and_with_an_officer_after_it(
    days: int, may: str
) -> None:
    at = NOW + timedelta(days=days)
    assert rules.renewal(CERTIFICATE, at) == may
    assert rules.renewal(replace(CERTIFICATE, revoked=NOW), at) == "never"
    assert rules.renewal(replace(CERTIFICATE, purpose="center"), at) == "never"


@given(st.integers(0, 2**256 - 1))
def test_a_fingerprint_is_the_same_however_it_is_read_aloud(number: int) -> None:
    key = f"{number:064x}"
    said = rules.short(key)
    assert rules.same_key(said, key)
    assert rules.same_key(said.replace("-", " ").upper(), key)
    assert not rules.same_key(said[:-1], key)
    assert not rules.same_key("", key)
