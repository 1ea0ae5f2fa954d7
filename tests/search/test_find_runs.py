"""What a page of runs holds: rows, values, totals, and what the switches hide."""

from __future__ import annotations

import math
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import Run
from runs.search.query import status_counts as module
from runs.search.run_list.run_page import find_runs
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.filters import parse_field
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import MINUTE, Library

pytestmark = pytest.mark.django_db

SWITCHES: list[tuple[dict[str, str], str]] = [
    ({}, "fcba"),
    ({"children": "1"}, "fedcba"),
    ({"archived": "1"}, "gfcba"),
    ({"mine": "1"}, "ba"),
    ({"mine": "1", "children": "1"}, "edba"),
    ({"q": "archived"}, "g"),
    ({"q": "deleted"}, "ih"),
    ({"q": "deleted or not deleted"}, "ihfcba"),
    ({"q": "parent:a"}, "ed"),
    ({"q": "root:a"}, "eda"),
    ({"selected": "a,d,zz", "only": "1", "children": "1"}, "da"),
    ({"selected": "a"}, "fcba"),
]


@pytest.mark.parametrize(("query", "ids"), SWITCHES)
def test_switches_hide_and_show_runs(
    library: Library, query: dict[str, Any], ids: str
) -> None:
    page = library.page(**query)
    assert "".join(row.run.run_id for row in page.rows) == ids
    assert (page.total, page.total_is_exact) == (len(ids), True)


def test_an_experiment_and_a_parent_narrow_the_list(library: Library) -> None:
    def ids(**scope: Any) -> str:
        spec, viewer = ViewSpec(), library.ada
        page = find_runs(spec, viewer, library.workspace, now=NOON, **scope)
        return "".join(row.run.run_id for row in page.rows)

    assert ids(experiment=library.digits) == "fba"
    assert ids(parent=Run.objects.get(run_id="a")) == "ed"


VALUES = [
    ("a", "id", "a"),
    ("a", "number", 1),
    ("a", "name", "resnet-50"),
    ("a", "status", RunStatus.COMPLETED),
    ("a", "experiment", "digits"),
    ("a", "submitter", "ada"),
    ("f", "submitter", None),
    ("f", "target", "gpu-1"),
    ("a", "target", None),
    ("a", "script", "train.py"),
    ("b", "error", "RuntimeError:\nCUDA out of memory"),
    ("b", "error_kind", "RuntimeError-b1"),
    ("a", "commit", "4be1c0ffee"),
    ("b", "commit", "deadbeef"),
    ("a", "duration", 30 * MINUTE),
    ("c", "duration", 5 * MINUTE),
    ("f", "duration", None),
    ("d", "parent", "a"),
    ("d", "root", "a"),
    ("a", "root", "a"),
    ("c", "description", "Straße, ΟΔΟΣ and 100% [done]"),
    ("a", "starred", True),
    ("b", "starred", False),
    ("a", "locked", True),
    ("a", "archived", False),
    ("a", "deleted", False),
    ("a", "params.lr", "0.01"),
    ("d", "params.lr", None),
    ("a", "tags.baseline", ""),
    ("a", "properties.author", "azureml-user"),
    ("a", "metrics.acc", 0.8),
    ("a", "metrics.acc.max", 0.9),
    ("a", "metrics.acc.count", 3),
    ("c", "metrics.acc", math.inf),
    ("d", "metrics.note", "good"),
    ("c", "metrics.big", str(2**60 + 1)),
    ("f", "metrics.acc", None),
    ("a", "children.count", 2),
    ("a", "children.failed", 1),
    ("f", "children.count", 0),
]


@pytest.mark.parametrize(("run_id", "name", "value"), VALUES)
def test_a_row_has_the_requested_values(
    library: Library, run_id: str, name: str, value: object
) -> None:
    page = library.page(f"id:{run_id}", children="1", columns=name)
    assert page.rows[0].values.get(parse_field(name)) == value


def test_nan_is_a_value(library: Library) -> None:
    page = library.page("id:b", columns="metrics.acc")
    assert math.isnan(page.rows[0].values[parse_field("metrics.acc")])  # type: ignore[arg-type]


def test_a_row_has_its_star_its_children_and_the_tags_that_people_set(
    library: Library,
) -> None:
    row_b, row_a = library.page("id in (a, b)").rows
    assert (row_a.starred, row_a.children) == (True, 2)
    assert (row_b.starred, row_b.children) == (False, 0)
    assert row_a.tags == (("baseline", None), ("model", "resnet50"), ("step", "10"))
    assert row_b.tags == (("model", "vit"),)


COLUMNS = (
    "name,tags,status,experiment,submitter,root,commit,children.failed,params.lr,"
    "tags.model,properties.author,metrics.acc,metrics.acc.max,starred"
)


def test_the_number_of_queries_does_not_depend_on_the_rows(shelf: Library) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            shelf.page("resnet metrics.acc > 0", columns=COLUMNS, sort="-metrics.acc")
        return len(captured)

    given: dict[str, Any] = {
        "name": "resnet",
        "metrics": {"acc": [0.5]},
        "params": {"lr": "1"},
        "tags": {"model": "a"},
        "properties": {"author": "b"},
    }
    shelf.make("r0", **given)
    one = queries()
    for n in range(1, 10):
        shelf.make(f"r{n}", **given)
    assert queries() == one
    # On PostgreSQL four of them set the time limit.
    assert one <= 24


def test_long_texts_are_read_only_on_request(library: Library) -> None:
    run = library.page("id:b").rows[0].run
    assert {"error", "description"} <= run.get_deferred_fields()
    run = library.page("id:b", columns="error").rows[0].run
    assert "error" not in run.get_deferred_fields()


def test_a_total_beyond_the_limit_says_so(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_EXACT_COUNT", 3)
    page = library.page("id != zz")
    assert (page.total, page.total_is_exact, len(page.rows)) == (3, False, 4)


def test_a_page_knows_its_position(shelf: Library) -> None:
    for n in range(60):
        shelf.make(f"r{n:02d}", name="resnet", metrics={"acc": [n % 7]})
    for sort in ("-created", "-metrics.acc", "name"):
        first = shelf.page(rows="25", sort=sort)
        second = shelf.page(rows="25", sort=sort, after=first.after)
        third = shelf.page(rows="25", sort=sort, after=second.after)
        assert [first.first, second.first, third.first] == [1, 26, 51]
        back = shelf.page(rows="25", sort=sort, before=third.before)
        assert (back.first, back.rows[0].run) == (26, second.rows[0].run)


def test_the_position_is_correct_after_new_runs_arrive(shelf: Library) -> None:
    for n in range(30):
        shelf.make(f"r{n}", name="resnet")
    after = shelf.page(rows="25").after
    shelf.make("new", name="resnet")
    assert shelf.page(rows="25", after=after).first == 27


def test_a_position_beyond_the_limit_is_unknown(
    shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(30):
        shelf.make(f"r{n}", name="resnet")
    monkeypatch.setattr("runs.search.run_list.run_page.MAX_EXACT_COUNT", 20)
    after = shelf.page(rows="25").after
    assert shelf.page(rows="25", after=after).first == 0


def test_a_broken_filter_is_an_error(library: Library) -> None:
    with pytest.raises(InvalidFilter):
        library.page("a and")


def test_an_unknown_stored_selection_is_an_error(library: Library) -> None:
    with pytest.raises(InvalidValue, match=r"doesn.t exist"):
        library.page(selected="s.abc", only="1")
