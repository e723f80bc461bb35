"""The page for HMA's users: its blocks run, against a matcher and what HMA searches with."""

import contextlib
import io
import json
import random
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from takeback.cli.matcher import matcher as command
from takeback.hashing import Signal, hash_picture
from takeback.matcher.access import CallerKeys
from takeback.matcher.options import MatcherOptions
from tests.matcher.conftest import jpeg, near, photograph, random_signal
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready, running

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "move-from-hma.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
(KEYS,) = re.findall(r"```text\n(uploads .*?)```", PAGE, re.DOTALL)


@contextlib.contextmanager
def stock(signals: list[Signal]) -> Iterator[str]:
    """Answer ``/m/raw_lookup`` as HMA does, with the index that HMA searches."""
    index = PDQIndex.build([(str(signal), number) for number, signal in enumerate(signals)])

    class Handler(BaseHTTPRequestHandler):
        """Passes a signal to the index."""

        def do_GET(self) -> None:
            """Answer."""
            (signal,) = parse_qs(urlsplit(self.path).query)["signal"]
            found: Any = index.query(signal)
            matches = [
                {"bank_content_id": each.metadata, "distance": each.similarity_info.pretty_str()}
                for each in found
            ]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"matches": matches}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def uploads_of_a_day(rng: random.Random, bank: list[Signal]) -> list[Signal]:
    """Draw what is looked up: some near an entry, up to and beyond the threshold, some not."""
    return [near(rng.choice(bank), rng.randrange(45)) for _ in range(40)] + [
        random_signal(rng) for _ in range(10)
    ]


def test_the_blocks_print_what_the_page_says(
    hub: FakeHub,
    options: MatcherOptions,
    rng: random.Random,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One program from the first block to the last, with other addresses in it."""
    picture = jpeg(photograph())
    bank = [hash_picture(picture, shrink=True).whole, *(random_signal(rng) for _ in range(200))]
    for signal in bank:
        hub.put(signal, bank="adult", ask="remove")
    (tmp_path / "upload.jpg").write_bytes(picture)
    asked = uploads_of_a_day(rng, bank)
    (tmp_path / "signals-of-a-day.txt").write_text("\n".join(map(str, asked)))
    (tmp_path / "callers.key").write_text(KEYS)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    with (
        stock(bank) as old,
        running(replace(options, require_key_file=tmp_path / "callers.key")) as client,
    ):
        eventually(lambda: ready(client))
        assert len(BLOCKS) == 5
        for code, said in BLOCKS:
            here = f"127.0.0.1:{client.base_url.port}"
            code = code.replace("127.0.0.1:8090", here).replace("http://hma.internal:5000", old)
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(code, "move-from-hma.md", "exec"), names)  # noqa: S102 - our own page
            assert printed.getvalue() == said


def test_the_command_on_the_page_has_options_that_exist() -> None:
    """Each of them."""
    (line,) = re.findall(r"^\$ takeback matcher (.*)$", PAGE, re.MULTILINE)
    known = {option for parameter in command.params for option in parameter.opts}

    assert {word for word in line.split() if word.startswith("--")} <= known


def test_the_file_of_keys_on_the_page_is_one(tmp_path: Path) -> None:
    """With the name of the first caller in the URL of the blocks."""
    (tmp_path / "callers.key").write_text(KEYS)

    callers = CallerKeys(tmp_path / "callers.key").digests().values()

    assert [(caller.name, caller.a_minute) for caller in callers] == [
        ("uploads", 0),
        ("moderators", 600),
    ]
