"""Runs, experiments, workspaces and queries as notebooks show them."""

from __future__ import annotations

from datetime import datetime
from html import escape
from itertools import islice
from typing import Any

from studio.core.errors import StudioError
from studio.sdk.notebook.html_parts import (
    duration_html,
    help_url,
    link,
    number_html,
    rows_table,
    section,
    status_html,
    table,
    text_html,
)

#: The number of rows that are shown of a query.
MAX_QUERY_ROWS = 20
#: Longer ids are cut.
MAX_ID_CHARS = 12
_RUN_LINK, _DOCS_LINK = "Link to Run Studio", "Link to Documentation"


def run_html(run: Any) -> str:
    """A run as it was last read."""
    docs_url = help_url(run._state.connection.client.url)
    return table(
        {
            "Name": text_html(run.display_name),
            "Experiment": text_html(run.experiment.name),
            "Id": text_html(run.id),
            "Type": text_html(str(run.type)),
            "Status": status_html(run.status),
            "Details Page": link(run.get_portal_url(), _RUN_LINK),
            "Docs Page": link(docs_url, _DOCS_LINK),
        }
    )


def experiment_html(experiment: Any) -> str:
    """An experiment as it was last read."""
    docs_url = help_url(experiment._connection.client.url)
    return table(
        {
            "Name": text_html(experiment.name),
            "Workspace": text_html(experiment.workspace.name),
            "Report Page": link(experiment.get_portal_url(), _RUN_LINK),
            "Docs Page": link(docs_url, _DOCS_LINK),
        }
    )


def workspace_html(workspace: Any) -> str:
    """A workspace and its server."""
    server_url = workspace._connection.client.url
    return table(
        {
            "Workspace": text_html(workspace.name),
            "Server": text_html(server_url),
            "Runs": link(workspace.get_portal_url(), _RUN_LINK),
            "Docs Page": link(help_url(server_url), _DOCS_LINK),
        }
    )


def query_html(query: Any) -> str:
    """The first runs of a query, how many there are, and a link to the same list.

    An error of the query is shown as a sentence.
    """
    try:
        total, is_exact = query._count_roughly()
        rows = list(query._first(MAX_QUERY_ROWS).rows())
    except StudioError as error:
        return section(f"<p>{escape(error.message)}</p>")
    word = "run" if total == 1 else "runs"
    count = f"{total:,} {word}" if is_exact else f"More than {total:,} runs"
    shown = f", of which the first {len(rows)} are shown" if len(rows) < total else ""
    note = f"{count}{shown} · {link(query._page_url(), _RUN_LINK)}"
    titles = list(rows[0]) if rows else ["id", *query.columns]
    cells = [[_cell_html(query, name, row[name]) for name in titles] for row in rows]
    return section(f"<p>{note}</p>", rows_table(titles, cells))


def _cell_html(query: Any, name: str, value: Any) -> str:
    if name == "id":
        # A whole id would leave no space for the other columns.
        text = value if len(value) <= MAX_ID_CHARS else f"{value[:8]}…"
        return link(f"{query._workspace.get_portal_url()}{value}/", text)
    if name == "status":
        return status_html(str(value))
    if name == "duration":
        return duration_html(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, dict):
        return tags_html(value)
    return number_html(value)


def tags_html(tags: dict[str, Any], limit: int = 20) -> str:
    """Tags or properties, one below the other."""
    lines = [
        text_html(key if value is None else f"{key}: {value}")
        for key, value in islice(sorted(tags.items()), limit)
    ]
    if len(tags) > limit:
        lines.append(f"… and {len(tags) - limit:,} more")
    return "<br>".join(lines)
