"""Signals of several types on their way out: in the feed, to partners, and to older readers."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from takeback.errors import HubUnreachable, MalformedSignal
from takeback.exchange.follow import check_page, readable
from takeback.exchange.stopncii import (
    FeedbackRequest,
    HashFeedback,
    HashRecord,
    SubmitRequest,
    SubmittedRecord,
)
from takeback.exchange.wire import FeedEntry, FeedPage, LookupRequest
from takeback.matching.model import PAGE_BYTES, BankSignal
from tests.exchange.partners import Partners
from tests.matching.banking import banked, described, digest, filmed, register_all, signal

ALL = (banked(1), described(1), filmed(1, keypoints=True), digest(1))


def fetched(partners: Partners, platform: Any) -> list[HashRecord]:  # noqa: ANN401 - a platform
    """Return every record that a partner fetches."""
    return [each for page in partners.fetched(platform) for each in page.hash_records]


def test_every_type_is_in_the_feed_as_it_was_registered(partners: Partners) -> None:
    """With its content, and gone when it is withdrawn."""
    platform = partners.platform()
    item_id = register_all(partners.bank, ALL)
    [page] = partners.pages(platform)

    partners.withdraw(item_id)
    gone = partners.entries(platform, page.cursor)

    told = {entry.type: entry.content for entry in page.entries}
    assert told == {each.type.value: each.content for each in ALL}
    assert check_page(readable(page)) == page
    assert {entry.state for entry in gone} == {"gone"}
    assert {entry.number for entry in gone} == {entry.number for entry in page.entries}


def test_a_page_is_bounded_in_bytes_too(partners: Partners) -> None:
    """Long videos are spread over pages, and each comes once."""
    platform = partners.platform()
    signals = [filmed(number, frames=3_600) for number in range(40)]
    for each in signals:
        register_all(partners.bank, [each], vouched=True)
    register_all(partners.bank, [banked(1)])

    pages = partners.pages(platform, limit=5_000)

    assert len(pages) > 1
    assert max(len(msgspec.json.encode(page)) for page in pages) <= PAGE_BYTES
    told = [entry.content for page in pages for entry in page.entries]
    assert sorted(told) == sorted([signal(1).bits, *(each.content for each in signals)])


def test_canaries_do_not_make_a_page_too_long(partners: Partners) -> None:
    """They come among the entries, and what has no room comes later."""
    platform = partners.platform()
    for number in range(12):
        register_all(partners.bank, [filmed(number, frames=3_600)], vouched=True)
    partners.exchange.plant_canaries(platform.id, 3, partners.lead)
    partners.clock.advance(timedelta(hours=2))

    pages = partners.pages(platform, limit=5_000)

    entries = [entry for page in pages for entry in page.entries]
    assert max(len(msgspec.json.encode(page)) for page in pages) <= PAGE_BYTES
    planted = partners.platforms.canaries_for(platform.id)
    assert len({entry.number for entry in entries}) == len(entries) == 12 + len(planted)


def test_partners_get_pictures_and_digests_and_nothing_else(partners: Partners) -> None:
    """Their programs know no other type, and keypoints are not for them."""
    platform = partners.platform()
    register_all(partners.bank, ALL, partners=True)

    records = {each.signal_type: each.hash_value for each in fetched(partners, platform)}

    assert records == {"ImagePDQ": str(signal(1)), "VideoMD5": digest(1).content.hex()}


@pytest.mark.parametrize("spelling", ["VideoMD5", "StopNCIISignalType.VideoMD5"])
def test_a_partner_submits_digests_and_takes_them_back(partners: Partners, spelling: str) -> None:
    """They are entries of their own type, for the feed."""
    partner, reader = partners.platform(), partners.platform(under_18=True)
    value = digest(1).content.hex()
    request = SubmitRequest([SubmittedRecord(spelling, value)])

    assert partners.exchange.stopncii.submit(partner, request).count == 1
    [entry] = partners.entries(reader)
    back = FeedbackRequest([HashFeedback(value, "Withdrawn")])
    partners.exchange.stopncii.feedback(partner, back)

    assert (entry.type, entry.signal) == ("md5", value)
    assert [each.state for each in partners.entries(reader)] == ["gone"]


def test_a_digest_can_be_called_not_intimate(partners: Partners) -> None:
    """By its value alone, as this interface has it; it goes for whoever said so."""
    platform = partners.platform()
    register_all(partners.bank, ALL, partners=True)
    assert {each.hash_status for each in fetched(partners, platform)} == {"Active"}
    said = [HashFeedback(digest(1).content.hex(), "NotBlocked", ["not_intimate"])]

    partners.exchange.stopncii.feedback(platform, FeedbackRequest(said))

    states = {each.signal_type: each.hash_status for each in fetched(partners, platform)}
    assert states == {"ImagePDQ": "Active", "VideoMD5": "Withdrawn"}


@pytest.mark.parametrize("of", [described(1), filmed(1)], ids=["kp1", "video1"])
def test_nobody_reaches_a_packed_signal_by_its_digest(partners: Partners, of: BankSignal) -> None:
    """It is no value that this interface speaks of."""
    partner, reader = partners.platform(), partners.platform()
    register_all(partners.bank, [of])
    said = [HashFeedback(of.key.hex(), "NotBlocked", ["not_intimate"])]

    partners.exchange.stopncii.feedback(partner, FeedbackRequest(said))

    assert [each.state for each in partners.entries(partner)] == ["active"]
    assert [each.state for each in partners.entries(reader)] == ["active"]


@pytest.mark.parametrize("value", ["0" * 30, "0" * 33, "G" * 32, "A" * 32, "", "0" * 63])
def test_what_is_no_digest_is_refused(partners: Partners, value: str) -> None:
    """Nothing of the body is taken."""
    partner = partners.platform()
    request = SubmitRequest([SubmittedRecord("VideoMD5", value)])
    said = FeedbackRequest([HashFeedback(value, "Blocked")])

    with pytest.raises(MalformedSignal):
        partners.exchange.stopncii.submit(partner, request)
    with pytest.raises(MalformedSignal):
        partners.exchange.stopncii.feedback(partner, said)


def test_the_hubs_own_look_up_compares_pictures_alone(partners: Partners) -> None:
    """The key of a packed signal is no signal to be near to."""
    platform = partners.platform(feed=False)
    register_all(partners.bank, ALL)
    keys = [each.key.hex() for each in ALL[:3]]

    found = partners.exchange.lookup(platform, LookupRequest(keys)).results

    assert [len(each.matches) for each in found] == [1, 0, 0]


NEWER = {
    "epoch": "5f2a",
    "cursor": "c",
    "more": False,
    "mood": "new",
    "withdrawals": [{"id": "0" * 32, "kind": "new"}],
    "entries": [
        {"number": "1" * 32, "state": "active", "signal": "~", "type": "kp2", "bank": "adult"},
        {"number": "2" * 32, "state": "active", "signal": str(signal(1)), "more": [1]},
        {"number": "3" * 32, "state": "gone", "since": 7},
        {"number": "4" * 32, "state": "active", "type": "kp9"},
    ],
}


def test_what_a_newer_hub_says_stops_no_reader() -> None:
    """Members and types that it does not know are left out; the cursor is kept."""
    page = msgspec.json.decode(json.dumps(NEWER).encode(), type=FeedPage)

    read = check_page(readable(page))

    assert [entry.number[0] for entry in read.entries] == ["2", "3"]
    assert (read.cursor, len(read.withdrawals)) == ("c", 1)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("pdq", "0" * 63),
        ("pdq", "A" * 64),
        ("md5", "0" * 31),
        ("kp1", "a"),
        ("kp1", "AAA="),
        ("kp1", "AAB"),
        ("kp1", "A" * 3_737),
        ("video1", "+" * 8),
        ("video1", ""),
    ],
)
def test_a_signal_that_is_not_written_as_its_type_says_is_no_page(kind: str, text: str) -> None:
    """A hub that answers so is not believed."""
    page = FeedPage("5f2a", "c", False, [FeedEntry("1" * 32, "active", text, type=kind)], [])

    with pytest.raises(HubUnreachable):
        check_page(page)


def test_a_gone_entry_with_a_signal_is_no_page() -> None:
    """What is gone is not told again."""
    gone = FeedEntry("1" * 32, "gone", str(signal(1)))

    with pytest.raises(HubUnreachable):
        check_page(FeedPage("5f2a", "c", False, [gone], []))
