"""For monitoring: is the server alive, and can it read its database?"""

from __future__ import annotations

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from runs.access import PUBLIC, access


@access(PUBLIC)
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@access(PUBLIC)
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    problem = _health_problem()
    status = 503 if problem else 200
    return HttpResponse(
        f"{problem or 'ok'}\n", status=status, content_type="text/plain"
    )


def _health_problem() -> str:
    try:
        applied = MigrationRecorder(connection).applied_migrations()
    except DatabaseError:
        return "the database does not answer"
    # During an upgrade, new code can start before its migration has finished.
    missing = [node for node in _newest_migrations() if node not in applied]
    return "the database waits for its migration" if missing else ""


# The code's migrations can't change while it runs, and loading them is slow.
@cache
def _newest_migrations() -> list[tuple[str, str]]:
    return list(MigrationLoader(None).graph.leaf_nodes())
