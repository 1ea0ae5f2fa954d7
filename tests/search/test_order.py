"""Any sort, page by page, forwards and back, finds every run once, in order."""

from __future__ import annotations

import base64
import json

import pytest

from runs.search.run_list.run_page import RunPage, find_runs
from studio.core.errors import InvalidValue
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db

ORDERS = [
    ("created", "abcdef"),
    ("-created", "fedcba"),
    ("id", "abcdef"),
    ("-id", "fedcba"),
    ("name", "debafc"),
    ("-name", "cfabed"),
    ("status", "fcaebd"),
    ("experiment", "fedbac"),
    ("submitter", "edbacf"),
    ("-submitter", "cedbaf"),
    ("target", "fedcba"),
    ("script", "afedcb"),
    ("error_kind", "bfedca"),
    ("commit", "abfedc"),
    ("-commit", "bafedc"),
    ("started", "bacedf"),
    ("-started", "edcabf"),
    ("ended", "bafedc"),
    ("duration", "cbafed"),
    ("-duration", "acbfed"),
    ("parent", "edfcba"),
    ("root", "edabcf"),
    ("-starred", "afedcb"),
    ("locked", "fedcba"),
    ("metrics.acc", "dacbfe"),
    ("-metrics.acc", "cadbfe"),
    ("metrics.acc.max", "dbacfe"),
    ("-metrics.acc.count", "abdcfe"),
    ("metrics.acc.first", "dabcfe"),
    ("metrics.unknown", "fedcba"),
    ("params.lr", "abcefd"),
    ("-params.lr", "cbaefd"),
    ("tags.model", "dabfec"),
    ("-tags.model", "badfec"),
    ("tags.baseline", "afedcb"),
    ("properties.author", "afedcb"),
    ("-children.count", "afedcb"),
    ("children.failed", "fedcba"),
    ("artifact_uri", "abdefc"),
]


def page(library: Library, sort: str, **changes: object) -> RunPage:
    spec = ViewSpec.from_query({"children": "1", "sort": sort})
    spec = spec.changed(rows=2, **changes)
    return find_runs(spec, library.ada, library.workspace, now=NOON)


def ids(found: RunPage) -> str:
    return "".join(row.run.run_id for row in found.rows)


@pytest.mark.parametrize(("sort", "order"), ORDERS)
def test_a_sort_orders_and_pages_forwards_and_back(
    library: Library, sort: str, order: str
) -> None:
    first = page(library, sort)
    second = page(library, sort, after=first.after)
    third = page(library, sort, after=second.after)
    assert ids(first) + ids(second) + ids(third) == order
    assert (first.before, third.after) == ("", "")
    back = page(library, sort, before=third.before)
    assert ids(back) == ids(second)
    assert ids(page(library, sort, before=back.before)) == ids(first)
    assert page(library, sort, before=back.before).before == ""


def test_a_run_that_arrives_does_not_shift_the_next_page(shelf: Library) -> None:
    for run_id in "abcd":
        shelf.make(run_id)
    first = page(shelf, "-created")
    shelf.make("e")
    assert ids(page(shelf, "-created", after=first.after)) == "ba"


def test_a_long_text_is_sorted_by_its_beginning(shelf: Library) -> None:
    for run_id in "abc":
        shelf.make(run_id, params={"p": "训" * 10_000 + run_id})
    first = page(shelf, "params.p")
    assert len(first.after) < 4000
    assert ids(first) + ids(page(shelf, "params.p", after=first.after)) == "abc"


def packed(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "A" * 3999,
        packed(),
        packed("-created", 5),
        packed("metrics.acc", 0, 0.5),
        packed("metrics.acc", 0, 0.5, 1, 1),
        packed("metrics.acc", 0, "0.5", 1),
        packed("metrics.acc", 0, float("nan"), 1),
        packed("metrics.acc", True, 0.5, 1),
        packed("metrics.acc", 0, 0.5, 2**70),
        packed("metrics.acc", [0], {}, None),
    ],
)
def test_a_forged_cursor_is_refused(library: Library, cursor: str) -> None:
    with pytest.raises(InvalidValue, match="not a cursor of this list"):
        page(library, "metrics.acc", after=cursor)


def test_a_cursor_with_invalid_text_is_refused(library: Library) -> None:
    for text in ("a\x00", "\ud800"):
        with pytest.raises(InvalidValue):
            page(library, "name", after=packed("name", 0, text, 1))
