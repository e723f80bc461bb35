"""``takeback verify-assets``: anybody can tell whether a portal is the one that was published."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from takeback import __version__
from tests.cli.conftest import Takeback, serving


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an open portal."""
    with serving(tmp_path_factory.mktemp("portal"), "--demo") as url:
        yield url


@contextmanager
def between(portal: str, path: str, old: bytes, new: bytes) -> Iterator[str]:
    """Serve the portal through somebody who changes one answer."""

    class Meddler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = httpx2.get(portal + self.path, headers={"accept-encoding": "identity"})
            body = answer.content.replace(old, new) if self.path == path else answer.content
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name != "content-length":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Meddler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_portal_of_this_release_is_found_to_be_one(portal: str, call: Takeback) -> None:
    """Every page in every language, and every file."""
    done = call("verify-assets", portal)

    assert (done.code, done.err) == (0, "")
    assert done.out == f"all 29 pages and files are those of version {__version__}\n"


def test_a_script_that_was_changed_is_named(portal: str, call: Takeback) -> None:
    """Exit 70, as for everything that contradicts its digest, and what to do."""
    with between(portal, "/assets/leave.js", b"location", b"Location") as url:
        done = call("verify-assets", url)

    assert done.code == 70
    assert done.out == "/assets/leave.js: its digest is another\n"
    assert done.err.startswith(f"takeback: error: 1 difference from version {__version__}\n")
    assert "do not use this portal" in done.err


def test_a_page_that_loads_more_is_named(portal: str, call: Takeback) -> None:
    """Also as JSON, for whoever checks every night."""
    more = b'<script type="module" src="/assets/other.js"></script></body>'
    with between(portal, "/ko/case", b"</body>", more) as url:
        done = call("verify-assets", url, "--json")

    assert done.code == 70
    assert done.json() == {
        "version": __version__,
        "compared": 29,
        "differences": [
            {
                "address": "/ko/case",
                "what": "an element that this release does not have: script",
            }
        ],
    }


def test_a_page_that_is_not_there_is_named(portal: str, call: Takeback) -> None:
    """A portal that answers otherwise is another."""
    with between(portal, "/", b"", b"") as url:
        done = call("verify-assets", f"{url}/en")

    assert done.code == 70
    assert "/assets/portal.css: answers 404" in done.out


def test_nobody_there_is_said_so(call: Takeback) -> None:
    """Exit 7: it may be there later."""
    assert call("verify-assets", "http://127.0.0.1:9").code == 7


def test_an_address_that_others_could_change_on_the_way_is_refused(call: Takeback) -> None:
    """What came unencrypted proves nothing."""
    assert call("verify-assets", "http://takeback.example").code == 3
