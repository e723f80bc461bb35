"""The entry point ``takeback``: its commands, and what each error means for the shell.

Exit codes: 0 done, 1 unexpected, 2 usage, 3 bad input, 4 not found, 5 conflict, 6 not
allowed, 7 try later, 70 integrity failure, 130 interrupted. ``docs/reference/cli.md``.
"""

import errno
import signal
import sys
from collections.abc import Mapping, Sequence

import click

from takeback import __version__
from takeback.cli import talk
from takeback.cli.lazy import Lazy, LazyGroup
from takeback.errors import (
    BadInput,
    Conflict,
    IntegrityFailure,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TakebackError,
    Unavailable,
)

EXIT: Mapping[type[TakebackError], int] = {
    BadInput: 3,
    NotFound: 4,
    Conflict: 5,
    NotAllowed: 6,
    NotSignedIn: 6,
    Unavailable: 7,
    IntegrityFailure: 70,
}
"""What each branch of the error tree means for the shell."""

WHAT_TO_DO: Mapping[int, str] = {
    errno.ENOENT: "check the path: the folder must be there",
    errno.EACCES: "run it as the user who owns the file, or choose another place",
    errno.EROFS: "choose a place that can be written",
    errno.ENOSPC: "make room on the disk",
}
"""Hints where the operating system refused."""

UNEXPECTED = 1
USAGE = 2
INTERRUPTED = 128 + signal.SIGINT

COMMANDS: Mapping[str, Lazy] = {
    "hash": Lazy(
        "takeback.cli.hash:hash_files", "Make signals of pictures and videos, on this device."
    ),
    "case": Lazy("takeback.cli.case:case", "Open a case, look after it, withdraw it."),
    "quarantine": Lazy(
        "takeback.cli.quarantine:quarantine", "See and lift quarantines of bank entries."
    ),
    "staff": Lazy("takeback.cli.staff:staff", "Add, retire and list members of staff."),
    "platform": Lazy("takeback.cli.platform:platform", "Platforms, their marks and their keys."),
    "bank": Lazy("takeback.cli.bank:bank", "The state of the banks, and resuming after a restore."),
    "audit": Lazy("takeback.cli.audit:audit", "Prove and read the audit log."),
    "serve": Lazy("takeback.cli.serve:serve", "Run a hub."),
    "portal": Lazy(
        "takeback.cli.portal:portal",
        "What the portal lacks before it opens; help pages to review.",
    ),
    "verify-assets": Lazy(
        "takeback.cli.verify_assets:verify_assets", "Compare the portal at URL with this release."
    ),
    "matcher": Lazy("takeback.cli.matcher:matcher", "Run a matcher inside a platform's walls."),
    "match": Lazy("takeback.cli.match:match", "Ask a matcher about pictures and videos."),
    "watch": Lazy("takeback.cli.watch:watch", "Ask a matcher about every new object of a store."),
    "backscan": Lazy("takeback.cli.backscan:backscan", "Scan a library for everything registered."),
    "backup": Lazy("takeback.cli.backup:backup", "Write an encrypted backup while serving."),
    "backup-key": Lazy("takeback.cli.backup:backup_key", "Make an age key pair for backups."),
    "restore": Lazy("takeback.cli.backup:restore", "Build a hub's data anew from a backup."),
    "demo": Lazy("takeback.cli.demo:demo", "Play the main story with real programs."),
    "warm-up": Lazy("takeback.cli.warm_up:warm_up", "Compile the fast parts ahead of first use."),
    "completion": Lazy("takeback.cli.completion:completion", "Print shell completion."),
}
"""Every command, in the order in which ``--help`` lists them."""

cli = LazyGroup(
    "takeback",
    "Stop an intimate picture from spreading, without anyone having to look at it again.",
    COMMANDS,
)
cli = click.version_option(__version__, message="%(prog)s %(version)s")(cli)


def exit_code(error: TakebackError) -> int:
    """Return the code of the nearest listed ancestor, or 1."""
    return next((EXIT[kind] for kind in type(error).__mro__ if kind in EXIT), UNEXPECTED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every expected failure is one line and a hint."""
    try:
        code = cli.main(args=arguments, prog_name="takeback", standalone_mode=False)
    except TakebackError as error:
        talk.refusal(error)
        return exit_code(error)
    except click.ClickException as error:
        return _usage(error)
    except (click.Abort, KeyboardInterrupt):
        talk.say("stopped")
        return INTERRUPTED
    except OSError as error:
        talk.error(_reason(error), WHAT_TO_DO.get(error.errno or 0, ""))
        return UNEXPECTED
    return code if isinstance(code, int) else 0


def _reason(error: OSError) -> str:
    """Say what the operating system refused, and for which file."""
    reason = error.strerror or "the operating system refused"
    return f"{error.filename}: {talk.plain(reason)}" if error.filename else reason


def _usage(error: click.ClickException) -> int:
    """Say what was wrong with the command line and where its help is."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return USAGE
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "takeback"
    talk.error(
        talk.plain(" ".join(error.format_message().split())),
        f"`{path} --help` shows how it is used",
    )
    return USAGE


if __name__ == "__main__":
    main()
