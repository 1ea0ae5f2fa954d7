"""Find runs: the conditions of the v1 SDK become one filter, and pages become runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Optional, Union

from studio.core.run_definition import SWEEP_TYPE
from studio.sdk.connection import WorkspaceConnection
from studio.sdk.errors import UserErrorException
from studio.sdk.run.run_types import create_run

Tags = Optional[Union[Mapping[str, Optional[str]], str]]
#: The number of runs per request: a fast first page, then few requests.
FIRST_PAGE_RUNS, PAGE_RUNS = 25, 100
#: Types of runs that v1 names otherwise.
_TYPES_OF_V1 = {"hyperdrive": SWEEP_TYPE}


def find_runs(
    experiment: Any,
    *,
    type: str | None = None,
    tags: Tags = None,
    properties: Mapping[str, str] | None = None,
    status: str | None = None,
    children: bool = False,
    parent: str | None = None,
    below: str | None = None,
) -> Iterator[Any]:
    """The runs that meet all conditions, the newest first.

    `parent` is the id of the run directly above, `below` that of any run above. Raises
    UserErrorException at once for an invalid condition.
    """
    query: dict[str, Any] = {
        "q": _filter_text(type, tags, properties, status, None),
        # The tags come with each row, so that no run needs a request of its own.
        "columns": "tags",
        "children": "1" if children else None,
        "archived": "1",
        "parent": parent,
        "below": below,
    }
    if parent is None and below is None:
        query["experiment"] = experiment._get_id()
    return (
        create_run(experiment, found["run"], found["tags"])
        for found in _list_pages(experiment._connection, query)
    )


def find_runs_of_target(
    workspace: Any,
    target: str,
    *,
    type: str | None,
    tags: Tags,
    properties: Mapping[str, str] | None,
    status: str | None,
) -> Iterator[Any]:
    """The runs of a compute target in all experiments, the newest first.

    Raises UserErrorException at once for an invalid condition.
    """
    text = _filter_text(type, tags, properties, status, target)
    return iterate_runs(workspace, {"q": text, "children": "1", "archived": "1"})


def iterate_runs(workspace: Any, query: dict[str, Any]) -> Iterator[Any]:
    """The runs of a query of the server's run list, read page by page."""
    query = {**query, "columns": "tags"}
    for found in _list_pages(workspace._connection, query):
        experiment = workspace._experiment_of(found["run"])
        yield create_run(experiment, found["run"], found["tags"])


def _list_pages(
    connection: WorkspaceConnection, query: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    rows = FIRST_PAGE_RUNS
    after: str | None = None
    while after != "":
        page = connection.get("runs", rows=rows, after=after, **query)
        yield from page["runs"]
        after, rows = page["after"], PAGE_RUNS


def _filter_text(
    type: str | None,
    tags: Tags,
    properties: Mapping[str, str] | None,
    status: str | None,
    target: str | None,
) -> str | None:
    terms = [
        _equality_term("type", _TYPES_OF_V1.get(type or "", type)),
        *_tag_terms(tags),
        *_text_terms("properties", properties),
        *(_equality_term("status", status), _equality_term("target", target)),
    ]
    return " and ".join(filter(None, terms)) or None


def _equality_term(field: str, value: str | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserErrorException(f"{field} must be text, not {value!r}")
    return f"{field} = {quote_text(value)}"


def _tag_terms(tags: Tags) -> list[str]:
    if isinstance(tags, str):
        return [f"tag:{quote_text(tags)}"]
    return _text_terms("tags", tags)


def _text_terms(kind: str, texts: Mapping[str, Any] | None) -> list[str]:
    if texts is None:
        return []
    if not isinstance(texts, Mapping):
        raise UserErrorException(f"{kind} must be a dict, not {texts!r}")
    singular = {"tags": "tag", "properties": "property"}[kind]
    return [
        f"{singular}:{quote_text(str(key))}"
        if value is None
        else f"{kind}.{quote_text(str(key))} = {quote_text(str(value))}"
        for key, value in texts.items()
    ]


def quote_text(text: str) -> str:
    """A text as the filter language quotes it."""
    return '"' + text.replace('"', '""') + '"'
