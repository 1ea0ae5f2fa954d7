"""The status strip and completion count what the filter matches."""

from __future__ import annotations

import pytest
from django.db import connection

from runs.models import Run
from runs.search.filters import completion
from runs.search.filters.facets import FacetReader
from runs.search.query import status_counts
from runs.search.query.status_counts import MAX_EXACT_COUNT, count_statuses
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db


def strip(library: Library, q: str = "", **spec: str) -> dict[str, int]:
    asked = ViewSpec.from_query({"q": q, "children": "1", **spec})
    found = count_statuses(asked, library.ada, library.workspace, now=NOON)
    return {status.value: n for status, n in found.counts.items()}


def test_statuses_are_counted_for_the_filter(library: Library) -> None:
    assert strip(library, "experiment:digits") == {
        "Completed": 1,
        "Failed": 2,
        "Canceled": 1,
        "Queued": 1,
    }


def test_status_counts_ignore_the_status_filter(library: Library) -> None:
    assert strip(library, "status:failed resnet") == {"Completed": 1, "Failed": 1}


def test_beyond_the_limit_only_the_newest_runs_are_counted(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_counts, "MAX_EXACT_COUNT", 2)
    found = count_statuses(
        ViewSpec(children=True, q="id != zz"), library.ada, library.workspace, now=NOON
    )
    assert (sum(found.counts.values()), found.exact) == (2, False)


def bulk_run(library: Library, n: int) -> Run:
    return Run(
        workspace=library.workspace,
        experiment=library.digits,
        run_id=f"x{n}",
        number=n + 1,
        name="birch",
        status=(RunStatus.COMPLETED if n % 4 else RunStatus.FAILED).code,
        submitter=library.ada,
        created=NOON,
        updated=NOON,
        heard=NOON,
    )


# Each insert updates the kept counts. PostgreSQL keeps every version of that row until
# the transaction of the test ends, and checks its constraints against all of them.
@pytest.mark.skipif(
    connection.vendor == "postgresql", reason="One transaction of 10,000 inserts"
)
def test_a_count_is_exact_up_to_the_limit_and_not_beyond(shelf: Library) -> None:
    def count() -> tuple[int, int, bool]:
        spec = ViewSpec(q="id != zz")
        found = count_statuses(spec, shelf.ada, shelf.workspace, now=NOON)
        return found.total, found.counts[RunStatus.FAILED], found.exact

    Run.objects.bulk_create(bulk_run(shelf, n) for n in range(MAX_EXACT_COUNT))
    assert count() == (10_000, 2_500, True)
    bulk_run(shelf, MAX_EXACT_COUNT).save()
    total, _failed, is_exact = count()
    assert (total, is_exact) == (10_000, False)


def keys(library: Library, kind: str, part: str, q: str = "") -> list[tuple[str, int]]:
    spec = ViewSpec(q=q, children=True)
    reader = FacetReader(spec, library.ada, library.workspace, now=NOON)
    found = completion.find_keys(reader, kind, part, 20)
    return [(each.field.key, each.runs) for each in found]


def test_keys_are_suggested_with_their_counts(library: Library) -> None:
    assert keys(library, "tags", "MO") == [("model", 3)]
    assert keys(library, "metrics", "acc", "id:a") == [
        ("acc", 1),
        ("acc.max", 1),
        ("val/acc", 1),
    ]
    assert keys(library, "params", "", "status:failed") == [("lr", 2)]
