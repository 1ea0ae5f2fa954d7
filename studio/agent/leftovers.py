"""Delivers what a job's processes could not send before they ended."""

from __future__ import annotations

import time
from pathlib import Path

from studio.sdk.client import Client
from studio.sdk.delivery import SpoolFolder, open_sender

PAUSE_SECONDS = 0.1


def has_leftovers(spool: Path) -> bool:
    """Whether something waits in the job's spool."""
    return any(spool.glob("*/owner.json"))


def deliver_leftovers(
    spool: Path, client: Client, run: str, *, is_lost: bool, seconds: float
) -> bool:
    """Send what waits, as the run's own token; whether all of it arrived or was lost.

    With `is_lost`, the end of `run` is not sent: another attempt can follow.
    """
    end = time.monotonic() + seconds
    is_complete = True
    for path in sorted(spool.glob("[0-9a-f]*")):
        folder = SpoolFolder.claim(path)
        if folder is None:
            continue
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
