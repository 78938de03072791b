"""The desk where sites ask and officers decide, over the authority and its database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from edge_agent.center.authority.keeper import Authority
from edge_agent.center.authority.names import checked_site
from edge_agent.center.enrolment import rules, troubles
from edge_agent.link.enrol import keys
from edge_agent.link.enrol.enrol import renewal_words
from edge_agent.link.enrol.slip import Slip, checked_slip
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import hide, log
from edge_agent.store.enrolments import Deciding, Enrolments, Ticket
from edge_agent.store.register import Certificate

Verdict = Literal["waiting", "approved", "early", "refused", "wrong", "locked"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a site is told: `certificate` (PEM) when approved, an officer's `reason` when refused,
    `wait` seconds when locked. `wrong` is said of every code or certificate that opens nothing.
    """

    verdict: Verdict
    certificate: str = ""
    reason: str = ""
    wait: int = 0


class Desk:
    """Tickets, codes and renewals. Every method raises Trouble: `authority.…`, `enrolment.…` for
    what a person asked, `store.…` for the database; ValueError when what a site sent is malformed.
    """

    def __init__(self, authority: Authority, clock: Clock) -> None:
        self.authority = authority
        self._clock = clock
        self._tickets = Enrolments(authority.rows)

    # ------------------------------------------------------------------ officers
    def open(self, site: str, center: str, who: str) -> tuple[Slip, Ticket]:
        """A slip for a technician; its code is in it and nowhere else."""
        checked_site(site)
        code, now = rules.new_code(), self._now()
        hide([code])
        slip = checked_slip(center, site, code, self.authority.digest)
        ticket = Ticket(0, site, "code", rules.hashed(site, code), now, who, now + rules.CODE_LIFE)
        with self._tickets.deciding() as table:
            for one in table.tickets(site):
                if one.state == "open":  # the newest slip is the one that counts
                    table.put(replace(one, state="refused", reason="phiếu mới / newer slip"))
            ticket = table.put(ticket)
        log.info("enrolment.opened", site=site, ticket=ticket.id, who=who)
        return slip, ticket

    def all(self) -> tuple[Ticket, ...]:
        """Every ticket, oldest first."""
        return self._tickets.all()

    def approve(self, number: int, who: str, key: str) -> tuple[Ticket, tuple[Certificate, ...]]:
        """Let this key be the site; what the site had before is revoked, and returned. `key` is
        the short fingerprint that the box shows: whoever does not see its screen approves
        nothing. Raises Trouble `enrolment.other_key`.

        A box that takes another's place must not share its name with it: they would push each
        other off the broker.
        """
        ticket = self._decide(number, "approved", who, "", key)
        signed = self._sign(ticket)
        now = self._now()
        former = [
            one
            for one in self.authority.register.of(ticket.site)
            if one.key != signed.key and one.purpose == "site" and one.valid(now)
        ]
        for one in former:
            reason = f"thay bằng / replaced by {signed.serial}"
            self.authority.revoke(one.serial, now, who, reason)
        return ticket, tuple(former)

    def refuse(self, number: int, who: str, reason: str) -> Ticket:
        """Turn a waiting key away, or take back a code that nobody has used."""
        return self._decide(number, "refused", who, reason)

    # ------------------------------------------------------------------ sites
    def ask(self, site: str, code: str, request: str, source: str) -> Decision:
        """A box asks with a technician's code. The first right use binds the code to its key."""
        name, public = keys.read_request(request)
        if name != site:
            raise ValueError("another name in the request")
        key, now, source = keys.fingerprint(public), self._now(), rules.source_of(source)
        counted = f"site:{site[:63]}", f"source:{source}"
        with self._tickets.deciding() as table:
            table.forget_tries(now - rules.REMEMBERED)
            wait = max(rules.locked_for(table.tries(who), now) for who in counted)
            if wait:
                return Decision("locked", wait=wait)
            code_hash = rules.hashed(site, code)
            ticket = rules.admitted(table.tickets(site), code_hash, key, now)
            if ticket is None:
                for who in counted:
                    table.put_tries(rules.after_wrong(table.tries(who), who, now))
                log.warning("enrolment.wrong_code", site=site[:63], source=source)
                return Decision("wrong")
            if ticket.state == "open":
                ticket = table.put(rules.used(ticket, key, request, source, now))
                log.info("enrolment.waiting", site=site, ticket=ticket.id, key=keys.short(key))
        return self._answer(ticket)

    def renew(self, certificate: str, request: str, signature: bytes, source: str) -> Decision:
        """A site asks for its next certificate, signed with the key of its present one."""
        name, public = keys.read_request(request)
        found = self.authority.register.find(keys.read_certificate(certificate).serial)
        proven = found and keys.signed_by(found.pem, signature, renewal_words(request))
        if found is None or not proven or name != found.name:
            log.warning("renewal.unproven", site=name[:63], source=source)
            return Decision("wrong")
        now, key = self._now(), keys.fingerprint(public)
        self._retire_before(found, now)
        for one in self.authority.register.of(found.name):
            if one.key == key and one.valid(now):
                return Decision("approved", one.pem)  # the answer was lost on its way
        may = rules.renewal(found, now)
        if may == "sign":
            return Decision("approved", self.authority.sign(request, found.name, now).pem)
        if may == "officer":
            return self._answer(self._grace(found, key, request, rules.source_of(source), now))
        log.info("renewal.not_now", site=found.name, serial=found.serial, why=may)
        return Decision("early" if may == "early" else "wrong")

    # ------------------------------------------------------------------ within
    def _retire_before(self, found: Certificate, now: datetime) -> None:
        """The box has shown that it holds this certificate: those before it have done their work,
        and a copy of an old key must not live on.
        """
        for one in self.authority.register.of(found.name) if found.valid(now) else ():
            if one.issued < found.issued and one.valid(now):
                reason = f"gia hạn / renewed by {found.serial}"
                self.authority.revoke(one.serial, now, found.name, reason)

    def _decide(
        self,
        number: int,
        state: Literal["approved", "refused"],
        who: str,
        reason: str,
        key: str | None = None,
    ) -> Ticket:
        with self._tickets.deciding() as table:
            ticket = table.ticket(number)
            decidable = ("waiting",) if state == "approved" else ("waiting", "open")
            if ticket is None or ticket.state not in decidable or ticket.expires <= self._now():
                raise troubles.not_waiting(number, ticket.state if ticket else "–")
            if key is not None and not rules.same_key(key, ticket.key):
                raise troubles.other_key(number)
            done = replace(ticket, state=state, decided_by=who, reason=reason)
            ticket = table.put(done)
        log.info("enrolment.decided", ticket=number, site=ticket.site, state=state, who=who)
        return ticket

    def _sign(self, ticket: Ticket) -> Certificate:
        """The certificate of an approved ticket, signed once."""
        known = ticket.serial and self.authority.register.find(ticket.serial)
        if known:
            return known
        signed = self.authority.sign(ticket.request, ticket.site, self._now())
        with self._tickets.deciding() as table:
            table.put(replace(ticket, serial=signed.serial))
        return signed

    def _answer(self, ticket: Ticket) -> Decision:
        if ticket.state == "approved":
            signed = self._sign(ticket)
            if signed.revoked is not None:
                return Decision("wrong")
            return Decision("approved", signed.pem)
        if ticket.state == "refused":
            return Decision("refused", reason=ticket.reason)
        return Decision("waiting")

    def _grace(
        self, found: Certificate, key: str, request: str, source: str, now: datetime
    ) -> Ticket:
        """The ticket of a certificate that has run out: one a site, for the newest key."""
        with self._tickets.deciding() as table:
            earlier = _graces(table, found.name, now)
            for ticket in earlier:
                if ticket.key == key:
                    return ticket
            for ticket in earlier:
                if ticket.state == "waiting":
                    table.put(replace(ticket, state="refused", reason="thay bằng / superseded"))
            fresh = Ticket(
                *(0, found.name, "grace", b"", now, found.serial, now + rules.ANSWER_LIFE)
            )
            ticket = table.put(rules.used(fresh, key, request, source, now))
        log.warning("renewal.waiting", site=found.name, ticket=ticket.id, key=keys.short(key))
        return ticket

    def _now(self) -> datetime:
        return self._clock.now().wall


def _graces(table: Deciding, site: str, now: datetime) -> list[Ticket]:
    return [one for one in table.tickets(site) if one.kind == "grace" and now < one.expires]
