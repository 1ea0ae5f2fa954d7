"""A run as a live widget in a notebook: status, metrics, children, end of its log."""

from __future__ import annotations

import html
import threading
from typing import Any

from studio.core.errors import StudioError
from studio.sdk.repr_html import link, table
from studio.sdk.run import Run, find_current_log

REFRESH_SECONDS = 2.0
MAX_LOG_LINES = 20
MAX_CHILDREN = 50


class RunDetails:
    """`RunDetails(run).show()` shows a run; outside of a notebook it prints it."""

    def __init__(self, run_instance: Run) -> None:
        self.run = run_instance
        self._thread: threading.Thread | None = None

    def show(self, render_lib: object = None, widget_settings: object = None) -> None:
        """Show the run below the cell, and update it until the run ends."""
        display = _notebook_display()
        if display is None:
            print(self.run, self.run.get_portal_url(), sep="\n")  # noqa: T201
            return
        handle = display(_HtmlFragment(self.get_html()), display_id=True)
        if self.run._state.is_final() or handle is None:
            return
        self._thread = threading.Thread(
            target=self._update, args=(handle,), name="RunDetails", daemon=True
        )
        self._thread.start()

    def get_html(self) -> str:
        """The run as HTML, as it is now."""
        run = self.run
        status = run.get_status()
        parts = [
            table(
                {
                    "Run": link(run.get_portal_url(), run.display_name),
                    "Experiment": html.escape(run.experiment.name),
                    "Status": html.escape(status),
                    "Tags": _format_texts(run.get_tags()),
                    "Properties": _format_texts(run.get_properties()),
                }
            ),
            _format_metrics(run),
            _format_children(run),
            _format_log(run),
        ]
        return "".join(filter(None, parts))

    def _update(self, handle: Any) -> None:
        has_ended = False
        while not has_ended:
            threading.Event().wait(REFRESH_SECONDS)
            # Read before the HTML, so that the last update shows the end.
            has_ended = self.run._state.is_final()
            try:
                content = self.get_html()
            except StudioError as error:
                content = f"<p>{html.escape(error.message)}</p>"
            handle.update(_HtmlFragment(content))


class _HtmlFragment:
    def __init__(self, content: str) -> None:
        self.content = content

    def _repr_html_(self) -> str:
        return self.content


def _notebook_display() -> Any:
    """IPython's `display` in a notebook; None elsewhere."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return None
    shell = get_ipython()
    return display if shell is not None and hasattr(shell, "kernel") else None


def _format_texts(texts: dict[str, Any]) -> str:
    return "<br>".join(
        html.escape(key if value is None else f"{key}: {value}")
        for key, value in sorted(texts.items())
    )


def _format_metrics(run: Any) -> str:
    state = run._state
    metrics = state.connection.get(state.path("metrics"))["metrics"]
    lines = "".join(
        f"<tr><td>{html.escape(one['key'])}</td><td>{html.escape(str(one['last']))}"
        f"</td><td>{one['count']}</td></tr>"
        for one in metrics
        if one["last"] is not None
    )
    head = "<tr><th>Metric</th><th>Last</th><th>Values</th></tr>"
    return f"<table>{head}{lines}</table>" if lines else ""


def _format_children(run: Any) -> str:
    lines = ""
    for number, child in enumerate(run.get_children()):
        if number == MAX_CHILDREN:
            break
        name = link(child.get_portal_url(), child.display_name)
        lines += f"<tr><td>{name}</td><td>{html.escape(child.status)}</td></tr>"
    head = "<tr><th>Child run</th><th>Status</th></tr>"
    return f"<table>{head}{lines}</table>" if lines else ""


def _format_log(run: Any) -> str:
    path = find_current_log(run._files.get_names())
    if not path:
        return ""
    lines = run._files.read_text(path).splitlines()[-MAX_LOG_LINES:]
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"
