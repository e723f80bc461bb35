"""How long the audit log takes to append to and to verify, on SQLite or any database by URL.

python -m benchmarks.audit_verify
python -m benchmarks.audit_verify --events 100000 --url postgresql+psycopg://…/empty
"""

import argparse
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from takeback import db
from takeback.audit import AuditLog
from takeback.db import Database
from takeback.ids import CaseId, new_id

EVENTS_PER_CASE = 8


def main() -> None:
    """Fill a log, verify it three times, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--url", help="an empty database; without one, SQLite in a new folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{Path(folder) / 'hub.db'}"
        log = AuditLog(Database(url), lambda: datetime.now(UTC), Ed25519PrivateKey.generate())
        db.metadata.create_all(log.db.engine)
        append = fill(log, options.events)
        verify = sorted(verifying(log) for _ in range(3))[1]
        log.db.close()
    if options.json:
        print(json.dumps({"events": options.events, "append_s": append, "verify_s": verify}))
        return
    print(f"{log.db.dialect}, {options.events} events, {os.cpu_count()} cores")
    print(f"append  {append * 1e6:8.0f} µs an event, {EVENTS_PER_CASE} in a transaction")
    print(f"verify  {verify:8.2f} s, median of three")


def fill(log: AuditLog, events: int) -> float:
    """Append so many events; return seconds for each."""
    started = time.perf_counter()
    for _ in range(events // EVENTS_PER_CASE):
        case = CaseId(new_id("case"))
        with log.db.transaction():
            for _ in range(EVENTS_PER_CASE):
                log.append("case.item_added", "reporter", case=case, signals=8)
    return (time.perf_counter() - started) / events


def verifying(log: AuditLog) -> float:
    """Verify the log; return seconds."""
    started = time.perf_counter()
    log.verify()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
