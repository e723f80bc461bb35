"""A bank to test with, and made-up signals that no picture has."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from takeback.audit.store import AuditLog
from takeback.db import Database
from takeback.hashing.arrays import signals_to_array
from takeback.hashing.keypoint_signals import KeypointSignals, KeypointView, whole_look
from takeback.hashing.signal import Signal
from takeback.hashing.signal_types import SignalType
from takeback.hashing.video_signals import FrameView, KeypointFrame, VideoSignals
from takeback.ids import CaseId, EntryId, ItemId, PlatformId, new_id
from takeback.matching.model import ADULT, BANKS, BankSignal, Change
from takeback.matching.paging import Reader
from takeback.matching.service import Bank
from takeback.settings import Settings
from tests.conftest import FakeClock

PLATFORM = PlatformId("platform_" + "0" * 16)
OTHER = PlatformId("platform_" + "1" * 16)


def signal(number: int) -> Signal:
    """Return the made-up signal of this number; two of them differ by about 128 bits."""
    return Signal(random.Random(number).randbytes(32))


def banked(number: int, quality: int = 90, view: str = "whole") -> BankSignal:
    """Return the made-up signal of this number, ready to register."""
    return BankSignal(signal(number).bits, quality, view)


def described(number: int) -> BankSignal:
    """Return made-up keypoint signals of this number, ready to register."""
    draw = np.random.default_rng(number)
    bits = draw.integers(0, 256, (80, 32), np.uint8)
    places = draw.integers(0, (64, 48, 16, 24), (80, 4), np.uint8)
    packed = KeypointSignals(64, 48, bits, places).pack()
    return BankSignal(packed, type=SignalType.KEYPOINTS)


def filmed(number: int, frames: int = 3, keypoints: bool = False) -> BankSignal:
    """Return made-up signals of a video of this number, ready to register."""
    draw = np.random.default_rng(number)
    looks = [whole_look({KeypointView.PLAIN: KeypointSignals.unpack(described(number).content)})]
    video = VideoSignals(
        duration=1000 * frames,
        times=np.arange(frames, dtype=np.uint32) * 1000,
        qualities=np.full(frames, 90, np.uint8),
        views={FrameView.WHOLE: draw.integers(0, 256, (frames, 32), np.uint8)},
        keypoints=tuple(KeypointFrame(0, look) for look in looks),
        md5=draw.bytes(16),
        sha256=draw.bytes(32),
    )
    return BankSignal(video.pack(keypoints=keypoints), type=SignalType.VIDEO)


def digest(number: int) -> BankSignal:
    """Return the made-up digest of a video's file of this number, ready to register."""
    return BankSignal(random.Random(number).randbytes(16), type=SignalType.MD5)


def turned(of: Signal, bits: int) -> Signal:
    """Return *of* with its first *bits* bits turned over."""
    mask = (1 << 256) - (1 << (256 - bits))
    return Signal((int.from_bytes(of.bits) ^ mask).to_bytes(32))


def make_bank(database: Database, clock: FakeClock, **settings: int) -> Bank:
    """Return a bank on *database*."""
    audit = AuditLog(database, clock, Ed25519PrivateKey.generate())
    return Bank(database, audit, clock, Settings(**settings))  # type: ignore[arg-type]


def register(
    bank: Bank, *numbers: int, to: str = ADULT, partners: bool = False, vouched: bool = False
) -> ItemId:
    """Register made-up signals for a new case; return its item."""
    signals = [banked(number) for number in numbers]
    return register_all(bank, signals, to=to, partners=partners, vouched=vouched)


def register_all(
    bank: Bank,
    signals: Sequence[BankSignal],
    *,
    to: str = ADULT,
    partners: bool = False,
    vouched: bool = False,
) -> ItemId:
    """Register these signals for a new case; return its item."""
    item_id = ItemId(new_id("item"))
    bank.register(CaseId(new_id("case")), item_id, to, signals, partners=partners, vouched=vouched)
    return item_id


@dataclass
class Follower:
    """Reads the feed page by page and keeps what it says, as a platform's matcher does."""

    bank: Bank
    platform_id: PlatformId = PLATFORM
    banks: frozenset[str] = BANKS
    after: int = 0
    served: int = 0
    held: dict[EntryId, Change] = field(default_factory=dict)
    read: list[Change] = field(default_factory=list)

    def page(self, limit: int = 100) -> bool:
        """Read one page; return whether there is more."""
        reader = Reader(self.platform_id, self.banks, dict.fromkeys(self.banks, self.served))
        page = self.bank.changes(reader, self.after, limit)
        self.read += page.entries
        for change in page.entries:
            if change.active:
                self.held[change.entry_id] = change
            else:
                self.held.pop(change.entry_id, None)
        self.after = page.to_seq
        self.served = max(self.served, page.to_seq)
        return page.more

    def catch_up(self, limit: int = 100) -> list[Change]:
        """Read to the end; return what was read."""
        start = len(self.read)
        while self.page(limit):
            pass
        return self.read[start:]

    @property
    def signals(self) -> set[bytes]:
        """The signals this follower matches uploads against."""
        return {change.content or b"" for change in self.held.values()}


def matches(bank: Bank, number: int, distance: int = 0, banks: frozenset[str] = BANKS) -> int:
    """Look a copy of the signal up that is *distance* bits away; return how many were found."""
    query = signals_to_array([turned(signal(number), distance)])
    [found] = bank.search(query, Reader(PLATFORM, banks), 10)
    return len(found.near)
