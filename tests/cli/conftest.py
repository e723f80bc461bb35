"""Runs the installed command as a person would."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import skimage

PICTURES = Path(skimage.__file__).parent / "data"
"""Ordinary photographs without people, from scikit-image's wheel."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str


Takeback = Callable[..., Finished]


@pytest.fixture
def takeback(tmp_path: Path) -> Takeback:
    """Runs ``takeback`` in an empty folder, with nothing set in its environment."""
    program = Path(sys.executable).with_name("takeback")

    def run(*arguments: object, stdin: str = "", **environment: str) -> Finished:
        done = subprocess.run(
            [program, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
            timeout=60,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run
