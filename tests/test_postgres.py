"""The data tests once more, on PostgreSQL: the same files in a second pytest."""

import pytest

from tests.parts.beside import on_postgresql


def test_the_data_tests_pass_on_postgresql(
    pytestconfig: pytest.Config, postgres: str
) -> None:
    status, printed = on_postgresql(pytestconfig, postgres).end()
    print("On PostgreSQL:", printed[-300:])
    assert status == 0, printed
