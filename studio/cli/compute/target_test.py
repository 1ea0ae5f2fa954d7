"""`studio target test`: submit a run of one second, and print its steps."""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.parse import quote

import click

from studio.cli.compute.target_files import find_target
from studio.cli.compute.target_paths import target_path, unknown_target
from studio.cli.output import Output, output_options
from studio.cli.target import Target, workspace_options
from studio.core.errors import NotFound
from studio.core.statuses import RunStatus

#: How often the server is asked for the steps.
POLL_SECONDS = 1.0
FAILED_EXIT_CODE, TIMEOUT_EXIT_CODE = 1, 5


@click.command("test", epilog="Example: studio target test gpu-cluster")
@output_options
@workspace_options
@click.argument("name")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the run is followed.",
)
@click.option(
    "--agent-timeout",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long an agent is waited for if none takes runs.",
)
def test(
    target: Target, output: Output, name: str, timeout: float, agent_timeout: float
) -> None:
    """Submit a run of one second, and print each step with the engine's words.

    The exit code is 0 if it completed, 1 if it did not, and 5 after a timeout.
    """
    path = f"{target_path(name)}/tests"
    try:
        found = target.client.json("POST", path, {}, attempts=1)
    except NotFound as error:
        raise unknown_target(target, name, error) from error
    begin, printed = time.monotonic(), set[str]()
    has_agent = True
    while True:
        _print_news(output, found, printed)
        is_over = RunStatus(found["status"]).is_final
        seconds = time.monotonic() - begin
        if seconds > agent_timeout and not _is_taken(found):
            has_agent = _has_agent(target, name)
        if is_over or seconds > timeout or not has_agent:
            break
        time.sleep(POLL_SECONDS)
        found = target.client.get(f"{path}/{quote(found['run'], safe='')}")
    if not has_agent:
        output.note(
            f"No agent takes runs of {name}. If one was started, it printed why it "
            f"ended. The run waits for the next one: studio run cancel {found['run']} "
            "ends it."
        )
    output.emit(found, summary=f"Run {found['run']}: {found['status']}.")
    if not is_over:
        sys.exit(TIMEOUT_EXIT_CODE)
    if found["status"] != RunStatus.COMPLETED.value:
        sys.exit(FAILED_EXIT_CODE)


def _is_taken(found: dict[str, Any]) -> bool:
    return any(
        step["name"] == "agent" and step["state"] == "done" for step in found["steps"]
    )


def _has_agent(target: Target, name: str) -> bool:
    """Whether an agent of the target takes runs now."""
    found = find_target(target, name)
    agents = found["agents"] if found else []
    return any(one["health"] == "healthy" for one in agents)


def _print_news(output: Output, found: dict[str, Any], printed: set[str]) -> None:
    """Print the steps whose state or message is new."""
    for step in found["steps"]:
        message = f": {step['message']}" if step["message"] else ""
        line = f"{step['text']} ({step['state']}){message}"
        if step["state"] != "waiting" and line not in printed:
            printed.add(line)
            output.note(line)
