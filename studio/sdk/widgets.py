"""A run as a live piece of a notebook: status, metrics, children, its log's end."""

from __future__ import annotations

import html
import threading
from typing import Any

from studio.core.errors import StudioError
from studio.sdk.following import current_log
from studio.sdk.shown import link, table

SECONDS = 2.0
LOG_LINES = 20
CHILDREN = 50


class RunDetails:
    """`RunDetails(run).show()`; outside of a notebook it prints."""

    def __init__(self, run_instance: Any) -> None:
        self.run = run_instance
        self._thread: threading.Thread | None = None

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Show the run below the cell, and keep it up to date until it has ended."""
        display = _notebook_display()
        if display is None:
            print(self.run, self.run.get_portal_url(), sep="\n")  # noqa: T201
            return
        shown = display(_Html(self.get_html()), display_id=True)
        if self.run._is_final() or shown is None:
            return
        self._thread = threading.Thread(
            target=self._follow, args=(shown,), name="RunDetails", daemon=True
        )
        self._thread.start()

    def get_html(self) -> str:
        """What is shown, as it is now."""
        run = self.run
        status = run.get_status()
        parts = [
            table(
                {
                    "Run": link(run.get_portal_url(), run.display_name),
                    "Experiment": html.escape(run.experiment.name),
                    "Status": html.escape(status),
                    "Tags": _texts(run.get_tags()),
                    "Properties": _texts(run.get_properties()),
                }
            ),
            _metrics(run),
            _children(run),
            _log(run),
        ]
        return "".join(filter(None, parts))

    def _follow(self, shown: Any) -> None:
        has_ended = False
        while not has_ended:
            threading.Event().wait(SECONDS)
            # Asked before it is shown, so that the end is shown, too.
            has_ended = self.run._is_final()
            try:
                content = self.get_html()
            except StudioError as error:
                content = f"<p>{html.escape(error.message)}</p>"
            shown.update(_Html(content))


class _Html:
    def __init__(self, content: str) -> None:
        self.content = content

    def _repr_html_(self) -> str:
        return self.content


def _notebook_display() -> Any:
    """IPython's `display` where a kernel shows it; None elsewhere."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return None
    shell = get_ipython()
    return display if shell is not None and hasattr(shell, "kernel") else None


def _texts(texts: dict[str, Any]) -> str:
    return "<br>".join(
        html.escape(key if value is None else f"{key}: {value}")
        for key, value in sorted(texts.items())
    )


def _metrics(run: Any) -> str:
    found = run._link.get(run._place("metrics"))["metrics"]
    lines = "".join(
        f"<tr><td>{html.escape(one['key'])}</td><td>{html.escape(str(one['last']))}"
        f"</td><td>{one['count']}</td></tr>"
        for one in found
        if one["last"] is not None
    )
    head = "<tr><th>Metric</th><th>Last</th><th>Values</th></tr>"
    return f"<table>{head}{lines}</table>" if lines else ""


def _children(run: Any) -> str:
    lines = ""
    for number, child in enumerate(run.get_children()):
        if number == CHILDREN:
            break
        name = link(child.get_portal_url(), child.display_name)
        lines += f"<tr><td>{name}</td><td>{html.escape(child.status)}</td></tr>"
    head = "<tr><th>Child run</th><th>Status</th></tr>"
    return f"<table>{head}{lines}</table>" if lines else ""


def _log(run: Any) -> str:
    path = current_log([one.path for one in run._files()])
    if not path:
        return ""
    lines = run._text(path).splitlines()[-LOG_LINES:]
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"
