"""Proof of work: stateless to give out, good once, and only for ten minutes."""

from datetime import timedelta

import pytest
from msgspec import UNSET

from takeback.cases.proof import LIFETIME, Load, Proofs, leading_zero_bits, solve, solves
from takeback.cases.wire import Challenge, Proof
from takeback.errors import BadProofOfWork
from tests.conftest import FakeClock


@pytest.fixture
def proofs(clock: FakeClock) -> Proofs:
    """Asks for eight bits, so that tests stay quick."""
    return Proofs(b"key", 8, clock, Load(100))


def test_a_solved_challenge_is_taken_once(proofs: Proofs) -> None:
    """The second use of the same proof is refused."""
    proof = solve(proofs.challenge())
    proofs.take(proof)

    with pytest.raises(BadProofOfWork, match="used before"):
        proofs.take(proof)


def test_a_challenge_ends_after_ten_minutes(proofs: Proofs, clock: FakeClock) -> None:
    """A proof can't be kept for later."""
    proof = solve(proofs.challenge())
    clock.advance(LIFETIME)

    with pytest.raises(BadProofOfWork):
        proofs.take(proof)


def test_used_challenges_are_forgotten_when_they_end(proofs: Proofs, clock: FakeClock) -> None:
    """Memory holds ten minutes' worth and no more."""
    for _ in range(5):
        proofs.take(solve(proofs.challenge()))
    clock.advance(LIFETIME + timedelta(seconds=1))

    proofs.take(solve(proofs.challenge()))

    assert len(proofs._used) == 1


def test_another_hubs_challenge_is_refused(proofs: Proofs, clock: FakeClock) -> None:
    """A challenge carries this hub's own mark."""
    foreign = solve(Proofs(b"other", 8, clock, Load(100)).challenge())

    with pytest.raises(BadProofOfWork):
        proofs.take(foreign)


def test_a_challenge_made_easier_is_refused(proofs: Proofs) -> None:
    """The number of bits is inside what is marked."""
    ends, _, rest = proofs.challenge().challenge.split(".", 2)

    with pytest.raises(BadProofOfWork):
        proofs.take(solve(Challenge(f"{ends}.0.{rest}", 0)))


def test_a_wrong_solution_is_refused(proofs: Proofs) -> None:
    """The work has to be done."""
    challenge = proofs.challenge()
    wrong = next(
        str(number) for number in range(10) if not solves(challenge.challenge, str(number), 8)
    )

    with pytest.raises(BadProofOfWork):
        proofs.take(Proof(challenge.challenge, wrong))


@pytest.mark.parametrize("text", ["", ".", "...", "1.2", "é.ü.", "9" * 200])
def test_garbage_is_refused(proofs: Proofs, text: str) -> None:
    """Nothing a caller sends is taken apart before its mark is checked."""
    with pytest.raises(BadProofOfWork):
        proofs.take(Proof(text, "1"))


@pytest.mark.parametrize("nothing", [UNSET, None])
def test_no_proof_is_refused(proofs: Proofs, nothing: None) -> None:
    """Leaving it out is no way around it."""
    with pytest.raises(BadProofOfWork):
        proofs.take(nothing)


def test_zero_bits_turn_it_off(clock: FakeClock) -> None:
    """An operator may do without."""
    Proofs(b"key", 0, clock, Load(0)).take(None)

    assert Proofs(b"key", 0, clock, Load(0)).challenge().bits == 0


@pytest.mark.parametrize(
    ("digest", "bits"), [(b"\xff\x00", 0), (b"\x00\xff", 8), (b"\x00\x01", 15), (b"\x00\x00", 16)]
)
def test_leading_zero_bits_are_counted(digest: bytes, bits: int) -> None:
    """From the first byte's highest bit on."""
    assert leading_zero_bits(digest) == bits


class Seconds:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds that have passed."""
        return self.now


def _under(a_second: float, comfortable: float = 10) -> tuple[Load, Seconds]:
    """Return a load of so many proofs a second, which has lasted for five minutes."""
    seconds = Seconds()
    load = Load(comfortable, seconds)
    for _ in range(int(300 * a_second)):
        seconds.now += 1 / a_second
        load.note()
    return load, seconds


@pytest.mark.parametrize(
    ("a_second", "extra"), [(1, 0), (9, 0), (11, 1), (22, 2), (44, 3), (88, 3), (400, 3)]
)
def test_each_doubling_of_the_load_costs_one_bit_more_and_at_most_three(
    a_second: float, extra: int
) -> None:
    """A flood pays, up to eight times as much; a person on a cheap phone still gets in."""
    assert _under(a_second)[0].extra_bits() == extra


def test_the_price_falls_again_when_the_flood_is_over() -> None:
    """A few minutes later it is as if nothing had been."""
    load, seconds = _under(100)

    prices = []
    for _ in range(5):
        prices.append(load.extra_bits())
        seconds.now += 60

    assert prices == sorted(prices, reverse=True)
    assert (prices[0], prices[-1]) == (3, 0)


def test_a_short_burst_costs_nobody_more() -> None:
    """A class of thirty that opens the page together is no flood."""
    seconds = Seconds()
    load = Load(10, seconds)
    for _ in range(30):
        load.note()

    assert load.extra_bits() == 0


def test_challenges_alone_make_nothing_dearer(clock: FakeClock) -> None:
    """Only proofs that were taken count, so nobody raises the price for others for nothing."""
    proofs = Proofs(b"key", 8, clock, Load(0.01))

    challenges = [proofs.challenge() for _ in range(50)]

    assert {challenge.bits for challenge in challenges} == {8}


def test_a_busy_hub_asks_for_more_bits_and_holds_to_them(clock: FakeClock) -> None:
    """What the challenge says is what is checked; proofs asked for before stay good."""
    proofs = Proofs(b"key", 4, clock, Load(0.01))
    before = proofs.challenge()
    for _ in range(20):
        proofs.take(solve(proofs.challenge()))

    dearer = proofs.challenge()
    easy = next(
        str(number)
        for number in range(10_000)
        if solves(dearer.challenge, str(number), 4) and not solves(dearer.challenge, str(number), 7)
    )

    assert (before.bits, dearer.bits) == (4, 7)
    with pytest.raises(BadProofOfWork):
        proofs.take(Proof(dearer.challenge, easy))
    proofs.take(solve(dearer))
    proofs.take(solve(before))


def test_a_hub_that_asks_for_no_work_asks_for_none_under_load(clock: FakeClock) -> None:
    """Zero stays zero."""
    assert Proofs(b"key", 0, clock, Load(0)).challenge().bits == 0
