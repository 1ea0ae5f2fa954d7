"""`studio folder attach`: a folder that names its workspace and experiment."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from studio.cli.command_group import CommandGroup
from studio.cli.output import Output, output_options
from studio.cli.target import Target, target_options
from studio.core.names import check_experiment_name
from studio.sdk.submission import CondaDependencies, RunConfiguration
from studio.sdk.workspace import (
    NO_GROUP,
    NO_SUBSCRIPTION,
    WorkspaceConfig,
    write_config_file,
)

CONDA_FILE = "conda_dependencies.yml"
IGNORE_FILE = ".amlignore"
#: What is no source: the patterns of the v1 command line.
IGNORED = (
    ".ipynb_checkpoints",
    "azureml-logs",
    ".azureml",
    ".git",
    "outputs",
    "azureml-setup",
    "docs",
)


@click.group("folder", cls=CommandGroup)
def folder_group() -> None:
    """Attach a folder to a workspace."""


@folder_group.command(
    epilog="Example: az ml folder attach -w myworkspace -g myresourcegroup"
)
@output_options
@target_options
def attach(target: Target, output: Output) -> None:
    """Write config.json and sample run configurations into `.azureml`.

    Commands and scripts in this folder use its workspace. Without `-e` the experiment
    is named after the folder.
    """
    folder = Path(target.path).absolute()
    if not folder.is_dir():
        raise click.BadParameter(
            f"There is no folder {target.path!r}.", param_hint="--path"
        )
    # Only the options count: another config.json can be in a folder above.
    target.config = WorkspaceConfig("")
    workspace = target.client.workspace
    experiment = check_experiment_name(target.experiment_name or folder.name)
    listed = target.client.get("compute")["targets"]
    _write_samples(folder, [str(one["name"]) for one in listed])
    subscription = target.subscription_id or NO_SUBSCRIPTION
    group = target.resource_group or NO_GROUP
    write_config_file(
        {
            "Id": "",
            "Scope": f"/subscriptions/{quote(subscription, safe='')}/resourceGroups/"
            f"{quote(group, safe='')}/providers/Microsoft.MachineLearningServices/"
            f"workspaces/{quote(workspace, safe='')}/projects/"
            f"{quote(experiment, safe='')}",
        },
        folder,
    )
    record = {
        "Experiment name": experiment,
        "Project path": str(folder),
        "Resource group": group,
        "Subscription id": subscription,
        "Workspace name": workspace,
    }
    output.emit(record)


def _write_samples(folder: Path, targets: list[str]) -> None:
    """Write what is not there yet: people change these files.

    There is one for each compute target, named like it.
    """
    packages = CondaDependencies.create(conda_packages=["scikit-learn"])
    samples = ("local", "docker", "sklearn")
    for name in dict.fromkeys((*samples, *targets)):
        config = RunConfiguration(script="train.py")
        config.target = "local" if name in samples else name
        config.environment.name = name
        config.environment.python.user_managed_dependencies = name == "local"
        config.docker.use_docker = name == "docker"
        if name == "sklearn":
            config.environment.python.conda_dependencies = packages
        if not any(
            (folder / place / file).exists()
            for place in (".azureml", "aml_config")
            for file in (name, f"{name}.runconfig")
        ):
            config.save(str(folder), name)
    place = folder / "aml_config"
    conda = (place if place.is_dir() else folder / ".azureml") / CONDA_FILE
    if not conda.exists():
        text = CondaDependencies().serialize_to_string()
        conda.write_text(f"name: project_environment\n{text}", encoding="utf-8")
    ignore = folder / IGNORE_FILE
    if not ignore.exists():
        ignore.write_text("".join(f"{one}\n" for one in IGNORED), encoding="utf-8")
