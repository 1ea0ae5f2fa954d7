"""A run that is shown live in a notebook, as `azureml.widgets` has it."""

from __future__ import annotations

import threading
import time
from html import escape
from typing import Any

from studio.core.errors import NotFound, StudioError
from studio.sdk.errors import UserErrorException
from studio.sdk.notebook import LiveRun, section
from studio.sdk.responses import is_temporary
from studio.sdk.run import Run, find_current_log

#: Seconds between two updates. A slow server is asked less often.
REFRESH_SECONDS, MAX_REFRESH_SECONDS = 2.0, 30.0

#: The widget that updates each run, by the run's id.
_live_widgets: dict[str, RunDetails] = {}


class RunDetails:
    """A run below a cell, with its status, charts, tables, child runs and log.

        RunDetails(run).show()

    It needs no extension of the notebook: the shown HTML is replaced every two seconds.
    Raises UserErrorException for what is not a run.
    """

    def __init__(self, run_instance: Run) -> None:
        given: object = run_instance
        if not isinstance(given, Run):
            kind = type(given).__name__
            raise UserErrorException(
                f"RunDetails shows a run, not {kind}: give it what submit() or "
                "start_logging() returns."
            )
        self.run = run_instance
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def show(self, render_lib: object = None, widget_settings: object = None) -> None:
        """Show the run, and update it until it ends; returns at once.

        Outside of a notebook it prints the run and the address of its page. Updates
        stop at the end of the run or the kernel, if you interrupt a cell, and if the
        run is shown again. The arguments are ignored.
        """
        display = _notebook_display()
        if display is None:
            print(self.run, self.run.get_portal_url(), sep="\n")  # noqa: T201
            return
        live = LiveRun(self.run, find_current_log)
        content, goes_on = _read_content(live)
        handle = display(_HtmlFragment(content), display_id=True)
        if not goes_on or handle is None:
            return
        self.stop()
        shown_before = _live_widgets.get(self.run.id)
        if shown_before is not None:
            shown_before.stop()
        _live_widgets[self.run.id] = self
        _stop_when_interrupted()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._update,
            args=(live, handle, self._stopping),
            name="RunDetails",
            # The thread ends with the kernel.
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop the updates; what is shown stays."""
        self._stopping.set()

    def get_html(self) -> str:
        """The run as HTML, as it is now. Raises StudioError."""
        return LiveRun(self.run, find_current_log).read_html()

    def _update(self, live: LiveRun, handle: Any, stopping: threading.Event) -> None:
        wait = REFRESH_SECONDS
        goes_on = True
        while goes_on and not stopping.wait(wait):
            begin = time.monotonic()
            content, goes_on = _read_content(live)
            if stopping.is_set():
                break
            handle.update(_HtmlFragment(content))
            took = time.monotonic() - begin
            wait = min(max(REFRESH_SECONDS, 3 * took), MAX_REFRESH_SECONDS)
        if _live_widgets.get(self.run.id) is self:
            del _live_widgets[self.run.id]


def _read_content(live: LiveRun) -> tuple[str, bool]:
    """The run as HTML, or the error as a sentence; and whether it can still change."""
    try:
        content = live.read_html()
    except StudioError as error:
        # A run that was begun without a server arrives there later.
        is_awaited = isinstance(error, NotFound) and live.is_logged_here
        goes_on = (is_temporary(error) or is_awaited) and not live.is_offline
        return section(f"<p>{escape(error.message)}</p>"), goes_on
    return content, not live.has_ended


class _HtmlFragment:
    def __init__(self, content: str) -> None:
        self.content = content

    def _repr_html_(self) -> str:
        return self.content

    def __repr__(self) -> str:
        # What front ends without HTML show.
        return "RunDetails"


def _notebook_shell() -> Any:
    """IPython's shell in a notebook; None elsewhere."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    return shell if shell is not None and hasattr(shell, "kernel") else None


def _notebook_display() -> Any:
    """IPython's `display` in a notebook; None elsewhere."""
    if _notebook_shell() is None:
        return None
    from IPython.display import display

    return display


def _stop_when_interrupted() -> None:
    """Let an interrupted cell stop the updates of all runs."""
    events = _notebook_shell().events
    # Registering a function again would call it twice.
    if _stop_after_interrupt not in events.callbacks["post_run_cell"]:
        events.register("post_run_cell", _stop_after_interrupt)


def _stop_after_interrupt(result: Any) -> None:
    if isinstance(getattr(result, "error_in_exec", None), KeyboardInterrupt):
        for widget in list(_live_widgets.values()):
            widget.stop()
