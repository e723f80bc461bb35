"""The tutorial is typed in, command by command, and prints what it says."""

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "first-hub.md"
END = "end of the output of command"


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the tutorial and the lines it is said to print."""

    text: str
    printed: tuple[str, ...]


def commands(markdown: str) -> list[Command]:
    """Return what stands in the console blocks, in order."""
    blocks = re.findall(r"```console\n(.*?)```", markdown, re.DOTALL)
    typed = [each for block in blocks for each in re.split(r"^\$ ", block, flags=re.MULTILINE)]
    lines = [each.splitlines() for each in typed if each.strip()]
    return [Command(first, tuple(rest)) for first, *rest in lines]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def elsewhere(markdown: str) -> tuple[str, dict[str, str]]:
    """Return the tutorial with other ports, so that it can run beside anything, and settings."""
    hub, matcher = str(free_port()), str(free_port())
    moved = markdown.replace("8080", hub).replace("8090", matcher)
    moved = moved.replace("takeback matcher --hub", f"takeback matcher --port {matcher} --hub")
    moved = moved.replace(
        "$ takeback match ", f"$ takeback match --matcher http://127.0.0.1:{matcher} "
    )
    return moved, {"TAKEBACK_PORT": hub}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with our programs where ``make demo`` puts them."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def test_the_tutorial_prints_what_it_says(folder: Path) -> None:
    """One bash, every command in turn, each ending with exit code 0."""
    markdown, settings = elsewhere(TUTORIAL.read_text())
    typed = commands(markdown)
    script = "\n".join(f"{each.text}\ncode=$?; echo; echo {END} $code" for each in typed)
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash],
        input=script,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **settings},
        timeout=120,
        check=False,
    )

    outputs = re.split(rf"\n?{END} (\d+)\n", done.stdout)
    assert len(typed) > 20
    assert len(outputs) // 2 == len(typed), done.stderr
    for each, output, code in zip(typed, outputs[::2], outputs[1::2], strict=False):
        assert code == "0", f"{each.text}\n{output}\n{done.stderr}"
        assert fits(each.printed, output.splitlines()), f"{each.text}\n{output}"


def fits(said: tuple[str, ...], printed: list[str]) -> bool:
    """Whether every printed line is as said, with ``…`` for anything."""
    kept = [line for line in printed if line]
    patterns = [re.escape(line).replace("…", ".*") for line in said]
    return len(kept) == len(patterns) and all(map(re.fullmatch, patterns, kept))


def test_another_output_would_be_noticed() -> None:
    """Control: a line too many, too few or different does not fit."""
    assert fits(("root …",), ["root abc", ""])
    assert not fits(("root …",), ["root abc", "more"])
    assert not fits(("root …",), [])
    assert not fits(("tier feed",), ["tier lookup"])
