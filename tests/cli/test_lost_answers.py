"""A device whose connection breaks at the wrong moment asks again, and opens one case."""

import httpx2
import pytest

from takeback.cases.wire import RegistrationDocument
from takeback.cli import reporterhub
from takeback.cli.reporterhub import ReporterHub
from tests.web.conftest import Served, served  # noqa: F401  the fixture
from tests.web.conftest import hub_clock as hub_clock


class Unlucky(httpx2.HTTPTransport):
    """Delivers every request, and loses the first answer to each kind of one that matters."""

    def __init__(self) -> None:
        """Lose nothing yet."""
        super().__init__()
        self.lost: set[str] = set()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Deliver, and drop the first answer to each POST."""
        response = super().handle_request(request)
        place = request.url.path
        if request.method == "POST" and place not in self.lost:
            response.read()
            self.lost.add(place)
            raise httpx2.ReadError("connection lost")
        return response


def test_a_lost_answer_opens_no_second_case(
    served: Served,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Opening and recovering each lose their first answer; one case is there, and it opens."""
    monkeypatch.setattr(reporterhub, "PAUSE", 0.0)
    document = RegistrationDocument(1, "threatened", "adult", "en")
    before = len(served.hub.cases.desk.unvouched(served.people()[1]))

    with httpx2.Client(base_url=served.url, transport=Unlucky(), trust_env=False) as http:
        hub = ReporterHub(http)
        opened = hub.open(document)
        recovered = hub.recover(opened.slip)

    assert recovered.case_id == opened.case_id
    assert len(served.hub.cases.desk.unvouched(served.people()[1])) <= before + 1
