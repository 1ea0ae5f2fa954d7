"""Facets count the values of what matches, their own terms left out."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.search.filters import completion
from runs.search.filters.facets import FacetReader
from runs.search.query import status_counts
from studio.core.filters import parse_field
from studio.core.view_spec import ViewSpec
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db


@pytest.fixture
def models(shelf: Library) -> Library:
    for number, model in enumerate(("big", "big", "small", None)):
        tags = {} if model is None else {"model": model}
        metrics = {"acc": [number / 10]}
        shelf.make(f"r{number}", metrics, tags=tags, params={"lr": str(number)})
    return shelf


def reader(library: Library, q: str = "") -> FacetReader:
    return FacetReader(ViewSpec(q=q), library.ada, library.workspace, now=NOON)


def values(library: Library, field: str, q: str = "") -> dict[str | None, int]:
    found = reader(library, q).count_values(parse_field(field))
    return {each.value: each.runs for each in found.values}


@pytest.mark.parametrize(
    ("field", "q", "expected"),
    [
        ("tags.model", "", {"big": 2, "small": 1}),
        ("tags.model", "tags.model = big", {"big": 2, "small": 1}),
        ("params.lr", "tags.model = big", {"0": 1, "1": 1}),
        ("tags.model", "tags.model = big params.lr > 1", {"small": 1}),
        ("submitter", "", {"ann": 4}),
        ("metrics.acc", "tags.model = small", {"0.2": 1}),
        ("tags.unknown", "", {}),
    ],
)
def test_values_are_counted(
    models: Library, field: str, q: str, expected: dict[str | None, int]
) -> None:
    assert values(models, field, q) == expected


def test_runs_without_a_value_are_counted(models: Library) -> None:
    assert (
        reader(models).count_values(parse_field("tags.model")).runs_without_value == 1
    )


def test_attributes_experiments_and_statuses_have_facets(library: Library) -> None:
    assert values(library, "tags.baseline") == {None: 1}
    assert values(library, "experiment") == {"digits": 3, "Vision / Größe": 1}
    # A field's own terms are left out, so that another value can be chosen.
    everything = values(library, "status")
    assert everything["Failed"] == 1
    assert values(library, "status", "status:failed") == everything


def test_beyond_the_limit_only_the_newest_runs_are_counted(
    models: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_counts, "MAX_EXACT_COUNT", 2)
    found = reader(models)
    assert not found.matching_runs().exact
    assert values(models, "tags.model") == {"small": 1}


def test_keys_are_found_by_a_part_of_their_name(models: Library) -> None:
    found = reader(models, "tags.model = small")
    assert [share.field.key for share in found.most_useful_keys("tags", "OD")] == [
        "model"
    ]
    rare = reader(models, "params.lr = 3").most_useful_keys("tags", "od")
    assert [(share.field.key, share.runs) for share in rare] == [("model", 0)]


def test_an_exact_key_match_comes_first(models: Library) -> None:
    models.make("rare", tags={"od": "1"})
    for number in range(60):
        tags = {f"a{number}od": "1", "odd": str(number % 3)}
        models.make(f"common-{number}", tags=tags)
    found = reader(models, "tags.odd is not null")
    assert found.most_useful_keys("tags", "OD")[0].field.key == "od"
    everywhere = reader(models)
    for offered in (completion.find_keys, completion.list_keys):
        assert offered(everywhere, "tags", "od", 3)[0].field.key == "od"


def test_another_workspaces_keys_are_not_found(
    models: Library, library: Library
) -> None:
    models.make("secret", tags={"secretkey": "1"})
    assert reader(models).most_useful_keys("tags", "secretk")
    other = FacetReader(ViewSpec(), library.ada, library.workspace, now=NOON)
    assert not other.most_useful_keys("tags", "secretk")
    stranger = FacetReader(ViewSpec(), library.ada, models.workspace, now=NOON)
    assert not stranger.matching_runs().ids


def test_values_are_counted_by_key_id(models: Library) -> None:
    # Joined by its name, PostgreSQL looks through every run that has the key.
    found = reader(models)
    with CaptureQueriesContext(connection) as captured:
        found.count_values(parse_field("params.lr"))
    [counting] = [each["sql"] for each in captured if "GROUP BY" in each["sql"]]
    assert "runs_key" not in counting
    assert reader(models).count_values(parse_field("params.unknown")).values == ()


def test_the_number_of_queries_does_not_depend_on_the_runs(models: Library) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            found = reader(models)
            found.most_useful_keys("tags")
            found.count_values(parse_field("tags.model"))
            found.count_values(parse_field("submitter"))
        return len(captured)

    before = count()
    for number in range(20):
        models.make(f"more-{number}", tags={"model": f"m{number}"})
    assert count() == before <= 8
