"""Keypoint signals: only as long as she chooses them, and only where the hub takes them."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from takeback.accounts.model import Staff
from takeback.cases.wire import Choices, ItemDocument, KeypointDocument, Opened, VideoDocument
from takeback.db import Database
from takeback.errors import KeypointsNotChosen, OnHold
from takeback.hashing.signal_types import SignalType, to_text
from takeback.ids import CaseId
from takeback.matching.model import BankSignal
from takeback.matching.store import entries, holds
from tests.cases.centre import EVERYTHING, Centre, make_centre
from tests.cases.world import access, document, item, signal
from tests.conftest import FakeClock
from tests.matching.banking import described, filmed

CHOSEN = Choices(keypoints=True)
LOCK = timedelta(hours=72)


def keypoints(number: int) -> KeypointDocument:
    """Return made-up keypoint signals as a device sends them."""
    return KeypointDocument(to_text(SignalType.KEYPOINTS, described(number).content))


def video(number: int, *, with_keypoints: bool) -> VideoDocument:
    """Return made-up signals of a video as a device sends them."""
    made = filmed(number, keypoints=with_keypoints)
    return VideoDocument(to_text(SignalType.VIDEO, made.content))


def opened_with_keypoints(centre: Centre, choices: Choices = CHOSEN) -> Opened:
    """Open a case with a picture and a video, both with keypoints."""
    picture = ItemDocument([signal("a"), keypoints(1)])
    film = ItemDocument([video(2, with_keypoints=True)])
    return centre.cases.open(document(picture, film, choices=choices))


def active(centre: Centre) -> list[tuple[str, bytes]]:
    """Return type and content of what a platform would read."""
    changes = centre.bank.changes(EVERYTHING, 0, 100).entries
    return sorted((each.type.value, each.content or b"") for each in changes if each.active)


def stored(centre: Centre) -> bytes:
    """Return every byte that the tables of the bank hold of signals."""
    with centre.db.reading():
        rows = centre.db.execute(entries.select()).all()
        assert centre.db.execute(holds.select()).all() is not None
    return b"|".join((row.signal or b"") + (row.payload or b"") for row in rows)


def of(*signals: BankSignal) -> list[tuple[str, bytes]]:
    """Return these signals as :func:`active` does."""
    return sorted((each.type.value, each.content) for each in signals)


PICTURE = BankSignal(bytes.fromhex(signal("a").value))


@pytest.mark.parametrize(
    "sent", [ItemDocument([keypoints(1)]), ItemDocument([video(2, with_keypoints=True)])]
)
def test_keypoints_without_her_choice_are_refused(centre: Centre, sent: ItemDocument) -> None:
    """Neither when a case is opened nor later, and nothing is stored."""
    plain = centre.open("b")

    with pytest.raises(KeypointsNotChosen):
        centre.cases.open(document(sent))
    with pytest.raises(KeypointsNotChosen):
        centre.cases.add_items(access(plain), [sent])

    assert {kind for kind, _ in active(centre)} == {"pdq"}


def test_a_video_without_keypoints_needs_no_choice(centre: Centre) -> None:
    """Its frames are compared as pictures are."""
    opened = centre.cases.open(document(ItemDocument([video(2, with_keypoints=False)])))

    assert active(centre) == of(filmed(2))
    assert not centre.receipt(opened).items[0].keypoints


def test_what_she_chose_is_registered_and_on_her_receipt(centre: Centre) -> None:
    """Each signal counts, and she sees where keypoints are among them."""
    opened = opened_with_keypoints(centre)

    receipt = centre.receipt(opened)

    assert active(centre) == of(PICTURE, described(1), filmed(2, keypoints=True))
    assert receipt.keypoints
    assert [(one.signals, one.keypoints) for one in receipt.items] == [(2, True), (1, True)]


def test_taking_the_choice_back_withdraws_and_erases(centre: Centre) -> None:
    """At once: other signals stay, the video without its keypoints, and nothing is left over."""
    opened = opened_with_keypoints(centre, Choices(keypoints=True, partners=True))
    told = centre.served.add("Example", delivered=1_000)
    centre.served.add_partner("Partner", centre.now().date())

    receipt = centre.cases.choose(access(opened), Choices(partners=True))

    assert active(centre) == of(PICTURE, filmed(2))
    assert described(1).content not in stored(centre)
    assert filmed(2, keypoints=True).content not in stored(centre)
    assert [(one.state, one.signals, one.keypoints) for one in receipt.items] == [
        ("protected", 1, False),
        ("protected", 1, False),
    ]
    assert [one.keypoints for one in receipt.withdrawals] == [True, True]
    with centre.db.reading():
        told_of = centre.cases.lifecycle.records.confirmations(CaseId(opened.case_id))
    assert {(one.platform_id, one.able) for one in told_of} == {(told, True)}
    markers = centre.cases.withdrawal_markers(0, centre.bank.head_seq(), {"adult"})
    assert len(markers) == 2
    centre.cases.confirm_withdrawal(markers[0].withdrawal_id, told)
    assert "case.keypoints_withdrawn" in [line.kind for line in centre.journal.lines()]


def test_somebody_else_s_keypoints_of_the_same_picture_stay(centre: Centre) -> None:
    """And neither can tell."""
    first, second = opened_with_keypoints(centre), opened_with_keypoints(centre)

    centre.cases.choose(access(first), Choices())

    both = of(PICTURE, described(1), filmed(2), filmed(2, keypoints=True))
    assert active(centre) == both
    assert all(one.keypoints for one in centre.receipt(second).items)


def test_chosen_again_they_count_for_what_is_added_from_then_on(centre: Centre) -> None:
    """What was erased does not come back by itself."""
    opened = opened_with_keypoints(centre)
    centre.cases.choose(access(opened), Choices())
    centre.cases.choose(access(opened), CHOSEN)
    assert active(centre) == of(PICTURE, filmed(2))

    receipt = centre.cases.add_items(access(opened), [ItemDocument([keypoints(3)])])

    assert active(centre) == of(PICTURE, filmed(2), described(3))
    assert [one.keypoints for one in receipt.items] == [False, False, True]


def test_the_lock_delays_it_and_choosing_again_stops_it(centre: Centre) -> None:
    """Whoever found the code can't take protection away any sooner than with a withdrawal."""
    opened = opened_with_keypoints(centre, Choices(keypoints=True, lock=True))
    kept = of(PICTURE, described(1), filmed(2, keypoints=True))

    receipt = centre.cases.choose(access(opened), Choices(lock=True))
    assert receipt.keypoints_end_on == (centre.now() + LOCK).date().isoformat()
    assert active(centre) == kept
    centre.cases.choose(access(opened), Choices(keypoints=True, lock=True))
    centre.now.advance(LOCK)
    centre.work()
    assert active(centre) == kept

    centre.cases.choose(access(opened), Choices(lock=True))
    centre.now.advance(LOCK)
    centre.work()

    assert active(centre) == of(PICTURE, filmed(2))
    assert centre.receipt(opened).keypoints_end_on is None


def test_a_hold_keeps_them_stored_and_not_active(centre: Centre) -> None:
    """Until it is released; an undo meanwhile does not bring them back."""
    opened = opened_with_keypoints(centre)
    lead: Staff = centre.first_staff()
    case_id = CaseId(opened.case_id)
    centre.cases.desk.hold(case_id, lead, "court_order")

    receipt = centre.cases.choose(access(opened), Choices())
    assert not any(one.keypoints for one in receipt.items)
    with pytest.raises(OnHold):
        centre.cases.choose(access(opened), CHOSEN)
    centre.cases.withdraw(access(opened))
    centre.cases.undo(access(opened))
    assert active(centre) == of(PICTURE, filmed(2))
    assert described(1).content in stored(centre)

    centre.cases.desk.release(case_id, lead)
    centre.work()

    assert active(centre) == of(PICTURE, filmed(2))
    assert described(1).content not in stored(centre)


def test_a_receipt_does_not_count_what_only_a_hold_keeps(centre: Centre) -> None:
    """It reads as it would without the hold: what had keypoints alone is not protected any more."""
    alone, both = ItemDocument([keypoints(1)]), ItemDocument([signal("a"), keypoints(2)])
    film = ItemDocument([video(3, with_keypoints=True)])
    opened = centre.cases.open(document(alone, both, film, choices=CHOSEN))
    lead, case_id = centre.first_staff(), CaseId(opened.case_id)
    centre.cases.desk.hold(case_id, lead, "court_order")

    def told() -> list[tuple[str, int]]:
        return [(one.state, one.signals) for one in centre.receipt(opened).items]

    before = told()
    centre.cases.choose(access(opened), Choices())
    during = told()
    centre.cases.withdraw(access(opened))
    gone = told()
    centre.cases.undo(access(opened))
    undone = told()
    centre.cases.desk.release(case_id, lead)
    centre.work()

    assert before == [("protected", 1), ("protected", 2), ("protected", 1)]
    assert during == [("recorded", 0), ("protected", 1), ("protected", 1)]
    assert gone == [("withdrawn", 0), ("withdrawn", 1), ("withdrawn", 1)]
    assert during == undone == told()


def test_a_withdrawal_undone_brings_keypoints_back_too(centre: Centre) -> None:
    """As long as she did not take that choice back."""
    opened = opened_with_keypoints(centre)
    before = active(centre)

    centre.cases.withdraw(access(opened))
    gone = active(centre)
    centre.cases.undo(access(opened))

    assert gone == []
    assert active(centre) == before


def test_a_restored_backup_gets_them_out_again(centre: Centre) -> None:
    """The journal says so; a line that is done already changes nothing."""
    opened = opened_with_keypoints(centre)

    for _ in range(2):
        centre.cases.replay("case.keypoints_withdrawn", opened.case_id)

    assert active(centre) == of(PICTURE, filmed(2))
    assert not centre.receipt(opened).keypoints


def test_a_restored_hold_ends_as_one_that_was_never_restored(centre: Centre) -> None:
    """What she let go of after the backup is erased when the hold that keeps it is released."""
    opened = opened_with_keypoints(centre)
    lead, case_id = centre.first_staff(), CaseId(opened.case_id)
    centre.cases.desk.hold(case_id, lead, "court_order")
    centre.cases.replay("case.keypoints_withdrawn", opened.case_id)
    assert described(1).content in stored(centre)

    centre.cases.desk.release(case_id, lead)
    centre.work()

    assert described(1).content not in stored(centre)
    assert centre.cases.choose(access(opened), CHOSEN).keypoints


def test_a_hub_that_takes_none_says_so_and_refuses_them(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """Before anybody is asked; what was chosen before it was turned off stays registered."""
    taking = make_centre(database, clock, tmp_path)
    opened = opened_with_keypoints(taking)
    centre = make_centre(database, clock, tmp_path, offer_keypoints=False)

    assert taking.cases.challenge().keypoints
    assert not centre.cases.challenge().keypoints
    with pytest.raises(KeypointsNotChosen):
        centre.cases.open(document(item("b"), choices=CHOSEN))
    with pytest.raises(KeypointsNotChosen):
        centre.cases.add_items(access(opened), [ItemDocument([keypoints(3)])])
    centre.cases.choose(access(opened), Choices(keypoints=True, lock=True))
    assert ("kp1", described(1).content) in active(centre)
    centre.cases.choose(access(opened), Choices())
    centre.now.advance(LOCK)
    centre.work()
    assert ("kp1", described(1).content) not in active(centre)
    with pytest.raises(KeypointsNotChosen):
        centre.cases.choose(access(opened), CHOSEN)


def test_choices_say_nothing_of_keypoints_unless_asked() -> None:
    """The careful default, also for whoever leaves the field out."""
    assert not msgspec.json.decode(b"{}", type=Choices).keypoints
