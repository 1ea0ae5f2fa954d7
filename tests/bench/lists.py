"""How long the lists take: the view itself, and over HTTP from the real server."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.http import Http404
from django.test import Client

from runs.management.home import read_client
from runs.models import Experiment, User, Workspace
from runs.search.run_list.run_page import find_runs
from runs.search.run_list.tree_runs import find_tree
from studio.core.view_spec import ViewSpec
from tests.bench.questions import ALL, Question
from tests.bench.report import Report, measured, times
from tests.parts.server import Server

Row = tuple[float, str]
FRAGMENT = {"HX-Request": "true"}


@dataclass
class Asked:
    """What the database was asked while a page was made."""

    queries: list[Row] = field(default_factory=list)

    @property
    def slowest(self) -> Row:
        return max(self.queries, default=(0.0, ""))


@contextmanager
def watched() -> Iterator[Asked]:
    asked = Asked()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            asked.queries.append(((time.perf_counter() - start) * 1000, sql))

    with connection.execute_wrapper(note):
        yield asked


class Visitor:
    """Opens pages within this process, by the token of the home folder."""

    def __init__(self, home: Path) -> None:
        token = read_client(home)["token"]
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Accept-Encoding": "gzip, br",
        }
        self.client = Client(headers=self.headers, SERVER_NAME="localhost")

    def open(self, address: str, known: Mapping[str, str] | None = None) -> int:
        status: int = self.client.get(address, headers=known).status_code
        return status

    def known(self, address: str) -> dict[str, str]:
        """What an open list sends along when it asks for news."""
        asked = {"HX-Request": "true"}
        answer = self.client.get(address, headers=asked)
        return {**asked, "If-None-Match": answer.headers["ETag"]}


def address_of(question: Question) -> str:
    """The question's address, on the page that it asks for."""
    query = question.query
    if question.turn:
        query = f"{query}&{urlencode({'after': cursor(question)})}"
    return f"{question.path}?{query}" if query else question.path


def cursor(question: Question) -> str:
    workspace = Workspace.objects.get(name="default")
    viewer = User.objects.order_by("pk")[0]
    spec = ViewSpec.from_query(question.query)
    experiment = None
    if question.path != ALL:
        name = question.path.rstrip("/").rpartition("/")[2]
        experiment = Experiment.objects.get(workspace=workspace, name=name)
    after = ""
    find: Any = find_tree if spec.is_tree else find_runs
    for _ in range(question.turn):
        page = find(spec.changed(after=after), viewer, workspace, experiment=experiment)
        after = page.after
    return after


def measure(
    visitor: Visitor,
    server: Server | None,
    questions: Sequence[Question],
    report: Report,
    *,
    repeats: int,
    explain: bool,
) -> None:
    for question in questions:
        address = address_of(question)
        known = FRAGMENT if question.fragment else {}
        if question.again:
            known = visitor.known(address)
        view = measured(partial(visitor.open, address, known), repeats)
        with watched() as asked:
            status = visitor.open(address, known)
        figures: dict[str, Any] = {"view_ms": view.wall, "cpu_ms": view.cpu}
        if server is not None:
            figures["http_ms"] = over_http(
                server, {**visitor.headers, **known}, address, repeats
            )
        figures["status"] = str(status)
        figures["queries"] = len(asked.queries)
        figures["slowest_query_ms"] = asked.slowest[0]
        if explain and view.wall > question.limit:
            sql = re.sub(r"\s+", " ", asked.slowest[1])[:3000]
            report.notes.append(f"{question.name}: {sql}")
        report.add(question.name, f"{question.limit} ms", **figures)


def over_http(
    server: Server, headers: dict[str, str], address: str, repeats: int
) -> float:
    link = http.client.HTTPConnection(server.url.partition("://")[2], timeout=60)

    def ask() -> None:
        link.request("GET", address, headers=headers)
        answer = link.getresponse()
        answer.read()
        if answer.status == 404:
            raise Http404(address)

    found = times(ask, repeats)
    link.close()
    return found
