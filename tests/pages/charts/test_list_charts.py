"""Charts of the run list: the figures of several runs."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.actions.run.lifecycle import change_status
from runs.models import Run, now_ms
from runs.search.metrics.metrics import CHART_POINTS
from studio.core.statuses import RunStatus
from tests.pages.charts.chart_page import CHARTS, LOSS, ask, curve, figure, lines
from tests.pages.rows import ALL

__all__ = ["curve"]


pytestmark = pytest.mark.django_db


def test_each_run_of_the_result_has_a_line_in_the_lists_order(
    visitor: Client, curve: Any
) -> None:
    curve("a", [3.0, 2.0])
    curve("b", [4.0, 1.0, 0.5])
    found = figure(visitor, LOSS)
    drawn = [(t["name"], t["y"], t["meta"]["series"]) for t in lines(found)]
    assert drawn == [("b", [4.0, 1.0, 0.5], 2), ("a", [3.0, 2.0], 1)]


def test_a_run_keeps_its_color_however_the_list_is_sorted(
    visitor: Client, curve: Any
) -> None:
    for n in range(12):
        curve(f"r{n:02d}", [1.0, 2.0], tags={"even": None} if n % 2 == 0 else {})

    def looks(query: str) -> dict[str, tuple[int, str]]:
        traces = lines(figure(visitor, f"{LOSS}!runs=100", query))
        return {t["name"]: (t["meta"]["series"], t["line"]["dash"]) for t in traces}

    whole, few = looks(""), looks("q=tag:even&sort=created")
    assert whole == looks("sort=name")
    assert {name: look[0] for name, look in whole.items()} == {
        f"r{n:02d}": n + 1 for n in range(12)
    }
    # 1 and 11 have the same color: the newer one has the next dash.
    assert (whole["r00"][1], whole["r10"][1]) == ("solid", "6px,3px")
    assert few == {name: look for name, look in whole.items() if name in few}


def test_a_color_of_its_own_wins_in_charts_list_and_compare(
    visitor: Client, curve: Any
) -> None:
    for name in "abc":
        curve(name, [1.0, 2.0])
    Run.objects.filter(run_id="c").update(color=1)

    def looks(query: str) -> dict[str, tuple[int, str]]:
        traces = lines(figure(visitor, LOSS, query))
        return {t["name"]: (t["meta"]["series"], t["line"]["dash"]) for t in traces}

    # The newer one of two runs with one color has the next dash.
    assert looks("") == {"a": (1, "solid"), "b": (2, "solid"), "c": (1, "6px,3px")}
    assert looks("selected=b,c") == {"b": (1, "solid"), "c": (1, "6px,3px")}
    assert looks("run=b&run=c") == {"b": (1, "solid"), "c": (1, "6px,3px")}
    assert 'class="pick-box pinned series-1" id="pick-' in visitor.get(ALL).text
    page = visitor.get(ALL, {"selected": "a,b,c"})
    assert page.text.count('"pick-box series-1"') == 2
    compared = visitor.get("/w/default/compare/?run=b&run=c").context["columns"]
    assert [each.series for each in compared] == [1, 1]


def test_charts_draw_the_first_runs_that_have_what_they_draw(
    visitor: Client, curve: Any, log: Any
) -> None:
    for n in range(12):
        curve(f"c{n:02d}", [1.0, 2.0], params={"lr": str(n)}, parent="sweep")
    log("sweep", acc=1.0)
    curve("own", [3.0], params={"lr": "0.1"})
    for n in range(12):
        log(f"empty{n}")
    # Rows above lack the metric, and in a tree the children are below their root.
    found = figure(visitor, LOSS, "children=1")
    assert [t["name"] for t in lines(found)][:3] == ["own", "c11", "c10"]
    assert found["more"] == {"text": "10 of 13 runs with loss", "label": "Show all"}
    assert len(lines(figure(visitor, f"{LOSS}!runs=100", "children=1"))) == 13
    assert [t["name"] for t in lines(figure(visitor, LOSS))] == ["own"]
    # A list without child runs that lacks it altogether shows those that have it.
    found = figure(visitor, f"{LOSS}!runs=2", "q=name!%3Down")
    assert [t["name"] for t in lines(found)] == ["c11", "c10"]
    text = "2 of 12 child runs with loss"
    assert found["more"] == {"text": text, "label": "Show all"}
    # Both fields of a scatter chart are needed, and any of a line chart.
    found = figure(visitor, "scatter!params.lr!metrics.loss", "children=1")
    assert found["more"] is None
    assert len(found["data"][0]["x"]) == 13
    both = "line!metrics.loss!metrics.acc"
    assert "14 runs" in figure(visitor, both, "children=1")["more"]["text"]


def test_a_chart_with_a_diverged_run_links_to_the_full_range(
    visitor: Client, curve: Any
) -> None:
    for n in range(3):
        curve(f"r{n}", [3.0, 2.0, 1.0 + n / 10])
    curve("diverged", [3.0, 1e30, 3e303])
    for chart, label in ((LOSS, "Full range"), (f"{LOSS}!range=full", "Fit lines")):
        assert figure(visitor, chart)["range"]["label"] == label
        other = f"{LOSS}!range=full" if chart == LOSS else LOSS
        page = visitor.get("/w/default/runs/", {"charts": chart})
        hrefs = re.findall(r'data-foot="range".*?href="([^"]*)"', page.text)
        assert hrefs == [f"?charts={other}".replace("=full", "%3Dfull")]


def test_a_page_without_scripts_links_to_more_runs(visitor: Client, curve: Any) -> None:
    for n in range(3):
        curve(f"r{n}", [1.0])
    page = visitor.get("/w/default/runs/", {"charts": f"{LOSS}!runs=2"})
    assert "2 of 3 runs with loss" in page.text
    assert (
        len(re.findall(r'href="[^"]*charts=line[^"]*runs%3D100[^"]*"', page.text)) == 2
    )


def test_selected_runs_keep_the_colors_of_their_checkboxes(
    visitor: Client, curve: Any
) -> None:
    for name in "abc":
        curve(name, [1.0, 2.0])
    found = figure(visitor, LOSS, "selected=c,,,,,a,gone")
    drawn = [(t["name"], t["meta"]["series"], t["line"]["dash"]) for t in lines(found)]
    assert drawn == [("c", 1, "solid"), ("a", 6, "6px,3px")]
    assert "1 selected run no longer exists" in found["note"]


def test_selected_runs_have_different_line_styles(visitor: Client, curve: Any) -> None:
    for name in "abc":
        curve(name, [1.0, 2.0])
    found = figure(visitor, LOSS, "run=b&run=c&run=a")
    assert [(t["name"], t["line"]["dash"]) for t in lines(found)] == [
        ("b", "solid"),
        ("c", "6px,3px"),
        ("a", "2px,3px"),
    ]


def test_long_series_are_sampled_with_every_extreme_and_a_notice(
    visitor: Client, curve: Any
) -> None:
    values = [math.sin(n / 50) for n in range(5000)]
    values[1234], values[4321] = 40.0, -40.0
    curve("a", values)
    found = figure(visitor, f"{LOSS}!smooth=0.9")
    [raw] = lines(found, "raw")
    assert {40.0, -40.0} <= set(raw["y"])
    assert raw["opacity"] < 0.5
    assert len(lines(found)[0]["y"]) <= CHART_POINTS
    assert re.match(r"[\d,]+ of 5,000 points. All extremes are kept.", found["note"])


def test_a_zoomed_range_is_read_at_full_resolution(visitor: Client, curve: Any) -> None:
    curve("a", [float(n % 7) for n in range(5000)])
    found = figure(visitor, LOSS, "from=1000&to=1200")
    assert lines(found)[0]["x"] == list(range(1000, 1201))
    assert found["note"] == ""
    timed = figure(visitor, f"{LOSS}!x=relative", "from=1000000&to=1200000")
    assert len(lines(timed)[0]["x"]) == 201
    assert timed["unit"] == 60_000


def test_nan_and_infinity_are_marked_and_text_is_left_out(
    visitor: Client, curve: Any
) -> None:
    curve("a", [1.0, math.nan, math.inf, 2.0])
    curve("words", ["none", "still none"])
    curve("one", [5.0])
    curve("without", [1.0], key="other")
    found = figure(visitor, LOSS)
    [markers] = lines(found, "odd")
    assert markers["x"] == [1, 2]
    assert {trace["name"] for trace in lines(found)} == {"a", "one"}
    assert found["note"] == "1 run logs text"


def test_the_x_axis_can_be_another_metric(visitor: Client, curve: Any) -> None:
    curve("a", [3.0, 2.0, 1.0])
    curve("a", [10.0, 20.0], key="epoch")
    found = figure(visitor, f"{LOSS}!x=metrics.epoch")
    assert (lines(found)[0]["x"], lines(found)[0]["y"]) == ([10.0, 20.0], [3.0, 2.0])
    assert found["layout"]["xaxis"]["title"]["text"] == "epoch"


def test_a_zoom_on_a_metric_axis_includes_the_points_next_to_it(
    visitor: Client, curve: Any
) -> None:
    curve("a", [float(n) for n in range(4000)])
    curve("a", [float(n % 2000) for n in range(4000)], key="phase")
    over = f"{LOSS}!x=metrics.phase!log=x"
    assert "All extremes are kept" in figure(visitor, over)["note"]
    found = figure(visitor, over, "from=100&to=200")
    once = [float(n) for n in range(99, 202)]
    assert lines(found)[0]["x"] == [*once, *once]
    assert (found["layout"]["xaxis"]["type"], found["note"]) == ("log", "")


def test_the_x_range_limits_the_axis_and_keeps_all_its_points(
    visitor: Client, curve: Any
) -> None:
    curve("a", [float(n) for n in range(4000)])
    found = figure(visitor, f"{LOSS}!log=x!xrange=100~1000")
    assert found["layout"]["xaxis"]["range"] == [2.0, 3.0]
    assert (lines(found)[0]["x"], found["note"]) == (list(range(100, 1001)), "")
    timed = figure(visitor, f"{LOSS}!x=relative!xrange=~600")
    axis = timed["layout"]["xaxis"]
    assert (axis["range"], axis["autorange"]) == ([None, 10.0], "min")
    assert len(lines(timed)[0]["x"]) == 601
    closer = figure(visitor, f"{LOSS}!xrange=100~1000", "from=200&to=300")
    assert lines(closer)[0]["x"] == list(range(200, 301))
    assert closer["layout"]["xaxis"]["range"] == [100.0, 1000.0]
    dots = figure(visitor, "scatter!metrics.loss!metrics.loss.min!xrange=0~5")
    assert dots["layout"]["xaxis"]["range"] == [0.0, 5.0]


def test_metrics_in_one_graph_have_different_dashes(
    visitor: Client, curve: Any
) -> None:
    curve("a", [3.0, 2.0])
    curve("a", [0.1, 0.2], key="acc")
    found = figure(visitor, f"{LOSS}!metrics.acc!log=y!range=0.1~10")
    shown = [(t["name"], t["meta"]["series"], t["line"]["dash"]) for t in lines(found)]
    assert shown == [("a · loss", 1, "solid"), ("a · acc", 1, "6px,3px")]
    assert found["layout"]["yaxis"]["range"] == [-1.0, 1.0]


@pytest.mark.parametrize(
    "chart",
    [
        "scatter!params.lr!metrics.loss!params.opt",
        "scatter!created!duration",
        "scatter!status!metrics.loss!metrics.loss.min",
        "bar!metrics.loss!metrics.loss.min",
        "bar!metrics.loss!group=params.opt",
        "histogram!metrics.loss!bins=4",
        "parallel!params.lr!params.opt!metrics.loss",
    ],
)
def test_scatter_and_bar_charts_draw_one_value_per_run(
    visitor: Client, curve: Any, chart: str
) -> None:
    curve("a", [3.0, 2.0], params={"lr": "0.1", "opt": "adam"})
    curve("b", [math.nan], params={"lr": "x", "opt": "sgd"})
    curve("c", ["text"])
    found = figure(visitor, chart)
    assert found.get("lines") or found["data"][0]["x"]
    assert ask(visitor, "table", chart).status_code == 200


def test_a_histogram_of_a_text_field_explains_what_the_runs_have(
    visitor: Client, curve: Any
) -> None:
    curve("a", [1.0], params={"opt": "adam"})
    curve("b", [1.0])
    note = figure(visitor, "histogram!params.opt")["note"]
    assert note == "1 run has text for params.opt"
    bars = figure(visitor, "bar!params.opt")
    assert bars["data"][0]["x"] == []
    assert "1 run has text for params.opt" in bars["note"]


def test_the_legend_lists_the_colors_for_any_number_of_dots(
    visitor: Client, curve: Any
) -> None:
    for number in range(25):
        curve(f"r{number:02}", [float(number)], params={"opt": "ab"[number % 2]})
    words = figure(visitor, "scatter!number!metrics.loss!params.opt")
    assert words["legend"]
    assert words["first"] == {}
    assert set(words["data"][0]["customdata"]) == {"a", "b"}
    assert figure(visitor, "scatter!number!metrics.loss!metrics.loss.max")["legend"]
    hidden = figure(visitor, "scatter!number!metrics.loss!params.opt!legend=0")
    assert not hidden["legend"]
    assert not figure(visitor, "scatter!number!metrics.loss!name")["legend"]
    assert not figure(visitor, "scatter!number!metrics.loss")["legend"]


@pytest.mark.parametrize(
    "chart", ["bar!metrics.none", "parallel!params.x!metrics.none"]
)
def test_without_values_no_chart_is_drawn(
    visitor: Client, curve: Any, chart: str
) -> None:
    curve("a", [1.0])
    found = figure(visitor, chart)
    drawn = found["lines"] if "lines" in found else found["data"][0]["x"]
    assert not drawn


def test_an_unchanged_figure_is_a_304_and_a_new_point_is_sent(
    visitor: Client, curve: Any, actor: Actor, now: int
) -> None:
    run = curve("a", [3.0, 2.0])
    first = ask(visitor, "figure", LOSS)
    known = {"If-None-Match": first["ETag"]}
    with CaptureQueriesContext(connection) as asked:
        assert ask(visitor, "figure", LOSS, headers=known).status_code == 304
    assert len(asked) <= 5
    curve("other", [1.0], key="other", status=RunStatus.COMPLETED)
    Run.objects.filter(run_id="other").update(archived=1)
    log_metrics(run, [Point("loss", 1.0, now, 2)], actor=actor, now=now)
    assert ask(visitor, "figure", LOSS, headers=known).status_code == 200


def test_changes_of_other_runs_redraw_nothing(
    visitor: Client, curve: Any, log: Any
) -> None:
    curve("a", [3.0, 2.0])
    query = "q=id%3Da"
    known = {"If-None-Match": ask(visitor, "figure", LOSS, query)["ETag"]}
    log("elsewhere")
    assert ask(visitor, "figure", LOSS, query, headers=known).status_code == 304


def test_the_points_of_all_runs_come_by_the_same_few_queries(
    visitor: Client, curve: Any
) -> None:
    curve("r0", [3.0, 2.0])
    ask(visitor, "figure", LOSS)
    with CaptureQueriesContext(connection) as few:
        ask(visitor, "figure", LOSS)
    for n in range(1, 10):
        curve(f"r{n}", [3.0, 2.0])
    with CaptureQueriesContext(connection) as many:
        assert len(lines(figure(visitor, LOSS))) == 10
    assert len(many) == len(few)


def test_a_chart_updates_while_a_run_is_active(
    visitor: Client, curve: Any, actor: Actor
) -> None:
    run = curve("a", [3.0])
    assert figure(visitor, LOSS)["pace"] == 5
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now_ms())
    assert figure(visitor, LOSS)["pace"] == 20


def test_a_new_chart_defaults_to_a_metric_without_a_chart(
    visitor: Client, curve: Any
) -> None:
    curve("a", [1.0, 2.0])
    curve("b", [1.0, 2.0], key="other")
    first = visitor.get(CHARTS).context["draft"]["field"]
    assert first == ["metrics.loss"]
    second = visitor.get(f"{CHARTS}?charts={LOSS}")
    assert second.context["draft"]["field"] == ["metrics.other"]


def test_a_scatter_chart_lists_runs_without_a_dot(visitor: Client, curve: Any) -> None:
    for name, loss, acc in (("a", math.nan, 1), ("b", -1, 2), ("c", 1, math.inf)):
        curve(name, [loss])
        curve(name, [acc], key="acc")
    found = figure(visitor, "scatter!metrics.loss!metrics.acc!log=x")
    assert found["note"] == (
        "1 run with NaN or Infinity; 1 run can’t be shown on a logarithmic axis"
    )
    [_dots, markers] = found["data"]
    assert (markers["x"], markers["text"]) == ([1], ["Infinity"])


@pytest.mark.parametrize("kind", ["line!{}", "line!{}!group=params.lr", "bar!{}"])
@pytest.mark.parametrize(("least", "said"), [(0.0, True), (0.5, False)])
def test_values_below_a_logarithmic_axis_are_reported(
    visitor: Client, curve: Any, kind: str, least: float, said: bool
) -> None:
    curve("a", [1.0, least])
    chart = kind.format("metrics.loss")
    notice = "Values of 0 and less are not shown on a logarithmic axis"
    assert (notice in figure(visitor, f"{chart}!log=y")["note"]) == said
    assert notice not in figure(visitor, chart)["note"]
