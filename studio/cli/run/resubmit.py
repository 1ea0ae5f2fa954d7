"""`studio run resubmit`: submit a run again, with changes, alone or as a sweep."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import click

from studio.cli.output import Output, output_options
from studio.cli.run.submit import PRIORITY_RANGE, report_submitted
from studio.cli.target import Target, run_path, target_options
from studio.cli.words import (
    parse_pairs,
    parse_tags,
    run_option,
    take_run,
    words_argument,
)
from studio.core.errors import NotFound
from studio.core.sweeps import (
    GOALS,
    GRID,
    MAXIMIZE,
    SAMPLINGS,
    argument_name,
    parse_policy,
    parse_values,
    swept_definition,
    tags_after_change,
)
from studio.sdk.compute import LOCAL_TARGET
from studio.sdk.experiment import Experiment
from studio.sdk.run import Run
from studio.sdk.submission import resubmit_here
from studio.sdk.workspace import Workspace


@click.command(epilog="Example: studio run resubmit RUN --set lr=0.01")
@output_options
@target_options
@run_option
@click.option(
    "--set", "changes", multiple=True, metavar="NAME=VALUE", help="An argument."
)
@click.option(
    "--env", "variables", multiple=True, metavar="NAME=VALUE", help="A variable."
)
@click.option(
    "--target", "--ct", "compute_target", default="", help="Another compute target."
)
@click.option("--name", default="", help="The name. In a sweep: 'baseline lr={lr}'.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag.")
@click.option("--async", "is_async", is_flag=True, help="Return at once.")
@click.option(
    "--max-attempts", type=click.IntRange(min=1), help="Tries of an agent in all."
)
@click.option("--priority", type=PRIORITY_RANGE, help="A higher one starts first.")
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="NAME=VALUES",
    help="Values of an argument: 1e-4,3e-4 or 1..5. Can be repeated.",
)
@click.option("--sampling", type=click.Choice(SAMPLINGS), default=GRID)
@click.option("--count", type=click.IntRange(min=1), help="Runs of a sample.")
@click.option("--seed", type=int, help="Of a sample.")
@click.option("--at-once", type=click.IntRange(min=1), help="Runs at the same time.")
@click.option("--metric", "primary_metric", help="The metric that compares runs.")
@click.option("--goal", type=click.Choice(GOALS), help="Default: maximize.")
@click.option(
    "--stop-early",
    "policy",
    metavar="POLICY",
    help="'median', 'bandit slack_factor=0.2', 'truncation truncation_percentage=20'.",
)
@click.option(
    "--max-minutes",
    "max_duration_minutes",
    type=click.IntRange(min=1),
    help="Of the whole sweep.",
)
@words_argument("[RUN]")
def resubmit(
    target: Target,
    output: Output,
    run_id: str,
    changes: tuple[str, ...],
    variables: tuple[str, ...],
    compute_target: str,
    name: str,
    tags: tuple[str, ...],
    is_async: bool,
    max_attempts: int | None,
    priority: int | None,
    sweeps: tuple[str, ...],
    words: tuple[str, ...],
    **sampling: Any,
) -> None:
    """Submit a run again: the same sources, command, environment, target and tags.

    -e is the experiment of the new run; with a number, also of the old one. The target
    `local` is this machine.
    """
    run_id, _ = take_run(target, words, run_id)
    run = target.client.get(run_path(run_id))
    definition = _read_definition(target, run)
    numbers = {"maxAttempts": max_attempts, "priority": priority}
    changed = _with_changes(definition, parse_pairs(changes, "--set"), numbers)
    space = _space(sweeps)
    kept = target.client.get(run_path(run_id, "tags"))["tags"]
    kept = tags_after_change(kept, definition, changed, space)
    body: dict[str, Any] = {
        # With an id, a request that is repeated creates no second run.
        "id": str(uuid.uuid4()),
        "definition": {
            key: value for key, value in changed.items() if definition.get(key) != value
        },
        "env": parse_pairs(variables, "--env"),
        "experiment": target.experiment_name or run["experiment"],
        "target": compute_target,
        "name": name,
        "tags": {**kept, **parse_tags(tags, "--tag")},
    }
    if sweeps:
        _submit_sweep(target, output, run_id, body, space, sampling)
    elif (compute_target or run["target"] or LOCAL_TARGET) == LOCAL_TARGET:
        new = _start_here(target, run_id, changed, body, max_attempts)
        report_submitted(target, output, new, is_async=is_async)
    else:
        new = _submit_to_queue(target, run_id, body)
        report_submitted(target, output, new, is_async=is_async)


def _read_definition(target: Target, run: Mapping[str, Any]) -> dict[str, Any]:
    try:
        path = run_path(run["id"], "definition")
        return dict(target.client.get(path)["definition"])
    except NotFound as error:
        raise click.ClickException(
            f"{run['id']} keeps no command, because it was not submitted. To submit a "
            "script: studio run submit-script SCRIPT."
        ) from error


def _with_changes(
    definition: Mapping[str, Any],
    values: Mapping[str, str],
    numbers: Mapping[str, int | None],
) -> dict[str, Any]:
    """The definition with these values of arguments, and with given numbers."""
    named = {argument_name(name): value for name, value in values.items()}
    changed = swept_definition(definition, named) if named else definition
    given = {key: value for key, value in numbers.items() if value is not None}
    return {**changed, **given}


def _submit_to_queue(target: Target, run_id: str, body: Mapping[str, Any]) -> Run:
    info = target.client.post(run_path(run_id, "resubmit"), dict(body))
    return Run.get(Workspace.with_client(target.client), info["id"])


def _start_here(
    target: Target,
    run_id: str,
    definition: dict[str, Any],
    body: Mapping[str, Any],
    max_attempts: int | None,
) -> Any:
    variables = definition.get("environmentVariables") or {}
    changed = {**definition, "environmentVariables": {**variables, **body["env"]}}
    if max_attempts is None:
        # Those of a queue.
        changed.pop("maxAttempts", None)
    workspace = Workspace.with_client(target.client)
    experiment = Experiment(workspace, body["experiment"])
    return resubmit_here(experiment, run_id, changed, body["tags"], name=body["name"])


def _submit_sweep(
    target: Target,
    output: Output,
    run_id: str,
    body: Mapping[str, Any],
    space: Mapping[str, Any],
    sampling: Mapping[str, Any],
) -> None:
    options = {key: value for key, value in sampling.items() if value is not None}
    if "policy" in options:
        options["policy"] = parse_policy(options["policy"])
    if "primary_metric" in options:
        options.setdefault("goal", MAXIMIZE)
    sweep = {**body, "run": run_id, "space": space, **options}
    made = target.client.post("sweeps", sweep)
    count = made["total"]
    link = target.page_url(made["run"]["id"])
    if made["run"]["target"] == LOCAL_TARGET:
        output.note("They wait for an agent: studio agent --compute local")
    output.emit(made, summary=f"Submitted {count} runs: {link}children/")


def _space(sweeps: tuple[str, ...]) -> dict[str, Any]:
    pairs = parse_pairs(sweeps, "--sweep")
    return {argument_name(name): parse_values(text) for name, text in pairs.items()}
