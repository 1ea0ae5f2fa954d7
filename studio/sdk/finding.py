"""Runs by their texts: v1's conditions -> the filter language -> pages of runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

from studio.core.errors import InvalidName, NotFound
from studio.core.names import check_run_id
from studio.sdk.errors import UserErrorException

if TYPE_CHECKING:
    from studio.sdk.experiment import Experiment
    from studio.sdk.link import Link
    from studio.sdk.run import Run

Tags = Optional[Union[Mapping[str, Optional[str]], str]]
#: Runs of one request: the first page comes fast, and a long list is few requests.
FIRST_PAGE, PAGE = 25, 100


def known_run(link: Link, run_id: str) -> dict[str, Any]:
    """What the server says of the run of that id. Raises NotFound."""
    try:
        check_run_id(run_id)
    except InvalidName as error:
        raise NotFound(f"There is no run {run_id!r} in this workspace") from error
    return dict(link.get(f"runs/{run_id}"))


def find_runs(
    experiment: Experiment,
    *,
    type: str | None = None,
    tags: Tags = None,
    properties: Mapping[str, str] | None = None,
    status: str | None = None,
    target: str | None = None,
    children: bool = False,
    parent: str | None = None,
    below: str | None = None,
) -> Iterator[Run]:
    """The runs that meet all conditions, the newest first.

    Raises UserErrorException at once for a condition that cannot be read.
    """
    terms = [
        *(_equal("type", type), *_of_tags(tags)),
        *_of_texts("properties", properties),
        *(_equal("status", status), _equal("target", target)),
    ]
    query: dict[str, Any] = {
        "q": " and ".join(filter(None, terms)) or None,
        "columns": "tags",
        "children": "1" if children else None,
        "archived": "1",
        "parent": parent,
        "below": below,
    }
    if parent is None and below is None:
        query["experiment"] = experiment._number()
    return _pages(experiment, query)


def _pages(experiment: Experiment, query: dict[str, Any]) -> Iterator[Run]:
    from studio.sdk.run import as_run

    rows = FIRST_PAGE
    after: str | None = None
    while after != "":
        page = experiment._link.get("runs", rows=rows, after=after, **query)
        for found in page["runs"]:
            yield as_run(experiment, found["run"], found["tags"])
        after, rows = page["after"], PAGE


def _equal(name: str, value: str | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserErrorException(f"{name} must be text, not {value!r}")
    return f"{name} = {quoted(value)}"


def _of_tags(tags: Tags) -> list[str]:
    if isinstance(tags, str):
        return [f"tag:{quoted(tags)}"]
    return _of_texts("tags", tags)


def _of_texts(kind: str, texts: Mapping[str, Any] | None) -> list[str]:
    if texts is None:
        return []
    if not isinstance(texts, Mapping):
        raise UserErrorException(f"{kind} must be a dict, not {texts!r}")
    short = {"tags": "tag", "properties": "property"}[kind]
    return [
        f"{short}:{quoted(str(key))}"
        if value is None
        else f"{kind}.{quoted(str(key))} = {quoted(str(value))}"
        for key, value in texts.items()
    ]


def quoted(text: str) -> str:
    """A text of the filter language."""
    return '"' + text.replace('"', '""') + '"'
