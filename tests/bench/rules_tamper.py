"""Tampering: every kind by day and night, and a day of weather, light and people without any.

    python -m tests.bench.rules_tamper [--hours 24] [--rounds 3] [--seed 1] [--cut]

Rendered scenes (nothing here is a photograph) go through the same signals, rules and episodes as a
camera's frames, one frame a second, the rate of an idle camera; a part of them as H.264 at
0.4 Mbit/s, encoded and decoded. The hours are shared by four places, each with its own sunrise and
sunset. Seeds 1 to 9, 11, 21 and 31 were looked at: report others. Prints tables and,
as last line, JSON; exit status 1 when an act was not noticed within ten seconds, more than one in
ten had a wrong name, or there was more than one false alarm in 24 h. `--cut` is short, for CI.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.tamper_acts import ACTS, Act
from tests.bench.tamper_rounds import LIGHTS, perform, perform_sent, watch_day
from tests.bench.tamper_scenes import PLACES

WITHIN = 10.0  # seconds
NAMED = 0.9  # share of acts that are called what they are
SENT = (
    "covered at once",
    "out of focus",
    "turned 10-90 deg",
    "frozen picture",
    "frozen in new light",
)

Found = tuple[float | None, str]


def acts_rows(rounds: int, seed: int, places: int) -> list[dict[str, Any]]:
    """One row for each act and light, at so many places in each round."""
    rows = []
    for number, act in enumerate(ACTS):
        for light in LIGHTS:
            where = [PLACES[(number + step) % len(PLACES)] for step in range(places)]
            found = [
                perform(act, place, light, seed + 1000 * turn)
                for turn in range(rounds)
                for place in where
            ]
            rows.append(_row(act, light, found))
    return rows


def sent_rows(seed: int, lights: Sequence[str]) -> list[dict[str, Any]]:
    """The same as H.264, and a minute in which nothing happens."""
    rows = []
    for light in lights:
        for act in (one for one in ACTS if one.name in SENT):
            found = [perform_sent(act, "corridor", light, seed)]
            rows.append(_row(act, f"{light}, H.264", found))
        calm = [perform_sent(None, place, light, seed) for place in ("ward", "gate")]
        false = [what for _, what in calm if what != "nothing"]
        rows.append({"act": "nothing", "light": f"{light}, H.264", "runs": 2, "false": false})
    return rows


def _row(act: Act, light: str, found: Sequence[Found]) -> dict[str, Any]:
    late = [after for after, _ in found if after is not None]
    names = {kind.value for kind in act.kinds}
    counts = Counter(what for _, what in found).most_common()
    return {
        "act": act.name,
        "light": light,
        "runs": len(found),
        "noticed": sum(after <= WITHIN for after in late),
        "named": sum(what in names for _, what in found),
        "worst_s": round(max(late), 1) if late else None,
        "as": ", ".join(f"{count} {what}" for what, count in counts),
    }


def good(acts: list[dict[str, Any]], days: list[dict[str, Any]], hours: float) -> bool:
    """Whether every act was noticed in time, nearly all by name, and nothing else was."""
    done = [row for row in acts if "noticed" in row]
    noticed = all(row["noticed"] == row["runs"] for row in done)
    named = sum(row["named"] for row in done) / sum(row["runs"] for row in done)
    false = sum(len(row["false"]) for row in days)
    calm = not any(row.get("false") for row in acts)
    return noticed and named >= NAMED and calm and false <= int(hours / 24)


def _print(title: str, rows: list[dict[str, Any]]) -> None:
    table = Table(title=f"rules_tamper: {title}")
    columns = list(dict.fromkeys(column for row in rows for column in row))
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*("" if row.get(c) is None else str(row[c]) for c in columns))
    Console(width=150).print(table)


def main(words: Sequence[str] | None = None) -> int:
    """Perform, watch, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cut", action="store_true")
    asked = parser.parse_args(words)
    hours = 0.4 if asked.cut else asked.hours
    acts = acts_rows(1 if asked.cut else asked.rounds, asked.seed, 1 if asked.cut else 4)
    if not asked.cut:
        acts += sent_rows(asked.seed, ("day", "infrared night"))
    days = [watch_day(place, hours / len(PLACES), asked.seed) for place in PLACES]
    _print("acts", acts)
    _print("days", days)
    verdict = good(acts, days, hours)
    print(json.dumps({"bench": "rules_tamper", "acts": acts, "days": days, "good": verdict}))
    return 0 if verdict else 1


if __name__ == "__main__":
    sys.exit(main())
