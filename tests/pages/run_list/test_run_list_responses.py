"""The run list's answers: fragment, errors, conditional requests, cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.ingest.points_and_params import Point, log_metrics
from runs.models import Member, Role, Run, User, Workspace
from tests.access.people import browser_of
from tests.pages.rows import ALL, HTMX, link, names
from tests.parts.elements import texts

pytestmark = pytest.mark.django_db


def test_htmx_gets_exactly_the_fragment_of_the_page(visitor: Client, log: Any) -> None:
    log("a")
    answer = visitor.get(ALL, headers=HTMX)
    assert answer.text.startswith('<div id="run-table"')
    assert "HX-Request" in answer.headers["Vary"]
    whole = visitor.get(ALL).text
    table, bar = answer.text.split('<div class="view-bar"')
    assert table.strip() in whole
    assert bar.replace(' hx-swap-oob="true"', "").strip() in whole


def test_an_invalid_filter_shows_its_position_and_keeps_the_rows(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.9)
    answer = visitor.get(ALL, {"q": "metrics.acc > high"}, headers=HTMX)
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#filter-note"
    assert "<mark>high</mark>" in answer.text
    assert "Expected a number" in answer.text
    assert names(visitor.get(ALL + link(answer, "0.8"))) == ["a"]


def test_a_page_with_an_invalid_filter_applies_its_valid_part(
    visitor: Client, log: Any
) -> None:
    log("a", acc=0.9)
    log("b", acc=0.1)
    page = visitor.get(ALL, {"q": "metrics.acc > 0.5 and colour = red"})
    assert page.status_code == 400
    assert names(page) == ["a"]
    assert "The rows below match metrics.acc &gt; 0.5." in page.text
    page = visitor.get(ALL, {"q": "colour = red"})
    assert names(page) == ["b", "a"]
    assert 'value="colour = red"' in page.text


def stamp(visitor: Client, query: str = "") -> str:
    """What stands for all that could change what a list shows; empty if the clock."""
    tag = visitor.get(ALL + query, headers=HTMX).headers["ETag"]
    return tag.strip('"').partition("-")[0]


def test_time_dependent_filters_are_always_evaluated_again(
    visitor: Client, log: Any
) -> None:
    log("a")
    assert stamp(visitor)
    for query in ("?sort=-duration", "?q=created:-7d", "?q=not+duration>1h"):
        assert not stamp(visitor, query), query


def test_an_etag_is_specific_to_user_and_role(
    visitor: Client, log: Any, workspace: Workspace
) -> None:
    log("a")
    eve = User.objects.create(username="eve")
    member = Member.objects.create(workspace=workspace, user=eve, role=Role.OWNER)
    as_owner = stamp(browser_of(eve))
    assert as_owner != stamp(visitor)
    member.role = Role.READER
    member.save()
    assert stamp(browser_of(eve)) != as_owner


def test_readers_see_no_steps_for_starting_a_run(
    visitor: Client, workspace: Workspace
) -> None:
    eve = User.objects.create(username="eve")
    Member.objects.create(workspace=workspace, user=eve, role=Role.READER)
    as_reader, as_owner = browser_of(eve).get(ALL).text, visitor.get(ALL).text
    assert "No runs yet" in as_reader
    assert "studio env" not in as_reader
    assert "studio env" in as_owner


def test_an_unchanged_list_is_a_304(visitor: Client, log: Any, actor: Actor) -> None:
    run = log("a", acc=0.9)
    etag = visitor.get(ALL, headers=HTMX).headers["ETag"]
    asked = {**HTMX, "If-None-Match": etag}
    assert visitor.get(ALL, headers=asked).status_code == 304
    log_metrics(run, [Point("acc", 0.95, 1, 1)], actor=actor, now=run.created + 1)
    assert visitor.get(ALL, headers=asked).status_code == 200


def test_run_names_are_escaped(visitor: Client, log: Any) -> None:
    run = log("a", tags={"<i>k": "<b>v"})
    Run.objects.filter(pk=run.pk).update(name="<script>alert(1)</script>")
    page = visitor.get(ALL)
    assert texts(page, "a[data-row-link]") == ["<script>alert(1)</script>"]
    assert "<b>v" not in page.text


def test_the_number_of_queries_does_not_depend_on_the_rows(
    visitor: Client, log: Any
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            visitor.get(ALL)
        return len(captured)

    log("r0", acc=0.1, tags={"a": "b"}, params={"lr": "1"})
    queries()
    few = queries()
    for number in range(1, 20):
        log(f"r{number}", acc=0.1, tags={"a": "b"}, params={"lr": "1"})
        log(f"c{number}", parent=f"r{number}")
    assert queries() == few <= 30


def test_a_compressed_page_still_supports_304(visitor: Client, log: Any) -> None:
    log("a")
    asked = {**HTMX, "Accept-Encoding": "gzip"}
    answer = visitor.get(ALL, headers=asked)
    assert answer.headers["Content-Encoding"] == "gzip"
    etag = answer.headers["ETag"]
    again = visitor.get(ALL, headers={**asked, "If-None-Match": etag})
    assert again.status_code == 304


def test_an_unsupported_filter_is_reported_next_to_the_box(
    visitor: Client, log: Any
) -> None:
    log("a")
    answer = visitor.get(ALL, {"q": "log:e"}, headers=HTMX)
    assert answer.headers["HX-Retarget"] == "#filter-note"
    assert "log" in answer.text


def test_query_counts_do_not_depend_on_the_number_of_rows(
    visitor: Client, log: Any
) -> None:
    def queries(headers: dict[str, str]) -> int:
        with CaptureQueriesContext(connection) as captured:
            visitor.get(ALL, headers=headers)
        return len(captured)

    def counts() -> list[int]:
        etag = visitor.get(ALL, headers=HTMX).headers["ETag"]
        look = {**HTMX, "If-None-Match": etag}
        return [queries(look), queries({"Accept": "text/csv"})]

    log("r0", acc=0.1, tags={"a": "b"})
    counts()
    few = counts()
    assert few[0] <= 6
    for number in range(1, 20):
        log(f"r{number}", acc=0.1, tags={"a": "b"})
    assert counts() == few


def test_rows_that_left_the_page_are_updated_while_it_shows_them(
    visitor: Client, log: Any
) -> None:
    first = log("first")
    for number in range(25):
        log(f"r{number}")
    query = {"rows": "25", "shown": f"{first.pk}.x.99999999999999999"}
    kept = visitor.get(ALL, query, headers=HTMX).text.partition('id="kept-rows"')[2]
    assert f'data-row="{first.pk}"' in kept
    assert "kept-rows" not in visitor.get(ALL, query).text
    stranger = Run.objects.create(
        workspace=Workspace.objects.create(name="other"),
        experiment=first.experiment,
        run_id="secret",
        number=900,
        name="secret",
        status=first.status,
        created=1,
        updated=1,
    )
    query["shown"] = str(stranger.pk)
    assert "secret" not in visitor.get(ALL, query, headers=HTMX).text


def test_a_form_without_scripts_redirects_to_a_short_address(visitor: Client) -> None:
    answer = visitor.get(f"{ALL}?q=&rows=50&mine=1&sort=name")
    assert answer.headers["Location"] == f"{ALL}?sort=name&mine=1"
    assert visitor.get(f"{ALL}?q=&rows=7").status_code == 200
    assert visitor.get(f"{ALL}?q=", headers={"Accept": "text/csv"}).status_code == 200
