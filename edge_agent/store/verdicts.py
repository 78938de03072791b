"""What operators say of episodes: every verdict is kept, an episode's last one counts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from edge_agent.core.trouble import Trouble
from edge_agent.core.verdict import Judgement, Tally, Verdict
from edge_agent.store.connections import Connections
from edge_agent.store.moments import us, wall


class Verdicts:
    """The verdicts in the events database, for any number of threads and processes.

    Every method raises Trouble (`store.unavailable`) when the database does not answer.
    """

    def __init__(self, path: Path) -> None:
        self._rows = Connections(path, "events")

    def close(self) -> None:
        """Close the connections of all threads; no method may be running or follow."""
        self._rows.close()

    def give(self, judgement: Judgement) -> None:
        """Keep a verdict; durable when this returns. The episode may be named by its event.

        Raises Trouble `verdict.unknown_episode` for an episode that never opened here.
        """
        episode = judgement.episode.removesuffix(".opened").removesuffix(".closed")
        with self._rows.transaction() as connection:
            known = connection.execute(
                "SELECT 1 FROM events WHERE id = ?", (f"{episode}.opened",)
            ).fetchone()
            if known is None:
                raise _unknown(episode)
            connection.execute(
                "INSERT INTO verdicts (episode, verdict, who, note, moment) VALUES (?, ?, ?, ?, ?)",
                (
                    *(episode, judgement.verdict.value, judgement.who),
                    *(judgement.note, us(judgement.at)),
                ),
            )

    def of(self, episode: str) -> tuple[Judgement, ...]:
        """All verdicts on an episode, the last one last."""
        rows = self._rows.read(
            "SELECT episode, verdict, who, moment, note FROM verdicts "
            "WHERE episode = ? ORDER BY position",
            (episode,),
        )
        return tuple(
            Judgement(name, Verdict(verdict), who, wall(moment), note)
            for name, verdict, who, moment, note in rows
        )

    def tallies(self) -> dict[tuple[str, str], Tally]:
        """The verdicts that count, by camera and rule."""
        rows = self._rows.read(
            "SELECT e.subject, json_extract(e.data, '$.rule'), v.verdict, count(*) "
            "FROM verdicts v JOIN events e ON e.id = v.episode || '.opened' "
            "WHERE v.position IN (SELECT max(position) FROM verdicts GROUP BY episode) "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2"
        )
        found: dict[tuple[str, str], Tally] = {}
        for camera, rule, verdict, count in rows:
            before = found.get((camera, rule), Tally())
            found[camera, rule] = before.plus(Verdict(verdict), count)
        return found

    def opened(self, since: datetime) -> dict[tuple[str, str], int]:
        """How many episodes opened since, by camera and rule: what verdicts can be given on."""
        rows = self._rows.read(
            "SELECT subject, json_extract(data, '$.rule'), count(*) FROM events "
            "WHERE time >= ? AND id LIKE '%.opened' GROUP BY 1, 2 ORDER BY 1, 2",
            (us(since),),
        )
        return {(camera, rule): count for camera, rule, count in rows}


def _unknown(episode: str) -> Trouble:
    return Trouble(
        "verdict.unknown_episode",
        f"Cơ sở này không có vụ việc '{episode[:80]}'. Kiểm tra mã và cơ sở.",
        f"This site has no episode '{episode[:80]}'. Check its id and the site.",
    )
