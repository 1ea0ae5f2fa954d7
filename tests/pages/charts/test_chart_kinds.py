"""Every kind of chart, through all that reads it: nothing knows only some."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.pages.chart_kinds import KINDS
from studio.core.chart_kinds import CHART_KINDS, COMMON_OPTIONS
from studio.core.view_charts import read_chart
from tests.pages.charts.chart_page import CHARTS, ask, curve, figure
from tests.pages.rows import ALL

__all__ = ["curve"]
pytestmark = pytest.mark.django_db

#: A value of each option that is not its default.
OPTIONS = {
    "x": "relative",
    "smooth": "0.5",
    "log": "y",
    "range": "0~9",
    "xrange": "0~9",
    "legend": "1",
    "group": "params.lr",
    "band": "minmax",
    "runs": "3",
    "bins": "4",
}
FIELDS = ("metrics.loss", "metrics.acc", "metrics.f1")

every_kind = pytest.mark.parametrize("name", CHART_KINDS)


def text_of(name: str) -> str:
    return "!".join([name, *FIELDS[: CHART_KINDS[name].min_fields]])


@pytest.fixture
def runs(curve: Any) -> None:
    for key in ("loss", "acc", "f1"):
        curve("a", [3.0, 2.0], key, params={"lr": "0.1"})
        curve("b", [4.0, 1.0], key, params={"lr": "0.2"})


def test_both_halves_know_the_same_kinds() -> None:
    assert list(KINDS) == list(CHART_KINDS)


@every_kind
def test_a_kind_keeps_its_own_options_and_drops_the_others(name: str) -> None:
    given = "!".join(f"{option}={value}" for option, value in OPTIONS.items())
    kept = {option for option, _value in read_chart(f"{text_of(name)}!{given}").options}
    assert kept == {*CHART_KINDS[name].options, *COMMON_OPTIONS}


@every_kind
def test_every_kind_has_a_figure_a_table_and_a_file(
    visitor: Client, runs: None, name: str
) -> None:
    chart = text_of(name)
    assert figure(visitor, chart)["legend"] in (True, False)
    table = ask(visitor, "table", chart)
    assert table.status_code == 200
    assert KINDS[name].title(read_chart(chart)) in table.content.decode()
    values = ask(visitor, "values", chart)
    assert f"{name}.csv" in values["Content-Disposition"]
    assert len(values.getvalue().splitlines()) > 1


@every_kind
def test_every_kind_has_a_title_and_is_in_the_dialog(
    visitor: Client, runs: None, name: str
) -> None:
    kind = KINDS[name]
    page = visitor.get(ALL, {"charts": text_of(name)}).content.decode()
    assert f'data-kind="{name}"' in page
    assert f'role="{kind.role}"' in page
    dialog = visitor.get(CHARTS, {"charts": text_of(name), "at": "0"}).content.decode()
    assert all(f">{each.label()}</label>" in dialog for each in KINDS.values())
