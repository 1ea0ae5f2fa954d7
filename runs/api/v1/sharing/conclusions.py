"""REST: the conclusion of a comparison of runs."""

from __future__ import annotations

from urllib.parse import urlencode

from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions import compare as compare_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import ConclusionInfo, ConclusionQuery, ConclusionText
from runs.models import Run, now_ms
from runs.search.compare import find_conclusion, find_runs_by_id
from studio.core.errors import NotFound


@endpoint("GET", Permission.READ, query=ConclusionQuery, reply=ConclusionInfo)
def get_conclusion(request: StudioRequest, query: ConclusionQuery) -> ConclusionInfo:
    """Read the conclusion of exactly these runs, in any order."""
    return _read(request, _find_runs(request, query.runs.split(",")))


@endpoint("PUT", Permission.ANNOTATE, body=ConclusionText, reply=ConclusionInfo)
def set_conclusion(request: StudioRequest, body: ConclusionText) -> ConclusionInfo:
    """Write the conclusion of a comparison in Markdown."""
    runs = _find_runs(request, body.runs)
    compare_actions.set_conclusion(
        workspace_of(request),
        runs,
        body.text,
        query=urlencode([("run", run.run_id) for run in runs]),
        actor=request.actor,
        now=now_ms(),
    )
    return _read(request, runs)


def _find_runs(request: StudioRequest, ids: list[str]) -> list[Run]:
    wanted = list(dict.fromkeys(one for one in ids if one))
    found = find_runs_by_id(wanted, signed_in_user(request), workspace_of(request))
    missing = set(wanted) - {run.run_id for run in found}
    if missing or not wanted:
        raise NotFound(_("Some of these runs don't exist, or they are too many."))
    return found


def _read(request: StudioRequest, runs: list[Run]) -> ConclusionInfo:
    found = find_conclusion(workspace_of(request), [run.run_id for run in runs])
    if found is None:
        return ConclusionInfo("", None, None)
    author = found.author.username if found.author else None
    return ConclusionInfo(found.text, author, found.updated)
