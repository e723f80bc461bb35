"""What a hub leaves on its disk: for its own user's eyes only."""

import os
import subprocess
import sys
from pathlib import Path

from takeback.accounts.model import Role
from takeback.app import open_hub
from takeback.settings import Settings


def test_every_file_is_private_even_in_a_directory_open_to_all(tmp_path: Path) -> None:
    """The operator made the directory; signals and texts in it are still nobody else's."""
    before = os.umask(0o022)
    try:
        tmp_path.chmod(0o755)
        with open_hub(Settings(data=tmp_path)) as hub:
            hub.staff.add("first", Role.LEAD, None)
            modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    finally:
        os.umask(before)

    assert {"hub.db", "hub.db-wal", "hub.key", "journal.jsonl"} <= modes.keys()
    assert set(modes.values()) == {0}


COUNT = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as hub:
    print(hub.execute("SELECT COUNT(*) FROM staff").fetchone()[0])
hub.close()
"""


def test_another_program_that_comes_and_goes_leaves_the_log_alone(tmp_path: Path) -> None:
    """A hub with several connections open keeps its locks: what it writes later is seen by all."""

    def counted() -> int:
        command = [sys.executable, "-c", COUNT, str(tmp_path / "hub.db")]
        return int(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)

    with open_hub(Settings(data=tmp_path)) as hub:
        lead, _ = hub.staff.add("first", Role.LEAD, None)
        with hub.db.engine.connect(), hub.db.engine.connect():
            before = counted()
        hub.staff.add("second", Role.LEAD, lead)
        after = counted()

    assert (before, after) == (1, 2)
