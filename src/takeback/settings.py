"""Everything an operator can choose, as data. Defaults are the safe ones.

Each field is ``TAKEBACK_<NAME>`` in the environment. An unknown ``TAKEBACK_`` name is an
error, because it is a typing mistake. Secrets are files under the data directory, never
settings. ``docs/reference/settings.md`` has a heading for each field; a test insists.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from takeback.errors import BadSettings

PREFIX = "TAKEBACK_"

OTHER_NAMES = frozenset({"TAKEBACK_STAFF_KEY", "TAKEBACK_HUB"})
"""Names the command line reads for its own options; not settings of a hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator can choose for a hub."""

    data: Path = Path("takeback-data")
    """Directory for the database and the hub's key files. Readable by the hub's user only."""

    database: str = ""
    """SQLAlchemy URL of the database. Empty: SQLite in ``hub.db`` under the data directory."""

    journal: Path | None = None
    """File that outlives a restored backup: every withdrawal and purge, and what partners and
    platforms must not get again. Keep it on storage of its own. Empty: ``journal.jsonl`` under
    the data directory."""

    hub_name: str = "takeback"
    """What partners, receipts and the portal call this hub: who runs it."""

    contact: str = ""
    """How people reach whoever runs this hub, as the portal shows it: a telephone number, an
    e-mail address, hours. Not open to the public without it."""

    public_url: str = ""
    """Where people find the portal, for example ``https://takeback.example``. Not open to the
    public without it, nor unless it is ``https://`` or an ``.onion`` address."""

    portal_language: str = "en"
    """Language of the portal's first page, ``en`` or ``ko``; every page offers the others."""

    exit_url: str = "https://www.wikipedia.org/"
    """Where somebody lands who leaves the portal in haste: a site that nobody wonders about."""

    under_18_partner: str = ""
    """Name of the organisation whose lists for pictures taken under 18 the portal points to.
    Empty: the portal points to none."""

    under_18_partner_url: str = ""
    """Where that organisation takes reports, for example ``https://reports.example``."""

    host: str = "127.0.0.1"
    """Address to listen on."""

    port: int = 8080
    """Port to listen on; 0 takes a free one."""

    unvouched_pictures_per_day: int = 10_000
    """Pictures that may be registered without a caseworker's word in one day (UTC). One that has
    more than 16 signals or 4 kB of them, as a video has, counts as several."""

    offer_keypoints: bool = True
    """Whether reporters are asked if they want keypoint signals too. Off: they are refused."""

    quarantine_platforms: int = 3
    """Counting platforms that must say "not intimate" before an entry is quarantined everywhere."""

    retention_days: int = 90
    """Days after closing until a case's texts and locators are erased. Signals are not touched."""

    undo_days: int = 7
    """Days in which a withdrawal can be undone; afterwards the case is purged."""

    lock_hours: int = 72
    """Hours by which a withdrawal is delayed when the reporter asked for the lock."""

    pin_trials_per_day: int = 20
    """Wrong PINs for one code in 24 hours after which only the recovery slip opens the case."""

    openings_per_second: int = 40
    """Case openings and code trials the hub works on each second, over all callers."""

    openings_without_proof_per_second: int = 2
    """Uses of a code from pages without JavaScript, which can't make a proof of work, that the hub
    works on each second, over all callers; they count among the others too."""

    proof_of_work_bits: int = 14
    """Leading zero bits asked of the caller's proof of work while it is quiet; up to three more as
    the hub gets busy, one for each doubling from a quarter of ``openings_per_second`` on. 0 turns
    it off."""

    lookup_quota_per_day: int = 1_000_000
    """Signals a new ``lookup`` platform may look up in one day (UTC). An upload that does not
    match takes 8 to 128, one for each turn, mirror and view of it."""

    submit_quota_per_day: int = 10_000
    """Signals a partner may submit in one day (UTC)."""

    report_quota_per_day: int = 100_000
    """Opinions, responses and StopNCII feedbacks that a platform may send in one day (UTC)."""

    backup_recipient: str = ""
    """age recipient (``age1…``) that backups are encrypted to."""

    @property
    def database_url(self) -> str:
        """The database to use, with the default filled in."""
        return self.database or f"sqlite:///{self.data / 'hub.db'}"

    @property
    def journal_path(self) -> Path:
        """The journal to use, with the default filled in."""
        return self.journal or self.data / "journal.jsonl"


@dataclass(slots=True)
class _Reader:
    """Reads fields one by one and keeps every problem for one message."""

    environ: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def unknown(self) -> None:
        """Note every ``TAKEBACK_`` name that is no field."""
        known = {PREFIX + f.name.upper() for f in fields(Settings)} | OTHER_NAMES
        self.problems += [
            f"{name} is no setting"
            for name in sorted(self.environ)
            if name.startswith(PREFIX) and name not in known
        ]

    def value(self, name: str, kind: object) -> object | None:
        """Return the field's value, or None when it is not set or wrong."""
        text = self.environ.get(PREFIX + name.upper())
        if text is None:
            return None
        try:
            return _BY_NAME.get(name, _PARSERS[kind])(text)
        except ValueError as problem:
            self.problems.append(f"{PREFIX}{name.upper()}: {problem}")
            return None


def _number(text: str) -> int:
    """Read a whole number of zero or more."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("expected a whole number of zero or more")
    return int(text)


def _flag(text: str) -> bool:
    """Read yes or no."""
    if text not in {"true", "false"}:
        raise ValueError("expected true or false")
    return text == "true"


def _path(text: str) -> Path:
    """Read a path that is not empty."""
    if not text:
        raise ValueError("expected a path")
    return Path(text)


def _address(text: str) -> str:
    """Read the address of a site, or nothing."""
    if text and not _ADDRESS.fullmatch(text):
        raise ValueError("expected https:// and a name, without user, query or fragment")
    return text


def _exit(text: str) -> str:
    """Read an address that must not be empty."""
    if not text:
        raise ValueError("expected https:// and a name")
    return _address(text)


def _language(text: str) -> str:
    """Read the code of a language."""
    if not re.fullmatch(r"[a-z]{2,3}", text):
        raise ValueError("expected the code of a language, such as en")
    return text


_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~/\-]{0,500})?")

_PARSERS: Mapping[object, Callable[[str], object]] = {
    int: _number,
    bool: _flag,
    str: str,
    Path: _path,
    Path | None: _path,
}

_BY_NAME: Mapping[str, Callable[[str], object]] = {
    "public_url": _address,
    "portal_language": _language,
    "exit_url": _exit,
    "under_18_partner_url": _address,
}
"""What is more than a text."""


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read the settings from *environ*.

    Raises:
        BadSettings: names every unknown name and every wrong value at once, never a value.
    """
    reader = _Reader(environ)
    reader.unknown()
    values = {f.name: reader.value(f.name, f.type) for f in fields(Settings)}
    if reader.problems:
        raise BadSettings("; ".join(reader.problems))
    return Settings(**{name: value for name, value in values.items() if value is not None})  # type: ignore[arg-type]
