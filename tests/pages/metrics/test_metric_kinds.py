"""The Metrics tab: every kind of metric is shown as what it is."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import plotly.graph_objects as go
import pytest
from django.test import Client

from runs.actions.ingest.delivered_rows import MetricRow, apply_rows
from runs.models import File, Run
from runs.pages.metrics.panels import Panel
from runs.storage.files import files as file_store
from tests.pages.run.run_page import ACTOR, PAGE, browser, cost, keep, log
from tests.parts.elements import every, hrefs, one, texts
from tests.parts.records import NOON
from tests.render.test_documents import ACCURACY, PREDICTIONS, RESIDUALS

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

METRICS = f"{PAGE}metrics/"
MATRIX = {"class_labels": ["<b>", "no"], "matrix": [[8, 2], [1, 9]]}


def write(run: Run, kind: str, key: str, *values: Any) -> None:
    rows = [
        MetricRow(key, value, step, NOON, kind) for step, value in enumerate(values)
    ]
    apply_rows(run, uuid4().hex, 0, rows, actor=ACTOR, now=NOON)


def document(run: Run, kind: str, key: str, *contents: Any) -> None:
    """As the SDK does it: a file each, and the value says where it is."""
    values = []
    for number, content in enumerate(contents):
        path = f"{key}_{number}"
        keep(run, path, json.dumps({"data": content}).encode())
        values.append(f"aml://artifactId/ExperimentRun/dcid.run-1/{quote(path)}")
    write(run, kind, key, *values)


def panel(browser: Client, key: str, more: str = "") -> Panel:
    page = browser.get(f"{METRICS}?key={quote(key)}{more}")
    [found] = page.context["panels"]
    assert isinstance(found, Panel)
    return found


def drawn(browser: Client, key: str, more: str = "") -> Any:
    answer = browser.get(panel(browser, key, more).figure)
    assert answer.status_code == 200, answer.text
    figure = answer.json()
    go.Figure(data=figure["data"], layout=figure["layout"])
    return figure


def test_a_confusion_matrix_is_a_table_of_counts_or_shares(
    browser: Client, run: Run
) -> None:
    document(run, "confusion_matrix", "val/confusion", MATRIX)
    page = browser.get(f"{METRICS}?key=val/confusion")
    assert texts(page, ".matrix td.heat-8") == ["8"]
    assert texts(page, ".matrix thead th") == ["<b>", "no"]
    shares = browser.get(f"{METRICS}?key=val/confusion&as:val/confusion=normalised")
    assert texts(shares, ".matrix td.heat-7") == ["0.80"]


@pytest.mark.parametrize("view", ["roc", "pr", "gain", "lift", "calibration"])
def test_an_accuracy_table_is_drawn_as_each_of_its_curves(
    browser: Client, run: Run, view: str
) -> None:
    document(run, "accuracy_table", "acc", ACCURACY)
    figure = drawn(browser, "acc", f"&as:acc={view}")
    assert figure["data"][0]["meta"]["key"] == "average"


def test_an_accuracy_table_names_its_curves(browser: Client, run: Run) -> None:
    document(run, "accuracy_table", "acc", ACCURACY)
    [select] = panel(browser, "acc").selects
    names = [option.label for option in select.options]
    assert names[:4] == ["ROC", "Precision and recall", "Gain", "Lift"]
    assert drawn(browser, "acc", "&as:acc=lift")["layout"]["yaxis"]["title"][
        "text"
    ] == ("Lift")


def test_residuals_are_bars_and_predictions_have_error_bars(
    browser: Client, run: Run
) -> None:
    document(run, "residuals", "res", RESIDUALS)
    document(run, "predictions", "pred", PREDICTIONS)
    assert drawn(browser, "res")["data"][0]["type"] == "bar"
    assert drawn(browser, "pred")["data"][0]["error_y"]["array"] == [0.01, 0.02]
    assert panel(browser, "res", "&as:res=table").content["rows"][0][1:] == ("-1", "3")


def test_a_document_of_several_steps_shows_the_last_or_the_chosen_one(
    browser: Client, run: Run
) -> None:
    document(run, "residuals", "res", RESIDUALS, {**RESIDUALS, "bin_counts": [7, 7]})
    assert drawn(browser, "res")["data"][0]["y"] == [7, 7]
    assert drawn(browser, "res", "&at:res=0")["data"][0]["y"] == [3, 5]
    for at in ("9", "--5", "\u00b2", "9" * 5000):
        assert panel(browser, "res", f"&at:res={at}").shape == "wrong"


def test_a_document_can_be_the_value_itself(browser: Client, run: Run) -> None:
    write(run, "residuals", "res", {"data": RESIDUALS})
    assert drawn(browser, "res")["data"][0]["y"] == [3, 5]


def test_a_chart_that_cannot_be_drawn_says_why(browser: Client, run: Run) -> None:
    document(run, "residuals", "res", {"bin_edges": "x"})
    gone = "aml://artifactId/ExperimentRun/dcid.run-1/gone"
    write(run, "confusion_matrix", "lost", gone)
    assert "bin_edges" in panel(browser, "res").content["reason"]
    assert "not arrived" in panel(browser, "lost").content["reason"]
    answer = browser.get(f"{METRICS}chart.json?key=lost")
    assert answer.status_code == 404


def test_two_columns_of_numbers_are_drawn_as_a_line(browser: Client, run: Run) -> None:
    write(run, "table", "wave", {"x": 0, "y": 1.5}, {"x": 1, "y": "NaN"})
    [line] = drawn(browser, "wave")["data"]
    assert (line["x"], line["y"]) == ([0, 1], [1.5, None])


def test_the_address_chooses_the_drawn_columns(browser: Client, run: Run) -> None:
    write(run, "table", "t", *({"a": n, "b": 2 * n, "c": 7, "w": "x"} for n in (1, 2)))
    assert panel(browser, "t").shape == "rows"
    assert '<td title="x">x</td>' in browser.get(f"{METRICS}?key=t").text
    [line] = drawn(browser, "t", "&as:t=chart&cx:t=b&cy:t=a")["data"]
    assert (line["x"], line["y"]) == ([2, 4], [1, 2])


def test_all_rows_of_a_table_are_sorted_and_filtered(browser: Client, run: Run) -> None:
    write(run, "table", "t/a", *({"n": n % 7, "name": f"row {n}"} for n in range(500)))
    address = f"{PAGE}metrics/?table=t/a&min.n=6&sort=-name"
    grid = one(browser.get(address), "#table-grid")
    assert grid.one(".grid-count").text == "t/a 71 of 500 rows"
    assert grid.all("tbody tr")[0].all("td")[2].text == "row 97"
    assert f"{PAGE}metrics/?table=t%2Fa" in hrefs(browser.get(f"{PAGE}metrics/"))


def test_a_grid_of_what_is_no_table_shows_the_charts(browser: Client, run: Run) -> None:
    log(run, loss=[1.0, 2.0])
    assert every(browser.get(f"{PAGE}metrics/?table=loss"), ".chart")


def test_the_export_of_a_table_has_its_columns(browser: Client, run: Run) -> None:
    write(run, "table", "t", {"a": 1, "=b": 2}, {"a": "NaN"})
    answer = browser.get(f"{METRICS}values.csv?key=t")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert [(row[0], *row[2:]) for row in rows] == [
        ("step", "a", "'=b"),
        ("0", "1", "2"),
        ("1", "NaN", ""),
    ]


def test_a_list_is_a_line_and_texts_are_shown_as_they_are(
    browser: Client, run: Run
) -> None:
    write(run, "list", "fib", 1, 1, 2, 3)
    log(run, phase=["warm", "<i>hot"], mixed=[1.0, "oops", 2.0])
    assert drawn(browser, "fib")["data"][0]["y"] == [1, 1, 2, 3]
    assert panel(browser, "phase").shape == "texts"
    assert "&lt;i&gt;hot" in browser.get(f"{METRICS}?key=phase").text
    assert drawn(browser, "mixed")["data"][0]["y"] == [1, 2]


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def test_a_value_has_the_same_text_wherever_it_is_shown(
    browser: Client, run: Run
) -> None:
    log(run, flag=[True], none=[None])
    for key, word in (("flag", "true"), ("none", "null")):
        [(_step, cell)] = panel(browser, key).content["rows"]
        assert cell.text == word
        page = browser.get(f"{METRICS}?key={key}").text
        assert "True" not in page
        # In the list, in its panel, and in the table of values.
        assert page.count(f">{word}<") == 3


def test_images_too_large_for_a_browser_are_not_shown(
    browser: Client, run: Run
) -> None:
    sizes = {"small.png": b"\0\0\0\x10\0\0\0\x10", "huge.png": b"\0\0\x27\x10" * 2}
    for path, size in sizes.items():
        keep(run, path, PNG + size)
        write(run, "image", path, f"aml://artifactId/ExperimentRun/dcid.run-1/{path}")
    picture = one(browser.get(f"{METRICS}?key=small.png"), ".panel-picture img")
    assert picture["src"] == "/w/default/runs/run-1/files/raw/small.png?inline=1"
    panel = one(browser.get(f"{METRICS}?key=huge.png"), ".panel-picture")
    assert "10000 × 10000" in panel.text
    assert panel.all("img") == []


def test_a_missing_file_does_not_affect_the_others(browser: Client, run: Run) -> None:
    document(run, "residuals", "res", RESIDUALS)
    image = keep(run, "i.png", PNG + b"\0\0\0\x10\0\0\0\x10")
    write(run, "image", "i", "aml://artifactId/ExperimentRun/dcid.run-1/i.png")
    assert "i.png?inline=1" in browser.get(f"{METRICS}?key=i").text
    for file in (image, File.objects.get(name="res_0")):
        file_store.delete(file.blob)
    page = browser.get(f"{METRICS}?key=i").text
    assert "i.png" in page
    assert "inline=1" not in page
    # A table reads its document on the way to the page, a chart on its own.
    assert "not arrived" in panel(browser, "res", "&as:res=table").content["reason"]
    assert browser.get(f"{METRICS}chart.json?key=res").status_code == 404
    assert browser.get("/w/default/runs/run-1/media/").status_code == 200


def test_an_image_path_of_another_run_is_not_shown(browser: Client, run: Run) -> None:
    write(run, "image", "i", "aml://artifactId/ExperimentRun/dcid.run-2/../../x")
    assert panel(browser, "i").shape == "wrong"


def test_metric_settings_stay_in_the_address(browser: Client, run: Run) -> None:
    document(run, "accuracy_table", "a/b c", ACCURACY)
    page = browser.get(f"{METRICS}?key=a/b+c&as:a/b+c=lift&smooth=0.5&x=time")
    choice = page.context["choice"]
    assert choice.query() == "key=a/b+c&x=time&smooth=0.5&as:a/b+c=lift"


def test_the_number_of_queries_does_not_depend_on_the_chosen_metrics(
    browser: Client, run: Run
) -> None:
    log(run, a=[1.0] * 2)
    few = cost(browser, f"{METRICS}?all=1")
    for n in range(6):
        document(run, "residuals", f"res{n}", RESIDUALS, RESIDUALS)
        log(run, **{f"m{n}": [float(at) for at in range(900)]})
    write(run, "table", "t", {"a": 1, "b": 2})
    assert cost(browser, f"{METRICS}?all=1") <= few + 1
