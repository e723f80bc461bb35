"""What a hub leaves on its disk: for its own user's eyes only."""

import os
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
