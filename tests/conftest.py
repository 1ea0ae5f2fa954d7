"""Fixtures that every room of tests may use."""

import pytest

pytest.register_assert_rewrite("tests.parts")

pytest_plugins = [
    "tests.parts.server",
    "tests.parts.browser",
    "tests.parts.postgres",
    "tests.parts.records",
    "tests.parts.beside",
]
