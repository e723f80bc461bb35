"""The system's Firefox, spoken to in WebDriver BiDi: as much of it as the tests need.

Source: W3C, "WebDriver BiDi". Playwright's own Firefox is a patched build that nobody has.
"""

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.browser.harness import firefox_program

QUIET: Mapping[str, bool | int | str] = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.active-protocols": 1,
    "services.settings.server": "data:,",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
"""What keeps it from talking to anybody but the page that is tested."""

PATIENCE = 30.0
"""Seconds that anything may take."""


class BidiError(Exception):
    """Firefox refused a command, or a script in the page threw; the message says what."""


@dataclass
class Tab:
    """One page of a Firefox."""

    socket: ClientConnection
    context: str = ""
    complaints: list[str] = field(default_factory=list)
    """Errors that scripts of the page threw or logged."""

    _number: int = 0

    def send(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return its result.

        Raises:
            BidiError: it was refused.
        """
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        self.socket.send(json.dumps(command))
        while (answer := json.loads(self.socket.recv(PATIENCE))).get("id") != self._number:
            self._hear(answer)
        if answer["type"] == "error":
            raise BidiError(f"{method}: {answer['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _hear(self, event: Mapping[str, Any]) -> None:
        if event.get("method") == "log.entryAdded" and event["params"]["level"] == "error":
            self.complaints.append(str(event["params"]["text"]))

    def goto(self, url: str) -> None:
        """Open an address and wait until it has loaded."""
        self.send("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401  what JSON can hold
        """Return the value of an expression in the page, after its promise if it is one.

        Raises:
            BidiError: it threw.
        """
        written = f"Promise.resolve({expression}).then((value) => JSON.stringify(value ?? null))"
        result = self._evaluate(written)
        return json.loads(result["value"])

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + PATIENCE
        while not self.evaluate(expression):
            assert time.monotonic() < until, expression
            time.sleep(0.05)

    def click(self, identifier: str) -> None:
        """Click the element with this id."""
        self.evaluate(f"document.getElementById({identifier!r}).click()")

    def pick(self, identifier: str, *paths: Path) -> None:
        """Choose files in the field with this id."""
        element = self._evaluate(f"document.getElementById({identifier!r})")
        reference = {"sharedId": element["sharedId"]}
        files = [str(path) for path in paths]
        self.send("input.setFiles", context=self.context, element=reference, files=files)

    def _evaluate(self, expression: str) -> dict[str, Any]:
        answer = self.send(
            "script.evaluate",
            expression=expression,
            target={"context": self.context},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] == "exception":
            raise BidiError(answer["exceptionDetails"]["text"])
        result: dict[str, Any] = answer["result"]
        return result


@contextmanager
def started_firefox(profile: Path, **settings: bool | str) -> Iterator[Tab]:
    """Start a Firefox without a window in a new profile; stop it on the way out.

    Args:
        profile: an empty folder.
        settings: as in ``about:config``, with ``__`` for a dot.

    Raises:
        NoBrowser: there is none.
    """
    chosen = {name.replace("__", "."): value for name, value in settings.items()}
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});"
        for name, value in {**QUIET, **chosen}.items()
    ]
    (profile / "user.js").write_text("\n".join(lines))
    command = [str(firefox_program()), "--headless", "--no-remote", "--remote-debugging-port", "0"]
    with (profile / "log").open("w") as log:
        process = subprocess.Popen([*command, "--profile", str(profile)], stdout=log, stderr=log)
        try:
            with connect(f"{_address(profile / 'log')}/session", max_size=None) as socket:
                yield _tab(socket)
        finally:
            process.terminate()
            process.wait()


def _address(log: Path) -> str:
    """Wait until Firefox says where it listens."""
    until = time.monotonic() + PATIENCE
    while not (found := re.search(r"BiDi listening on (ws://\S+)", log.read_text())):
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    return found[1]


def _tab(socket: ClientConnection) -> Tab:
    tab = Tab(socket)
    tab.send("session.new", capabilities={})
    tab.send("session.subscribe", events=["log.entryAdded"])
    tab.context = tab.send("browsingContext.create", type="tab")["context"]
    return tab
