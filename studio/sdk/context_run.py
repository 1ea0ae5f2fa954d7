"""The run of a script that no launcher started, below `studio env`.

`Run.get_context()` starts it, and the end of the process ends it. What the process
starts finds its id in `STUDIO_RUN_ID` and joins it. The ranks of one training are
started side by side: rank 0 starts the run, the others wait for it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.core.errors import AlreadyExists, InvalidValue, NotFound
from studio.core.names import MAX_EXPERIMENT_NAME, check_experiment_name
from studio.core.run_definition import check_definition
from studio.core.statuses import RunStatus, parse_status
from studio.sdk.experiment import Experiment
from studio.sdk.process import (
    RankGroup,
    find_rank_group,
    is_interactive,
    is_notebook,
)
from studio.sdk.responses import Unreachable
from studio.sdk.run import Run, script_name
from studio.sdk.workspace import Workspace

#: How long a rank waits for the run of rank 0, which can load more before it starts it.
RANK_SECONDS = 60.0
RANK_PAUSE_SECONDS = 0.25
#: How far the starts of the ranks, and the clocks of their machines, can differ.
RANK_SKEW_SECONDS = 10.0
_LOADED = time.time()
#: The experiment of a notebook, and of code that has no file.
NOTEBOOK, NO_SCRIPT = "notebook", "Default"

#: Creates the object for a run that another process started.
JoinRun = Callable[[Workspace, dict[str, Any]], Any]


class _Context:
    run: Any = None


def find_context_run(join: JoinRun) -> Any:
    """The run of this process, started at the first call; None without `studio env`.

    A notebook starts another one after the end of the first.
    """
    run = _Context.run
    if run is not None and not (run._state.has_ended and is_interactive()):
        return run
    if not os.environ.get("STUDIO_URL", "").strip():
        return None
    workspace = Workspace()
    group = find_rank_group()
    _Context.run = (
        _start_run(workspace, None)
        if group is None
        else _find_run_of_group(workspace, group, join)
    )
    return _Context.run


def experiment_name() -> str:
    """`STUDIO_EXPERIMENT`, else a name after the script. Raises InvalidName."""
    configured = os.environ.get("STUDIO_EXPERIMENT", "").strip()
    if configured:
        return check_experiment_name(configured, "STUDIO_EXPERIMENT")
    if is_notebook():
        return NOTEBOOK
    if not script_name():
        return NO_SCRIPT
    path = Path(sys.argv[0])
    name = path.absolute().parent.name if path.stem == "__main__" else path.stem
    printable = "".join(char if char.isprintable() else "_" for char in name)
    return printable.strip()[:MAX_EXPERIMENT_NAME] or NO_SCRIPT


def _start_run(workspace: Workspace, run_id: str | None) -> Run:
    experiment = Experiment(workspace, experiment_name())
    # Like a v1 job, whose snapshot is the folder of its script.
    sources = str(Path(sys.argv[0]).absolute().parent) if script_name() else "."
    run = experiment.start_logging(
        run_id=run_id, snapshot_directory=sources, _definition=_own_definition()
    )
    _print_link(run)
    return run


def _own_definition() -> dict[str, Any] | None:
    """How this script can be submitted again from its snapshot; None if it cannot."""
    path = Path(sys.argv[0]) if script_name() else None
    if path is None or path.suffix != ".py" or path.stem == "__main__":
        return None
    # A launcher that is not known here started the ranks.
    if find_rank_group() is not None or not path.is_file():
        return None
    definition = {"script": path.name, "arguments": sys.argv[1:], "target": "local"}
    try:
        return check_definition(definition)
    except InvalidValue:
        return None


def _print_link(run: Run) -> None:
    # A notebook shows only `sys.stderr` below the cell.
    stream = sys.stderr if is_notebook() else sys.__stderr__ or sys.stderr
    text = f"Run Studio: {run.display_name} logs to {run.get_portal_url()}\n"
    if stream is not None:
        stream.write(text)
        stream.flush()


def _find_run_of_group(workspace: Workspace, group: RankGroup, join: JoinRun) -> Any:
    """Start the run as rank 0, else join it."""
    attempt, end = 0, time.monotonic() + RANK_SECONDS
    while True:
        run_id = group.run_id(attempt)
        if group.rank == 0:
            try:
                return _start_run(workspace, run_id)
            except AlreadyExists:
                # A start with the same variables, such as a resumed job.
                attempt += 1
                continue
        info = _read_run(workspace, run_id)
        if info is not None and _is_of_earlier_start(info):
            attempt += 1
        elif info is not None or time.monotonic() >= end:
            return join(workspace, info or _assumed_info(run_id))
        else:
            time.sleep(RANK_PAUSE_SECONDS)


def _is_of_earlier_start(info: dict[str, Any]) -> bool:
    """Whether the run is not of the ranks that were started with this process.

    Theirs can have ended, too, if this process was slow to come here.
    """
    is_ended = parse_status(info["status"]).is_final
    begin_ms = (_process_start() - RANK_SKEW_SECONDS) * 1000
    return is_ended and (info.get("started") or 0) < begin_ms


def _process_start() -> float:
    """When this process was started, in seconds since 1970."""
    try:
        stat = Path("/proc/self/stat").read_text(encoding="utf-8")
        ticks = int(stat.rpartition(")")[2].split()[19])
        uptime = float(Path("/proc/uptime").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return _LOADED
    return time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK")


def _read_run(workspace: Workspace, run_id: str) -> dict[str, Any] | None:
    """What the server reports; None if it does not know the run yet."""
    connection = workspace._connection
    if connection.is_buffering:
        return _assumed_info(run_id)
    try:
        return dict(connection.try_now("GET", f"runs/{run_id}"))
    except NotFound:
        return None
    except Unreachable as error:
        connection.start_buffering(error)
        return _assumed_info(run_id)


def _assumed_info(run_id: str) -> dict[str, Any]:
    status = RunStatus.RUNNING.value
    return {"id": run_id, "experiment": experiment_name(), "status": status}
