"""The tab *Snapshot* of the run page: what the run started from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import File, Run, Snapshot
from runs.pages.requests import PageRequest
from runs.pages.run_shell import (
    find_run_head,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)
from runs.pages.snapshots.differences import SnapshotOfRun, compare_snapshots
from runs.pages.snapshots.environment import environment_section
from runs.pages.snapshots.snapshot_files import snapshot_files_context
from runs.pages.snapshots.state import (
    CHANGES,
    ENVIRONMENT,
    FILES,
    SnapshotState,
    read_state,
)
from runs.render.compare import MAX_DIFF_BYTES, read_patch
from runs.render.formats import run_path
from runs.search.compare import read_file_start
from runs.search.files import find_snapshot
from runs.search.run import list_properties, list_tags
from runs.search.snapshots import (
    SameRuns,
    find_diff,
    find_other_run,
    list_candidates,
    read_git_state,
    runs_with_same_files,
)
from studio.core.errors import MissingBytes


@dataclass(frozen=True)
class SameRunLink:
    run: Run
    href: str


@dataclass(frozen=True)
class SnapshotParts:
    """What the tab is about, whatever its section shows."""

    run: Run
    snapshot: Snapshot | None
    diff: File | None
    other: Run | None
    other_snapshot: Snapshot | None
    same: SameRuns
    candidates: list[Run]


@access(Permission.READ)
@require_safe
def snapshot_tab(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    state = read_state(request.GET)
    parts = _find_parts(request, head.run, state)
    # A snapshot can arrive after the run, without changing its revision.
    etag = page_etag(
        request,
        head,
        parts.snapshot and parts.snapshot.digest,
        parts.diff and parts.diff.version,
        parts.other and (parts.other.pk, parts.other.revision),
        parts.other_snapshot and parts.other_snapshot.digest,
        [(run.pk, run.name) for run in (*parts.same.runs, *parts.candidates)],
    )
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    texts = _texts_of(head.run)
    context = _head_context(request, parts, state, texts)
    base = f"{run_path(request.workspace.name, run_id)}snapshot/"
    try:
        context |= _section_context(
            request, parts, context["section"], state, base, texts
        )
    except MissingBytes:
        context["is_missing"] = True
    return show_run_tab(request, head, "snapshot", etag, context)


def _find_parts(request: PageRequest, run: Run, state: SnapshotState) -> SnapshotParts:
    """Find what the tab shows; the number of queries does not depend on it."""
    viewer = request.actor.user
    snapshot = find_snapshot(run)
    other = find_other_run(run, viewer, state.other) if state.other else None
    return SnapshotParts(
        run,
        snapshot,
        find_diff(run),
        other,
        find_snapshot(other) if other else None,
        runs_with_same_files(run, snapshot, viewer)
        if snapshot
        else SameRuns((), 0, False),
        list_candidates(run, viewer),
    )


def _head_context(
    request: PageRequest,
    parts: SnapshotParts,
    state: SnapshotState,
    texts: dict[str, str],
) -> dict[str, Any]:
    workspace = request.workspace.name
    # Most runs of MLflow's clients have an environment and no snapshot.
    default = FILES if parts.snapshot or not texts else ENVIRONMENT
    sections = [
        (FILES, _("Files"), bool(parts.snapshot)),
        (CHANGES, _("Uncommitted changes"), bool(parts.diff)),
        (ENVIRONMENT, _("Environment"), True),
    ]
    section = state.show or default
    return {
        "snapshot": parts.snapshot,
        "section": section,
        "sections": [
            (name, label, state.href(show=name, path="", diff=""), name == section)
            for name, label, is_there in sections
            if is_there or name in (section, FILES)
        ],
        "snapshot_state": state,
        "git": read_git_state(texts),
        "has_diff": parts.diff is not None,
        "other": parts.other,
        "other_text": state.other,
        "other_href": parts.other
        and f"{run_path(workspace, parts.other.run_id)}snapshot/",
        "without_other": state.href(other="", path=""),
        "candidates": parts.candidates,
        "same_links": [
            SameRunLink(run, f"{run_path(workspace, run.run_id)}snapshot/")
            for run in parts.same.runs
        ],
        "same_more": parts.same.more,
        "same_is_many": parts.same.is_many,
    }


def _section_context(
    request: PageRequest,
    parts: SnapshotParts,
    section: str,
    state: SnapshotState,
    base: str,
    texts: dict[str, str],
) -> dict[str, Any]:
    if section == CHANGES:
        return {"patch": _read_patch(parts.diff)}
    if section == ENVIRONMENT:
        others = _texts_of(parts.other) if parts.other else {}
        found = environment_section(parts.run, texts, parts.other, others)
        return {"environment": found}
    if parts.snapshot is None:
        return {}
    if parts.other is not None and parts.other_snapshot is not None:
        old = SnapshotOfRun(parts.other, parts.other_snapshot)
        new = SnapshotOfRun(parts.run, parts.snapshot)
        workspace = request.workspace.name
        return {"comparison": compare_snapshots(workspace, state, old, new)}
    return snapshot_files_context(request, parts.run, parts.snapshot, base)


def _texts_of(run: Run) -> dict[str, str]:
    """Properties and tags by name; tags win, since they can be corrected."""
    found = (*list_properties(run), *list_tags(run))
    return {text.key: text.value or "" for text in found}


def _read_patch(file: File | None) -> Any:
    if file is None:
        return None
    data = read_file_start(file.blob, "", 2 * MAX_DIFF_BYTES, file.size)
    return None if data is None else read_patch(data.decode("utf-8", "replace"))
