"""The page on scanning a library does what it says, and the reference names every column."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from takeback.backscan import plan as plans
from takeback.backscan.tables import HITS, REFUSED
from takeback.cli.backscan.telling import Summary
from takeback.hashing import hash_picture
from tests.backscan.library import listed, reduced
from tests.hashing.photographs import CHELSEA, COFFEE, IN_WHEEL, ROCKET

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "how-to" / "scan-a-library.md").read_text()
REFERENCE = (DOCS / "reference" / "backscan.md").read_text()
BLOCKS = re.findall(r"```(console|python)\n(.*?)```(?:\n\n```text\n(.*?)```)?", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the page's reader has: a library of six pictures and a letter, and a bank."""
    library = tmp_path / "library"
    library.mkdir()
    for path in (COFFEE, CHELSEA, ROCKET, *IN_WHEEL[3:5]):
        reduced(path).save(library / f"{path.stem}.png")
    reduced(COFFEE).save(library / "copy.jpg", quality=10)
    (library / "letter.txt").write_text("no picture")
    reduced(IN_WHEEL[7]).save(library / "moon.png")
    original = (library / "coffee.png").rename(tmp_path / "original.png")
    wholes = [hash_picture(path).whole for path in (original, library / "rocket.png")]
    listed(tmp_path / "bank.parquet", [str(whole) for whole in wholes])
    return tmp_path


def test_the_blocks_print_what_the_page_says(folder: Path) -> None:
    """Command by command, and the lines of Python; numbers that differ by machine are dots."""
    assert [kind for kind, _, _ in BLOCKS] == ["console"] * 3 + ["python"] + ["console"] * 2
    for kind, block, said in BLOCKS:
        printed = _typed(block, folder) if kind == "console" else _python(block, folder)
        wanted = block.split("\n", 1)[1] if kind == "console" else said
        assert _fits(wanted, printed), printed


def _typed(block: str, folder: Path) -> str:
    command = block.split("\n", 1)[0].removeprefix("$ ")
    command = command.replace("takeback-matcher", "bank.parquet")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": path},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _python(block: str, folder: Path) -> str:
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(block, "scan-a-library.md", "exec"), {})  # noqa: S102 - our own page
    return printed.getvalue()


def _fits(said: str, printed: str) -> bool:
    pattern = re.escape(said.strip()).replace("…", "[^\n]*")
    return re.fullmatch(pattern, printed.strip()) is not None


def _headed(heading: str) -> set[str]:
    """Return what the first table below a heading lists."""
    section = REFERENCE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Hits", set(HITS.names)),
        ("Refused", set(REFUSED.names)),
        ("Summary", {field.name for field in msgspec.structs.fields(Summary)}),
        ("Plan", {field.name for field in msgspec.structs.fields(plans.Plan)}),
    ],
)
def test_the_reference_names_every_column_and_field(heading: str, names: set[str]) -> None:
    """Each in the table below its heading, and no other."""
    assert _headed(heading) == names
