"""Around the charts of a list: tables, files, the dialog, cards, brushing."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import fields
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import Run
from runs.pages.charts.dialog import FORM_PARAMETERS
from runs.pages.compare.state import CompareState
from studio.core.view_spec import PARAMETERS
from tests.pages.charts.chart_page import CHARTS, LOSS, ask, curve, figure
from tests.pages.rows import ALL, HTMX
from tests.parts.elements import one

__all__ = ["curve"]
pytestmark = pytest.mark.django_db

WAYS = ("mean", "std", "min", "max")


def test_a_page_without_scripts_has_the_tables_for_a_fixed_cost(
    visitor: Client, curve: Any
) -> None:
    curve("a", [3.0, 2.5, 2.0], params={"lr": "0.1"})
    one, two = f"{ALL}?charts={LOSS}", f"{ALL}?charts={LOSS},bar!params.lr,{LOSS}!log=y"
    page = visitor.get(one)
    [table] = re.findall(r'<div class="chart-table .*?</table>', page.text, re.DOTALL)
    assert re.findall(r"<td[^>]*>([^<]+)", table) == ["2", "2", "3", "3"]
    with CaptureQueriesContext(connection) as few:
        visitor.get(one)
    with CaptureQueriesContext(connection) as many:
        visitor.get(two)
    # Charts of other metrics have other runs: the list is read once for each.
    # PostgreSQL is told time limits by statements of their own.
    each = 13 if connection.vendor == "postgresql" else 10
    assert len(many) <= len(few) + each
    with CaptureQueriesContext(connection) as same:
        visitor.get(f"{one},{LOSS}!log=y,{LOSS}!smooth=0.5")
    assert len(same) <= len(few) + 1
    ids = re.findall(r' id="([^"]*)"', visitor.get(two).text)
    assert len(ids) == len(set(ids))
    assert 'class="chart-table ' not in visitor.get(one, headers=HTMX).text


def test_the_csv_has_every_point_and_no_formula(visitor: Client, curve: Any) -> None:
    curve("a", [1.0, math.nan, -math.inf])
    Run.objects.update(name="=cmd()")
    answer = ask(visitor, "values", LOSS)
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert rows[0] == ["run", "name", "metric", "step", "time", "value"]
    assert [row[:2] for row in rows[1:]] == [["a", "'=cmd()"]] * 3
    assert [row[-1] for row in rows[1:]] == ["1.0", "NaN", "-Infinity"]
    answer = ask(visitor, "values", "bar!metrics.loss!metrics.none")
    assert answer.getvalue().decode().splitlines()[1] == "'=cmd(),-Infinity,"


def test_the_table_of_means_has_what_the_bars_show(visitor: Client, curve: Any) -> None:
    for name, loss, opt in (("a", 1.0, "x"), ("b", 3.0, "x"), ("c", 5.0, "y")):
        curve(name, [loss], params={"opt": opt})
    answer = ask(visitor, "values", "bar!metrics.loss!group=params.opt")
    head, *rows = csv.reader(io.StringIO(answer.getvalue().decode()))
    assert head == ["Group", "Runs", *(f"loss {w}" for w in WAYS)]
    assert ["opt = y", "1", "5.0", "0.0", "5.0", "5.0"] in rows
    assert ["opt = x", "2", "2.0", "1.4142135623730951", "1.0", "3.0"] in rows


def test_times_are_shown_as_times(visitor: Client, curve: Any) -> None:
    for name in "ab":
        curve(name, [1.0])
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    found = figure(visitor, "histogram!created")
    assert found["layout"]["xaxis"]["type"] == "date"
    assert re.fullmatch(f"{moment} – {moment}", found["data"][0]["text"][0])
    sheet = ask(visitor, "values", "histogram!created").getvalue().decode()
    assert re.match(moment, sheet.splitlines()[1])
    axis = figure(visitor, "parallel!created!metrics.loss")["axes"][0]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d", text) for _at, text in axis["ticks"])


@pytest.mark.parametrize(
    ("asked", "q"),
    [
        ("field=params.lr&low=0.01&high=0.5", "params.lr:0.01..0.5"),
        ("field=metrics.loss&high=3", "metrics.loss <= 3"),
        ("field=duration&low=90", "duration >= 1m30s"),
        ("field=params.opt&word=adam&word=s%22gd", 'params.opt in (adam, "s""gd")'),
    ],
)
def test_brushing_an_axis_writes_the_filter(
    visitor: Client, asked: str, q: str
) -> None:
    kept = "q=status:failed&charts=parallel!params.lr!metrics.loss"
    answer = visitor.get(f"{CHARTS}brush/?{kept}&{asked}", headers=HTMX)
    found = parse_qs(urlsplit(answer["X-Studio-Location"]).query)
    assert found["q"][0].startswith("status:failed and ")
    assert found["charts"] == ["parallel!params.lr!metrics.loss"]
    assert visitor.get(answer["X-Studio-Location"]).status_code == 200
    plain = visitor.get(f"{CHARTS}brush/?{kept}&{asked}")
    assert plain["Location"] == answer["X-Studio-Location"]
    assert found["q"][0].removeprefix("status:failed and ") == q


def test_the_form_adds_changes_and_refuses(visitor: Client, curve: Any) -> None:
    curve("a", [1.0])
    form = f"{CHARTS}?q=a&kind=line&field=loss&field=&x=relative&smooth=0.5&done=1"
    added = visitor.get(form)
    assert added["Location"] == f"{ALL}?q=a&charts={LOSS}!x%3Drelative!smooth%3D0.5"
    changed = visitor.get(
        f"{CHARTS}?charts={LOSS},bar!metrics.acc&at=0&kind=histogram&field=loss&done=1",
        headers=HTMX,
    )
    where = urlsplit(changed["X-Studio-Location"])
    charts = ["histogram!metrics.loss,bar!metrics.acc"]
    assert parse_qs(where.query)["charts"] == charts
    wrong = visitor.get(f"{CHARTS}?kind=scatter&field=loss&done=1")
    assert wrong.status_code == 422
    assert "a scatter chart needs 2 to 3 fields" in wrong.text
    ends = "kind=line&field=loss&xlow=10&xhigh=&low=0&done=1"
    near = visitor.get(f"{CHARTS}?{ends}")["Location"]
    assert near.endswith(f"{LOSS}!range%3D0~!xrange%3D10~")
    again = visitor.get(f"{CHARTS}?{urlsplit(near).query}&at=0").text
    assert re.search(r'name="xlow"[^>]*value="10"', again)
    begun = visitor.get(f"{CHARTS}?charts={LOSS}!group%3D-params.seed&at=0").text
    assert re.search(r'name="same"[^>]*value="params.seed"', begun)


def test_the_chart_form_keeps_the_list_state(visitor: Client, curve: Any) -> None:
    curve("a", [1.0], params={"lr": "1"})
    form = "kind=line&field=loss&but=1&same=seed"
    added = visitor.get(f"{CHARTS}?group=params.lr&{form}&done=1")["Location"]
    assert added == f"{ALL}?group=params.lr&charts={LOSS}!group%3D-params.seed"
    wrong = visitor.get(f"{CHARTS}?group=params.lr&{form}&smooth=x&done=1")
    assert wrong.status_code == 422
    assert re.search(r'name="group" value="params.lr"', wrong.text)
    compared = {each.name for each in fields(CompareState)} - {"runs"} | {"run"}
    listed = set(PARAMETERS) | {"in"}
    assert (compared | listed) & set(FORM_PARAMETERS) == set()


@pytest.mark.parametrize("at", ["00009", "-1", "\u00b2", "1" * 5000])
def test_an_unused_position_adds_a_new_chart(
    visitor: Client, curve: Any, at: str
) -> None:
    curve("a", [1.0])
    page = visitor.get(CHARTS, {"charts": LOSS, "at": at})
    assert one(page, "#chart-title").text == "Add chart"


@pytest.mark.parametrize(
    ("asked", "q"),
    [
        ("duration&low=1e308", "duration >= 2932896d23h59m59s999ms"),
        ("duration&low=-5&high=1", "duration:0s..1s"),
        ("created&high=1e300", "created <= 9999-12-31T23:59:59.999"),
    ],
)
def test_a_range_end_beyond_the_last_time_is_clamped(
    visitor: Client, asked: str, q: str
) -> None:
    address = visitor.get(f"{CHARTS}brush/?field={asked}")["Location"]
    assert parse_qs(urlsplit(address).query)["q"] == [q]
    assert visitor.get(address).status_code == 200


def test_charts_are_moved_changed_and_removed(visitor: Client, curve: Any) -> None:
    curve("a", [1.0])
    page = visitor.get(f"{ALL}?charts={LOSS}!x%3Dtime,histogram!metrics.loss")
    first, second = page.context["cards"]
    assert unescape(first.right).endswith(
        f"charts=histogram!metrics.loss,{LOSS}!x%3Dtime"
    )
    assert second.remove.endswith(f"charts={LOSS}!x%3Dtime")
    kinds = {link.kind: link.href for link in first.kinds}
    assert kinds["bar"].endswith("charts=bar!metrics.loss,histogram!metrics.loss")
    assert "scatter" not in kinds


def test_an_invalid_chart_or_position_is_refused_in_json(visitor: Client) -> None:
    for query in ("chart=pie!a", "", f"chart={LOSS}&from=x", f"chart={LOSS}&to=nan"):
        answer = visitor.get(f"{CHARTS}figure/?{query}")
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/json"
