"""Liveness and readiness, without signing in."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder


def test_the_health_check_does_not_query_the_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.django_db
def test_the_server_is_ready_when_every_migration_is_applied(client):
    assert client.get("/readyz").text == "ok\n"


@pytest.mark.django_db
def test_the_server_is_not_ready_with_unapplied_migrations(client):
    MigrationRecorder(connection).migration_qs.filter(app="runs").delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "migration" in answer.text
