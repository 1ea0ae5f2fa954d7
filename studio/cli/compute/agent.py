"""`studio agent`: takes the queued runs of a compute target and runs them here."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import socket
import sys
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

import click

from studio.agent import (
    ON_STOP,
    Agent,
    AgentApi,
    AgentFolder,
    AgentOptions,
    clean_environment,
    create_executor,
    default_folder,
    devices_of_slots,
    find_gpus,
    read_facts,
)
from studio.cli.output import Output
from studio.cli.tables import one_line
from studio.cli.target import Target, workspace_options
from studio.sdk.process_tree import become_subreaper

_PR_SET_DUMPABLE = 4
AS_ROOT = (
    "This agent runs as root, so every contributor can run code as root on this "
    "machine. Start it as a user of its own."
)

Command = TypeVar("Command", bound=Callable[..., Any])


def _plain_output(command: Command) -> Command:
    """Give the command an output without formats: it prints lines until it ends."""

    @wraps(command)
    def with_output(*words: Any, only_show_errors: bool, **options: Any) -> Any:
        output = Output(only_errors=only_show_errors)
        return command(*words, output=output, **options)

    help_text = "Print errors alone."
    option = click.option("--only-show-errors", is_flag=True, help=help_text)
    result: Command = option(with_output)  # type: ignore[assignment]
    return result


@click.command(
    epilog="Example: STUDIO_URL=https://studio.example.org STUDIO_TOKEN=rs_… "
    "studio agent --compute gpu-cluster --slots 2"
)
@_plain_output
@workspace_options
@click.option(
    "--compute", required=True, metavar="NAME", help="The compute target to serve."
)
@click.option(
    "--slots",
    type=click.IntRange(1, 1024),
    help="Runs at a time; default: one per GPU, else 1. For an engine: as the "
    "target says.",
)
@click.option(
    "--name", default="", metavar="NAME", help="Default: the name of this machine."
)
@click.option("--once", "is_once", is_flag=True, help="End when the queue is empty.")
@click.option(
    "--on-stop",
    type=click.Choice(ON_STOP),
    default="drain",
    show_default=True,
    help="What Ctrl-C and SIGTERM do: wait for the runs, leave them running for the "
    "next start, or cancel them.",
)
@click.option(
    "--pass-env",
    "passed",
    multiple=True,
    metavar="NAME",
    help="Also give this environment variable to runs.",
)
@click.option(
    "--keep",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    help="Folders of ended runs to keep, for at most a day.",
)
# For the server's own agents.
@click.option("--server", "is_server", is_flag=True, hidden=True)
@click.option("--parent", type=int, hidden=True)
@click.option("--tree", "trees", multiple=True, hidden=True)
def agent(
    target: Target,
    output: Output,
    compute: str,
    slots: int | None,
    name: str,
    passed: tuple[str, ...],
    is_server: bool,
    **options: Any,
) -> None:
    """Take queued runs of a compute target, and run them on this machine.

    It needs a token for agents in STUDIO_TOKEN. An owner creates one on the page
    Compute or with `studio target agent-token NAME`. The first Ctrl-C stops taking
    runs and waits for those that run; the second cancels them.
    """
    client = target.client
    _prepare_process()
    if os.getuid() == 0 and not is_server:
        output.note(AS_ROOT)
    gpus = find_gpus(os.environ)
    chosen = AgentOptions(
        target=compute,
        name=name or default_name(),
        slots=slots or len(gpus) or 1,
        is_slots_default=slots is None,
        **options,
    )
    create = partial(
        create_executor,
        environment=clean_environment(os.environ, passed),
        devices=devices_of_slots(gpus, chosen.slots),
    )
    place = default_folder(client.url, client.workspace, compute, chosen.name)
    folder = AgentFolder(place)
    try:
        served = Agent(
            AgentApi(client),
            folder,
            create,
            chosen,
            host={**read_facts(gpus), **({"server": True} if is_server else {})},
            gpus=gpus,
            print_line=(lambda _text: None) if output.only_errors else print_line,
        )
        code = served.run()
    finally:
        folder.close()
    sys.exit(code)


def _prepare_process() -> None:
    """Keep the token, which the client has read, from the jobs."""
    _hide_from_jobs()
    # What a killed runner leaves comes to this process, which ends it.
    become_subreaper()
    # Jobs get a token of their own; this one is in no environment from here on.
    for variable in ("STUDIO_TOKEN", "MLFLOW_TRACKING_TOKEN"):
        _forget_variable(variable)


def default_name() -> str:
    """This machine's name, as far as it is a valid name of an agent."""
    host = socket.gethostname().partition(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", host).strip("-_")[:64] or "agent"


def print_line(text: str) -> None:
    """A line of the agent's log, with the local time."""
    click.echo(one_line(f"{time.strftime('%H:%M:%S')} {text}"), err=True)


def _forget_variable(name: str) -> None:
    """Remove it, also from what the system shows as this process's environment.

    Root can read that of each process.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.getenv.restype = ctypes.c_void_p
        address = libc.getenv(name.encode())
        if address:
            ctypes.memset(address, 0, len(ctypes.string_at(address)))
    os.environ.pop(name, None)


def _hide_from_jobs() -> None:
    """Let no process of the same user read this one's memory or environment."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
