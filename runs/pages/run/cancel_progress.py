"""The card of a cancel: its steps, the signals so far, and the last output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from runs.models import File, Run, now_ms
from runs.pages.requests import PageRequest
from runs.pages.run_shell import can_force_cancel, can_force_stop, can_receive_cancel
from runs.render.files import last_text_lines
from runs.render.formats import run_path
from runs.search.files import find_log
from runs.search.run import CancelRequest, find_cancel_request
from runs.storage.files import files as file_store
from studio.core.cancel_signals import (
    KILL_AFTER_SECONDS,
    TERMINATE_AFTER_SECONDS,
    CancelSignal,
)
from studio.core.errors import MissingBytes
from studio.core.launcher_properties import (
    HOST_PROPERTY,
    KILL_AFTER_PROPERTY,
    TERMINATE_AFTER_PROPERTY,
)

#: Lines of the log in the card, and how much of its end is read for them.
SHOWN_LINES, READ_BYTES = 3, 4096
#: A client that reports no signal this long after it acknowledged sends none.
FIRST_SIGNAL_MS = 10_000


@dataclass(frozen=True)
class SignalStep:
    """`sent` is when the signal was sent, `due` when it will be; both can be None."""

    name: str
    sent: int | None
    due: int | None


def cancel_progress_context(
    request: PageRequest, run: Run, properties: Mapping[str, str | None]
) -> dict[str, Any]:
    """Return what the card shows; nothing if no cancel was requested."""
    found = find_cancel_request(run)
    if found.asked is None:
        return {}
    now = now_ms()
    since = found.acknowledged or found.asked
    kill_after = _seconds(properties, KILL_AFTER_PROPERTY, KILL_AFTER_SECONDS)
    return {
        "cancel": found,
        "is_awaited": found.ended is None,
        "can_hear": can_receive_cancel(run),
        "host": properties.get(HOST_PROPERTY),
        "reaction": found.acknowledged and found.acknowledged.time - found.asked.time,
        "stopping_since": since.time,
        "stopping": (found.ended.time if found.ended else now) - since.time,
        "can_force": can_force_cancel(request, run, found),
        "can_force_stop": can_force_stop(request, run, found),
        "signals": _signal_steps(run, found, properties, now),
        "kill_after": round(kill_after),
        **_last_output(request, run),
    }


def _seconds(properties: Mapping[str, str | None], name: str, default: float) -> float:
    """A property that the launcher wrote; anyone can write another text into it."""
    try:
        return min(max(0.0, float(properties.get(name) or default)), 86_400.0)
    except ValueError:
        return default


def _signal_steps(
    run: Run,
    found: CancelRequest,
    properties: Mapping[str, str | None],
    now: int,
) -> list[SignalStep]:
    """The signals, unless nothing reports them."""
    first = min((event.time for event in found.signals.values()), default=None)
    if first is None:
        is_new = found.acknowledged and now - found.acknowledged.time < FIRST_SIGNAL_MS
        if not (is_new and can_receive_cancel(run)):
            return []
    terminate = _seconds(properties, TERMINATE_AFTER_PROPERTY, TERMINATE_AFTER_SECONDS)
    kill = _seconds(properties, KILL_AFTER_PROPERTY, KILL_AFTER_SECONDS)
    delays = {
        CancelSignal.INTERRUPT: 0.0,
        CancelSignal.TERMINATE: terminate,
        CancelSignal.KILL: kill,
    }
    if first is not None and CancelSignal.INTERRUPT not in found.signals:
        # The launcher itself got SIGTERM: the ladder began there.
        delays[CancelSignal.KILL] = max(0.0, kill - terminate)
    return [
        SignalStep(
            signal.value,
            found.signals[signal].time if signal in found.signals else None,
            _due_time(found, signal, first, delay),
        )
        for signal, delay in delays.items()
    ]


def _due_time(
    found: CancelRequest, signal: CancelSignal, first: int | None, delay: float
) -> int | None:
    """When the signal will be sent; None if it was, or never will be."""
    reached = list(CancelSignal).index(signal)
    is_passed = any(list(CancelSignal).index(one) >= reached for one in found.signals)
    is_over = found.ended is not None or found.force is not None
    if is_over or first is None or is_passed:
        return None
    return first + int(delay * 1000)


def _last_output(request: PageRequest, run: Run) -> dict[str, Any]:
    file = find_log(run)
    if file is None:
        return {}
    path = run_path(request.workspace.name, run.run_id)
    return {
        "log_lines": _read_last_lines(file),
        "log_href": f"{path}files/?path={quote(file.path)}",
    }


def _read_last_lines(file: File) -> list[str]:
    try:
        with file_store.open(file.blob, file.size) as handle:
            handle.seek(max(0, file.size - READ_BYTES))
            # Whole from the line's start, unless the line itself is longer.
            data = handle.read(min(file.size, READ_BYTES))
    except (MissingBytes, OSError):
        return []
    return last_text_lines(data, SHOWN_LINES, is_cut=file.size > READ_BYTES)
