"""Proof of work: stateless to give out, good once, and only for ten minutes."""

from datetime import timedelta

import pytest
from msgspec import UNSET

from takeback.cases.proof import LIFETIME, Proofs, leading_zero_bits, solve, solves
from takeback.cases.wire import Challenge, Proof
from takeback.errors import BadProofOfWork
from tests.conftest import FakeClock


@pytest.fixture
def proofs(clock: FakeClock) -> Proofs:
    """Asks for eight bits, so that tests stay quick."""
    return Proofs(b"key", 8, clock)


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
    foreign = solve(Proofs(b"other", 8, clock).challenge())

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
    Proofs(b"key", 0, clock).take(None)

    assert Proofs(b"key", 0, clock).challenge().bits == 0


@pytest.mark.parametrize(
    ("digest", "bits"), [(b"\xff\x00", 0), (b"\x00\xff", 8), (b"\x00\x01", 15), (b"\x00\x00", 16)]
)
def test_leading_zero_bits_are_counted(digest: bytes, bits: int) -> None:
    """From the first byte's highest bit on."""
    assert leading_zero_bits(digest) == bits
