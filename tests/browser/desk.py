"""What the support centre finds at the hub, for tests that look at both ends."""

from dataclasses import dataclass, field

from takeback.cases.model import Case, CaseView
from tests.web.conftest import Served


@dataclass
class Desk:
    """The cases that were opened since the test began."""

    portal: Served
    before: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Remember those of earlier tests."""
        self.before = {case.id for case in self._all()}

    def cases(self) -> list[Case]:
        """Return the cases that were opened."""
        return [case for case in self._all() if case.id not in self.before]

    def only(self) -> CaseView:
        """Return the one case that was opened."""
        [case] = self.cases()
        return self.portal.hub.cases.desk.show(case.id, self.portal.people()[1])

    def _all(self) -> list[Case]:
        return self.portal.hub.cases.desk.unvouched(self.portal.people()[1])
