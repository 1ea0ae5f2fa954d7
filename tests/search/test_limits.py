"""A query that takes too long ends with an error that says what to do."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection

from runs.search.sql.scope import time_limit
from studio.core.errors import QueryTimeout

SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    "WHERE i < 100000000) SELECT count(*) FROM n"
)


def ask(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_slow_query_is_stopped() -> None:
    with pytest.raises(QueryTimeout, match="Narrow it"), time_limit(0.2):
        ask(SLOW)
    assert ask("SELECT 1") == 1


@pytest.mark.django_db
def test_the_standard_limit_applies_where_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runs.search.sql.scope.QUERY_SECONDS", 0.2)
    with pytest.raises(QueryTimeout, match=r"longer than 0\.2 seconds"), time_limit():
        ask(SLOW)


@pytest.mark.django_db
def test_other_errors_are_not_translated() -> None:
    with pytest.raises(Exception, match="nonsense") as caught, time_limit():
        ask("SELECT nonsense FROM runs_run")
    assert not isinstance(caught.value, QueryTimeout)
    assert isinstance(caught.value, OperationalError) or connection.vendor != "sqlite"


@pytest.mark.django_db
def test_the_limit_ends_with_its_block() -> None:
    with time_limit(0.2):
        ask("SELECT 1")
    # Takes longer than the limit did.
    assert ask(SLOW.replace("100000000", "2000000")) == 2_000_000
