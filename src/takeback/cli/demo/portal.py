"""The end of the story: the portal, where she does all this on her phone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx2

from takeback.cases.wire import Opened
from takeback.cli.demo.telling import Telling

PAGES: Final = ("", "/case", "/receipt", "/help", "/help/kr", "/safety", "/under-18", "/about")
"""Pages that the demonstration looks at, in each language."""

LANGUAGES: Final[Mapping[str, str]] = {"ko": "Korean", "en": "English"}

ELSEWHERE: Final = ("http:", "https:", "data:", "*", "'unsafe-inline'", "'unsafe-eval'")
"""What a policy would say that let a page load or run anything of somebody else's."""

UNREVIEWED: Final = "Not reviewed yet"


@dataclass(frozen=True, slots=True)
class PortalChapter:
    """Tells whether the portal is there, alone with its own things, and honest about its help."""

    http: httpx2.Client
    telling: Telling

    def play(self, opened: Opened, platform: str) -> None:
        """Open the pages, and a receipt on one of them.

        Args:
            opened: what opens the case of the story.
            platform: who removed a copy, which the receipt has to name.
        """
        self.telling.chapter("The portal, where she does all this on her phone")
        answers = [self.http.get(f"/{each}{page}") for each in LANGUAGES for page in PAGES]
        there = all(answer.status_code == httpx2.codes.OK for answer in answers)
        largest = max(len(answer.content) for answer in answers)
        what = f"its pages answer, in {' and '.join(LANGUAGES.values())}"
        self.telling.step(what, there, f"{len(answers)} pages, {largest / 1000:.0f} kB at most")
        self.telling.step("none may load anything from elsewhere", all(map(_alone, answers)))
        unreviewed = self.http.get("/en/help/kr").text.count(UNREVIEWED)
        what = "nobody has reviewed its help pages yet, and they say so"
        self.telling.step(what, unreviewed > 0, f"{unreviewed} entries on South Korea's page")
        receipt = self._receipt(opened)
        self.telling.step("her receipt opens there, without a script too", platform in receipt)

    def _receipt(self, opened: Opened) -> str:
        """Return the receipt as a page; this form is the one place that needs no script."""
        typed = {"action": "read", "code": opened.code, "pin": opened.pin}
        return self.http.post("/en/receipt", data=typed).text


def _alone(answer: httpx2.Response) -> bool:
    """Tell whether the page may load nothing but its own hub's things."""
    policy = answer.headers["content-security-policy"]
    return policy.startswith("default-src 'none'") and not _any(ELSEWHERE, policy)


def _any(words: Iterable[str], policy: str) -> bool:
    return any(word in policy.replace(";", " ").split() for word in words)
