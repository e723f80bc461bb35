"""``takeback completion``: what a shell needs to complete our commands."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print shell completion.

    For bash: takeback completion bash > ~/.local/share/bash-completion/completions/takeback
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - the choices above are click's own
    click.echo(kind(ctx.find_root().command, {}, "takeback", "_TAKEBACK_COMPLETE").source())
