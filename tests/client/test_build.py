"""What is served to browsers is built from the sources, the same bytes each time, and installed."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatch_build import BUILT_FROM, CLIENT, INSTALLED_FROM, PACKAGES, SERVED, sources_digest

ROOT = CLIENT.parent


def bundles(folder: Path) -> dict[str, bytes]:
    """Return the built scripts in *folder*, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.js"))}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources somewhere else, never built; the packages are there already."""
    without = shutil.ignore_patterns("node_modules", "tests")
    shutil.copytree(CLIENT, tmp_path / "client", ignore=without)
    (tmp_path / "client" / "node_modules").symlink_to(PACKAGES)
    shutil.copy(ROOT / "hatch_build.py", tmp_path)
    return tmp_path


def build(project: Path) -> subprocess.CompletedProcess[str]:
    """Do what ``make client`` does."""
    command = [sys.executable, "hatch_build.py"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True)


def served(project: Path) -> Path:
    """Return where a project's built scripts are."""
    return project / SERVED.relative_to(ROOT)


def test_what_is_served_is_built_from_these_sources() -> None:
    """A hub never serves what was built from something else: ``make client`` sees to it."""
    assert BUILT_FROM.read_text() == sources_digest()
    assert INSTALLED_FROM.exists()


def test_the_same_sources_give_the_same_bytes_wherever_they_lie(copy: Path) -> None:
    """Anybody can build what a hub serves, and compare."""
    built = build(copy)

    assert built.returncode == 0, built.stderr
    assert bundles(served(copy)) == bundles(SERVED)


def test_it_is_built_again_only_when_a_source_changed(copy: Path) -> None:
    """And says in one line that it does."""
    assert build(copy).stderr == "building what runs in the browser\n"
    assert build(copy).stderr == ""

    with (copy / "client" / "src" / "islands" / "leave.ts").open("a") as source:
        source.write("\nconsole.log(1);\n")

    assert build(copy).stderr == "building what runs in the browser\n"
    assert b"console.log(1)" in bundles(served(copy))["leave.js"]


def test_a_mistake_in_a_source_leaves_what_is_served(copy: Path) -> None:
    """The build fails aloud, and the hub goes on serving what it had."""
    build(copy)
    before = bundles(served(copy))
    (copy / "client" / "src" / "islands" / "leave.ts").write_text("export const = ;\n")

    broken = build(copy)

    assert broken.returncode != 0
    assert "leave.ts" in broken.stderr
    assert bundles(served(copy)) == before


def packages(project: Path, target: Path) -> tuple[Path, Path]:
    """Package *project* and return its sdist and its wheel."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    packaged = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert packaged.returncode == 0, packaged.stderr
    assert "building what runs" not in packaged.stderr
    return next(target.glob("*.tar.gz")), next(target.glob("*.whl"))


def test_packages_carry_what_was_built_and_need_no_node(tmp_path: Path) -> None:
    """An sdist's wheel is the working tree's, byte for byte, made with no package of node's."""
    sdist, wheel = packages(ROOT, tmp_path / "first")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")

    _, again = packages(tmp_path / sdist.name.removesuffix(".tar.gz"), tmp_path / "second")

    assert again.read_bytes() == wheel.read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name: archive.read(f"{_folder()}/{name}") for name in bundles(SERVED)}
    assert shipped == bundles(SERVED)


def _folder() -> str:
    return SERVED.relative_to(ROOT / "src").as_posix()
