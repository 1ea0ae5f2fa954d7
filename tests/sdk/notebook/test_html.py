"""What notebooks show: a live run, queries, and hostile texts in them."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from studio.sdk import Experiment, Run, UserErrorException, Workspace
from studio.sdk.client import Client
from studio.sdk.notebook import LiveRun, live_run, objects
from studio.sdk.notebook.html_parts import duration_html, number_html
from studio.sdk.notebook.line_chart import line_chart
from studio.sdk.run import find_current_log
from studio.sdk.widgets import RunDetails
from tests.parts.owner_token import owner_token
from tests.parts.server import Server

EVIL = '<img src=x onerror=alert(1)>"&'
TAGS = {"a", "b", "div", "p", "path", "polyline", "pre", "span", "svg", "br"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td"}


class Checker(HTMLParser):
    """Collects texts; refuses elements and attributes that we do not write."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        assert tag in TAGS, tag
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data}|"


def text_of(html: str) -> str:
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []
    return checker.text


@pytest.fixture(scope="module")
def workspace(server: Server) -> Workspace:
    return Workspace.with_client(Client(server.url, server.token, "default"))


@pytest.fixture(scope="module")
def run(workspace: Workspace) -> Run:
    client = workspace._connection.client
    body = {"experiment": f"html {EVIL}", "id": "shown", "name": EVIL}
    texts = {"tags": {EVIL: EVIL, "kept": None}, "params": {"lr": "0.1"}}
    client.post("runs", {**body, **texts})
    points: list[dict[str, Any]] = [
        {"key": EVIL, "value": value, "step": step}
        for step, value in enumerate([1, 0.5, "NaN", "Infinity", 0.25])
    ]
    points += [{"key": "note", "value": EVIL}, {"key": "system/cpu", "value": 1}]
    client.post("runs/shown/metrics", {"writer": "w", "sequence": 0, "points": points})
    for number in range(3):
        child = {"experiment": f"html {EVIL}", "id": f"child{number}"}
        client.post("runs", {**child, "name": f"fold {number}", "parent": "shown"})
        point = {"key": "acc", "value": 0.5 + number / 10}
        batch = {"writer": "w", "sequence": 0, "points": [point]}
        client.post(f"runs/child{number}/metrics", batch)
    log = "".join(f"line {number} {EVIL}\n" for number in range(5000)).encode()
    client.upload("runs/shown/files/user_logs/std_log.txt", io.BytesIO(log), len(log))
    run = workspace.get_run("shown")
    table = run.child_run("table", "shown-table")
    for digit in range(14):
        table.log_row("recall", digit=digit, note=EVIL)
    table.complete()
    return run


def read_live(run: Run) -> tuple[LiveRun, str]:
    live = LiveRun(run, find_current_log)
    return live, live.read_html()


def test_a_live_run_shows_everything_escaped(run: Run) -> None:
    live, html = read_live(run)
    text = text_of(html)
    assert text.count(EVIL) > 20
    for part in ("Running", "lr: 0.1", "kept", "note", "Child runs", "0.7", "fold 2"):
        assert part in text
    assert "system/cpu" not in text
    assert "<polyline" in html
    assert f"{run.get_portal_url()}" in html
    # The end of the log, and no more of it.
    assert "line 4999" in text
    assert text.count("line 4") <= live_run.MAX_LOG_LINES
    assert not live.has_ended


@pytest.mark.usefixtures("run")
def test_a_table_shows_its_last_rows(workspace: Workspace) -> None:
    live, html = read_live(workspace.get_run("shown-table"))
    text = text_of(html)
    assert "the last 10 of 14 rows" in text
    assert "|13|" in text
    assert "|3|" not in text
    assert live.has_ended


def test_reading_leaves_the_run_object_as_it_is(run: Run) -> None:
    tags, status = dict(run._state.tags or {}), run.status
    run._state.connection.client.post("runs/shown/tags", {"set": {"later": "x"}})
    assert "later: x" in text_of(read_live(run)[1])
    assert (dict(run._state.tags or {}), run.status) == (tags, status)


def test_long_lists_are_cut(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_run, "MAX_CHILDREN", 2)
    monkeypatch.setattr(live_run, "MAX_METRICS", 1)
    text = text_of(read_live(run)[1])
    assert "2 of 4" in text
    assert "the first 1 of 2" in text


def test_children_of_a_sweep_are_sorted_by_its_primary_metric(
    server: Server, workspace: Workspace
) -> None:
    owner = Client(server.url, owner_token(server.home, {}), "default")
    owner.post("compute", {"name": "html-queue"})
    client = workspace._connection.client
    definition = {"command": ["true"], "target": "html-queue"}
    base = {"experiment": "html", "id": "swept", "status": "NotStarted"}
    client.post("runs", {**base, "definition": definition})
    goal = {"primary_metric": "acc", "goal": "minimize"}
    made = client.post("runs/swept/sweep", {"space": {"n": ["1", "2", "3"]}, **goal})
    for child, values in zip(made["children"], [[5, 2], [1], []], strict=True):
        points = [{"key": "loss", "value": 9}]
        points += [{"key": "acc", "value": value} for value in values]
        batch = {"writer": "w", "sequence": 0, "points": points}
        client.post(f"runs/{child}/metrics", batch)
    text = text_of(read_live(workspace.get_run("swept"))[1])
    table = text.partition("Child runs")[2]
    assert "acc" in table
    assert "loss" not in table
    names = [client.get(f"runs/{child}")["name"] for child in made["children"]]
    # The lowest value that a child ever reached counts; one without a value is last.
    assert sorted(names, key=table.index) == [names[1], names[0], names[2]]


def test_a_run_without_anything_is_shown(workspace: Workspace) -> None:
    workspace._connection.client.post("runs", {"experiment": "html", "id": "empty"})
    text = text_of(read_live(workspace.get_run("empty"))[1])
    assert "Running" in text
    assert "Child runs" not in text


def test_reprs_are_escaped_tables(run: Run, workspace: Workspace) -> None:
    for shown in (run, run.experiment):
        assert EVIL in text_of(shown._repr_html_())
    assert "default" in text_of(workspace._repr_html_())


def test_a_query_shows_its_first_rows(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = Experiment(workspace, run.experiment.name)
    columns = ["name", "status", "tags", "created", "duration", "metrics.acc"]
    query = experiment.runs(columns=columns, children=True, order_by="metrics.acc")
    html = query._repr_html_()
    text = text_of(html)
    assert text.startswith("5 runs")
    assert "0.5" in text
    assert EVIL in text
    [address] = re.findall(r'href="([^"]*children=1[^"]*)"', html)
    assert address.startswith(experiment.get_portal_url().replace("&", "&amp;"))
    monkeypatch.setattr(objects, "MAX_QUERY_ROWS", 2)
    assert "the first 2 are shown" in text_of(query._repr_html_())
    assert text_of(experiment.runs("metrics.acc >")._repr_html_()).startswith(
        "Expected a number"
    )
    assert text_of(experiment.runs("nosuchword")._repr_html_()).startswith("0 runs")


def test_outside_of_a_notebook_the_run_is_printed(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    RunDetails(run).show()
    assert run.get_portal_url() in capsys.readouterr().out


def test_only_runs_are_shown(workspace: Workspace) -> None:
    wrong: Any = Experiment(workspace, "html")
    with pytest.raises(UserErrorException, match="shows a run, not Experiment"):
        RunDetails(wrong)


CHARTS: list[tuple[list[int], list[Any], bool]] = [
    ([], [], False),
    ([0], [1.0], False),
    ([0, 1], [1.0, None], False),
    ([0, 1], [1.0, 1.0], True),
    ([5, 5], [1.0, 2.0], True),
    ([0, 1, 2], [float("nan"), -1.7e308, 1.7e308], True),
    ([-(2**63), 2**63 - 1], [0, "text"], False),
    ([-(2**63), 2**63 - 1], [0, 5], True),
]


@pytest.mark.parametrize(("steps", "values", "is_drawn"), CHARTS)
def test_charts_of_any_values(
    steps: list[int], values: list[Any], is_drawn: bool
) -> None:
    html = line_chart("<b>", steps, values)
    assert bool(html) is is_drawn
    assert "nan" not in html
    assert "inf" not in html
    text_of(html)


def test_numbers_and_durations_are_short() -> None:
    assert number_html(1 / 3) == "0.333333"
    assert number_html(float("inf")) == "inf"
    assert number_html(True) == "True"
    assert [duration_html(each) for each in (None, 0.5, 61, 7320)] == [
        "",
        "0.5 s",
        "1m 1s",
        "2h 2m",
    ]
