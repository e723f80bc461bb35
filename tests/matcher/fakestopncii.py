"""A StopNCII-API server for tests: real HTTP on loopback, records of any shape, feedback."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


def record(value: str, status: str = "Active", **members: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return one record as such servers send it."""
    return {
        "lastModtimestamp": 1,
        "signalType": "ImagePDQ",
        "hashValue": value,
        "hashStatus": status,
        "caseNumbers": {"opaque": status},
        **members,
    }


@dataclass
class FakeStopNcii:
    """One server. ``records`` are sent in their order, two a page."""

    keys: tuple[str, str, str] = ("fetch", "subscription", "feedback")
    records: list[tuple[int, Any]] = field(default_factory=list)
    """Time of the change and record, in order of time."""

    feedback: list[Any] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    refuse_feedback: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "FakeStopNcii":
        """Listen."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()

    def fetch(self, query: dict[str, str]) -> dict[str, Any]:
        """Answer /FetchHashes."""
        self.asked.append(query)
        begin = int(query.get("nextPageToken", "0"))
        later = [pair for pair in self.records if pair[0] >= int(query["startTimestamp"])]
        page = later[begin : begin + 2]
        more = begin + 2 < len(later)
        return {
            "count": len(page),
            "nextPageToken": str(begin + 2) if more else None,
            "nextSetTimestamp": max((at for at, _ in page), default=0),
            "hasMoreRecords": more,
            "hashRecords": [one for _, one in page],
            "somethingNew": True,
        }


def _handler(server: FakeStopNcii) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Passes requests to the server."""

        def do_GET(self) -> None:
            """Answer /FetchHashes."""
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            allowed = self._keys(server.keys[0]) and parts.path == "/FetchHashes"
            self._answer(200 if allowed else 401, server.fetch(query) if allowed else {})

        def do_POST(self) -> None:
            """Answer /SubmitFeedback."""
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if not self._keys(server.keys[2]):
                self._answer(401, {})
            elif server.refuse_feedback:
                self._answer(server.refuse_feedback, {})
            else:
                server.feedback += body["hashFeedbacks"]
                self._answer(200, {})

        def _keys(self, function_key: str) -> bool:
            given = self.headers["x-functions-key"], self.headers["Ocp-Apim-Subscription-Key"]
            return given == (function_key, server.keys[1])

        def _answer(self, status: int, document: object) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
