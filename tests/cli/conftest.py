"""Runs the installed command as a person would, and a hub for it to speak to."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import skimage
from click.testing import CliRunner

from takeback.cli import main

PICTURES = Path(skimage.__file__).parent / "data"
"""Ordinary photographs without people, from scikit-image's wheel."""

PROGRAM = Path(sys.executable).with_name("takeback")


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> object:
        """Read stdout as one JSON document."""
        return json.loads(self.out)


Takeback = Callable[..., Finished]


def runner(folder: Path, timeout: float = 60, **always: str) -> Takeback:
    """Return what runs ``takeback`` as a program of its own in *folder*."""

    def run(*arguments: object, stdin: str = "", **environment: str) -> Finished:
        done = subprocess.run(
            [PROGRAM, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=folder,
            env={**bare_environment(), **always, **environment},
            timeout=timeout,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


def caller(folder: Path, **always: str) -> Takeback:
    """Return what runs the same command lines in this process, which spares most of a second."""

    def run(*arguments: object, stdin: str = "", **environment: str) -> Finished:
        given = {**dict.fromkeys(os.environ), **bare_environment(), **always, **environment}
        with (
            contextlib.chdir(folder),
            CliRunner().isolation(input=stdin, env=given) as (out, err, _),
        ):
            code = main.run([str(each) for each in arguments])
            return Finished(code, out.getvalue().decode(), err.getvalue().decode())

    return run


def bare_environment() -> dict[str, str]:
    """Return an environment without settings of ours."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TAKEBACK_PROOF_OF_WORK_BITS": "6"}


@pytest.fixture
def takeback(tmp_path: Path) -> Takeback:
    """Runs ``takeback`` in an empty folder."""
    return runner(tmp_path)


@pytest.fixture
def call(tmp_path: Path) -> Takeback:
    """Runs command lines in this process, in an empty folder."""
    return caller(tmp_path)


@dataclass(frozen=True, slots=True)
class Centre:
    """A hub that serves, in a folder of its own, with three members of staff."""

    folder: Path
    url: str
    run: Takeback
    """Runs ``takeback`` there, with the hub's address and data set."""

    def key(self, role: str) -> Path:
        """Return the key file of a member of staff."""
        return self.folder / f"{role}.key"

    def staff(self, role: str, *arguments: object) -> Finished:
        """Run a command of staff, printing JSON."""
        return self.run(*arguments, "--as", self.key(role), "--json")

    def open_case(self, *arguments: object) -> dict[str, str]:
        """Open a case and return what opens it again."""
        done = self.run("case", "open", "--json", *arguments)
        assert (done.code, done.err) == (0, "")
        opened = done.json()
        assert isinstance(opened, dict)
        return opened


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """Run a hub with its data in ``folder/hub`` and yield its address."""
    command = [str(PROGRAM), "serve", "--port", "0", "--data", "hub", *options]
    with (folder / "hub.log").open("w") as log:
        hub = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=bare_environment(),
        )
        with hub:
            assert hub.stdout is not None
            yield hub.stdout.readline().strip()
            hub.terminate()
            hub.wait(20)


@pytest.fixture(scope="package")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """One hub for every transcript; each test has cases and platforms of its own."""
    folder = tmp_path_factory.mktemp("centre")
    with serving(folder) as url:
        run = caller(folder, TAKEBACK_HUB=url, TAKEBACK_DATA="hub")
        opened = Centre(folder, url, run)
        first = run("staff", "add", "Lee", "--role", "lead", "--key-file", "lead.key")
        assert (first.code, first.err) == (
            0,
            "takeback: the key is in lead.key; nobody can show it again\n",
        )
        for role in ("operator", "caseworker"):
            options = ("--role", role, "--key-file", f"{role}.key")
            assert opened.staff("lead", "staff", "add", role.title(), *options).code == 0
        yield opened
