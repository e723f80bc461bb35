"""The stock StopNCII client, with this exchange at the other end."""

from collections.abc import Sequence
from typing import Any

import msgspec
from threatexchange.exchanges.clients.stopncii import api as stock

from takeback.accounts.model import Platform
from takeback.exchange.stopncii import (
    FeedbackRequest,
    FetchAnswer,
    HashRecord,
    SubmitRequest,
)
from tests.exchange.partners import Partners


class StockClient(stock.StopNCIIAPI):
    """The stock client with its HTTP session taken out: the same JSON, handed over directly."""

    def __init__(self, partners: Partners, platform: Platform) -> None:
        """Speak to this exchange as this platform."""
        super().__init__("subscription", "fetch")
        self.partners = partners
        self.platform = platform

    def _get(self, endpoint: stock.StopNCIIEndpoint, **params: Any) -> Any:  # noqa: ANN401
        answer = self.partners.exchange.stopncii.fetch(
            self.platform, params["startTimestamp"], params["pageSize"], params.get("nextPageToken")
        )
        return msgspec.json.decode(msgspec.json.encode(answer))

    def _post(self, endpoint: stock.StopNCIIEndpoint, *, json: Any = None) -> Any:  # noqa: ANN401
        stopncii, body = self.partners.exchange.stopncii, msgspec.json.encode(json)
        if endpoint is stock.StopNCIIEndpoint.SubmitHashes:
            return stopncii.submit(self.platform, msgspec.json.decode(body, type=SubmitRequest))
        return stopncii.feedback(self.platform, msgspec.json.decode(body, type=FeedbackRequest))


def records(answers: Sequence[FetchAnswer]) -> list[HashRecord]:
    """Return the records of all pages."""
    return [record for answer in answers for record in answer.hash_records]


def values(answers: Sequence[FetchAnswer]) -> list[str]:
    """Return the signals of all pages."""
    return [record.hash_value for record in records(answers)]
