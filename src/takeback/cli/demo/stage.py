"""What has to be there before the story begins: staff, platforms, keys, three programs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from takeback.accounts.model import Role, Staff
from takeback.app import Hub, open_hub
from takeback.cases.wire import Access, Choices, Opened, Receipt, RegistrationDocument
from takeback.cli.asking import ours
from takeback.cli.case.items import documents, prepare_file
from takeback.cli.demo.programs import Program, running
from takeback.cli.match import ask
from takeback.cli.privatefile import write_new
from takeback.cli.reporterhub import ReporterHub
from takeback.client import Client, MatcherError, Response
from takeback.matcher.documents import HubMatch
from takeback.settings import Settings
from takeback.web.demo import claim

FEED, LOOKUP = "Large Photo Site", "Small Federated Server"
"""The two platforms: one receives the feed, one asks the hub."""


PATIENCE = 30.0
"""Seconds that any of the programs may take to answer."""

CENTRE, CONTACT = "Demonstration Centre", "Nobody is there: this is a demonstration."
"""What the portal says of who runs the hub."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform with its matcher."""

    name: str
    program: Program
    matcher: Client

    def matches(self, upload: bytes) -> list[HubMatch]:
        """Ask the matcher about a picture or a video."""
        [result] = ask(self.matcher, upload).results
        return result.matches

    def respond(self, response: Response) -> None:
        """Say what the platform did about a match."""
        try:
            self.matcher.respond(response)
        except MatcherError as error:
            raise ours(error) from None


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything the story is played with."""

    folder: Path
    desk: Hub
    """The hub as staff use it: on its own machine, in a process of their own."""
    caseworker: Staff
    hub: Program
    reporter: ReporterHub
    sent: list[bytes]
    """Every body that left the reporter's device."""
    pages: httpx2.Client
    """What looks at the portal, as a browser without scripts would."""
    feed: Platform
    lookup: Platform

    @property
    def platforms(self) -> tuple[Platform, Platform]:
        """Both platforms."""
        return self.feed, self.lookup

    def register(self, *sources: bytes | Path, keypoints: bool = False) -> Opened:
        """Open a case about pictures and videos, as `takeback case open` does."""
        document = RegistrationDocument(
            version=1,
            kind="shared",
            age_band="adult",
            language="en",
            items=documents([prepare_file(each) for each in sources], keypoints=keypoints),
            choices=Choices(keypoints=keypoints),
        )
        return self.reporter.open(document)

    def heard(self, action: str) -> int:
        """Count what the audit log holds of one action."""
        return sum(event.action == action for _, event in self.desk.audit.every_event())

    def receipt(self, opened: Opened) -> Receipt:
        """Read a receipt with code and PIN, as the reporter does."""
        return self.reporter.receipt(keys_of(opened))


def keys_of(opened: Opened) -> Access:
    """Return the code and PIN of a case."""
    return Access(code=opened.code, pin=opened.pin)


@contextmanager
def set_up(folder: Path) -> Iterator[Stage]:
    """Prepare a hub in *folder* and start it and both matchers; stop them on the way out."""
    with ExitStack() as stack:
        settings = Settings(data=folder / "hub", hub_name=CENTRE)
        claim(settings.data, demo=True)
        desk = stack.enter_context(open_hub(settings))
        caseworker = prepare(desk, folder)
        hub_arguments = ["serve", "--demo", "--port", "0", "--data", str(settings.data)]
        shown = {"TAKEBACK_HUB_NAME": CENTRE, "TAKEBACK_CONTACT": CONTACT}
        hub = stack.enter_context(running("hub", hub_arguments, folder, shown))
        feed, lookup = (
            stack.enter_context(running(name, _matcher(hub.url, folder, name, *more), folder))
            for name, more in (("feed", ()), ("lookup", ("--ask",)))
        )
        reporter = stack.enter_context(_client(hub.url))
        sent: list[bytes] = []
        reporter.event_hooks["request"].append(lambda request: sent.append(request.content))
        yield Stage(
            folder,
            desk,
            caseworker,
            hub,
            ReporterHub(reporter),
            sent,
            stack.enter_context(_client(hub.url)),
            Platform(FEED, feed, stack.enter_context(Client(feed.url, within=PATIENCE))),
            Platform(LOOKUP, lookup, stack.enter_context(Client(lookup.url, within=PATIENCE))),
        )


def prepare(hub: Hub, folder: Path) -> Staff:
    """Add staff, platforms and keys; return the caseworker."""
    operator, _ = hub.staff.add("Operator", Role.OPERATOR, None)
    lead, _ = hub.staff.add("Lead", Role.LEAD, operator)
    caseworker: Staff = hub.staff.add("Caseworker", Role.CASEWORKER, operator)[0]
    feed = hub.platforms.add(FEED, operator)
    lookup = hub.platforms.add(LOOKUP, operator)
    for person in (operator, lead):
        hub.platforms.approve_feed(feed.id, person)
    for name, platform in (("feed", feed), ("lookup", lookup)):
        key = hub.platforms.issue_key(platform.id, operator, "partner")
        write_new(folder / f"{name}.key", key.text)
    return caseworker


def _matcher(hub: str, folder: Path, name: str, *more: str) -> list[str]:
    key, data = str(folder / f"{name}.key"), str(folder / name)
    options = ["--hub", hub, "--key-file", key, "--data", data, "--port", "0", "--hashers", "1"]
    return ["matcher", *options, *more]


def _client(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, timeout=PATIENCE, trust_env=False)
