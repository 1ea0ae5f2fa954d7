"""The `studio` command: one module per group of commands."""

from __future__ import annotations

import click

from studio import __version__
from studio.cli.env import env
from studio.cli.login import login
from studio.cli.run import run_group
from studio.cli.sync import sync
from studio.cli.views import view_group


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(
    __version__, prog_name="Run Studio", message="%(prog)s %(version)s"
)
def main() -> None:
    """Log, find and manage machine-learning runs on a Run Studio server."""


main.add_command(env)
main.add_command(login)
main.add_command(run_group)
main.add_command(sync)
main.add_command(view_group)
