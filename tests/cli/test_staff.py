"""What staff do on the hub's own machine: transcripts."""

import json
import re
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import PICTURES, Centre, Takeback

COFFEE = PICTURES / "coffee.png"


def new_platform(centre: Centre, name: str) -> str:
    """Add a platform and return its id."""
    added = centre.staff("lead", "platform", "add", name).json()
    assert isinstance(added, dict)
    return str(added["id"])


def test_a_key_file_is_readable_by_nobody_else(centre: Centre) -> None:
    """Mode 600, one line."""
    for role in ("lead", "operator", "caseworker"):
        assert stat.S_IMODE(centre.key(role).stat().st_mode) == 0o600
        assert centre.key(role).read_text().startswith("tb_staff_")


def test_staff_are_listed_without_keys(centre: Centre) -> None:
    """Id, name, role, and whether the account is active."""
    done = centre.staff("lead", "staff", "list")

    people = json.loads(done.out)
    assert {"Lee", "Operator", "Caseworker"} <= {each["name"] for each in people}
    assert {frozenset(each) for each in people} == {frozenset({"id", "name", "role", "active"})}


def test_without_a_key_file_nothing_is_done(centre: Centre) -> None:
    """Exit 2, and it says how to sign in."""
    done = centre.run("platform", "list")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("takeback: error: name your key file with --as")


def test_a_second_first_account_is_refused(centre: Centre) -> None:
    """Only the very first account needs nobody to add it; no key file is left behind."""
    done = centre.run("staff", "add", "Eve", "--role", "lead", "--key-file", "eve.key")

    assert done.code == 6
    assert not (centre.folder / "eve.key").exists()


def test_a_role_that_may_not_is_refused(centre: Centre) -> None:
    """A caseworker runs no platforms: exit 6."""
    done = centre.staff("caseworker", "platform", "add", "Mine")

    assert (done.code, done.out) == (6, "")
    assert done.err == "takeback: error: the role caseworker may not manage platforms\n"


def test_a_retired_key_opens_nothing(centre: Centre) -> None:
    """Retiring needs --yes, and then the key file is refused."""
    options = ("--role", "operator", "--key-file", "short.key")
    added = centre.staff("lead", "staff", "add", "Short", *options)
    person = json.loads(added.out)["id"]

    planned = centre.staff("lead", "staff", "retire", person)
    done = centre.staff("lead", "staff", "retire", person, "--yes")

    assert (planned.code, done.code) == (2, 0)
    assert centre.staff("short", "platform", "list").code == 6


def test_the_feed_takes_two_people(centre: Centre) -> None:
    """The same person twice is a conflict; the second person makes it the feed tier."""
    platform = new_platform(centre, "Two People")

    first = centre.staff("lead", "platform", "approve", platform)
    again = centre.staff("lead", "platform", "approve", platform)
    second = centre.staff("operator", "platform", "approve", platform)

    assert json.loads(first.out)["tier"] == "lookup"
    assert again.code == 5
    assert "takeback: hint: ask a second member of staff" in again.err
    assert json.loads(second.out)["tier"] == "feed"
    assert (
        json.loads(centre.staff("lead", "platform", "demote", platform, "--yes").out)["tier"]
        == "lookup"
    )


def test_marks_that_are_not_named_stay(centre: Centre) -> None:
    """Setting one leaves the other."""
    platform = new_platform(centre, "Marked")

    centre.staff("lead", "platform", "mark", platform, "--handles-under-18")
    done = centre.staff("lead", "platform", "mark", platform, "--counts-opinions")

    record = json.loads(done.out)
    assert (record["handles_under_18"], record["counts_opinions"]) == (True, True)


def test_a_key_is_shown_once_rotated_and_revoked(centre: Centre) -> None:
    """The list never holds the text of a key."""
    platform = new_platform(centre, "Keys")

    issued = json.loads(centre.staff("operator", "platform", "key", "issue", platform).out)
    to_file = ("--key-file", "rotated.key")
    rotated = centre.staff("operator", "platform", "key", "rotate", issued["id"], *to_file)
    fresh = json.loads(rotated.out)["id"]
    revoked = centre.staff("operator", "platform", "key", "revoke", fresh, "--yes")
    listed = centre.staff("operator", "platform", "key", "list", platform)

    assert issued["key"].startswith("tb_key_")
    assert (centre.folder / "rotated.key").read_text().startswith("tb_key_")
    assert revoked.code == 0
    assert [each["revoked"] for each in json.loads(listed.out)] == [False, True]
    assert issued["key"] not in listed.out


def test_canaries_are_listed_without_signals(centre: Centre) -> None:
    """Several for each picture, as a device makes them; counted, seen nowhere."""
    platform = new_platform(centre, "Watched")

    done = centre.staff("operator", "platform", "canaries", platform, "--plant", "3")

    planted = json.loads(done.out)
    assert len(planted) >= 3 * 2
    assert all(each["seen_at"] == [] for each in planted)
    assert {frozenset(each) for each in planted} == {frozenset(("id", "planted_on", "seen_at"))}


def test_a_retired_platform_is_inactive(centre: Centre) -> None:
    """With ``--yes`` only."""
    platform = new_platform(centre, "Retired")

    done = centre.staff("lead", "platform", "retire", platform, "--yes")

    assert json.loads(done.out)["active"] is False


def test_a_case_from_vouch_to_release(centre: Centre) -> None:
    """Listed until somebody vouches; held and released; closed; its words shown, no signal."""
    (centre.folder / "words.txt").write_text("it began in spring")
    opened = centre.open_case("--text-file", "words.txt", COFFEE)
    case = opened["case_id"]

    waiting = json.loads(centre.staff("caseworker", "case", "list").out)
    vouched = centre.staff("caseworker", "case", "vouch", case)
    after = json.loads(centre.staff("caseworker", "case", "list").out)
    held = centre.staff("caseworker", "case", "hold", case, "--reason", "court_order")
    twice = centre.staff("caseworker", "case", "hold", case, "--reason", "court_order")
    shown = json.loads(centre.staff("caseworker", "case", "show", case).out)
    released = centre.staff("lead", "case", "release", case, "--yes")
    closed = centre.staff("caseworker", "case", "close", case, "--yes")

    assert case in {each["id"] for each in waiting}
    assert case not in {each["id"] for each in after}
    assert [vouched.code, held.code, twice.code, released.code, closed.code] == [0, 0, 5, 0, 0]
    states = [json.loads(done.out) for done in (vouched, held, released, closed)]
    assert [(state["id"], state["status"], state["hold"]) for state in states] == [
        (case, "open", ""),
        (case, "open", "court_order"),
        (case, "open", ""),
        (case, "closed", ""),
    ]
    assert (shown["text"], shown["hold"]) == ("it began in spring", "court_order")
    assert [set(each) for each in shown["items"]] == [
        {"id", "status", "signals", "vouched", "waiting"}
    ]


def test_a_threat_without_a_picture_waits_until_it_is_closed(centre: Centre) -> None:
    """There is nothing to vouch for, and yet a caseworker must find it."""
    case_id = centre.open_case("--kind", "threatened")["case_id"]

    listed = centre.run("case", "list", "--as", centre.key("caseworker"))
    centre.staff("caseworker", "case", "close", case_id, "--yes")
    after = centre.run("case", "list", "--as", centre.key("caseworker"))

    assert case_id in listed.out
    assert case_id not in after.out


def test_a_case_is_shown_with_its_items(centre: Centre) -> None:
    """One line each: its id, where it stands, how many signals, whether somebody vouched."""
    case_id = centre.open_case(COFFEE)["case_id"]

    done = centre.run("case", "show", case_id, "--as", centre.key("caseworker"))

    assert re.search(r"^item +item_\w{16}: active, 7 signals, not vouched$", done.out, re.M)


def test_a_case_that_is_not_there_is_not_found(centre: Centre) -> None:
    """Exit 4."""
    assert centre.staff("caseworker", "case", "show", "case_0000000000000000").code == 4


def test_two_caseworkers_recover_a_case(centre: Centre) -> None:
    """One key file twice is a conflict; two give a new code."""
    case = centre.open_case(COFFEE)["case_id"]
    two = ("case", "recover", "--two", case, "--json", "--as", centre.key("lead"), "--as")

    same = centre.run(*two, centre.key("lead"))
    done = centre.run(*two, centre.key("caseworker"))

    assert same.code == 5
    fresh = json.loads(done.out)
    keys = json.dumps({"code": fresh["code"], "pin": fresh["pin"]})
    assert centre.run("case", "status", stdin=keys).code == 0


def test_the_quarantine_is_a_list_and_lifting_nothing_is_not_found(centre: Centre) -> None:
    """An empty queue prints an empty list."""
    listed = centre.staff("caseworker", "quarantine", "list")

    assert (listed.code, listed.json()) == (0, [])
    assert centre.staff("caseworker", "quarantine", "lift", "77").code == 4


def test_the_bank_in_numbers(centre: Centre) -> None:
    """The whole, the mirror and four cuts of a square picture, in the bank of the age band."""
    before = json.loads(centre.staff("operator", "bank", "status").out)
    centre.open_case("--age-band", "under_18", PICTURES / "gravel.png")
    after = json.loads(centre.staff("operator", "bank", "status").out)

    grown = after["active"].get("under_18", 0) - before["active"].get("under_18", 0)
    assert grown == 6


def test_the_audit_log_is_proven_and_read(centre: Centre) -> None:
    """A case's events by its id; no event holds the id."""
    case = centre.open_case(COFFEE)["case_id"]

    verified = centre.run("audit", "verify")
    shown = centre.staff("operator", "audit", "show", "--case", case)

    assert verified.code == 0
    assert verified.out.splitlines()[0].endswith(" events, whole and in order")
    assert [each["action"] for each in json.loads(shown.out)] == ["case.opened"]
    assert case not in shown.out


@pytest.fixture
def own(call: Takeback) -> Takeback:
    """A hub of a test's own, with one operator, that nobody serves."""
    options = ("--role", "operator", "--key-file", "me.key", "--data", "hub")
    assert call("staff", "add", "Me", *options).code == 0
    return call


def test_a_changed_event_is_an_integrity_failure(own: Takeback, tmp_path: Path) -> None:
    """Exit 70, and the first damaged event is named."""
    for name in ("One", "Two"):
        assert own("platform", "add", name, "--as", "me.key", "--data", "hub").code == 0
    with sqlite3.connect(tmp_path / "hub" / "hub.db") as database:
        database.execute(
            "UPDATE audit_events SET event = replace(event, 'platform.added', 'platform.marked')"
            " WHERE seq = 2"
        )
    database.close()

    done = own("audit", "verify", "--data", "hub")

    assert (done.code, done.out) == (70, "")
    assert "event 2" in done.err
    assert "takeback: hint: stop, keep the files as they are" in done.err


def test_a_backup_is_restored_with_its_journal(own: Takeback, tmp_path: Path) -> None:
    """Made for a recipient, opened by the identity, into a new folder that holds the key file."""
    recipient = own("backup-key", "identity.txt").out.strip()
    made = own("backup", "hub.age", "--recipient", recipient, "--as", "me.key", "--data", "hub")
    (tmp_path / "new").mkdir(mode=0o700)
    (tmp_path / "new" / "hub.key").write_bytes((tmp_path / "hub" / "hub.key").read_bytes())
    (tmp_path / "journal.jsonl").touch()
    restore = ("restore", "hub.age", "--identity", "identity.txt", "--data", "new")

    planned = own(*restore, "--journal", "journal.jsonl")
    undecided = own(*restore, "--yes")
    done = own(*restore, "--journal", "journal.jsonl", "--yes", "--json")

    assert recipient.startswith("age1")
    assert (made.code, planned.code, undecided.code) == (0, 2, 2)
    assert json.loads(done.out)["with_journal"] is True
    assert json.loads(done.out)["taken_away"] is None
    assert own("audit", "verify", "--data", "new").code == 0


def test_a_backup_needs_a_recipient(own: Takeback) -> None:
    """Exit 2 without one, 3 with a wrong one."""
    command = ("backup", "x.age", "--as", "me.key", "--data", "hub")

    assert own(*command).code == 2
    assert own(*command, "--recipient", "age1nonsense").code == 3


def test_a_wrong_setting_is_bad_input(call: Takeback) -> None:
    """Every problem in one message, exit 3."""
    done = call("audit", "verify", TAKEBACK_PORT="lots", TAKEBACK_TYPO="1")

    assert done.code == 3
    assert "TAKEBACK_PORT" in done.err
    assert "TAKEBACK_TYPO is no setting" in done.err


def test_a_restore_without_journal_matches_nothing_until_it_is_resumed(centre: Centre) -> None:
    """Nobody can know what was withdrawn meanwhile, so staff resume case by case."""
    case = centre.open_case(PICTURES / "grass.png")["case_id"]
    recipient = centre.run("backup-key", "lost.txt").out.strip()
    centre.staff("operator", "backup", "lost.age", "--recipient", recipient)
    (centre.folder / "lost").mkdir(mode=0o700)
    key = (centre.folder / "hub" / "hub.key").read_bytes()
    (centre.folder / "lost" / "hub.key").write_bytes(key)
    there = ("--data", "lost")

    done = centre.run(
        "restore", "lost.age", "--identity", "lost.txt", "--without-journal", "--yes", *there
    )
    before = json.loads(centre.staff("lead", "bank", "status", *there).out)
    resumed = centre.staff("caseworker", "bank", "resume", case, *there)
    after = json.loads(centre.staff("lead", "bank", "status", *there).out)

    assert "every entry is suspended" in done.out
    assert "taken from platforms: " in done.out
    assert "next: `takeback staff list`" in done.out
    assert sum(before["active"].values()) == 0
    assert (resumed.code, sum(after["active"].values())) == (0, 6)
