"""What docs/user/operation.md says of an acknowledged write, if a setting decides."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection


@pytest.mark.django_db
def test_a_commit_is_flushed_to_disk() -> None:
    asked = (
        "PRAGMA synchronous"
        if connection.vendor == "sqlite"
        else "SHOW synchronous_commit"
    )
    # Asked for by the settings, whatever this build or cluster has by default.
    options = settings.DATABASES["default"]["OPTIONS"]
    if connection.vendor == "sqlite":
        assert "PRAGMA synchronous=FULL;" in options["init_command"]
    else:
        assert "-c synchronous_commit=on" in options["options"]
    with connection.cursor() as cursor:
        cursor.execute(asked)
        assert cursor.fetchone() in [(2,), ("on",)]
