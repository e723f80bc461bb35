"""What pages load besides themselves: style, scripts, icon, manifest. Read once, served as is.

Every file has a digest that pages name when they load it (subresource integrity), so that a
browser refuses any other. ``look`` holds what is written by hand, ``static`` what ``make client``
built. Source: W3C, "Subresource Integrity".
"""

import base64
import gzip
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from markupsafe import Markup

from takeback.errors import NotFound, NotReady

TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""Content types, to which the web adds the charset of texts; a file with another ending is never
served."""

PLACES: Final = (files("takeback.web.portal") / "look", files("takeback.web.portal") / "static")

BUNDLES: Final = frozenset({"leave.js", "case.js", "receipt.js", "signals.js", "proof.js"})
"""What ``make client`` builds; an installed hub has all of them."""


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One file as it is served."""

    name: str
    body: bytes
    packed: bytes
    """The body compressed with gzip; always the same bytes for the same body."""

    media_type: str
    integrity: str
    """``sha384-`` and the digest in base64, as pages name it."""

    @property
    def address(self) -> str:
        """Where it is served."""
        return f"/assets/{self.name}"


def served_file(name: str, body: bytes) -> ServedFile:
    """Return *body* as a file called *name*."""
    digest = base64.b64encode(hashlib.sha384(body).digest()).decode()
    packed = gzip.compress(body, 9, mtime=0)
    return ServedFile(name, body, packed, TYPES[name[name.rindex(".") :]], f"sha384-{digest}")


@dataclass(frozen=True, slots=True)
class Assets:
    """Everything that is served under ``/assets``."""

    by_name: Mapping[str, ServedFile]

    def named(self, name: str) -> ServedFile:
        """Return an asset.

        Raises:
            NotReady: it is a script that was not built.
            NotFound: there is none of that name.
        """
        if name in self.by_name:
            return self.by_name[name]
        if name in BUNDLES:
            raise NotReady(f"{name} was not built: run `make client`")
        raise NotFound("there is nothing at this address")

    def all(self) -> list[ServedFile]:
        """Return every asset, by name."""
        return [self.by_name[name] for name in sorted(self.by_name)]

    def address(self, name: str) -> str:
        """Return where an asset is served."""
        return self.named(name).address

    def style(self, name: str) -> Markup:
        """Return the element that loads a style sheet."""
        found = self.named(name)
        return Markup('<link rel="stylesheet" href="{}" integrity="{}">').format(
            found.address, found.integrity
        )

    def script(self, name: str) -> Markup:
        """Return the element that loads the script called *name*, as a module."""
        found = self.named(f"{name}.js")
        return Markup('<script type="module" src="{}" integrity="{}"></script>').format(
            found.address, found.integrity
        )


def load(places: Iterable[Traversable] = PLACES, more: Iterable[ServedFile] = ()) -> Assets:
    """Read every asset there is, and add *more*."""
    found = [
        served_file(file.name, file.read_bytes()) for place in places for file in _files(place)
    ]
    return Assets({each.name: each for each in [*found, *more]})


def _files(place: Traversable) -> list[Traversable]:
    if not place.is_dir():
        return []
    return [file for file in place.iterdir() if file.is_file() and _ending(file.name) in TYPES]


def _ending(name: str) -> str:
    return name[name.rfind(".") :]
