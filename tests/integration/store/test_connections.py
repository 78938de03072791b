"""A database that is closed while others write ends their work, not the process."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, threading
from pathlib import Path
from edge_agent.core.trouble import Trouble
from edge_agent.store.connections import Connections

def write(rows: Connections, ended: threading.Event) -> None:
    try:
        while not ended.is_set():
            rows.write("INSERT INTO counter (n) VALUES (?)", [1])
    except Trouble:
        pass

for _ in range(20):
    rows, ended = Connections(Path(sys.argv[1]) / "events.db", "events"), threading.Event()
    rows.write("CREATE TABLE IF NOT EXISTS counter (n)", [])
    writers = [threading.Thread(target=write, args=(rows, ended)) for _ in range(4)]
    for writer in writers:
        writer.start()
    while not rows.read("SELECT 1 FROM counter LIMIT 1"):
        pass
    rows.close()
    ended.set()
    for writer in writers:
        writer.join()
    rows.close()
print("alive")
"""


def test_closing_under_a_statement_kills_nobody(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr[-2000:]
