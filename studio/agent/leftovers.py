"""Delivers what a job's processes could not send before they ended, and more."""

from __future__ import annotations

import contextlib
import io
import time
from pathlib import Path
from urllib.parse import quote

from studio.core.errors import StudioError
from studio.core.job_files import CONTAINER_SPOOL
from studio.sdk.client import Client
from studio.sdk.delivery import (
    SpoolFolder,
    has_only_files,
    open_sender,
    upload_file,
)

PAUSE_SECONDS = 0.1
#: Of a longer log of an engine, only the end is kept with the run.
MAX_LOG_BYTES = 4 * 1024 * 1024


def upload_engine_log(client: Client, run: str, attempt: int, log: Path) -> None:
    """Keep what the engine wrote about an attempt as a file of the run.

    The end of the run does not depend on it: without the server, the log stays here.
    """
    number = f"_{attempt}" if attempt > 1 else ""
    name = f"azureml-logs/55_{log.stem}_log{number}.txt"
    with contextlib.suppress(OSError, StudioError):
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, io.SEEK_END) - MAX_LOG_BYTES))
            text = file.read(MAX_LOG_BYTES)
        if text:
            path = f"runs/{quote(run, safe='')}"
            upload_file(client, path, name, io.BytesIO(text), len(text))


def has_leftovers(spool: Path) -> bool:
    """Whether something waits in the job's spool, or in that of its container."""
    return any(any(one.glob("*/owner.json")) for one in (spool, container_spool(spool)))


def container_spool(spool: Path) -> Path:
    """The spool of a job's container, next to that of the job."""
    return spool.parent / CONTAINER_SPOOL


def deliver_leftovers(
    spool: Path, client: Client, run: str, *, is_lost: bool, seconds: float
) -> bool:
    """Send what waits, as the run's own token; whether all of it arrived or was lost.

    With `is_lost`, the end of `run` is not sent: another attempt can follow.
    """
    end = time.monotonic() + seconds
    is_complete, found = True, list[SpoolFolder]()
    for path in sorted(spool.glob("[0-9a-f]*")):
        folder = SpoolFolder.claim(path)
        if folder is not None:
            found.append(folder)
    for path in sorted(container_spool(spool).glob("[0-9a-f]*")):
        # A link would let the script read or change what it can't reach.
        folder = SpoolFolder.claim(path) if has_only_files(path) else None
        if folder is not None:
            folder.confined_to = spool.parent
            found.append(folder)
    for folder in found:
        if is_lost and folder.owner.run_id == run:
            folder.forget_beginner()
        is_complete = _deliver(folder, client, end) and is_complete
    return is_complete


def _deliver(folder: SpoolFolder, client: Client, end: float) -> bool:
    sender = open_sender(folder, client)
    if sender is None:
        # It is damaged: no later attempt can read it.
        folder.unlock()
        return True
    while sender.receipt is None and time.monotonic() < end:
        if not (sender.send_due() or sender.upload_next()):
            if sender.is_blocked:
                break
            time.sleep(PAUSE_SECONDS)
    if sender.receipt is None:
        sender.leave_to_later_process()
    # A refusal would be repeated.
    return sender.receipt is not None or sender.is_blocked
