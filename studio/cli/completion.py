"""`studio completion`: the lines with which a shell completes commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_STUDIO_COMPLETE"
#: How each shell's user applies the lines, for every new shell.
USAGE = {
    "bash": "echo 'eval \"$(studio completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(studio completion zsh)\"' >> ~/.zshrc",
    "fish": "studio completion fish > ~/.config/fish/completions/studio.fish",
}


@click.command(epilog="Example: " + USAGE["bash"])
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the lines that make a shell complete `studio` commands."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"There is no completion for {shell}.")
    root = context.find_root().command
    click.echo(kind(root, {}, "studio", VARIABLE).source())
