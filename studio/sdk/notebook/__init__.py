"""Objects as notebooks show them, and the content of a live run."""

from studio.sdk.notebook.html_parts import section
from studio.sdk.notebook.live_run import LiveRun
from studio.sdk.notebook.objects import (
    experiment_html,
    query_html,
    run_html,
    workspace_html,
)

__all__ = [
    "LiveRun",
    "experiment_html",
    "query_html",
    "run_html",
    "section",
    "workspace_html",
]
