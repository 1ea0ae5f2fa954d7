"""Logs of runs in the tests of their index."""

from __future__ import annotations

from runs.actions.actor import Actor
from runs.actions.ingest import append_log
from runs.actions.log_index import LogIndexer
from runs.models import File, IndexedLog, Run
from studio.core.statuses import RunStatus
from tests.parts.records import NOON
from tests.search.library import Library

LOG = "user_logs/std_log.txt"


def write_log(
    shelf: Library,
    run_id: str,
    text: str | bytes,
    *,
    path: str = LOG,
    status: RunStatus = RunStatus.COMPLETED,
    **more: object,
) -> Run:
    found = Run.objects.filter(workspace=shelf.workspace, run_id=run_id).first()
    run = found or shelf.make(run_id, columns={"status": status.code, **more})
    append(run, text, path=path, actor=Actor(shelf.ada))
    return run


def append(run: Run, text: str | bytes, *, path: str = LOG, actor: Actor) -> File:
    data = text.encode() if isinstance(text, str) else text
    old = File.objects.filter(run=run, replaced__isnull=True)
    known = next((file for file in old if file.path == path), None)
    start = known.size if known else 0
    more = {"writer": "", "actor": actor, "now": NOON, "limit": 1 << 40}
    file, _received = append_log(run, path, start, data, **more)  # type: ignore[arg-type]
    return file


def index(now: int = NOON, *, passes: int = 1) -> None:
    for each in range(passes):
        LogIndexer(seconds=60.0)(now + each)


def indexed_bytes(run: Run) -> int:
    rows = IndexedLog.objects.filter(file__run=run)
    return sum(rows.values_list("indexed", flat=True))
