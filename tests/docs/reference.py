"""Writes the reference pages that say again what the code says. Run after changing it.

``python -m tests.docs.reference`` keeps each page's hand-written head and renews what
follows the marker; ``test_reference.py`` fails while a page and the code disagree.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, fields
from pathlib import Path

import click

from takeback import errors, problems
from takeback.cli import main
from takeback.errors import QualityTooLow, TakebackError
from takeback.settings import PREFIX, Settings
from tests.docs.api import addresses

PAGES = Path(__file__).parents[2] / "docs" / "reference"
MARKER = "<!-- From here on written by `python -m tests.docs.reference`. -->\n"


def settings() -> str:
    """A heading, the default and the meaning of each setting."""
    meanings = _meanings(Settings)
    sections = (
        f"## {PREFIX}{field.name.upper()}\n\n{_default(field)}\n{meanings[field.name]}\n"
        for field in fields(Settings)
    )
    return "\n".join(sections)


def error_table() -> str:
    """Each error with its meaning, HTTP status, exit code and hint."""
    head = "| Error | Meaning | HTTP | Exit | Hint |\n|---|---|---|---|---|\n"
    return head + "".join(_error_row(kind) for kind in every_error())


def commands() -> str:
    """The help of each command, as the command prints it."""
    return "\n".join(
        f"## {' '.join(path)}\n\n```text\n{_help(path, command)}\n```\n"
        for path, command in every_command(main.cli, ("takeback",))
    )


GENERATED: Mapping[str, Callable[[], str]] = {
    "settings.md": settings,
    "errors.md": error_table,
    "cli.md": commands,
    "api.md": addresses,
}
"""What follows the marker on each page."""


def every_error() -> Iterator[type[TakebackError]]:
    """Yield each error in the order of ``errors.py``."""
    for kind in vars(errors).values():
        if inspect.isclass(kind) and issubclass(kind, TakebackError):
            yield kind


def every_command(
    group: click.Group, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield each command that does something, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        if command is not None and not _only_a_group(command):
            yield (*path, name), command


def page(name: str) -> str:
    """Return the page as it should be."""
    head, _, _ = (PAGES / name).read_text().partition(MARKER)
    return f"{head}{MARKER}\n{GENERATED[name]()}"


def _only_a_group(command: click.Command) -> bool:
    return isinstance(command, click.Group) and not command.invoke_without_command


def _help(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(
        command,
        info_name=" ".join(path),
        max_content_width=88,
        help_option_names=main.cli.context_settings["help_option_names"],
    )
    return command.get_help(context)


def _meanings(kind: type) -> Mapping[str, str]:
    """Return the text under each field of a class, one sentence a line."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id: _sentences(text.value.value)
        for field, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _sentences(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace(". ", ".\n")


def _default(field: Field[object]) -> str:
    empty = field.default is None or field.default == ""
    return f"Default: {'empty' if empty else f'`{field.default}`'}.\n"


def _error_row(kind: type[TakebackError]) -> str:
    error = QualityTooLow(0, 50) if kind is QualityTooLow else kind()
    meaning = _sentences(inspect.getdoc(kind) or "").replace("\n", " ")
    numbers = f"{problems.status_of(error)} | {main.exit_code(error)}"
    return f"| `{kind.__name__}` | {meaning} | {numbers} | {error.hint} |\n"


if __name__ == "__main__":
    for each in GENERATED:
        (PAGES / each).write_text(page(each))
