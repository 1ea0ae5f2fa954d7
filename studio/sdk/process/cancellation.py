"""What a cancel request does to this process: interrupt, SIGTERM, SIGKILL.

The main thread gets `RunCanceled` by a signal, which also ends `time.sleep` and other
waits. The signal is SIGURG: it is ignored by default, and SIGINT may be ignored, as in
a script that a shell started in the background, or belong to the script.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from studio.core.cancel_signals import (
    KILL_AFTER_SECONDS,
    TERMINATE_AFTER_SECONDS,
    CancelSignal,
)
from studio.core.statuses import RunStatus
from studio.sdk.errors import RunCanceled
from studio.sdk.process.begun_runs import BegunRun, is_forked
from studio.sdk.process.exit_reason import ExitReason
from studio.sdk.process.session import cells, is_interactive

#: Windows has no such signal.
WAKEUP: signal.Signals | None = getattr(signal, "SIGURG", None)
POLL_SECONDS = 0.1
#: How long the last delivery of a killed script can take.
LAST_DELIVERY_SECONDS = 5.0


def _canceled_by(name: CancelSignal) -> ExitReason:
    return ExitReason(RunStatus.CANCELED, name.value)


_waiting: list[Cancellation] = []


class Cancellation:
    """Stops the code that a run is for: once, and in steps of growing force."""

    def __init__(self, run: BegunRun) -> None:
        self._run = run
        thread = threading.current_thread()
        # None: the main thread, which signals reach.
        self._thread = None if thread is threading.main_thread() else thread
        self._lock = threading.Lock()
        self._ladder: threading.Thread | None = None
        self._is_forced = threading.Event()
        self.is_requested = False

    def request(self, *, force: bool = False) -> None:
        """Called with each response that tells of the request. Returns at once."""
        self.is_requested = True
        if force:
            self._is_forced.set()
        with self._lock:
            if self._ladder is not None or self._run.is_ending:
                return
            self._ladder = threading.Thread(
                target=self._stop, name="run-studio-cancel", daemon=True
            )
            self._ladder.start()

    def _stop(self) -> None:
        start = time.monotonic()
        # First the report: afterwards the run can have ended.
        self._run.report_signal(CancelSignal.INTERRUPT)
        self._interrupt()
        if is_interactive():
            # A prompt or kernel is not a script that must end.
            self._wait_in_session()
            return
        if not self._must_continue(start + TERMINATE_AFTER_SECONDS):
            return
        if not self._is_forced.is_set():
            self._run.report_signal(CancelSignal.TERMINATE)
            self._run.note_end(_canceled_by(CancelSignal.TERMINATE))
            os.kill(os.getpid(), signal.SIGTERM)
            if not self._must_continue(start + KILL_AFTER_SECONDS):
                return
        self._run.report_signal(CancelSignal.KILL)
        reason = _canceled_by(CancelSignal.KILL)
        if not self._run.is_ending:
            self._run.note_end(reason)
            self._run.conclude(reason, LAST_DELIVERY_SECONDS)
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    def _must_continue(self, due: float) -> bool:
        """Wait until the next signal is due; whether it is needed."""
        while not self._is_forced.is_set():
            is_delivering = self._run.is_ending and not self._run.is_ended
            if time.monotonic() >= due and not is_delivering:
                # A script can go on with something else, such as the next trial. But
                # where only its threads are left, it was meant to end.
                return not (self._run.is_ended and threading.main_thread().is_alive())
            self._is_forced.wait(POLL_SECONDS)
        return True

    def _wait_in_session(self) -> None:
        while not self._run.is_ended:
            if self._is_forced.wait(POLL_SECONDS):
                self._conclude(CancelSignal.KILL)
                return

    def _conclude(self, name: CancelSignal) -> None:
        if not self._run.is_ending:
            self._run.conclude(_canceled_by(name))

    def _interrupt(self) -> None:
        """Raise RunCanceled where the run was begun."""
        if self._thread is not None and self._thread.is_alive():
            # Few scripts need it. A thread cannot be woken from a wait.
            import ctypes

            ident = ctypes.c_ulong(self._thread.ident or 0)
            error = ctypes.py_object(RunCanceled)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, error)
            return
        if is_interactive() and not cells.is_running:
            self._conclude(CancelSignal.INTERRUPT)
            return
        _waiting.append(self)
        main = threading.main_thread().ident or 0
        if WAKEUP is None:
            _thread.interrupt_main()
        elif signal.getsignal(WAKEUP) is _raise_waiting:
            signal.pthread_kill(main, WAKEUP)
        else:
            signal.pthread_kill(main, signal.SIGINT)

    def raise_in_main_thread(self, frame: FrameType | None) -> None:
        """Raise RunCanceled, as a real SIGINT would raise KeyboardInterrupt."""
        if self._run.is_ending:
            return
        if is_interactive():
            if not cells.is_running:
                # Nothing to stop: an exception here would end the kernel.
                self._conclude(CancelSignal.INTERRUPT)
                return
            # The cell stops and the kernel stays: the run ends with the cell.
            cells.call_at_end(lambda: self._conclude(CancelSignal.INTERRUPT))
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler) and handler is not signal.default_int_handler:
            try:
                handler(signal.SIGINT, frame)
            except KeyboardInterrupt as error:
                raise RunCanceled(self._run.id) from error
            _wake_event_loop()
            return
        raise RunCanceled(self._run.id)


def _wake_event_loop() -> None:
    """Let the loop of asyncio notice that the handler canceled a task."""
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is not None:
        # There is no loop in the main thread.
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().call_soon_threadsafe(lambda: None)


def install_wakeup() -> None:
    """Let cancel requests interrupt the main thread, which calls this."""
    if WAKEUP is not None and signal.getsignal(WAKEUP) is signal.SIG_DFL:
        signal.signal(WAKEUP, _raise_waiting)


def remove_wakeup() -> None:
    """In a forked child."""
    _waiting.clear()
    if WAKEUP is not None and signal.getsignal(WAKEUP) is _raise_waiting:
        signal.signal(WAKEUP, signal.SIG_DFL)


def _raise_waiting(_number: int, frame: FrameType | None) -> None:
    while _waiting and not is_forked():
        _waiting.pop(0).raise_in_main_thread(frame)
