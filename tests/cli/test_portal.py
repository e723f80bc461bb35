"""``takeback portal``: an operator learns what is missing before anybody else does."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Takeback, serving

READY = {
    "TAKEBACK_CONTACT": "02-000-0000",
    "TAKEBACK_PUBLIC_URL": "https://takeback.example",
    "TAKEBACK_BACKUP_RECIPIENT": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
}
REVIEW = 'reviewer = "Kim Seo-yeon"\nreviewed_on = 2026-11-01\nmark ='


def review(call: Takeback, folder: Path, country: str = "us") -> None:
    """Review every entry of a country, as the how-to says."""
    page = call("portal", "help-page", country)
    assert page.code == 0
    pages = folder / "hub" / "portal" / "help"
    pages.mkdir(parents=True)
    (pages / f"{country}.toml").write_text(page.out.replace("mark =", REVIEW))


def test_a_new_hub_is_told_everything_that_is_missing(call: Takeback) -> None:
    """Exit 5, each with what to do, and every entry that waits for a reviewer."""
    done = call("portal", "check", "--data", "hub")

    assert done.code == 5
    assert done.err.startswith("takeback: error: 4 missing before the portal opens\n")
    for said in ("contact: ", "help pages: ", "https: ", "backups: ", "TAKEBACK_CONTACT"):
        assert said in done.out
    assert "Entries that wait for a reviewer" in done.out
    assert "  kr        1366 " in done.out


def test_the_same_as_json(call: Takeback) -> None:
    """For a program: what, why, a hint; country, entry, title, source."""
    done = call("portal", "check", "--data", "hub", "--json")
    record: Any = done.json()

    assert done.code == 5
    assert record["open"] is False
    assert [each["what"] for each in record["missing"]][:2] == ["contact", "help pages"]
    assert {"country", "entry", "title", "source"} == record["waiting"][0].keys()


def test_a_hub_that_lacks_nothing_may_open(call: Takeback, tmp_path: Path) -> None:
    """Exit 0; what waits for a reviewer is said all the same."""
    review(call, tmp_path)

    done = call("portal", "check", "--data", "hub", **READY)

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("The portal is open: nothing is missing.\n")
    assert "  us " not in done.out
    assert "  kr " in done.out


def test_a_reviewer_without_a_day_is_an_error(call: Takeback, tmp_path: Path) -> None:
    """Exit 3, with the file's name; nothing is shown that was reviewed at no time."""
    review(call, tmp_path)
    page = tmp_path / "hub" / "portal" / "help" / "us.toml"
    page.write_text(page.read_text().replace("reviewed_on = 2026-11-01\n", ""))

    done = call("portal", "check", "--data", "hub", **READY)

    assert (done.code, done.out) == (3, "")
    assert "us.toml: reviewer and reviewed_on go together" in done.err


def test_a_page_that_there_is_not_can_not_be_reviewed(call: Takeback) -> None:
    """Exit 4."""
    assert call("portal", "help-page", "atlantis").code == 4


@pytest.mark.parametrize("country", ["kr", "anywhere"])
def test_a_page_is_printed_as_its_file_is(call: Takeback, country: str) -> None:
    """Byte for byte, ready to be redirected."""
    done = call("portal", "help-page", country)

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("# Help in ")
    assert done.out.endswith('checked_on = "2026-11"\n')


def test_a_hub_says_at_its_start_that_its_portal_is_not_open(tmp_path: Path) -> None:
    """And what is missing; the hub runs all the same."""
    with serving(tmp_path) as url:
        assert url.startswith("http://127.0.0.1:")

    log = (tmp_path / "hub.log").read_text()
    assert "the portal is not open yet, missing: contact, help pages, https, backups\n" in log
    assert "`takeback portal check` says what to do" in log


def test_a_demonstration_is_open_from_the_start(tmp_path: Path) -> None:
    """It protects nobody, so nothing has to be there."""
    with serving(tmp_path, "--demo"):
        pass

    assert "not open yet" not in (tmp_path / "hub.log").read_text()
