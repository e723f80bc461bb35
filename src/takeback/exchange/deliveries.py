"""Who was sent what: asked when a withdrawal must say who has yet to confirm it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from takeback.db import Database
from takeback.exchange.model import Channel
from takeback.exchange.store import DeliveryStore
from takeback.ids import PlatformId


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Platforms by what they were sent, whatever tier and marks they have today."""

    db: Database

    def platforms_past(self, seq: int, bank: str) -> Sequence[PlatformId]:
        """Return the platforms that were served *bank*'s feed up to *seq* or beyond."""
        with self.db.reading():
            return DeliveryStore(self.db).past(Channel.FEED, bank, seq)

    def partners_past(self, day: date, bank: str) -> Sequence[PlatformId]:
        """Return the partners, unable to confirm, that were served *bank* on *day* or later."""
        with self.db.reading():
            return DeliveryStore(self.db).since(Channel.PARTNER, bank, day)
