"""A fact outlives a database that does not answer and a stills folder that takes nothing."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Thread
from types import MappingProxyType

from edge_agent.app.agent import Agent
from edge_agent.config.schema import Config, Mqtt, Site, Storage
from edge_agent.config.secrets import Credentials
from edge_agent.core.event import EpisodeChange, Phase, Rule, Sighting
from edge_agent.runtime.clock import SystemClock
from edge_agent.store.journal import Journal
from tests.integration.broker import until


def an_agent(folder: Path) -> Agent:
    config = Config(
        site=Site(id="s"),
        storage=Storage(state=folder / "state", recordings=folder / "recordings"),
        mqtt=Mqtt(url="mqtt://127.0.0.1:1"),
    )
    return Agent(config, folder / "site.yaml", Credentials(MappingProxyType({})), SystemClock())


def a_sighting(name: str) -> Sighting:
    now = SystemClock().now().wall
    change = EpisodeChange(name, Phase.OPENED, Rule.MASK, "c", now, now, (1,))
    return Sighting(change, still=b"\xff\xd8still", model="person@0")


def recorded(folder: Path) -> set[str]:
    with closing(Journal(folder / "state" / "events.db")) as journal:
        return {event.id for event in journal.recent(10)}


def test_a_locked_database_delays_a_fact_and_does_not_drop_it(tmp_path: Path) -> None:
    agent = an_agent(tmp_path)
    with closing(sqlite3.connect(tmp_path / "state" / "events.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        teller = Thread(target=agent._facts.sighted, args=(a_sighting("late"),))
        teller.start()
        teller.join(6)  # longer than the 5 s for which SQLite itself waits
        assert teller.is_alive()
        other.execute("ROLLBACK")
    teller.join(15)
    assert recorded(tmp_path) == {"late.opened"}


def test_a_still_that_cannot_be_kept_costs_the_still_alone(tmp_path: Path) -> None:
    agent = an_agent(tmp_path)
    (tmp_path / "state" / "stills").rmdir()
    (tmp_path / "state" / "stills").write_text("a file where a folder should be")
    agent._facts.sighted(a_sighting("bare"))
    until(lambda: recorded(tmp_path) == {"bare.opened"})


def test_every_shot_of_an_episode_is_kept_and_named_in_the_event(tmp_path: Path) -> None:
    agent = an_agent(tmp_path)
    whole = replace(a_sighting("seen"), shots={"before": b"\xff\xd8b", "worst": b"\xff\xd8w"})
    agent._facts.sighted(whole)
    stills = tmp_path / "state" / "stills"
    with closing(Journal(tmp_path / "state" / "events.db")) as journal:
        event = journal.event("seen.opened")
    assert event is not None
    assert (stills / event.still).read_bytes() == b"\xff\xd8still"
    assert (stills / event.data["stills"]["before"]).read_bytes() == b"\xff\xd8b"
    assert (stills / event.data["stills"]["worst"]).name == "seen.opened.worst.jpg"
