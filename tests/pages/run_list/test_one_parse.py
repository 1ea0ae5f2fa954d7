"""A request's filter is parsed once, and each parameter of its address read once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from runs.models import Experiment
from runs.render.formats import experiment_path
from studio.core.filters.parse import parse, parse_with_positions
from studio.core.view_spec import ViewSpec, parse_tolerant, read_parameter
from tests.pages.rows import ALL, HTMX, names
from tests.parts.calls import Calls, counted_calls

pytestmark = pytest.mark.django_db

#: Three terms, two of them with values that the rows' own links replace.
Q = "metrics.acc > 0.05 and status:Running|Completed tags.model = resnet"
EVERYTHING = {
    "q": Q,
    "sort": "-metrics.acc",
    "columns": "name,status,tags,metrics.acc",
    "children": "1",
    "group": "tags.model",
    "charts": "line!metrics.acc,bar!metrics.acc",
    "facets": "1",
    "rows": "25",
}


@pytest.fixture
def runs(log: Any) -> None:
    log("parent", acc=0.9, tags={"model": "resnet"})
    for number in range(4):
        log(f"run-{number}", acc=0.2 * number, tags={"model": "resnet"})
        child = {"parent": "parent", "tags": {"model": "resnet"}}
        log(f"child-{number}", acc=0.2 * number, **child)


def asked(visitor: Client, address: str, *, htmx: bool = False) -> tuple[Any, Calls]:
    """The answer, and what it took where everything is loaded."""
    headers = HTMX if htmx else {}
    visitor.get(address, headers=headers)
    with counted_calls() as calls:
        answer = visitor.get(address, headers=headers)
    assert answer.status_code == 200, answer.content
    return answer, calls


def parsed(calls: Calls) -> int:
    return calls.of(parse) + calls.of(parse_with_positions)


def read(calls: Calls) -> int:
    return calls.of(ViewSpec.from_query) + calls.of(parse_tolerant)


def query(**parameters: str) -> str:
    return f"?{urlencode(parameters)}"


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.usefixtures("runs")
def test_the_run_list_parses_its_filter_once(visitor: Client, htmx: bool) -> None:
    page, calls = asked(visitor, ALL + query(q=Q, sort="-metrics.acc"), htmx=htmx)
    assert names(page)[:2] == ["parent", "run-3"]
    assert (parsed(calls), read(calls), calls.of(read_parameter)) == (1, 1, 2)


@pytest.mark.usefixtures("runs")
def test_a_list_without_a_filter_parses_nothing(visitor: Client) -> None:
    _page, calls = asked(visitor, ALL)
    assert (parsed(calls), read(calls), calls.of(read_parameter)) == (0, 1, 0)


@pytest.mark.usefixtures("runs")
def test_an_experiment_with_everything_parses_its_filter_once(
    visitor: Client, experiment: Experiment
) -> None:
    path = experiment_path("default", experiment.number, experiment.name)
    page, calls = asked(visitor, path + query(**EVERYTHING))
    assert page.context["grouped"]["rows"]
    assert page.context["facets"]["sections"]
    assert (parsed(calls), read(calls)) == (1, 1)
    assert calls.of(read_parameter) == len(EVERYTHING)


@pytest.mark.usefixtures("runs")
def test_child_runs_parse_their_filter_once(visitor: Client) -> None:
    path = f"{ALL}parent/children/"
    page, calls = asked(visitor, path + query(q=Q, sort="name"))
    assert names(page) == ["child-1", "child-2", "child-3"]
    assert (parsed(calls), read(calls), calls.of(read_parameter)) == (1, 1, 2)


@pytest.mark.usefixtures("runs")
def test_a_view_link_parses_only_the_stored_state(
    visitor: Client, make_view: Any
) -> None:
    view = make_view(query(q=Q, sort="name"))
    page, calls = asked(visitor, f"/v/{view.slug}/")
    assert names(page) == ["parent", "run-1", "run-2", "run-3"]
    assert (parsed(calls), read(calls), calls.of(read_parameter)) == (1, 1, 2)


@pytest.mark.usefixtures("runs")
def test_an_override_is_parsed_on_top_of_the_stored_view(
    visitor: Client, make_view: Any
) -> None:
    view = make_view(query(q=Q, sort="name"))
    page, calls = asked(visitor, f"/v/{view.slug}/" + query(q="name:parent"))
    assert names(page) == ["parent"]
    # The stored filter is parsed too: the page tells what is changed.
    assert (parsed(calls), read(calls), calls.of(read_parameter)) == (2, 2, 3)


@pytest.mark.usefixtures("runs")
def test_the_list_of_a_view_parses_their_common_filter_once(
    visitor: Client, make_view: Any
) -> None:
    view = make_view(query(q=Q))
    shown_at = visitor.get(f"/v/{view.slug}/").context["shown_at"]
    page, calls = asked(visitor, shown_at)
    assert page.context["view"] == view
    assert (parsed(calls), read(calls)) == (1, 2)


@pytest.mark.parametrize(
    ("part", "more"),
    [
        ("facets", {}),
        ("complete", {"text": "status:"}),
        ("columns", {}),
        ("group", {}),
        ("groups", {"group": "tags.model"}),
        ("differs", {"selected": "parent"}),
        ("head", {"field": "status"}),
        ("filter", {}),
        ("filter", {"term": "1"}),
        ("charts", {}),
        ("charts/figure", {"chart": "line!metrics.acc"}),
        ("charts/table", {"chart": "bar!metrics.acc"}),
    ],
)
@pytest.mark.usefixtures("runs")
def test_a_part_of_the_list_parses_its_filter_once(
    visitor: Client, part: str, more: dict[str, str]
) -> None:
    address = f"/w/default/list/{part}/" + query(q=Q, **more)
    _answer, calls = asked(visitor, address, htmx=True)
    assert parsed(calls) <= 1
    assert read(calls) == 1


@pytest.mark.usefixtures("runs")
def test_the_views_menu_parses_its_filter_once(visitor: Client) -> None:
    address = "/w/default/views/menu/" + query(q=Q)
    _answer, calls = asked(visitor, address, htmx=True)
    assert (parsed(calls), read(calls)) == (1, 1)


@pytest.mark.usefixtures("runs")
def test_a_selection_parses_the_lists_filter_once(visitor: Client) -> None:
    address, sent = "/w/default/list/select/", {"query": f"q={Q}", "page": "1"}
    visitor.post(address, sent)
    with counted_calls() as calls:
        answer = visitor.post(address, sent)
    assert "selected=run-3,run-2,run-1,parent" in answer["Location"]
    assert (parsed(calls), read(calls)) == (1, 1)


@pytest.mark.usefixtures("runs")
def test_a_view_link_does_not_change_its_request(
    visitor: Client, make_view: Any
) -> None:
    view = make_view(query(q=Q), shared=True)
    address = f"/v/{view.slug}/?rows=25"
    page = visitor.get(address)
    request = page.wsgi_request
    assert request.get_full_path() == address
    assert request.GET.dict() == {"rows": "25"}
    # Forms of the frame lead back to the list, whose address the page names.
    assert f'name="next" value="{ALL}?q=' in page.text
