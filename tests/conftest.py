"""Fixtures that all tests can use."""

import os
import signal
from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings

# How fast examples are made says nothing of the code, on a machine with other work.
settings.register_profile(
    "any machine",
    settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # As in a background job of a shell: what the tests start would ignore it, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Runs that tests start in this process have only the metrics that they log.
os.environ["STUDIO_SYSTEM_METRICS"] = "off"
# Scripts of MLflow log what they log on other servers. Tests of the capture turn it on.
os.environ["STUDIO_CAPTURE"] = "0"
pytest.register_assert_rewrite("tests.parts")

pytest_plugins = [
    "tests.parts.templates",
    "tests.parts.server",
    "tests.parts.browser",
    "tests.parts.signing_in",
    "tests.parts.postgres",
    "tests.parts.records",
    "tests.parts.samples",
    "tests.parts.workers",
]


@pytest.fixture(autouse=True)
def _language_of_the_settings() -> Iterator[None]:
    """A request that a test answers leaves its language active in this thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _patient_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query may take long on a machine with other work; servers keep their limit."""
    monkeypatch.setattr("runs.search.sql.scope.QUERY_SECONDS", 120.0)
