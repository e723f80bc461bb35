"""A real PostgreSQL for the tests: Debian's server, started once, a fresh database each time."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

HOW_TO_GET_IT = (
    "no PostgreSQL server found: `apt-get install postgresql` (Debian, Ubuntu), "
    "`brew install postgresql` (macOS), or set PG_BIN to the folder of initdb and pg_ctl"
)

INITDB_OPTIONS = ["-A", "trust", "-U", "hub", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"]


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server that trusts its local user."""

    port: int
    data: Path
    bin: Path

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of *database*."""
        return f"postgresql+psycopg://hub@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"takeback_{uuid.uuid4().hex[:12]}"
        engine = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine.dispose()
        return self.url(name)


def server_binaries() -> Path | None:
    """Find the folder that holds initdb and pg_ctl, the newest one first."""
    places = [Path(os.environ["PG_BIN"])] if "PG_BIN" in os.environ else []
    installed = Path("/usr/lib/postgresql")
    places += sorted(installed.glob("*/bin"), key=_version, reverse=True)
    found = shutil.which("initdb")
    places += [Path(found).parent] if found else []
    return next((place for place in places if (place / "initdb").exists()), None)


def _version(place: Path) -> int:
    digits = re.search(r"\d+", place.parent.name)
    return int(digits[0]) if digits else 0


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server in a folder of its own and remove both at the end."""
    binaries = server_binaries()
    if binaries is None:
        raise RuntimeError(HOW_TO_GET_IT)
    home = Path(tempfile.gettempdir()) / f"takeback-pg-{uuid.uuid4().hex[:12]}"
    home.mkdir(mode=0o700)
    server = PostgresServer(_free_port(), home / "data", binaries)
    as_user = _drop_root(home)
    initdb, pg_ctl = binaries / "initdb", [binaries / "pg_ctl", "-D", server.data]
    try:
        _run(as_user, initdb, "-D", server.data, *INITDB_OPTIONS)
        _run(as_user, *pg_ctl, "-o", _options(server, home), "-l", home / "log", "-w", "start")
        yield server
    finally:
        _run(as_user, *pg_ctl, "-m", "immediate", "stop", check=False)
        shutil.rmtree(home, ignore_errors=True)


def _options(server: PostgresServer, home: Path) -> str:
    """Return the server's options; nothing here must survive a power cut, so no fsync."""
    return (
        f"-p {server.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} "
        "-c fsync=off -c max_connections=200"
    )


def _drop_root(home: Path) -> list[str]:
    """Return the prefix that runs the server as user postgres when we are root."""
    if os.geteuid() != 0:
        return []
    shutil.chown(home, "postgres", "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--reset-env"]


def _run(prefix: list[str], *command: object, check: bool = True) -> None:
    subprocess.run(
        [*prefix, *map(str, command)], check=check, cwd="/", stdout=subprocess.DEVNULL, timeout=60
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
