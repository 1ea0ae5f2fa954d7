"""A Vega-Lite chart whose data are in another file of the run, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.run.runs import create_run
from runs.models import Experiment, Run
from tests.pages.run.run_page import PAGE, browser, keep
from tests.parts.records import NOON
from tests.render.previews.test_vega import SCHEMA

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

CSV = "step,loss,ok\n1,0.5,true\n2,0.25,\n"
X, Y = ({"field": name, "type": "quantitative"} for name in ("step", "loss"))


def answer(browser: Client, run: Run, data: dict[str, Any]) -> Any:
    chart = {"mark": "line", "encoding": {"x": X, "y": Y}, "data": data}
    document = json.dumps({"$schema": SCHEMA, **chart})
    keep(run, "charts/loss.vl.json", document.encode())
    page = browser.get(f"{PAGE}files/raw/charts/loss.vl.json?as=vega")
    assert page.status_code == 200
    return page.json()


@pytest.mark.parametrize(
    ("path", "url", "content", "form"),
    [
        ("charts/loss.csv", "loss.csv", CSV, {}),
        ("data/loss.csv", "../data/loss.csv", CSV, {}),
        ("data/loss.csv", "data/loss.csv", CSV, {}),
        ("charts/a b.csv", "a%20b.csv?v=1", CSV, {}),
        ("loss.tsv", "loss.tsv", CSV.replace(",", "\t"), {}),
        ("loss.txt", "loss.txt", CSV, {"format": {"type": "csv"}}),
        (
            "loss.json",
            "./loss.json",
            '{"a": {"b": [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}]}}',
            {"format": {"property": "a.b"}},
        ),
    ],
)
def test_data_are_read_from_a_file_of_the_run(
    browser: Client, run: Run, path: str, url: str, content: str, form: dict[str, Any]
) -> None:
    keep(run, path, content.encode())
    [trace] = answer(browser, run, {"url": url, **form})["data"]
    assert (trace["x"], trace["y"]) == ([1, 2], [0.5, 0.25])


@pytest.mark.parametrize(
    "url",
    [
        "none.csv",
        "https://example.org/loss.csv",
        "//example.org/loss.csv",
        "file:///etc/passwd",
        "data:text/csv,step",
        "/loss.csv",
        "/etc/passwd",
        "../../loss.csv",
        "..%2f..%2f..%2fetc%2fpasswd",
        "..\\..\\loss.csv",
        "loss.csv\0",
        "C:loss.csv",
        "",
        "broken.json",
        "binary.csv",
        "http://[",
    ],
)
def test_nothing_is_read_from_elsewhere(browser: Client, run: Run, url: str) -> None:
    keep(run, "loss.csv", CSV.encode())
    keep(run, "charts/broken.json", b'{"a": ')
    keep(run, "charts/binary.csv", b"\xff\xfe\0\x80")
    found = answer(browser, run, {"url": url})
    assert found["data"] == []
    assert found["note"].startswith("Only charts with their data inside")


def test_a_chart_of_another_run_does_not_see_the_file(
    browser: Client, run: Run, actor: Actor, experiment: Experiment
) -> None:
    other = create_run(experiment, actor=actor, now=NOON)
    keep(other, "charts/loss.csv", CSV.encode())
    assert answer(browser, run, {"url": "loss.csv"})["data"] == []


def test_a_file_that_is_too_large_is_not_read(
    browser: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.pages.previews.vega_data.MAX_FILE_BYTES", 10)
    keep(run, "charts/loss.csv", CSV.encode())
    assert answer(browser, run, {"url": "loss.csv"})["data"] == []
