"""The run page's tab Metrics: the address says what is drawn."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import plotly.graph_objects as go
import pytest
from django.test import Client

from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.models import Run
from runs.pages.metrics.metric_choice import MAX_CHOSEN
from runs.pages.metrics.metric_list import MAX_LISTED
from runs.search.metrics import metrics as run_metrics
from runs.search.metrics.metrics import CHART_POINTS
from tests.pages.run.run_page import ACTOR, HTMX, PAGE, browser, cost, log
from tests.parts.elements import every, one, texts
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

METRICS = f"{PAGE}metrics/"
NAN = float("nan")


def titles(browser: Client, query: str = "") -> list[str]:
    return [panel.title for panel in browser.get(METRICS + query).context["panels"]]


def figure(browser: Client, query: str) -> Any:
    answer = browser.get(f"{METRICS}chart.json?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_without_metrics_the_page_says_how_to_log_one(
    browser: Client, run: Run
) -> None:
    snippets = texts(browser.get(METRICS), ".snippet pre")
    assert 'mlflow.log_metric("loss", 0.25, step=1)' in snippets


def test_the_first_metrics_are_drawn_by_default_and_named(
    browser: Client, run: Run
) -> None:
    log(run, once=[1.0], loss=[2.0, 1.0])
    assert titles(browser) == ["loss", "Single values"]
    assert "Showing the first" not in browser.get(METRICS).text
    log(run, **{"system/cpu": [1.0, 2.0]})
    assert titles(browser) == ["loss", "Single values"]
    assert "Showing the first 2 metrics" in browser.get(METRICS).text
    log(run, **{f"line{n:02d}": [1.0, 2.0] for n in range(12)})
    assert "Single values" not in titles(browser)
    assert "Showing the first 12 metrics" in browser.get(METRICS).text
    assert len(titles(browser)) == 12


def test_the_address_chooses_metrics(browser: Client, run: Run) -> None:
    log(run, **{name: [1.0, 2.0] for name in ("a", "b/x", "c d&e")})
    assert titles(browser, "?key=c+d%26e&key=a&key=unknown") == ["a", "c d&e"]
    assert titles(browser, "?all=1") == ["a", "b/x", "c d&e"]
    assert titles(browser, "?none=1") == []
    assert titles(browser, "?all=1&one=1") == ["3 metrics"]


def test_lines_share_a_graph_by_name_or_prefix(browser: Client, run: Run) -> None:
    names = ("loss", "train/acc", "train/loss", "val/acc")
    log(run, **{name: [2.0, 1.0] for name in names})
    by_name = browser.get(f"{METRICS}?one=name")
    assert [(p.title, p.keys) for p in by_name.context["panels"]] == [
        ("loss", ["loss", "train/loss"]),
        ("acc", ["train/acc", "val/acc"]),
    ]
    assert 'value="name" selected' in by_name.text
    assert titles(browser, "?one=prefix") == ["train", "loss", "val/acc"]
    assert "one=name" in by_name.context["table_query"]
    assert browser.get(f"{METRICS}?one=odd").status_code == 400


def test_a_single_chart_becomes_a_table_and_stays_in_the_address(
    browser: Client, run: Run
) -> None:
    log(run, **{"train/loss": [3.0, 2.0], "val/loss": [4.0, 1.5], "acc": [0.5, 0.6]})
    first = next(p for p in browser.get(METRICS).context["panels"] if p.title == "acc")
    page = browser.get(f"{METRICS}?{first.table_query}")
    shapes = {panel.title: panel.shape for panel in page.context["panels"]}
    assert shapes == {"acc": "rows", "train/loss": "plot", "val/loss": "plot"}
    assert '<input type="hidden" form="metric-form" name="as:acc"' in page.text
    both = browser.get(f"{METRICS}?one=name&as:train/loss=table").context["panels"]
    table = next(panel for panel in both if panel.shape == "rows").content["table"]
    assert table["columns"] == ["Step", "train/loss", "val/loss"]
    assert [cell.text for cell in table["rows"][0]] == ["1", "2", "1.5"]


def test_metrics_are_grouped_by_prefix_with_system_metrics_last(
    browser: Client, run: Run
) -> None:
    names = ("val/b", "val/a10", "val/a2", "train/a", "train/b", "system/cpu", "loss")
    log(run, **{name: [1.0] for name in (*names, "lone/a")})
    groups = browser.get(METRICS).context["metrics"].groups
    assert [each.key for each in groups[0].entries] == ["lone/a", "loss"]
    assert [each.key for each in groups[2].entries] == ["val/a2", "val/a10", "val/b"]
    assert [group.name for group in groups] == ["", "train", "val", "system"]
    assert [group.is_open for group in groups] == [True, True, True, False]


def test_a_long_list_has_pages_and_is_searched_by_the_server(
    browser: Client, run: Run
) -> None:
    log(run, **{f"layer{n}/norm": [1.0, 2.0] for n in range(MAX_LISTED)})
    assert not browser.get(METRICS).context["metrics"].is_long
    log(run, loss=[1.0, 2.0], **{f"val/{n}": [1.0, 2.0] for n in range(MAX_CHOSEN)})

    def keys(query: str) -> list[str]:
        boxes = browser.get(METRICS + query).context["metrics"].groups
        return [entry.key for group in boxes for entry in group.entries]

    assert len(keys("?key=val/3")) == MAX_LISTED
    page = browser.get(f"{METRICS}?key=val/3")
    # It stays chosen although its box is on another page.
    assert '<input type="hidden" name="key" value="val/3">' in page.text
    following = page.context["metrics"].next_query
    assert following == "key=val/3&list=2"
    assert keys(f"?{following}")[:2] == ["loss", "val/0"]
    assert keys("?find=NORM+layer299") == ["layer299/norm"]
    drawn = titles(browser, "?all=1&log=1")
    assert len(drawn) == MAX_CHOSEN
    after = browser.get(f"{METRICS}?all=1&log=1").context["charts_next"]
    assert after == "all=1&charts=2&log=1"
    assert not set(drawn) & set(titles(browser, f"?{after}"))


def test_a_figure_is_valid_for_plotly(browser: Client, run: Run) -> None:
    log(run, loss=[3.0, NAN, 1.0], acc=[0.1, 0.5, float("inf")])
    for look in ("", "&x=relative", "&x=time&smooth=0.6&log=1"):
        answer = figure(browser, f"key=loss&key=acc{look}")
        drawn = go.Figure(data=answer["data"], layout=answer["layout"])
        assert {"loss", "acc"} <= {trace.name for trace in drawn.data}, look


@pytest.mark.parametrize("smoothed", [200_000, 1000])
def test_a_long_series_is_sampled_with_every_extreme_kept(
    browser: Client, run: Run, monkeypatch: pytest.MonkeyPatch, smoothed: int
) -> None:
    # Beyond the second it is sampled chunk by chunk.
    monkeypatch.setattr(run_metrics, "MAX_SMOOTHED", smoothed)
    values: list[float | str | None] = [0.0] * 5000
    values[3777] = 9.0
    log(run, loss=values)
    answer = figure(browser, "key=loss")
    assert max(answer["data"][0]["y"]) == 9.0
    assert len(answer["data"][0]["y"]) <= CHART_POINTS
    assert answer["note"].endswith("of 5,000 points. All extremes are kept.")


def test_zooming_reads_the_range_at_full_resolution(browser: Client, run: Run) -> None:
    log(run, loss=[float(n) for n in range(5000)])
    answer = figure(browser, "key=loss&from=100&to=199")
    assert answer["data"][0]["x"] == list(range(100, 200))
    assert answer["note"] == "by step"


def test_a_smoothed_long_series_is_smoothed_before_it_is_sampled(
    browser: Client, run: Run
) -> None:
    log(run, loss=[float(n % 2) for n in range(5000)])
    smoothed = figure(browser, "key=loss&smooth=0.95")["data"][1]["y"]
    assert all(0.4 < value < 0.6 for value in smoothed[100:])


def test_a_metric_is_drawn_over_another_one(browser: Client, run: Run) -> None:
    log(run, loss=[4.0, 3.0, 2.0], epoch=[0.0, 0.5, 1.0], label=["a"])
    page = browser.get(f"{METRICS}?key=loss&x=metrics.epoch")
    assert one(page, "#metric-x option[selected]").text == "epoch"
    [panel] = page.context["panels"]
    assert "x=metrics.epoch" in panel.figure
    found = browser.get(panel.figure).json()
    assert found["data"][0]["x"] == [0, 0.5, 1]
    assert found["data"][0]["y"] == [4, 3, 2]
    assert found["layout"]["xaxis"]["title"]["text"] == "epoch"
    go.Figure(found["data"], found["layout"])
    for name in ("nosuch", "label"):
        refused = browser.get(f"{METRICS}chart.json?key=loss&x=metrics.{name}")
        assert refused.status_code == 400
        assert name in refused.json()["error"]["message"]


def test_a_figure_costs_a_304_until_a_point_comes(browser: Client, run: Run) -> None:
    log(run, loss=[1.0])
    address = f"{METRICS}chart.json?key=loss"
    headers = {"If-None-Match": browser.get(address)["ETag"]}
    assert browser.get(address, headers=headers).status_code == 304
    log_metrics(run, [Point("loss", 2.0, step=7, time=NOON + 9)], actor=ACTOR, now=NOON)
    assert browser.get(address, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "query", ["x=sideways", "smooth=2", "smooth=x", "from=a", "to=99999999999999999999"]
)
def test_an_invalid_parameter_is_refused_by_name(
    browser: Client, run: Run, query: str
) -> None:
    log(run, loss=[1.0])
    answer = browser.get(f"{METRICS}chart.json?key=loss&{query}")
    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (400, query.partition("=")[0])


def test_the_table_has_the_newest_values_first(browser: Client, run: Run) -> None:
    log(run, loss=[3.0, NAN, 1.0], word=["a", "b"])
    rows = browser.get(f"{METRICS}?key=loss&key=word").context["rows"]
    shown = [(step, [cell.text for cell in cells]) for step, _time, _ms, cells in rows]
    assert shown == [(2, ["1", "–"]), (1, ["NaN", "b"]), (0, ["3", "a"])]


def test_the_table_of_a_long_series_has_its_end(browser: Client, run: Run) -> None:
    log(run, loss=[float(n) for n in range(3000)])
    rows = browser.get(METRICS).context["rows"]
    assert [step for step, _time, _ms, _cells in rows] == list(range(2999, 2974, -1))


def test_a_series_with_steps_far_apart_has_its_end(browser: Client, run: Run) -> None:
    steps = [-(2**63), 0, *range(10**15, 10**15 + 200), 2**63 - 1]
    points = [Point("loss", 1.0, step=step, time=NOON) for step in steps]
    log_metrics(run, points, actor=ACTOR, now=NOON)
    page = browser.get(METRICS)
    assert [step for step, _time, _ms, _cells in page.context["rows"]] == steps[:-26:-1]
    figure(browser, "key=loss")


def test_the_export_has_every_point_and_no_formula(browser: Client, run: Run) -> None:
    log(run, **{"=cmd": [1.5], "loss": [NAN, 2]})
    answer = browser.get(f"{METRICS}values.csv?key=loss&key=%3Dcmd")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("metric", "step", "value"),
        ("loss", "0", "NaN"),
        ("loss", "1", "2"),
        ("'=cmd", "0", "1.5"),
    ]


def test_plotly_is_loaded_only_on_pages_with_charts(browser: Client, run: Run) -> None:
    def loads_plotly(address: str) -> bool:
        links = every(browser.get(address), "link")
        return any("plotly" in link["href"] for link in links)

    assert not loads_plotly(METRICS)
    log(run, loss=[1.0])
    assert loads_plotly(METRICS)
    assert not loads_plotly(PAGE)


def test_the_fragment_is_the_same_as_in_the_page(browser: Client, run: Run) -> None:
    log(run, loss=[1.0])
    fragment = browser.get(METRICS, headers=HTMX).text
    assert 'id="metric-view"' in fragment
    assert "<html" not in fragment


def test_unchosen_metrics_cost_no_queries(browser: Client, run: Run) -> None:
    log(run, loss=[1.0, 2.0])
    before = cost(browser, f"{METRICS}?key=loss")
    log(run, **{f"m{n}": [1.0, 2.0] for n in range(30)})
    assert cost(browser, f"{METRICS}?key=loss") == before
    assert before <= 14


def test_an_outlier_is_a_mark_at_the_edge_until_the_full_range_is_shown(
    browser: Client, run: Run
) -> None:
    log(run, loss=[3.0 + 1 / (step + 1) for step in range(60)] + [1e9, 3.0])
    fitted = figure(browser, "key=loss")
    assert fitted["layout"]["yaxis"]["range"][1] < 10
    [mark] = [trace for trace in fitted["data"] if trace["meta"]["part"] == "odd"]
    assert (mark["x"], mark["text"]) == ([60], ["1,000,000,000"])
    assert fitted["range"]["label"] == "Full range"
    # A zoomed chart shows the stretch that was asked for.
    assert figure(browser, "key=loss&from=59&to=61")["range"] is None
    page = browser.get(METRICS)
    [panel] = page.context["panels"]
    whole = browser.get(f"{METRICS}?{panel.range_query}").context["panels"][0].figure
    full = browser.get(whole).json()
    assert max(full["data"][0]["y"]) == 1e9
    assert full["range"]["label"] == "Fit lines"


def test_metrics_with_one_value_are_rows_of_one_table_with_bars(
    browser: Client, run: Run
) -> None:
    log(run, loss=[2.0, 1.0], acc=[0.75], errors=[50.0], rows=[200.0], bad=[math.nan])
    page = browser.get(METRICS)
    shapes = [(each.shape, each.keys) for each in page.context["panels"]]
    assert shapes == [("plot", ["loss"]), ("values", ["acc", "bad", "errors", "rows"])]
    rows = page.context["panels"][1].content["rows"]
    assert [each.percent for each in rows] == [75, None, 25, 100]
    assert texts(page, ".single-values td.number")[::2] == ["0.75", "NaN", "50", "200"]
    assert page.context["value_keys"] == ["loss"]
    assert len(browser.get(f"{METRICS}?show=table").context["value_keys"]) == 5


def test_more_single_values_than_charts_are_shown_by_default(
    browser: Client, run: Run
) -> None:
    log(run, **{f"score{n}": [float(n)] for n in range(30)})
    assert len(browser.get(METRICS).context["panels"][0].keys) == 30
