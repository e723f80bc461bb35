"""The client is light: few imports, fast."""

import subprocess
import sys

import pytest

from takeback import client

LOADED = """
import sys
import takeback.client
print(sorted(name for name in sys.modules if "." not in name or name.startswith("takeback")))
"""


def test_the_client_imports_little() -> None:
    """Of Takeback only itself, and nothing that takes long until it is needed."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(eval(done.stdout))  # noqa: S307 - a list of names we just printed

    ours = {name for name in loaded if name.startswith("takeback.")}
    assert ours
    assert all(name.startswith("takeback.client") for name in ours)
    assert not loaded & {"numpy", "numba", "asyncio", "httpcore2", "litestar", "sqlite3"}


def test_every_public_name_is_there() -> None:
    """Also the one that is imported late, and no other."""
    assert all(getattr(client, name) for name in client.__all__)
    with pytest.raises(AttributeError, match="Servant"):
        client.Servant  # noqa: B018
