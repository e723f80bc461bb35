"""What was served to whom and what came back, in the database. No signal is in these tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from takeback.db import Big, Database, Day, Flag, Instant, metadata
from takeback.exchange.model import NOT_INTIMATE, CanaryPlace, Channel, Report
from takeback.exchange.wire import Response
from takeback.ids import EntryId, PlatformId

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("platform_id", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("bank", sa.Text, primary_key=True),
    sa.Column("seq", Big, nullable=False),
    sa.Column("on", Day, nullable=False),
    sqlite_strict=True,
)
"""The newest place each platform was served of each bank, and the last day it was."""

opinions = sa.Table(
    "opinions",
    metadata,
    sa.Column("platform_id", sa.Text, primary_key=True),
    sa.Column("entry_id", Big, primary_key=True, autoincrement=False),
    sa.Column("opinion", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("settled", Flag, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_opinions_entry_id", "entry_id"),
    sqlite_strict=True,
)

responses = sa.Table(
    "responses",
    metadata,
    sa.Column("platform_id", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("entry_id", Big, nullable=False),
    sa.Column("response", sa.Text, nullable=False),
    sa.Column("confirmed_by_person", Flag, nullable=False),
    sa.Column("ground", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sqlite_strict=True,
)

canary_places = sa.Table(
    "canary_places",
    metadata,
    sa.Column("canary_id", Big, primary_key=True, autoincrement=False),
    sa.Column("platform_id", sa.Text, primary_key=True),
    sa.Column("seq", Big, nullable=False),
    sa.Column("at", Big, nullable=False),
    sa.Column("gone", Flag, nullable=False),
    sqlite_strict=True,
)

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class DeliveryStore:
    """Who was served what. Never commits."""

    db: Database

    def served(self, platform_id: PlatformId, channel: Channel) -> dict[str, int]:
        """Return the newest place the platform was served of each bank."""
        rows = self.db.execute(
            sa.select(deliveries.c.bank, deliveries.c.seq).where(
                deliveries.c.platform_id == platform_id, deliveries.c.channel == channel.value
            )
        )
        return {row.bank: row.seq for row in rows}

    def note(
        self, platform_id: PlatformId, channel: Channel, served: Mapping[str, int], on: date
    ) -> None:
        """Write down that the platform was served each bank up to a place."""
        for bank, seq in served.items():
            key = {"platform_id": platform_id, "channel": channel.value, "bank": bank}
            where = sa.and_(*(deliveries.c[name] == value for name, value in key.items()))
            later = sa.case((deliveries.c.seq > seq, deliveries.c.seq), else_=seq)
            known = self.db.execute(deliveries.update().where(where).values(seq=later, on=on))
            if known.rowcount == 0:
                self.db.execute(deliveries.insert().values(**key, seq=seq, on=on))

    def past(self, channel: Channel, bank: str, seq: int) -> list[PlatformId]:
        """Return the platforms that were served *bank* up to *seq* or beyond."""
        return self._platforms(channel, bank, deliveries.c.seq >= seq)

    def since(self, channel: Channel, bank: str, day: date) -> list[PlatformId]:
        """Return the platforms that were served *bank* on *day* or later."""
        return self._platforms(channel, bank, deliveries.c.on >= day)

    def _platforms(
        self, channel: Channel, bank: str, condition: sa.ColumnElement[bool]
    ) -> list[PlatformId]:
        chosen = sa.select(deliveries.c.platform_id).where(
            deliveries.c.channel == channel.value, deliveries.c.bank == bank, condition
        )
        return [PlatformId(each) for each in self.db.execute(chosen).scalars()]


@dataclass(frozen=True, slots=True)
class ReportStore:
    """What platforms said and did. Never commits."""

    db: Database

    def opinion(self, platform_id: PlatformId, entry_id: EntryId) -> Report | None:
        """Return the platform's standing opinion on the entry, if it has one."""
        row = self.db.execute(opinions.select().where(_opinion(platform_id, entry_id))).first()
        return Report(entry_id, row.opinion, row.reason, row.settled) if row else None

    def put_opinion(self, platform_id: PlatformId, report: Report, at: datetime) -> None:
        """Replace the platform's opinion on the entry."""
        self.db.execute(opinions.delete().where(_opinion(platform_id, report.entry_id)))
        self.db.execute(
            opinions.insert().values(
                platform_id=platform_id,
                entry_id=report.entry_id,
                opinion=report.opinion,
                reason=report.reason,
                settled=report.settled,
                at=at,
            )
        )

    def count_not_intimate(self, entry_id: EntryId, platforms: Iterable[PlatformId]) -> int:
        """Return how many of *platforms* say that the entry is no intimate picture."""
        saying = sa.and_(
            opinions.c.entry_id == entry_id,
            opinions.c.platform_id.in_(list(platforms)),
            opinions.c.opinion == "negative",
            opinions.c.reason == NOT_INTIMATE,
            sa.not_(opinions.c.settled),
        )
        counted = sa.select(sa.func.count()).select_from(opinions).where(saying)
        return int(self.db.execute(counted).scalar_one())

    def settle(self, entry_id: EntryId, platform_id: PlatformId | None) -> None:
        """Let opinions on the entry, one platform's or all, count no more: a person decided."""
        said = opinions.update().where(opinions.c.entry_id == entry_id)
        if platform_id is not None:
            said = said.where(opinions.c.platform_id == platform_id)
        self.db.execute(said.values(settled=True))

    def add_response(
        self, platform_id: PlatformId, entry_id: EntryId, response: Response, at: datetime
    ) -> bool:
        """Store a response; return False, changing nothing, when its id was sent before."""
        same = sa.and_(responses.c.platform_id == platform_id, responses.c.id == response.id)
        if self.db.execute(sa.select(responses.c.id).where(same)).first() is not None:
            return False
        self.db.execute(
            responses.insert().values(
                platform_id=platform_id,
                id=response.id,
                entry_id=entry_id,
                response=response.response,
                confirmed_by_person=response.confirmed_by_person,
                ground=response.ground or "",
                reason=response.reason or "",
                at=at,
            )
        )
        return True


def _opinion(platform_id: PlatformId, entry_id: EntryId) -> sa.ColumnElement[bool]:
    return sa.and_(opinions.c.platform_id == platform_id, opinions.c.entry_id == entry_id)


@dataclass(frozen=True, slots=True)
class PlaceStore:
    """Where canaries stand in what each platform receives. Never commits."""

    db: Database

    def places(self, platform_id: PlatformId) -> list[CanaryPlace]:
        """Return the places this platform's answers take canaries from, in order."""
        rows = self.db.execute(
            canary_places.select()
            .where(canary_places.c.platform_id == platform_id)
            .order_by(canary_places.c.seq)
        )
        return [CanaryPlace(**row._mapping) for row in rows]

    def put(self, places: Sequence[CanaryPlace]) -> None:
        """Replace places."""
        for place in places:
            same = sa.and_(
                canary_places.c.canary_id == place.canary_id,
                canary_places.c.platform_id == place.platform_id,
            )
            self.db.execute(canary_places.delete().where(same))
            self.db.execute(
                canary_places.insert().values(
                    canary_id=place.canary_id,
                    platform_id=place.platform_id,
                    seq=place.seq,
                    at=place.at,
                    gone=place.gone,
                )
            )
