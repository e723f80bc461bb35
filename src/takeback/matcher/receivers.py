"""A hub that speaks our partner API, as the receiver of what a courier carries."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from takeback.exchange.client import HubClient
from takeback.exchange.wire import Opinion, Response
from takeback.matcher.outbox import Report


@dataclass(frozen=True, slots=True)
class HubReceiver:
    """A ``courier.Receiver`` over the hub's partner API."""

    client: HubClient

    async def confirm(self, marker: str) -> None:
        """Confirm a withdrawal."""
        await self.client.confirm(marker)

    async def report(self, reports: Sequence[Report]) -> None:
        """Send responses or opinions, all of one kind."""
        if reports[0].kind == "response":
            await self.client.respond(
                [msgspec.json.decode(report.body, type=Response) for report in reports]
            )
        else:
            await self.client.opine(
                [msgspec.json.decode(report.body, type=Opinion) for report in reports]
            )
