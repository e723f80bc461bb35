"""The entry point: help, usage and what each error means for the shell."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from takeback import __version__, errors
from takeback.cli import main
from takeback.cli.lazy import LazyGroup
from takeback.errors import (
    BadInput,
    Conflict,
    IntegrityFailure,
    NotAllowed,
    NotFound,
    TakebackError,
    Unavailable,
)
from tests.cli.conftest import PICTURES, Takeback
from tests.docs.reference import every_error

ERRORS = [kind for kind in every_error() if kind is not TakebackError]


def commands(group: LazyGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every command, groups and commands alike."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, LazyGroup):
            yield from commands(command, (*path, name))


def found(path: tuple[str, ...]) -> tuple[LazyGroup, click.Command]:
    """Return a command and the group it is in."""
    group: LazyGroup = main.cli
    for name in path[:-1]:
        inner = group.get_command(click.Context(group), name)
        assert isinstance(inner, LazyGroup)
        group = inner
    command = group.get_command(click.Context(group), path[-1])
    assert command is not None
    return group, command


EVERY_COMMAND = list(commands(main.cli))


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=" ".join)
def test_the_listed_line_is_the_commands_own_first_line(path: tuple[str, ...]) -> None:
    """What ``--help`` lists and what the command says of itself are the same words."""
    group, command = found(path)

    assert (command.help or "").split("\n", 1)[0] == group.table[path[-1]].help


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=" ".join)
def test_no_option_takes_a_secret(path: tuple[str, ...]) -> None:
    """Codes, PINs and slips are read from a prompt, stdin or a file, never from argv."""
    _, command = found(path)

    for parameter in command.params:
        takes_text = not isinstance(parameter.type, click.Path | click.types.BoolParamType)
        if takes_text and parameter.name != "key_id":
            assert not {"code", "pin", "slip", "key"} & set((parameter.name or "").split("_"))


def test_help_is_quick(takeback: Takeback) -> None:
    """Well under a third of a second of work, so that completion feels instant."""
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = takeback("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    assert done.code == 0
    assert done.out.startswith("Usage: takeback ")
    assert min(took) < 0.3


def test_help_imports_no_command() -> None:
    """What commands need is imported when they run."""
    look = "import sys; from takeback.cli import main; main.run(['--help']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60
    )

    loaded = done.stdout.split()
    assert "takeback.cli.main" in loaded
    assert not {"numpy", "numba", "sqlalchemy", "httpx2", "takeback.cli.hash"} & set(loaded)


def test_the_version_is_the_packages(takeback: Takeback) -> None:
    """``--version`` prints name and version."""
    assert takeback("--version").out == f"takeback {__version__}\n"


def test_a_wrong_option_is_exit_2_with_a_hint(takeback: Takeback) -> None:
    """Usage errors are lower case, have no full stop, and name the help."""
    done = takeback("hash", "--jason", "x")

    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[0].startswith("takeback: error: no such option '--jason'")
    assert done.err.splitlines()[1] == "takeback: hint: `takeback hash --help` shows how it is used"


def test_an_unknown_command_is_exit_2(takeback: Takeback) -> None:
    """And says which one."""
    done = takeback("scan")

    assert done.code == 2
    assert "no such command 'scan'" in done.err


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_has_the_exit_code_of_its_branch(kind: type[TakebackError]) -> None:
    """No expected failure is exit 1."""
    expected: dict[type[Exception], int] = {
        BadInput: 3,
        NotFound: 4,
        Conflict: 5,
        NotAllowed: 6,
        errors.NotSignedIn: 6,
        Unavailable: 7,
        IntegrityFailure: 70,
    }

    code = main.exit_code(kind.__new__(kind))

    assert code == next(number for branch, number in expected.items() if issubclass(kind, branch))


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete"), ("zsh", "compdef"), ("fish", "complete")]
)
def test_completion_is_printed_for_each_shell(takeback: Takeback, shell: str, word: str) -> None:
    """A script that the shell can read."""
    done = takeback("completion", shell)

    assert done.code == 0
    assert word in done.out


def test_completion_offers_our_commands(takeback: Takeback) -> None:
    """Completing ``takeback case o`` gives ``open``."""
    done = takeback(
        _TAKEBACK_COMPLETE="bash_complete", COMP_WORDS="takeback case o", COMP_CWORD="2"
    )

    assert done.out == "plain,open\n"


def test_a_closed_pipe_ends_quietly() -> None:
    """``takeback … | head`` leaves no trace of what the reader did not want."""
    reader, writer = os.pipe()
    os.close(reader)
    program = Path(sys.executable).with_name("takeback")
    done = subprocess.run(
        [program, "hash", PICTURES / "coffee.png"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (1, b"")
