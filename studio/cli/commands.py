"""The groups and commands of `studio`. Each is imported when it is used."""

from __future__ import annotations

import click

from studio import __version__
from studio.cli.command_group import CommandGroup
from studio.cli.output import JSON_BY_DEFAULT

#: The commands that `az ml` has too, below `studio ml`.
ML_COMMANDS = {
    "account": "studio.cli.account:account_group",
    "experiment": "studio.cli.experiment:experiment_group",
    "folder": "studio.cli.folder:folder_group",
    "model": "studio.cli.models:model_group",
    "run": "studio.cli.run:run_group",
    "token": "studio.cli.tokens:token_group",
    "view": "studio.cli.views:view_group",
}
COMMANDS = {
    **ML_COMMANDS,
    "activity": "studio.cli.changes:activity",
    "agent": "studio.cli.compute.agent:agent",
    "alert": "studio.cli.notify.alerts:alert_group",
    "az": "studio.cli.az:az",
    "completion": "studio.cli.completion:completion",
    "env": "studio.cli.env:env",
    "login": "studio.cli.login:login",
    "member": "studio.cli.members:member_group",
    "ml": "studio.cli.commands:ml",
    "secret": "studio.cli.compute.secrets:secret_group",
    "sync": "studio.cli.sync:sync",
    "target": "studio.cli.compute.targets:target_group",
    "task": "studio.cli.tasks:task_group",
    "undo": "studio.cli.changes:undo",
}


@click.group(
    cls=CommandGroup,
    lazy_commands=COMMANDS,
    hidden_commands=("az", "ml"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples: studio run list -q 'status:failed' · studio run show RUN · "
    "studio run logs -f RUN",
)
@click.version_option(
    __version__, prog_name="Run Studio", message="%(prog)s %(version)s"
)
def studio() -> None:
    """Log, find and manage machine-learning runs on a Run Studio server."""


@click.group(cls=CommandGroup, lazy_commands=ML_COMMANDS)
@click.pass_context
def ml(context: click.Context) -> None:
    """The same commands under the names of `az ml`. They print JSON."""
    context.meta[JSON_BY_DEFAULT] = True
