"""Submit a script: its run, its snapshot, and its start here or in a queue."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core import cancel_signals
from studio.core import snapshots as snapshot_rules
from studio.core.errors import (
    InvalidValue,
    NotFound,
    StudioError,
    TooLarge,
)
from studio.core.job_files import ARCHIVE_FILE, JobFile
from studio.core.launcher_properties import COMMAND_PROPERTY
from studio.core.names import check_display_name
from studio.core.run_definition import command_line
from studio.sdk.compute import LOCAL_TARGET, check_target
from studio.sdk.connection import WorkspaceConnection
from studio.sdk.errors import (
    ExperimentExecutionException,
    SnapshotException,
    UserErrorException,
)
from studio.sdk.local_jobs import (
    cache_folder,
    create_job_folder,
    start_runner,
)
from studio.sdk.run import (
    RUN_VARIABLE,
    SCRIPT_RUN,
    create_run,
    git_properties,
    script_name,
)
from studio.sdk.snapshot_archive import SourceFile, list_sources
from studio.sdk.snapshot_tree import compressed, hash_sources
from studio.sdk.submission.definitions import definition_of
from studio.sdk.tags_and_properties import as_tags, check_texts

MAX_COMMAND_CHARS = 8000
#: An id is the experiment's name, the time, and something random.
MAX_NAME_IN_ID = 200


def submit_run(
    experiment: Any,
    config: Any,
    tags: Mapping[str, Any] | None = None,
    *,
    parent: str = "",
    display_name: str = "",
) -> Any:
    """Submit a ScriptRunConfig and return its run at once.

    On `local` it starts on this machine, on other targets an agent takes it. Raises
    StudioError, and ExperimentExecutionException if there is no such script.
    """
    new = _read_submission(experiment, config, tags or {}, display_name, parent)
    return start_submission(experiment, new)


def submit_sweep(
    experiment: Any,
    config: Any,
    sweep: Mapping[str, Any],
    *,
    tags: Mapping[str, Any] | None = None,
    display_name: str = "",
    parent: str = "",
) -> dict[str, Any]:
    """Submit a ScriptRunConfig with several values of its arguments to a queue.

    `sweep` has what is tried, as the server's request does. Returns the server's
    reply: the parent run, and the ids of its children. Raises as `submit_run`.
    """
    new = _read_submission(experiment, config, tags or {}, display_name, parent)
    connection: WorkspaceConnection = experiment._connection
    connection.require_online("submitted to", "submit again")
    new.check_for_agent()
    return _create_and_start(connection, new, experiment.name, "sweep", sweep)


def _read_submission(
    experiment: Any, config: Any, tags: Mapping[str, Any], name: str, parent: str
) -> NewSubmission:
    definition, folder = definition_of(config)
    definition.setdefault("target", LOCAL_TARGET)
    check_target(experiment.workspace, definition["target"])
    _refuse_itself(definition, folder)
    sources = _list_sources(folder, definition)
    return NewSubmission(
        definition,
        lambda copy: hash_sources(sources, copy),
        tags,
        git_properties(folder),
        name,
        parent,
    )


@dataclass(frozen=True)
class NewSubmission:
    """A run to be submitted.

    `write_sources(path)` writes the archive of its sources and returns their tree's
    hash.
    """

    definition: dict[str, Any]
    write_sources: Callable[[Path], str] | None
    tags: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    parent: str = ""

    @property
    def is_for_here(self) -> bool:
        return bool(self.definition["target"] == LOCAL_TARGET)

    @property
    def keeps_snapshot(self) -> bool:
        history = self.definition.get("history") or {}
        return history.get("snapshotProject") is not False

    def check(self) -> None:
        """Raise UserErrorException for settings that its target has no use for."""
        if self.is_for_here and self.definition.get("maxAttempts", 1) > 1:
            raise UserErrorException(
                "max_attempts is for agents: on this machine a run is tried once. Set "
                "it to 1, or choose another target."
            )
        if not self.is_for_here:
            self.check_for_agent()

    def check_for_agent(self) -> None:
        """Raise UserErrorException for settings that no agent can use."""
        if not self.keeps_snapshot:
            raise UserErrorException(
                "An agent needs the snapshot, and history.snapshot_project=False keeps "
                "none. Set it to True, or submit to this machine."
            )

    def body(self, experiment: str) -> dict[str, Any]:
        """The request that creates the run. Raises InvalidValue."""
        line = command_line(self.definition)[:MAX_COMMAND_CHARS]
        body: dict[str, Any] = {
            "id": _new_run_id(experiment),
            "experiment": experiment,
            "type": SCRIPT_RUN,
            "target": self.definition["target"],
            "script": self.definition.get("script", ""),
            "definition": self.definition,
            "tags": as_tags(self.tags),
            "properties": {COMMAND_PROPERTY: line, **self.properties},
        }
        check_texts(body["tags"], "tags")
        if self.name:
            body["name"] = check_display_name(self.name)
        if self.parent:
            body["parent"] = self.parent
        return body


def start_submission(experiment: Any, new: NewSubmission) -> Any:
    """Start the run here, or put it into the queue of its target; returns it.

    Raises UserErrorException for settings that the target has no use for.
    """
    connection: WorkspaceConnection = experiment._connection
    connection.require_online("submitted to", "submit again")
    new.check()
    submit = _submit_here if new.is_for_here else _submit_to_queue
    return create_run(experiment, submit(connection, new, experiment.name))


def _refuse_itself(definition: Mapping[str, Any], folder: Path) -> None:
    """Raise UserErrorException for a run's script that submits itself unchanged.

    It would do so without end.
    """
    script = definition.get("script")
    is_of_run = os.environ.get(RUN_VARIABLE) and script_name()
    if not script or not is_of_run or definition.get("arguments") != sys.argv[1:]:
        return
    if (folder / script).resolve() == Path(sys.argv[0]).resolve():
        raise UserErrorException(
            f"{script} is this script: as a submitted run it would submit itself "
            "again and again. Submit it from another script, or with other arguments."
        )


def _list_sources(folder: Path, definition: Mapping[str, Any]) -> list[SourceFile]:
    try:
        sources = list_sources(folder)
    except TooLarge as error:
        raise SnapshotException(
            f"{folder} has more than {snapshot_rules.MAX_FILES:,} files or "
            f"{snapshot_rules.MAX_BYTES // 2**20} MB. Name what is no source in "
            ".amlignore, or submit a smaller folder."
        ) from error
    try:
        for source in sources:
            snapshot_rules.check_archive_path(source.path)
    except InvalidValue as error:
        raise SnapshotException(
            f"{folder} has a file that no snapshot can keep: {error.message}. Rename "
            "it, or name it in .amlignore."
        ) from error
    script = definition.get("script")
    if script and script not in {source.path for source in sources}:
        raise ExperimentExecutionException(
            f"{script} is not part of the snapshot of {folder}: it is a link, a "
            "secret, or left out by .amlignore or .gitignore. Copy it to a regular "
            "file."
        )
    return sources


def _new_run_id(experiment: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", experiment)[:MAX_NAME_IN_ID].lstrip("_-")
    return f"{name or 'run'}_{int(time.time())}_{secrets.token_hex(4)}"


def _submit_here(
    connection: WorkspaceConnection, new: NewSubmission, experiment: str
) -> dict[str, Any]:
    secrets_here = _secrets_of_environment(new.definition)
    started = {"status": "Starting", "launcher": "runner", "heartbeats": True}
    body = {**new.body(experiment), **started}
    info = connection.change("POST", "runs", body)
    path = f"runs/{info['id']}"
    with _ending_if_failed(connection, path):
        folder = create_job_folder(info["id"])
        try:
            _keep_snapshot(connection, path, new, folder / ARCHIVE_FILE)
            job = _job_for(connection, info, new.definition, secrets_here)
            start_runner(folder, job)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return dict(info)


def _submit_to_queue(
    connection: WorkspaceConnection, new: NewSubmission, experiment: str
) -> dict[str, Any]:
    # The definition has the priority, and how often it is tried.
    queued = {"target": new.definition["target"]}
    job = _create_and_start(connection, new, experiment, "queue", queued)
    return dict(connection.get(f"runs/{job['run']}"))


def _create_and_start(
    connection: WorkspaceConnection,
    new: NewSubmission,
    experiment: str,
    action: str,
    request: Mapping[str, Any],
) -> dict[str, Any]:
    """Create the run with its sources, then do the rest; returns the last reply."""
    body = {**new.body(experiment), "status": "NotStarted"}
    info = connection.change("POST", "runs", body)
    path = f"runs/{info['id']}"
    with _ending_if_failed(connection, path):
        with tempfile.TemporaryDirectory(prefix="run-studio-") as folder:
            _keep_snapshot(connection, path, new, Path(folder) / ARCHIVE_FILE)
        return dict(connection.change("POST", f"{path}/{action}", dict(request)))


def _keep_snapshot(
    connection: WorkspaceConnection, path: str, new: NewSubmission, copy: Path
) -> None:
    """Link the snapshot of that content, or upload it if the server has none."""
    if new.write_sources is None:
        return
    tree = new.write_sources(copy)
    if not new.keeps_snapshot:
        return
    try:
        connection.change("POST", f"{path}/snapshot/known", {"tree": tree})
    except NotFound:
        with compressed(copy) as archive:
            size = archive.tell()
            archive.seek(0)
            connection.client.upload(f"{path}/snapshot", archive, size)


def _job_for(
    connection: WorkspaceConnection,
    info: Mapping[str, Any],
    definition: dict[str, Any],
    secrets_here: dict[str, str],
) -> JobFile:
    client = connection.client
    return JobFile(
        client.url,
        client.workspace,
        info["id"],
        info["experiment"],
        definition,
        _token_for(connection, info["id"]),
        secrets_here,
        terminate_after=definition.get(
            "terminateAfterSeconds", cancel_signals.TERMINATE_AFTER_SECONDS
        ),
        kill_after=definition.get(
            "killAfterSeconds", cancel_signals.KILL_AFTER_SECONDS
        ),
        cache_folder=str(cache_folder()),
    )


def _secrets_of_environment(definition: Mapping[str, Any]) -> dict[str, str]:
    """The run's secrets, which only agents get from the server."""
    names = definition.get("secrets") or []
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise UserErrorException(
            f"Secrets of the workspace are for agents. On this machine, set "
            f"{', '.join(missing)} in the environment, or choose another target."
        )
    return {name: os.environ[name] for name in names}


def _token_for(connection: WorkspaceConnection, run_id: str) -> str:
    """A token of the run's own. The submitter's token never reaches a script."""
    return str(connection.change("POST", f"runs/{run_id}/token")["token"])


@contextlib.contextmanager
def _ending_if_failed(connection: WorkspaceConnection, path: str) -> Iterator[None]:
    """No run stays behind that nothing starts.

    Raises ExperimentExecutionException for a disk that cannot be written or read.
    """
    try:
        yield
    except OSError as error:
        text = f"The submission failed: {_explain(error)}"
        _fail(connection, path, text)
        raise ExperimentExecutionException(text) from error
    except BaseException as error:
        text = error.message if isinstance(error, StudioError) else str(error)
        _fail(
            connection, path, f"The submission failed: {text or type(error).__name__}"
        )
        raise


def _explain(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"{reason}. Free some space on this machine. STUDIO_JOBS and TMPDIR name "
            "other folders."
        )
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."


def _fail(connection: WorkspaceConnection, path: str, message: str) -> None:
    body = {"status": "Failed", "message": message, "launcher": True}
    with contextlib.suppress(StudioError):
        connection.change("POST", f"{path}/status", body)
