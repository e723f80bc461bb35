"""The lines never crossed, each walked from end to end on both databases."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from takeback.accounts.model import Role
from takeback.cases.wire import Choices, ItemDocument, Opened, PdqDocument, Receipt, SignalDocument
from takeback.hashing import hash_picture
from tests.journeys.story import Reader, Story, access, edited, photograph, registered

COFFEE, ROCKET, BRICK = photograph("coffee"), photograph("rocket"), photograph("brick")
EDITS = [{"quality": 50}, {"width": 0.5}, {"mirrored": True}]


def anonymous(receipt: Receipt, opened: Opened) -> bytes:
    """Return a receipt as it is sent, with the ids of its case and items blanked."""
    text = msgspec.json.encode(receipt).decode().replace(opened.case_id, "case")
    for item in receipt.items:
        text = text.replace(item.item_id, "item")
    return text.encode()


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_re_upload_is_caught_four_hundred_days_later(
    story: Story, edit: dict[str, float]
) -> None:
    """Signals stay active for as long as the reporter did not choose an end."""
    platform = story.platform("forum", feed=False)
    story.opens(registered(hash_picture(COFFEE)))

    story.clock.advance(timedelta(days=400))
    story.works()

    assert story.lookup(platform, edited(COFFEE, **edit)) != []  # type: ignore[arg-type]
    assert story.lookup(platform, edited(ROCKET, **edit)) == []  # type: ignore[arg-type]


def test_a_picture_judged_not_intimate_leaves_the_receipt_of_one_never_matched(
    story: Story,
) -> None:
    """An ordinary photograph tells a stalker nothing: both receipts are the same bytes."""
    forum, reader = story.platform("forum"), Reader(story, story.platform("mirror"))
    tested, untouched = (story.opens(registered(hash_picture(path))) for path in (COFFEE, ROCKET))
    reader.read()
    [match] = story.lookup(forum, edited(COFFEE))
    for response in ("seen", "under_review"):
        story.responds(forum, match.number, response=response)
    story.says_not_intimate(forum, match.number)
    story.responds(forum, match.number, response="kept", reason="not_intimate")
    story.removes(forum, match.number, ground="other")
    story.removes(forum, match.number, confirmed_by_person=False)

    for _ in range(6):
        story.clock.advance(timedelta(days=1))
        receipts = [anonymous(story.receipt(each), each) for each in (tested, untouched)]
        assert receipts[0] == receipts[1]


def test_a_confirmed_removal_shows_between_one_and_three_days_later_to_the_day(
    story: Story,
) -> None:
    """The positive control: the platform's name and the day, at a midnight, and once."""
    forum = story.platform("forum")
    opened = story.opens(registered(hash_picture(COFFEE)))
    [match] = story.lookup(forum, edited(COFFEE))
    removed_at = story.clock()
    story.removes(forum, match.number)

    shown_at: datetime | None = None
    for _ in range(4 * 24):
        removals = story.receipt(opened).items[0].removals
        if removals:
            shown_at = story.clock()
            break
        story.clock.advance(timedelta(hours=1))

    assert [(one.platform, one.day) for one in removals] == [("forum", "2030-03-05")]
    assert shown_at is not None
    assert timedelta(days=1) <= shown_at - removed_at <= timedelta(days=3)
    assert shown_at.astimezone(UTC).hour == 0


def test_of_two_cases_with_one_picture_neither_can_tell_when_the_other_withdraws(
    story: Story,
) -> None:
    """The picture stays protected, and both receipts read as if nobody else were there."""
    platform = story.platform("mirror")
    reader = Reader(story, platform)
    signals = hash_picture(COFFEE)
    first, second = story.opens(registered(signals)), story.opens(registered(signals))
    alone = story.opens(registered(hash_picture(ROCKET)))
    held = reader.read()
    before = anonymous(story.receipt(second), second)

    for opened in (first, alone):
        story.hub.cases.withdraw(access(opened))
    after = reader.read()

    assert len(held) == 2
    assert after == {str(signals.whole)}
    assert story.lookup(platform, edited(COFFEE)) != []
    assert anonymous(story.receipt(second), second) == before
    assert anonymous(story.receipt(first), first) == anonymous(story.receipt(alone), alone)


def test_a_feed_looks_the_same_however_many_hold_a_picture(story: Story) -> None:
    """A second registration and its withdrawal re-send nothing about the entry."""
    reader = Reader(story, story.platform("mirror"))
    signals = hash_picture(COFFEE)
    story.opens(registered(signals))
    reader.read()
    seen = list(reader.seen)

    second = story.opens(registered(signals))
    reader.read()
    story.hub.cases.withdraw(access(second))
    reader.read()

    assert reader.seen == seen


def test_a_withdrawal_can_be_undone_for_seven_days_and_not_longer(story: Story) -> None:
    """After the undo the picture is protected again; after seven days the case is gone."""
    reader = Reader(story, story.platform("mirror"))
    opened = story.opens(registered(hash_picture(COFFEE)))
    story.hub.cases.withdraw(access(opened))
    assert reader.read() == set()

    story.clock.advance(timedelta(days=6))
    story.works()
    story.hub.cases.undo(access(opened))
    assert len(reader.read()) == 1

    story.hub.cases.withdraw(access(opened))
    story.clock.advance(timedelta(days=8))
    story.works()

    assert reader.read() == set()
    assert story.hub.bank.counts() is not None


def test_no_route_out_gives_an_unmarked_platform_under_18_or_not_said_signals(
    story: Story,
) -> None:
    """Feed, look-up and the StopNCII interface are walked; a marked platform is the control."""
    unmarked, marked = story.platform("unmarked"), story.platform("marked", under_18=True)
    paths = {"under_18": COFFEE, "not_said": ROCKET, "adult": BRICK}
    for band, path in paths.items():
        story.opens(
            registered(hash_picture(path)),
            age_band=band,  # type: ignore[arg-type]
            choices=Choices(partners=True),
        )
    signals = {band: str(hash_picture(path).whole) for band, path in paths.items()}

    for platform, expected in ((unmarked, {"adult"}), (marked, set(paths))):
        wanted = {signals[band] for band in expected}
        fetched = story.hub.exchange.stopncii.fetch(platform, 10, 800, None)
        assert Reader(story, platform).read() == wanted
        assert {record.hash_value for record in fetched.hash_records} == wanted
        found = {band for band in paths if story.lookup(platform, edited(paths[band]))}
        assert found == expected


def test_three_counting_platforms_quarantine_everywhere_until_a_person_decides(
    story: Story,
) -> None:
    """One platform's word counts for itself; a vouch brings the entry back for good."""
    platforms = [story.platform(f"p{number}") for number in range(3)]
    other = story.platform("other")
    lead = story.staff[Role.LEAD]
    for platform in platforms:
        story.hub.platforms.mark(platform.id, lead, counts_opinions=True)
    opened = story.opens(registered(hash_picture(COFFEE)))

    for count, platform in enumerate(platforms, start=1):
        [match] = story.lookup(platform, edited(COFFEE))
        story.says_not_intimate(platform, match.number)
        assert story.lookup(platform, edited(COFFEE)) == []
        assert (story.lookup(other, edited(COFFEE)) != []) == (count < 3)

    caseworker = story.staff[Role.CASEWORKER]
    assert story.hub.exchange.quarantined(caseworker) != []
    story.hub.cases.desk.vouch(opened.case_id, caseworker)  # type: ignore[arg-type]
    assert [match.ask for match in story.lookup(other, edited(COFFEE))] == ["remove"]


def test_a_platform_that_read_a_part_of_an_item_must_confirm_too(story: Story) -> None:
    """One entry of two was sent before she withdrew; the receipt names that platform."""
    forum = story.platform("forum")
    signals = hash_picture(photograph("coffee"))
    views: list[SignalDocument] = [
        PdqDocument(str(one), signals.quality) for one in signals.dihedral[:2]
    ]
    opened = story.opens(ItemDocument(views))
    story.hub.exchange.feed_page(forum, None, 1)

    receipt = story.hub.cases.withdraw(access(opened))

    assert receipt.withdrawals[0].waiting == ["forum"]
