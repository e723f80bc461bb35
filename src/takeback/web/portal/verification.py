"""Whether a portal that somebody serves is the one that this release has.

Pages differ from hub to hub: names, texts, help. What they load and what they may do must not.
So every file is compared by its digest, and of every page its policy and each element that
could load something. Elements are read strictly: what is not written as our templates write it
is a difference. Knows no network.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from takeback.web.edge import HEADERS
from takeback.web.portal import policy
from takeback.web.portal.assets import Assets, ServedFile, served_file

NAMES: Final = (
    "", "case", "receipt", "help", "safety", "under-18", "about", "threat-model", "verify",
)  # fmt: skip
"""Every page whose address needs no place, by its address without the language."""

PROMISED: Final[Mapping[str, str]] = {**HEADERS, **policy.PAGE}
"""What must stand over every page, word for word."""

_LOADS: Final = re.compile(
    r"<\s*(script|link|style|base|meta|iframe|frame|object|embed|svg|math|template)\b[^>]*>?",
    re.IGNORECASE,
)
"""Whatever could load, run or embed something."""

_ELEMENT: Final = re.compile(r"""<(?P<name>[a-z]+)(?P<given>(?: [a-z-]+="[^"<>]*")*)>""")
_ATTRIBUTE: Final = re.compile(r'([a-z-]+)="([^"]*)"')
_SCRIPTS: Final = ("leave.js", "case.js", "receipt.js")


def pages(languages: Mapping[str, object]) -> list[str]:
    """Return the address of every page that is compared."""
    return ["/", *(f"/{code}/{name}".rstrip("/") for code in languages for name in NAMES)]


def file_differs(ours: ServedFile, body: bytes) -> bool:
    """Tell whether a served file is another than ours."""
    return served_file(ours.name, body).integrity != ours.integrity


def page_differences(html: str, headers: Mapping[str, str], ours: Assets) -> list[str]:
    """Return in what a served page differs from what this release allows; empty if in nothing.

    Args:
        html: the page.
        headers: of its answer, by names in lower case.
        ours: the files of this release.
    """
    return [*_headers(headers), *_elements(html, ours)]


def _headers(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in PROMISED.items():
        if headers.get(name) != value:
            yield f"the header {name} is another or missing"


def _elements(html: str, ours: Assets) -> Iterator[str]:
    for found in _LOADS.finditer(html):
        if not _is_ours(found.group(), ours):
            yield f"an element that this release does not have: {found.group(1).lower()}"
    if html.count(str(ours.script("leave"))) != 1:
        yield "the script that leaves the page is missing"


def _is_ours(text: str, ours: Assets) -> bool:
    """Tell whether one element is written as our templates write it, and loads what is ours."""
    element = _ELEMENT.fullmatch(text)
    if element is None:
        return False
    given = dict(_ATTRIBUTE.findall(element["given"]))
    if element["name"] == "link":
        return _is_our_link(given, ours)
    if element["name"] == "script" and "src" in given:
        return text in {_opening(ours, name) for name in _SCRIPTS}
    return _is_harmless(element["name"], given)


def _opening(ours: Assets, name: str) -> str:
    return str(ours.script(name.removesuffix(".js"))).removesuffix("</script>")


def _is_our_link(given: Mapping[str, str], ours: Assets) -> bool:
    by_address = {each.address: each for each in ours.all()}
    target = by_address.get(given.get("href", ""))
    if target is None:
        return False
    styled = given.get("rel") != "stylesheet" or given.get("integrity") == target.integrity
    return styled and given.get("rel") in {"stylesheet", "icon", "apple-touch-icon", "manifest"}


def _is_harmless(name: str, given: Mapping[str, str]) -> bool:
    """Tell whether it loads nothing: data for a script, words to be shown, what a screen is."""
    if name == "script":
        return given.get("type") == "application/json"
    if name == "meta":
        return "charset" in given or given.get("name") in {"viewport", "color-scheme"}
    return name == "template"
