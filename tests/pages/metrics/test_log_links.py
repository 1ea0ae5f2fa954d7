"""From a point of a chart to the log, and from a line of the log to the charts."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.models import Run
from tests.pages.run.run_page import PAGE, browser, keep, log
from tests.parts.elements import every
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

LOG = f"{PAGE}metrics/log/"


@pytest.mark.parametrize(
    ("query", "time"),
    [
        ("key=loss&point=2", NOON + 2000),
        ("key=loss&x=relative&point=1.5", NOON + 1500),
        ("key=loss&point=2&key=acc", NOON + 2000),
    ],
)
def test_a_point_leads_to_the_log_at_its_moment(
    browser: Client, run: Run, query: str, time: int
) -> None:
    log(run, loss=[3.0, 2.0, 9.0], acc=[0.1])
    answer = browser.get(f"{LOG}?{query}")
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}files/?at={time}")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("key=no&point=1", 404),
        ("key=loss&point=77", 404),
        ("key=loss&point=x", 400),
        ("key=loss", 400),
    ],
)
def test_other_points_are_refused(
    browser: Client, run: Run, query: str, status: int
) -> None:
    log(run, loss=[3.0])
    assert browser.get(f"{LOG}?{query}").status_code == status


@pytest.mark.parametrize(
    ("query", "ends"),
    [
        (f"moment={NOON + 1400}", [1, 1]),
        (f"moment={NOON}-{NOON + 2000}", [0, 2]),
        (f"x=relative&moment={NOON + 1400}", [1.4, 1.4]),
    ],
)
def test_a_moment_is_marked_in_a_chart(
    browser: Client, run: Run, query: str, ends: list[float]
) -> None:
    log(run, loss=[3.0, 2.0, 9.0])
    figure = browser.get(f"{PAGE}metrics/chart.json?key=loss&{query}").json()
    [shape] = figure["layout"]["shapes"]
    assert [shape["x0"], shape["x1"]] == ends


def test_the_table_of_values_leads_to_the_log(browser: Client, run: Run) -> None:
    log(run, loss=[3.0, 2.0])
    keep(run, "logs/std_log.txt")
    links = every(browser.get(f"{PAGE}metrics/").text, "#metric-values td a")
    assert links[0]["href"] == f"{PAGE}files/?at={NOON + 1000}"
