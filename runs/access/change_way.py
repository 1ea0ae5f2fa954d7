"""How a change was requested, for its change set."""

from __future__ import annotations

from django.http import HttpRequest

from runs.access.permissions import Caller, is_api_path
from runs.models import ChangeWay
from studio.core.connection import CLI, SDK


def change_way(request: HttpRequest, caller: Caller) -> ChangeWay:
    """Tell from the address and the program's name; pages call REST with a session."""
    if caller.token is None:
        return ChangeWay.BROWSER
    if is_api_path(request) and "/mlflow" in request.path_info:
        return ChangeWay.MLFLOW
    program = request.headers.get("User-Agent", "").partition("/")[0]
    return {SDK: ChangeWay.SDK, CLI: ChangeWay.CLI}.get(program, ChangeWay.REST)
