"""What MLflow loads: it learns when a run of this process starts, fails and ends.

MLflow has no event for this, and asks a context provider only before it creates a run.
So the class of active runs and one method of the client are wrapped. Each wrapper calls
the original, and an error of the capture never reaches a script.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

CAPTURE_VARIABLE = "STUDIO_CAPTURE"
_FLUENT, _CLIENT = "mlflow.tracking.fluent", "mlflow.tracking.client"
#: Marks what is wrapped already.
_MARK = "_run_studio_capture"


class ConsoleCapture:
    """The context provider. It adds no tags."""

    def __init__(self) -> None:
        with _nothing_raised():
            if is_enabled():
                _wrap_or_wait()
                # MLflow registers later that it ends open runs, so it does that before.
                atexit.register(_close)

    def in_context(self) -> bool:
        """Called before a run is created, and by loggers of models and traces."""
        with _nothing_raised():
            _Creation.is_next = True
            if is_enabled():
                _wrap_loaded_classes()
        return False

    def tags(self) -> dict[str, str]:
        return {}


class _CreationState(threading.local):
    #: Whether the next active run of this thread is a new one, not a resumed one.
    is_next = False


_Creation = _CreationState()


class _Exit:
    #: Whether the interpreter ends: MLflow then ends the run that is open.
    is_near = False


@functools.cache
def _watch_exit() -> None:
    """Called after MLflow's own registration, since the last registered runs first."""
    atexit.register(setattr, _Exit, "is_near", True)


def is_enabled() -> bool:
    """Whether `STUDIO_CAPTURE` allows it."""
    value = os.environ.get(CAPTURE_VARIABLE, "").strip().lower()
    return value not in ("0", "off", "false", "no")


@contextlib.contextmanager
def _nothing_raised() -> Iterator[None]:
    try:
        yield
    # A training must not fail because of its log, whatever goes wrong here.
    except Exception:  # noqa: BLE001
        if os.environ.get("STUDIO_DEBUG"):
            sys.excepthook(*sys.exc_info())


def _wrap_or_wait() -> None:
    """Wrap the class of active runs, or do it once it is defined.

    MLflow loads providers before this class. A script that resumes a run asks none of
    them, so this must not wait for `in_context`.
    """
    if _wrap_loaded_classes():
        return
    from mlflow.entities import Run

    def watch_subclass(cls: Any, /, **options: Any) -> None:
        super(Run, cls).__init_subclass__(**options)
        if cls.__module__ == _FLUENT and cls.__name__ == "ActiveRun":
            with _nothing_raised():
                _wrap_active_run(cls)

    Run.__init_subclass__ = classmethod(watch_subclass)


def _wrap_loaded_classes() -> bool:
    """Whether the class of active runs is wrapped."""
    active_run = getattr(sys.modules.get(_FLUENT), "ActiveRun", None)
    if active_run is None:
        return False
    _wrap_active_run(active_run)
    return True


def _wrap_active_run(active_run: Any) -> None:
    if _MARK in vars(active_run):
        return
    setattr(active_run, _MARK, True)
    original_init, original_exit = active_run.__init__, active_run.__exit__

    @functools.wraps(original_init)
    def init(self: Any, *words: Any, **options: Any) -> None:
        original_init(self, *words, **options)
        with _nothing_raised():
            is_new, _Creation.is_next = _Creation.is_next, False
            _watch_exit()
            _wrap_client()
            _start(str(self.info.run_id), is_new=is_new, tags=self.data.tags)

    @functools.wraps(original_exit)
    def leave(self: Any, kind: Any, error: Any, trace: Any) -> Any:
        run_id = str(self.info.run_id)
        if isinstance(error, SystemExit) and not error.code and _is_captured(run_id):
            # Not a failure. Its result is not returned: it would stop the exit.
            original_exit(self, None, None, None)
            return False
        if error is not None:
            with _nothing_raised():
                _note_error(run_id, error)
        return original_exit(self, kind, error, trace)

    active_run.__init__, active_run.__exit__ = init, leave


def _wrap_client() -> None:
    client: Any = getattr(sys.modules.get(_CLIENT), "MlflowClient", None)
    if client is None or _MARK in vars(client):
        return
    setattr(client, _MARK, True)
    original = client.set_terminated

    @functools.wraps(original)
    def set_terminated(
        self: Any, run_id: str, status: Any = None, end_time: Any = None
    ) -> Any:
        with _nothing_raised():
            status = _end(str(run_id), status)
        return original(self, run_id, status, end_time)

    client.set_terminated = set_terminated


def _start(run_id: str, *, is_new: bool, tags: Any) -> None:
    # `studio run` keeps the output of its own run already.
    if not is_enabled() or run_id == os.environ.get("STUDIO_RUN_ID"):
        return
    uri = str(sys.modules["mlflow"].get_tracking_uri())
    if not uri.lower().startswith(("http://", "https://")):
        return
    # Imported here: scripts that log to a file or a database need none of it, and
    # those that log to another server need no console.
    from studio.capture.servers import find_server

    client = find_server(uri, run_id)
    if client is not None:
        from studio.capture.consoles import consoles

        is_child = "mlflow.parentRunId" in tags
        consoles.start_run(client, run_id, is_new=is_new, is_child=is_child)


def _loaded_consoles() -> Any:
    """The module, if a run was captured; else None."""
    return sys.modules.get("studio.capture.consoles")


def _is_captured(run_id: str) -> bool:
    module = _loaded_consoles()
    return module is not None and module.consoles.has(run_id)


def _close() -> None:
    module = _loaded_consoles()
    if module is not None:
        module.consoles.close()


def _note_error(run_id: str, error: BaseException) -> None:
    """Write the traceback to the log: Python prints it after the end of the run."""
    module = _loaded_consoles()
    if module is not None:
        module.consoles.note_error(run_id, error)


def _end(run_id: str, status: Any) -> Any:
    """End the log; return the status to report."""
    if not _is_captured(run_id):
        return status
    module = _loaded_consoles()
    # A script that ends its run itself says how it ended, also after an error that it
    # caught.
    if _Exit.is_near and status in (None, "FINISHED"):
        status = module.status_at_exit() or status
    module.consoles.end_run(run_id)
    return status
