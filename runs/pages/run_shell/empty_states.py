"""Empty states of the tabs of the run page, with code that fills them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from runs.models import Run
from runs.search.run import LoggingClient, find_logging_clients

SNIPPETS = {
    "metrics": {
        LoggingClient.SDK: 'run.log("loss", 0.25)',
        LoggingClient.MLFLOW: 'mlflow.log_metric("loss", 0.25, step=1)',
    },
    "media": {
        LoggingClient.SDK: 'run.log_image("samples", "samples.png", step=1)',
        LoggingClient.MLFLOW: 'mlflow.log_image(image, key="samples", step=1)',
    },
    "files": {
        LoggingClient.SDK: 'run.upload_file("outputs/notes.txt", "notes.txt")',
        LoggingClient.MLFLOW: 'mlflow.log_artifact("notes.txt")',
    },
    "children": {
        LoggingClient.SDK: (
            'with run.child_run("fold 1") as child:\n    child.log("loss", 0.25)'
        ),
        LoggingClient.MLFLOW: (
            'with mlflow.start_run(nested=True, run_name="fold 1"):\n'
            '    mlflow.log_metric("loss", 0.25)'
        ),
    },
}
#: Title and text of each tab for an active run, and for one that has ended.
_TEXTS: dict[str, Callable[[], tuple[str, str, str, str]]] = {
    "metrics": lambda: (
        _("No metrics yet"),
        _("What the run logs appears here while it runs."),
        _("No metrics"),
        _("This run finished without metrics. To log some:"),
    ),
    "media": lambda: (
        _("No media yet"),
        _(
            "Images, sounds, videos, tables, texts and figures appear here while it "
            "runs."
        ),
        _("No media"),
        _("This run finished without media. To log some:"),
    ),
    "files": lambda: (
        _("No files yet"),
        _("Files and logs of the run appear here while it runs."),
        _("No files"),
        _("This run finished without files. To save some:"),
    ),
    "children": lambda: (
        _("This run has no child runs"),
        _("Child runs that this run’s script starts appear here while it runs:"),
        _("This run has no child runs"),
        _("This run finished without child runs. To create some:"),
    ),
}


@dataclass(frozen=True)
class EmptyState:
    """An empty state; `snippets` use the client of the run, or all if unknown."""

    title: str
    text: str
    snippets: tuple[str, ...]


def empty_state_of(tab: str, run: Run) -> EmptyState:
    title, text, last_title, last_text = _TEXTS[tab]()
    snippets = tuple(SNIPPETS[tab][each] for each in find_logging_clients(run))
    if run.state.is_final:
        return EmptyState(last_title, last_text, snippets)
    return EmptyState(title, text, snippets)
