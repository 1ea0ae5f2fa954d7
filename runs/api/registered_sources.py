"""What the token of a run can register: files that runs of its tree wrote."""

from __future__ import annotations

from runs.access import (
    StudioRequest,
    check_model_in_scope,
    check_run_in_scope,
    workspace_of,
)
from runs.search.registry import resolve_source


def check_source_in_scope(
    request: StudioRequest, source: str, *, run_id: str, model_id: str = ""
) -> None:
    """Raise PermissionDenied if a run's token would register another tree's files.

    Runs and models that a version points to can't be deleted any more.
    """
    if not request.is_limited_to_tree:
        return
    found = resolve_source(
        workspace_of(request),
        source,
        run_id=run_id,
        model_id=model_id,
        host=request.get_host(),
    )
    for run in (found.files_run, found.run):
        if run is not None:
            check_run_in_scope(request, run)
    if found.logged_model is not None:
        check_model_in_scope(request, found.logged_model)
