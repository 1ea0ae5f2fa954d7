"""Which workspace and experiment a command is about, by its options and config.json."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click

from studio.cli.command_group import suggest
from studio.cli.output import Output
from studio.core.connection import CLI
from studio.core.errors import NotFound
from studio.sdk.client import Client
from studio.sdk.connection import find_connection
from studio.sdk.workspace import WorkspaceConfig, find_config

#: How long a command waits for a byte of the server, and how often it tries.
TIMEOUT_SECONDS, ATTEMPTS = 10.0, 2

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Target:
    """The options `-w`, `-g`, `--subscription-id`, `--path` and `-e`."""

    output: Output
    workspace_name: str = ""
    resource_group: str = ""
    subscription_id: str = ""
    path: str = "."
    experiment_name: str = ""

    @cached_property
    def config(self) -> WorkspaceConfig:
        """The nearest config.json; empty without one."""
        if not Path(self.path).exists():
            raise click.BadParameter(
                f"There is no folder {self.path!r}.", param_hint="--path"
            )
        return find_config(self.path) or WorkspaceConfig("")

    @cached_property
    def client(self) -> Client:
        """A client for the workspace. Raises StudioError."""
        # The client's own warnings would name a line of its code.
        warnings.showwarning = self._show_warning  # type: ignore[assignment]
        endpoint = "" if self.workspace_name else self.config.endpoint
        known = find_connection(endpoint)
        client = Client(
            known.url,
            known.token,
            known.workspace,
            timeout=TIMEOUT_SECONDS,
            attempts=ATTEMPTS,
            program=CLI,
        )
        wanted = self.workspace_name or self.config.workspace
        if wanted and wanted != client.workspace:
            self._choose_workspace(client, wanted)
        return client

    def _show_warning(self, message: Warning | str, *_place: Any) -> None:
        self.output.warn(str(message))

    def _choose_workspace(self, client: Client, wanted: str) -> None:
        listed = client.get("/api/v1/workspaces")["workspaces"]
        available = [str(one["name"]) for one in listed]
        if wanted in available:
            client.workspace = wanted
            return
        is_of_file = not self.workspace_name
        if is_of_file and self.config.endpoint:
            raise NotFound(
                f"{self.config.path} names the workspace {wanted!r}, which this token "
                f"does not reach. It reaches {', '.join(available) or 'none'}."
            )
        named = f" of {self.config.path}" if is_of_file else ""
        self.output.warn(
            f"There is no workspace {wanted!r}{named} here. Using "
            f"{client.workspace!r} (STUDIO_WORKSPACE)."
        )

    @property
    def experiment(self) -> str:
        """The experiment of `-e`, or of the attached folder; empty for all."""
        if self.experiment_name:
            return self.experiment_name
        return "" if self.workspace_name else self.config.experiment

    def find_experiment(self, name: str) -> dict[str, Any]:
        """The experiment of that name. Raises NotFound with the nearest one."""
        found = self.client.get("experiments", name=name)["experiments"]
        if found:
            experiment: dict[str, Any] = found[0]
            return experiment
        known = self.client.get("experiments", limit=1000)["experiments"]
        names = [str(one["name"]) for one in known]
        raise NotFound(f"There is no experiment {name!r}. {suggest(name, names)}")

    def find_run_id(self, word: str) -> str:
        """The id for an id, or for a run's number in the experiment of `-e`."""
        if not (word.isascii() and word.isdigit() and self.experiment):
            return word
        experiment = self.find_experiment(self.experiment)["id"]
        found = self.client.get(
            "runs", q=f"number = {int(word)}", experiment=experiment, children=1
        )["runs"]
        # An id can consist of digits, too.
        return str(found[0]["run"]["id"]) if found else word

    def find_run(self, run_id: str) -> dict[str, Any]:
        """The run of that id. Raises NotFound, also if it is not in the one of `-e`."""
        try:
            run: dict[str, Any] = self.client.get(run_path(run_id))
        except NotFound as error:
            # The server names a missing workspace itself.
            if error.details.get("missing"):
                raise
            raise NotFound(
                f"There is no run {run_id!r} in the workspace "
                f"{self.client.workspace!r}. `studio run list` shows the runs."
            ) from error
        if self.experiment_name and run["experiment"] != self.experiment_name:
            raise NotFound(
                f"The run {run_id} is in the experiment {run['experiment']!r}, not in "
                f"{self.experiment_name!r}."
            )
        return run

    def page_url(self, run_id: str) -> str:
        """The address of the run's page."""
        return (
            f"{self.client.url}/w/{quote(self.client.workspace)}/runs/{quote(run_id)}/"
        )


def run_path(run_id: str, rest: str = "") -> str:
    """The run's path in the API."""
    path = f"runs/{quote(run_id, safe='')}"
    return f"{path}/{rest}" if rest else path


_OPTIONS = (
    click.option("-w", "--workspace-name", "--workspace", default="", metavar="NAME"),
    click.option("-g", "--resource-group", default="", metavar="NAME", hidden=True),
    click.option("--subscription-id", default="", metavar="ID", hidden=True),
    click.option(
        "--path",
        default=".",
        metavar="FOLDER",
        help="A folder that is attached to a workspace; default: this one.",
    ),
)
_EXPERIMENT = click.option(
    "-e", "--experiment-name", "--experiment", default="", metavar="NAME"
)


def target_options(command: Command) -> Command:
    """Add the options of workspace and experiment; below `output_options`."""
    return _add_options(command, (*_OPTIONS, _EXPERIMENT))


def workspace_options(command: Command) -> Command:
    """Add the options of the workspace alone."""
    return _add_options(command, _OPTIONS)


def _add_options(command: Command, added: tuple[Any, ...]) -> Command:
    names = ("workspace_name", "resource_group", "subscription_id", "path")

    @wraps(command)
    def with_target(*words: Any, output: Output, **options: Any) -> Any:
        values = {name: options.pop(name) for name in names}
        values["experiment_name"] = options.pop("experiment_name", "")
        return command(
            *words, target=Target(output, **values), output=output, **options
        )

    wrapped: Any = with_target
    for option in reversed(added):
        wrapped = option(wrapped)
    result: Command = wrapped
    return result
