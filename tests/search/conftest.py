"""Libraries of runs: one to read, shared by a module's tests, and ones to fill."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from tests.search.library import Library, empty_library, full_library


@pytest.fixture(scope="module")
def library(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Library]:
    """The full library, only to be read: building it costs more than most questions."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield full_library()
        transaction.set_rollback(True)


@pytest.fixture
def shelf(db: None) -> Library:
    """An empty library, to be filled."""
    return empty_library("shelf", "ann", "ben")
