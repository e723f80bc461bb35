"""Files that pages load: named by digest, served as they are, and only those there are."""

import base64
import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from takeback.errors import NotFound, NotReady
from takeback.web.demo import DemoClock
from takeback.web.portal.assets import BUNDLES, Assets, load, served_file
from takeback.web.portal.language import languages
from takeback.web.portal.pages import load_assets
from takeback.web.portal.verification import file_differs, page_differences
from tests.web.conftest import Served, serving, settings_for

MOST_STYLE = 4_000
MOST_SCRIPT = 120_000
"""Bytes of the style and of all scripts together, compressed."""


@pytest.fixture(scope="module")
def assets() -> Assets:
    """Every file of this release."""
    return load_assets(languages())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demonstration, whose portal is open."""
    with serving(settings_for(tmp_path_factory.mktemp("demo")), DemoClock()) as served:
        yield served


def test_every_file_is_served_as_it_is(served: Served, assets: Assets) -> None:
    """With its type, whole or as gzip, and its digest is the one that pages name."""
    for each in assets.all():
        plain = served.http.get(each.address, headers={"accept-encoding": "identity"})
        packed = served.http.get(each.address, headers={"accept-encoding": "gzip"})

        digest = base64.b64encode(hashlib.sha384(plain.content).digest()).decode()
        assert each.integrity == f"sha384-{digest}"
        assert plain.content == packed.content == each.body
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert int(packed.headers["content-length"]) == len(each.packed)
        assert plain.headers["content-type"].removesuffix("; charset=utf-8") == each.media_type
        assert plain.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "portal.html",
        "..%2Fpages.py",
        ".built-from",
        "leave.js.map",
        "",
    ],
)
def test_nothing_else_is_served(served: Served, name: str) -> None:
    """No other file of the package, whatever the address says."""
    assert served.http.get(f"/assets/{name}").status_code == 404


def test_a_script_that_was_not_built_says_how(tmp_path: Path) -> None:
    """Whoever runs from the sources is told what to do."""
    nothing = load([tmp_path])

    for name in BUNDLES:
        with pytest.raises(NotReady, match="run `make client`"):
            nothing.named(name)
    with pytest.raises(NotFound):
        nothing.named("another.js")


def test_the_same_bytes_make_the_same_asset() -> None:
    """Compression has no date in it, so two builds are equal."""
    first, second = served_file("a.css", b"b" * 999), served_file("a.css", b"b" * 999)

    assert first == second
    assert gzip.decompress(first.packed) == first.body


def test_what_pages_load_is_small(assets: Assets) -> None:
    """The style is short enough to be read; the scripts fit a slow network."""
    scripts = [each for each in assets.all() if each.name.endswith(".js")]

    assert len(assets.named("portal.css").packed) <= MOST_STYLE
    assert sum(len(each.packed) for each in scripts) <= MOST_SCRIPT


def test_an_installed_page_is_called_as_neutrally_as_its_title(assets: Assets) -> None:
    """In each language, with the plain icon."""
    english = assets.named("notes-en.webmanifest").body.decode()
    korean = assets.named("notes-ko.webmanifest").body.decode()

    assert '"name": "Notes"' in english
    assert '"name": "메모"' in korean
    for manifest in (english, korean):
        assert "akeback" not in manifest
        assert "/assets/icon.svg" in manifest


def test_a_page_of_ours_differs_in_nothing(demo: Served, assets: Assets) -> None:
    """With the operator's words in it and a proxy's further header."""
    answer = demo.http.get("/ko/case")

    headers = {**answer.headers, "strict-transport-security": "max-age=1"}
    assert page_differences(answer.text, headers, assets) == []


CHANGES = {
    "another script": '<script type="module" src="/assets/other.js"></script>',
    "a script without a digest": '<script type="module" src="/assets/leave.js"></script>',
    "a script inside": "<script>fetch('/')</script>",
    "a script in a picture": "<svg><script href='/assets/x.js'></script></svg>",
    "a script in capitals": "<SCRIPT SRC=/assets/other.js></SCRIPT>",
    "a script that is not closed": "<script src=/assets/other.js ",
    "a style inside": "<style>body { background: url(/v1/challenge) }</style>",
    "another style": '<link rel="stylesheet" href="/assets/other.css">',
    "our style without a digest": '<link rel="stylesheet" href="/assets/portal.css">',
    "a link that loads ahead": '<link rel="modulepreload" href="/assets/leave.js">',
    "a base": '<base href="/assets/">',
    "a page that moves on": '<meta http-equiv="refresh" content="0;url=/x">',
    "a frame": '<iframe src="/x"></iframe>',
}


@pytest.mark.parametrize("more", CHANGES.values(), ids=CHANGES.keys())
def test_a_page_that_loads_something_else_differs(demo: Served, assets: Assets, more: str) -> None:
    """However it is written."""
    answer = demo.http.get("/en")
    changed = answer.text.replace("</main>", f"{more}</main>")

    assert page_differences(changed, answer.headers, assets) != []


def test_a_page_without_our_policy_differs(demo: Served, assets: Assets) -> None:
    """Weaker, missing or merely another: each header counts."""
    answer = demo.http.get("/en")
    weaker = answer.headers["content-security-policy"].replace("'self'", "*", 1)

    for changed in (
        {**answer.headers, "content-security-policy": weaker},
        {**answer.headers, "referrer-policy": "unsafe-url"},
        {k: v for k, v in answer.headers.items() if k != "cross-origin-opener-policy"},
    ):
        assert len(page_differences(answer.text, changed, assets)) == 1


def test_a_page_that_can_not_be_left_differs(demo: Served, assets: Assets) -> None:
    """The script of the way out belongs to every page."""
    answer = demo.http.get("/en")
    without = answer.text.replace(str(assets.script("leave")), "")

    assert page_differences(without, answer.headers, assets) == [
        "the script that leaves the page is missing"
    ]


def test_one_other_byte_makes_another_digest(assets: Assets) -> None:
    """A file is ours whole or not at all."""
    ours = assets.named("leave.js")

    assert not file_differs(ours, ours.body)
    assert file_differs(ours, ours.body + b" ")
